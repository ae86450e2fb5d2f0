import { z } from 'zod'
import type { Context } from '../context.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { OutboundError } from '../http/fetch.ts'
import { type IdPMetadata, parseIdPMetadata } from '../saml/metadata.ts'
import { changeConnection, findTarget } from './connection-change.ts'
import { connectionPath, urlProblem } from './connection-input.ts'
import { SAMLConnection, toSAMLConnection } from './connection-objects.ts'
import {
  addVerificationCertificates,
  readCertificate,
  refusedBySAML,
} from './saml-connection-keys.ts'
import { assertSSOURL } from './saml-connection-update.ts'

const contentTypes = [
  'application/samlmetadata+xml',
  'application/xml',
  'text/xml',
  'application/octet-stream',
  'text/plain',
]

/**
 * `sso.saml.updateByURL`: takes entity id, SSO URL and signing certificates from the identity provider's
 * metadata. Certificates are added; those that are there stay.
 */
export const updateSAMLConnectionByURL = endpoint({
  method: 'PUT',
  path: '/v1/b2b/sso/saml/:organization_id/connections/:connection_id/url',
  summary: "Update a SAML connection from the identity provider's metadata",
  permission: { resource_id: 'stytch.sso', action: 'update' },
  input: z.object({ ...connectionPath, metadata_url: z.string().trim() }),
  output: z.object({ connection: SAMLConnection }),
  async run(input, context) {
    const target = { ...input, type: 'saml' as const }
    await findTarget(context, target)
    const metadata = readMetadata(context, await fetchMetadata(context, input.metadata_url))
    const certificates = metadata.certificates.map(readCertificate)
    const { row, keys } = await changeConnection(context, target, async (trx, stored) => {
      await addVerificationCertificates(context, trx, stored, certificates)
      return {
        idp_entity_id: metadata.entity_id,
        idp_sso_url: metadata.sso_url,
        idp_sso_binding: metadata.sso_binding,
      }
    })
    return { connection: toSAMLConnection(context.config, row, keys) }
  },
})

async function fetchMetadata(context: Context, url: string): Promise<Uint8Array> {
  const problem = urlProblem(context.config, url)
  if (problem)
    throw invalid(problem === 'malformed' ? 'It is not a URL.' : 'It must be an https address.')
  try {
    const init = { content_types: contentTypes, headers: { accept: contentTypes.join(', ') } }
    const answer = await context.fetch(url, init)
    if (answer.status !== 200) throw invalid(`It answers with the status ${answer.status}.`)
    return new Uint8Array(await answer.arrayBuffer())
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw invalid(
      error instanceof OutboundError ? error.message : 'It could not be reached.',
      error,
    )
  }
}

function invalid(reason: string, cause?: unknown): ApiError {
  return new ApiError('invalid_saml_metadata_url', {
    message: `The metadata could not be read from metadata_url. ${reason}`,
    cause,
  })
}

function readMetadata({ config }: Context, bytes: Uint8Array): IdPMetadata {
  try {
    const metadata = parseIdPMetadata(bytes, { allow_http: true })
    assertSSOURL(config, metadata.sso_url)
    return metadata
  } catch (error) {
    throw refusedBySAML(error)
  }
}
