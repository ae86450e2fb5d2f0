import { type Database, statement } from '../db/connect.ts'
import type { MemberRow } from './member.ts'

const byConnection = (table: 'sessions' | 'intermediate_sessions') => `delete from ${table}
  where project_id = $1 and member_id = $2 and exists (
    select 1 from jsonb_array_elements(authentication_factors) factor
    where factor -> 'saml_sso_factor' ->> 'provider_id' = any($3)
      or factor -> 'oidc_sso_factor' ->> 'provider_id' = any($3))`

/**
 * Ends the sessions in which a role that was taken away would live on: those with a factor of a
 * connection that gives the member the same role by itself or by a group.
 */
export async function endSessionsOfLostRoles(
  trx: Database,
  member: MemberRow,
  roles: readonly string[],
): Promise<void> {
  const lost = new Set(member.roles.filter((role_id) => !roles.includes(role_id)))
  const connections = member.sso_registrations
    .filter(
      ({ connection_roles, group_roles, groups }) =>
        connection_roles.some(({ role_id }) => lost.has(role_id)) ||
        group_roles.some(({ role_id, group }) => lost.has(role_id) && groups.includes(group)),
    )
    .map(({ connection_id }) => connection_id)
  if (connections.length === 0) return
  const values = [member.project_id, member.member_id, connections]
  await statement(trx, byConnection('sessions'), values)
  await statement(trx, byConnection('intermediate_sessions'), values)
}
