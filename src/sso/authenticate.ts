import { z } from 'zod'
import type { Context } from '../context.ts'
import { type Database, transaction } from '../db/connect.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { Member, type MemberRow, toMember } from '../members/member.ts'
import { Organization, toOrganization } from '../organizations/organization.ts'
import {
  mergeClaims,
  SessionCustomClaims,
  SessionDurationMinutes,
  sessionDuration,
} from '../sessions/claims.ts'
import { mintJWT } from '../sessions/jwt.ts'
import { resolveSession } from '../sessions/resolve.ts'
import {
  MemberSession,
  newSession,
  type SessionRow,
  sessionColumns,
  sessionValues,
  toMemberSession,
} from '../sessions/session.ts'
import { failFlow, LoginError } from './flow.ts'
import { admit } from './provisioning.ts'
import {
  endFlow,
  type RedeemedFlow,
  redeemFlow,
  type SessionWrite,
  ssoFactor,
  writeMember,
} from './redeem.ts'

const Input = z.object({
  sso_token: z.string(),
  pkce_code_verifier: z
    .string()
    .regex(/^[A-Za-z0-9._~-]{43,128}$/, 'invalid_pkce_code_verifier')
    .optional(),
  session_token: z.string().optional(),
  session_jwt: z.string().optional(),
  session_duration_minutes: SessionDurationMinutes.optional(),
  session_custom_claims: SessionCustomClaims.optional(),
  intermediate_session_token: z.string().optional(),
  locale: z.string().optional(),
  telemetry_id: z.string().optional(),
})

type AuthenticateInput = z.output<typeof Input>

/** Redeems the token of a login (backend.md section 6): the member is written here, and the session. */
export const authenticateSSO = endpoint({
  method: 'POST',
  path: '/v1/b2b/sso/authenticate',
  summary: 'Redeem the one-time token of a login for a member and a session',
  input: Input,
  output: z.object({
    member_id: z.string(),
    organization_id: z.string(),
    member: Member,
    session_token: z.string(),
    session_jwt: z.string(),
    reset_session: z.boolean(),
    organization: Organization,
    intermediate_session_token: z.string(),
    member_authenticated: z.boolean(),
    member_session: MemberSession.nullable(),
    mfa_required: z
      .object({
        member_options: z
          .object({ mfa_phone_number: z.string(), totp_registration_id: z.string() })
          .nullable(),
        secondary_auth_initiated: z.string().nullable(),
      })
      .nullable(),
    primary_required: z.null(),
    member_device: z.null(),
  }),
  async run(input, context) {
    sessionDuration(input.session_duration_minutes)
    const login = await redeem(input, context)
    const { organization, member, session } = login
    return {
      member_id: member.member_id,
      organization_id: organization.organization_id,
      member: toMember(member, organization),
      organization: toOrganization(organization),
      session_token: login.session_token,
      session_jwt: session ? await mintJWT(context, { session, organization, member }) : '',
      reset_session: false,
      intermediate_session_token: login.intermediate_session_token,
      member_authenticated: session !== null,
      member_session: session ? toMemberSession(session, organization, member) : null,
      mfa_required: session ? null : mfaRequired(member),
      primary_required: null,
      member_device: null,
    }
  },
})

// Two first logins of one person at once: the slower one starts over and finds the member.
const raced = [
  'members_email',
  'sso_registrations_pkey',
  'sso_registrations_one_subject',
  'retired_emails_pkey',
]

/** One transaction of three statements; a refusal leaves only the failed flow. */
async function redeem(input: AuthenticateInput, context: Context) {
  let taken: RedeemedFlow | undefined
  try {
    return await transaction(
      context.db,
      async (trx) => {
        const flow = await redeemFlow(trx, context, {
          sso_token: input.sso_token,
          pkce_code_verifier: input.pkce_code_verifier,
        })
        taken = flow
        return admitMember(trx, context, flow, input)
      },
      { retryOn: raced },
    )
  } catch (error) {
    if (taken && error instanceof LoginError)
      await failFlow(context, context.project.project_id, taken.flow_id, error, ['verified'])
    throw error
  }
}

async function admitMember(
  trx: Database,
  context: Context,
  flow: RedeemedFlow,
  input: AuthenticateInput,
) {
  const { organization } = flow
  const checks = [...flow.checks]
  if (flow.connection_status !== 'active') {
    checks.push({
      name: 'connection',
      verdict: 'fail',
      expected: 'an active connection',
      actual: flow.connection_status,
    })
    throw new LoginError('sso_connection_not_found', checks)
  }
  const admission = admit({ ...flow, connection: flow, checks })
  const written = await writeMember(trx, context, flow, admission)
  if (!written) {
    checks.push({
      name: 'member',
      verdict: 'fail',
      expected: 'a member that was not deleted',
      actual: 'deleted just now',
    })
    throw new LoginError('action_available_only_for_active_members', checks)
  }
  const second = organization.mfa_policy === 'REQUIRED_FOR_ALL' || admission.mfa_enrolled
  const issued = await issue(trx, context, flow, { ...written, second }, input)
  const ended = {
    member_id: written.member_id,
    member_session_id: issued.session?.member_session_id ?? null,
    checks,
  }
  const member = await endFlow(trx, context, flow, ended, issued.write)
  return { ...issued, organization, member }
}

interface Issued {
  write: SessionWrite
  session: SessionRow | null
  session_token: string
  intermediate_session_token: string
}

async function issue(
  trx: Database,
  context: Context,
  flow: RedeemedFlow,
  written: { member_id: string; registration_id: string; second: boolean },
  input: AuthenticateInput,
): Promise<Issued> {
  const now = context.now()
  const factor = ssoFactor(flow, written.registration_id, now)
  if (input.session_token || input.session_jwt)
    return extendSession({ ...context, db: trx }, written.member_id, factor, input)
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
      sql: `insert into sessions (${sessionColumns.join(', ')}) values (${sessionColumns.map((_, i) => `$${i + 1}`).join(', ')})`,
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

/** Adds the factor to a session that the member has already; a second factor is not asked again. */
async function extendSession(
  context: Context,
  member_id: string,
  factor: SessionRow['authentication_factors'][number],
  input: AuthenticateInput,
): Promise<Issued> {
  const { session } = await resolveSession(context, input)
  if (session.member_id !== member_id) throw new ApiError('member_session_member_id_mismatch')
  const now = context.now()
  const provider = (each: typeof factor) =>
    (each.saml_sso_factor ?? each.oidc_sso_factor)?.provider_id
  const others = session.authentication_factors.filter(
    (each) => provider(each) !== provider(factor),
  )
  const minutes = input.session_duration_minutes
  const next: SessionRow = {
    ...session,
    authentication_factors: [...others, factor],
    custom_claims: mergeClaims(session.custom_claims, input.session_custom_claims),
    last_accessed_at: now,
    expires_at:
      minutes === undefined
        ? session.expires_at
        : new Date(now.getTime() + sessionDuration(minutes) * 60_000),
  }
  return {
    write: {
      sql: `update sessions set authentication_factors = $3, custom_claims = $4, last_accessed_at = $5, expires_at = $6
            where project_id = $1 and member_session_id = $2`,
      values: [
        session.project_id,
        session.member_session_id,
        JSON.stringify(next.authentication_factors),
        JSON.stringify(next.custom_claims),
        now,
        next.expires_at,
      ],
    },
    session: next,
    session_token: input.session_token ?? '',
    intermediate_session_token: '',
  }
}

const intermediateMinutes = 10

/** Where a second factor is due there is no session yet: fail closed. */
function issueIntermediate(
  context: Context,
  flow: RedeemedFlow,
  member_id: string,
  factor: SessionRow['authentication_factors'][number],
): Issued {
  const intermediate_session_token = newToken()
  const now = context.now()
  return {
    write: {
      sql: `insert into intermediate_sessions (project_id, organization_id, member_id, token_hash,
              authentication_factors, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)`,
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

function mfaRequired(member: MemberRow) {
  return {
    member_options: { mfa_phone_number: member.mfa_phone_number, totp_registration_id: '' },
    secondary_auth_initiated: null,
  }
}
