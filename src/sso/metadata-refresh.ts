/**
 * The metadata of identity providers are read again every six hours, by one node each time. What has
 * changed is taken, or waits for somebody to approve it; whatever goes wrong, the last good copy stays.
 */
import type { Transaction } from 'kysely'
import type { Services } from '../context.ts'
import { statement, transaction } from '../db/connect.ts'
import type { Schema } from '../db/schema.ts'
import type { Actor } from '../events/audit.ts'
import { ApiError } from '../http/errors.ts'
import { fetchMetadata, type MetadataDocument } from './metadata-document.ts'
import { compareMetadata, type MetadataChanges, metadataProblem } from './metadata-refresh-diff.ts'
import {
  freshMetadata,
  type MetadataSource,
  recordFailure,
  writeMetadata,
} from './metadata-refresh-record.ts'
import {
  lockMetadata,
  metadataRow,
  type PendingMetadata,
  takeMetadata,
  tellOfMetadata,
} from './metadata-refresh-take.ts'

type Trx = Transaction<Schema>

/** What came of reading the metadata of a connection. */
export type RefreshOutcome =
  | { outcome: 'unchanged' }
  /** The connection has the changes now. */
  | { outcome: 'taken'; changes: MetadataChanges }
  /** Somebody must approve them. */
  | { outcome: 'pending'; changes: MetadataChanges }
  | { outcome: 'failed'; error: string }
  /** The address was changed or the connection deleted meanwhile. */
  | { outcome: 'gone' }

const batch = 16
const atOnce = 8
/** For how long a node that reads metadata keeps the others from it. */
const leaseMs = 5 * 60_000
const system: Actor = { type: 'system', id: 'metadata-refresh', name: 'Metadata refresh' }

/** Reads the metadata that are due; connections that another node reads are left to it. Returns how many. */
export async function refreshDueMetadata(services: Services, mostMs = 20_000): Promise<number> {
  const began = performance.now()
  let count = 0
  let due: MetadataSource[]
  do {
    due = await claimDue(services)
    count += due.length
    for (let i = 0; i < due.length; i += atOnce)
      await Promise.all(due.slice(i, i + atOnce).map((source) => refreshQuietly(services, source)))
  } while (due.length === batch && performance.now() - began < mostMs)
  return count
}

/** One statement moves the next reading ahead, and tells which ones this node got. */
function claimDue({ db, now }: Services): Promise<MetadataSource[]> {
  const at = now()
  return statement<MetadataSource>(
    db,
    `update sso_connections c set metadata_due_at = $2
      from (
        select project_id, connection_id from sso_connections
        where metadata_url <> '' and metadata_refresh <> 'off' and metadata_due_at <= $1
        order by metadata_due_at limit $3 for no key update skip locked) due
      where c.project_id = due.project_id and c.connection_id = due.connection_id
      returning c.project_id, c.organization_id, c.connection_id, c.metadata_url`,
    [at, new Date(at.getTime() + leaseMs), batch],
  )
}

async function refreshQuietly(services: Services, source: MetadataSource): Promise<void> {
  try {
    await refresh(services, source)
  } catch (error) {
    const { connection_id } = source
    services.log.warn(
      { err: error, connection_id },
      'metadata were not refreshed: tried again soon',
    )
  }
}

/**
 * Reads the metadata of a connection now. With refreshing off, changes wait for approval. Throws
 * `saml_connection_not_found`, and `invalid_saml_metadata_url` where the connection has no address of any.
 */
export async function refreshNow(
  services: Services,
  project_id: string,
  connection_id: string,
): Promise<RefreshOutcome> {
  const row = await metadataRow(services.db, project_id, connection_id)
  if (row.metadata_url === '')
    throw new ApiError('invalid_saml_metadata_url', {
      message: 'No metadata_url is known of this connection: it was set up without one.',
    })
  return refresh(services, row)
}

async function refresh(services: Services, source: MetadataSource): Promise<RefreshOutcome> {
  try {
    const document = await fetchMetadata(services, source.metadata_url)
    return await transaction(services.db, (trx) => consider(services, trx, source, document))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    await recordFailure(services, services.db, source, error.message)
    return { outcome: 'failed', error: error.message }
  } finally {
    services.caches.drop('connection', source.connection_id)
  }
}

async function consider(
  services: Services,
  trx: Trx,
  source: MetadataSource,
  document: MetadataDocument,
): Promise<RefreshOutcome> {
  const now = services.now()
  const stored = await lockMetadata(trx, source)
  if (!stored || stored.row.metadata_url !== source.metadata_url) return { outcome: 'gone' }
  const { row, keys } = stored
  const base = row.metadata_last
  const found = compareMetadata(stored.connection, keys, base, document)
  const problem = metadataProblem(document, found, now)
  if (problem !== null) {
    await recordFailure(services, trx, source, problem)
    return { outcome: 'failed', error: problem }
  }
  const { changes, reasons, changed } = found
  if (base?.id === document.id || !changed) {
    await writeMetadata(trx, source, freshMetadata(now, document))
    return { outcome: 'unchanged' }
  }
  if (row.metadata_refresh === 'automatic' && reasons.length === 0) {
    await takeMetadata(services, trx, row, { document, changes, actor: system })
    return { outcome: 'taken', changes }
  }
  const { metadata_pending: waiting } = row
  const pending = { found_at: now.toISOString(), document } satisfies PendingMetadata
  const known = waiting?.document.id === document.id
  await writeMetadata(trx, source, {
    ...freshMetadata(now),
    ...(!known && { metadata_pending: JSON.stringify(pending) }),
  })
  if (!known) await tellOfMetadata(services, trx, row, { state: 'pending', changes })
  return { outcome: 'pending', changes }
}
