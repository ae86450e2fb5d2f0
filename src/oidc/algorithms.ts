import { createHash } from 'node:crypto'

/** The protected header of an ID token, as far as it decides which key verifies it. */
export type JOSEHeader = { alg: string; kid?: string | undefined }

type Family = { kty: string; crv?: string; hash: string }

/**
 * The signature algorithms of an ID token, whatever discovery says: asymmetric ones alone (RFC 8725,
 * section 3.1). `kty` and `crv` are those of the key (RFC 7518, section 3.1; RFC 8037), `hash` is
 * that of at_hash, which is SHA-512 for Ed25519.
 */
const families: ReadonlyMap<string, Family> = new Map([
  ...['RS', 'PS'].flatMap((prefix) =>
    ['256', '384', '512'].map((bits): [string, Family] => [
      `${prefix}${bits}`,
      { kty: 'RSA', hash: `sha${bits}` },
    ]),
  ),
  ['ES256', { kty: 'EC', crv: 'P-256', hash: 'sha256' }],
  ['ES384', { kty: 'EC', crv: 'P-384', hash: 'sha384' }],
  ['ES512', { kty: 'EC', crv: 'P-521', hash: 'sha512' }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519', hash: 'sha512' }],
  ['Ed25519', { kty: 'OKP', crv: 'Ed25519', hash: 'sha512' }],
])

/** All of them, for the library and for the trace. */
export const allowedAlgorithms: readonly string[] = [...families.keys()]

/** Whether a public key is of the kind that the algorithm needs and is not set aside for another. */
export function algorithmFits(
  alg: string,
  key: { kty: string; crv?: unknown; alg?: unknown },
): boolean {
  const family = families.get(alg)
  if (!family || key.kty !== family.kty) return false
  if (family.crv !== undefined && key.crv !== family.crv) return false
  return key.alg === undefined || key.alg === alg
}

/** The at_hash of an access token (OpenID Connect Core, section 3.1.3.6). */
export function accessTokenHash(alg: string, accessToken: string): string {
  const digest = createHash(families.get(alg)?.hash ?? 'sha256')
    .update(accessToken)
    .digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}
