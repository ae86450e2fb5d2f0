import type { Services } from '../context.ts'
import { hashToken, sameHash } from '../db/secrets.ts'
import { isErrorType } from '../http/errors.ts'
import { callbackState, verifyCallback } from '../oidc/callback.ts'
import { OIDCError } from '../oidc/checks.ts'
import type { Identity as OIDCIdentity } from '../oidc/identity.ts'
import { createJWKSCache, type JWKSCache } from '../oidc/jwks.ts'
import { type Arrival, claimFlow, requireActive } from './arrival.ts'
import { type Connection, callbackURL } from './connections.ts'
import { bindingCookies } from './cookies.ts'
import { deriveCodeVerifier, deriveNonce } from './depart.ts'
import { finishLogin } from './finish.ts'
import { findFlow, LoginError, type StartedFlow, takeFlow } from './flow.ts'
import type { NewMessage } from './messages.ts'
import { mappedClaims, toOIDCIdentity } from './oidc-identity.ts'

const flowErrors = {
  missing_cookie: 'missing_oidc_csrf_cookie',
  cookie_mismatch: 'oidc_csrf_cookie_mismatch',
  used: 'unsolicited_oidc_response',
  failed: 'unsolicited_oidc_response',
  expired: 'expired_oidc_response',
} as const

/** Signing keys of providers, kept while their connection's settings stay as they are. */
const keys = new WeakMap<Connection, JWKSCache>()

/**
 * The redirection endpoint (OpenID Connect Core 3.1.2.5 to 3.1.3.7): finds the flow by `state`, exchanges
 * the code, verifies, and returns the address of the application. Throws LoginError; sets
 * `arrival.flow` as soon as the browser has proved that the flow is its own.
 */
export async function consumeOIDCCallback(
  services: Services,
  connection: Connection,
  request: Request,
  arrival: Arrival,
): Promise<string> {
  const { checks } = arrival
  const parameters = new URL(request.url).searchParams
  arrival.messages.push(callbackMessage(parameters))
  const state = readState(parameters, arrival)
  const login = await claim(services, connection, request, state, arrival)
  const oidc = await verify(services, connection, parameters, login, arrival)
  const identity = toOIDCIdentity(connection, oidc, checks)
  return finishLogin(services, {
    connection,
    flow: login.flow,
    identity,
    checks,
    request_id: arrival.request_id,
    flow_id: arrival.flow_id,
    assertion: null,
  })
}

const shownParameters = new Set(['error', 'error_description', 'error_uri', 'iss'])

/** What the browser brought, without what lets its holder in. */
function callbackMessage(parameters: URLSearchParams): NewMessage {
  const shown = new URLSearchParams()
  for (const [name, value] of parameters)
    shown.append(name, shownParameters.has(name) ? value : '(removed)')
  return { kind: 'response', format: 'url', content: `?${shown}` }
}

function readState(parameters: URLSearchParams, arrival: Arrival): string {
  try {
    return callbackState(parameters)
  } catch (error) {
    throw translate(error, arrival)
  }
}

/** The flow of this state, and the cookie of the browser that started it. */
async function claim(
  services: Services,
  connection: Connection,
  request: Request,
  state: string,
  arrival: Arrival,
) {
  const cookies = bindingCookies(services.config, request)
  const flow =
    (await takeFlow(services, connection, state, cookies)) ??
    (await findFlow(services, connection, state))
  if (!flow) {
    arrival.checks.push({
      name: 'flow',
      verdict: 'fail',
      expected: 'the state of a login that was started here',
      actual: 'an unknown state',
      fix: { who: 'it_admin', what: 'Start the login from the application.' },
    })
    throw new LoginError('unsolicited_oidc_response', arrival.checks)
  }
  claimFlow(services, request, flow, arrival, flowErrors)
  requireActive(connection, flow, arrival)
  const cookie = cookies.find((value) => sameHash(hashToken(value), flow.cookie_hash))!
  return { flow, state, cookie }
}

async function verify(
  services: Services,
  connection: Connection,
  parameters: URLSearchParams,
  login: { flow: StartedFlow; state: string; cookie: string },
  arrival: Arrival,
): Promise<OIDCIdentity> {
  const cache = keys.get(connection) ?? createJWKSCache()
  keys.set(connection, cache)
  try {
    const result = await verifyCallback({
      settings: connection,
      parameters,
      expected: {
        state: login.state,
        nonce: deriveNonce(login.cookie, login.state),
        code_verifier: deriveCodeVerifier(login.cookie, login.state),
        redirect_uri: callbackURL(services.config.base_url, connection.connection_id),
      },
      scopes: login.flow.scopes.split(' '),
      now: services.now(),
      fetch: services.fetch as never,
      keys: cache,
      mapped: mappedClaims(connection),
      onRead: (kind, content) =>
        arrival.messages.push({ kind, format: 'json', content: JSON.stringify(content, null, 2) }),
    })
    arrival.checks.push(...result.checks)
    return result.identity
  } catch (error) {
    throw translate(error, arrival)
  }
}

function translate(error: unknown, arrival: Arrival): unknown {
  if (!(error instanceof OIDCError)) return error
  arrival.checks.push(...error.checks)
  const { error_type } = error
  return new LoginError(
    isErrorType(error_type) ? error_type : 'oidc_invalid_callback_request',
    arrival.checks,
    error.message,
  )
}
