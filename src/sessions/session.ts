/**
 * Sessions of members: what one is on the wire, how one is made, and what ends it. A session is a row;
 * the JWT beside it is a signed copy that lives five minutes.
 */
import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { RequestProject } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { newId } from '../db/ids.ts'
import type { AuthenticationFactor, Sessions } from '../db/schema.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { JSONObject, Timestamp } from '../http/wire.ts'
import type { MemberRow } from '../members/member.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { memberRoles } from '../rbac/roles.ts'
import { mergeClaims, sessionDuration } from './claims.ts'

/** A session as read from the database. */
export type SessionRow = Selectable<Sessions>

const SSOFactor = z.object({ id: z.string(), provider_id: z.string(), external_id: z.string() })

/** A factor as it stands in a session and in its JWT. */
export const Factor = z.object({
  type: z.string(),
  delivery_method: z.string(),
  last_authenticated_at: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  saml_sso_factor: SSOFactor.optional(),
  oidc_sso_factor: SSOFactor.optional(),
})

/** The MemberSession object of the wire contract. */
export const MemberSession = z.object({
  member_session_id: z.string(),
  member_id: z.string(),
  organization_id: z.string(),
  organization_slug: z.string(),
  started_at: Timestamp,
  last_accessed_at: Timestamp,
  expires_at: Timestamp,
  authentication_factors: z.array(Factor),
  roles: z.array(z.string()),
  custom_claims: JSONObject,
})

/** Puts a session on the wire, with the roles that are in force in it. */
export function toMemberSession(
  row: SessionRow,
  organization: OrganizationRow,
  member: MemberRow,
): z.input<typeof MemberSession> {
  return {
    ...row,
    authentication_factors: row.authentication_factors as z.input<typeof Factor>[],
    organization_slug: organization.organization_slug,
    roles: sessionRoles(row, organization, member),
  }
}

/** The ids of the roles in force in a session: those from SSO only by connections that it came by. */
export function sessionRoles(
  row: Pick<SessionRow, 'authentication_factors'>,
  organization: OrganizationRow,
  member: MemberRow,
): string[] {
  const connections = new Set<string>()
  for (const factor of row.authentication_factors) {
    const sso = factor.saml_sso_factor ?? factor.oidc_sso_factor
    if (sso) connections.add(sso.provider_id)
  }
  return memberRoles(member, organization.rbac_email_implicit_role_assignments, connections).map(
    (role) => role.role_id,
  )
}

/** What a new session is made of. */
export interface NewSession {
  project: RequestProject
  organization_id: string
  member_id: string
  factors: AuthenticationFactor[]
  /** `session_duration_minutes` as given; 60 when it was not. */
  minutes: number | undefined
  custom_claims: Readonly<Record<string, unknown>> | undefined
  now: Date
}

/**
 * Makes a session, without writing it: the row for `sessionValues`, and the token, of which only the
 * digest is stored. Throws what `sessionDuration` and `mergeClaims` throw.
 */
export function newSession(input: NewSession): { row: SessionRow; session_token: string } {
  const session_token = newToken()
  const minutes = sessionDuration(input.minutes)
  const row: SessionRow = {
    project_id: input.project.project_id,
    organization_id: input.organization_id,
    member_id: input.member_id,
    member_session_id: newId('session', input.project.environment),
    token_hash: hashToken(session_token),
    started_at: input.now,
    last_accessed_at: input.now,
    expires_at: new Date(input.now.getTime() + minutes * 60_000),
    authentication_factors: input.factors,
    custom_claims: mergeClaims({}, input.custom_claims),
  }
  return { row, session_token }
}

/** The columns of `sessions`, in the order of `sessionValues`. */
export const sessionColumns = [
  'project_id',
  'organization_id',
  'member_id',
  'member_session_id',
  'token_hash',
  'started_at',
  'last_accessed_at',
  'expires_at',
  'authentication_factors',
  'custom_claims',
] as const satisfies readonly (keyof SessionRow)[]

/** A row as statement values, in the order of `sessionColumns`; jsonb columns as JSON text. */
export function sessionValues(row: SessionRow): unknown[] {
  return sessionColumns.map((name) =>
    name === 'authentication_factors' || name === 'custom_claims'
      ? JSON.stringify(row[name])
      : row[name],
  )
}

const insert = `insert into sessions (${sessionColumns.join(', ')})
  values (${sessionColumns.map((_, index) => `$${index + 1}`).join(', ')})`

/** Writes a new session. */
export async function insertSession(db: Database, row: SessionRow): Promise<void> {
  await statement(db, insert, sessionValues(row))
}

/** Deletes up to `limit` sessions that have expired, oldest first; returns how many. */
export async function deleteExpiredSessions(
  db: Database,
  now: Date,
  limit: number,
): Promise<number> {
  const rows = await statement(
    db,
    `with expired as (
      select project_id, member_session_id from sessions
      where expires_at <= $1 order by expires_at limit $2 for update skip locked
    )
    delete from sessions s using expired e
    where s.project_id = e.project_id and s.member_session_id = e.member_session_id
    returning 1 as deleted`,
    [now, limit],
  )
  return rows.length
}
