import type { Services } from '../context.ts'
import { environmentOf } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'

/**
 * An organization by its id, with its policies, from the cache. Throws `organization_not_found`, also for
 * another project's. `authenticate` reads it anew: a stale value decides nothing but where to send a browser.
 */
export async function cachedOrganization(
  services: Services,
  { project_id, organization_id }: { project_id: string; organization_id: string },
): Promise<OrganizationRow> {
  const project = { project_id, environment: environmentOf(project_id) }
  const organization = await services.caches.get('organization', organization_id, () =>
    findOrganization(services.db, project, organization_id),
  )
  // The key of the cache names no project.
  if (organization.project_id !== project_id) throw new ApiError('organization_not_found')
  return organization
}
