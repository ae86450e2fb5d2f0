/** What `sso.authenticate` writes of a member. */
import type { Context } from '../context.ts'
import { type Database, pgCode, statement } from '../db/connect.ts'
import { newId } from '../db/ids.ts'
import type { Admission } from './provisioning.ts'
import type { RedeemableFlow } from './redeemable.ts'

const registrationSQL = `insert into sso_registrations (project_id, organization_id, connection_id, subject,
    registration_id, member_id, external_id, sso_attributes, groups, created_at, updated_at)
  select $1, $2, $6, $7, $8, member_id, $9, $10, $11, $5, $5 from member
  on conflict (project_id, connection_id, subject) do update set member_id = excluded.member_id,
    external_id = excluded.external_id, sso_attributes = excluded.sso_attributes,
    groups = excluded.groups, updated_at = excluded.updated_at
  returning registration_id`

const createSQL = `with member as (
    insert into members (project_id, organization_id, member_id, email_address, email_address_verified,
      status, name, trusted_metadata, created_at, updated_at)
    values ($1, $2, $3, $4, true, 'active', $12, $13, $5, $5) returning member_id),
  registration as (${registrationSQL})
  select member_id, registration_id from member, registration`

const updateSQL = `with member as (
    update members set status = 'active', name = case when name = '' then $12 else name end,
      email_address = coalesce($4, email_address),
      email_address_verified = email_address_verified or $4::text is not null
        or coalesce(email_address = $14, false),
      trusted_metadata = trusted_metadata || $13::jsonb, updated_at = $5
    where project_id = $1 and organization_id = $2 and member_id = $3 and status <> 'deleted'
    returning member_id),
  unretired as (
    delete from retired_emails where project_id = $1 and organization_id = $2 and member_id = $3
      and email_address = $4),
  retired as (
    insert into retired_emails (project_id, organization_id, member_id, email_id, email_address, retired_at)
    select $1, $2, member_id, $16, $15, $5 from member where $15::text is not null
    on conflict do nothing),
  registration as (${registrationSQL})
  select member_id, registration_id from member, registration`

const foreignKeyViolation = '23503'

/**
 * Writes what an identity says into member and registration, or makes them; says which of them was deleted
 * meanwhile.
 */
export async function writeMember(
  trx: Database,
  context: Context,
  flow: RedeemableFlow,
  admission: Admission,
): Promise<
  { member_id: string; registration_id: string } | 'member deleted' | 'connection deleted'
> {
  const { identity, connection_type } = flow
  const { project_id, environment } = context.project
  const creating = admission.member_id === null
  const values: unknown[] = [
    project_id,
    flow.organization.organization_id,
    admission.member_id ?? newId('member', environment),
    admission.new_email,
    context.now(),
    flow.connection_id,
    identity.subject,
    newId(`${connection_type}-member-registration`, environment),
    identity.external_id,
    JSON.stringify(identity.sso_attributes),
    identity.groups,
    identity.name,
    JSON.stringify(identity.trusted_metadata),
  ]
  if (!creating) {
    const proven = identity.email_verified === false ? null : identity.email_address
    values.push(proven, admission.retired_email, newId('email', environment))
  }
  try {
    const rows = await statement<{ member_id: string; registration_id: string }>(
      trx,
      creating ? createSQL : updateSQL,
      values,
    )
    return rows[0] ?? 'member deleted'
  } catch (error) {
    if (pgCode(error) === foreignKeyViolation) return 'connection deleted'
    throw error
  }
}
