/**
 * The system project: an ordinary project but that its one organization are the administrators of this
 * server, who sign in to the dashboard over its SSO connections. It has no API secret unless somebody makes one.
 */
import type { Services } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'
import { createProject, findProject, type Project } from './projects.ts'
import { addRedirectURL } from './redirect-urls.ts'
import { createPublicToken } from './secrets.ts'

/** The system project; undefined until an owner has set up single sign-on for administrators. */
export async function findSystemProject(services: Services): Promise<Project | undefined> {
  const [row] = await statement<{ project_id: string }>(
    services.db,
    'select project_id from projects where is_system',
    [],
  )
  return row && findProject(services, row.project_id)
}

/** Makes it, for members to return to `redirect_url`. Throws `bad_request` where it is there. */
export async function createSystemProject(
  db: Database,
  redirect_url: string,
): Promise<{ project_id: string }> {
  const { project_id } = await createProject(db, {
    project_name: 'Portcullis administrators',
    project_slug: 'portcullis-administrators',
    environment: redirect_url.startsWith('https://') ? 'live' : 'test',
  })
  const marked = await statement(
    db,
    `update projects set is_system = true where project_id = $1
       and not exists (select 1 from projects where is_system) returning project_id`,
    [project_id],
  )
  if (!marked[0])
    throw new ApiError('bad_request', {
      message: 'Single sign-on for administrators is set up already.',
    })
  await createPublicToken(db, { project_id })
  await addRedirectURL(db, { project_id, url: redirect_url, types: ['LOGIN', 'SIGNUP'] })
  return { project_id }
}
