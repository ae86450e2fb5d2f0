/** What connections are on the wire. Secrets never are: they are answered as "". */
import { z } from 'zod'
import type { Config } from '../config.ts'
import { JSONObject, Timestamp } from '../http/wire.ts'
import { type ConnectionRow, callbackURL, type KeyRow } from './connections.ts'

const X509Certificate = z.object({
  certificate_id: z.string(),
  certificate: z.string(),
  issuer: z.string(),
  created_at: Timestamp,
  expires_at: Timestamp,
  updated_at: Timestamp,
})

const common = {
  organization_id: z.string(),
  connection_id: z.string(),
  status: z.string(),
  display_name: z.string(),
  identity_provider: z.string(),
  attribute_mapping: JSONObject,
}

/** The SAMLConnection object of the wire contract. */
export const SAMLConnection = z.object({
  ...common,
  idp_entity_id: z.string(),
  idp_sso_url: z.string(),
  acs_url: z.string(),
  audience_uri: z.string(),
  signing_certificates: z.array(X509Certificate),
  verification_certificates: z.array(X509Certificate),
  encryption_private_keys: z.array(
    z.object({ private_key_id: z.string(), private_key: z.string(), created_at: Timestamp }),
  ),
  saml_connection_implicit_role_assignments: z.array(z.object({ role_id: z.string() })),
  saml_group_implicit_role_assignments: z.array(
    z.object({ role_id: z.string(), group: z.string() }),
  ),
  alternative_audience_uri: z.string(),
  alternative_acs_url: z.string(),
  nameid_format: z.string(),
  idp_initiated_auth_disabled: z.boolean(),
  allow_gateway_callback: z.boolean(),
})

/** The OIDCConnection object of the wire contract. */
export const OIDCConnection = z.object({
  ...common,
  redirect_url: z.string(),
  client_id: z.string(),
  client_secret: z.string(),
  issuer: z.string(),
  authorization_url: z.string(),
  token_url: z.string(),
  userinfo_url: z.string(),
  jwks_url: z.string(),
  custom_scopes: z.string(),
})

/** Puts a SAML connection on the wire, given its keys or those of several connections, oldest first. */
export function toSAMLConnection(
  config: Config,
  row: ConnectionRow,
  keys: readonly KeyRow[],
): z.input<typeof SAMLConnection> {
  const url = callbackURL(config.base_url, row.connection_id)
  const own = keys.filter((key) => key.connection_id === row.connection_id)
  const certificates = (purpose: KeyRow['purpose']) =>
    own
      .filter((key) => key.purpose === purpose)
      .map((key) => ({ ...key, certificate_id: key.key_id, expires_at: key.expires_at! }))
  return {
    ...row,
    acs_url: url,
    audience_uri: url,
    signing_certificates: certificates('signing'),
    verification_certificates: certificates('verification'),
    encryption_private_keys: own
      .filter((key) => key.purpose === 'encryption')
      .map(({ key_id, created_at }) => ({ private_key_id: key_id, private_key: '', created_at })),
  }
}

/** Puts an OIDC connection on the wire. */
export function toOIDCConnection(
  config: Config,
  row: ConnectionRow,
): z.input<typeof OIDCConnection> {
  return {
    ...row,
    redirect_url: callbackURL(config.base_url, row.connection_id),
    client_secret: '',
  }
}
