/** The database side of `sso.authenticate`: three statements in one transaction. */
import type { Context } from '../context.ts'
import { type Database, pgCode, statement } from '../db/connect.ts'
import { newId } from '../db/ids.ts'
import { fromJSONRow, jsonRow } from '../db/json-row.ts'
import type { AuthenticationFactor } from '../db/schema.ts'
import { hashToken } from '../db/secrets.ts'
import { newEventId } from '../events/events.ts'
import { ApiError } from '../http/errors.ts'
import { type MemberRow, memberColumns } from '../members/member.ts'
import { type OrganizationRow, organizationColumns } from '../organizations/organization.ts'
import type { Identity } from './attributes.ts'
import { type Candidates, candidatesSQL } from './candidates.ts'
import { type Check, storedChecks, verifiedForMs } from './flow.ts'
import { endedColumns, loginEventSQL } from './login-events.ts'
import type { Admission } from './provisioning.ts'

/** A flow at the moment of its redemption, with all that decides whether the member gets in. */
export interface RedeemedFlow {
  flow_id: string
  connection_id: string
  connection_type: 'saml' | 'oidc'
  connection_status: string
  identity: Identity
  organization: OrganizationRow
  candidates: Candidates
}

type RedeemedRow = Omit<RedeemedFlow, 'connection_status' | 'candidates'> &
  Candidates & { connection_status: string | null }

const redeemSQL = `with flow as (
    update sso_flows set state = 'redeemed', redeemed_at = $3
    where project_id = $1 and token_hash = $2 and state = 'verified' and verified_at > $4
      and pkce_code_challenge = $5
    returning flow_id, organization_id, connection_id, identity)
  select f.flow_id, f.connection_id, f.identity,
    c.type as connection_type, c.status as connection_status,
    ${jsonRow('o', organizationColumns)} as organization, k.*
  from flow f
  join organization_objects o on o.project_id = $1 and o.organization_id = f.organization_id
  left join sso_connections c on c.project_id = $1 and c.connection_id = f.connection_id
  cross join lateral (select ${placed(candidatesSQL)}) k`

/** The candidates' values come out of the flow's own identity here. */
function placed(sql: string): string {
  const values: Record<string, string> = {
    $1: '$1',
    $2: 'f.organization_id',
    $3: 'f.connection_id',
    $4: `(f.identity ->> 'subject')`,
    $5: `(f.identity ->> 'email_address')`,
    $6: `split_part(f.identity ->> 'email_address', '@', 2)`,
  }
  return sql.replaceAll(/\$[1-6]/g, (name) => values[name]!)
}

/**
 * Statement 1: takes the flow of a token, once. Throws `sso_token_not_found` for an unknown, used or
 * expired token alike; a PKCE verifier that is missing, unexpected or wrong leaves the token as it was.
 */
export async function redeemFlow(
  trx: Database,
  context: Context,
  input: { sso_token: string; pkce_code_verifier: string | undefined },
): Promise<RedeemedFlow> {
  const now = context.now()
  const oldest = new Date(now.getTime() - verifiedForMs)
  const { project_id } = context.project
  const token_hash = hashToken(input.sso_token)
  const challenge =
    input.pkce_code_verifier === undefined
      ? ''
      : hashToken(input.pkce_code_verifier).toString('base64url')
  const rows = await statement<RedeemedRow>(trx, redeemSQL, [
    project_id,
    token_hash,
    now,
    oldest,
    challenge,
  ])
  const row = rows[0]
  if (!row) throw await whyNot(trx, [project_id, token_hash, oldest], input.pkce_code_verifier)
  return {
    flow_id: row.flow_id,
    connection_id: row.connection_id,
    connection_type: row.connection_type,
    connection_status: row.connection_status ?? 'deleted',
    identity: row.identity,
    organization: fromJSONRow(row.organization),
    candidates: row,
  }
}

async function whyNot(
  trx: Database,
  values: unknown[],
  verifier: string | undefined,
): Promise<ApiError> {
  const rows = await statement<{ pkce_code_challenge: string }>(
    trx,
    `select pkce_code_challenge from sso_flows
     where project_id = $1 and token_hash = $2 and state = 'verified' and verified_at > $3`,
    values,
  )
  const flow = rows[0]
  if (!flow) return new ApiError('sso_token_not_found')
  if (flow.pkce_code_challenge === '') return new ApiError('pkce_did_not_expect_code_verifier')
  return new ApiError(verifier === undefined ? 'pkce_expected_code_verifier' : 'pkce_mismatch')
}

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

/** Statement 2: writes member and registration; says which of them was deleted meanwhile. */
export async function writeMember(
  trx: Database,
  context: Context,
  flow: RedeemedFlow,
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

/**
 * What statement 3 writes beside the flow's end: a new session, a longer one, or an intermediate one. Its
 * first value is the id of the project.
 */
export interface SessionWrite {
  sql: string
  values: unknown[]
}

/**
 * Statement 3: writes the session, ends the flow with `checks` added to those of the callback, and reads the
 * member as it is now.
 */
export async function endFlow(
  trx: Database,
  context: Context,
  flow: RedeemedFlow,
  ended: { member_id: string; member_session_id: string | null; checks: Check[] },
  write: SessionWrite,
): Promise<MemberRow> {
  const first = write.values.length
  const value = (offset: number) => `$${first + offset}`
  const { project_id } = context.project
  const rows = await statement<{ member: MemberRow }>(
    trx,
    `with session as (${write.sql}),
      ended as (update sso_flows set member_id = ${value(2)}, member_session_id = ${value(3)},
        checks = checks || ${value(4)}::jsonb, token_hash = null
        where project_id = $1 and flow_id = ${value(1)} returning ${endedColumns}),
      ${loginEventSQL('succeeded', value(5))}
     select ${jsonRow('m', memberColumns)} as member from member_objects m
     where m.project_id = $1 and m.member_id = ${value(2)}`,
    [
      ...write.values,
      flow.flow_id,
      ended.member_id,
      ended.member_session_id,
      storedChecks(ended.checks),
      newEventId(project_id),
    ],
  )
  return fromJSONRow(rows[0]!.member)
}

/** The factor that a login adds to a session. */
export function ssoFactor(
  flow: RedeemedFlow,
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
