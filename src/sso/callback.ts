/**
 * The address that identity providers answer to, for both protocols, and what happens when a login
 * fails there: the flow is marked, and the browser is told why and who must act.
 */
import type { Services } from '../context.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'
import { noteRequest } from '../http/request-log.ts'
import type { Arrival } from './arrival.ts'
import { type Connection, findConnectionAnywhere } from './connections.ts'
import { failFlow, LoginError, recordAnonymousFailure } from './flow.ts'
import { consumeOIDCCallback } from './oidc-callback.ts'
import { consumeSAMLResponse } from './saml-acs.ts'
import { returnFromTest } from './test-return.ts'

/** A login that failed, with what the error page says. */
export interface Refusal {
  error: ApiError
  request_id: string
}

/**
 * Answers `POST` (SAML) and `GET` (OIDC) on `/v1/b2b/sso/callback/{connection_id}`: 303 to the
 * application, or `onRefusal` with the error. Nothing but the failed flow is written of a refused login.
 */
export async function answerCallback(
  services: Services,
  connection_id: string,
  request: Request,
  onRefusal: (refusal: Refusal) => Response,
): Promise<Response> {
  const environment = connection_id.includes('-live-') ? 'live' : 'test'
  const arrival: Arrival = { request_id: newId('request-id', environment), checks: [], flow: null }
  let connection: Connection | undefined
  try {
    if (!/^[\w-]{1,128}$/.test(connection_id)) throw new ApiError('sso_connection_not_found')
    connection = await findConnectionAnywhere(services, connection_id)
    services.limits.login('callback', connection_id)
    // One that is complete can be tried; ordinary logins are refused once it is known whose this is.
    if (connection.status !== 'active' && !connection.complete)
      throw new ApiError('requires_active_sso_connection')
    const { project_id } = connection
    arrival.request_id = newId('request-id', environmentOf(project_id))
    noteRequest(services, request, { request_id: arrival.request_id, project_id })
    return redirectTo(await consume(services, connection, request, arrival))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (connection && error instanceof LoginError)
      await record(services, connection, arrival, error)
    if (error instanceof LoginError && arrival.flow?.tested_by)
      return redirectTo(returnFromTest(services, arrival.flow))
    return onRefusal({ error, request_id: arrival.flow?.request_id ?? arrival.request_id })
  }
}

function redirectTo(location: string): Response {
  return new Response(null, {
    status: 303,
    headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  })
}

function consume(
  services: Services,
  connection: Connection,
  request: Request,
  arrival: Arrival,
): Promise<string> {
  const posted = request.method === 'POST'
  if (posted && connection.type === 'saml')
    return consumeSAMLResponse(services, connection, request, arrival)
  if (!posted && connection.type === 'oidc')
    return consumeOIDCCallback(services, connection, request, arrival)
  const fix = { who: 'it_admin' as const, what: 'Use the HTTP-POST binding for the response.' }
  arrival.checks.push({
    name: 'binding',
    verdict: 'fail',
    expected: connection.type === 'saml' ? 'POST' : 'GET',
    actual: request.method,
    fix,
  })
  throw new LoginError(
    connection.type === 'saml' ? 'missing_saml_response' : 'oidc_invalid_callback_request',
    arrival.checks,
  )
}

async function record(
  services: Services,
  connection: Connection,
  arrival: Arrival,
  error: LoginError,
): Promise<void> {
  services.log.info(
    {
      request_id: arrival.request_id,
      connection_id: connection.connection_id,
      error_type: error.error_type,
    },
    'login refused',
  )
  if (arrival.flow) await failFlow(services, connection.project_id, arrival.flow.flow_id, error)
  else await recordAnonymousFailure(services, connection, arrival.request_id, error)
}
