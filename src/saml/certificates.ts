import type { KeyObject } from 'node:crypto'
import { SAMLError } from './checks.ts'

/** A certificate that can verify an identity provider's signatures. */
export type VerificationCertificate = {
  /** normalised: one header, 64 columns, final newline */
  pem: string
  issuer: string
  subject: string
  not_before: Date
  not_after: Date
  /** SHA-256 of the DER, lower-case hexadecimal without colons */
  fingerprint_sha256: string
  public_key: KeyObject
}

/**
 * Reads the one certificate that an IT admin pasted, as PEM or as bare base64.
 * Throws SAMLError `invalid_x509_certificate` with the reason.
 */
export function readVerificationCertificate(_text: string): VerificationCertificate {
  throw new SAMLError('invalid_x509_certificate', 'not built yet')
}

/** Makes an RSA-2048 key and a self-signed certificate for it; both as PEM, the key as PKCS#8. */
export async function createSigningCertificate(_input: {
  common_name: string
  now: Date
  years?: number
}): Promise<{ certificate: string; private_key: string }> {
  throw new Error('not built yet')
}
