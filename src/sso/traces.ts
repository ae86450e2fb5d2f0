/**
 * Login traces: the rows of `sso_flows` as answers to "why did this login fail". Read-only. Newest first;
 * no statement costs more for there being more organizations, connections or past logins, and none needs
 * an index that a login would have to write: ids of flows and requests begin with their time (UUID
 * version 7), so the primary key is in the order of time.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../db/connect.ts'
import { environmentOf } from '../db/ids.ts'
import { findOrganization } from '../organizations/organization.ts'
import { type Check, startedForMs, verifiedForMs } from './flow.ts'
import type { MessageKind } from './messages.ts'
import type { Finding } from './trace-finding.ts'
import { decodeCursor, encodeCursor, idRange } from './trace-keys.ts'

/** `passed`: a test login that would have got in. */
export type LoginState = 'started' | 'verified' | 'redeemed' | 'passed' | 'failed' | 'expired'

/** What may be asked of a list of logins; all that is given must hold. */
export interface LoginFilter {
  /** Id, slug or external id. */
  organization?: string
  connection_id?: string
  email?: string
  state?: LoginState
  /** The name of a check that failed. */
  failed_check?: string
  error_type?: string
  request_id?: string
  /** Test logins that this administrator or setup link began; `anybody`: all of them. */
  tested_by?: string
  /** Started then or later. */
  since?: Date
  /** Started before. */
  until?: Date
  /** 50 where it is not given, at most 500. */
  limit?: number
  cursor?: string
}

/** What the list and the trace say of a login. */
export interface LoginSummary {
  flow_id: string
  request_id: string
  state: LoginState
  initiated_by: 'sp' | 'idp'
  /** Of a test login: the id of the administrator or of the setup link that began it. */
  tested_by: string | null
  /** Null until the identity provider has said who it is. */
  email_address: string | null
  organization_id: string
  organization_slug: string | null
  connection_id: string
  /** The next three are null where the connection is deleted. */
  connection_display_name: string | null
  connection_type: 'saml' | 'oidc' | null
  identity_provider: string | null
  error_type: string | null
  /** The check that refused the login. */
  failed_check: string | null
  started_at: Date
  verified_at: Date | null
  redeemed_at: Date | null
  failed_at: Date | null
}

export interface LoginPage {
  logins: LoginSummary[]
  /** Null at the end. A page may be short, even empty, and yet have one: filters look at a part at a time. */
  next_cursor: string | null
}

/** A login with everything that is known about it, but for secrets and hashes. */
export interface LoginTrace extends LoginSummary {
  subject: string | null
  external_id: string | null
  name: string | null
  /** How long each step took, in milliseconds; null where there was no such step, or it has not ended. */
  durations: {
    /** From the start until the browser came back. */
    at_identity_provider_ms: number | null
    /** The exchange of an authorization code (OpenID Connect). */
    code_exchange_ms: number | null
    /** From the token until it was redeemed, or refused. */
    redemption_ms: number | null
    total_ms: number | null
  }
  checks: Check[]
  /** Which of its messages are kept at present (read-messages.ts). */
  kept_messages: MessageKind[]
  /** Failures like this one, right before it, that wrote no row. */
  suppressed_count: number
  member_id: string | null
  member_session_id: string | null
  finding: Finding | null
}

const [defaultLimit, maxLimit] = [50, 500]
/**
 * How many rows one statement looks at for a filter that no index serves. It stands in the text of the
 * statement: a prepared plan that doesn't know a limit takes it for a tenth of the table.
 */
const scanned = 5_000

type Part = RawBuilder<unknown>

const emailSQL = sql<string | null>`coalesce(f.identity ->> 'email_address', jsonb_path_query_first(
  f.checks, '$[*] ? (@.name == "email" && @.verdict == "pass").actual') #>> '{}')`

/** The state as of `now`: what can go no further has expired (flow.ts). */
function stateSQL(now: Date): RawBuilder<LoginState> {
  return sql<LoginState>`case
    when f.state = 'started' and f.started_at <= ${new Date(now.getTime() - startedForMs)} then 'expired'
    when f.state = 'verified' and f.verified_at <= ${new Date(now.getTime() - verifiedForMs)} then 'expired'
    else f.state end`
}

/** The columns of a summary, of `sso_flows f` and `loginJoins`. */
export function summarySQL(now: Date): Part {
  return sql`f.flow_id, f.request_id, ${stateSQL(now)} as state, f.initiated_by, f.tested_by, ${emailSQL} as email_address,
    f.organization_id, o.organization_slug, f.connection_id, c.display_name as connection_display_name,
    c.type as connection_type, c.identity_provider, f.error_type,
    jsonb_path_query_first(f.checks, '$[last] ? (@.verdict == "fail").name') #>> '{}' as failed_check,
    f.started_at, f.verified_at, f.redeemed_at, f.failed_at`
}

/** What a login names, if it is there still. */
export const loginJoins = sql`
  left join organizations o on o.project_id = f.project_id and o.organization_id = f.organization_id
  left join sso_connections c on c.project_id = f.project_id and c.connection_id = f.connection_id`

/**
 * A page of a project's logins, newest first. Throws `organization_not_found`, and
 * `user_search_invalid_cursor` for what is no cursor of a list. With `organization`, logins over
 * connections that were deleted since are left out; they are found by `connection_id`.
 */
export async function listLogins(
  db: Database,
  project_id: string,
  filter: LoginFilter,
  now: Date,
): Promise<LoginPage> {
  const limit = Math.min(Math.max(Math.trunc(filter.limit ?? defaultLimit), 1), maxLimit)
  const conditions = conditionsOf(filter, now)
  const scan =
    conditions.length > 0 ? scanned : limit <= defaultLimit ? defaultLimit + 1 : maxLimit + 1
  const matches = conditions.length > 0 ? sql.join(conditions, sql` and `) : sql`true`
  const { rows, order } = await scopeOf(db, project_id, filter, { matches, scan })
  // Behind a limit, so that no plan reads all flows or organizations to join a page with them.
  const each = sql`select ${summarySQL(now)} from sso_flows f ${loginJoins}
    where f.project_id = ${project_id} and f.flow_id = page.flow_id limit 1`
  const result = await sql<LoginSummary & { looked_at: number; last_key: [string, string] | null }>`
    with scanned as (${rows}),
      page as (select flow_id from scanned where matches order by ${order('desc')} limit ${limit + 1})
    select (select count(*)::int from scanned) as looked_at,
      (select jsonb_build_array(started_at, flow_id) from scanned order by ${order('asc')} limit 1) as last_key,
      login.*
    from (select 1) as one left join page on true
      left join lateral (${each}) login on true
    order by ${order('desc', 'login.')}`.execute(db)
  const found = result.rows.filter((row) => row.flow_id !== null)
  const logins = found.slice(0, limit).map(({ looked_at, last_key, ...login }) => login)
  const last = logins.at(-1)
  const [first] = result.rows
  if (found.length > limit && last)
    return { logins, next_cursor: encodeCursor(last.started_at, last.flow_id) }
  const more = first?.looked_at === scan && first.last_key
  return {
    logins,
    next_cursor: more ? encodeCursor(new Date(more[0]), more[1]) : null,
  }
}

/** What no index serves: tried on each row that the scope yields. */
function conditionsOf(filter: LoginFilter, now: Date): Part[] {
  const { email, state, failed_check, error_type, tested_by } = filter
  const failed = JSON.stringify([{ name: failed_check, verdict: 'fail' }])
  return [
    ...(email === undefined ? [] : [sql`${emailSQL} = ${email.trim().toLowerCase()}`]),
    ...(state === undefined ? [] : [sql`${stateSQL(now)} = ${state}`]),
    ...(failed_check === undefined ? [] : [sql`f.checks @> ${failed}::jsonb`]),
    ...(error_type === undefined ? [] : [sql`f.error_type = ${error_type}`]),
    ...(tested_by === undefined ? [] : [testedSQL(tested_by)]),
  ]
}

function testedSQL(tested_by: string): Part {
  return tested_by === 'anybody' ? sql`f.tested_by is not null` : sql`f.tested_by = ${tested_by}`
}

interface Scope {
  /** The rows to look at, newest first. */
  rows: Part
  order(direction: 'asc' | 'desc', prefix?: string): Part
}

/** The newest rows after the cursor by an index: the primary key, or that of each connection. */
async function scopeOf(
  db: Database,
  project_id: string,
  filter: LoginFilter,
  { matches, scan }: { matches: Part; scan: number },
): Promise<Scope> {
  const after = decodeCursor(filter.cursor)
  const ids = idRange(environmentOf(project_id), filter)
  const organization_id = filter.organization && (await idOf(db, project_id, filter.organization))
  const columns = sql`f.flow_id, f.started_at, (${matches}) as matches`
  const began = (started_at: Part) => sql`
    ${filter.since ? sql`and ${started_at} >= ${filter.since}` : sql``}
    ${filter.until ? sql`and ${started_at} < ${filter.until}` : sql``}`
  const where = sql`f.project_id = ${project_id}
    ${filter.request_id ? sql`and f.request_id = ${filter.request_id}` : sql``}
    ${organization_id ? sql`and f.organization_id = ${organization_id}` : sql``}`
  if ((!organization_id && !filter.connection_id) || filter.request_id) {
    const below = after && after.flow_id < ids.below ? after.flow_id : ids.below
    const connection = filter.connection_id
      ? sql`and f.connection_id = ${filter.connection_id}`
      : sql``
    // The sum keeps the planner from the index of all projects' times, which retention has.
    const times = began(sql`f.started_at + interval '0'`)
    return {
      rows: sql`select ${columns} from sso_flows f where ${where} ${connection} ${times}
        and f.flow_id >= ${ids.from} and f.flow_id < ${below} order by f.flow_id desc limit ${sql.lit(scan)}`,
      order: (direction, prefix = '') => sql.raw(`${prefix}flow_id ${direction}`),
    }
  }
  const connections = filter.connection_id
    ? sql`select ${filter.connection_id}::text as connection_id`
    : sql`select connection_id from sso_connections
        where project_id = ${project_id} and organization_id = ${organization_id}`
  const older = after
    ? sql`and f.started_at <= ${after.started_at} and (f.started_at, f.flow_id) < (${after.started_at}, ${after.flow_id})`
    : sql``
  const newest = sql`select ${columns} from sso_flows f where ${where} ${began(sql`f.started_at`)} ${older}
    and f.connection_id = each.connection_id order by f.started_at desc, f.flow_id desc limit ${sql.lit(scan)}`
  return {
    rows: sql`select found.* from (${connections}) each cross join lateral (${newest}) found
      order by found.started_at desc, found.flow_id desc limit ${sql.lit(scan)}`,
    order: (direction, prefix = '') =>
      sql.raw(`${prefix}started_at ${direction}, ${prefix}flow_id ${direction}`),
  }
}

async function idOf(db: Database, project_id: string, reference: string): Promise<string> {
  const project = { project_id, environment: environmentOf(project_id) }
  return (await findOrganization(db, project, reference)).organization_id
}
