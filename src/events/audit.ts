/** The audit: who changed what, when, and from where. Every change made by a person leaves an entry. */
import { type Database, statement } from '../db/connect.ts'
import { uuidv7 } from '../db/ids.ts'

/** Who acts: an administrator, the holder of a setup link, a command on the server, or the server itself. */
export interface Actor {
  type: 'admin' | 'setup_link' | 'cli' | 'system'
  id: string
  name: string
}

/** A change as it is recorded. `before` and `after` hold what the reader needs to see of the change. */
export interface NewAuditEntry {
  /** Null for what belongs to the server, such as its administrators. */
  project_id: string | null
  /** The organization within which it was done; of an entry about an organization, that one unless given. */
  organization_id?: string | null
  actor: Actor
  /** What was done, as `{object}.{verb}`: `connection.update`. */
  action: string
  target_type: string
  target_id: string
  target_name?: string
  before?: unknown
  after?: unknown
  address?: string
  request_id?: string
  at: Date
}

/**
 * Writes an entry; give it the transaction of the change, so that neither is without the other. Values
 * under the name of a secret are masked, whoever forgot to leave them out.
 */
export async function recordAudit(db: Database, entry: NewAuditEntry): Promise<void> {
  const { actor, target_type, target_id } = entry
  const organization_id =
    entry.organization_id ?? (target_type === 'organization' ? target_id : null)
  await statement(
    db,
    `insert into audit_entries (audit_id, project_id, at, actor_type, actor_id, actor_name, action,
       target_type, target_id, target_name, before, after, address, request_id, organization_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      `audit-${uuidv7(entry.at.getTime())}`,
      entry.project_id,
      entry.at,
      actor.type,
      actor.id,
      actor.name,
      entry.action,
      target_type,
      target_id,
      entry.target_name ?? '',
      toJSON(entry.before),
      toJSON(entry.after),
      entry.address ?? '',
      entry.request_id ?? '',
      organization_id,
    ],
  )
}

const secretName =
  /(^|_)(password|secret|private_key|private_keys|jwt|verifier|code|pem)$|(?<!public_)token$|_hash$/

function toJSON(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return JSON.stringify(value, (name, inner: unknown) => {
    if (typeof inner === 'string') {
      if (inner !== '' && secretName.test(name)) return '[masked]'
      return inner.toWellFormed().replaceAll('\0', '')
    }
    return inner
  })
}

/** An entry as it is read. */
export interface AuditEntry {
  audit_id: string
  project_id: string | null
  /** Null where no one organization was changed. The organization may be deleted by now. */
  organization_id: string | null
  at: Date
  actor_type: Actor['type']
  actor_id: string
  actor_name: string
  action: string
  target_type: string
  target_id: string
  target_name: string
  before: unknown
  after: unknown
  address: string
  request_id: string
}

/** What of the audit is asked for; everything that is given must hold. */
export interface AuditFilter {
  /** Null: what belongs to the server alone; not given: everything. */
  project_id?: string | null | undefined
  /** The changes within an organization; to be given with its project. */
  organization_id?: string | undefined
  action?: string | undefined
  actor_id?: string | undefined
  target_id?: string | undefined
  since?: Date | undefined
  until?: Date | undefined
  /** The `next_cursor` of the page before. */
  cursor?: string | undefined
  /** 50 unless given. */
  limit?: number | undefined
}

const columns = [
  'audit_id',
  'project_id',
  'organization_id',
  'at',
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
] as const

/** A page of the audit, the latest first; `next_cursor` is null on the last page. */
export async function listAudit(
  db: Database,
  filter: AuditFilter,
): Promise<{ entries: AuditEntry[]; next_cursor: string | null }> {
  const { project_id, organization_id, action, actor_id, target_id, since, until, cursor } = filter
  const { limit = 50 } = filter
  let query = db.selectFrom('audit_entries').select(columns)
  if (project_id === null) query = query.where('project_id', 'is', null)
  else if (project_id !== undefined) query = query.where('project_id', '=', project_id)
  if (organization_id) query = query.where('organization_id', '=', organization_id)
  if (action) query = query.where('action', '=', action)
  if (actor_id) query = query.where('actor_id', '=', actor_id)
  if (target_id) query = query.where('target_id', '=', target_id)
  if (since) query = query.where('at', '>=', since)
  if (until) query = query.where('at', '<', until)
  if (cursor) query = query.where('audit_id', '<', cursor)
  const found = await query
    .orderBy('audit_id', 'desc')
    .limit(limit + 1)
    .execute()
  const entries = found.slice(0, limit)
  return { entries, next_cursor: found.length > limit ? (entries.at(-1)?.audit_id ?? null) : null }
}
