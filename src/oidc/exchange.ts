import * as oauth from 'oauth4webapi'
import type { JOSEHeader } from './algorithms.ts'
import { shown } from './checks.ts'
import { exchangeFix } from './exchange-fix.ts'
import {
  checkAccessTokenHash,
  checkAlgorithm,
  checkSignature,
  readHeader,
  readPayload,
} from './id-token.ts'
import { checkClaims } from './id-token-claims.ts'
import { type Login, sendBy } from './login.ts'
import { describeFailure, parseObject } from './requests.ts'
import type { OIDCSettings } from './settings.ts'

export type Tokens = {
  claims: Record<string, unknown>
  id_token: string
  access_token: string
  refresh_token?: string
  expires_in?: number
  scope?: string
}

/**
 * Exchanges the code, once, for tokens and verifies the ID token: by our own rules, each a check,
 * and by the library's. `parameters` are those that the library has accepted.
 */
export async function exchangeCode(login: Login, parameters: URLSearchParams): Promise<Tokens> {
  const { trail, settings, expected, now } = login
  const text = await requestTokens(login, parameters)
  const tokens = readTokens(login, text)
  const { header, claims } = tokens
  login.onRead?.('id_token', { header, claims })
  checkAlgorithm(trail, header.alg)
  checkClaims({ trail, settings, nonce: expected.nonce, now }, claims)
  const response = await processByLibrary(login, text)
  await checkSignature(login, {
    name: 'id_token',
    error_type: 'oidc_auth_code_error',
    response,
    header,
  })
  checkAccessTokenHash(trail, tokens)
  return tokens
}

/** The text of the token endpoint's answer of status 200. */
async function requestTokens(login: Login, parameters: URLSearchParams): Promise<string> {
  const { trail, as, client, expected, fetch, settings } = login
  const { method, authentication } = clientAuthentication(login)
  const { redirect_uri, code_verifier } = expected
  const name = 'token_exchange'
  const asked = `status 200 of ${shown(settings.token_url)} for the client ${shown(settings.client_id)}`
  let response: Response
  let text: string
  try {
    response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      authentication,
      parameters,
      redirect_uri,
      code_verifier,
      sendBy(fetch),
    )
    text = await response.text()
  } catch (error) {
    throw trail.refusal('oidc_auth_code_error', 'The code could not be exchanged for tokens.', {
      name,
      expected: `an answer of ${shown(settings.token_url)}`,
      ...describeFailure(error, 'token URL'),
    })
  }
  if (response.status === 200) {
    trail.pass(name, asked, 'status 200')
    return text
  }
  const body = parseObject(text) ?? {}
  const said = [body.error, body.error_description].filter((part) => typeof part === 'string')
  throw trail.refusal('oidc_auth_code_error', 'The identity provider refused the code.', {
    name,
    expected: asked,
    actual: shown(withoutSecrets([`status ${response.status}`, ...said].join(': '), login)),
    fix: exchangeFix(
      { status: response.status, error: body.error, description: body.error_description, method },
      login,
    ),
  })
}

// Some providers repeat what they were sent.
function withoutSecrets(text: string, { parameters, expected, settings }: Login): string {
  return [parameters.get('code'), expected.code_verifier, settings.client_secret]
    .filter((secret) => secret !== null && secret !== '')
    .reduce((rest: string, secret) => rest.replaceAll(secret as string, '(removed)'), text)
}

/**
 * How we authenticate at the token endpoint: client_secret_basic, unless discovery lists methods
 * and basic is not among them (OpenID Connect Discovery, section 3).
 */
function clientAuthentication(login: Login): {
  method: string
  authentication: oauth.ClientAuth
} {
  const { settings, trail } = login
  const offered = settings.provider?.token_endpoint_auth_methods ?? []
  const method = authenticationMethod(offered)
  const name = 'client_authentication'
  if (!method) {
    throw trail.refusal('oidc_auth_code_error', 'No common way to authenticate the client.', {
      name,
      expected: 'client_secret_basic or client_secret_post',
      actual: shown(offered.join(', ')),
      fix: {
        who: 'it_admin',
        what: 'In the identity provider, set the client authentication of this application to a client secret (client_secret_basic or client_secret_post); a key, a certificate or none cannot be used here.',
      },
    })
  }
  trail.pass(name, offered.length > 0 ? offered.join(', ') : undefined, method)
  const post = method === 'client_secret_post'
  return {
    method,
    authentication: post ? oauth.ClientSecretPost(settings.client_secret) : basic(settings),
  }
}

function authenticationMethod(offered: readonly string[]) {
  if (offered.length === 0 || offered.includes('client_secret_basic')) return 'client_secret_basic'
  return offered.includes('client_secret_post') ? 'client_secret_post' : null
}

// RFC 6749, section 2.3.1. The library also escapes - _ . and ~, which providers that forget to
// decode then take literally; they stand in most client ids and secrets.
function basic({ client_id, client_secret }: OIDCSettings): oauth.ClientAuth {
  const escaped = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')
  const credentials = `${escaped(client_id)}:${escaped(client_secret)}`
  const header = `Basic ${Buffer.from(credentials).toString('base64')}`
  return (_as, _client, _body, headers) => headers.set('authorization', header)
}

function readTokens(login: Login, text: string): Tokens & { header: JOSEHeader } {
  const answer = parseObject(text)
  if (!answer) throw malformed(login, 'an answer that is no JSON object')
  const { id_token, access_token, refresh_token, expires_in, scope } = answer
  if (!isText(access_token)) throw malformed(login, 'no access token')
  if (!isText(id_token)) throw malformed(login, 'no ID token')
  const header = readHeader(id_token)
  const claims = readPayload(id_token)
  if (!header || !claims) throw malformed(login, 'an ID token that is no signed JWT')
  login.trail.pass('token_response')
  return {
    header,
    claims,
    id_token,
    access_token,
    ...(isText(refresh_token) ? { refresh_token } : {}),
    ...(Number.isFinite(Number(expires_in ?? Number.NaN))
      ? { expires_in: Number(expires_in) }
      : {}),
    ...(typeof scope === 'string' ? { scope } : {}),
  }
}

/**
 * The certified library's opinion of the same answer, which also hands it the signature to check. Some
 * providers write null for what they leave out, such as a refresh token.
 */
async function processByLibrary(login: Login, text: string): Promise<Response> {
  const { as, client, expected } = login
  const given = Object.entries(parseObject(text) ?? {}).filter(([, value]) => value !== null)
  const response = Response.json(Object.fromEntries(given))
  try {
    await oauth.processAuthorizationCodeResponse(as, client, response, {
      expectedNonce: expected.nonce,
      requireIdToken: true,
    })
  } catch (error) {
    // Its messages are fixed sentences; what it looked at stays in `cause`.
    const coded = error instanceof Error && 'code' in error
    throw malformed(login, coded ? error.message : 'an answer that cannot be read')
  }
  return response
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function malformed({ trail, settings }: Login, actual: string) {
  return trail.refusal('oidc_auth_code_error', 'The identity provider gave no valid ID token.', {
    name: 'token_response',
    expected: `an access token and a signed ID token from ${shown(settings.token_url)}`,
    actual,
    fix: {
      who: 'it_admin',
      what: 'Correct the token URL of this connection (token_endpoint in the discovery document of the identity provider), and set the application there to OpenID Connect with the authorization code flow, its ID token signed and not encrypted.',
    },
  })
}
