import { type Database, statement } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'

const ownConnections = `select connection_id, status from sso_connections
  where project_id = $1 and organization_id = $2 and connection_id = any($3::text[])`

/**
 * Checks the connections that an organization's settings name. Throws `invalid_sso_default_connection_id`
 * and `invalid_restricted_sso_setting` for one that is not the organization's own (another's and one
 * that does not exist alike), `requires_active_sso_connection` for a default that is pending.
 */
export async function assertOwnConnections(
  db: Database,
  organization: { project_id: string; organization_id: string },
  given: {
    sso_default_connection_id?: string | undefined
    sso_jit_provisioning_allowed_connections?: readonly string[] | undefined
  },
): Promise<void> {
  const { sso_default_connection_id, sso_jit_provisioning_allowed_connections: listed = [] } = given
  const wanted = [...listed]
  if (sso_default_connection_id !== undefined) wanted.push(sso_default_connection_id)
  if (wanted.length === 0) return
  const rows = await statement<{ connection_id: string; status: string }>(db, ownConnections, [
    organization.project_id,
    organization.organization_id,
    wanted,
  ])
  const statuses = new Map(rows.map((row) => [row.connection_id, row.status]))
  const foreign = listed.find((connection_id) => !statuses.has(connection_id))
  if (foreign !== undefined)
    throw new ApiError('invalid_restricted_sso_setting', {
      message: `sso_jit_provisioning_allowed_connections: "${foreign}" is not a connection of this organization.`,
    })
  if (sso_default_connection_id === undefined) return
  const status = statuses.get(sso_default_connection_id)
  if (status === undefined) throw new ApiError('invalid_sso_default_connection_id')
  if (status !== 'active') throw new ApiError('requires_active_sso_connection')
}
