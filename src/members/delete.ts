import { z } from 'zod'
import type { Context } from '../context.ts'
import { type Database, transaction } from '../db/connect.ts'
import { recordChange } from '../events/events.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { assertAddressAllowed } from './addresses.ts'
import { findMember, lockMember, type MemberRow } from './member.ts'
import { MemberAnswer, recordMember, toMemberAnswer, withConflicts } from './member-fields.ts'

const Input = z.object({ organization_id: z.string(), member_id: z.string() })

export const deleteMember = endpoint({
  method: 'DELETE',
  path: '/v1/b2b/organizations/:organization_id/members/:member_id',
  summary: 'Delete a member and end all its sessions',
  input: Input,
  output: z.object({ member_id: z.string() }),
  permission: { resource_id: 'stytch.member', action: 'delete', self: true },
  async run(input, context) {
    const organization = await findOrganization(context.db, context.project, input.organization_id)
    return transaction(context.db, async (trx) => {
      const member_id = await lockMember(trx, organization, input.member_id)
      const { project_id, organization_id } = organization
      await trx
        .updateTable('members')
        .set({ status: 'deleted', updated_at: context.now() })
        .where('project_id', '=', project_id)
        .where('member_id', '=', member_id)
        .execute()
      // Statements of their own: a login that held the lock has committed its session by now.
      for (const table of ['sessions', 'intermediate_sessions', 'retired_emails'] as const)
        await trx
          .deleteFrom(table)
          .where('project_id', '=', project_id)
          .where('member_id', '=', member_id)
          .execute()
      const change = { object_type: 'member', action: 'delete', organization_id } as const
      await recordChange(trx, context, { ...change, id: member_id })
      return { member_id }
    })
  },
})

export const reactivateMember = endpoint({
  method: 'PUT',
  path: '/v1/b2b/organizations/:organization_id/members/:member_id/reactivate',
  summary: 'Take a deleted member back',
  input: Input,
  output: MemberAnswer,
  permission: { resource_id: 'stytch.member', action: 'create' },
  async run(input, context) {
    const organization = await findOrganization(context.db, context.project, input.organization_id)
    const member = await withConflicts(
      () =>
        transaction(context.db, (trx) => reactivate(trx, context, organization, input.member_id)),
      { members_email: 'reactivation_email_belongs_to_another_member' },
    )
    return toMemberAnswer(member, organization)
  },
})

async function reactivate(
  trx: Database,
  context: Context,
  organization: OrganizationRow,
  member_id: string,
): Promise<MemberRow> {
  const member = await findMember(trx, organization, member_id)
  // An external id names no deleted member.
  if (member.status !== 'deleted' || member.member_id !== member_id)
    throw new ApiError('no_deleted_member_found_for_reactivation')
  if (!member.email_address_verified) throw new ApiError('email_unverified_for_reactivation')
  const updated = await trx
    .updateTable('members')
    .set({ status: 'active', updated_at: context.now() })
    .where('project_id', '=', organization.project_id)
    .where('member_id', '=', member_id)
    .where('status', '=', 'deleted')
    .returning('member_id')
    .executeTakeFirst()
  if (!updated) throw new ApiError('no_deleted_member_found_for_reactivation')
  await assertAddressAllowed(trx, organization, member).catch((error) => {
    if (error instanceof ApiError && error.error_type === 'retired_member_email')
      throw new ApiError('reactivation_email_belongs_to_another_member', { cause: error })
    throw error
  })
  const reactivated = await findMember(trx, organization, member_id)
  await recordMember(trx, context, 'update', organization, reactivated)
  return reactivated
}
