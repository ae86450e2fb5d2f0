import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { defaultResources } from './resources.ts'
import { defaultRoles } from './roles.ts'

const permissions = z.array(z.object({ resource_id: z.string(), actions: z.array(z.string()) }))

/** A role of a policy, as the wire has it. */
export const PolicyRole = z.object({
  role_id: z.string(),
  description: z.string(),
  permissions,
})

/** The SDKs fetch it once and check permissions of session JWTs locally. */
export const getPolicy = endpoint({
  method: 'GET',
  path: '/v1/b2b/rbac/policy',
  summary: 'Roles of the project and the resources that they are about',
  input: z.object({}),
  output: z.object({
    policy: z.object({
      roles: z.array(PolicyRole),
      resources: z.array(
        z.object({
          resource_id: z.string(),
          description: z.string(),
          actions: z.array(z.string()),
        }),
      ),
      scopes: z.array(z.object({ scope: z.string(), description: z.string(), permissions })),
    }),
  }),
  async run() {
    return { policy: { roles: [...defaultRoles], resources: [...defaultResources], scopes: [] } }
  },
})
