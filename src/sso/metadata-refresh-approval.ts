/** What people see of the metadata of a connection, and what they decide about them. */
import type { Transaction } from 'kysely'
import type { Services } from '../context.ts'
import { type Database, transaction } from '../db/connect.ts'
import type { Schema } from '../db/schema.ts'
import { type Actor, recordAudit } from '../events/audit.ts'
import { ApiError } from '../http/errors.ts'
import { connectionRow, keysOf } from './connections.ts'
import type { MetadataDocument } from './metadata-document.ts'
import {
  type ApprovalReason,
  compareMetadata,
  type MetadataChanges,
  metadataProblem,
} from './metadata-refresh-diff.ts'
import { freshMetadata, writeMetadata } from './metadata-refresh-record.ts'
import {
  auditTarget,
  lockMetadata,
  type MetadataRow,
  metadataRow,
  publicChanges,
  takeMetadata,
} from './metadata-refresh-take.ts'

export type MetadataRefresh = 'off' | 'approve' | 'automatic'

/** Who decides, and from where. */
export interface DecidedBy {
  actor: Actor
  address?: string
  request_id?: string
}

/** The metadata of a connection, as a page shows them. */
export interface MetadataStatus {
  /** Empty where the connection was set up without one; then nothing is ever read. */
  metadata_url: string
  metadata_refresh: MetadataRefresh
  checked_at: Date | null
  /** When they are read next; null where they are not. */
  due_at: Date | null
  /** Why the last reading failed, and since when readings fail; the last good copy is in force. */
  error: string
  failing_since: Date | null
  /** What waits for approval: name `pending_id` to approve exactly that. */
  pending: {
    pending_id: string
    found_at: Date
    changes: MetadataChanges
    reasons: ApprovalReason[]
  } | null
}

/** Throws `saml_connection_not_found`. */
export async function metadataStatus(
  db: Database,
  project_id: string,
  connection_id: string,
): Promise<MetadataStatus> {
  const row = await metadataRow(db, project_id, connection_id)
  const reads = row.metadata_url !== '' && row.metadata_refresh !== 'off'
  return {
    metadata_url: row.metadata_url,
    metadata_refresh: row.metadata_refresh,
    checked_at: row.metadata_checked_at,
    due_at: reads ? row.metadata_due_at : null,
    error: row.metadata_error,
    failing_since: row.metadata_failing_since,
    pending: await pendingOf(db, row),
  }
}

async function pendingOf(db: Database, row: MetadataRow): Promise<MetadataStatus['pending']> {
  const { metadata_pending: pending, project_id, connection_id } = row
  const connection = pending && (await connectionRow(db, project_id, connection_id))
  if (!connection) return null
  const { document, found_at } = pending
  const keys = await keysOf(db, [connection])
  const { changes, reasons } = compareMetadata(connection, keys, row.metadata_last, document)
  return { pending_id: document.id, found_at: new Date(found_at), changes, reasons }
}

/**
 * Sets whether metadata are read by themselves, and whether changes wait for approval. Switched on, they
 * are read within a minute. Throws `saml_connection_not_found`.
 */
export async function setMetadataRefresh(
  services: Services,
  project_id: string,
  connection_id: string,
  metadata_refresh: MetadataRefresh,
  by: DecidedBy,
): Promise<void> {
  const found = await metadataRow(services.db, project_id, connection_id)
  await transaction(services.db, async (trx) => {
    const row = (await lockMetadata(trx, found))?.row
    if (!row) throw new ApiError('saml_connection_not_found')
    if (row.metadata_refresh === metadata_refresh) return
    const now = services.now()
    await writeMetadata(trx, row, { metadata_refresh, metadata_due_at: now })
    await recordAudit(trx, {
      ...by,
      ...auditTarget(row),
      action: 'connection.metadata_refresh_set',
      before: { metadata_refresh: row.metadata_refresh },
      after: { metadata_refresh },
      at: now,
    })
  })
}

/**
 * Takes the changes that wait, if they still are those that `pending_id` names: what somebody looked at is
 * what is taken. Throws `saml_connection_not_found`, `bad_request` where others wait by now, or none, and
 * `saml_connection_metadata_invalid_format` for a copy that has expired or does not fit.
 */
export async function approveMetadata(
  services: Services,
  project_id: string,
  connection_id: string,
  { pending_id, ...by }: DecidedBy & { pending_id: string },
): Promise<MetadataChanges> {
  const taken = await decide(
    services,
    project_id,
    connection_id,
    pending_id,
    async (trx, found) => {
      const { row, document, changes } = found
      const problem = metadataProblem(document, found, services.now())
      if (problem !== null)
        throw new ApiError('saml_connection_metadata_invalid_format', { message: problem })
      await takeMetadata(services, trx, row, { ...by, document, changes })
      return changes
    },
  )
  services.caches.drop('connection', connection_id)
  return taken
}

/**
 * Leaves the connection as it is. The same copy is not proposed again; a later one is, with what differs
 * between the two. Throws as `approveMetadata` does.
 */
export async function rejectMetadata(
  services: Services,
  project_id: string,
  connection_id: string,
  { pending_id, ...by }: DecidedBy & { pending_id: string },
): Promise<void> {
  await decide(services, project_id, connection_id, pending_id, async (trx, found) => {
    const { row, document, changes } = found
    const now = services.now()
    const { metadata_last, metadata_pending } = freshMetadata(now, document)
    await writeMetadata(trx, row, { metadata_last, metadata_pending })
    await recordAudit(trx, {
      ...by,
      ...auditTarget(row),
      action: 'connection.metadata_rejected',
      before: publicChanges(changes),
      at: now,
    })
  })
}

interface Found extends ReturnType<typeof compareMetadata> {
  row: MetadataRow
  document: MetadataDocument
}

async function decide<T>(
  services: Services,
  project_id: string,
  connection_id: string,
  pending_id: string,
  decision: (trx: Transaction<Schema>, found: Found) => Promise<T>,
): Promise<T> {
  const source = await metadataRow(services.db, project_id, connection_id)
  return transaction(services.db, async (trx) => {
    const stored = await lockMetadata(trx, source)
    if (!stored) throw new ApiError('saml_connection_not_found')
    const { row, connection, keys } = stored
    const document = row.metadata_pending?.document
    if (document?.id !== pending_id)
      throw new ApiError('bad_request', {
        message: document
          ? 'The metadata have changed again meanwhile: look at what waits now.'
          : 'No changes of the metadata wait for approval any more.',
      })
    const compared = compareMetadata(connection, keys, row.metadata_last, document)
    return decision(trx, { ...compared, row, document })
  })
}
