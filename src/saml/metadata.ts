import { SAMLError } from './checks.ts'

/** What an identity provider's metadata says about signing in. */
export type IdPMetadata = {
  entity_id: string
  sso_url: string
  sso_binding: 'redirect' | 'post'
  /** PEM, in document order, without repetition */
  certificates: readonly string[]
  nameid_formats: readonly string[]
  want_authn_requests_signed: boolean
}

/**
 * Reads the metadata of one identity provider. Throws SAMLError
 * `invalid_xml_from_saml_metadata_url` when it is not XML that we accept, and
 * `saml_connection_metadata_invalid_format` when something in it is missing or unusable. Metadata 2.0.
 */
export function parseIdPMetadata(
  _bytes: Uint8Array,
  _options: { entity_id?: string; allow_http?: boolean } = {},
): IdPMetadata {
  throw new SAMLError('saml_connection_metadata_invalid_format', 'not built yet')
}

/** Input of {@link writeSPMetadata}. */
export type SPMetadataInput = {
  audience_uri: string
  acs_url: string
  nameid_format: string
  /** PEM; the one in use is the last (Keycloak's importer keeps only the last) */
  signing_certificates: readonly string[]
}

/** Writes the metadata that an identity provider imports for one connection. Metadata 2.0. */
export function writeSPMetadata(_input: SPMetadataInput): string {
  throw new Error('not built yet')
}
