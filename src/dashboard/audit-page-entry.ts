/** An entry of the audit log as a list shows it, here and in the Activity of an organization. */
import type { AuditEntry } from '../events/audit.ts'
import { html, type Markup } from '../http/html.ts'
import { time } from '../http/parts.ts'
import { auditChanges } from './audit-page-changes.ts'

export const auditPath = '/dashboard/audit'

export const auditFilters = [
  'project',
  'organization',
  'action',
  'actor',
  'target',
  'since',
  'until',
] as const

/** The fields of the filter as they were filled in; empty ones are not there. */
export type AuditQuery = Partial<Record<(typeof auditFilters)[number], string>>

/** An address of the audit log, narrowed. */
export function auditAddress(
  at: string,
  query: AuditQuery,
  more: Record<string, string> = {},
): string {
  const parameters = new URLSearchParams({ ...query, ...more })
  return parameters.size > 0 ? `${at}?${parameters}` : at
}

/**
 * A row of a list: who, what and when, and what was changed. Its links narrow the audit log further than
 * `query` does. `known` are the slugs of projects and the names of organizations, by their ids.
 */
export function auditRow(
  entry: AuditEntry,
  query: AuditQuery,
  known: ReadonlyMap<string, string>,
): Markup {
  const narrow = (more: AuditQuery, text: Markup | string, look = '') =>
    html`<a class="${look}" href="${auditAddress(auditPath, { ...query, ...more })}">${text}</a>`
  const { project_id, organization_id } = entry
  const slug = project_id && (known.get(project_id) ?? project_id)
  const underlined = 'text-decoration-underline'
  const whence = [
    slug && query.project !== slug && narrow({ project: slug }, slug, underlined),
    slug &&
      organization_id &&
      query.organization !== organization_id &&
      narrow(
        { project: slug, organization: organization_id },
        known.get(organization_id) ?? html`<code>${organization_id}</code>`,
        underlined,
      ),
    entry.address && html`<code>${entry.address}</code>`,
    entry.request_id && html`<code>${entry.request_id}</code>`,
  ].filter(Boolean)
  return html`<li class="list-group-item" id="${entry.audit_id}">
<div class="d-flex flex-wrap flex-md-nowrap justify-content-between gap-1 gap-md-3"><div>${narrow({ actor: entry.actor_id }, entry.actor_name)}${kinds[entry.actor_type]}
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
