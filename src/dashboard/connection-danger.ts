/** Activating a connection, and what cannot be taken back: deactivating and deleting it. */
import type { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card } from '../http/parts.ts'
import { deleteConnection } from '../sso/connection-delete.ts'
import { countRegistrations } from '../sso/connection-overview.ts'
import { activateConnection, deactivateConnection } from '../sso/connection-switches.ts'
import { ask, assertConfirmed } from './ask.ts'
import {
  connectionPage,
  connectionTarget,
  mayChange,
  orAgain,
  type Shown,
  shownConnection,
} from './connection-frame.ts'
import { auditable, saved } from './connection-save.ts'
import { dangerForm, seeOther } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/connections/:connection_id'

export const connectionDangerPages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path: `${path}/danger`,
    needs: 'viewer',
    run: async (visit) => dangerPage(visit, await shownConnection(visit)),
  }),
  projectPage({
    method: 'POST',
    path: `${path}/activate`,
    needs: 'editor',
    run: orAgain(activate, dangerPage),
  }),
  projectPage({
    method: 'POST',
    path: `${path}/deactivate`,
    needs: 'editor',
    run: orAgain(deactivate, dangerPage),
  }),
  projectPage({
    method: 'POST',
    path: `${path}/delete`,
    needs: 'editor',
    fresh: true,
    run: orAgain(remove, dangerPage),
  }),
]

async function dangerPage(visit: ProjectVisit, shown: Shown, error?: ApiError): Promise<Response> {
  const { project_id, connection_id } = shown.row
  const count = await countRegistrations(visit.services.db, project_id, connection_id)
  const members = memberWords(count)
  return connectionPage(visit, shown, {
    tab: 'Danger zone',
    error,
    body: mayChange(visit)
      ? html`${shown.row.status === 'active' ? deactivation(visit, shown, members) : ''}${deletion(visit, shown, members)}`
      : card(
          'Danger zone',
          html`<p class="m-0">Editors and owners can deactivate or delete it.</p>`,
        ),
  })
}

function memberWords(count: number): string {
  if (count === 0) return 'No member has logged in over it so far'
  if (count === 1) return '1 member logs in over it'
  return `${count > 10_000 ? 'More than 10,000' : count} members log in over it`
}

function deactivation(visit: ProjectVisit, { base, name }: Shown, members: string): Markup {
  return card(
    'Deactivate',
    dangerForm(visit, {
      action: `${base}/deactivate`,
      name,
      button: 'Deactivate connection',
      consequences: html`${members}. Once it is deactivated nobody can: logins that have begun are refused too. Sessions that are there go on, settings and registrations stay, and you can activate it again at any time. If it is the organization’s default connection, there is none afterwards.`,
    }),
  )
}

function deletion(visit: ProjectVisit, shown: Shown, members: string): Markup {
  const { base, name, organization, row } = shown
  const isDefault = organization.sso_default_connection_id === row.connection_id
  return card(
    'Delete',
    dangerForm(visit, {
      action: `${base}/delete`,
      name,
      button: 'Delete connection',
      consequences: html`${members}. Members stay, but lose their registration at this identity provider and the roles that come of it, and every session that began with it ends now. Certificates and settings are gone; the identity provider’s addresses for it will never work again: a new connection has others.
${isDefault ? html` <b>It is the organization’s default connection</b>: while another is active, make that the default first.` : ''}`,
    }),
  )
}

async function activate(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { project_id, connection_id } = shown.row
  await activateConnection(visit.services, project_id, connection_id)
  const message = 'The connection is active: members can log in over it now.'
  return saved(visit, shown, { action: 'connection.activate', at: '', message })
}

async function deactivate(visit: ProjectVisit, shown: Shown): Promise<Response> {
  assertConfirmed(visit, shown.name)
  const { project_id, connection_id } = shown.row
  await deactivateConnection(visit.services, project_id, connection_id)
  const message = 'The connection is not active any more.'
  return saved(visit, shown, { action: 'connection.deactivate', at: '/danger', message })
}

async function remove(visit: ProjectVisit, shown: Shown): Promise<Response> {
  assertConfirmed(visit, shown.name)
  const { organization_id, connection_id } = shown.row
  await ask(visit, deleteConnection, { organization_id, connection_id })
  await visit.audit({
    ...connectionTarget(shown),
    action: 'connection.delete',
    before: auditable(shown),
  })
  return seeOther(visit, `${visit.base}/connections`, `${shown.name} was deleted.`)
}
