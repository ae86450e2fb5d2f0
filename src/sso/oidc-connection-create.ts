import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { insertConnection } from './connection-change.ts'
import { NewConnection } from './connection-input.ts'
import { OIDCConnection, toOIDCConnection } from './connection-objects.ts'

/** `sso.oidc.createConnection`: pending until the identity provider is filled in. */
export const createOIDCConnection = endpoint({
  method: 'POST',
  path: '/v1/b2b/sso/oidc/:organization_id',
  summary: 'Create an OIDC connection',
  permission: { resource_id: 'stytch.sso', action: 'create' },
  input: NewConnection,
  output: z.object({ connection: OIDCConnection }),
  async run({ organization_id, display_name = '', identity_provider = 'generic' }, context) {
    const { row } = await insertConnection(context, organization_id, {
      type: 'oidc',
      display_name,
      identity_provider,
    })
    return { connection: toOIDCConnection(context.config, row) }
  },
})
