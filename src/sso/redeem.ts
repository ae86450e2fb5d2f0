/** From a token to a session: what `sso.authenticate` decides, and in which statements. */
import type { Context } from '../context.ts'
import { type Database, transaction } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'
import type { UnchangedMember } from './candidates.ts'
import { type Ending, endFlow } from './end-flow.ts'
import { type Check, failFlow, LoginError } from './flow.ts'
import { issueSession, type SessionInput } from './issue-session.ts'
import { type Admission, admit } from './provisioning.ts'
import { writeMember } from './redeem-member.ts'
import { findRedeemable, type RedeemableFlow } from './redeemable.ts'
import { recallToken } from './remembered-tokens.ts'

/** What a call says that redeems a token. */
export interface RedeemInput extends SessionInput {
  sso_token: string
  pkce_code_verifier?: string | undefined
}

// Two first logins of one person at once: the slower one starts over and finds the member.
const raced = [
  'members_email',
  'sso_registrations_pkey',
  'sso_registrations_one_subject',
  'retired_emails_pkey',
]

/**
 * Most logins are of a member about whom nothing is new, and come to the process that gave out their token:
 * one statement takes the flow and writes the session. Elsewhere another one reads before it. Everything else
 * is a transaction: what is new about a member, or a lock on the session that a factor is added to. A refusal
 * leaves only the failed flow.
 */
export async function redeem(input: RedeemInput, context: Context) {
  const { db } = context
  const extending = Boolean(input.session_token || input.session_jwt)
  if (!extending) {
    const login = await resumeRecalled(context, input)
    if (login) return login
  }
  let flow = await findRedeemable(db, context, input)
  try {
    let found: RedeemableFlow | null = flow
    if (flow.unchanged && !extending) {
      const login = await resumeMember(context, flow, flow.unchanged, input)
      if (login) return login
      found = null // the token was taken meanwhile, or the member is another now
    }
    return await transaction(
      db,
      async (trx) => {
        flow = found ?? (await findRedeemable(trx, context, input))
        found = null
        return admitMember(trx, context, flow, input)
      },
      { retryOn: raced },
    )
  } catch (error) {
    if (error instanceof LoginError)
      await failFlow(context, context.project.project_id, flow.flow_id, error, {
        from: ['verified'],
        adding: true,
      })
    throw error
  }
}

/** By what this process remembers; null where it does not, or where that does not lead to a login. */
async function resumeRecalled(context: Context, input: RedeemInput) {
  const recalled = await recallToken(context, input)
  if (!recalled) return null
  const { flow, organization_version } = recalled
  try {
    return await resumeMember(context, flow, flow.unchanged, input, organization_version)
  } catch (error) {
    if (error instanceof LoginError) return null // what is stored decides that
    throw error
  }
}

/** Logs in a member of whom nothing has to be written; null where that is not so any more. */
async function resumeMember(
  context: Context,
  flow: RedeemableFlow,
  { registration_id, version }: UnchangedMember,
  input: RedeemInput,
  organization_version: string | null = null,
) {
  const { checks, admission } = decide(context, flow)
  const { member_id } = admission
  if (member_id === null) return null
  const versions = { member_version: version, organization_version }
  const member_change = null
  const who = { member_id, registration_id, checks, admission, member_change, ...versions }
  return logIn(context.db, context, flow, who, input)
}

/** Writes what is new about a member, or the member, before it is logged in. */
async function admitMember(
  trx: Database,
  context: Context,
  flow: RedeemableFlow,
  input: RedeemInput,
) {
  const { checks, admission } = decide(context, flow)
  const written = await writeMember(trx, context, flow, admission)
  if (written === 'connection deleted') refuseConnection(checks, 'deleted')
  if (written === 'member deleted') {
    const actual = 'deleted just now'
    const fix = { who: 'developer' as const, what: 'Reactivate the member, or create it again.' }
    checks.push({ name: 'member', verdict: 'fail', expected: 'not deleted', actual, fix })
    throw new LoginError('action_available_only_for_active_members', checks)
  }
  const who = { ...written, checks, admission, member_change: changeOf(flow, admission) }
  const versions = { member_version: null, organization_version: null }
  const login = await logIn(trx, context, flow, { ...who, ...versions }, input)
  if (login) return login
  // Member and registration are locked by this transaction: the token or the connection is gone.
  decide(context, await findRedeemable(trx, context, input))
  throw new ApiError('sso_token_not_found')
}

/** What an admission does to the member, for the event about it. */
function changeOf(flow: RedeemableFlow, admission: Admission): 'create' | 'update' | null {
  if (admission.member_id === null) return 'create'
  return flow.unchanged ? null : 'update'
}

/** Whether the person gets in; throws LoginError. The checks of the callback stand in the row already. */
function decide(context: Context, flow: RedeemableFlow): { checks: Check[]; admission: Admission } {
  const checks: Check[] = []
  if (flow.connection_status !== 'active') refuseConnection(checks, flow.connection_status)
  checkIdPSession(checks, flow.identity.session_not_on_or_after, context.now())
  return { checks, admission: admit({ ...flow, connection: flow, checks }) }
}

/** Takes the flow and makes its session; null where the flow, the member or its registration is gone. */
async function logIn(
  db: Database,
  context: Context,
  flow: RedeemableFlow,
  who: Omit<Ending, 'member_session_id'> & { admission: Admission },
  input: RedeemInput,
) {
  const { organization } = flow
  const second = organization.mfa_policy === 'REQUIRED_FOR_ALL' || who.admission.mfa_enrolled
  const issued = await issueSession(db, context, flow, { ...who, second }, input)
  const member_session_id = issued.session?.member_session_id ?? null
  const member = await endFlow(db, context, flow, { ...who, member_session_id }, issued.write)
  return member && { ...issued, organization, member }
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
