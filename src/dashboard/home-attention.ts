/** What on Home asks for somebody: connections whose last login was refused, certificates that end soon. */
import { html, type Markup } from '../http/html.ts'
import { table, time } from '../http/parts.ts'
import { certificatesDue } from '../sso/certificates-due.ts'
import { listConnectionSummaries } from '../sso/connection-overview.ts'
import { daysBadge, refusedLogins, whyRefused } from './connection-frame.ts'
import type { ProjectVisit } from './visit.ts'

const shown = 5

/** Both lists; nothing where all is well. */
export async function attentionPart(visit: ProjectVisit): Promise<Markup> {
  const { services, project } = visit
  const { project_id } = project
  const [failing, due] = await Promise.all([
    listConnectionSummaries(services.db, project_id, { failing: true, limit: shown }),
    certificatesDue(services.db, project_id, services.now(), {
      within_days: 60,
      urgent: true,
      limit: shown,
    }),
  ])
  return html`${failingCard(visit, failing.connections)}${dueCard(visit, due.certificates)}`
}

type Summary = Awaited<ReturnType<typeof listConnectionSummaries>>['connections'][number]

function failingCard({ base }: ProjectVisit, connections: readonly Summary[]): Markup | '' {
  if (connections.length === 0) return ''
  const rows = connections.map((each) => [
    html`<a href="${base}/connections/${each.connection_id}">${each.display_name || each.identity_provider}</a>`,
    each.organization_name,
    html`<a href="${refusedLogins(base, each.connection_id)}">${time(each.last_failure_at)}</a>`,
    whyRefused(each.error_type),
  ])
  return html`<section class="card"><div class="card-header"><h2 class="card-title">Connections that fail</h2><div class="card-actions"><a href="${base}/connections?failing=1">All of them</a></div></div>${table(['Connection', 'Organization', 'Last failure', 'Why'], rows)}</section>`
}

type Due = Awaited<ReturnType<typeof certificatesDue>>['certificates'][number]

function dueCard({ base, services }: ProjectVisit, certificates: readonly Due[]): Markup | '' {
  if (certificates.length === 0) return ''
  const rows = certificates.map((each) => [
    html`<a href="${base}/connections/${each.connection_id}/certificates">${each.display_name || each.identity_provider}</a>`,
    each.organization_name,
    each.purpose === 'verification' ? 'the identity provider’s' : 'ours',
    html`${daysBadge(each.expires_at, services.now())}`,
  ])
  return html`<section class="card"><div class="card-header"><h2 class="card-title">Certificates that end soon</h2><div class="card-actions"><a href="${base}/certificates">Calendar</a></div></div>${table(['Connection', 'Organization', 'Whose', 'Left'], rows)}</section>`
}
