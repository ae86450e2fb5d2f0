import type { Updateable } from 'kysely'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { type Database, transaction } from '../db/connect.ts'
import type { Members } from '../db/schema.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { mergeMetadata } from '../organizations/metadata.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { assertAssignable } from '../rbac/roles.ts'
import { assertAddressAllowed, retireAddress, unretireAddress } from './addresses.ts'
import { normalizeEmail } from './email.ts'
import { findMember, lockMember, type MemberRow } from './member.ts'
import {
  MemberAnswer,
  MemberFields,
  recordMember,
  toMemberAnswer,
  withConflicts,
} from './member-fields.ts'
import { endSessionsOfLostRoles } from './roles-change.ts'
import { actionsOf, assertMayUpdate } from './update-permission.ts'

const Input = MemberFields.extend({
  organization_id: z.string(),
  member_id: z.string(),
  email_address: z.string().optional(),
  unlink_email: z.boolean().default(false),
  default_mfa_method: z.enum(['sms_otp', 'totp'], 'invalid_mfa_default_method').optional(),
  preserve_existing_sessions: z.boolean().default(false),
})

type Update = z.output<typeof Input>

export const updateMember = endpoint({
  method: 'PUT',
  path: '/v1/b2b/organizations/:organization_id/members/:member_id',
  summary: 'Update a member',
  input: Input,
  output: MemberAnswer,
  permission: { resource_id: 'stytch.member', action: actionsOf, self: true },
  async run(input, context) {
    assertAssignable(input.roles ?? [])
    const organization = await findOrganization(context.db, context.project, input.organization_id)
    const change = {
      ...input,
      email_address:
        input.email_address === undefined ? undefined : normalizeEmail(input.email_address),
    }
    const member = await withConflicts(() =>
      transaction(context.db, (trx) => update(trx, context, organization, change)),
    )
    return toMemberAnswer(member, organization)
  },
})

async function update(
  trx: Database,
  context: Context,
  organization: OrganizationRow,
  input: Update,
): Promise<MemberRow> {
  const member_id = await lockMember(trx, organization, input.member_id)
  const member = await findMember(trx, organization, member_id)
  assertMayUpdate(context.member_session, member, input)
  const changes = { ...columnChanges(member, input), ...addressChanges(member, input) }
  if (Object.keys(changes).length === 0) return member
  const now = context.now()
  await trx
    .updateTable('members')
    .set({ ...changes, updated_at: now })
    .where('project_id', '=', member.project_id)
    .where('member_id', '=', member_id)
    .execute()
  if (changes.email_address !== undefined)
    await moveAddress(trx, organization, member, changes.email_address, {
      unlink: input.unlink_email,
      now,
    })
  if (changes.roles && !input.preserve_existing_sessions)
    await endSessionsOfLostRoles(trx, member, changes.roles)
  const updated = await findMember(trx, organization, member_id)
  await recordMember(trx, context, 'update', organization, updated)
  return updated
}

function columnChanges(member: MemberRow, input: Update) {
  const changes: Updateable<Members> & { roles?: string[] } = {}
  if (input.name !== undefined) changes.name = input.name
  if (input.external_id !== undefined) changes.external_id = input.external_id
  if (input.is_breakglass !== undefined) changes.is_breakglass = input.is_breakglass
  if (input.mfa_enrolled !== undefined) changes.mfa_enrolled = input.mfa_enrolled
  if (input.roles !== undefined) changes.roles = [...new Set(input.roles)]
  for (const field of ['trusted_metadata', 'untrusted_metadata'] as const) {
    const change = input[field]
    if (change && Object.keys(change).length > 0)
      changes[field] = JSON.stringify(mergeMetadata(member[field], change))
  }
  const phone = input.mfa_phone_number
  if (phone !== undefined && phone !== member.mfa_phone_number) {
    if (member.mfa_phone_number !== '')
      throw new ApiError('duplicate_member_phone_number_for_member')
    changes.mfa_phone_number = phone
    changes.mfa_phone_number_verified = false
  }
  if (input.default_mfa_method !== undefined) {
    const has_phone = (phone ?? member.mfa_phone_number) !== ''
    // Nobody has a TOTP registration: there is nothing to enrol one with.
    if (input.default_mfa_method === 'totp' || !has_phone)
      throw new ApiError('default_mfa_member_missing_factor')
    changes.default_mfa_method = input.default_mfa_method
  }
  return changes
}

/** A new address has to be verified anew. */
function addressChanges(member: MemberRow, { email_address }: Update) {
  if (email_address === undefined || email_address === member.email_address) return {}
  return { email_address, email_address_verified: false }
}

async function moveAddress(
  trx: Database,
  organization: OrganizationRow,
  member: MemberRow,
  email_address: string,
  { unlink, now }: { unlink: boolean; now: Date },
): Promise<void> {
  await assertAddressAllowed(trx, organization, { member_id: member.member_id, email_address })
  await unretireAddress(trx, member, email_address)
  if (!unlink) await retireAddress(trx, member, now)
}
