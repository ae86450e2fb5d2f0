import { hash, type KeyObject, X509Certificate } from 'node:crypto'
import { strictBase64 } from './encoding.ts'
import { DSIG, XENC } from './namespaces.ts'
import { isElement, textContent, type XMLElement } from './xml-tree.ts'

const MAX_CERTIFICATE = 8192
const MAX_MODULUS_BITS = 4096
const MAX_EXPONENT = 2n ** 32n

/**
 * The certificate that a signature says it was made with. It is never trusted: it only tells a
 * changed message from a changed certificate when a login has already been refused.
 */
export function certificateInKeyInfo(
  signature: XMLElement,
): { fingerprint: string; key: KeyObject; certificate: X509Certificate } | null {
  const element = find(find(find(signature, 'KeyInfo'), 'X509Data'), 'X509Certificate')
  const text = element === null ? null : textContent(element)
  if (text === null || text.length > MAX_CERTIFICATE) return null
  const der = strictBase64(text)
  if (der === null) return null
  try {
    const certificate = new X509Certificate(der)
    const key = certificate.publicKey
    // an attacker chooses this key: do not let it cost time
    const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {}
    if ((modulusLength ?? 0) > MAX_MODULUS_BITS || (publicExponent ?? 0n) > MAX_EXPONENT)
      return null
    return { fingerprint: fingerprintOf(certificate), key, certificate }
  } catch {
    return null
  }
}

/**
 * SHA-256 of the certificate that an EncryptedAssertion says its key was wrapped for; null where it does
 * not say. Only for people to compare.
 */
export function recipientFingerprint(encrypted: XMLElement): string | null {
  const data = find(encrypted, 'EncryptedData', XENC)
  const inside = find(find(data, 'KeyInfo'), 'EncryptedKey', XENC)
  const key = inside ?? find(encrypted, 'EncryptedKey', XENC)
  const element = find(find(find(key, 'KeyInfo'), 'X509Data'), 'X509Certificate')
  const text = element === null ? null : textContent(element)
  if (text === null || text.length > MAX_CERTIFICATE) return null
  const der = strictBase64(text)
  return der === null || der.length === 0 ? null : hash('sha256', der, 'hex')
}

/** SHA-256 of a certificate (PEM, if it is text) as lower-case hexadecimal. */
export function fingerprintOf(certificate: X509Certificate | string): string {
  const { fingerprint256 } =
    typeof certificate === 'string' ? new X509Certificate(certificate) : certificate
  return fingerprint256.replaceAll(':', '').toLowerCase()
}

function find(parent: XMLElement | null, local: string, uri = DSIG): XMLElement | null {
  for (const child of parent?.children ?? []) {
    if (typeof child !== 'string' && isElement(child, uri, local)) return child
  }
  return null
}
