import type { Services } from '../context.ts'
import { ApiError } from '../http/errors.ts'
import { writeSPMetadata } from '../saml/metadata.ts'
import { callbackURL, findConnectionAnywhere } from './connections.ts'

/**
 * `GET /v1/public/sso/saml/metadata/:connection_id`: what an identity provider imports to know us
 * (Metadata 2.0). Public: it holds addresses and certificates, no secrets. Throws
 * `sso_connection_not_found`, and `saml_connection_not_found` for an OIDC connection.
 */
export async function spMetadata(services: Services, connection_id: string): Promise<Response> {
  const connection = await findConnectionAnywhere(services, connection_id)
  if (connection.type !== 'saml' || !connection.signing_key)
    throw new ApiError('saml_connection_not_found')
  const url = callbackURL(services.config.base_url, connection_id)
  const { encryption_certificate, signing_key } = connection
  const { certificate, older_certificates } = signing_key
  const xml = writeSPMetadata({
    audience_uri: url,
    acs_url: url,
    nameid_format: connection.nameid_format,
    // Keycloak's importer keeps the last.
    signing_certificates: [...older_certificates, certificate],
    ...(encryption_certificate && { encryption_certificate }),
  })
  return new Response(xml, {
    headers: { 'content-type': 'application/samlmetadata+xml; charset=utf-8' },
  })
}
