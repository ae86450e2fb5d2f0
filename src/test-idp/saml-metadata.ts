import { element, text } from './canonical-xml.ts'
import { nameIDFormats } from './saml-response.ts'
import type { TestIdPSettings } from './settings.ts'
import { keyInfo } from './xml-signature.ts'

const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata'
const DS = 'http://www.w3.org/2000/09/xmldsig#'
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol'
const BINDINGS = 'urn:oasis:names:tc:SAML:2.0:bindings:'

/** The provider's own metadata (SAML Metadata 2.4.3), unsigned, as an XML document. */
export function samlMetadata(settings: TestIdPSettings): string {
  const { entity_id, sso_url, certificate } = settings.saml
  const key = element(
    'md:KeyDescriptor',
    { use: 'signing' },
    keyInfo(certificate, { 'xmlns:ds': DS }),
  )
  const formats = Object.values(nameIDFormats).map((urn) =>
    element('md:NameIDFormat', {}, text(urn)),
  )
  const services = ['HTTP-Redirect', 'HTTP-POST'].map((binding) =>
    element('md:SingleSignOnService', { Binding: BINDINGS + binding, Location: sso_url }),
  )
  const role = element(
    'md:IDPSSODescriptor',
    { protocolSupportEnumeration: PROTOCOL, WantAuthnRequestsSigned: 'false' },
    key,
    ...formats,
    ...services,
  )
  const entity = element('md:EntityDescriptor', { 'xmlns:md': METADATA, entityID: entity_id }, role)
  return `<?xml version="1.0" encoding="UTF-8"?>\n${entity}\n`
}
