/** One login with all that is known of it, in a project or wherever on the server it is. */
import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../db/connect.ts'
import { type Environment, environmentOf } from '../db/ids.ts'
import { findingOf } from './trace-finding.ts'
import { idRange } from './trace-keys.ts'
import { type LoginTrace, loginJoins, summarySQL } from './traces.ts'

type TraceRow = Omit<LoginTrace, 'durations' | 'finding'> & {
  arrived_at: Date | null
  pkce: boolean
  idp_address: string | null
  sent_to: string | null
  alternative_acs_url: string | null
}

/** The trace of a login by its flow id, or by the request id that its error page shows; else undefined. */
export async function getLogin(
  db: Database,
  project_id: string,
  id: string,
  now: Date,
): Promise<LoginTrace | undefined> {
  const own = { project_id: sql`${project_id}`, environment: environmentOf(project_id) }
  const { rows } = await traceSQL(own, id, now).execute(db)
  return rows[0] && toTrace(rows[0])
}

/** The same in whichever project has it: one probe of the primary key for each project. */
export async function findLogin(
  db: Database,
  id: string,
  now: Date,
): Promise<({ project_id: string } & LoginTrace) | undefined> {
  const environment = id.startsWith('request-id-live-') ? 'live' : 'test'
  const each = traceSQL({ project_id: sql`p.project_id`, environment }, id, now)
  const { rows } = await sql<{ project_id: string } & TraceRow>`
    select p.project_id, found.* from projects p
      cross join lateral (${each}) found
    order by found.flow_id limit 1`.execute(db)
  const [row] = rows
  if (!row) return undefined
  const { project_id, ...found } = row
  return { project_id, ...toTrace(found) }
}

function traceSQL(
  { project_id, environment }: { project_id: RawBuilder<unknown>; environment: Environment },
  id: string,
  now: Date,
): RawBuilder<TraceRow> {
  const ids = idRange(environment, { request_id: id })
  const which = id.startsWith('sso-flow-')
    ? sql`f.flow_id = ${id}`
    : sql`f.flow_id >= ${ids.from} and f.flow_id < ${ids.below} and f.request_id = ${id}`
  return sql<TraceRow>`
    select ${summarySQL(now)}, f.identity ->> 'subject' as subject,
      f.identity ->> 'external_id' as external_id, f.identity ->> 'name' as name, f.arrived_at, f.checks,
      (select coalesce(jsonb_agg(m.kind order by m.message_id), '[]') from sso_flow_messages m
        where m.project_id = f.project_id and m.flow_id = f.flow_id and m.expires_at > ${now}) as kept_messages,
      f.suppressed_count, f.member_id, f.member_session_id, f.pkce_code_challenge <> '' as pkce,
      case c.type when 'saml' then c.idp_sso_url else c.issuer end as idp_address,
      case c.type when 'saml' then c.idp_sso_url else c.authorization_url end as sent_to, c.alternative_acs_url
    from sso_flows f ${loginJoins}
    where f.project_id = ${project_id} and ${which} order by f.flow_id limit 1`
}

function toTrace(row: TraceRow): LoginTrace {
  const { arrived_at, pkce, idp_address, sent_to, alternative_acs_url, ...login } = row
  return { ...login, durations: durationsOf(row), finding: findingOf(row) }
}

function durationsOf(row: TraceRow): LoginTrace['durations'] {
  const { started_at, arrived_at, verified_at, redeemed_at, failed_at } = row
  const between = (from: Date | null, to: Date | null) =>
    from && to ? to.getTime() - from.getTime() : null
  const back = arrived_at ?? verified_at ?? failed_at
  return {
    at_identity_provider_ms: row.initiated_by === 'sp' ? between(started_at, back) : null,
    code_exchange_ms: between(arrived_at, verified_at ?? failed_at),
    redemption_ms: between(verified_at, redeemed_at ?? failed_at),
    total_ms: between(started_at, redeemed_at ?? failed_at ?? verified_at),
  }
}
