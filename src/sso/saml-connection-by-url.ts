import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { changeConnection, findTarget } from './connection-change.ts'
import { connectionPath } from './connection-input.ts'
import { SAMLConnection, toSAMLConnection } from './connection-objects.ts'
import { fetchMetadata } from './metadata-document.ts'
import { freshMetadata } from './metadata-refresh-record.ts'
import { addVerificationCertificates, readCertificate } from './saml-connection-keys.ts'

/**
 * `sso.saml.updateByURL`: takes entity id, SSO URL and signing certificates from the identity provider's
 * metadata. Certificates are added; those that are there stay. The address is remembered, and read again
 * from then on (metadata-refresh.ts).
 */
export const updateSAMLConnectionByURL = endpoint({
  method: 'PUT',
  path: '/v1/b2b/sso/saml/:organization_id/connections/:connection_id/url',
  summary: "Update a SAML connection from the identity provider's metadata",
  permission: { resource_id: 'stytch.sso', action: 'update' },
  input: z.object({ ...connectionPath, metadata_url: z.string().trim() }),
  output: z.object({ connection: SAMLConnection }),
  async run({ metadata_url, ...path }, context) {
    const target = { ...path, type: 'saml' as const }
    await findTarget(context, target)
    const document = await fetchMetadata(context, metadata_url)
    const certificates = document.certificates.map((each) => readCertificate(each.certificate))
    const { row, keys } = await changeConnection(context, target, async (trx, stored) => {
      await addVerificationCertificates(context, trx, stored, certificates)
      return {
        idp_entity_id: document.entity_id,
        idp_sso_url: document.sso_url,
        idp_sso_binding: document.sso_binding,
        metadata_url,
        ...freshMetadata(context.now(), document),
      }
    })
    return { connection: toSAMLConnection(context.config, row, keys) }
  },
})
