/** What happened in an organization: its last logins, and what administrators changed. */
import { type AuditEntry, listAudit } from '../events/audit.ts'
import { html, type Markup } from '../http/html.ts'
import { emptyState, pager, table, time } from '../http/parts.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { resultBadge } from '../sso/trace-page.ts'
import { type LoginSummary, listLogins } from '../sso/traces.ts'
import { organizationOf, organizationPage, organizationPath } from './organization-frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const organizationActivity: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path: '/organizations/:organization_id/activity',
    needs: 'viewer',
    run: activity,
  }),
]

async function activity(visit: ProjectVisit): Promise<Response> {
  const { services, project, c } = visit
  const { db } = services
  const organization = await organizationOf(visit)
  const { organization_id } = organization
  const cursor = c.req.query('cursor') || undefined
  const [{ logins }, audit] = await Promise.all([
    listLogins(
      db,
      project.project_id,
      { organization: organization_id, limit: 10 },
      services.now(),
    ),
    listAudit(db, {
      project_id: project.project_id,
      target_id: organization_id,
      cursor,
      limit: 20,
    }),
  ])
  const here = `${organizationPath(visit, organization_id)}/activity`
  const next = audit.next_cursor
    ? `${here}?${new URLSearchParams({ cursor: audit.next_cursor })}`
    : null
  return organizationPage(visit, organization, 'Activity', {
    body: html`${lastLogins(visit, organization, logins)}
<section class="card"><div class="card-header"><h2 class="card-title">Changes</h2></div>
${
  audit.entries.length > 0
    ? table(['When', 'Who', 'What', 'Changed', 'From'], audit.entries.map(change))
    : emptyState(
        'No change yet',
        'What administrators change of this organization in the dashboard stands here, with what it was before.',
      )
}${pager(next, cursor ? here : null)}</section>`,
  })
}

function lastLogins(
  { base }: ProjectVisit,
  { organization_id }: OrganizationRow,
  logins: readonly LoginSummary[],
): Markup {
  const all = `${base}/logins?${new URLSearchParams({ organization: organization_id })}`
  const rows = logins.map((login) => [
    html`<a href="${base}/logins/${login.flow_id}">${time(login.started_at)}</a>`,
    login.email_address ?? html`<span class="text-secondary">not known</span>`,
    login.connection_display_name ?? login.connection_id,
    html`${resultBadge(login)} ${login.failed_check ? html`<code>${login.failed_check}</code>` : ''}`,
  ])
  return html`<section class="card"><div class="card-header"><h2 class="card-title">Last logins</h2><div class="card-actions"><a href="${all}">All logins</a></div></div>
${
  rows.length > 0
    ? table(['Started', 'E-mail', 'Connection', 'Result'], rows)
    : emptyState(
        'No login yet',
        'Try one by a start link of the Overview: it appears here at once, with every check.',
      )
}</section>`
}

function change(entry: AuditEntry) {
  return [
    time(entry.at),
    entry.actor_name,
    html`<code>${entry.action}</code>`,
    differences(entry),
    entry.address || '–',
  ]
}

/** Each value with what it was before. */
function differences({ before, after }: AuditEntry): Markup {
  const [old, fresh] = [asObject(before), asObject(after)]
  const names = [...new Set([...Object.keys(old), ...Object.keys(fresh)])]
  const show = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return html`<ul class="list-unstyled m-0">${names.map(
    (name) =>
      html`<li><span class="text-secondary">${name}:</span> ${
        name in old ? html`<del>${show(old[name])}</del> ` : ''
      }${name in fresh ? html`<ins>${show(fresh[name])}</ins>` : ''}</li>`,
  )}</ul>`
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
