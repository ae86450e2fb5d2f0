import * as oauth from 'oauth4webapi'
import { accessTokenHash, allowedAlgorithms, type JOSEHeader } from './algorithms.ts'
import { type OIDCErrorType, shown, type Trail } from './checks.ts'
import { findKeys, publishedKeys } from './jwks.ts'
import type { Login } from './login.ts'
import { describeFailure, parseObject } from './requests.ts'

/** The protected header of a compact JWS (RFC 7515, section 7.1), or null where it is none. */
export function readHeader(jwt: string): JOSEHeader | null {
  const header = readPart(jwt, 0)
  if (typeof header?.alg !== 'string') return null
  if (header.kid !== undefined && typeof header.kid !== 'string') return null
  return { alg: header.alg, kid: header.kid }
}

/** The payload of a compact JWS, not yet verified, or null where it is no JSON object. */
export function readPayload(jwt: string): Record<string, unknown> | null {
  return readPart(jwt, 1)
}

function readPart(jwt: string, index: 0 | 1): Record<string, unknown> | null {
  const parts = jwt.split('.')
  if (parts.length !== 3) return null
  return parseObject(Buffer.from(parts[index] ?? '', 'base64url').toString())
}

/** Records the algorithm; throws where it is not one of the asymmetric ones. */
export function checkAlgorithm(trail: Trail, alg: string): void {
  trail.require({
    name: 'id_token_algorithm',
    holds: allowedAlgorithms.includes(alg),
    expected: `one of ${allowedAlgorithms.join(', ')}`,
    actual: shown(alg),
    error_type: 'oidc_auth_code_error',
    message: 'The ID token is signed in a way that is refused.',
    fix: {
      who: 'it_admin',
      what: 'In the identity provider, set the signature algorithm of the ID token of this application to RS256 (asymmetric); HS256 and none are never accepted.',
    },
  })
}

/** Which token is verified: it names the checks and chooses the error. */
export type SignedToken = {
  name: 'id_token' | 'userinfo'
  error_type: OIDCErrorType
  /** the answer that `oauth4webapi` has processed; it holds on to the token */
  response: Response
  header: JOSEHeader
}

/**
 * Verifies the signature of a token with the provider's one key that fits, and records key and
 * signature. A key in the token's own header is never looked at.
 */
export async function checkSignature(login: Login, token: SignedToken): Promise<void> {
  const { trail } = login
  const keys = await findSigningKey(login, token)
  try {
    await oauth.validateApplicationLevelSignature(login.as, token.response, {
      // As young as can be: the library would otherwise fetch by its own rules.
      [oauth.jwksCache]: {
        jwks: { keys: keys as oauth.JWK[] },
        uat: Math.floor(Date.now() / 1000),
      },
    })
  } catch {
    throw trail.refusal(token.error_type, 'The signature is not that of the identity provider.', {
      name: `${token.name}_signature`,
      expected: `made with the published key (${named(token.header)})`,
      actual: 'made with another key, or of a token that was changed',
      fix: {
        who: 'it_admin',
        what: `Correct the JWKS URL of this connection: ${shown(login.settings.jwks_url)} holds other keys than ${shown(login.settings.issuer)} signs with. The discovery document of the issuer names it as jwks_uri.`,
      },
    })
  }
  trail.pass(`${token.name}_signature`)
}

async function findSigningKey(login: Login, { name, error_type, header }: SignedToken) {
  const { trail, keys: cache, settings, now, fetch } = login
  const { jwks_url } = settings
  const check = { name: `${name}_key`, expected: `one key of ${shown(jwks_url)}` }
  let keys: Awaited<ReturnType<typeof findKeys>>
  try {
    keys = await findKeys(cache, { jwks_url, header, now, fetch })
  } catch (error) {
    throw trail.refusal(error_type, 'The keys of the identity provider could not be read.', {
      ...check,
      ...describeFailure(error, 'JWKS URL'),
    })
  }
  if (keys.length === 1) {
    trail.pass(check.name, check.expected, kidOf(header))
    return keys
  }
  throw trail.refusal(error_type, 'No single key of the identity provider fits the signature.', {
    ...check,
    expected: `one key of ${shown(jwks_url)}, which holds ${publishedKeys(cache)}`,
    actual: `${keys.length} keys fit (${named(header)})`,
    fix: {
      who: 'it_admin',
      what:
        keys.length > 1
          ? 'Have the identity provider name the key that it signs with (kid): it publishes several.'
          : 'Correct the JWKS URL of this connection (jwks_uri in the discovery document of the identity provider). If it is right, the identity provider signs with a key that it has not published yet: publish it, and try again in a minute.',
    },
  })
}

/** Which key a token says that it was signed with. */
function named(header: JOSEHeader): string {
  return `${kidOf(header)}, ${shown(header.alg)}`
}

function kidOf({ kid }: JOSEHeader): string {
  return kid === undefined ? 'no kid' : `kid ${shown(kid)}`
}

/** Records at_hash where the ID token has one; throws where it is not that of the access token. */
export function checkAccessTokenHash(
  trail: Trail,
  token: { header: JOSEHeader; claims: Record<string, unknown>; access_token: string },
): void {
  const name = 'id_token_access_token_hash'
  const { at_hash } = token.claims
  if (at_hash === undefined) {
    trail.skip(name, 'absent')
    return
  }
  const holds = at_hash === accessTokenHash(token.header.alg, token.access_token)
  trail.require({
    name,
    holds,
    expected: 'the hash of the access token',
    actual: holds ? 'the same' : 'another',
    error_type: 'oidc_auth_code_error',
    message: 'ID token and access token do not belong together.',
    fix: { who: 'it_admin', what: 'Log in again; if it stays, report it to the provider.' },
  })
}
