/** An organization at a glance: its facts, how its members log in, its connections. */
import { html, type Markup } from '../http/html.ts'
import { badge, card, copyField, emptyState, facts, notice, table, time } from '../http/parts.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import {
  connectionStatus,
  connectionsOf,
  type ListedConnection,
  memberCount,
  organizationOf,
  organizationPage,
  organizationPath,
} from './organization-frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const organizationOverview: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path: '/organizations/:organization_id',
    needs: 'viewer',
    run: overview,
  }),
]

async function overview(visit: ProjectVisit): Promise<Response> {
  const organization = await organizationOf(visit)
  const [connections, members] = await Promise.all([
    connectionsOf(visit, organization),
    memberCount(visit, organization),
  ])
  return organizationPage(visit, organization, 'Overview', {
    body: html`${ssoNotAllowed(visit, organization)}${loginLinks(visit, organization, connections)}
${connectionList(visit, organization, connections)}
${about(visit, organization, members)}`,
  })
}

function about(visit: ProjectVisit, organization: OrganizationRow, members: number): Markup {
  const path = organizationPath(visit, organization.organization_id)
  const { organization_external_id, organization_logo_url, email_allowed_domains } = organization
  const metadata = organization.trusted_metadata
  return card(
    'Facts',
    facts([
      ['Organization id', copyField(organization.organization_id)],
      ['Slug', html`<code>${organization.organization_slug}</code>`],
      ['External id', organization_external_id ? copyField(organization_external_id) : '–'],
      ['Members', html`<a href="${path}/members">${members}</a>`],
      ['Allowed e-mail domains', email_allowed_domains.join(', ') || 'any'],
      [
        'New members over SSO',
        html`${joining[organization.sso_jit_provisioning] ?? ''} <a href="${path}/policies">Policies</a>`,
      ],
      ['Logo URL', organization_logo_url || '–'],
      ['Created', time(organization.created_at)],
      Object.keys(metadata).length > 0
        ? ['Trusted metadata', html`<pre>${JSON.stringify(metadata, null, 2)}</pre>`]
        : null,
    ]),
  )
}

const joining: Record<string, string> = {
  ALL_ALLOWED: 'made at their first login.',
  RESTRICTED: 'made at their first login over the connections listed.',
  NOT_ALLOWED: 'not made: members must exist before.',
}

function ssoNotAllowed(visit: ProjectVisit, organization: OrganizationRow): Markup | '' {
  const { auth_methods, allowed_auth_methods, organization_id } = organization
  if (auth_methods !== 'RESTRICTED' || allowed_auth_methods.includes('sso')) return ''
  return notice(
    'warning',
    'Nobody logs in over SSO here.',
    html`SSO is not among the ways to log in that the <a href="${organizationPath(visit, organization_id)}/policies">policies</a> allow.`,
  )
}

function loginLinks(
  { services, project }: ProjectVisit,
  { organization_slug }: OrganizationRow,
  connections: readonly ListedConnection[],
): Markup {
  const { base_url } = services.config
  const public_token = project.public_tokens[0]
  const start = ({ connection_id }: ListedConnection) =>
    `${base_url}/v1/public/sso/start?${new URLSearchParams({ connection_id, public_token: public_token! })}`
  const active = connections.filter(({ status }) => status === 'active')
  return card(
    'How members log in',
    facts([
      [
        'Login page',
        html`${copyField(`${base_url}/login/${project.project_slug}/${organization_slug}`)}<div class="text-secondary mt-1">The hosted page with this organization’s ways to log in.</div>`,
      ],
      ...active.map((connection): [string, Markup] => [
        `Start link, ${connection.name}`,
        public_token
          ? copyField(start(connection))
          : html`The project has no public token: create one under API keys.`,
      ]),
    ]),
  )
}

/** The connections of an organization, with links to their pages. */
export function connectionTable(
  { base }: ProjectVisit,
  { sso_default_connection_id }: OrganizationRow,
  connections: readonly ListedConnection[],
  action?: (connection: ListedConnection) => Markup | '',
): Markup {
  return table(
    ['Name', 'Identity provider', 'Protocol', 'Status', ...(action ? [''] : [])],
    connections.map((connection) => [
      html`<a href="${base}/connections/${connection.connection_id}">${connection.name}</a>`,
      connection.provider,
      connection.type,
      html`${connectionStatus(connection.status)} ${connection.connection_id === sso_default_connection_id ? badge('default', 'blue') : ''}`,
      ...(action ? [action(connection)] : []),
    ]),
  )
}

function connectionList(
  visit: ProjectVisit,
  organization: OrganizationRow,
  connections: readonly ListedConnection[],
): Markup {
  const path = organizationPath(visit, organization.organization_id)
  return html`<section class="card"><div class="card-header"><h2 class="card-title">Connections</h2><div class="card-actions"><a href="${path}/sso">SSO</a></div></div>
${
  connections.length > 0
    ? connectionTable(visit, organization, connections)
    : emptyState(
        'No identity provider connected',
        'Nobody can log in to this organization yet. Create a connection yourself, or send its IT admin a setup link.',
        html`<a class="btn btn-primary" href="${path}/sso">Connect an identity provider</a>`,
      )
}</section>`
}
