/** What is stored about the metadata of a connection, and how a copy of them is taken into it. */
import type { Transaction } from 'kysely'
import type { Context, Services } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'
import type { Schema } from '../db/schema.ts'
import { type Actor, recordAudit } from '../events/audit.ts'
import { recordEvent } from '../events/events.ts'
import { ApiError } from '../http/errors.ts'
import { changeConnection, lockOrganization } from './connection-change.ts'
import { type ConnectionRow, connectionRow, type KeyRow, keysOf } from './connections.ts'
import type { MetadataDocument } from './metadata-document.ts'
import type { MetadataChanges } from './metadata-refresh-diff.ts'
import { freshMetadata, type MetadataSource } from './metadata-refresh-record.ts'
import { addVerificationCertificates, readCertificate } from './saml-connection-keys.ts'

type Trx = Transaction<Schema>

/** A copy that waits for approval. */
export interface PendingMetadata {
  found_at: string
  document: MetadataDocument
}

/** What is stored about the metadata of a connection. */
export type MetadataRow = MetadataSource &
  Pick<
    ConnectionRow,
    | 'display_name'
    | 'metadata_refresh'
    | 'metadata_checked_at'
    | 'metadata_due_at'
    | 'metadata_error'
    | 'metadata_failing_since'
  > & { metadata_pending: PendingMetadata | null; metadata_last: MetadataDocument | null }

/**
 * Writes a copy into its connection, and remembers it as the last one. In a transaction that has the
 * connection locked by `lockMetadata`. Throws as `changeConnection` does.
 */
export async function takeMetadata(
  services: Services,
  trx: Trx,
  row: MetadataRow,
  taken: {
    document: MetadataDocument
    changes: MetadataChanges
    actor: Actor
    address?: string
    request_id?: string
  },
): Promise<void> {
  const { document, changes, actor, ...from } = taken
  const now = services.now()
  const context = contextOf(services, trx, row.project_id)
  const { organization_id, connection_id } = row
  const target = { organization_id, connection_id, type: 'saml' as const }
  await changeConnection(context, target, async (_trx, { row: before, keys }) => {
    const gone = new Set(changes.certificates_removed.map((each) => each.certificate_id))
    await trx
      .deleteFrom('saml_keys')
      .where('project_id', '=', row.project_id)
      .where('connection_id', '=', connection_id)
      .where('purpose', '=', 'verification')
      .where((eb) => eb('key_id', '=', eb.fn.any(eb.val([...gone]))))
      .execute()
    const left = { row: before, keys: keys.filter((key) => !gone.has(key.key_id)) }
    const added = changes.certificates_added.map((each) => readCertificate(each.certificate))
    await addVerificationCertificates(context, trx, left, added)
    return {
      ...(changes.idp_entity_id && { idp_entity_id: changes.idp_entity_id.after }),
      ...(changes.idp_sso_url && { idp_sso_url: changes.idp_sso_url.after }),
      ...(changes.idp_sso_binding && { idp_sso_binding: changes.idp_sso_binding.after }),
      ...freshMetadata(now, document),
    }
  })
  await recordAudit(trx, {
    ...from,
    ...auditTarget(row),
    actor,
    action: 'connection.metadata_taken',
    after: publicChanges(changes),
    at: now,
  })
  await tellOfMetadata(services, trx, row, { state: 'taken', changes })
}

function contextOf(services: Services, db: Database, project_id: string): Context {
  const environment = environmentOf(project_id)
  const request_id = newId('request-id', environment)
  return {
    ...services,
    db,
    project: { project_id, environment },
    request_id,
    member_session: null,
  }
}

/** Records the event that metadata have changed: taken, or waiting for approval. */
export async function tellOfMetadata(
  services: Services,
  trx: Trx,
  row: MetadataRow,
  { state, changes }: { state: 'taken' | 'pending'; changes: MetadataChanges },
): Promise<void> {
  const { project_id, organization_id, connection_id, metadata_url } = row
  await recordEvent(trx, {
    project_id,
    event_type: 'metadata.changed',
    organization_id,
    object_id: connection_id,
    data: { connection_id, organization_id, metadata_url, state, ...publicChanges(changes) },
    request_id: '',
    at: services.now(),
  })
}

/** Changes as events and the audit show them: certificates by fingerprint. */
export function publicChanges({
  certificates_added,
  certificates_removed,
  ...fields
}: MetadataChanges): Record<string, unknown> {
  const short = (list: MetadataChanges['certificates_added']) =>
    list.map(({ fingerprint, issuer, expires_at }) => ({ fingerprint, issuer, expires_at }))
  return {
    ...fields,
    certificates_added: short(certificates_added),
    certificates_removed: short(certificates_removed),
  }
}

/** What an audit entry about the metadata of a connection names. */
export function auditTarget(row: MetadataRow) {
  return {
    project_id: row.project_id,
    organization_id: row.organization_id,
    target_type: 'connection',
    target_id: row.connection_id,
    target_name: row.display_name,
  }
}

const columns = `project_id, organization_id, connection_id, display_name, metadata_url, metadata_refresh,
  metadata_checked_at, metadata_due_at, metadata_error, metadata_failing_since, metadata_pending, metadata_last`

/** What is stored about the metadata of a SAML connection; throws `saml_connection_not_found`. */
export async function metadataRow(
  db: Database,
  project_id: string,
  connection_id: string,
): Promise<MetadataRow> {
  const [row] = await statement<MetadataRow>(
    db,
    `select ${columns} from sso_connections
      where project_id = $1 and connection_id = $2 and type = 'saml'`,
    [project_id, connection_id],
  )
  if (!row) throw new ApiError('saml_connection_not_found')
  return row
}

/** The same within a transaction, with all that the copy is compared with, and no other change beside it. */
export async function lockMetadata(
  trx: Trx,
  source: MetadataSource,
): Promise<{ row: MetadataRow; connection: ConnectionRow; keys: KeyRow[] } | undefined> {
  const { project_id, connection_id } = source
  await lockOrganization(trx, source)
  const connection = await connectionRow(trx, project_id, connection_id)
  if (!connection) return undefined
  const row = await metadataRow(trx, project_id, connection_id)
  return { row, connection, keys: await keysOf(trx, [connection]) }
}
