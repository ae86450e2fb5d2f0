/**
 * Every change of a connection goes through here: one at a time for an organization, the status follows
 * from what is filled in, and the caches hear of it.
 */
import type { Insertable, Transaction, Updateable } from 'kysely'
import type { Context } from '../context.ts'
import { statement, transaction } from '../db/connect.ts'
import { newId } from '../db/ids.ts'
import type { ConnectionType, Schema, SSOConnections } from '../db/schema.ts'
import { type EventAction, recordChange } from '../events/events.ts'
import { ApiError } from '../http/errors.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { missingSettings } from './connection-complete.ts'
import {
  OIDCConnection,
  SAMLConnection,
  toOIDCConnection,
  toSAMLConnection,
} from './connection-objects.ts'
import { type ConnectionRow, connectionRow, type KeyRow, keysOf } from './connections.ts'

type Trx = Transaction<Schema>
export type ConnectionUpdate = Updateable<SSOConnections>

/** A connection with its keys, oldest first. */
export interface Stored {
  row: ConnectionRow
  keys: KeyRow[]
}

const maxConnections = 50

/**
 * Makes a pending connection; `addKeys` may store keys for it. Throws `organization_not_found` and
 * `too_many_sso_connections`.
 */
export async function insertConnection(
  context: Context,
  reference: string,
  values: Pick<
    Insertable<SSOConnections>,
    'type' | 'display_name' | 'identity_provider' | 'activation'
  >,
  addKeys: (trx: Trx, row: ConnectionRow) => Promise<void> = async () => {},
): Promise<Stored> {
  const organization = await findOrganization(context.db, context.project, reference)
  const { project_id, organization_id } = organization
  const connection_id = newId(`${values.type}-connection`, context.project.environment)
  const now = context.now()
  return transaction(context.db, async (trx) => {
    await lockOrganization(trx, organization)
    const { count } = await trx
      .selectFrom('sso_connections')
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .where('project_id', '=', project_id)
      .where('organization_id', '=', organization_id)
      .executeTakeFirstOrThrow()
    if (Number(count) >= maxConnections) throw new ApiError('too_many_sso_connections')
    await trx
      .insertInto('sso_connections')
      .values({
        ...values,
        project_id,
        organization_id,
        connection_id,
        created_at: now,
        updated_at: now,
      })
      .execute()
    const row = (await connectionRow(trx, project_id, connection_id))!
    await addKeys(trx, row)
    const made = { row, keys: await keysOf(trx, [row]) }
    await recordConnection(trx, context, 'create', made)
    return made
  })
}

/** Which connection a request names, and which kinds the endpoint takes. */
export interface Target {
  organization_id: string
  connection_id: string
  type?: ConnectionType
}

/**
 * The organization and the connection of a request. Throws `organization_not_found`, `*_not_found` for
 * one that the project does not have or that is of the other type, and
 * `sso_connection_organization_mismatch` for one of another organization.
 */
export async function findTarget(
  context: Context,
  target: Target,
): Promise<{ organization: OrganizationRow; row: ConnectionRow }> {
  const organization = await findOrganization(context.db, context.project, target.organization_id)
  const { project_id, organization_id } = organization
  const row = await connectionRow(context.db, project_id, target.connection_id)
  if (!row || (target.type && row.type !== target.type)) throw notFound(target)
  if (row.organization_id !== organization_id)
    throw new ApiError('sso_connection_organization_mismatch')
  return { organization, row }
}

function notFound(target: Target): ApiError {
  return new ApiError(`${target.type ?? 'sso'}_connection_not_found`)
}

/**
 * Changes a connection. `change` sees it as it is, with the organization locked, may store keys, and
 * returns the columns to write. Afterwards the connection is active if it has all that it needs and does
 * not wait for somebody to activate it, and becomes the organization's default if that has none. Throws as `findTarget` and `change` do.
 */
export async function changeConnection(
  context: Context,
  target: Target,
  change: (trx: Trx, stored: Stored) => Promise<ConnectionUpdate>,
): Promise<Stored> {
  const { organization, row: found } = await findTarget(context, target)
  const updated_at = context.now()
  const changed = await transaction(context.db, async (trx) => {
    await lockOrganization(trx, organization)
    const before = await load(trx, found)
    if (!before) throw notFound(target)
    await write(trx, found, { ...(await change(trx, before)), updated_at })
    const after = (await load(trx, found))!
    const ready = missingSettings(after.row, after.keys).length === 0
    const status = ready && after.row.activation === 'automatic' ? 'active' : 'pending'
    if (status !== after.row.status) {
      await write(trx, found, { status })
      if (status === 'active') await becomeDefault(trx, found, updated_at)
      else await resignAsDefault(trx, found, updated_at)
    }
    const changed = { keys: after.keys, row: { ...after.row, status } } satisfies Stored
    await recordConnection(trx, context, 'update', changed)
    return changed
  })
  dropFromCaches(context, found)
  return changed
}

/** Records the event of a change of a connection; give it the transaction of the change. */
export async function recordConnection(
  trx: Trx,
  context: Context,
  action: EventAction,
  { row, keys }: Stored,
): Promise<void> {
  const { organization_id, connection_id: id } = row
  const object =
    row.type === 'saml'
      ? SAMLConnection.parse(toSAMLConnection(context.config, row, keys))
      : OIDCConnection.parse(toOIDCConnection(context.config, row))
  const change = { object_type: `${row.type}_connection`, action, organization_id, id } as const
  await recordChange(trx, context, action === 'delete' ? change : { ...change, object })
}

async function load(trx: Trx, found: ConnectionRow): Promise<Stored | undefined> {
  const row = await connectionRow(trx, found.project_id, found.connection_id)
  return row && { row, keys: await keysOf(trx, [row]) }
}

async function write(trx: Trx, found: ConnectionRow, values: ConnectionUpdate): Promise<void> {
  await trx
    .updateTable('sso_connections')
    .set(values)
    .where('project_id', '=', found.project_id)
    .where('connection_id', '=', found.connection_id)
    .execute()
}

/**
 * Lets one change of an organization's connections happen at a time, and gives its default connection.
 * Throws `organization_not_found` if it was deleted meanwhile.
 */
export async function lockOrganization(
  trx: Trx,
  organization: Pick<OrganizationRow, 'project_id' | 'organization_id'>,
): Promise<string | null> {
  const rows = await statement<{ sso_default_connection_id: string | null }>(
    trx,
    `select sso_default_connection_id from organizations
      where project_id = $1 and organization_id = $2 for no key update`,
    [organization.project_id, organization.organization_id],
  )
  if (!rows[0]) throw new ApiError('organization_not_found')
  return rows[0].sso_default_connection_id
}

async function becomeDefault(trx: Trx, row: ConnectionRow, updated_at: Date): Promise<void> {
  await trx
    .updateTable('organizations')
    .set({ sso_default_connection_id: row.connection_id, updated_at })
    .where('project_id', '=', row.project_id)
    .where('organization_id', '=', row.organization_id)
    .where('sso_default_connection_id', 'is', null)
    .execute()
}

/** A connection that is not active, or no more, cannot be the default. */
export async function resignAsDefault(
  trx: Trx,
  row: ConnectionRow,
  updated_at: Date,
): Promise<void> {
  await trx
    .updateTable('organizations')
    .set({ sso_default_connection_id: null, updated_at })
    .where('project_id', '=', row.project_id)
    .where('organization_id', '=', row.organization_id)
    .where('sso_default_connection_id', '=', row.connection_id)
    .execute()
}

/** Makes this process forget what it cached of a connection; the others are notified by the database. */
export function dropFromCaches(context: Context, row: ConnectionRow): void {
  context.caches.drop('connection', row.connection_id)
  context.caches.drop('organization', row.organization_id)
}
