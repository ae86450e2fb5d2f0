/** What an organization is called, and its end. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, field } from '../http/parts.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { deleteOrganization, updateOrganization } from '../organizations/organizations.ts'
import { ask, assertConfirmed, changed } from './ask.ts'
import { dangerForm, postForm, seeOther } from './frame.ts'
import {
  connectionsOf,
  memberCount,
  organizationOf,
  organizationPage,
  organizationPath,
} from './organization-frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/organizations/:organization_id'

export const organizationSettings: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path: `${path}/settings`,
    needs: 'viewer',
    run: (visit) => settings(visit),
  }),
  projectPage({ method: 'POST', path: `${path}/settings`, needs: 'editor', run: orAgain(save) }),
  projectPage({
    method: 'POST',
    path: `${path}/delete`,
    needs: 'editor',
    fresh: true,
    run: orAgain(remove),
  }),
]

const names = [
  'organization_name',
  'organization_slug',
  'organization_logo_url',
  'organization_external_id',
] as const

async function settings(visit: ProjectVisit, error?: ApiError): Promise<Response> {
  const organization = await organizationOf(visit)
  const editor = visit.admin.role !== 'viewer'
  return organizationPage(visit, organization, 'Settings', {
    error,
    body: html`${details(visit, organization, editor)}${editor ? await dangerZone(visit, organization) : ''}`,
  })
}

function details(visit: ProjectVisit, organization: OrganizationRow, editor: boolean): Markup {
  const { form } = visit
  const again = form.raw('details') !== ''
  const value = (name: (typeof names)[number]) =>
    again ? form.text(name) : (organization[name] ?? '')
  const fields = html`<input type="hidden" name="details" value="1">
${field({ name: 'organization_name', label: 'Name', value: value('organization_name'), required: true })}
${field({ name: 'organization_slug', label: 'Slug', value: value('organization_slug'), required: true, hint: 'Its login page moves with it: links to the old address end.' })}
${field({ name: 'organization_logo_url', label: 'Logo URL', type: 'url', value: value('organization_logo_url') })}
${field({ name: 'organization_external_id', label: 'External id', value: value('organization_external_id'), hint: 'Your own id of this customer. It can be changed, but not taken away.' })}`
  const action = `${organizationPath(visit, organization.organization_id)}/settings`
  return card(
    'Details',
    editor
      ? postForm(visit, action, html`${fields}<button class="btn btn-primary">Save</button>`)
      : html`<fieldset disabled>${fields}</fieldset>`,
  )
}

async function dangerZone(visit: ProjectVisit, organization: OrganizationRow): Promise<Markup> {
  const [connections, members] = await Promise.all([
    connectionsOf(visit, organization),
    memberCount(visit, organization),
  ])
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
  return card(
    'Danger zone',
    dangerForm(visit, {
      action: `${organizationPath(visit, organization.organization_id)}/delete`,
      name: organization.organization_name.trim(),
      button: 'Delete organization',
      consequences: html`With the organization go <b>${count(members, 'member')}</b>, all their sessions, <b>${count(connections.length, 'connection')}</b> and the record of their logins. Nobody of it can log in any more. This cannot be undone.`,
    }),
  )
}

function orAgain(work: (visit: ProjectVisit, organization: OrganizationRow) => Promise<Response>) {
  return async (visit: ProjectVisit): Promise<Response> => {
    const organization = await organizationOf(visit)
    try {
      return await work(visit, organization)
    } catch (error) {
      if (error instanceof ApiError) return settings(visit, error)
      throw error
    }
  }
}

async function save(visit: ProjectVisit, before: OrganizationRow): Promise<Response> {
  const { form, services, project } = visit
  const { organization_id } = before
  await ask(visit, updateOrganization, {
    organization_id,
    organization_name: form.text('organization_name'),
    organization_slug: form.text('organization_slug'),
    organization_logo_url: form.text('organization_logo_url'),
    organization_external_id: form.text('organization_external_id') || undefined,
  })
  const after = await findOrganization(services.db, project, organization_id)
  await visit.audit({
    action: 'organization.update',
    target_type: 'organization',
    target_id: organization_id,
    target_name: after.organization_name,
    ...changed(before, after),
  })
  return seeOther(visit, `${organizationPath(visit, organization_id)}/settings`, 'Saved.')
}

async function remove(visit: ProjectVisit, organization: OrganizationRow): Promise<Response> {
  const { organization_id, organization_name, organization_slug } = organization
  assertConfirmed(visit, organization_name.trim())
  const [connections, members] = await Promise.all([
    connectionsOf(visit, organization),
    memberCount(visit, organization),
  ])
  await ask(visit, deleteOrganization, { organization_id })
  await visit.audit({
    action: 'organization.delete',
    target_type: 'organization',
    target_id: organization_id,
    target_name: organization_name,
    before: { organization_name, organization_slug, members, connections: connections.length },
  })
  return seeOther(visit, `${visit.base}/organizations`, `${organization_name} was deleted.`)
}
