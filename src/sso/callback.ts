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
import { explained } from './fix-words.ts'
import { failFlow, LoginError, recordAnonymousFailure } from './flow.ts'
import { keepMessages } from './messages.ts'
import { consumeOIDCCallback } from './oidc-callback.ts'
import { consumeSAMLResponse } from './saml-acs.ts'
import { returnFromTest } from './test-return.ts'
import { wrongBinding } from './wrong-way.ts'

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
  const arrival: Arrival = {
    request_id: newId('request-id', environment),
    flow_id: newId('sso-flow', environment),
    checks: [],
    messages: [],
    flow: null,
  }
  let connection: Connection | undefined
  try {
    connection = await findConnectionAnywhere(services, connection_id)
    services.limits.login('callback', connection_id)
    // One that is complete can be tried; ordinary logins are refused once it is known whose this is.
    if (connection.status !== 'active' && !connection.complete)
      throw new ApiError('requires_active_sso_connection')
    const { project_id } = connection
    arrival.request_id = newId('request-id', environmentOf(project_id))
    arrival.flow_id = newId('sso-flow', environmentOf(project_id))
    noteRequest(services, request, { request_id: arrival.request_id, project_id })
    const location = await consume(services, connection, request, arrival)
    await keepMessages(services, connection, rowOf(arrival), arrival.messages)
    return redirectTo(location)
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    const error = connection && cause instanceof LoginError ? explained(connection, cause) : cause
    if (connection && error instanceof LoginError)
      await record(services, connection, arrival, error)
    if (error instanceof LoginError && arrival.flow?.tested_by)
      return redirectTo(returnFromTest(services, arrival.flow))
    return onRefusal({ error, request_id: arrival.flow?.request_id ?? arrival.request_id })
  }
}

/** The row that the trace of this answer stands in. */
function rowOf({ flow, flow_id }: Arrival) {
  return flow ?? { flow_id, tested_by: null }
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
  arrival.checks.push({ name: 'binding', verdict: 'fail', ...wrongBinding(connection, request) })
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
  const { project_id } = connection
  if (arrival.flow) await failFlow(services, project_id, arrival.flow.flow_id, error)
  else if (!(await recordAnonymousFailure(services, connection, arrival, error))) return
  await keepMessages(services, connection, rowOf(arrival), arrival.messages)
}
