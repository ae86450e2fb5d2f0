/** All connections of a project, whatever organization they belong to: which of them fail, which end soon. */
import { html, type Markup } from '../http/html.ts'
import { badge, type Content, emptyState, field, pager, table, time } from '../http/parts.ts'
import {
  type ConnectionSummary,
  isFailing,
  listConnectionSummaries,
  type OverviewFilter,
} from '../sso/connection-overview.ts'
import { connectionCertificatesPages } from './connection-certificates.ts'
import { connectionDangerPages } from './connection-danger.ts'
import { connectionFixPages } from './connection-fix-pages.ts'
import {
  daysBadge,
  mayChange,
  providerName,
  refusedLogins,
  stateBadge,
  whyRefused,
} from './connection-frame.ts'
import { connectionGuidePages } from './connection-guide.ts'
import { connectionIdPPages } from './connection-idp-pages.ts'
import { connectionLoginsPages } from './connection-logins.ts'
import { connectionMappingPages } from './connection-mapping.ts'
import { connectionMetadataPages } from './connection-metadata-pages.ts'
import { connectionNewPages } from './connection-new.ts'
import { connectionOwnKeysPages } from './connection-own-keys-pages.ts'
import { connectionSettingsPages } from './connection-settings.ts'
import { connectionTestPages } from './connection-test.ts'
import { dashboardPage } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const connectionsPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/connections', needs: 'viewer', run: list }),
  ...connectionNewPages,
  ...connectionGuidePages,
  ...connectionSettingsPages,
  ...connectionIdPPages,
  ...connectionCertificatesPages,
  ...connectionMetadataPages,
  ...connectionOwnKeysPages,
  ...connectionMappingPages,
  ...connectionTestPages,
  ...connectionFixPages,
  ...connectionLoginsPages,
  ...connectionDangerPages,
]

const states = [
  ['', 'Any'],
  ['active', 'Active'],
  ['pending', 'Pending'],
  ['failing', 'Failing'],
] as const

async function list(visit: ProjectVisit): Promise<Response> {
  const { services, project, c, base } = visit
  const state = c.req.query('state') ?? ''
  const search = (c.req.query('search') ?? '').trim().slice(0, 200)
  const cursor = c.req.query('cursor')
  const filter: OverviewFilter = {
    ...(state === 'active' || state === 'pending' ? { status: state } : {}),
    ...(state === 'failing' && { failing: true }),
    ...(search && { search }),
    ...(cursor && { cursor }),
  }
  const { connections, next_cursor } = await listConnectionSummaries(
    services.db,
    project.project_id,
    filter,
  )
  const at = (more: Record<string, string>) =>
    `${base}/connections?${new URLSearchParams({ ...(state && { state }), ...(search && { search }), ...more })}`
  return dashboardPage(visit, {
    title: 'Connections',
    actions: mayChange(visit)
      ? html`<a class="btn btn-primary" href="${base}/connections/new">New connection</a>`
      : '',
    body: html`<section class="card">${filters(visit, state, search)}${
      connections.length > 0
        ? rows(visit, connections)
        : empty(visit, { filtered: state !== '' || search !== '', more: next_cursor !== null })
    }${pager(next_cursor && at({ cursor: next_cursor }), cursor ? at({}) : null)}</section>`,
  })
}

function filters({ base }: ProjectVisit, state: string, search: string): Markup {
  return html`<form class="card-body border-bottom pb-1" method="get" action="${base}/connections"><div class="row g-2 align-items-end">
<div class="col-12 col-md-6">${field({ name: 'search', label: 'Organization', type: 'search', value: search, placeholder: 'Name, slug or id' })}</div>
<div class="col-8 col-md-3">${field({ name: 'state', label: 'State', value: state, options: states })}</div>
<div class="col-4 col-md-2"><div class="mb-3"><button class="btn w-100">Filter</button></div></div>
</div></form>`
}

function rows({ base, services }: ProjectVisit, connections: ConnectionSummary[]): Markup {
  const now = services.now()
  return table(
    ['Connection', 'Organization', 'State', 'Last success', 'Last failure', 'Certificate'],
    connections.map((each) => [
      html`<a href="${base}/connections/${each.connection_id}">${each.display_name || 'Without a name'}</a>
<div class="text-secondary small">${each.identity_provider === 'generic' ? '' : `${providerName({ ...each, idp_sso_url: '', issuer: '' })}, `}${each.type === 'saml' ? 'SAML' : 'OpenID Connect'}</div>`,
      html`<a href="${base}/organizations/${each.organization_id}">${each.organization_name}</a>`,
      html`${stateBadge(each)}${isFailing(each) ? html` ${badge('failing', 'red')}` : ''}`,
      time(each.last_success_at),
      failure(base, each),
      each.type === 'saml' ? daysBadge(each.certificate_expires_at, now) : '–',
    ]),
  )
}

function failure(base: string, each: ConnectionSummary): Content {
  if (!each.last_failure_at) return '–'
  return html`<a href="${refusedLogins(base, each.connection_id)}">${time(each.last_failure_at)}</a><div class="text-secondary small">${whyRefused(each.error_type)}</div>`
}

function empty(
  { base }: ProjectVisit,
  { filtered, more }: { filtered: boolean; more: boolean },
): Markup {
  if (more)
    return emptyState(
      'None so far',
      'Older connections were not looked at yet: go on to the next page.',
    )
  if (filtered)
    return emptyState(
      'Nothing matches',
      'A part of a name has 3 characters at least. “Failing” are those whose last login was refused.',
      html`<a class="btn" href="${base}/connections">Show all connections</a>`,
    )
  return emptyState(
    'No connection yet',
    'A connection joins an organization to its identity provider. Make one yourself, or send the organization’s IT admin a setup link.',
    html`<a class="btn btn-primary" href="${base}/connections/new">New connection</a> <a class="btn" href="${base}/organizations">Organizations</a>`,
  )
}
