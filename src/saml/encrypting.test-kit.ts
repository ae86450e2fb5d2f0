// Encrypts for the tests as an identity provider does. It shares no code with the decrypting side:
// messages are string templates, and Node's own OAEP is used where it can say what is wanted.
import {
  constants,
  createCipheriv,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'

export const XENC = 'http://www.w3.org/2001/04/xmlenc#'
export const XENC11 = 'http://www.w3.org/2009/xmlenc11#'

export const sp = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const otherSP = generateKeyPairSync('rsa', { modulusLength: 2048 })

export type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512'

export const CONTENTS = {
  'aes128-gcm': `${XENC11}aes128-gcm`,
  'aes192-gcm': `${XENC11}aes192-gcm`,
  'aes256-gcm': `${XENC11}aes256-gcm`,
  'aes128-cbc': `${XENC}aes128-cbc`,
  'aes192-cbc': `${XENC}aes192-cbc`,
  'aes256-cbc': `${XENC}aes256-cbc`,
} as const

export const DIGESTS: Record<Hash, string> = {
  sha1: 'http://www.w3.org/2000/09/xmldsig#sha1',
  sha256: `${XENC}sha256`,
  sha384: 'http://www.w3.org/2001/04/xmldsig-more#sha384',
  sha512: `${XENC}sha512`,
}

export type EncryptOptions = {
  content?: keyof typeof CONTENTS
  /** the algorithm that wraps the key */
  transport?: string
  digest?: Hash
  mgf?: Hash
  label?: Buffer
  /** what stands in the EncryptionMethod of the key; by default what digest, mgf and label say */
  parameters?: string
  recipient?: KeyObject
  /** changes the padded block before it is masked, and the byte before everything */
  malform?: { first?: number; block?: (block: Buffer) => void }
  /** where the EncryptedKey stands */
  place?: 'inside' | 'beside' | 'retrieved'
  /** the last block of CBC, given how many bytes are missing */
  padding?: (missing: number) => Buffer
  tamper?: { wrapped?: (bytes: Buffer) => Buffer; content?: (bytes: Buffer) => Buffer }
  /** changes the EncryptedAssertion */
  edit?: (xml: string) => string
}

/** An EncryptedAssertion around any plaintext: AES-256-GCM and rsa-oaep with SHA-256, unless asked otherwise. */
export function encrypted(plaintext: string | Buffer, options: EncryptOptions = {}): string {
  const { content = 'aes256-gcm', place = 'inside', tamper = {}, edit = (xml) => xml } = options
  const key = randomBytes(Number(content.slice(3, 6)) / 8)
  const { transport = `${XENC11}rsa-oaep`, parameters = parametersXML(options) } = options
  const wrapped = (tamper.wrapped ?? same)(wrap(key, options)).toString('base64')
  const bytes = (tamper.content ?? same)(encryptContent(Buffer.from(plaintext), key, options))
  const encryptedKey = `<xenc:EncryptedKey xmlns:xenc="${XENC}" Id="_key"><xenc:EncryptionMethod Algorithm="${transport}">${parameters}</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>${wrapped}</xenc:CipherValue></xenc:CipherData>${place === 'inside' ? '' : '<xenc:ReferenceList><xenc:DataReference URI="#_data"></xenc:DataReference></xenc:ReferenceList>'}</xenc:EncryptedKey>`
  const retrieval = `<ds:RetrievalMethod Type="${XENC}EncryptedKey" URI="#_key"></ds:RetrievalMethod>`
  const info = { inside: encryptedKey, beside: '', retrieved: retrieval }[place]
  const keyInfo =
    info === ''
      ? ''
      : `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${info}</ds:KeyInfo>`
  const data = `<xenc:EncryptedData xmlns:xenc="${XENC}" Id="_data" Type="${XENC}Element"><xenc:EncryptionMethod Algorithm="${CONTENTS[content]}"></xenc:EncryptionMethod>${keyInfo}<xenc:CipherData><xenc:CipherValue>${bytes.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>`
  const beside = place === 'inside' ? '' : encryptedKey
  return edit(
    `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${data}${beside}</saml:EncryptedAssertion>`,
  )
}

function parametersXML({
  digest = 'sha256',
  mgf = digest,
  label,
  transport,
}: EncryptOptions): string {
  const ds = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
  const method = `<ds:DigestMethod ${ds} Algorithm="${DIGESTS[digest]}"></ds:DigestMethod>`
  const mask = `<xenc11:MGF xmlns:xenc11="${XENC11}" Algorithm="${XENC11}mgf1${mgf}"></xenc11:MGF>`
  const params =
    label === undefined ? '' : `<xenc:OAEPparams>${label.toString('base64')}</xenc:OAEPparams>`
  return `${params}${method}${transport?.endsWith('mgf1p') ? '' : mask}`
}

function encryptContent(plaintext: Buffer, key: Buffer, options: EncryptOptions): Buffer {
  const { content = 'aes256-gcm', padding = usualPadding } = options
  const bits = content.slice(3, 6) as '256'
  if (content.endsWith('gcm')) {
    const nonce = randomBytes(12)
    const cipher = createCipheriv(`aes-${bits}-gcm`, key, nonce)
    return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }
  const iv = randomBytes(16)
  const cipher = createCipheriv(`aes-${bits}-cbc`, key, iv).setAutoPadding(false)
  const padded = Buffer.concat([plaintext, padding(16 - (plaintext.length % 16))])
  return Buffer.concat([iv, cipher.update(padded), cipher.final()])
}

/** Random bytes, the last of which says how many there are (XML Encryption 5.2.1). */
function usualPadding(missing: number): Buffer {
  return Buffer.concat([randomBytes(missing - 1), Buffer.of(missing)])
}

/** Wraps a key with RSA-OAEP; by Node alone where both hashes are the same. */
export function wrap(
  key: Buffer,
  { digest = 'sha256', mgf = digest, label, recipient = sp.publicKey, malform }: EncryptOptions,
): Buffer {
  if (digest === mgf && malform === undefined) {
    const oaepLabel = label === undefined ? {} : { oaepLabel: label }
    return publicEncrypt({ key: recipient, oaepHash: digest, ...oaepLabel }, key)
  }
  const size = recipient.asymmetricKeyDetails!.modulusLength! / 8
  const labelHash = createHash(digest)
    .update(label ?? '')
    .digest()
  const seed = randomBytes(labelHash.length)
  const zeros = Buffer.alloc(size - 2 * labelHash.length - 2 - key.length)
  const block = Buffer.concat([labelHash, zeros, Buffer.of(1), key])
  malform?.block?.(block)
  const maskedBlock = masked(block, seed, mgf)
  const encoded = Buffer.concat([
    Buffer.of(malform?.first ?? 0),
    masked(seed, maskedBlock, mgf),
    maskedBlock,
  ])
  return publicEncrypt({ key: recipient, padding: constants.RSA_NO_PADDING }, encoded)
}

function masked(bytes: Buffer, seed: Buffer, hash: Hash): Buffer {
  let mask = Buffer.alloc(0)
  for (let i = 0; mask.length < bytes.length; i += 1) {
    const counter = Buffer.of(0, 0, 0, i)
    mask = Buffer.concat([mask, createHash(hash).update(seed).update(counter).digest()])
  }
  return Buffer.from(bytes.map((byte, i) => byte ^ mask[i]!))
}

/** Changes one bit; a negative index counts from the end. */
export function flip(index: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const changed = Buffer.from(bytes)
    const at = index < 0 ? bytes.length + index : index
    changed[at]! ^= 1
    return changed
  }
}

function same(bytes: Buffer): Buffer {
  return bytes
}
