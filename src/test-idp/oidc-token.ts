import { createHash, timingSafeEqual } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { SignJWT } from 'jose'
import { ExpiringMap } from './expiring-map.ts'
import type { TestIdPSettings } from './settings.ts'
import type { TestIdPUser } from './users.ts'

const TOKEN_LIFETIME_S = 60 * 60

/** What an authorization code stands for. */
export interface OIDCGrant {
  redirect_uri: string
  nonce: string | null
  scope: string[]
  code_challenge: string | null
  user: TestIdPUser
  auth_time: Date
}

/** The token and userinfo endpoints; `grants` holds the codes, each of which is redeemed once. */
export function tokenRoutes(settings: TestIdPSettings, grants: ExpiringMap<OIDCGrant>): Hono {
  const routes = new Hono()
  const accessTokens = new ExpiringMap<OIDCGrant>(TOKEN_LIFETIME_S * 1000, settings.now)

  routes.post('/token', async (c) => {
    c.header('Cache-Control', 'no-store')
    const form = new URLSearchParams(await c.req.text())
    if (!isClient(settings, c.req.header('authorization'), form)) {
      c.header('WWW-Authenticate', 'Basic realm="test-idp"')
      return refuse(c, 401, 'invalid_client', 'Client authentication failed')
    }
    if (form.get('grant_type') !== 'authorization_code') {
      return refuse(c, 400, 'unsupported_grant_type', 'Only authorization_code is supported')
    }
    const grant = grants.take(form.get('code') ?? '')
    if (!grant) {
      return refuse(c, 400, 'invalid_grant', 'The code is unknown, expired or used already')
    }
    if (form.get('redirect_uri') !== grant.redirect_uri) {
      return refuse(c, 400, 'invalid_grant', 'redirect_uri differs from the authorization request')
    }
    if (!verifierFits(grant.code_challenge, form.get('code_verifier'))) {
      return refuse(c, 400, 'invalid_grant', 'code_verifier does not fit the code_challenge')
    }
    const access_token = accessTokens.add(grant)
    return c.json({
      access_token,
      token_type: 'Bearer',
      expires_in: TOKEN_LIFETIME_S,
      scope: grant.scope.join(' '),
      id_token: await idToken(settings, grant, access_token),
    })
  })
  routes.on(['GET', 'POST'], '/userinfo', (c) => {
    const [, token] = /^bearer ([\w-]+)$/i.exec(c.req.header('authorization') ?? '') ?? []
    const grant = token && accessTokens.get(token)
    if (grant) return c.json(claims(grant))
    c.header('WWW-Authenticate', token ? 'Bearer error="invalid_token"' : 'Bearer')
    return refuse(c, 401, 'invalid_token', 'The access token is missing, unknown or expired')
  })
  return routes
}

function refuse(c: Context, status: 400 | 401, error: string, error_description: string) {
  return c.json({ error, error_description }, status)
}

// client_secret_basic or client_secret_post, not both (RFC 6749, 2.3).
function isClient(
  settings: TestIdPSettings,
  authorization: string | undefined,
  form: URLSearchParams,
): boolean {
  const posted = form.get('client_secret')
  if (authorization !== undefined && posted !== null) return false
  const [id, secret] =
    authorization === undefined ? [form.get('client_id'), posted] : basicCredentials(authorization)
  const { client_id, client_secret } = settings.oidc
  return id === client_id && timingSafeEqual(sha256(secret ?? ''), sha256(client_secret))
}

function basicCredentials(authorization: string): [string?, string?] {
  const [, encoded] = /^basic ([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? []
  const [, id, secret] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? []
  if (id === undefined || secret === undefined) return []
  // Both halves are form-encoded first (RFC 6749, 2.3.1).
  const decode = (value: string) =>
    new URLSearchParams(`v=${value.replaceAll('&', '%26')}`).get('v') ?? ''
  return [decode(id), decode(secret)]
}

function verifierFits(challenge: string | null, verifier: string | null): boolean {
  if (challenge === null) return verifier === null
  return verifier !== null && sha256(verifier).toString('base64url') === challenge
}

async function idToken(
  settings: TestIdPSettings,
  grant: OIDCGrant,
  access_token: string,
): Promise<string> {
  const { private_key, public_jwk } = settings.keys.oidc
  const now = seconds(settings.now())
  return new SignJWT({
    ...claims(grant),
    ...(grant.nonce === null ? {} : { nonce: grant.nonce }),
    auth_time: seconds(grant.auth_time),
    at_hash: sha256(access_token).subarray(0, 16).toString('base64url'),
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: public_jwk.kid })
    .setIssuer(settings.oidc.issuer)
    .setAudience(settings.oidc.client_id)
    .setIssuedAt(now)
    .setExpirationTime(now + TOKEN_LIFETIME_S)
    .sign(private_key)
}

// OpenID Connect Core 5.4: the scope says which claims; groups have no scope of their own and always go.
function claims({ user, scope }: OIDCGrant): { sub: string; [claim: string]: unknown } {
  const { id, email, email_verified, name, given_name, family_name, department, groups } = user
  return {
    sub: id,
    ...(scope.includes('email') && { email, email_verified }),
    ...(scope.includes('profile') && { name, given_name, family_name }),
    ...(scope.includes('profile') && department !== '' && { department }),
    groups,
  }
}

function sha256(value: string): Buffer {
  return createHash('sha256').update(value).digest()
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
