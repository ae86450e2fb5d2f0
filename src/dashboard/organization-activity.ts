/** What happened in an organization: its last logins, and every change within it, whoever made it. */
import { listAudit } from '../events/audit.ts'
import { html, type Markup } from '../http/html.ts'
import { emptyState, pager, table, time } from '../http/parts.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { resultBadge } from '../sso/trace-page.ts'
import { type LoginSummary, listLogins } from '../sso/traces.ts'
import { auditAddress, auditPath, auditRow } from './audit-page-entry.ts'
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
      organization_id,
      cursor,
      limit: 20,
    }),
  ])
  const here = `${organizationPath(visit, organization_id)}/activity`
  const next = audit.next_cursor
    ? `${here}?${new URLSearchParams({ cursor: audit.next_cursor })}`
    : null
  const query = { project: project.project_slug, organization: organization_id }
  const slugs = new Map([[project.project_id, project.project_slug]])
  return organizationPage(visit, organization, 'Activity', {
    body: html`${lastLogins(visit, organization, logins)}
<section class="card"><div class="card-header"><h2 class="card-title">Changes</h2><div class="card-actions"><a href="${auditAddress(auditPath, query)}">In the audit log</a></div></div>
${
  audit.entries.length > 0
    ? html`<ul class="list-group list-group-flush">${audit.entries.map((entry) => auditRow(entry, query, slugs))}</ul>`
    : emptyState(
        'No change yet',
        'What administrators and setup links change of this organization, its members and its connections stands here, with what it was before.',
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
