/** The page of an organization: its heading and tabs, each tab an address of its own. */
import type { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, type Content } from '../http/parts.ts'
import { searchMembers } from '../members/search.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { guides } from '../setup/guides.ts'
import { getConnections } from '../sso/connection-list.ts'
import { ask, parameter } from './ask.ts'
import { dashboardPage } from './frame.ts'
import type { ProjectVisit } from './visit.ts'

const tabs = [
  ['Overview', ''],
  ['SSO', '/sso'],
  ['Members', '/members'],
  ['Policies', '/policies'],
  ['Activity', '/activity'],
  ['Settings', '/settings'],
] as const

export type OrganizationTab = (typeof tabs)[number][0]

/** Where the pages of an organization begin. */
export function organizationPath({ base }: ProjectVisit, organization_id: string): string {
  return `${base}/organizations/${organization_id}`
}

/** The organization that the page's address names; throws `organization_not_found`. */
export function organizationOf(visit: ProjectVisit): Promise<OrganizationRow> {
  const { services, project } = visit
  return findOrganization(services.db, project, parameter(visit, 'organization_id'))
}

/** A tab of an organization's page. */
export function organizationPage(
  visit: ProjectVisit,
  organization: OrganizationRow,
  tab: OrganizationTab,
  part: { body: Content; error?: ApiError | undefined },
): Response {
  const path = organizationPath(visit, organization.organization_id)
  return dashboardPage(visit, {
    title: organization.organization_name,
    tab,
    crumbs: [['Organizations', `${visit.base}/organizations`]],
    error: part.error,
    body: html`<nav aria-label="Organization"><ul class="nav nav-tabs mb-3">${tabs.map(
      ([name, at]) =>
        html`<li class="nav-item"><a class="nav-link${name === tab ? ' active' : ''}" href="${path}${at}"${name === tab ? html` aria-current="page"` : ''}>${name}</a></li>`,
    )}</ul></nav>${part.body}`,
  })
}

/** A connection as lists of an organization show it. */
export interface ListedConnection {
  connection_id: string
  type: 'SAML' | 'OIDC'
  name: string
  provider: string
  status: string
}

/** The connections of an organization. */
export async function connectionsOf(
  visit: ProjectVisit,
  { organization_id }: OrganizationRow,
): Promise<ListedConnection[]> {
  const found = await ask(visit, getConnections, { organization_id })
  const listed = (type: 'SAML' | 'OIDC') => (connection: Connection) => {
    const { connection_id, display_name, identity_provider, status } = connection
    const provider = providerName(identity_provider)
    return { connection_id, type, name: display_name || provider, provider, status }
  }
  return [
    ...found.saml_connections.map(listed('SAML')),
    ...found.oidc_connections.map(listed('OIDC')),
  ]
}

type Connection = Record<'connection_id' | 'display_name' | 'identity_provider' | 'status', string>

/** What people call an identity provider. */
export function providerName(identity_provider: string): string {
  if (identity_provider === 'generic') return 'Other'
  const guide = guides.find((each) => each.identity_provider === identity_provider)
  return guide?.name ?? identity_provider
}

/** Whether members can log in over a connection. */
export function connectionStatus(status: string): Markup {
  return status === 'active' ? badge('active', 'green') : badge('pending', 'yellow')
}

/** How many members an organization has, deleted ones left out. */
export async function memberCount(
  visit: ProjectVisit,
  { organization_id }: OrganizationRow,
): Promise<number> {
  const found = await ask(visit, searchMembers, { organization_ids: [organization_id], limit: 1 })
  return found.results_metadata.total
}
