import { z } from 'zod'
import type { Context } from '../context.ts'
import { type Database, transaction } from '../db/connect.ts'
import { newId } from '../db/ids.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { mergeMetadata } from '../organizations/metadata.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { assertAssignable } from '../rbac/roles.ts'
import { assertAddressAllowed } from './addresses.ts'
import { normalizeEmail } from './email.ts'
import { findMember, type MemberRow } from './member.ts'
import {
  MemberAnswer,
  MemberFields,
  recordMember,
  toMemberAnswer,
  withConflicts,
} from './member-fields.ts'

const Input = MemberFields.extend({
  organization_id: z.string(),
  email_address: z.string(),
  create_member_as_pending: z.boolean().default(false),
})

export const createMember = endpoint({
  method: 'POST',
  path: '/v1/b2b/organizations/:organization_id/members',
  summary: 'Create a member of an organization',
  input: Input,
  output: MemberAnswer,
  permission: { resource_id: 'stytch.member', action: 'create' },
  async run(input, context) {
    if (context.member_session && Object.keys(input.trusted_metadata ?? {}).length > 0)
      throw new ApiError('cannot_update_trusted_metadata')
    assertAssignable(input.roles ?? [])
    const email_address = normalizeEmail(input.email_address)
    const organization = await findOrganization(context.db, context.project, input.organization_id)
    const member = await withConflicts(() =>
      transaction(context.db, (trx) =>
        insertMember(trx, context, organization, { ...input, email_address }),
      ),
    )
    return toMemberAnswer(member, organization)
  },
})

async function insertMember(
  trx: Database,
  context: Context,
  organization: OrganizationRow,
  input: z.output<typeof Input>,
): Promise<MemberRow> {
  const { project_id, organization_id } = organization
  const now = context.now()
  const member = {
    project_id,
    organization_id,
    member_id: newId('member', context.project.environment),
    email_address: input.email_address,
    status: input.create_member_as_pending ? ('pending' as const) : ('active' as const),
    name: input.name ?? '',
    external_id: input.external_id ?? null,
    is_breakglass: input.is_breakglass ?? false,
    mfa_enrolled: input.mfa_enrolled ?? false,
    mfa_phone_number: input.mfa_phone_number ?? '',
    roles: [...new Set(input.roles)],
    trusted_metadata: JSON.stringify(mergeMetadata({}, input.trusted_metadata ?? {})),
    untrusted_metadata: JSON.stringify(mergeMetadata({}, input.untrusted_metadata ?? {})),
    created_at: now,
    updated_at: now,
  }
  await trx.insertInto('members').values(member).execute()
  await assertAddressAllowed(trx, organization, member)
  await forgetPredecessors(trx, member)
  const created = await findMember(trx, organization, member.member_id)
  await recordMember(trx, context, 'create', organization, created)
  return created
}

/**
 * A deleted member is refused at its identity provider until it is created again, which this is: its
 * registrations go, so that the new member can be linked.
 */
async function forgetPredecessors(
  trx: Database,
  member: { project_id: string; organization_id: string; email_address: string },
): Promise<void> {
  await trx
    .deleteFrom('sso_registrations')
    .where('project_id', '=', member.project_id)
    .where('member_id', 'in', (deleted) =>
      deleted
        .selectFrom('members')
        .select('member_id')
        .where('project_id', '=', member.project_id)
        .where('organization_id', '=', member.organization_id)
        .where('email_address', '=', member.email_address)
        .where('status', '=', 'deleted'),
    )
    .execute()
}
