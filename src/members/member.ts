/** What a member is on the wire, and how one is found. */
import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { RequestProject } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import type { MemberObjects } from '../db/schema-views.ts'
import { ApiError } from '../http/errors.ts'
import { JSONObject, Timestamp } from '../http/wire.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { memberRoles } from '../rbac/roles.ts'

/** A member as read from the database, with registrations and retired addresses. */
export type MemberRow = Selectable<MemberObjects>

/** The Member object of the wire contract. */
export const Member = z.object({
  organization_id: z.string(),
  member_id: z.string(),
  email_address: z.string(),
  status: z.string(),
  name: z.string(),
  sso_registrations: z.array(
    z.object({
      connection_id: z.string(),
      external_id: z.string(),
      registration_id: z.string(),
      sso_attributes: JSONObject,
    }),
  ),
  is_breakglass: z.boolean(),
  member_password_id: z.string(),
  oauth_registrations: z.array(
    z.object({
      provider_type: z.string(),
      provider_subject: z.string(),
      member_oauth_registration_id: z.string(),
    }),
  ),
  email_address_verified: z.boolean(),
  mfa_phone_number_verified: z.boolean(),
  is_admin: z.boolean(),
  totp_registration_id: z.string(),
  retired_email_addresses: z.array(z.object({ email_id: z.string(), email_address: z.string() })),
  is_locked: z.boolean(),
  mfa_enrolled: z.boolean(),
  mfa_phone_number: z.string(),
  default_mfa_method: z.string(),
  roles: z.array(
    z.object({
      role_id: z.string(),
      sources: z.array(z.object({ type: z.string(), details: JSONObject.optional() })),
    }),
  ),
  trusted_metadata: JSONObject,
  untrusted_metadata: JSONObject,
  created_at: Timestamp,
  updated_at: Timestamp,
  external_id: z.string().nullable(),
})

/** Puts a row on the wire; its roles depend on the organization's e-mail assignments. */
export function toMember(row: MemberRow, organization: OrganizationRow): z.input<typeof Member> {
  const roles = memberRoles(row, organization.rbac_email_implicit_role_assignments)
  return {
    ...row,
    roles,
    is_admin: roles.some((role) => role.role_id === 'stytch_admin'),
    member_password_id: '',
    oauth_registrations: [],
    totp_registration_id: '',
    is_locked: false,
  }
}

const notColumns = new Set([
  'member_password_id',
  'oauth_registrations',
  'is_admin',
  'totp_registration_id',
  'is_locked',
])

/** The columns of `member_objects`, for statements written as text. */
export const memberColumns = [
  'project_id',
  ...Object.keys(Member.shape).filter((name) => !notColumns.has(name)),
] as (keyof MemberRow)[]

const byReference = `select ${memberColumns.join(', ')} from member_objects
  where project_id = $1 and organization_id = $2
    and (member_id = $3 or (external_id = $3 and status <> 'deleted'))
  order by member_id = $3 desc limit 1`

/**
 * The member of an organization that a reference names: its id or its external id, deleted members by
 * id only. Throws `member_not_found`, also for a member of another organization.
 */
export async function findMember(
  db: Database,
  organization: OrganizationRow,
  reference: string,
): Promise<MemberRow> {
  const rows = await statement<MemberRow>(db, byReference, [
    organization.project_id,
    organization.organization_id,
    reference,
  ])
  if (!rows[0]) throw new ApiError('member_not_found')
  return rows[0]
}

const lockByReference = `select member_id from members
  where project_id = $1 and organization_id = $2 and (member_id = $3 or external_id = $3)
    and status <> 'deleted'
  for no key update`

/**
 * The id of the member, not deleted, that a reference names, with its row locked until the transaction
 * ends: a change to it is made of its latest state, and a login of it waits. Throws `member_not_found`.
 */
export async function lockMember(
  trx: Database,
  organization: OrganizationRow,
  reference: string,
): Promise<string> {
  const rows = await statement<{ member_id: string }>(trx, lockByReference, [
    organization.project_id,
    organization.organization_id,
    reference,
  ])
  if (!rows[0]) throw new ApiError('member_not_found')
  return rows[0].member_id
}

/** A project's member by id alone; throws `member_not_found`. */
export async function findMemberAnywhere(
  db: Database,
  project: RequestProject,
  member_id: string,
): Promise<MemberRow> {
  const rows = await statement<MemberRow>(
    db,
    `select ${memberColumns.join(', ')} from member_objects where project_id = $1 and member_id = $2`,
    [project.project_id, member_id],
  )
  if (!rows[0]) throw new ApiError('member_not_found')
  return rows[0]
}
