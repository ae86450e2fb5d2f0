import { z } from 'zod'
import type { Context } from '../context.ts'
import { statement } from '../db/connect.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { findMemberAnywhere } from '../members/member.ts'
import { assertPermitted } from './authorize.ts'
import { resolveSession } from './resolve.ts'
import type { SessionRow } from './session.ts'

const Input = z.object({
  member_session_id: z.string().optional(),
  session_token: z.string().optional(),
  session_jwt: z.string().optional(),
  member_id: z.string().optional(),
})

const revoking = { resource_id: 'stytch.member', action: 'revoke-sessions' }

export const revokeSession = endpoint({
  method: 'POST',
  path: '/v1/b2b/sessions/revoke',
  summary: 'End a session, or all sessions of a member',
  input: Input,
  output: z.object({}),
  // Whose a session is shows only once it is found: run() judges.
  permission: { resource_id: revoking.resource_id, action: () => [] },
  async run(input, context) {
    const given = Object.values(input).filter((value) => value !== '')
    if (given.length === 0) throw new ApiError('no_session_revoke_arguments')
    if (given.length > 1) throw new ApiError('too_many_session_revoke_arguments')
    if (input.member_id) {
      const member = await findMemberAnywhere(context.db, context.project, input.member_id)
      assertMayRevoke(context, member)
      await statement(context.db, ofMember, [member.project_id, member.member_id])
    } else {
      const session = await findTarget(context, input)
      assertMayRevoke(context, session)
      await statement(context.db, one, [session.project_id, session.member_session_id])
    }
    return {}
  },
})

const ofMember = 'delete from sessions where project_id = $1 and member_id = $2'
const one = 'delete from sessions where project_id = $1 and member_session_id = $2'
const byId = `select project_id, organization_id, member_id, member_session_id from sessions
  where project_id = $1 and member_session_id = $2 and expires_at > $3`

type Target = Pick<SessionRow, 'project_id' | 'organization_id' | 'member_id' | 'member_session_id'>

/** The session to end; throws `session_not_found`, and what `resolveSession` throws. */
async function findTarget(context: Context, input: z.output<typeof Input>): Promise<Target> {
  const { member_session_id, session_token, session_jwt } = input
  if (!member_session_id)
    return (await resolveSession(context, { session_token, session_jwt })).session
  const [session] = await statement<Target>(context.db, byId, [
    context.project.project_id,
    member_session_id,
    context.now(),
  ])
  if (!session) throw new ApiError('session_not_found')
  return session
}

/** A member session ends sessions of its own member, and others of its organization by permission. */
function assertMayRevoke(
  context: Context,
  target: { organization_id: string; member_id: string },
): void {
  const holder = context.member_session
  if (!holder) return
  if (target.organization_id !== holder.organization_id)
    throw new ApiError('session_authorization_tenancy_error')
  assertPermitted(holder, revoking, revoking.action, target.member_id === holder.member_id)
}
