/** The calendar of certificates over all connections: which end next, and whether another stands beside them. */
import { html, type Markup } from '../http/html.ts'
import { badge, type Content, emptyState, pager, table, time } from '../http/parts.ts'
import {
  type CertificatePurpose,
  certificatesDue,
  type DueCertificate,
} from '../sso/certificates-due.ts'
import { shortFingerprint } from './connection-certificates.ts'
import { daysBadge } from './connection-frame.ts'
import { dashboardPage } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const certificatesPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/certificates', needs: 'viewer', run: calendar }),
]

const groups = [
  ['Expired', Number.NEGATIVE_INFINITY],
  ['Within 7 days', 0],
  ['Within 30 days', 7],
  ['Within 60 days', 30],
  ['Later', 60],
] as const

const tenYears = 3_653

async function calendar(visit: ProjectVisit): Promise<Response> {
  const { services, project, c, base } = visit
  const urgent = c.req.query('show') !== 'all'
  const cursor = c.req.query('cursor')
  const { certificates, next_cursor } = await certificatesDue(
    services.db,
    project.project_id,
    services.now(),
    { within_days: tenYears, urgent, ...(cursor && { cursor }) },
  )
  const here = (more: Record<string, string>) => {
    const query = new URLSearchParams({ ...(!urgent && { show: 'all' }), ...more })
    return `${base}/certificates${query.size > 0 ? `?${query}` : ''}`
  }
  return dashboardPage(visit, {
    title: 'Certificates',
    actions: urgent
      ? html`<a class="btn" href="${base}/certificates?show=all">Show replaced ones too</a>`
      : html`<a class="btn" href="${base}/certificates">Hide replaced ones</a>`,
    body: html`<p class="text-secondary">The identity providers’ certificates, which responses are believed by, and our own. A certificate is replaced where another of the same use lasts longer: its end is no emergency then.</p>
${certificates.length > 0 ? sections(visit, certificates) : nothing(visit, next_cursor !== null)}${pager(next_cursor && here({ cursor: next_cursor }), cursor ? here({}) : null)}`,
  })
}

function groupOf({ days_left, expires_at }: DueCertificate, now: Date): string {
  if (expires_at <= now) return 'Expired'
  return groups.findLast(([, from]) => days_left >= from)?.[0] ?? 'Expired'
}

function sections(visit: ProjectVisit, certificates: DueCertificate[]): Markup {
  const now = visit.services.now()
  const byGroup = Map.groupBy(certificates, (each) => groupOf(each, now))
  return html`${groups.map(([title]) => {
    const list = byGroup.get(title)
    return list
      ? html`<section class="card"><div class="card-header"><h2 class="card-title">${title} <span class="text-secondary">${list.length}</span></h2></div>${table(
          columns,
          list.map((each) => cells(visit, each, now)),
        )}</section>`
      : ''
  })}`
}

const columns = ['Connection', 'Use', 'Certificate', 'Expires', 'Left']

const purposes: Record<CertificatePurpose, readonly [string, string]> = {
  verification: ['Identity provider’s', 'Bring the next one from the identity provider.'],
  signing: ['Ours, signs requests', 'Make a new signing key.'],
  encryption: ['Ours, decrypts', 'Make a new encryption key.'],
}

function cells({ base }: ProjectVisit, each: DueCertificate, now: Date): Content[] {
  const [use, act] = purposes[each.purpose]
  const soon = each.days_left < 60 && !each.replaced
  return [
    html`<a href="${base}/connections/${each.connection_id}/certificates">${each.display_name || each.identity_provider}</a>
<div class="small"><a href="${base}/organizations/${each.organization_id}">${each.organization_name}</a></div>${each.connection_status === 'active' ? '' : badge('pending', 'yellow')}`,
    html`${use}${each.replaced ? html` ${badge('replaced', 'secondary')}` : ''}${soon ? html`<div class="small text-secondary">${act}</div>` : ''}`,
    html`<bdi>${each.issuer}</bdi><div class="small"><code>${shortFingerprint(each.fingerprint)}…</code></div>`,
    time(each.expires_at),
    daysBadge(each.expires_at, now),
  ]
}

function nothing({ base }: ProjectVisit, more: boolean): Markup {
  if (more)
    return html`<section class="card">${emptyState('None so far', 'Those that end later were not looked at yet: go on to the next page.')}</section>`
  return html`<section class="card">${emptyState(
    'No certificates yet',
    'As soon as a SAML connection is made, its certificates stand here in the order in which they end. OpenID Connect connections have none.',
    html`<a class="btn btn-primary" href="${base}/connections">Connections</a>`,
  )}</section>`
}
