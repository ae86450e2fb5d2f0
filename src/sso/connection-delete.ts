import type { Transaction } from 'kysely'
import { z } from 'zod'
import { statement, transaction } from '../db/connect.ts'
import type { Schema } from '../db/schema.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import {
  dropFromCaches,
  findTarget,
  lockOrganization,
  recordConnection,
  resignAsDefault,
} from './connection-change.ts'
import { connectionPath } from './connection-input.ts'
import type { ConnectionRow } from './connections.ts'

/**
 * `sso.deleteConnection`: with it go its keys, the registrations of members, and every session that a
 * login over it began or strengthened.
 */
export const deleteConnection = endpoint({
  method: 'DELETE',
  path: '/v1/b2b/sso/:organization_id/connections/:connection_id',
  summary: 'Delete an SSO connection',
  permission: { resource_id: 'stytch.sso', action: 'delete' },
  input: z.object(connectionPath),
  output: z.object({ connection_id: z.string() }),
  async run(input, context) {
    const { organization, row } = await findTarget(context, input)
    await transaction(context.db, async (trx) => {
      const default_id = await lockOrganization(trx, organization)
      if (default_id === row.connection_id && (await hasOtherActive(trx, row)))
        throw new ApiError('cannot_delete_default_sso_connection')
      await resignAsDefault(trx, row, context.now())
      await awaitLogins(trx, row)
      await revokeSessions(trx, row)
      await stopProvisioning(trx, row)
      await trx
        .deleteFrom('sso_connections')
        .where('project_id', '=', row.project_id)
        .where('connection_id', '=', row.connection_id)
        .execute()
      await recordConnection(trx, context, 'delete', { row, keys: [] })
    })
    dropFromCaches(context, row)
    return { connection_id: row.connection_id }
  },
})

async function hasOtherActive(trx: Transaction<Schema>, row: ConnectionRow): Promise<boolean> {
  const other = await trx
    .selectFrom('sso_connections')
    .select('connection_id')
    .where('project_id', '=', row.project_id)
    .where('organization_id', '=', row.organization_id)
    .where('connection_id', '<>', row.connection_id)
    .where('status', '=', 'active')
    .limit(1)
    .executeTakeFirst()
  return other !== undefined
}

/**
 * Waits for the logins that are being redeemed, so that their sessions are seen and end too; those that
 * come later wait for the end of the transaction and find the connection gone.
 */
async function awaitLogins(trx: Transaction<Schema>, row: ConnectionRow): Promise<void> {
  for (const table of ['sso_connections', 'sso_registrations'])
    await statement(
      trx,
      `select 1 from ${table} where project_id = $1 and connection_id = $2 for update`,
      [row.project_id, row.connection_id],
    )
}

/** Ends the sessions of its members that hold a factor of this connection, whatever else they hold. */
async function revokeSessions(trx: Transaction<Schema>, row: ConnectionRow): Promise<void> {
  for (const table of ['sessions', 'intermediate_sessions'])
    await statement(
      trx,
      `delete from ${table} s using sso_registrations r
        where r.project_id = $1 and r.connection_id = $2
          and s.project_id = r.project_id and s.member_id = r.member_id
          and jsonb_path_exists(s.authentication_factors, '$.** ? (@ == $id)', jsonb_build_object('id', $2::text))`,
      [row.project_id, row.connection_id],
    )
}

async function stopProvisioning(trx: Transaction<Schema>, row: ConnectionRow): Promise<void> {
  await statement(
    trx,
    `update organizations
      set sso_jit_provisioning_allowed_connections = array_remove(sso_jit_provisioning_allowed_connections, $3)
      where project_id = $1 and organization_id = $2 and $3 = any(sso_jit_provisioning_allowed_connections)`,
    [row.project_id, row.organization_id, row.connection_id],
  )
}
