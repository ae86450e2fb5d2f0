/** When metadata are read again, and what is remembered of having read them. */
import type { Services } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import type { ConnectionUpdate } from './connection-change.ts'
import type { MetadataDocument } from './metadata-document.ts'

const everyMs = 6 * 3_600_000
const maxError = 500

/** A connection whose metadata are read from an address. */
export interface MetadataSource {
  project_id: string
  organization_id: string
  connection_id: string
  metadata_url: string
}

// So that the connections of one identity provider do not all ask at once.
function jitter(): number {
  return 0.8 + Math.random() * 0.4
}

/** The columns after a reading that went well; of a copy that was taken, or rejected, with it as the last one. */
export function freshMetadata(now: Date, taken?: MetadataDocument): ConnectionUpdate {
  return {
    metadata_checked_at: now,
    metadata_error: '',
    metadata_failures: 0,
    metadata_failing_since: null,
    metadata_due_at: new Date(now.getTime() + everyMs * jitter()),
    ...(taken && { metadata_last: JSON.stringify(taken), metadata_pending: null }),
  }
}

/** Writes columns of a connection that are not part of its settings, so that it does not count as changed. */
export async function writeMetadata(
  db: Database,
  source: Pick<MetadataSource, 'project_id' | 'connection_id'>,
  values: ConnectionUpdate,
): Promise<void> {
  await db
    .updateTable('sso_connections')
    .set(values)
    .where('project_id', '=', source.project_id)
    .where('connection_id', '=', source.connection_id)
    .execute()
}

/**
 * Remembers that a reading failed; everything else stays as it is, so that logins go on with the last good
 * copy. The next one is due after 15 minutes, then 30, up to a day.
 */
export async function recordFailure(
  { log, now }: Services,
  db: Database,
  source: MetadataSource,
  error: string,
): Promise<void> {
  const at = now()
  const rows = await statement<{ metadata_failures: number }>(
    db,
    `update sso_connections set metadata_checked_at = $4, metadata_error = $5,
        metadata_failures = metadata_failures + 1,
        metadata_failing_since = coalesce(metadata_failing_since, $4),
        metadata_due_at = $4::timestamptz + make_interval(
          secs => least(86400, 900 * power(2, least(metadata_failures, 10))) * $6::float8)
      where project_id = $1 and connection_id = $2 and metadata_url = $3
      returning metadata_failures`,
    [
      source.project_id,
      source.connection_id,
      source.metadata_url,
      at,
      error.slice(0, maxError),
      jitter(),
    ],
  )
  const { connection_id } = source
  if (rows[0]?.metadata_failures === 1)
    log.warn({ connection_id, reason: error }, 'metadata could not be refreshed')
}
