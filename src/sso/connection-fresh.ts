import type { Services } from '../context.ts'
import type { Stored } from './connection-change.ts'
import { type Connection, connectionRow, keysOf, readyConnection } from './connections.ts'

/**
 * A connection as it is stored now, past the cache, as a row with its keys and as a login needs it;
 * undefined where the project has no such connection.
 */
export async function freshConnection(
  services: Services,
  project_id: string,
  connection_id: string,
): Promise<(Stored & { connection: Connection }) | undefined> {
  const row = await connectionRow(services.db, project_id, connection_id)
  if (!row) return undefined
  const keys = await keysOf(services.db, [row])
  return { row, keys, connection: readyConnection(services, row, keys) }
}
