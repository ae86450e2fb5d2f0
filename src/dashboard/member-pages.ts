/** What is done to a member: each by an endpoint of the API. */
import type { z } from 'zod'
import { ApiError } from '../http/errors.ts'
import { deleteMember, reactivateMember } from '../members/delete.ts'
import { findMemberAnywhere, type Member, toMember } from '../members/member.ts'
import { updateMember } from '../members/update.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { getSessions } from '../sessions/get.ts'
import { revokeSession } from '../sessions/revoke.ts'
import type { MemberSession } from '../sessions/session.ts'
import { ask, assertConfirmed, changed, parameter } from './ask.ts'
import { seeOther } from './frame.ts'
import { memberPage } from './member-page.ts'
import { connectionsOf } from './organization-frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/members/:member_id'

export const memberPages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path,
    needs: 'viewer',
    run: async (visit) => memberPage(visit, await load(visit)),
  }),
  ...[
    { at: '', work: save },
    { at: '/roles', work: saveRoles },
    { at: '/delete', work: remove },
    { at: '/reactivate', work: reactivate },
    { at: '/sessions/revoke', work: revokeAll },
    { at: '/sessions/:member_session_id/revoke', work: revokeOne },
  ].map(({ at, work }) =>
    projectPage({ method: 'POST', path: path + at, needs: 'editor', run: orAgain(work) }),
  ),
]

/** A member with all that its page shows. */
export interface LoadedMember {
  member: z.input<typeof Member>
  organization: OrganizationRow
  /** The roles that it was given itself. */
  direct_roles: string[]
  sessions: z.input<typeof MemberSession>[]
  /** The names of the organization's connections. */
  connections: ReadonlyMap<string, string>
}

async function load(visit: ProjectVisit): Promise<LoadedMember> {
  const { services, project } = visit
  const row = await findMemberAnywhere(services.db, project, parameter(visit, 'member_id'))
  const { organization_id, member_id } = row
  const organization = await findOrganization(services.db, project, organization_id)
  const [{ member_sessions }, connections] = await Promise.all([
    ask(visit, getSessions, { organization_id, member_id }),
    connectionsOf(visit, organization),
  ])
  return {
    member: toMember(row, organization),
    organization,
    direct_roles: row.roles,
    sessions: member_sessions,
    connections: new Map(connections.map(({ connection_id, name }) => [connection_id, name])),
  }
}

type Done = { action: string; message: string; before?: unknown; after?: unknown }

/** Does the work, notes it, and shows the member again: with what went wrong, where it throws. */
function orAgain(work: (visit: ProjectVisit, loaded: LoadedMember) => Promise<Done>) {
  return async (visit: ProjectVisit): Promise<Response> => {
    const loaded = await load(visit)
    const { member_id, email_address } = loaded.member
    const { organization_id } = loaded.organization
    try {
      const { message, ...change } = await work(visit, loaded)
      await visit.audit({
        target_type: 'member',
        target_id: member_id,
        organization_id,
        target_name: email_address,
        ...change,
      })
      return seeOther(visit, `${visit.base}/members/${member_id}`, message)
    } catch (error) {
      if (error instanceof ApiError) return memberPage(visit, await load(visit), error)
      throw error
    }
  }
}

function ids({ member, organization }: LoadedMember) {
  return { organization_id: organization.organization_id, member_id: member.member_id }
}

const shown = ['email_address', 'name', 'external_id', 'is_breakglass'] as const

async function save(visit: ProjectVisit, loaded: LoadedMember): Promise<Done> {
  const { form } = visit
  const updated = await ask(visit, updateMember, {
    ...ids(loaded),
    email_address: form.text('email_address'),
    name: form.text('name'),
    external_id: form.text('external_id') || undefined,
    is_breakglass: form.flag('is_breakglass'),
  })
  const only = (member: LoadedMember['member']) =>
    Object.fromEntries(shown.map((name) => [name, member[name]]))
  const change = changed(only(loaded.member), only(updated.member))
  return { action: 'member.update', message: 'Saved.', ...change }
}

async function saveRoles(visit: ProjectVisit, loaded: LoadedMember): Promise<Done> {
  const roles = visit.form.list('roles')
  await ask(visit, updateMember, { ...ids(loaded), roles })
  return {
    action: 'member.update_roles',
    message: 'The roles were saved.',
    before: { roles: loaded.direct_roles },
    after: { roles },
  }
}

async function remove(visit: ProjectVisit, loaded: LoadedMember): Promise<Done> {
  assertConfirmed(visit, loaded.member.email_address)
  await ask(visit, deleteMember, ids(loaded))
  const { status } = loaded.member
  const message = 'The member was deleted, and its sessions ended.'
  return { action: 'member.delete', message, before: { status }, after: { status: 'deleted' } }
}

async function reactivate(visit: ProjectVisit, loaded: LoadedMember): Promise<Done> {
  const { member } = await ask(visit, reactivateMember, ids(loaded))
  return {
    action: 'member.reactivate',
    message: 'The member was reactivated.',
    before: { status: loaded.member.status },
    after: { status: member.status },
  }
}

async function revokeAll(visit: ProjectVisit, loaded: LoadedMember): Promise<Done> {
  await ask(visit, revokeSession, { member_id: loaded.member.member_id })
  return {
    action: 'member.revoke_sessions',
    message: 'All sessions were revoked.',
    before: { sessions: loaded.sessions.length },
    after: { sessions: 0 },
  }
}

async function revokeOne(visit: ProjectVisit, loaded: LoadedMember): Promise<Done> {
  const member_session_id = parameter(visit, 'member_session_id')
  const own = loaded.sessions.some((session) => session.member_session_id === member_session_id)
  if (!own) throw new ApiError('session_not_found')
  await ask(visit, revokeSession, { member_session_id })
  return {
    action: 'member.revoke_session',
    message: 'The session was revoked.',
    before: { member_session_id },
  }
}
