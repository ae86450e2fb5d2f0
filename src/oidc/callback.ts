import * as oauth from 'oauth4webapi'
import { type Check, shown, Trail } from './checks.ts'
import { exchangeCode } from './exchange.ts'
import { type Identity, makeIdentity } from './identity.ts'
import { beginLogin, type CallbackInput, type Login } from './login.ts'
import { readUserinfo } from './userinfo.ts'

/**
 * The `state` of a callback, by which the caller finds the login. Throws OIDCError
 * missing_oidc_state_param, or oidc_invalid_callback_request where a parameter is repeated.
 */
export function callbackState(parameters: URLSearchParams): string {
  return checkParameters(new Trail(), parameters)
}

/**
 * Verifies the answer of the provider to a login (OpenID Connect Core, sections 3.1.2.5 to 3.1.3.7,
 * RFC 9207): exchanges the code, checks the ID token and reads userinfo. Every check made is
 * returned in order; a failed one throws OIDCError with those up to it. Only `email_verified` may
 * fail and the login go on: what an unverified address may do is the caller's to decide.
 */
export async function verifyCallback(
  input: CallbackInput,
): Promise<{ identity: Identity; checks: readonly Check[] }> {
  const login = beginLogin(input)
  const parameters = checkCallback(login)
  const tokens = await exchangeCode(login, parameters)
  const userinfo = await readUserinfo(login, tokens)
  const identity = makeIdentity(login, tokens, userinfo)
  return { identity, checks: login.trail.checks }
}

function checkParameters(trail: Trail, parameters: URLSearchParams): string {
  const repeated = [...parameters.keys()].find((name) => parameters.getAll(name).length > 1)
  // A JWT response, the implicit and the hybrid flow were never asked for.
  const foreign = ['response', 'id_token', 'access_token', 'token'].find((it) => parameters.has(it))
  const odd = repeated ?? foreign
  trail.require({
    name: 'callback_parameters',
    holds: odd === undefined,
    expected: 'those of the code flow, each at most once',
    actual: shown(
      odd === undefined
        ? [...parameters.keys()].join(', ') || 'none'
        : `${odd} ${repeated ? 'more than once' : 'as well'}`,
    ),
    error_type: 'oidc_invalid_callback_request',
    message: 'The callback is not one of the authorization code flow.',
    fix: { who: 'it_admin', what: 'Set the application to the authorization code flow alone.' },
  })
  const state = parameters.get('state')
  if (state) return state
  throw trail.refusal('missing_oidc_state_param', 'The identity provider sent no state.', {
    name: 'state',
    expected: 'the state of this login',
    actual: 'absent',
    fix: { who: 'it_admin', what: 'Begin the login at the application, not at the provider.' },
  })
}

/** The parameters as the library has accepted them: it exchanges no others. */
function checkCallback(login: Login): URLSearchParams {
  const { trail, parameters, expected, as, client } = login
  checkState(trail, checkParameters(trail, parameters), expected.state)
  checkIssuer(login)
  checkAnswer(login)
  try {
    return oauth.validateAuthResponse(as, client, parameters, expected.state)
  } catch (error) {
    const coded = error instanceof Error && 'code' in error
    throw trail.refusal('oidc_invalid_callback_request', 'The callback is not one of this flow.', {
      name: 'provider_response',
      expected: 'an authorization code',
      actual: coded ? error.message : 'parameters that cannot be read',
      fix: { who: 'it_admin', what: 'Log in again; if it stays, check the provider: code flow.' },
    })
  }
}

function checkState(trail: Trail, actual: string, expected: string): void {
  const holds = actual === expected
  trail.require({
    name: 'state',
    holds,
    expected: 'the state of this login',
    actual: holds ? 'the same' : 'another',
    error_type: 'unsolicited_oidc_response',
    message: 'The answer belongs to another login.',
    fix: { who: 'it_admin', what: 'Begin the login anew at the application.' },
  })
}

// RFC 9207: against mix-up, wherever the parameter is there, announced or not.
function checkIssuer({ trail, parameters, settings, as }: Login): void {
  const iss = parameters.get('iss')
  const name = 'issuer_parameter'
  if (iss === null && as.authorization_response_iss_parameter_supported !== true) {
    trail.skip(name, 'absent, and the provider announces none')
    return
  }
  trail.require({
    name,
    holds: iss === settings.issuer,
    expected: settings.issuer,
    actual: shown(iss ?? undefined),
    error_type: 'oidc_invalid_callback_request',
    message: 'Another identity provider has answered.',
    fix: {
      who: 'it_admin',
      what: 'If this is your identity provider, set the issuer of this connection to exactly what was found; a slash at the end, and upper and lower case, count.',
    },
  })
}

// Okta: "User is not assigned to the client application."; Entra: AADSTS50105.
const unassigned = /AADSTS50105|not assigned|does not have access to/i

function checkAnswer(login: Login): void {
  const { trail, parameters } = login
  const error = parameters.get('error')
  const name = 'provider_response'
  if (error === null && parameters.get('code')) {
    trail.pass(name, 'an authorization code', 'an authorization code')
    return
  }
  const check = { name, expected: 'an authorization code' }
  if (error === null) {
    throw trail.refusal(
      'oidc_invalid_callback_request',
      'The provider sent neither code nor error.',
      {
        ...check,
        actual: 'neither code nor error',
        fix: {
          who: 'it_admin',
          what: 'In the identity provider, allow this application the authorization code flow (response type code).',
        },
      },
    )
  }
  const description = parameters.get('error_description') ?? ''
  const actual = shown(description === '' ? error : `${error}: ${description}`)
  if (unassigned.test(description)) {
    throw trail.refusal(
      'oidc_user_not_assigned_to_app_in_idp',
      'The identity provider does not let this person into the application.',
      {
        ...check,
        actual,
        fix: {
          who: 'it_admin',
          what: 'Assign the person, or a group of theirs, to this application in the identity provider.',
        },
      },
    )
  }
  throw trail.refusal('oidc_invalid_callback_request', 'The identity provider refused the login.', {
    ...check,
    actual,
    fix: errorFix(error, login),
  })
}

function errorFix(error: string, { scopes, settings }: Login) {
  const client = shown(settings.client_id)
  const reasons = new Map([
    [
      'access_denied',
      `Log in again and consent. If it stays, see in the sign-in log of the identity provider why it denied access, and assign the person, or a group of theirs, to the application ${client}.`,
    ],
    ['login_required', 'Log in without prompt=none: the person has no session at the provider.'],
    [
      'consent_required',
      `Grant consent to the application ${client} for the whole organization in the identity provider.`,
    ],
    [
      'invalid_scope',
      `In the identity provider, allow the application ${client} the scopes that were asked for: ${shown(scopes.join(' '))}. Or set custom_scopes of this connection to those that it has.`,
    ],
    [
      'unauthorized_client',
      `In the identity provider, allow the application ${client} the authorization code flow (response type code).`,
    ],
    [
      'temporarily_unavailable',
      'The identity provider itself failed. Look at its status page, and log in again later.',
    ],
    [
      'server_error',
      'It failed on its side: look into the log of the identity provider at this time, and log in again.',
    ],
  ])
  const what =
    reasons.get(error) ??
    `Look the error up in the sign-in log of the identity provider, under the application ${client}, at this time.`
  return { who: 'it_admin', what } as const
}
