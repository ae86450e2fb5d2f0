/** From a session token or JWT to the session, its organization and its member, in one statement. */
import type { Context } from '../context.ts'
import { statement } from '../db/connect.ts'
import { fromJSONRow, jsonRow } from '../db/json-row.ts'
import { hashToken } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'
import { type MemberRow, memberColumns } from '../members/member.ts'
import { type OrganizationRow, organizationColumns } from '../organizations/organization.ts'
import { type SessionRow, sessionColumns } from './session.ts'
import { verifyJWT } from './verify-jwt.ts'

/** A valid session with those whose it is. */
export interface ResolvedSession {
  session: SessionRow
  organization: OrganizationRow
  member: MemberRow
}

/** How a request names a session; an empty string is none. */
export interface SessionArguments {
  session_token?: string | undefined
  session_jwt?: string | undefined
}

type ResolvedRow = SessionRow & { organization: OrganizationRow; member: MemberRow }

const validSession = `select ${sessionColumns.map((name) => `s.${name}`).join(', ')},
  ${jsonRow('o', organizationColumns)} as organization, ${jsonRow('m', memberColumns)} as member
  from sessions s
  join organization_objects o on o.project_id = s.project_id and o.organization_id = s.organization_id
  join member_objects m on m.project_id = s.project_id and m.member_id = s.member_id
  where s.project_id = $1 and s.expires_at > $2 and m.status = 'active'`

/**
 * The session that exactly one of token and JWT names. Throws `no_session_arguments`,
 * `too_many_session_arguments`, `invalid_session_token` for what is no token at all, what `verifyJWT`
 * throws, and `session_not_found` alike for unknown, expired and revoked sessions and those of members
 * who are not active.
 */
export async function resolveSession(
  context: Context,
  { session_token, session_jwt }: SessionArguments,
): Promise<ResolvedSession> {
  if (session_token && session_jwt) throw new ApiError('too_many_session_arguments')
  if (session_token) return resolveToken(context, session_token)
  if (session_jwt) return resolveJWT(context, session_jwt)
  throw new ApiError('no_session_arguments')
}

async function resolveToken(context: Context, session_token: string): Promise<ResolvedSession> {
  if (!/^[\w-]{43,44}=?$/.test(session_token)) throw new ApiError('invalid_session_token')
  return load(context, 's.token_hash = $3', hashToken(session_token))
}

async function resolveJWT(context: Context, session_jwt: string): Promise<ResolvedSession> {
  const named = await verifyJWT(context, session_jwt)
  const resolved = await load(context, 's.member_session_id = $3', named.member_session_id)
  const { member_id, organization_id } = resolved.session
  if (member_id !== named.member_id || organization_id !== named.organization_id)
    throw new ApiError('session_not_found')
  return resolved
}

async function load(
  context: Context,
  condition: 's.token_hash = $3' | 's.member_session_id = $3',
  value: Buffer | string,
): Promise<ResolvedSession> {
  const rows = await statement<ResolvedRow>(context.db, `${validSession} and ${condition}`, [
    context.project.project_id,
    context.now(),
    value,
  ])
  if (!rows[0]) throw new ApiError('session_not_found')
  const { organization, member, ...session } = rows[0]
  return { session, organization: fromJSONRow(organization), member: fromJSONRow(member) }
}
