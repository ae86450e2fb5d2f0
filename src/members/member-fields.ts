/** What creating and updating a member have in common: the fields of a request, answer and conflicts. */
import { z } from 'zod'
import type { Context } from '../context.ts'
import { type Database, pgCode, violatedConstraint } from '../db/connect.ts'
import { recordChange } from '../events/events.ts'
import { ApiError, type ErrorType } from '../http/errors.ts'
import { MetadataInput } from '../organizations/metadata.ts'
import { isExternalId } from '../organizations/names.ts'
import {
  Organization,
  type OrganizationRow,
  toOrganization,
} from '../organizations/organization.ts'
import { Member, type MemberRow, toMember } from './member.ts'

/** The fields that both requests take. The e-mail address stands apart: only one of them requires it. */
export const MemberFields = z.object({
  name: z.string().max(1_024, 'must have at most 1,024 characters').optional(),
  trusted_metadata: MetadataInput.optional(),
  untrusted_metadata: MetadataInput.optional(),
  is_breakglass: z.boolean().optional(),
  mfa_phone_number: z
    .string()
    .regex(/^\+[1-9]\d{6,14}$/, 'invalid_phone_number')
    .optional(),
  mfa_enrolled: z.boolean().optional(),
  roles: z.array(z.string()).max(100, 'must hold at most 100 roles').optional(),
  external_id: z
    .string()
    .refine(
      isExternalId,
      'must have 1 to 128 characters: letters, digits, ".", "_", "-" or "|", and not begin like an id of this API',
    )
    .optional(),
})

/** The answer of every call that is about one member. */
export const MemberAnswer = z.object({
  member_id: z.string(),
  member: Member,
  organization: Organization,
})

/** Puts a member and its organization on the wire. */
export function toMemberAnswer(
  member: MemberRow,
  organization: OrganizationRow,
): z.input<typeof MemberAnswer> {
  return {
    member_id: member.member_id,
    member: toMember(member, organization),
    organization: toOrganization(organization),
  }
}

/** Records that a member was created or updated, in the transaction that did it. */
export async function recordMember(
  trx: Database,
  context: Context,
  action: 'create' | 'update',
  organization: OrganizationRow,
  member: MemberRow,
): Promise<void> {
  const { organization_id, member_id: id } = member
  const object = Member.parse(toMember(member, organization))
  await recordChange(trx, context, { object_type: 'member', action, organization_id, id, object })
}

const conflicts: Record<string, ErrorType> = {
  members_email: 'duplicate_member_email',
  members_external_id: 'duplicate_member_external_id',
  members_phone_number: 'duplicate_member_phone_number',
}

/**
 * Runs a write to members and turns a violated unique index into the error that the caller is told,
 * `duplicate_member_*` or what `instead` has for that index: whoever comes second learns it, however
 * close the race.
 */
export async function withConflicts<T>(
  write: () => Promise<T>,
  instead: Record<string, ErrorType> = {},
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    // The organization was deleted after it was looked up.
    if (pgCode(error) === '23503') throw new ApiError('organization_not_found', { cause: error })
    const constraint = violatedConstraint(error) ?? ''
    const error_type = instead[constraint] ?? conflicts[constraint]
    throw error_type ? new ApiError(error_type, { cause: error }) : error
  }
}
