/** The one organization of the system project: the administrators of this server. */
import type { Services } from '../context.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { createOrganization } from '../organizations/organizations.ts'
import type { Project } from '../projects/projects.ts'
import { contextOf } from '../sso/connection-switches.ts'

const organization_slug = 'administrators'

/** The organization. Throws `organization_not_found` where somebody has deleted it. */
export function administratorsOf(
  { db }: Services,
  project: Pick<Project, 'project_id' | 'environment'>,
): Promise<OrganizationRow> {
  return findOrganization(db, project, organization_slug)
}

/** Makes it: whoever its identity provider vouches for may come in, and is then looked up among the administrators. */
export async function createAdministrators(services: Services, project_id: string): Promise<void> {
  await createOrganization.run(
    {
      organization_name: 'Administrators',
      organization_slug,
      sso_jit_provisioning: 'ALL_ALLOWED',
    },
    { ...contextOf(services, project_id), source: 'dashboard' },
  )
}
