import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { Member, type MemberRow, toMember } from '../members/member.ts'
import { Organization, toOrganization } from '../organizations/organization.ts'
import { SessionCustomClaims, SessionDurationMinutes, sessionDuration } from '../sessions/claims.ts'
import { mintJWT } from '../sessions/jwt.ts'
import { MemberSession, toMemberSession } from '../sessions/session.ts'
import { redeem } from './redeem.ts'

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

function mfaRequired(member: MemberRow) {
  return {
    member_options: { mfa_phone_number: member.mfa_phone_number, totp_registration_id: '' },
    secondary_auth_initiated: null,
  }
}
