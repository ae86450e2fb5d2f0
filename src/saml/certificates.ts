import {
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { promisify } from 'node:util'
import { SAMLError } from './checks.ts'
import { strictBase64 } from './encoding.ts'
import { fingerprintOf } from './key-info.ts'

const generate = promisify(generateKeyPair)

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

const MAX_TEXT = 16 * 1024
const MIN_MODULUS_BITS = 2048
const MAX_MODULUS_BITS = 8192
const MIN_EXPONENT = 65_537n
const MAX_EXPONENT = 2n ** 64n
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1']
const MAX_COMMON_NAME = 64
const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

/**
 * Reads the one certificate that an IT admin pasted: PEM with or without line breaks, or the bare
 * base64. The key must be RSA of 2048 to 8192 bits or on P-256, P-384 or P-521; an expired
 * certificate is fine. Throws SAMLError `invalid_x509_certificate` with the reason.
 */
export function readVerificationCertificate(text: string): VerificationCertificate {
  if (text.length > MAX_TEXT) refuse('The text is too long for one certificate.')
  const der = strictBase64(body(text.replaceAll('\\r', '\r').replaceAll('\\n', '\n').trim()))
  if (der === null || der.length === 0) refuse('The certificate is not base64 or PEM.')
  const certificate = parse(der)
  if (!certificate.raw.equals(der)) refuse('There is something else after the certificate.')
  return {
    pem: toPEM(certificate.raw),
    issuer: oneLine(certificate.issuer),
    subject: oneLine(certificate.subject),
    not_before: certificate.validFromDate,
    not_after: certificate.validToDate,
    fingerprint_sha256: fingerprintOf(certificate),
    public_key: readKey(certificate),
  }
}

function body(text: string): string {
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1]
  if (label === undefined) return text
  if (label.includes('PRIVATE KEY')) {
    refuse(
      'This is a private key, not a certificate. Keep it secret, and replace it if you sent it.',
    )
  }
  if (label !== 'CERTIFICATE') refuse(`This is a ${label.toLowerCase()}, not a certificate.`)
  if (text.split(BEGIN).length !== 2 || text.split(END).length !== 2) {
    refuse('There must be exactly one certificate; add several one by one.')
  }
  if (!text.startsWith(BEGIN) || !text.endsWith(END)) {
    refuse('There is something else before or after the certificate.')
  }
  return text.slice(BEGIN.length, -END.length)
}

function parse(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch {
    return refuse('This is not an X.509 certificate.')
  }
}

function readKey(certificate: X509Certificate): KeyObject {
  let key: KeyObject
  try {
    key = certificate.publicKey
  } catch {
    return refuse('The public key of the certificate cannot be read.')
  }
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec') {
    if (!CURVES.includes(namedCurve)) refuse('The curve must be P-256, P-384 or P-521.')
    return key
  }
  if (key.asymmetricKeyType !== 'rsa') refuse('The public key must be RSA or elliptic curve.')
  if (modulusLength < MIN_MODULUS_BITS || modulusLength > MAX_MODULUS_BITS) {
    refuse(`An RSA key must have 2048 to 8192 bits; this one has ${modulusLength}.`)
  }
  const odd = publicExponent % 2n === 1n
  if (!odd || publicExponent < MIN_EXPONENT || publicExponent > MAX_EXPONENT) {
    refuse('The RSA exponent must be odd and at least 65537.')
  }
  return key
}

function refuse(reason: string): never {
  const what =
    'In the identity provider, download the signing certificate of this application (Base64 or PEM) and paste all of it, unchanged.'
  throw new SAMLError('invalid_x509_certificate', reason, [
    {
      name: 'x509_certificate',
      verdict: 'fail',
      expected: 'one X.509 certificate in PEM',
      actual: reason,
      fix: { who: 'it_admin', what },
    },
  ])
}

function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ')
}

function toPEM(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `${BEGIN}\n${lines.join('\n')}\n${END}\n`
}

/**
 * Makes an RSA-2048 key, unless `private_key` gives an RSA key, and a self-signed certificate for it,
 * valid from a day ago for `years` (default 10). Both are PEM, the key PKCS#8.
 */
export async function createSigningCertificate(input: {
  common_name: string
  now: Date
  years?: number
  private_key?: KeyObject
}): Promise<{ certificate: string; private_key: string }> {
  const privateKey =
    input.private_key ?? (await generate('rsa', { modulusLength: 2048 })).privateKey
  const publicKey = createPublicKey(privateKey)
  // a quarter of a second to load, which only making a connection needs
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const notBefore = new Date(input.now.getTime() - 86_400_000)
  const notAfter = new Date(input.now)
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + (input.years ?? 10))
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // a plain string would be read for quotes and escapes
    name: new x509.Name([{ CN: [{ utf8String: input.common_name.slice(0, MAX_COMMON_NAME) }] }]),
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    keys: {
      publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']),
      privateKey: privateKey.toCryptoKey(algorithm, true, ['sign']),
    },
    extensions: [new x509.BasicConstraintsExtension(false, undefined, true)],
  })
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { certificate: toPEM(Buffer.from(certificate.rawData)), private_key }
}

/** 126 random bits, positive and never shortened, as hexadecimal. */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8(0) % 0x40) + 0x40, 0)
  return bytes.toString('hex')
}
