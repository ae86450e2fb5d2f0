import { z } from 'zod'
import type { Context } from '../context.ts'
import { type Database, transaction } from '../db/connect.ts'
import { endpoint } from '../http/endpoint.ts'
import { Member, type MemberRow, toMember } from '../members/member.ts'
import { Organization, toOrganization } from '../organizations/organization.ts'
import { SessionCustomClaims, SessionDurationMinutes, sessionDuration } from '../sessions/claims.ts'
import { mintJWT } from '../sessions/jwt.ts'
import { MemberSession, toMemberSession } from '../sessions/session.ts'
import { type Check, failFlow, LoginError } from './flow.ts'
import { issueSession } from './issue-session.ts'
import { admit } from './provisioning.ts'
import { endFlow, type RedeemedFlow, redeemFlow, writeMember } from './redeem.ts'

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
      await failFlow(context, context.project.project_id, taken.flow_id, error, {
        from: ['verified'],
        adding: true,
      })
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
  // those of the callback stand in the row
  const checks: Check[] = []
  if (flow.connection_status !== 'active') refuseConnection(checks, flow.connection_status)
  checkIdPSession(checks, flow.identity.session_not_on_or_after, context.now())
  const admission = admit({ ...flow, connection: flow, checks })
  const written = await writeMember(trx, context, flow, admission)
  if (written === 'connection deleted') refuseConnection(checks, 'deleted')
  if (written === 'member deleted') {
    const actual = 'deleted just now'
    const fix = { who: 'developer' as const, what: 'Reactivate the member, or create it again.' }
    checks.push({ name: 'member', verdict: 'fail', expected: 'not deleted', actual, fix })
    throw new LoginError('action_available_only_for_active_members', checks)
  }
  const second = organization.mfa_policy === 'REQUIRED_FOR_ALL' || admission.mfa_enrolled
  const issued = await issueSession(trx, context, flow, { ...written, second }, input)
  const ended = {
    member_id: written.member_id,
    member_session_id: issued.session?.member_session_id ?? null,
    checks,
  }
  const member = await endFlow(trx, context, flow, ended, issued.write)
  return { ...issued, organization, member }
}

/** A session that the identity provider has ended meanwhile makes none here (SAML Core 2.7.2). */
function checkIdPSession(checks: Check[], end: string | null, now: Date): void {
  if (end === null || new Date(end) > now) return
  checks.push({
    name: 'session_not_on_or_after',
    verdict: 'fail',
    expected: `later than ${now.toISOString()}`,
    actual: end,
    fix: { who: 'developer', what: 'Redeem the token as soon as it arrives.' },
  })
  throw new LoginError(
    'expired_saml_response',
    checks,
    'The session at the identity provider has ended.',
  )
}

function refuseConnection(checks: Check[], actual: string): never {
  const fix = {
    who: 'developer' as const,
    what: 'Start the login again over an active connection.',
  }
  checks.push({ name: 'connection', verdict: 'fail', expected: 'active', actual, fix })
  throw new LoginError(
    actual === 'deleted' ? 'sso_connection_not_found' : 'requires_active_sso_connection',
    checks,
  )
}

function mfaRequired(member: MemberRow) {
  return {
    member_options: { mfa_phone_number: member.mfa_phone_number, totp_registration_id: '' },
    secondary_auth_initiated: null,
  }
}
