/** Projects: the customer's application and its credentials. Everything else belongs to one. */

import type { Services } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { type Environment, environmentOf, newId } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'

export type RedirectURLType = 'LOGIN' | 'SIGNUP' | 'INVITE' | 'RESET_PASSWORD' | 'DISCOVERY'

/** A project with all that a request needs of it, cached as one value. */
export interface Project {
  project_id: string
  environment: Environment
  project_name: string
  project_slug: string
  project_logo_url: string
  project_color: string
  login_straight: boolean
  login_by_email: boolean
  /** Of the server's own administrators (system-project.ts). */
  is_system: boolean
  secrets: { secret_id: string; secret_hash: Buffer; expires_at: Date | null }[]
  public_tokens: string[]
  redirect_urls: { url: string; type: RedirectURLType; is_default: boolean }[]
}

/** The project of an id; throws `project_not_found`. */
export async function findProject(services: Services, project_id: string): Promise<Project> {
  const project = await services.caches.get('project', project_id, () =>
    loadProject(services.db, project_id),
  )
  if (!project) throw new ApiError('project_not_found')
  return project
}

/** The project that a public token belongs to; throws `public_token_not_found`. */
export async function findProjectByPublicToken(
  services: Services,
  public_token: string,
): Promise<Project> {
  const project_id = await services.caches.get('public-token', public_token, async () => {
    const row = await services.db
      .selectFrom('public_tokens')
      .select('project_id')
      .where('public_token', '=', public_token)
      .executeTakeFirst()
    return row?.project_id
  })
  const project = project_id === undefined ? undefined : await findProject(services, project_id)
  if (!project?.public_tokens.includes(public_token)) throw new ApiError('public_token_not_found')
  return project
}

/** The project of a slug, which is unique on the server; undefined where there is none. */
export async function findProjectBySlug(
  services: Services,
  project_slug: string,
): Promise<Project | undefined> {
  const [row] = await statement<{ project_id: string }>(
    services.db,
    'select project_id from projects where project_slug = $1',
    [project_slug],
  )
  return row && findProject(services, row.project_id)
}

/** The slug of the server's one project, that of its administrators aside; undefined where there are more. */
export async function onlyProjectSlug(db: Database): Promise<string | undefined> {
  const [only, another] = await statement<{ project_slug: string }>(
    db,
    'select project_slug from projects where not is_system limit 2',
    [],
  )
  return another ? undefined : only?.project_slug
}

async function loadProject(db: Database, project_id: string): Promise<Project | undefined> {
  const row = await db
    .selectFrom('projects')
    .select([
      'project_id',
      'project_name',
      'project_slug',
      'project_logo_url',
      'project_color',
      'login_straight',
      'login_by_email',
      'is_system',
    ])
    .where('project_id', '=', project_id)
    .executeTakeFirst()
  if (!row) return undefined
  const [secrets, tokens, redirect_urls] = await Promise.all([
    db
      .selectFrom('project_secrets')
      .select(['secret_id', 'secret_hash', 'expires_at'])
      .where('project_id', '=', project_id)
      .execute(),
    db
      .selectFrom('public_tokens')
      .select('public_token')
      .where('project_id', '=', project_id)
      .orderBy('created_at')
      .execute(),
    db
      .selectFrom('redirect_urls')
      .select(['url', 'type', 'is_default'])
      .where('project_id', '=', project_id)
      .orderBy('created_at')
      .execute(),
  ])
  return {
    ...row,
    environment: environmentOf(project_id),
    secrets,
    public_tokens: tokens.map((token) => token.public_token),
    redirect_urls,
  }
}

/** Makes a project. The slug must be unique on the server: 2 to 64 of `a-z`, `0-9` and `-`. */
export async function createProject(
  db: Database,
  input: {
    project_name: string
    project_slug: string
    environment: Environment
    project_id?: string
  },
): Promise<{ project_id: string }> {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])$/.test(input.project_slug))
    throw new ApiError('bad_request', {
      message:
        'The project slug must have 2 to 64 characters: a-z, 0-9 and "-", not at either end.',
    })
  if (input.project_name.length < 1 || input.project_name.length > 128)
    throw new ApiError('bad_request', {
      message: 'The project name must have 1 to 128 characters.',
    })
  const project_id = input.project_id ?? newId('project', input.environment)
  const inserted = await db
    .insertInto('projects')
    .values({ project_id, project_name: input.project_name, project_slug: input.project_slug })
    .onConflict((conflict) => conflict.column('project_slug').doNothing())
    .returning('project_id')
    .executeTakeFirst()
  if (!inserted)
    throw new ApiError('bad_request', {
      message: `The project slug "${input.project_slug}" is taken on this server.`,
    })
  return { project_id }
}

/** All projects, oldest first. */
export async function listProjects(db: Database) {
  return db
    .selectFrom('projects')
    .select(['project_id', 'project_name', 'project_slug', 'created_at'])
    .orderBy('created_at')
    .execute()
}
