/** What a change of the audit log changed: each value before and after, the same ones left out. */
import type { AuditEntry } from '../events/audit.ts'
import { html, type Markup } from '../http/html.ts'

/** One value that differs. Undefined where there was none. */
export interface ChangedValue {
  name: string
  before: unknown
  after: unknown
}

/** What differs between two values of the audit, objects within objects by their dotted names. */
export function changedValues(before: unknown, after: unknown, name = ''): ChangedValue[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const sides = [before, after].filter((side) => side !== undefined && side !== null)
  if (!sides.every(isObject) || sides.length === 0) return [{ name, before, after }]
  const [old, fresh] = [before, after].map((side) => (isObject(side) ? side : {}))
  const names = [...new Set([...Object.keys(old!), ...Object.keys(fresh!)])]
  // An object that is new or gone as a whole, and empty, differs all the same.
  if (names.length === 0) return [{ name, before, after }]
  return names.flatMap((each) =>
    changedValues(old![each], fresh![each], name ? `${name}.${each}` : each),
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The values as a table behind a summary; nothing where nothing is told. */
export function auditChanges({ before, after }: Pick<AuditEntry, 'before' | 'after'>): Markup {
  const changes = changedValues(before ?? undefined, after ?? undefined).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )
  if (changes.length === 0) return html``
  const both = isSet(before) && isSet(after)
  const columns = both ? ['Before', 'After'] : [isSet(after) ? 'Value' : 'Value before']
  const cells = (change: ChangedValue) =>
    both ? [change.before, change.after] : [isSet(after) ? change.after : change.before]
  return html`<details class="mt-1"><summary>${summaryOf(changes, both)}</summary>
<table class="table table-vcenter card-table stack mt-2"><thead><tr><th scope="col">Field</th>${columns.map((each) => html`<th scope="col">${each}</th>`)}</tr></thead>
<tbody>${changes.map((change) => html`<tr><td data-label="Field">${change.name || 'value'}</td>${cells(change).map((value, i) => html`<td data-label="${columns[i]}">${show(value)}</td>`)}</tr>`)}</tbody></table></details>`
}

function isSet(value: unknown): boolean {
  return value !== null && value !== undefined
}

function summaryOf(changes: ChangedValue[], both: boolean): string {
  const names = changes.slice(0, 4).map((change) => change.name || 'value')
  const more = changes.length > 4 ? ` and ${changes.length - 4} more` : ''
  return `${both ? 'Changed: ' : ''}${names.join(', ')}${more}`
}

function show(value: unknown): Markup {
  if (!isSet(value)) return html`<span class="text-secondary">none</span>`
  if (value === '') return html`<span class="text-secondary">empty</span>`
  return html`<code>${typeof value === 'string' ? value : JSON.stringify(value)}</code>`
}
