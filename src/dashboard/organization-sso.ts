/** The connections of an organization: its default, a new one, and the links for its IT admin. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, emptyState, field } from '../http/parts.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { updateOrganization } from '../organizations/organizations.ts'
import { ask } from './ask.ts'
import { makeConnection, providerChoices } from './connection-new.ts'
import { postForm, seeOther } from './frame.ts'
import {
  connectionsOf,
  type ListedConnection,
  organizationOf,
  organizationPage,
  organizationPath,
} from './organization-frame.ts'
import { connectionTable } from './organization-overview.ts'
import { setupLinksPart } from './setup-links.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/organizations/:organization_id/sso'

export const organizationSSO: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path, needs: 'viewer', run: (visit) => ssoPage(visit) }),
  projectPage({
    method: 'POST',
    path: `${path}/connections`,
    needs: 'editor',
    run: orAgain(createConnection),
  }),
  projectPage({
    method: 'POST',
    path: `${path}/default`,
    needs: 'editor',
    run: orAgain(makeDefault),
  }),
]

async function ssoPage(visit: ProjectVisit, error?: ApiError): Promise<Response> {
  const organization = await organizationOf(visit)
  const connections = await connectionsOf(visit, organization)
  const editor = visit.admin.role !== 'viewer'
  const here = `${organizationPath(visit, organization.organization_id)}/sso`
  const action = ({ connection_id, name, status }: ListedConnection) =>
    status === 'active' && connection_id !== organization.sso_default_connection_id
      ? postForm(
          visit,
          `${here}/default`,
          html`<input type="hidden" name="connection_id" value="${connection_id}"><button class="btn btn-sm" aria-label="Make default: ${name}">Make default</button>`,
        )
      : ''
  return organizationPage(visit, organization, 'SSO', {
    error,
    body: html`<section class="card"><div class="card-header"><div><h2 class="card-title">Connections</h2>
<div class="card-subtitle">The default stands first on the login page, and is what applications take that name none.</div></div></div>
${
  connections.length > 0
    ? connectionTable(visit, organization, connections, editor ? action : undefined)
    : emptyState(
        'No identity provider connected',
        'Create a connection below and fill it in together with the customer’s IT admin.',
      )
}</section>
${await setupLinksPart(visit, organization)}
${editor ? newConnection(visit, here) : ''}`,
  })
}

function newConnection(visit: ProjectVisit, here: string): Markup {
  const { form } = visit
  return card(
    'New connection',
    postForm(
      visit,
      `${here}/connections`,
      html`<p class="text-secondary">Nobody logs in over it before you activate it on its own page, where its identity provider’s instructions are too.</p>
${field({ name: 'display_name', label: 'Name', value: form.text('display_name'), required: true, placeholder: 'Acme Okta', hint: 'Members read it on the login page.' })}
${field({
  name: 'provider',
  label: 'Identity provider and protocol',
  value: form.text('provider'),
  required: true,
  options: [['', 'Choose…'], ...providerChoices],
  hint: 'The protocol cannot be changed later.',
})}
<button class="btn btn-primary">Create connection</button>`,
    ),
  )
}

function orAgain(work: (visit: ProjectVisit, organization: OrganizationRow) => Promise<Response>) {
  return async (visit: ProjectVisit): Promise<Response> => {
    const organization = await organizationOf(visit)
    try {
      return await work(visit, organization)
    } catch (error) {
      if (error instanceof ApiError) return ssoPage(visit, error)
      throw error
    }
  }
}

async function createConnection(
  visit: ProjectVisit,
  { organization_id }: OrganizationRow,
): Promise<Response> {
  const { form } = visit
  if (!providerChoices.some(([value]) => value === form.text('provider')))
    throw new ApiError('invalid_sso_idp', { message: 'Choose the identity provider and protocol.' })
  if (form.text('display_name') === '')
    throw new ApiError('invalid_display_name', { message: 'Give the connection a name.' })
  const page = await makeConnection(visit, organization_id)
  return seeOther(
    visit,
    page,
    'The connection was created. Now fill it in with the values of its identity provider.',
  )
}

async function makeDefault(visit: ProjectVisit, organization: OrganizationRow): Promise<Response> {
  const { organization_id, organization_name, sso_default_connection_id } = organization
  const wanted = visit.form.text('connection_id')
  await ask(visit, updateOrganization, { organization_id, sso_default_connection_id: wanted })
  await visit.audit({
    action: 'organization.update',
    target_type: 'organization',
    target_id: organization_id,
    target_name: organization_name,
    before: { sso_default_connection_id },
    after: { sso_default_connection_id: wanted },
  })
  const here = `${organizationPath(visit, organization_id)}/sso`
  return seeOther(visit, here, 'The default connection was changed.')
}
