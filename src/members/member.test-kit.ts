/** For tests: an organization of a project of its own, and the member calls about it. */
import { call, newProject, server } from '../../tests/harness.ts'
import type { AuthenticationFactor } from '../db/schema.ts'
import { addMember, addOrganization, addSession } from '../sessions/session.test-kit.ts'

type Headers = Record<string, string>

/** A project with one organization and no member. */
export async function newOrganization() {
  const { services } = await server()
  const project = await newProject()
  const organization = await addOrganization(services, project.project_id)
  const base = `/v1/b2b/organizations/${organization.organization_id}`
  const path = `${base}/members`
  return {
    services,
    project,
    organization,
    base,
    path,
    create: (body: unknown, headers?: Headers) => call(project, 'POST', path, body, headers),
    update: (member_id: string, body: unknown, headers?: Headers) =>
      call(project, 'PUT', `${path}/${encodeURIComponent(member_id)}`, body, headers),
    remove: (member_id: string, headers?: Headers) =>
      call(project, 'DELETE', `${path}/${encodeURIComponent(member_id)}`, undefined, headers),
    reactivate: (member_id: string, headers?: Headers) =>
      call(project, 'PUT', `${path}/${encodeURIComponent(member_id)}/reactivate`, {}, headers),
    /** By the query of members.get: `{ member_id }` or `{ email_address }`. */
    get: (query: Headers) => call(project, 'GET', `${base}/member?${new URLSearchParams(query)}`),
    /** What the database holds of a member, deleted or not. */
    stored: (member_id: string) =>
      call(
        project,
        'GET',
        `/v1/b2b/organizations/members/dangerously_get/${member_id}?include_deleted=true`,
      ),
    verifyAddress: (member_id: string) =>
      services.db
        .updateTable('members')
        .set({ email_address_verified: true })
        .where('member_id', '=', member_id)
        .execute(),
    /** The headers of a session of a member. */
    async sessionOf(member_id: string, factors?: AuthenticationFactor[]): Promise<Headers> {
      const { session_token } = await addSession(
        services,
        { ...organization, member_id },
        factors ? { factors } : {},
      )
      return { 'X-Stytch-Member-Session': session_token }
    },
    /** The headers of a session of a new member with these roles. */
    async sessionWith(roles: string[]): Promise<Headers> {
      const member = await addMember(services, organization, roles)
      const { session_token } = await addSession(services, member)
      return { 'X-Stytch-Member-Session': session_token }
    },
    async sessionsLeft(member_id: string): Promise<number> {
      const rows = await services.db
        .selectFrom('sessions')
        .select('member_session_id')
        .where('member_id', '=', member_id)
        .execute()
      return rows.length
    },
  }
}
