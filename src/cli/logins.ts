import type { Database } from '../db/connect.ts'
import { listProjects } from '../projects/projects.ts'
import { findLogin, getLogin } from '../sso/login-trace.ts'
import {
  type LoginFilter,
  type LoginPage,
  type LoginState,
  type LoginSummary,
  type LoginTrace,
  listLogins,
} from '../sso/traces.ts'
import { type Command, UsageError, type Values } from './command.ts'
import { withDatabase } from './database.ts'
import { loginTable, loginText } from './logins-text.ts'
import { projectOf } from './projects.ts'

const states: readonly LoginState[] = [
  'started',
  'verified',
  'redeemed',
  'passed',
  'failed',
  'expired',
]

/** `portcullis logins list`: the logins of a project, newest first. */
export const listLoginsCommand: Command = {
  name: 'logins list',
  summary: 'List the logins of a project, newest first, and why they failed',
  options: {
    project: { type: 'string' },
    organization: { type: 'string' },
    connection: { type: 'string' },
    email: { type: 'string' },
    state: { type: 'string' },
    check: { type: 'string' },
    error: { type: 'string' },
    since: { type: 'string' },
    until: { type: 'string' },
    limit: { type: 'string' },
    cursor: { type: 'string' },
  },
  help: `--project       id or slug; may be left out where the server has one project
--organization  id, slug or external id
--connection    connection_id
--email         the whole address that the identity provider sent
--state         ${states.join(', ')}
                (expired: not back for 30 minutes, or not redeemed for 5)
--check         name of a check that failed, as logins show has it (audience, signature, ...)
--error         error_type of the refusal
--since         begun then or later: a time (2026-01-31T09:00Z) or how long ago (90m, 24h, 7d)
--until         begun before; takes the same
--limit         how many at most, 1 to 500 (50)
--cursor        next_cursor of the list before, for what is older`,
  run: (values) =>
    withDatabase(async ({ db }) => {
      const now = new Date()
      const filter = readFilter(values, now)
      return listAll(db, await onlyProject(db, values), filter, now)
    }),
  text: (result) => loginTable(result as LoginPage),
}

/** Goes on where a filter found less than what was asked for. */
async function listAll(
  db: Database,
  project_id: string,
  filter: LoginFilter & { limit: number },
  now: Date,
): Promise<LoginPage> {
  const logins: LoginSummary[] = []
  let cursor = filter.cursor ?? null
  do {
    const limit = filter.limit - logins.length
    const page = await listLogins(
      db,
      project_id,
      { ...filter, limit, ...(cursor !== null && { cursor }) },
      now,
    )
    logins.push(...page.logins)
    cursor = page.next_cursor
  } while (cursor !== null && logins.length < filter.limit)
  return { logins, next_cursor: cursor }
}

/** `portcullis logins show`: one login with all its checks. */
export const showLoginCommand: Command = {
  name: 'logins show',
  summary: 'Show a login: every check, what was expected and found, and who must act',
  usage: 'ID',
  options: { project: { type: 'string' } },
  help: `ID         flow_id of logins list, or the request id that the error page shows
--project  id or slug; where it is left out, all projects of the server are looked through`,
  run: (values, [id]) =>
    withDatabase(async ({ db }) => {
      if (!id) throw new UsageError('Which login? Give its flow id or request id.')
      const now = new Date()
      const login = values.project
        ? await loginIn(db, await projectOf(db, values), id, now)
        : await findLogin(db, id, now)
      if (login) return login
      throw new Error(
        `There is no login "${id}". It takes a flow id (sso-flow-...) or the request id of a login (request-id-...). Logins are kept for PORTCULLIS_FLOW_RETENTION_DAYS (30); of answers that belong to no login, one a second for a connection is kept.`,
      )
    }),
  text: (result) => loginText(result as LoginTrace),
}

async function loginIn(db: Database, project_id: string, id: string, now: Date) {
  const login = await getLogin(db, project_id, id, now)
  return login && { project_id, ...login }
}

/** The project that a command names; the only one where it names none. Throws UsageError. */
export async function onlyProject(db: Database, values: Values): Promise<string> {
  if (values.project) return projectOf(db, values)
  const [only, ...others] = await listProjects(db)
  if (!only || others.length > 0)
    throw new UsageError(
      `--project is required: this server has ${only ? others.length + 1 : 'no'} projects. See --help.`,
    )
  return only.project_id
}

function readFilter(values: Values, now: Date): LoginFilter & { limit: number } {
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined)
  const [organization, connection_id, email] = ['organization', 'connection', 'email'].map(text)
  const [failed_check, error_type, cursor] = ['check', 'error', 'cursor'].map(text)
  const state = states.find((each) => each === values.state)
  if (values.state !== undefined && !state)
    throw new UsageError(`--state is one of ${states.join(', ')}.`)
  const limit = Number(text('limit') ?? 50)
  if (!Number.isInteger(limit) || limit < 1 || limit > 500)
    throw new UsageError('--limit is a number from 1 to 500.')
  const [since, until] = [readTime('since', values, now), readTime('until', values, now)]
  return {
    limit,
    ...(organization !== undefined && { organization }),
    ...(connection_id !== undefined && { connection_id }),
    ...(email !== undefined && { email }),
    ...(failed_check !== undefined && { failed_check }),
    ...(error_type !== undefined && { error_type }),
    ...(cursor !== undefined && { cursor }),
    ...(state && { state }),
    ...(since && { since }),
    ...(until && { until }),
  }
}

const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time as ISO 8601, or how long ago. */
function readTime(name: 'since' | 'until', values: Values, now: Date): Date | undefined {
  const text = values[name]
  if (typeof text !== 'string') return undefined
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (count && unit) return new Date(now.getTime() - Number(count) * unitMs[unit]!)
  const time = new Date(/^\d{4}-\d\d-\d\d/.test(text) ? text : Number.NaN)
  if (Number.isNaN(time.getTime()))
    throw new UsageError(
      `--${name} is a time such as 2026-01-31T09:00Z, or how long ago: 90m, 24h, 7d.`,
    )
  return time
}
