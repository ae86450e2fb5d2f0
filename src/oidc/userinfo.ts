import * as oauth from 'oauth4webapi'
import { shown } from './checks.ts'
import type { Tokens } from './exchange.ts'
import { checkSignature, readHeader } from './id-token.ts'
import { type Login, sendBy } from './login.ts'
import { describeFailure, isShallow } from './requests.ts'
import type { Fetch } from './settings.ts'

type Claims = Record<string, unknown>

/**
 * What userinfo says about the subject of the ID token (OpenID Connect Core, section 5.3), as JSON
 * or as a signed JWT; nothing where the connection has no userinfo URL. Throws OIDCError.
 */
export async function readUserinfo(login: Login, tokens: Tokens): Promise<Claims> {
  const { trail, settings } = login
  if (settings.userinfo_url === '') {
    trail.skip('userinfo', 'the connection has no userinfo URL')
    return {}
  }
  const response = await requestUserinfo(login, tokens.access_token)
  const jwt = await readJWT(response)
  const claims = await processByLibrary(login, response)
  if (!isShallow(claims)) throw refusal(login, { actual: 'claims that are nested too deeply' })
  login.onRead?.('userinfo', claims)
  if (jwt !== null) await checkJWT(login, response, jwt)
  login.trail.pass('userinfo', `an answer of ${shown(settings.userinfo_url)}`)
  checkUserinfoSubject(login, claims.sub, tokens.claims.sub)
  return claims
}

async function requestUserinfo(login: Login, access_token: string): Promise<Response> {
  const { as, client, fetch } = login
  let response: Response
  try {
    const send = sendBy(acceptingJWT(fetch))
    response = await oauth.userInfoRequest(as, client, access_token, send)
  } catch (error) {
    throw refusal(login, describeFailure(error, 'userinfo URL'))
  }
  if (response.status === 200) return response
  await response.body?.cancel()
  throw refusal(login, { actual: `status ${response.status}` })
}

function acceptingJWT(fetch: Fetch): Fetch {
  const content_types = ['application/json', 'application/jwt']
  return (url, init) => fetch(url, { ...init, content_types })
}

async function readJWT(response: Response): Promise<string | null> {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  return type === 'application/jwt' ? response.clone().text() : null
}

async function processByLibrary(login: Login, response: Response): Promise<Claims> {
  try {
    return await oauth.processUserInfoResponse(
      login.as,
      login.client,
      oauth.skipSubjectCheck,
      response,
    )
  } catch (error) {
    const coded = error instanceof Error && 'code' in error
    throw refusal(login, { actual: coded ? error.message : 'an answer that cannot be read' })
  }
}

async function checkJWT(login: Login, response: Response, jwt: string): Promise<void> {
  const header = readHeader(jwt)
  if (!header) throw refusal(login, { actual: 'a JWT that cannot be read' })
  const token = { name: 'userinfo', error_type: 'oidc_invalid_userinfo', response, header } as const
  await checkSignature(login, token)
}

/** Records whether userinfo is about the subject of the ID token; throws where it is not. */
export function checkUserinfoSubject(
  { trail }: Pick<Login, 'trail'>,
  actual: unknown,
  expected: unknown,
): void {
  trail.require({
    name: 'userinfo_subject',
    holds: actual === expected,
    expected: shown(expected),
    actual: shown(actual),
    error_type: 'oidc_response_subject_mismatch',
    message: 'Userinfo is about somebody else.',
    fix: {
      who: 'it_admin',
      what: 'Set the userinfo URL of this connection to userinfo_endpoint in the discovery document of its issuer: this one speaks of other people, or by other identifiers.',
    },
  })
}

function refusal(
  { trail, settings }: Login,
  found: { actual: string; fix?: ReturnType<typeof describeFailure>['fix'] },
) {
  return trail.refusal('oidc_invalid_userinfo', 'Userinfo did not answer as it must.', {
    name: 'userinfo',
    expected: `an answer of ${shown(settings.userinfo_url)}`,
    fix: {
      who: 'it_admin',
      what: 'Compare the userinfo URL of this connection with userinfo_endpoint in the discovery document of the identity provider, and allow the application the scopes of this connection there.',
    },
    ...found,
  })
}
