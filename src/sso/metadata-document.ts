/** A copy of an identity provider's metadata: fetched, read, and as it is kept to compare later ones with. */
import { createHash } from 'node:crypto'
import type { Services } from '../context.ts'
import { ApiError } from '../http/errors.ts'
import { OutboundError } from '../http/outbound-error.ts'
import { parseIdPMetadata } from '../saml/metadata.ts'
import { urlProblem } from './connection-input.ts'
import { readCertificate, refusedBySAML } from './saml-connection-keys.ts'
import { assertSSOURL } from './saml-connection-update.ts'

/** What a connection takes from metadata. `id` is the same for copies that say the same. */
export interface MetadataDocument {
  id: string
  entity_id: string
  sso_url: string
  sso_binding: 'redirect' | 'post'
  certificates: DocumentCertificate[]
  valid_until: string | null
}

/** A signing certificate of metadata; the fingerprint is the SHA-256 of its DER in hexadecimal. */
export interface DocumentCertificate {
  fingerprint: string
  certificate: string
  issuer: string
  expires_at: string
}

const contentTypes = [
  'application/samlmetadata+xml',
  'application/xml',
  'text/xml',
  'application/octet-stream',
  'text/plain',
]

/**
 * Fetches the metadata at an address and reads them. Throws `invalid_saml_metadata_url` when there is no
 * answer that could be metadata, and what `readMetadata` throws.
 */
export async function fetchMetadata(services: Services, url: string): Promise<MetadataDocument> {
  const problem = urlProblem(services.config, url)
  if (problem)
    throw invalid(problem === 'malformed' ? 'It is not a URL.' : 'It must be an https address.')
  return readMetadata(services, await download(services, url))
}

async function download(services: Services, url: string): Promise<Uint8Array> {
  try {
    const init = { content_types: contentTypes, headers: { accept: contentTypes.join(', ') } }
    const answer = await services.fetch(url, init)
    if (answer.status !== 200) throw invalid(`It answers with the status ${answer.status}.`)
    return new Uint8Array(await answer.arrayBuffer())
  } catch (error) {
    if (error instanceof ApiError) throw error
    if (!(error instanceof OutboundError)) throw invalid('It could not be reached.', error)
    const other = error.code === 'wrong_content_type' ? ', which is no XML' : ''
    throw invalid(`${error.message}${other}.`, error)
  }
}

function invalid(reason: string, cause?: unknown): ApiError {
  return new ApiError('invalid_saml_metadata_url', {
    message: `The metadata could not be read from this address. ${reason}`,
    cause,
  })
}

/**
 * Reads metadata. Throws `invalid_xml_from_saml_metadata_url`, `saml_connection_metadata_invalid_format`,
 * and what `assertSSOURL` throws of the SSO URL in them.
 */
export function readMetadata({ config }: Services, bytes: Uint8Array): MetadataDocument {
  try {
    const metadata = parseIdPMetadata(bytes, { allow_http: true })
    assertSSOURL(config, metadata.sso_url)
    const { entity_id, sso_url, sso_binding, valid_until } = metadata
    const certificates = metadata.certificates.map(readCertificate).map((each) => ({
      fingerprint: each.fingerprint_sha256,
      certificate: each.pem,
      issuer: each.issuer,
      expires_at: each.not_after.toISOString(),
    }))
    const fingerprints = certificates.map(({ fingerprint }) => fingerprint).sort()
    const said = JSON.stringify([entity_id, sso_url, sso_binding, fingerprints])
    return {
      id: createHash('sha256').update(said).digest('hex'),
      entity_id,
      sso_url,
      sso_binding,
      certificates,
      valid_until: valid_until?.toISOString() ?? null,
    }
  } catch (error) {
    throw refusedBySAML(error, otherDocument(bytes))
  }
}

/** What people bring in place of an identity provider's metadata. */
function otherDocument(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 100_000))
  if (/<([\w-]+:)?IDPSSODescriptor\b/.test(text)) return ''
  if (/<([\w-]+:)?SPSSODescriptor\b/.test(text))
    return 'It is the metadata of a service provider, such as those that this connection has for the identity provider: bring the identity provider’s own.'
  if (/^\s*(<!doctype html|<html)\b/i.test(text))
    return 'It is a web page, not the metadata: the identity provider may want somebody to sign in there first.'
  return ''
}
