import type { Context } from '../context.ts'
import { ApiError } from '../http/errors.ts'
import { changeConnection, type Stored, type Target } from './connection-change.ts'
import { readMetadata } from './metadata-document.ts'
import { addVerificationCertificates, readCertificate } from './saml-connection-keys.ts'

/**
 * Takes entity id, SSO URL, binding and signing certificates from metadata that somebody pasted or gave as
 * a file, as `sso.saml.updateByURL` does from an address. Certificates are added. Throws as that does.
 */
export async function updateSAMLConnectionByXML(
  context: Context,
  target: Pick<Target, 'organization_id' | 'connection_id'>,
  xml: string,
): Promise<Stored> {
  if (xml.trim() === '')
    throw new ApiError('invalid_xml_from_saml_metadata_url', {
      message: 'The metadata are empty: choose the file, or paste what stands in it.',
    })
  const document = readMetadata(context, new TextEncoder().encode(xml))
  const certificates = document.certificates.map((each) => readCertificate(each.certificate))
  return changeConnection(context, { ...target, type: 'saml' }, async (trx, stored) => {
    await addVerificationCertificates(context, trx, stored, certificates)
    return {
      idp_entity_id: document.entity_id,
      idp_sso_url: document.sso_url,
      idp_sso_binding: document.sso_binding,
    }
  })
}
