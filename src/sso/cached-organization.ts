import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'
import { type OrganizationRow, organizationColumns } from '../organizations/organization.ts'

/** An organization as it was when it was read. */
export interface CachedOrganization extends OrganizationRow {
  /** Of its row: another one after each change (`xmin` of PostgreSQL). */
  version: string
}

const byId = `select ${organizationColumns.join(', ')},
    (select o.xmin::text from organizations o where o.project_id = $1 and o.organization_id = $2) as version
  from organization_objects where project_id = $1 and organization_id = $2`

/**
 * An organization by its id, with its policies, from the cache. Throws `organization_not_found`, also for
 * another project's. A stale value decides nothing but where to send a browser: `authenticate` reads the
 * organization anew, or has the version compared.
 */
export async function cachedOrganization(
  services: Services,
  { project_id, organization_id }: { project_id: string; organization_id: string },
): Promise<CachedOrganization> {
  const organization = await services.caches.get('organization', organization_id, async () => {
    const rows = await statement<CachedOrganization>(services.db, byId, [
      project_id,
      organization_id,
    ])
    if (!rows[0]) throw new ApiError('organization_not_found')
    return rows[0]
  })
  // The key of the cache names no project.
  if (organization.project_id !== project_id) throw new ApiError('organization_not_found')
  return organization
}
