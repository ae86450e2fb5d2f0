/** The connections of a project over all its organizations, with how they do. Read-only. */
import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'

/** What may be asked of the list; all that is given must hold. */
export interface OverviewFilter {
  status?: 'active' | 'pending'
  /** Those whose last login that ended was refused. */
  failing?: boolean
  /** Part of an organization's name or slug, or an id of an organization or a connection. */
  search?: string
  cursor?: string
  /** 25 where it is not given. */
  limit?: number
}

/** A connection as the list has it. The last success and failure are looked for among its last 100 logins. */
export interface ConnectionSummary {
  organization_id: string
  organization_name: string
  connection_id: string
  display_name: string
  identity_provider: string
  type: 'saml' | 'oidc'
  status: 'active' | 'pending'
  activation: 'automatic' | 'manual'
  created_at: Date
  last_success_at: Date | null
  last_failure_at: Date | null
  /** Of the last failure. */
  error_type: string | null
  /** When the last of the identity provider's certificates expires; null where there is none. */
  certificate_expires_at: Date | null
}

const logins = 100
/** How many connections one statement looks at for a filter that no index serves. */
const scanned = 250
const matching = 500

/** Whether the last login over a connection that ended was refused. */
export function isFailing({
  last_success_at,
  last_failure_at,
}: Pick<ConnectionSummary, 'last_success_at' | 'last_failure_at'>): boolean {
  return last_failure_at !== null && (last_success_at === null || last_failure_at > last_success_at)
}

/**
 * A page of them, those of the newest organization first. A page may be short, even empty, and yet have a
 * `next_cursor`: `failing` looks at a part at a time. Throws `user_search_invalid_cursor`.
 */
export async function listConnectionSummaries(
  db: Database,
  project_id: string,
  filter: OverviewFilter,
): Promise<{ connections: ConnectionSummary[]; next_cursor: string | null }> {
  const { failing = false, limit = 25 } = filter
  const scan = failing ? scanned : limit
  const { rows } = await sql<ConnectionSummary>`
    with matches as materialized (${searched(project_id, filter.search ?? '')}),
      page as (
        select c.* from sso_connections c
        where c.project_id = ${project_id} ${conditions(filter)}
        order by c.organization_id desc, c.created_at desc, c.connection_id desc
        limit ${scan + 1})
    select page.organization_id, o.organization_name, page.connection_id, page.display_name,
      page.identity_provider, page.type, page.status, page.activation, page.created_at,
      login.last_success_at, login.last_failure_at, login.error_type,
      (select max(k.expires_at) from saml_keys k where k.project_id = ${project_id}
        and k.connection_id = page.connection_id and k.purpose = 'verification') as certificate_expires_at
    from page
      cross join lateral (select organization_name from organizations
        where project_id = ${project_id} and organization_id = page.organization_id limit 1) o
      cross join lateral (${health(project_id)}) login
    order by page.organization_id desc, page.created_at desc, page.connection_id desc`.execute(db)
  const looked = rows.slice(0, scan)
  const found = failing ? looked.filter(isFailing) : looked
  const connections = found.slice(0, limit)
  const last = found.length > limit ? connections.at(-1) : looked.at(-1)
  const more = rows.length > scan || found.length > limit
  return { connections, next_cursor: more && last ? encodeCursor(last) : null }
}

/** The organizations that a search means; a part of a name has 3 characters at least, as its index wants. */
function searched(project_id: string, search: string): RawBuilder<unknown> {
  const pattern = `%${search.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`
  const fuzzy =
    search.length < 3
      ? sql``
      : sql`or lower(o.organization_slug) like ${pattern} or lower(o.organization_name) like ${pattern}`
  return sql`select o.organization_id from organizations o where o.project_id = ${project_id}
    and (o.organization_id = ${search} or o.organization_slug = ${search.toLowerCase()} ${fuzzy})
    limit ${search === '' ? 0 : matching}`
}

function conditions({ status, search, cursor }: OverviewFilter): RawBuilder<unknown> {
  const after = decodeCursor(cursor)
  return sql`
    ${status ? sql`and c.status = ${status}` : sql``}
    ${search ? meant(search) : sql``}
    ${after ? sql`and (c.organization_id, c.created_at, c.connection_id) < (${after[0]}, ${after[1]}::timestamptz, ${after[2]})` : sql``}`
}

/** By the one id, or by the organizations that were found: each of both has an index. */
function meant(search: string): RawBuilder<unknown> {
  return /^(saml|oidc)-connection-/.test(search)
    ? sql`and c.connection_id = ${search}`
    : sql`and c.organization_id = any(array(select organization_id from matches))`
}

/** How the last logins over a connection of the page ended; a token counts as a success of the connection. */
function health(project_id: string): RawBuilder<unknown> {
  return sql`select max(verified_at) filter (where state in ('verified', 'redeemed', 'passed')) as last_success_at,
      max(failed_at) filter (where state = 'failed') as last_failure_at,
      (array_agg(error_type order by started_at desc) filter (where state = 'failed'))[1] as error_type
    from (select state, verified_at, failed_at, error_type, started_at from sso_flows f
      where f.project_id = ${project_id} and f.connection_id = page.connection_id
      order by f.started_at desc limit ${logins}) recent`
}

function encodeCursor({ organization_id, created_at, connection_id }: ConnectionSummary): string {
  const parts = [organization_id, created_at.toISOString(), connection_id]
  return Buffer.from(parts.join(' ')).toString('base64url')
}

function decodeCursor(cursor: string | undefined): [string, string, string] | undefined {
  if (!cursor) return undefined
  const [organization, at, connection, ...more] = Buffer.from(cursor, 'base64url')
    .toString()
    .split(' ')
  const known = /^[\w-]+$/
  const instant = at && /^[-\d]{10}T[\d:.]{12}Z$/.test(at) && !Number.isNaN(Date.parse(at))
  if (!organization || !connection || !instant || more.length > 0)
    throw new ApiError('user_search_invalid_cursor')
  if (!known.test(organization) || !known.test(connection))
    throw new ApiError('user_search_invalid_cursor')
  return [organization, at, connection]
}

const most = 10_000

/** How many members sign in over a connection, up to 10,001, which stands for more than 10,000. */
export async function countRegistrations(
  db: Database,
  project_id: string,
  connection_id: string,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from (
    select 1 from sso_registrations where project_id = ${project_id}
      and connection_id = ${connection_id} limit ${most + 1}) counted`.execute(db)
  return rows[0]?.count ?? 0
}
