/** What a project's people decide about its login pages: name, logo, colour, how an organization is found. */
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'

export interface ProjectSettings {
  project_name: string
  /** https, or empty. */
  project_logo_url: string
  /** `#rrggbb`, or empty. */
  project_color: string
  /** Straight on to the identity provider where an organization has one connection. */
  login_straight: boolean
  /** An organization may be found by an e-mail address of a domain that it lists. */
  login_by_email: boolean
}

const columns = 'project_name, project_logo_url, project_color, login_straight, login_by_email'

/** Changes the settings of a project. Throws `bad_request` that names what is wrong, `project_not_found`. */
export async function changeProjectSettings(
  { db, caches, config }: Services,
  project_id: string,
  settings: ProjectSettings,
): Promise<ProjectSettings> {
  const { project_name, project_logo_url, project_color } = settings
  if (project_name.length < 1 || project_name.length > 128)
    throw new ApiError('bad_request', { message: 'The name must have 1 to 128 characters.' })
  if (project_color !== '' && !/^#[0-9a-f]{6}$/.test(project_color))
    throw new ApiError('bad_request', {
      message: 'The colour must be like #1f6feb: a number sign and six digits of 0-9, a-f.',
    })
  const url = project_logo_url === '' ? null : URL.parse(project_logo_url)
  const allowed = config.mode === 'development' ? ['https:', 'http:'] : ['https:']
  if (project_logo_url !== '' && !(url && allowed.includes(url.protocol)))
    throw new ApiError('bad_request', {
      message: 'The logo must be an https address of a PNG, JPEG, WebP or GIF picture.',
    })
  if (project_logo_url.length > 2_000)
    throw new ApiError('bad_request', { message: 'The logo’s address is too long.' })
  const [changed] = await statement<ProjectSettings>(
    db,
    `update projects set project_name = $2, project_logo_url = $3, project_color = $4, login_straight = $5,
       login_by_email = $6 where project_id = $1 returning ${columns}`,
    [
      project_id,
      project_name,
      project_logo_url,
      project_color,
      settings.login_straight,
      settings.login_by_email,
    ],
  )
  if (!changed) throw new ApiError('project_not_found')
  caches.drop('project', project_id)
  return changed
}
