/**
 * Members that logins create or change, as events. A job records them, within seconds, so that no login waits
 * for it: the row of the login says what there is to record.
 */
import type { Services } from '../context.ts'
import { type Database, statement, transaction } from '../db/connect.ts'
import { fromJSONRow, jsonRow } from '../db/json-row.ts'
import { recordEvent } from '../events/events.ts'
import { Member, type MemberRow, memberColumns, toMember } from '../members/member.ts'
import { type OrganizationRow, organizationColumns } from '../organizations/organization.ts'

interface Changed {
  request_id: string
  redeemed_at: Date
  member_change: 'create' | 'update'
  member: MemberRow
  organization: OrganizationRow
}

const batch = 100

// Of a member that was deleted meanwhile there is nothing to tell any more.
const takeSQL = `with due as (
    select project_id, flow_id, member_change from sso_flows where member_change is not null
    order by redeemed_at limit $1 for no key update skip locked),
  taken as (
    update sso_flows f set member_change = null from due
    where f.project_id = due.project_id and f.flow_id = due.flow_id
    returning f.project_id, f.organization_id, f.member_id, f.request_id, f.redeemed_at, due.member_change)
  select t.request_id, t.redeemed_at, t.member_change,
    ${jsonRow('m', memberColumns)} as member, ${jsonRow('o', organizationColumns)} as organization
  from taken t
  left join member_objects m on m.project_id = t.project_id and m.member_id = t.member_id
    and m.status <> 'deleted'
  left join organization_objects o on o.project_id = t.project_id and o.organization_id = t.organization_id
  order by t.redeemed_at`

/** Records what logins did to members, each once, also where several nodes do it at the same time. */
export async function recordMemberChanges({ db }: Pick<Services, 'db'>): Promise<void> {
  while ((await transaction(db, recordBatch)) === batch);
}

async function recordBatch(trx: Database): Promise<number> {
  const rows = await statement<Changed>(trx, takeSQL, [batch])
  for (const { member, organization, member_change, request_id, redeemed_at } of rows) {
    if (member.member_id === null || organization.organization_id === null) continue
    await recordEvent(trx, {
      project_id: member.project_id,
      event_type: `direct.member.${member_change}`,
      organization_id: member.organization_id,
      object_id: member.member_id,
      data: Member.parse(toMember(fromJSONRow(member), organization)),
      request_id,
      at: redeemed_at,
    })
  }
  return rows.length
}
