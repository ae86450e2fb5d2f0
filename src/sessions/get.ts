import { z } from 'zod'
import { statement } from '../db/connect.ts'
import { endpoint } from '../http/endpoint.ts'
import { findMember } from '../members/member.ts'
import { findOrganization } from '../organizations/organization.ts'
import { MemberSession, type SessionRow, sessionColumns, toMemberSession } from './session.ts'

const active = `select ${sessionColumns.join(', ')} from sessions
  where project_id = $1 and member_id = $2 and expires_at > $3 order by started_at, member_session_id`

export const getSessions = endpoint({
  method: 'GET',
  path: '/v1/b2b/sessions',
  summary: 'The active sessions of a member',
  input: z.object({ organization_id: z.string(), member_id: z.string() }),
  output: z.object({ member_sessions: z.array(MemberSession) }),
  async run(input, context) {
    const organization = await findOrganization(context.db, context.project, input.organization_id)
    const member = await findMember(context.db, organization, input.member_id)
    if (member.status !== 'active') return { member_sessions: [] }
    const rows = await statement<SessionRow>(context.db, active, [
      context.project.project_id,
      member.member_id,
      context.now(),
    ])
    return { member_sessions: rows.map((row) => toMemberSession(row, organization, member)) }
  },
})
