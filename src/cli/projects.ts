import { type Database, transaction } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'
import { createProject, listProjects } from '../projects/projects.ts'
import { addRedirectURL, listRedirectURLs, removeRedirectURL } from '../projects/redirect-urls.ts'
import { createPublicToken, createSecret, listSecrets, revokeSecret } from '../projects/secrets.ts'
import { auditCommand } from './audit.ts'
import { type Command, required, UsageError, type Values } from './command.ts'
import { withDatabase } from './database.ts'
import { textTable } from './text-table.ts'

const project = { project: { type: 'string' } } as const
const projectHelp = '--project  id or slug of the project, as portcullis project list shows them'

type Column = readonly [name: string, title: string]

/** What a list that stands under `key` looks like on a terminal; `none` where it is empty. */
function listText(key: string, columns: readonly Column[], none: string) {
  return (result: object): string => {
    const list = (result as Record<string, Record<string, unknown>[]>)[key] ?? []
    if (list.length === 0) return `${none}\n`
    const rows = list.map((each) => columns.map(([name]) => cell(each[name])))
    return `${textTable(
      columns.map(([, title]) => title),
      rows,
    ).join('\n')}\n`
  }
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (value instanceof Date) return `${value.toISOString().slice(0, 16).replace('T', ' ')}Z`
  return value === true ? 'default' : value === false ? '' : String(value)
}

/** `portcullis project create`: a project with its first secret and public token. */
export const createProjectCommand: Command = {
  name: 'project create',
  summary: 'Make a project with its first secret and public token',
  options: {
    name: { type: 'string' },
    slug: { type: 'string' },
    environment: { type: 'string', default: 'test' },
  },
  help: `--name         what people call the project
--slug         its part of web addresses: a-z, 0-9 and "-", unique on this server
--environment  test (the default) or live
The secret is shown this once; only its digest is stored.`,
  run: (values) =>
    withDatabase(async ({ db }) => {
      const { environment } = values
      if (environment !== 'test' && environment !== 'live')
        throw new UsageError('--environment is test or live.')
      const input = {
        project_name: required(values, 'name'),
        project_slug: required(values, 'slug'),
        environment,
      } as const
      return transaction(db, async (trx) => {
        const { project_id } = await createProject(trx, input)
        const { secret_id, secret } = await createSecret(trx, { project_id })
        const { public_token } = await createPublicToken(trx, { project_id })
        await auditCommand(trx, {
          project_id,
          action: 'project.create',
          target_type: 'project',
          target_id: project_id,
          target_name: input.project_name,
          after: input,
        })
        return { project_id, secret_id, secret, public_token }
      })
    }),
}

/** `portcullis project list`. */
export const listProjectsCommand: Command = {
  name: 'project list',
  summary: 'List the projects of this server',
  run: () => withDatabase(async ({ db }) => ({ projects: await listProjects(db) })),
  text: listText(
    'projects',
    [
      ['project_slug', 'SLUG'],
      ['project_name', 'NAME'],
      ['created_at', 'CREATED'],
      ['project_id', 'ID'],
    ],
    'No project yet. Make one with: portcullis project create --name NAME --slug SLUG',
  ),
}

/** `portcullis secret create`: one more secret, so that the old one can be replaced without an outage. */
export const createSecretCommand: Command = {
  name: 'secret create',
  summary: 'Make one more secret of a project; several are valid at once',
  options: { ...project, 'expires-in-days': { type: 'string' } },
  help: `--project          id or slug of the project, as portcullis project list shows them
--expires-in-days  how long it is good for (for good, where none is given)
The secret is shown this once; only its digest is stored. Revoke the old one with: portcullis secret revoke`,
  run: (values) =>
    withDatabase(async ({ db }) => {
      const project_id = await projectOf(db, values)
      const days = values['expires-in-days']
      if (days !== undefined && !(Number(days) > 0))
        throw new UsageError('--expires-in-days must be a number above 0.')
      const expires_at =
        days === undefined ? undefined : new Date(Date.now() + Number(days) * 86_400_000)
      const created = await createSecret(db, { project_id, ...(expires_at && { expires_at }) })
      await auditCommand(db, {
        project_id,
        action: 'secret.create',
        target_type: 'secret',
        target_id: created.secret_id,
        after: { expires_at: expires_at ?? null },
      })
      return created
    }),
}

/** `portcullis secret list`. */
export const listSecretsCommand: Command = {
  name: 'secret list',
  summary: 'List the secrets of a project: last four characters and last use',
  options: project,
  help: projectHelp,
  run: (values) =>
    withDatabase(async ({ db }) => ({
      secrets: await listSecrets(db, await projectOf(db, values)),
    })),
  text: listText(
    'secrets',
    [
      ['last_four', 'ENDS IN'],
      ['created_at', 'CREATED'],
      ['last_used_at', 'LAST USED'],
      ['expires_at', 'EXPIRES'],
      ['secret_id', 'ID'],
    ],
    'The project has no secret. Make one with: portcullis secret create',
  ),
}

/** `portcullis secret revoke`: every process refuses it within a second. */
export const revokeSecretCommand: Command = {
  name: 'secret revoke',
  summary: 'Revoke a secret by its secret_id; every process refuses it within a second',
  usage: 'SECRET_ID',
  options: project,
  help: projectHelp,
  run: (values, [secret_id]) =>
    withDatabase(async ({ db }) => {
      if (!secret_id)
        throw new UsageError(
          'Which secret? Give its secret_id, as portcullis secret list shows it.',
        )
      const project_id = await projectOf(db, values)
      if (!(await revokeSecret(db, { project_id, secret_id })))
        throw new ApiError('secret_not_found')
      await auditCommand(db, {
        project_id,
        action: 'secret.revoke',
        target_type: 'secret',
        target_id: secret_id,
      })
      return { secret_id, revoked: true }
    }),
}

/** `portcullis redirect-url add`. */
export const addRedirect: Command = {
  name: 'redirect-url add',
  summary: 'Register a redirect URL of a project',
  usage: 'URL',
  options: {
    ...project,
    type: { type: 'string', multiple: true },
    default: { type: 'boolean', default: false },
    'do-not-promote-defaults': { type: 'boolean', default: false },
  },
  help: `${projectHelp}
--type     LOGIN, SIGNUP, INVITE, RESET_PASSWORD or DISCOVERY; may be repeated (LOGIN and SIGNUP where none is given)
--default  make it the default of its types; the first URL of a type becomes it anyway, unless
           --do-not-promote-defaults`,
  run: (values, [url]) =>
    withDatabase(async ({ db }) => {
      if (!url) throw new UsageError('Which URL?')
      const types = Array.isArray(values.type) ? values.type : ['LOGIN', 'SIGNUP']
      const project_id = await projectOf(db, values)
      const added = await addRedirectURL(db, {
        project_id,
        url,
        types,
        is_default: values.default === true,
        do_not_promote_defaults: values['do-not-promote-defaults'] === true,
      })
      await auditCommand(db, {
        project_id,
        action: 'redirect_url.add',
        target_type: 'redirect_url',
        target_id: added.url,
        after: added.valid_types,
      })
      return added
    }),
}

/** `portcullis redirect-url list`. */
export const listRedirects: Command = {
  name: 'redirect-url list',
  summary: 'List the redirect URLs of a project',
  options: project,
  help: projectHelp,
  run: (values) =>
    withDatabase(async ({ db }) => ({
      redirect_urls: await listRedirectURLs(db, await projectOf(db, values)),
    })),
  text: listText(
    'redirect_urls',
    [
      ['type', 'TYPE'],
      ['is_default', ''],
      ['url', 'URL'],
    ],
    'No redirect URL yet: no login can end anywhere. Add one with: portcullis redirect-url add URL',
  ),
}

/** `portcullis redirect-url remove`. */
export const removeRedirect: Command = {
  name: 'redirect-url remove',
  summary: 'Remove a redirect URL from a project',
  usage: 'URL',
  options: project,
  help: projectHelp,
  run: (values, [url]) =>
    withDatabase(async ({ db }) => {
      if (!url) throw new UsageError('Which URL?')
      const project_id = await projectOf(db, values)
      await removeRedirectURL(db, { project_id, url })
      await auditCommand(db, {
        project_id,
        action: 'redirect_url.remove',
        target_type: 'redirect_url',
        target_id: url,
      })
      return { url, removed: true }
    }),
}

/** The project that `--project` names, by id or slug. */
export async function projectOf(db: Database, values: Values): Promise<string> {
  const reference = required(values, 'project')
  const projects = await listProjects(db)
  const found = projects.find(
    (each) => each.project_id === reference || each.project_slug === reference,
  )
  if (!found)
    throw new ApiError('project_not_found', {
      message: `There is no project "${reference}". See: portcullis project list`,
    })
  return found.project_id
}
