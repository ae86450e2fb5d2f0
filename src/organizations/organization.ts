/** What an organization is on the wire, and how one is found. */

import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { RequestProject } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import type { OrganizationObjects } from '../db/schema-views.ts'
import { ApiError } from '../http/errors.ts'
import { JSONObject, Timestamp } from '../http/wire.ts'

/** An organization as read from the database, with its active connections. */
export type OrganizationRow = Selectable<OrganizationObjects>

const strings = z.array(z.string())

/** The Organization object of the wire contract. */
export const Organization = z.object({
  organization_id: z.string(),
  organization_name: z.string(),
  organization_logo_url: z.string(),
  organization_slug: z.string(),
  sso_jit_provisioning: z.string(),
  sso_jit_provisioning_allowed_connections: strings,
  sso_active_connections: z.array(
    z.object({
      connection_id: z.string(),
      display_name: z.string(),
      identity_provider: z.string(),
    }),
  ),
  email_allowed_domains: strings,
  email_jit_provisioning: z.string(),
  email_invites: z.string(),
  auth_methods: z.string(),
  allowed_auth_methods: strings,
  mfa_policy: z.string(),
  rbac_email_implicit_role_assignments: z.array(
    z.object({ domain: z.string(), role_id: z.string() }),
  ),
  mfa_methods: z.string(),
  allowed_mfa_methods: strings,
  oauth_tenant_jit_provisioning: z.string(),
  claimed_email_domains: strings,
  first_party_connected_apps_allowed_type: z.string(),
  allowed_first_party_connected_apps: strings,
  third_party_connected_apps_allowed_type: z.string(),
  allowed_third_party_connected_apps: strings,
  custom_roles: z.array(
    z.object({
      role_id: z.string(),
      description: z.string(),
      permissions: z.array(z.object({ resource_id: z.string(), actions: strings })),
    }),
  ),
  trusted_metadata: JSONObject,
  created_at: Timestamp,
  updated_at: Timestamp,
  organization_external_id: z.string().nullable(),
  sso_default_connection_id: z.string().nullable(),
  scim_active_connection: z.null(),
  allowed_oauth_tenants: JSONObject,
})

/** Puts a row on the wire; what the schema does not name is left out there. */
export function toOrganization(row: OrganizationRow): z.input<typeof Organization> {
  return { ...row, custom_roles: [], scim_active_connection: null }
}

/** The columns of `organization_objects`, for statements written as text. */
export const organizationColumns = [
  'project_id',
  ...Object.keys(Organization.shape).filter(
    (name) => name !== 'custom_roles' && name !== 'scim_active_connection',
  ),
] as (keyof OrganizationRow)[]

const byReference = `select ${organizationColumns.join(', ')} from organization_objects
  where project_id = $1 and (organization_id = $2 or organization_slug = $2 or organization_external_id = $2)
  order by organization_id = $2 desc, organization_slug = $2 desc limit 1`

/**
 * The organization that a reference names: looked up as id, then slug, then external id. Throws
 * `organization_not_found`, also for another project's.
 */
export async function findOrganization(
  db: Database,
  project: RequestProject,
  reference: string,
): Promise<OrganizationRow> {
  const rows = await statement<OrganizationRow>(db, byReference, [project.project_id, reference])
  if (!rows[0]) throw new ApiError('organization_not_found')
  return rows[0]
}

/** The names of organizations by their ids, of any projects; those that are gone are left out. */
export async function organizationNames(
  db: Database,
  of: readonly { project_id: string | null; organization_id: string | null }[],
): Promise<Map<string, string>> {
  const rows = await statement<{ organization_id: string; organization_name: string }>(
    db,
    `select organization_id, organization_name from organizations
      where (project_id, organization_id) in (select * from unnest($1::text[], $2::text[]))`,
    [of.map((each) => each.project_id), of.map((each) => each.organization_id)],
  )
  return new Map(rows.map((row) => [row.organization_id, row.organization_name]))
}
