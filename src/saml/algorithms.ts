import { constants, hash, type KeyObject, verify } from 'node:crypto'

type Hash = 'sha256' | 'sha384' | 'sha512'
type SignatureAlgorithm = { hash: Hash; scheme: 'rsa' | 'rsa-pss' | 'ecdsa' }

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#'

const SIGNATURES = new Map<string, SignatureAlgorithm>([
  [`${MORE}rsa-sha256`, { scheme: 'rsa', hash: 'sha256' }],
  [`${MORE}rsa-sha384`, { scheme: 'rsa', hash: 'sha384' }],
  [`${MORE}rsa-sha512`, { scheme: 'rsa', hash: 'sha512' }],
  [`${MORE_2007}sha256-rsa-MGF1`, { scheme: 'rsa-pss', hash: 'sha256' }],
  [`${MORE_2007}sha384-rsa-MGF1`, { scheme: 'rsa-pss', hash: 'sha384' }],
  [`${MORE_2007}sha512-rsa-MGF1`, { scheme: 'rsa-pss', hash: 'sha512' }],
  [`${MORE}ecdsa-sha256`, { scheme: 'ecdsa', hash: 'sha256' }],
  [`${MORE}ecdsa-sha384`, { scheme: 'ecdsa', hash: 'sha384' }],
  [`${MORE}ecdsa-sha512`, { scheme: 'ecdsa', hash: 'sha512' }],
])

const DIGESTS = new Map<string, { hash: Hash; empty: Buffer }>([
  ['http://www.w3.org/2001/04/xmlenc#sha256', digest('sha256')],
  [`${MORE}sha384`, digest('sha384')],
  ['http://www.w3.org/2001/04/xmlenc#sha512', digest('sha512')],
])

const SHA1 = new Set([
  'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
  'http://www.w3.org/2000/09/xmldsig#dsa-sha1',
  'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
  'http://www.w3.org/2000/09/xmldsig#sha1',
  `${MORE}ecdsa-sha1`,
  `${MORE_2007}sha1-rsa-MGF1`,
])

// r and s of an ECDSA signature are both as long as the order of the curve
const ECDSA_LENGTHS = new Map([
  ['prime256v1', 64],
  ['secp384r1', 96],
  ['secp521r1', 132],
])

function digest(name: Hash): { hash: Hash; empty: Buffer } {
  return { hash: name, empty: hash(name, '', 'buffer') }
}

/** The algorithm of a SignatureMethod, or undefined if it is not on the list. */
export function signatureAlgorithm(uri: string): SignatureAlgorithm | undefined {
  return SIGNATURES.get(uri)
}

/** The algorithm of a DigestMethod, or undefined if it is not on the list. */
export function digestAlgorithm(uri: string): { hash: Hash; empty: Buffer } | undefined {
  return DIGESTS.get(uri)
}

/** Whether this is one of the algorithms that rest on SHA-1, which gets an explanation of its own. */
export function isSHA1(uri: string): boolean {
  return SHA1.has(uri)
}

/** Whether the signature is valid; false too for a key of another kind and a wrong length. */
export function verifySignatureValue(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  data: Buffer,
  signature: Buffer,
): boolean {
  if (algorithm.scheme === 'ecdsa') {
    const curve = key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined
    if (curve === undefined || ECDSA_LENGTHS.get(curve) !== signature.length) return false
    return verify(algorithm.hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature)
  }
  if (key.asymmetricKeyType !== 'rsa') return false
  if (algorithm.scheme === 'rsa') return verify(algorithm.hash, data, key, signature)
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
  return verify(algorithm.hash, data, { key, padding, saltLength }, signature)
}
