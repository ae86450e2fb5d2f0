/** The audit log: every change that a person made, with filters; audit-page-export.ts takes it elsewhere. */
import { type AuditEntry, type AuditFilter, listAudit } from '../events/audit.ts'
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { emptyState, field, pager, time } from '../http/parts.ts'
import { listProjects } from '../projects/projects.ts'
import { auditChanges } from './audit-page-changes.ts'
import { exportAudit } from './audit-page-export.ts'
import { dashboardPage } from './frame.ts'
import { type DashboardPage, serverPage, type Visit } from './visit.ts'

const path = '/dashboard/audit'

export const auditPages: readonly DashboardPage[] = [
  serverPage({ method: 'GET', path, needs: 'viewer', run: auditPage }),
  ...(['csv', 'json'] as const).map((format) =>
    serverPage({
      method: 'GET',
      path: `${path}/export.${format}`,
      needs: 'viewer',
      run: async (visit) => exportAudit(visit, await filterOf(visit, readQuery(visit)), format),
    }),
  ),
]

const names = ['project', 'action', 'actor', 'target', 'since', 'until'] as const

/** The fields as they were filled in; empty ones are not there. */
type AuditQuery = Partial<Record<(typeof names)[number], string>>

function readQuery({ c }: Visit): AuditQuery {
  const given = names.map((name) => [name, (c.req.query(name) ?? '').trim()] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== '' && value.length <= 300))
}

function addressOf(at: string, query: AuditQuery, more: Record<string, string> = {}): string {
  const parameters = new URLSearchParams({ ...query, ...more })
  return parameters.size > 0 ? `${at}?${parameters}` : at
}

const ofServer = 'server'

/** The filter that the fields ask for. Throws `bad_request` for a day or a project that is none. */
async function filterOf({ services }: Visit, query: AuditQuery): Promise<AuditFilter> {
  const { project, action, actor, target, since, until } = query
  return {
    ...(project && {
      project_id: project === ofServer ? null : await projectId(services, project),
    }),
    ...(action && { action }),
    ...(actor && { actor_id: actor }),
    ...(target && { target_id: target }),
    ...(since && { since: dayOf(since) }),
    ...(until && { until: new Date(dayOf(until).getTime() + 86_400_000) }),
  }
}

async function projectId(services: Visit['services'], slug: string): Promise<string> {
  const found = (await listProjects(services.db)).find((each) => each.project_slug === slug)
  if (!found) throw new ApiError('project_not_found')
  return found.project_id
}

/** The day's beginning, UTC. */
function dayOf(text: string): Date {
  const day = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : Number.NaN)
  if (!Number.isNaN(day.getTime())) return day
  throw new ApiError('bad_request', { message: 'A day is written as 2026-01-31.' })
}

async function auditPage(visit: Visit): Promise<Response> {
  const { services, c } = visit
  const query = readQuery(visit)
  const cursor = c.req.query('cursor')
  const projects = await listProjects(services.db)
  const slugs = new Map(projects.map((each) => [each.project_id, each.project_slug]))
  const { entries, next_cursor } = await listAudit(services.db, {
    ...(await filterOf(visit, query)),
    cursor,
    limit: 50,
  })
  const next = next_cursor && addressOf(path, query, { cursor: next_cursor })
  const narrowed = Object.keys(query).length > 0
  const nothing = narrowed
    ? emptyState(
        'Nothing matches',
        'Widen the filter.',
        html`<a class="btn" href="${path}">Show everything</a>`,
      )
    : emptyState(
        'Nothing was changed yet',
        'Every change that somebody makes here, by command or by a setup link stands in this log.',
      )
  return dashboardPage(visit, {
    title: 'Audit log',
    actions: html`<a class="btn" href="${addressOf(`${path}/export.csv`, query)}">Export CSV</a>
<a class="btn" href="${addressOf(`${path}/export.json`, query)}">Export JSON</a>`,
    body: html`${filterForm(query, [...slugs.values()])}
<section class="card" aria-label="Entries">${
      entries.length === 0
        ? nothing
        : html`<ul class="list-group list-group-flush">${entries.map((entry) => entryRow(entry, query, slugs))}</ul>`
    }${pager(next, cursor ? addressOf(path, query) : null)}</section>`,
  })
}

function filterForm(query: AuditQuery, slugs: string[]): Markup {
  const text = (name: 'action' | 'actor' | 'target', label: string, hint: string) =>
    field({ name, label, hint, value: query[name] ?? '' })
  const day = (name: 'since' | 'until', label: string) =>
    html`<div class="mb-3"><label class="form-label" for="field-${name}">${label}</label>
<input class="form-control" type="date" id="field-${name}" name="${name}" value="${query[name] ?? ''}"></div>`
  const projects = [
    ['', 'All'],
    [ofServer, 'None: the server itself'],
    ...slugs.map((slug) => [slug, slug] as const),
  ] as const
  const any = Object.keys(query).length > 0
  return html`<form method="get" action="${path}" role="search" class="card"><div class="card-body">
<details${any ? html` open` : ''}><summary>Filter</summary><div class="filter-fields mt-3">
${field({ name: 'project', label: 'Project', value: query.project ?? '', options: projects })}
${text('action', 'Action', 'Such as connection.update.')}
${text('actor', 'Who', 'The id: choose a name in the list.')}
${text('target', 'What', 'The id: choose a thing in the list.')}
${day('since', 'From (UTC)')}${day('until', 'Until and with (UTC)')}</div>
<button class="btn btn-primary">Apply</button> ${any ? html`<a class="btn btn-link" href="${path}">Clear all</a>` : ''}
</details></div></form>`
}

function entryRow(entry: AuditEntry, query: AuditQuery, slugs: Map<string, string>): Markup {
  const narrow = (more: AuditQuery, text: string, look = '') =>
    html`<a class="${look}" href="${addressOf(path, { ...query, ...more })}">${text}</a>`
  const slug = entry.project_id && (slugs.get(entry.project_id) ?? entry.project_id)
  const whence = [
    slug && narrow({ project: slug }, slug, 'text-decoration-underline'),
    entry.address && html`<code>${entry.address}</code>`,
    entry.request_id && html`<code>${entry.request_id}</code>`,
  ].filter(Boolean)
  return html`<li class="list-group-item" id="${entry.audit_id}">
<div class="d-flex flex-wrap flex-md-nowrap justify-content-between gap-1 gap-md-3"><div>${narrow({ actor: entry.actor_id }, entry.actor_name)}${actorKind(entry)}
<b>${narrow({ action: entry.action }, entry.action)}</b>
${narrow({ target: entry.target_id }, entry.target_name || entry.target_id)}</div>
<div>${time(entry.at)}</div></div>
${whence.length > 0 ? html`<div class="text-secondary small">${whence.map((each, i) => html`${i > 0 ? ' · ' : ''}${each}`)}</div>` : ''}
${auditChanges(entry)}</li>`
}

const kinds = {
  admin: '',
  setup_link: ' (setup link)',
  cli: ' (command)',
  system: ' (server)',
} satisfies Record<AuditEntry['actor_type'], string>

function actorKind({ actor_type }: AuditEntry): string {
  return kinds[actor_type]
}
