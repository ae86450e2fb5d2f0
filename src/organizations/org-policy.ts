import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { PolicyRole } from '../rbac/policy.ts'
import { findOrganization } from './organization.ts'

/** Empty so far, but there: the SDKs' local checks fail where it is missing. */
export const getOrgPolicy = endpoint({
  method: 'GET',
  path: '/v1/b2b/rbac/organizations/:organization_id',
  summary: 'Roles that an organization has beside those of the project',
  input: z.object({ organization_id: z.string() }),
  output: z.object({ org_policy: z.object({ roles: z.array(PolicyRole) }) }),
  async run({ organization_id }, context) {
    await findOrganization(context.db, context.project, organization_id)
    return { org_policy: { roles: [] } }
  },
})
