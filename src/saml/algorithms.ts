import { constants, hash, type KeyObject, verify } from 'node:crypto'

type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512'
type SignatureAlgorithm = { hash: Hash; scheme: 'rsa' | 'rsa-pss' | 'ecdsa' }

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
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

// what a connection can be allowed for a time; nothing else that rests on SHA-1 ever is
const SHA1_SIGNATURES = new Map<string, SignatureAlgorithm>([
  [`${DSIG}rsa-sha1`, { scheme: 'rsa', hash: 'sha1' }],
])
const SHA1_DIGESTS = new Map([[`${DSIG}sha1`, digest('sha1')]])

const SHA1 = new Set([
  ...SHA1_SIGNATURES.keys(),
  ...SHA1_DIGESTS.keys(),
  `${DSIG}dsa-sha1`,
  `${DSIG}hmac-sha1`,
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

/** The algorithm of a SignatureMethod, or undefined if it is not on the list; RSA-SHA1 only if `sha1`. */
export function signatureAlgorithm(uri: string, sha1: boolean): SignatureAlgorithm | undefined {
  return SIGNATURES.get(uri) ?? (sha1 ? SHA1_SIGNATURES.get(uri) : undefined)
}

/** The algorithm of a DigestMethod, or undefined if it is not on the list; SHA-1 only if `sha1`. */
export function digestAlgorithm(
  uri: string,
  sha1: boolean,
): { hash: Hash; empty: Buffer } | undefined {
  return DIGESTS.get(uri) ?? (sha1 ? SHA1_DIGESTS.get(uri) : undefined)
}

/** Whether a connection can be allowed this algorithm, which rests on SHA-1. */
export function isAllowableSHA1(uri: string): boolean {
  return SHA1_SIGNATURES.has(uri) || SHA1_DIGESTS.has(uri)
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
