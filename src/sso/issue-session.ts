/** The session that comes of a login. */
import type { Context } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import type { AuthenticationFactor } from '../db/schema.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'
import { mergeClaims, sessionDuration } from '../sessions/claims.ts'
import { resolveSession } from '../sessions/resolve.ts'
import { newSession, type SessionRow, sessionColumns, sessionValues } from '../sessions/session.ts'
import { endingStatement, insertWhereEnded, type SessionWrite, ssoFactor } from './end-flow.ts'
import type { RedeemableFlow } from './redeemable.ts'

const sessionStatement = endingStatement(
  insertWhereEnded('sessions', sessionColumns),
  sessionColumns.length,
)
const extensionStatement = endingStatement(
  `update sessions set authentication_factors = $3, custom_claims = $4, last_accessed_at = $5, expires_at = $6
    where project_id = $1 and member_session_id = $2 and expires_at > $5
      and exists (select 1 from ended)`,
  6,
)
const intermediateColumns = [
  'project_id',
  'organization_id',
  'member_id',
  'token_hash',
  'authentication_factors',
  'created_at',
  'expires_at',
]
const intermediateStatement = endingStatement(
  insertWhereEnded('intermediate_sessions', intermediateColumns),
  intermediateColumns.length,
)

/** What a request says about the session that it wants. */
export interface SessionInput {
  session_token?: string | undefined
  session_jwt?: string | undefined
  session_duration_minutes?: number | undefined
  session_custom_claims?: Record<string, unknown> | undefined
}

interface Issued {
  write: SessionWrite
  session: SessionRow | null
  session_token: string
  intermediate_session_token: string
}

/**
 * Decides what a redeemed login becomes: a session, a factor more in one that the request names, or an
 * intermediate session where a second factor is due (`second`). `endFlow` writes it. Throws what
 * `resolveSession`, `mergeClaims` and `sessionDuration` throw, and `member_session_member_id_mismatch`.
 */
export async function issueSession(
  db: Database,
  context: Context,
  flow: RedeemableFlow,
  written: { member_id: string; registration_id: string; second: boolean },
  input: SessionInput,
): Promise<Issued> {
  const now = context.now()
  const factor = ssoFactor(flow, written.registration_id, now)
  if (input.session_token || input.session_jwt)
    return extendSession({ ...context, db }, written.member_id, factor, {
      input,
      not_on_or_after: flow.identity.session_not_on_or_after,
    })
  if (written.second) return issueIntermediate(context, flow, written.member_id, factor)
  const made = newSession({
    project: context.project,
    organization_id: flow.organization.organization_id,
    member_id: written.member_id,
    factors: [factor],
    minutes: input.session_duration_minutes,
    custom_claims: input.session_custom_claims,
    now,
  })
  const session = capped(made.row, flow.identity.session_not_on_or_after)
  return {
    write: {
      statement: sessionStatement,
      values: sessionValues(session),
    },
    session,
    session_token: made.session_token,
    intermediate_session_token: '',
  }
}

/** SessionNotOnOrAfter of the assertion ends our session too (SAML Core 2.7.2). */
function capped(session: SessionRow, not_on_or_after: string | null): SessionRow {
  const end = not_on_or_after === null ? session.expires_at : new Date(not_on_or_after)
  return end < session.expires_at ? { ...session, expires_at: end } : session
}

/**
 * Adds the factor to a session that the member has already; a second factor is not asked again. The row
 * stays locked, so that two logins at once both leave their factor.
 */
async function extendSession(
  context: Context,
  member_id: string,
  factor: AuthenticationFactor,
  login: { input: SessionInput; not_on_or_after: string | null },
): Promise<Issued> {
  const { input } = login
  const named = (await resolveSession(context, input)).session
  if (named.member_id !== member_id) throw new ApiError('member_session_member_id_mismatch')
  const [session] = await statement<SessionRow>(context.db, lockSession, [
    named.project_id,
    named.member_session_id,
  ])
  if (!session) throw new ApiError('session_not_found')
  const minutes = input.session_duration_minutes
  const now = context.now()
  const end = minutes && new Date(now.getTime() + sessionDuration(minutes) * 60_000)
  const provider = (each: AuthenticationFactor) =>
    (each.saml_sso_factor ?? each.oidc_sso_factor)?.provider_id
  const others = session.authentication_factors.filter(
    (each) => provider(each) !== provider(factor),
  )
  const next: SessionRow = {
    ...session,
    authentication_factors: [...others, factor],
    custom_claims: mergeClaims(session.custom_claims, input.session_custom_claims),
    last_accessed_at: now,
    expires_at: end || session.expires_at,
  }
  const extended = capped(next, login.not_on_or_after)
  return {
    write: {
      statement: extensionStatement,
      values: [
        session.project_id,
        session.member_session_id,
        JSON.stringify(extended.authentication_factors),
        JSON.stringify(extended.custom_claims),
        now,
        extended.expires_at,
      ],
    },
    session: extended,
    session_token: input.session_token ?? '',
    intermediate_session_token: '',
  }
}

const lockSession = `select ${sessionColumns.join(', ')} from sessions
  where project_id = $1 and member_session_id = $2 for update`

const intermediateMinutes = 10

/** Where a second factor is due there is no session yet: fail closed. */
function issueIntermediate(
  context: Context,
  flow: RedeemableFlow,
  member_id: string,
  factor: AuthenticationFactor,
): Issued {
  const intermediate_session_token = newToken()
  const now = context.now()
  return {
    write: {
      statement: intermediateStatement,
      values: [
        context.project.project_id,
        flow.organization.organization_id,
        member_id,
        hashToken(intermediate_session_token),
        JSON.stringify([factor]),
        now,
        new Date(now.getTime() + intermediateMinutes * 60_000),
      ],
    },
    session: null,
    session_token: '',
    intermediate_session_token,
  }
}
