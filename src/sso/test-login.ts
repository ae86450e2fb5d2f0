/**
 * A test login: an administrator or a customer's IT admin tries a connection, also one that is not active
 * yet. It goes the whole way of a login, but ends without a token, and so without member and session.
 */
import type { Services } from '../context.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { newToken } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'
import { noteRequest } from '../http/request-log.ts'
import { findConnection } from './connections.ts'
import { bindBrowser } from './cookies.ts'
import { depart } from './depart.ts'
import { readReturnPath } from './test-return.ts'

export interface TestLogin {
  /** Who tries it: the id of an administrator or of a setup link. */
  tested_by: string
  /** A path of this server, to which the browser returns with `flow_id`; never from a request. */
  return_url: string
  /** The request of the browser that tries it, for its cookie. */
  request: Request
  login_hint?: string
}

/**
 * Starts a test login over a connection of that project: the answer sends the browser to the identity
 * provider, by 302 or a page that posts. Throws `sso_connection_not_found` (also for another project's),
 * `requires_active_sso_connection` for one that lacks settings, `bad_request`, `too_many_requests`.
 */
export async function startTestLogin(
  services: Services,
  { project_id, connection_id }: { project_id: string; connection_id: string },
  test: TestLogin,
): Promise<Response> {
  const environment = environmentOf(project_id)
  const connection = await findConnection(services, { project_id, environment }, connection_id)
  services.limits.login('start', connection_id)
  if (!connection.complete)
    throw new ApiError('requires_active_sso_connection', {
      message: 'The connection cannot be tried before all of its settings are filled in.',
    })
  if (test.tested_by === '') throw new Error('a test login says who tries it')
  const cookie = bindBrowser(services.config, test.request)
  const request_id = newId('request-id', environment)
  noteRequest(services, test.request, { request_id, project_id })
  return depart({
    services,
    connection,
    cookie,
    flow: {
      flow_id: newId('sso-flow', environment),
      request_id,
      state: newToken(),
      cookie: cookie.value,
      pkce_code_challenge: '',
      login_redirect_url: readReturnPath(services, test.return_url),
      signup_redirect_url: '',
      tested_by: test.tested_by,
    },
    custom_scopes: '',
    login_hint: test.login_hint,
    prompts: [],
  })
}
