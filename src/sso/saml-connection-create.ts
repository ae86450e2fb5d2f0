import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { findOrganization } from '../organizations/organization.ts'
import { insertConnection } from './connection-change.ts'
import { NewConnection } from './connection-input.ts'
import { SAMLConnection, toSAMLConnection } from './connection-objects.ts'
import { addSigningPair, newSigningPair } from './saml-connection-keys.ts'

/** `sso.saml.createConnection`: pending, with a certificate of its own that signs its requests. */
export const createSAMLConnection = endpoint({
  method: 'POST',
  path: '/v1/b2b/sso/saml/:organization_id',
  summary: 'Create a SAML connection',
  permission: { resource_id: 'stytch.sso', action: 'create' },
  input: NewConnection,
  output: z.object({ connection: SAMLConnection }),
  async run({ organization_id, display_name = '', identity_provider = 'generic' }, context) {
    await findOrganization(context.db, context.project, organization_id)
    const pair = await newSigningPair(context)
    const { row, keys } = await insertConnection(
      context,
      organization_id,
      { type: 'saml', display_name, identity_provider },
      (trx, row) => addSigningPair(context, trx, { row, keys: [] }, pair),
    )
    return { connection: toSAMLConnection(context.config, row, keys) }
  },
})
