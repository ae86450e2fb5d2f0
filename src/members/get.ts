import { z } from 'zod'
import { type Database, statement } from '../db/connect.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { QueryBoolean } from '../http/wire.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { normalizeEmail } from './email.ts'
import { findMember, findMemberAnywhere, type MemberRow, memberColumns } from './member.ts'
import { MemberAnswer, toMemberAnswer } from './member-fields.ts'

export const getMember = endpoint({
  method: 'GET',
  path: '/v1/b2b/organizations/:organization_id/member',
  summary: 'Get a member of an organization by id or by e-mail address',
  input: z.object({
    organization_id: z.string(),
    member_id: z.string().default(''),
    email_address: z.string().default(''),
  }),
  output: MemberAnswer,
  async run({ organization_id, member_id, email_address }, context) {
    if ((member_id === '') === (email_address === ''))
      throw new ApiError('invalid_member_get_fields')
    const organization = await findOrganization(context.db, context.project, organization_id)
    const member = member_id
      ? await findMember(context.db, organization, member_id)
      : await findMemberByEmail(context.db, organization, normalizeEmail(email_address))
    if (member.status === 'deleted') throw new ApiError('member_not_found')
    return toMemberAnswer(member, organization)
  },
})

export const dangerouslyGetMember = endpoint({
  method: 'GET',
  path: '/v1/b2b/organizations/members/dangerously_get/:member_id',
  summary: 'Get a member of any organization of the project',
  input: z.object({ member_id: z.string(), include_deleted: QueryBoolean.default(false) }),
  output: MemberAnswer,
  async run({ member_id, include_deleted }, context) {
    const member = await findMemberAnywhere(context.db, context.project, member_id)
    if (member.status === 'deleted' && !include_deleted) throw new ApiError('member_not_found')
    return toMemberAnswer(
      member,
      await findOrganization(context.db, context.project, member.organization_id),
    )
  },
})

const byEmail = `select ${memberColumns.join(', ')} from member_objects
  where project_id = $1 and organization_id = $2 and email_address = $3 and status <> 'deleted'`

async function findMemberByEmail(
  db: Database,
  organization: OrganizationRow,
  email_address: string,
): Promise<MemberRow> {
  const [member] = await statement<MemberRow>(db, byEmail, [
    organization.project_id,
    organization.organization_id,
    email_address,
  ])
  if (!member) throw new ApiError('member_not_found')
  return member
}
