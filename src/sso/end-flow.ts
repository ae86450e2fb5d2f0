/** The statement that redeems a token: it takes the flow and writes the session, or neither. */
import type { Context } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { fromJSONRow, jsonRow } from '../db/json-row.ts'
import type { AuthenticationFactor } from '../db/schema.ts'
import { newEventId } from '../events/events.ts'
import { type MemberRow, memberColumns } from '../members/member.ts'
import { type Check, storedChecks } from './flow.ts'
import { endedColumns, loginEventSQL } from './login-events.ts'
import type { RedeemableFlow } from './redeemable.ts'

/** A whole statement that ends a flow (`endingStatement`), and the values of its own part. */
export interface SessionWrite {
  statement: string
  values: unknown[]
}

/** An insert into a table, for `endingStatement`. */
export function insertWhereEnded(table: string, columns: readonly string[]): string {
  const values = columns.map((_, index) => `$${index + 1}`).join(', ')
  return `insert into ${table} (${columns.join(', ')}) select ${values} from ended`
}

/**
 * The whole statement that ends a flow, for `SessionWrite`. `sql` writes a new session, a longer one, or an
 * intermediate one, where the part `ended` has its row; it takes `count` values, the id of the project first.
 */
export function endingStatement(sql: string, count: number): string {
  const at = (offset: number) => `$${count + offset}`
  return `with known as (
      select m.member_id
      from members m join sso_registrations r on r.project_id = m.project_id and r.member_id = m.member_id
      where m.project_id = $1 and m.member_id = ${at(2)} and m.status = 'active'
        and r.registration_id = ${at(3)} and (${at(8)}::text is null or m.xmin::text = ${at(8)})
        and exists (select 1 from sso_connections c where c.project_id = $1
          and c.connection_id = r.connection_id and c.status = 'active')
        and (${at(9)}::text is null or exists (select 1 from organizations o where o.project_id = $1
          and o.organization_id = m.organization_id and o.xmin::text = ${at(9)}))
      for share of m, r),
    ended as (
      update sso_flows set state = 'redeemed', redeemed_at = ${at(4)}, member_id = ${at(2)},
        member_session_id = ${at(5)}, checks = checks || ${at(6)}::jsonb, token_hash = null,
        member_change = ${at(10)}
      where project_id = $1 and flow_id = ${at(1)} and state = 'verified'
        and exists (select 1 from known)
      returning ${endedColumns}),
    session as (${sql}),
    ${loginEventSQL('succeeded', at(7))}
    select ${jsonRow('m', memberColumns)} as member from member_objects m
    where m.project_id = $1 and m.member_id = ${at(2)} and exists (select 1 from ended)`
}

/** Whose flow ends, and how. */
export interface Ending {
  member_id: string
  registration_id: string
  member_session_id: string | null
  checks: Check[]
  /** What was written of the member in this transaction; null: nothing. */
  member_change: 'create' | 'update' | null
  /** What the decision rests on, where it was not read in this transaction; null: it was. */
  member_version: string | null
  organization_version: string | null
}

/**
 * Ends the flow as redeemed, with `checks` added to those of the callback, writes the session, and reads the
 * member. Null, and nothing is written, where somebody else has taken the flow, where member, registration or
 * an active connection are no longer there, or where member or organization have another version.
 */
export async function endFlow(
  db: Database,
  context: Context,
  flow: RedeemableFlow,
  ending: Ending,
  write: SessionWrite,
): Promise<MemberRow | null> {
  const rows = await statement<{ member: MemberRow }>(db, write.statement, [
    ...write.values,
    flow.flow_id,
    ending.member_id,
    ending.registration_id,
    context.now(),
    ending.member_session_id,
    storedChecks(ending.checks),
    newEventId(context.project.project_id),
    ending.member_version,
    ending.organization_version,
    ending.member_change,
  ])
  return rows[0] ? fromJSONRow(rows[0].member) : null
}

/** The factor that a login adds to a session. */
export function ssoFactor(
  flow: RedeemableFlow,
  registration_id: string,
  now: Date,
): AuthenticationFactor {
  const at = `${now.toISOString().slice(0, 19)}Z`
  const registration = {
    id: registration_id,
    provider_id: flow.connection_id,
    external_id: flow.identity.external_id,
  }
  return {
    type: 'sso',
    delivery_method: flow.connection_type === 'saml' ? 'sso_saml' : 'sso_oidc',
    last_authenticated_at: at,
    created_at: at,
    updated_at: at,
    ...(flow.connection_type === 'saml'
      ? { saml_sso_factor: registration }
      : { oidc_sso_factor: registration }),
  }
}
