import { ApiError } from '../http/errors.ts'
import { getLogin } from '../sso/login-trace.ts'
import type { LoginTrace } from '../sso/traces.ts'
import type { ProjectVisit } from './visit.ts'

/** The login of a page's address, by its id or its request id; throws 404 where the project has none. */
export async function loginOf(
  { services, project }: ProjectVisit,
  id: string,
): Promise<LoginTrace> {
  const known = /^(sso-flow|request-id)-[\w-]{1,80}$/.test(id)
  const login = known
    ? await getLogin(services.db, project.project_id, id, services.now())
    : undefined
  if (login) return login
  const days = services.config.flow_retention_days
  throw new ApiError('bad_request', {
    status: 404,
    message: `There is no such login. Logins are kept for ${days} days.`,
  })
}
