/** The audit log: every change that a person made, with filters; audit-page-export.ts takes it elsewhere. */
import { environmentOf } from '../db/ids.ts'
import { type AuditFilter, listAudit } from '../events/audit.ts'
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { emptyState, field, pager } from '../http/parts.ts'
import { findOrganization, organizationNames } from '../organizations/organization.ts'
import { listProjects } from '../projects/projects.ts'
import {
  type AuditQuery,
  auditAddress,
  auditFilters,
  auditRow,
  auditPath as path,
} from './audit-page-entry.ts'
import { exportAudit } from './audit-page-export.ts'
import { dashboardPage } from './frame.ts'
import { type DashboardPage, serverPage, type Visit } from './visit.ts'

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

function readQuery({ c }: Visit): AuditQuery {
  const given = auditFilters.map((name) => [name, (c.req.query(name) ?? '').trim()] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== '' && value.length <= 300))
}

const ofServer = 'server'

/** The filter that the fields ask for. Throws `bad_request` for a day or a project that is none. */
async function filterOf({ services }: Visit, query: AuditQuery): Promise<AuditFilter> {
  const { project, organization, action, actor, target, since, until } = query
  const project_id = project === ofServer ? null : project && (await projectId(services, project))
  return {
    ...(project_id !== undefined && { project_id }),
    ...(organization && {
      organization_id: await organizationId(services, project_id, organization),
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

/** A slug is looked up in its project; an id may be that of an organization which is gone. */
async function organizationId(
  { db }: Visit['services'],
  project_id: string | null | undefined,
  reference: string,
): Promise<string> {
  if (/^organization-(?:test|live)-/.test(reference)) return reference
  const only = project_id === undefined ? await listProjects(db) : []
  const within = project_id ?? (only.length === 1 ? only[0]!.project_id : undefined)
  if (!within)
    throw new ApiError('bad_request', {
      message:
        'A slug belongs to a project: choose the project, too, or give the organization’s id.',
    })
  const project = { project_id: within, environment: environmentOf(within) }
  return (await findOrganization(db, project, reference)).organization_id
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
  const names = await organizationNames(services.db, entries)
  const known = new Map([...slugs, ...names])
  const next = next_cursor && auditAddress(path, query, { cursor: next_cursor })
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
    actions: html`<a class="btn" href="${auditAddress(`${path}/export.csv`, query)}">Export CSV</a>
<a class="btn" href="${auditAddress(`${path}/export.json`, query)}">Export JSON</a>`,
    body: html`${filterForm(query, [...slugs.values()])}
<section class="card" aria-label="Entries">${
      entries.length === 0
        ? nothing
        : html`<ul class="list-group list-group-flush">${entries.map((entry) => auditRow(entry, query, known))}</ul>`
    }${pager(next, cursor ? auditAddress(path, query) : null)}</section>`,
  })
}

function filterForm(query: AuditQuery, slugs: string[]): Markup {
  const text = (
    name: 'organization' | 'action' | 'actor' | 'target',
    label: string,
    hint: string,
  ) => field({ name, label, hint, value: query[name] ?? '' })
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
${text('organization', 'Organization', 'Its id, or its slug with the project.')}
${text('action', 'Action', 'Such as connection.update.')}
${text('actor', 'Who', 'The id: choose a name in the list.')}
${text('target', 'What', 'The id: choose a thing in the list.')}
${day('since', 'From (UTC)')}${day('until', 'Until and with (UTC)')}</div>
<button class="btn btn-primary">Apply</button> ${any ? html`<a class="btn btn-link" href="${path}">Clear all</a>` : ''}
</details></div></form>`
}
