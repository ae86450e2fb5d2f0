/**
 * What the dashboard and the setup portal switch at a connection, beside its settings: whether members log
 * in over it, and whether the messages of logins are kept.
 */
import type { Context, Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'
import { type ConnectionUpdate, changeConnection, type Stored } from './connection-change.ts'
import { missingSettings } from './connection-complete.ts'
import { connectionRow } from './connections.ts'

const longestDebugMs = 24 * 3_600_000

/**
 * Lets members log in over a connection that waited for it; from now on it is active whenever it has all
 * that it needs. Throws `sso_connection_not_found`, and `bad_request` that names what is missing.
 */
export function activateConnection(
  services: Services,
  project_id: string,
  connection_id: string,
): Promise<Stored> {
  return change(services, project_id, connection_id, ({ row, keys }) => {
    const missing = missingSettings(row, keys)
    if (missing.length > 0)
      throw new ApiError('bad_request', {
        message: `The connection cannot be activated before it has ${missing.join(', ')}.`,
      })
    return { activation: 'automatic' }
  })
}

/**
 * Makes a connection pending until `activateConnection`, whatever is filled in: nobody logs in over it
 * meanwhile, but it can be tried (test-login.ts). Throws `sso_connection_not_found`.
 */
export function deactivateConnection(
  services: Services,
  project_id: string,
  connection_id: string,
): Promise<Stored> {
  return change(services, project_id, connection_id, () => ({ activation: 'manual' }))
}

async function change(
  services: Services,
  project_id: string,
  connection_id: string,
  columns: (stored: Stored) => ConnectionUpdate,
): Promise<Stored> {
  const row = await connectionRow(services.db, project_id, connection_id)
  if (!row) throw new ApiError('sso_connection_not_found')
  const { organization_id } = row
  const target = { organization_id, connection_id }
  return changeConnection(contextOf(services, project_id), target, async (_trx, stored) =>
    columns(stored),
  )
}

/** A context with the authority of the whole project, for what the dashboard and the portal change. */
export function contextOf(services: Services, project_id: string): Context {
  const environment = environmentOf(project_id)
  return {
    ...services,
    project: { project_id, environment },
    request_id: newId('request-id', environment),
    source: 'dashboard',
    member_session: null,
  }
}

/**
 * Keeps the messages of a connection's logins until then, at most 24 hours ahead; null stops it at once.
 * Throws `bad_request` for another time, and `sso_connection_not_found`.
 */
export async function setDebug(
  services: Services,
  project_id: string,
  connection_id: string,
  until: Date | null,
): Promise<void> {
  const ahead = until === null ? 1 : until.getTime() - services.now().getTime()
  if (!(ahead > 0 && ahead <= longestDebugMs))
    throw new ApiError('bad_request', {
      message: 'Messages are kept until a time in the next 24 hours.',
    })
  const rows = await statement(
    services.db,
    `update sso_connections set debug_until = $3 where project_id = $1 and connection_id = $2
      returning connection_id`,
    [project_id, connection_id, until],
  )
  if (!rows[0]) throw new ApiError('sso_connection_not_found')
  services.caches.drop('connection', connection_id)
}
