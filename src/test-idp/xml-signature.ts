import { createHash, type KeyObject, sign } from 'node:crypto'
import { type CanonicalXML, element, nothing, text } from './canonical-xml.ts'

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

/** A private key and the certificate, as PEM, that goes into KeyInfo. */
export interface SigningKey {
  private_key: KeyObject
  certificate: string
}

/**
 * Signs the element with attribute ID=`id` that `build` writes (XML Signature 1.1, enveloped, exclusive
 * canonicalisation, RSA with SHA-256). `build` is called twice: with nothing, which gives what is signed, then
 * with the Signature, to be put where the schema wants it.
 */
export function signed(
  id: string,
  key: SigningKey,
  build: (signature: CanonicalXML) => CanonicalXML,
): CanonicalXML {
  const digest = createHash('sha256').update(build(nothing)).digest('base64')
  // Canonicalised by itself SignedInfo shows the namespace that it inherits in the document.
  const canonical = signedInfo(id, digest, { 'xmlns:ds': DS })
  const value = sign('sha256', Buffer.from(canonical), key.private_key).toString('base64')
  return build(
    element(
      'ds:Signature',
      { 'xmlns:ds': DS },
      signedInfo(id, digest, {}),
      element('ds:SignatureValue', {}, text(value)),
      keyInfo(key.certificate),
    ),
  )
}

/** KeyInfo with one X509Certificate, from PEM; `attributes` declares the prefix `ds` where no ancestor does. */
export function keyInfo(
  certificate: string,
  attributes: Record<string, string> = {},
): CanonicalXML {
  const base64 = certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '')
  const x509 = element('ds:X509Certificate', {}, text(base64))
  return element('ds:KeyInfo', attributes, element('ds:X509Data', {}, x509))
}

function signedInfo(id: string, digest: string, attributes: Record<string, string>): CanonicalXML {
  return element(
    'ds:SignedInfo',
    attributes,
    element('ds:CanonicalizationMethod', { Algorithm: EXCLUSIVE_C14N }),
    element('ds:SignatureMethod', { Algorithm: RSA_SHA256 }),
    element(
      'ds:Reference',
      { URI: `#${id}` },
      element(
        'ds:Transforms',
        {},
        element('ds:Transform', { Algorithm: ENVELOPED }),
        element('ds:Transform', { Algorithm: EXCLUSIVE_C14N }),
      ),
      element('ds:DigestMethod', { Algorithm: SHA256 }),
      element('ds:DigestValue', {}, text(digest)),
    ),
  )
}
