/**
 * Organizations: the customers of an application, each with its members, connections and settings. This
 * file holds the endpoints; beside it are the fields (organization-input.ts), the rules between them
 * (organization-settings.ts) and what a member session may change (organization-permissions.ts).
 */
import { z } from 'zod'
import type { Context } from '../context.ts'
import { type Database, statement, transaction } from '../db/connect.ts'
import { newId } from '../db/ids.ts'
import { type EventAction, recordChange } from '../events/events.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { claimDomains } from './claimed-domains.ts'
import { assertOwnConnections } from './default-connection.ts'
import { mergeMetadata } from './metadata.ts'
import { reserveNames, reserveSlugOf } from './names.ts'
import {
  findOrganization,
  Organization,
  type OrganizationRow,
  organizationColumns,
  toOrganization,
} from './organization.ts'
import { CreateInput, type OrganizationChange, UpdateFields } from './organization-input.ts'
import { assertMemberMayChange, updateActions } from './organization-permissions.ts'
import { type ChangedColumns, changedSettings, defaultSettings } from './organization-settings.ts'

const Reference = z.object({ organization_id: z.string() })
const OrganizationAnswer = z.object({ organization: Organization })

export const createOrganization = endpoint({
  method: 'POST',
  path: '/v1/b2b/organizations',
  summary: 'Create an organization',
  input: CreateInput,
  output: OrganizationAnswer,
  async run(given, context) {
    const { project } = context
    const organization_id = newId('organization', project.environment)
    const owner = { project_id: project.project_id, organization_id }
    const settings = defaultSettings(given)
    const changes = changedSettings(settings, given, { creating: true })
    const now = context.now()
    return transaction(context.db, async (trx) => {
      if (given.organization_slug) await reserveNames(trx, owner, given)
      const organization_slug =
        given.organization_slug ?? (await reserveSlugOf(trx, owner, given.organization_name))
      await reserveNames(trx, owner, { organization_external_id: given.organization_external_id })
      await claimDomains(trx, owner, changes.claimed_email_domains ?? [])
      const trusted_metadata = mergeMetadata({}, given.trusted_metadata ?? {})
      const row = { ...settings, ...changes, ...owner, organization_slug, trusted_metadata }
      await trx
        .insertInto('organizations')
        .values({
          ...toColumns(row),
          organization_name: given.organization_name,
          created_at: now,
          updated_at: now,
        })
        .execute()
      const organization = await findOrganization(trx, project, organization_id)
      await record(trx, context, 'create', organization)
      return { organization: toOrganization(organization) }
    })
  },
})

export const getOrganization = endpoint({
  method: 'GET',
  path: '/v1/b2b/organizations/:organization_id',
  summary: 'Get an organization',
  input: Reference,
  output: OrganizationAnswer,
  async run({ organization_id }, context) {
    const organization = await findOrganization(context.db, context.project, organization_id)
    return { organization: toOrganization(organization) }
  },
})

export const updateOrganization = endpoint({
  method: 'PUT',
  path: '/v1/b2b/organizations/:organization_id',
  summary: 'Update an organization: only the fields that are given',
  input: Reference.extend(UpdateFields.shape),
  output: OrganizationAnswer,
  permission: { resource_id: 'stytch.organization', action: updateActions },
  async run({ organization_id: reference, ...given }, context) {
    const { organization_id } = await findAddressed(context, reference)
    const organization = await transaction(context.db, async (trx) => {
      const stored = await lockOrganization(trx, context, organization_id)
      if (context.member_session) assertMemberMayChange(given, stored)
      const changes = await validChanges(trx, stored, given)
      const changed = Object.keys(changes).length > 0
      if (changed)
        await trx
          .updateTable('organizations')
          .set({ ...toColumns(changes), updated_at: context.now() })
          .where('project_id', '=', stored.project_id)
          .where('organization_id', '=', organization_id)
          .execute()
      const organization = await findOrganization(trx, context.project, organization_id)
      if (changed) await record(trx, context, 'update', organization)
      return organization
    })
    context.caches.drop('organization', organization_id)
    return { organization: toOrganization(organization) }
  },
})

export const deleteOrganization = endpoint({
  method: 'DELETE',
  path: '/v1/b2b/organizations/:organization_id',
  summary: 'Delete an organization with its members, sessions and connections',
  input: Reference,
  output: z.object({ organization_id: z.string() }),
  permission: { resource_id: 'stytch.organization', action: 'delete' },
  async run({ organization_id: reference }, context) {
    const organization = await findAddressed(context, reference)
    const { project_id, organization_id } = organization
    await transaction(context.db, async (trx) => {
      const deleted = await statement(
        trx,
        `with gone as (delete from organizations where project_id = $1 and organization_id = $2
           returning organization_id),
         flows as (delete from sso_flows where project_id = $1 and connection_id in (
           select connection_id from sso_connections where project_id = $1 and organization_id = $2))
         select organization_id from gone`,
        [project_id, organization_id],
      )
      if (deleted.length === 0) throw new ApiError('organization_not_found')
      await record(trx, context, 'delete', organization)
    })
    context.caches.drop('organization', organization_id)
    for (const { connection_id } of organization.sso_active_connections)
      context.caches.drop('connection', connection_id)
    return { organization_id }
  },
})

async function record(
  trx: Database,
  context: Context,
  action: EventAction,
  row: OrganizationRow,
): Promise<void> {
  const { organization_id } = row
  const object = Organization.parse(toOrganization(row))
  const change = {
    object_type: 'organization',
    action,
    organization_id,
    id: organization_id,
  } as const
  await recordChange(trx, context, action === 'delete' ? change : { ...change, object })
}

/** The organization of a reference, which must be the member session's own where there is one. */
async function findAddressed(context: Context, reference: string): Promise<OrganizationRow> {
  const organization = await findOrganization(context.db, context.project, reference)
  const { member_session } = context
  if (member_session && member_session.organization_id !== organization.organization_id)
    throw new ApiError('session_authorization_tenancy_error')
  return organization
}

const lockRow = `select ${organizationColumns
  .filter((name) => name !== 'sso_active_connections')
  .join(', ')}
  from organizations where project_id = $1 and organization_id = $2 for update`

/** The stored settings, locked until the transaction ends: rules between fields hold under concurrency. */
async function lockOrganization(
  trx: Database,
  context: Context,
  organization_id: string,
): Promise<OrganizationRow> {
  const values = [context.project.project_id, organization_id]
  const rows = await statement<OrganizationRow>(trx, lockRow, values)
  if (!rows[0]) throw new ApiError('organization_not_found')
  return rows[0]
}

async function validChanges(
  trx: Database,
  stored: OrganizationRow,
  given: OrganizationChange,
): Promise<ChangedColumns> {
  const changes = changedSettings(stored, given, { creating: false })
  await reserveNames(trx, stored, given)
  await assertOwnConnections(trx, stored, given)
  await claimDomains(trx, stored, changes.claimed_email_domains ?? [])
  if (Object.keys(given.trusted_metadata ?? {}).length > 0)
    changes.trusted_metadata = mergeMetadata(stored.trusted_metadata, given.trusted_metadata ?? {})
  return changes
}

const jsonColumns = new Set([
  'trusted_metadata',
  'rbac_email_implicit_role_assignments',
  'allowed_oauth_tenants',
])

/** The same with JSON columns as text, which is how the driver takes them. */
function toColumns<T extends ChangedColumns>(changes: T) {
  const entries = Object.entries(changes).map(([name, value]) => [
    name,
    jsonColumns.has(name) ? JSON.stringify(value) : value,
  ])
  return Object.fromEntries(entries) as {
    [K in keyof T]: K extends
      | 'trusted_metadata'
      | 'rbac_email_implicit_role_assignments'
      | 'allowed_oauth_tenants'
      ? string
      : T[K]
  }
}
