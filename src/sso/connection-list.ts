import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { findOrganization } from '../organizations/organization.ts'
import {
  OIDCConnection,
  SAMLConnection,
  toOIDCConnection,
  toSAMLConnection,
} from './connection-objects.ts'
import { connectionsOf, keysOf } from './connections.ts'

/** `sso.getConnections`: all connections of an organization, pending ones too. */
export const getConnections = endpoint({
  method: 'GET',
  path: '/v1/b2b/sso/:organization_id',
  summary: "List an organization's SSO connections",
  permission: { resource_id: 'stytch.sso', action: 'get' },
  input: z.object({ organization_id: z.string() }),
  output: z.object({
    saml_connections: z.array(SAMLConnection),
    oidc_connections: z.array(OIDCConnection),
    external_connections: z.array(z.never()),
  }),
  async run(input, { config, db, project }) {
    const organization = await findOrganization(db, project, input.organization_id)
    const rows = await connectionsOf(db, organization)
    const keys = await keysOf(db, rows)
    return {
      saml_connections: rows
        .filter((row) => row.type === 'saml')
        .map((row) => toSAMLConnection(config, row, keys)),
      oidc_connections: rows
        .filter((row) => row.type === 'oidc')
        .map((row) => toOIDCConnection(config, row)),
      external_connections: [],
    }
  },
})
