import { z } from 'zod'
import type { Context } from '../context.ts'
import { type Database, statement, transaction } from '../db/connect.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { Member, toMember } from '../members/member.ts'
import { Organization, toOrganization } from '../organizations/organization.ts'
import { grantingRoles } from '../rbac/roles.ts'
import { namesOrganization } from './authorize.ts'
import {
  mergeClaims,
  SessionCustomClaims,
  SessionDurationMinutes,
  sessionDuration,
} from './claims.ts'
import { mintJWT } from './jwt.ts'
import { type ResolvedSession, resolveSession } from './resolve.ts'
import { MemberSession, type SessionRow, sessionRoles, toMemberSession } from './session.ts'

const AuthorizationCheck = z.object({
  organization_id: z.string(),
  resource_id: z.string(),
  action: z.string(),
})

const Input = z.object({
  session_token: z.string().optional(),
  session_jwt: z.string().optional(),
  session_duration_minutes: SessionDurationMinutes.optional(),
  session_custom_claims: SessionCustomClaims.optional(),
  authorization_check: AuthorizationCheck.optional(),
})

const accessWrittenEveryMs = 60_000

export const authenticateSession = endpoint({
  method: 'POST',
  path: '/v1/b2b/sessions/authenticate',
  summary: 'Check a session, and extend it where a duration is given',
  input: Input,
  output: z.object({
    member_session: MemberSession,
    session_token: z.string(),
    session_jwt: z.string(),
    member: Member,
    organization: Organization,
    verdict: z.object({ authorized: z.boolean(), granting_roles: z.array(z.string()) }).nullable(),
  }),
  async run(input, context) {
    if (input.session_duration_minutes !== undefined)
      sessionDuration(input.session_duration_minutes)
    const resolved = await resolveSession(context, input)
    const { organization, member } = resolved
    const verdict = input.authorization_check ? judge(resolved, input.authorization_check) : null
    const session = await recordAccess(context, resolved.session, input)
    return {
      member_session: toMemberSession(session, organization, member),
      // The caller's own; one that came with a JWT gets none, because only the digest is stored.
      session_token: input.session_token ?? '',
      session_jwt: await mintJWT(context, { session, organization, member }),
      member: toMember(member, organization),
      organization: toOrganization(organization),
      verdict,
    }
  },
})

/** Whether the roles in force in the session permit it; throws the two errors of backend.md section 2. */
function judge(
  { session, organization, member }: ResolvedSession,
  check: z.output<typeof AuthorizationCheck>,
) {
  if (!namesOrganization(organization, check.organization_id))
    throw new ApiError('session_authorization_tenancy_error')
  const roles = sessionRoles(session, organization, member)
  const granting_roles = grantingRoles(roles, check.resource_id, check.action)
  if (granting_roles.length === 0) throw new ApiError('session_authorization_error')
  return { authorized: true, granting_roles }
}

/**
 * Writes that the session was used, at most once a minute, and what the request changes about it. Throws
 * `session_not_found` where it was revoked in the meantime.
 */
async function recordAccess(
  context: Context,
  session: SessionRow,
  input: z.output<typeof Input>,
): Promise<SessionRow> {
  const now = context.now()
  const minutes = input.session_duration_minutes
  const expires_at = minutes === undefined ? null : new Date(now.getTime() + minutes * 60_000)
  const claims = input.session_custom_claims
  if (claims && Object.keys(claims).length > 0)
    return transaction(context.db, async (db) => {
      // Into what is stored now, not what it was before a request that ran at the same time.
      const [stored] = await statement<Pick<SessionRow, 'custom_claims'>>(db, lock, [
        session.project_id,
        session.member_session_id,
      ])
      const merged = mergeClaims(stored?.custom_claims ?? {}, claims)
      return write(db, session, [now, expires_at, JSON.stringify(merged)])
    })
  const due = now.getTime() - session.last_accessed_at.getTime() >= accessWrittenEveryMs
  return due || expires_at ? write(context.db, session, [now, expires_at, null]) : session
}

const lock =
  'select custom_claims from sessions where project_id = $1 and member_session_id = $2 for update'
const access = `update sessions set last_accessed_at = greatest(last_accessed_at, $3),
    expires_at = coalesce($4::timestamptz, expires_at), custom_claims = coalesce($5::jsonb, custom_claims)
  where project_id = $1 and member_session_id = $2 and expires_at > $3
  returning last_accessed_at, expires_at, custom_claims`

type Written = Pick<SessionRow, 'last_accessed_at' | 'expires_at' | 'custom_claims'>

async function write(
  db: Database,
  session: SessionRow,
  values: [now: Date, expires_at: Date | null, custom_claims: string | null],
): Promise<SessionRow> {
  const which = [session.project_id, session.member_session_id]
  const [written] = await statement<Written>(db, access, [...which, ...values])
  if (!written) throw new ApiError('session_not_found')
  return { ...session, ...written }
}
