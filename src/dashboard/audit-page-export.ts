/** The audit log as a file, read and sent page by page, so that its length does not matter. */
import { type AuditEntry, type AuditFilter, listAudit } from '../events/audit.ts'
import type { Visit } from './visit.ts'

const columns = [
  'audit_id',
  'at',
  'project_id',
  'organization_id',
  'actor_type',
  'actor_id',
  'actor_name',
  'action',
  'target_type',
  'target_id',
  'target_name',
  'before',
  'after',
  'address',
  'request_id',
] as const satisfies readonly (keyof AuditEntry)[]

/** The entries that a filter lets through, the latest first, as a download. */
export function exportAudit(visit: Visit, filter: AuditFilter, format: 'csv' | 'json'): Response {
  const day = visit.services.now().toISOString().slice(0, 10)
  const lines = format === 'csv' ? csv(visit, filter) : json(visit, filter)
  const body = ReadableStream.from(lines).pipeThrough(new TextEncoderStream())
  return new Response(body, {
    headers: {
      'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json',
      'content-disposition': `attachment; filename="audit-${day}.${format}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}

async function* pagesOf({ services }: Visit, filter: AuditFilter): AsyncGenerator<AuditEntry[]> {
  let cursor: string | undefined
  do {
    const page = await listAudit(services.db, { ...filter, cursor, limit: 500 })
    yield page.entries
    cursor = page.next_cursor ?? undefined
  } while (cursor)
}

async function* json(visit: Visit, filter: AuditFilter): AsyncGenerator<string> {
  yield '{"audit_entries":['
  let separator = '\n'
  for await (const entries of pagesOf(visit, filter)) {
    yield entries.map((each, i) => (i > 0 ? ',\n' : separator) + JSON.stringify(each)).join('')
    if (entries.length > 0) separator = ',\n'
  }
  yield '\n]}\n'
}

async function* csv(visit: Visit, filter: AuditFilter): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`
  for await (const entries of pagesOf(visit, filter))
    yield entries
      .map((entry) => `${columns.map((name) => cell(entry[name])).join(',')}\r\n`)
      .join('')
}

/** RFC 4180; what a spreadsheet would take for a formula begins with an apostrophe. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return value.toISOString()
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
