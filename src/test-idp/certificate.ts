import { type KeyObject, randomBytes, sign } from 'node:crypto'

const SHA256_WITH_RSA = '2a864886f70d01010b'
const COMMON_NAME = '550403'
const DAY_MS = 24 * 60 * 60 * 1000

/**
 * A self-signed certificate (RFC 5280, RSA with SHA-256) as PEM, valid from a day before `now` for ten years.
 * Written as DER by hand: it is one sequence, and needs nothing that src/saml/ uses.
 */
export function selfSignedCertificate(
  name: string,
  keys: { privateKey: KeyObject; publicKey: KeyObject },
  now: Date,
): string {
  const algorithm = der(0x30, der(0x06, Buffer.from(SHA256_WITH_RSA, 'hex')), der(0x05))
  const commonName = der(0x30, der(0x06, Buffer.from(COMMON_NAME, 'hex')), der(0x0c, text(name)))
  const issuer = der(0x30, der(0x31, commonName))
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x3f) | 0x40 // positive, and never shortened
  const toBeSigned = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    issuer,
    der(0x30, time(now.getTime() - DAY_MS), time(now.getTime() + 3650 * DAY_MS)),
    issuer,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', toBeSigned, keys.privateKey)
  const certificate = der(0x30, toBeSigned, algorithm, der(0x03, Buffer.from([0]), signature))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const length = Buffer.from(body.length.toString(16).padStart(4, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x82]), length, body])
}

function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14)}Z`
  // RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime from then on.
  return digits < '2050' ? der(0x17, text(digits.slice(2))) : der(0x18, text(digits))
}

function text(value: string): Buffer {
  return Buffer.from(value, 'utf8')
}
