import { constants, createCipheriv, publicEncrypt, randomBytes, X509Certificate } from 'node:crypto'
import { type CanonicalXML, element, text } from './canonical-xml.ts'
import { TestIdPError } from './error.ts'

const XENC = 'http://www.w3.org/2001/04/xmlenc#'
const DS = 'http://www.w3.org/2000/09/xmldsig#'

/** How the content of an encrypted assertion can be encrypted; its key always by RSA-OAEP with SHA-1. */
export const encryptionChoices = ['aes256-gcm', 'aes256-cbc'] as const
export type EncryptionChoice = (typeof encryptionChoices)[number]

const uris = {
  'aes256-gcm': 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
  'aes256-cbc': `${XENC}aes256-cbc`,
}

/** Whom an assertion is encrypted for. */
export interface Recipient {
  certificate: X509Certificate
  content: EncryptionChoice
}

/** Reads the certificate of a service provider: PEM, or the base64 of its metadata. Throws TestIdPError. */
export function readRecipient(pasted: string, content: EncryptionChoice): Recipient {
  const base64 = pasted.replaceAll(/-----[A-Z ]+-----|\s/g, '')
  try {
    const certificate = new X509Certificate(Buffer.from(base64, 'base64'))
    if (certificate.publicKey.asymmetricKeyType === 'rsa') return { certificate, content }
  } catch {}
  throw new TestIdPError('The certificate to encrypt for is no certificate with an RSA key.')
}

/** An element in an EncryptedData (XML Encryption 1.1) whose key only the recipient can unwrap. */
export function encryptedData(plain: CanonicalXML, { certificate, content }: Recipient) {
  const key = randomBytes(32)
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const wrapped = publicEncrypt({ key: certificate.publicKey, padding }, key)
  const encryptedKey = element(
    'xenc:EncryptedKey',
    {},
    element('xenc:EncryptionMethod', { Algorithm: `${XENC}rsa-oaep-mgf1p` }),
    cipherData(wrapped),
  )
  return element(
    'xenc:EncryptedData',
    { 'xmlns:xenc': XENC, Type: `${XENC}Element` },
    element('xenc:EncryptionMethod', { Algorithm: uris[content] }),
    element('ds:KeyInfo', { 'xmlns:ds': DS }, encryptedKey),
    cipherData(encrypt(Buffer.from(plain), key, content)),
  )
}

function cipherData(bytes: Buffer): CanonicalXML {
  return element(
    'xenc:CipherData',
    {},
    element('xenc:CipherValue', {}, text(bytes.toString('base64'))),
  )
}

function encrypt(plain: Buffer, key: Buffer, content: EncryptionChoice): Buffer {
  if (content === 'aes256-gcm') {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  return Buffer.concat([iv, cipher.update(plain), cipher.final()])
}
