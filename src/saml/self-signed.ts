import { type KeyObject, randomBytes, sign } from 'node:crypto'

// DER tags and object identifiers of X.509 (RFC 5280, RFC 4055)
const SEQUENCE = 0x30
const SET = 0x31
const INTEGER = 0x02
const BIT_STRING = 0x03
const OBJECT_IDENTIFIER = 0x06
const UTF8_STRING = 0x0c
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const SHA256_WITH_RSA = Buffer.from('300d06092a864886f70d01010b0500', 'hex')
const COMMON_NAME = Buffer.from('550403', 'hex')
const VERSION_3 = Buffer.from('a003020102', 'hex')
// basicConstraints without CA, critical
const EXTENSIONS = Buffer.from('a310300e300c0603551d130101ff04023000', 'hex')

const MAX_COMMON_NAME = 64

/** A self-signed certificate with an RSA key, as DER, signed with RSA-SHA256. */
export function selfSign(
  subject: { common_name: string; not_before: Date; not_after: Date },
  keys: { privateKey: KeyObject; publicKey: KeyObject },
): Buffer {
  const common_name = Buffer.from(subject.common_name.slice(0, MAX_COMMON_NAME))
  const attribute = encode(
    SEQUENCE,
    encode(OBJECT_IDENTIFIER, COMMON_NAME),
    encode(UTF8_STRING, common_name),
  )
  const name = encode(SEQUENCE, encode(SET, attribute))
  const validity = encode(SEQUENCE, time(subject.not_before), time(subject.not_after))
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' })
  const content = [
    VERSION_3,
    serialNumber(),
    SHA256_WITH_RSA,
    name,
    validity,
    name,
    spki,
    EXTENSIONS,
  ]
  const body = encode(SEQUENCE, ...content)
  const signature = Buffer.concat([Buffer.of(0), sign('sha256', body, keys.privateKey)])
  return encode(SEQUENCE, body, SHA256_WITH_RSA, encode(BIT_STRING, signature))
}

/** 127 random bits, positive and without a leading zero byte. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8(0) % 0x40) + 0x40, 0)
  return encode(INTEGER, bytes)
}

// RFC 5280, 4.1.2.5: two digits of the year until 2049
function time(date: Date): Buffer {
  const text = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  if (date.getUTCFullYear() < 2050) return encode(UTC_TIME, Buffer.from(text.slice(2)))
  return encode(GENERALIZED_TIME, Buffer.from(text))
}

function encode(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), body])
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), body])
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), body])
}
