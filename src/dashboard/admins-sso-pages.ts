/** Single sign-on for administrators: set up once, by an owner; its connection is one like any other. */
import { transaction } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card } from '../http/parts.ts'
import { createSystemProject, findSystemProject } from '../projects/system-project.ts'
import { administratorsOf, createAdministrators } from './admins-sso-organization.ts'
import { dashboardPage, postForm, seeOther } from './frame.ts'
import { administratorsConnection, returnURL } from './sign-in-sso.ts'
import { type DashboardPage, serverPage, type Visit } from './visit.ts'

const path = '/dashboard/admins/sso'

export const adminsSSOPages: readonly DashboardPage[] = [
  serverPage({ method: 'GET', path, needs: 'viewer', run: (visit) => page(visit) }),
  serverPage({ method: 'POST', path, needs: 'owner', fresh: true, run: setUp }),
]

async function page(visit: Visit, error?: ApiError): Promise<Response> {
  return dashboardPage(visit, {
    title: 'Single sign-on for administrators',
    crumbs: [['Administrators', '/dashboard/admins']],
    error,
    body: card('How it works', html`${await state(visit)}`),
  })
}

async function state(visit: Visit): Promise<Markup> {
  const { services, admin } = visit
  const about = html`<p>Administrators then sign in with the account that they have at work. Who gets in is decided here as before: only an address that stands among the administrators, with the role that it has here. Passwords go on working.</p>`
  const project = await findSystemProject(services)
  if (!project)
    return html`${about}${admin.role === 'owner' ? postForm(visit, path, html`<button class="btn btn-primary">Set it up</button>`) : html`<p>An owner can set it up.</p>`}`
  const connection_id = await administratorsConnection(services, project)
  const { organization_id } = await administratorsOf(services, project)
  const there = `/dashboard/projects/${project.project_slug}/organizations/${organization_id}/sso`
  return html`${about}<p>${connection_id ? html`${badge('on', 'green')} The sign-in page offers it.` : html`${badge('no active connection', 'yellow')} Connect your identity provider, test the connection and activate it.`}</p>
<p><a class="btn btn-primary" href="${there}">${connection_id ? 'Its connections' : 'Connect the identity provider'}</a></p>
<p class="text-secondary mb-0">Only owners can change anything in that project: whoever can change its connections could sign in as anybody here.</p>`
}

async function setUp(visit: Visit): Promise<Response> {
  const { services } = visit
  try {
    if (await findSystemProject(services))
      throw new ApiError('bad_request', { message: 'It is set up already.' })
    const { project_id } = await transaction(services.db, (db) =>
      createSystemProject(db, returnURL(services)),
    )
    await createAdministrators(services, project_id)
    await visit.audit({
      action: 'admin.sso_set_up',
      target_type: 'project',
      target_id: project_id,
      target_name: 'Portcullis administrators',
    })
    return seeOther(
      visit,
      path,
      'Single sign-on was prepared: connect your identity provider next.',
    )
  } catch (error) {
    if (error instanceof ApiError) return page(visit, error)
    throw error
  }
}
