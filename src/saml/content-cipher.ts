import { createDecipheriv } from 'node:crypto'
import { XENC, XENC11 } from './namespaces.ts'

/** One of the ciphers for content (XML Encryption 1.1, 5.2). */
export type ContentCipher = {
  name: `aes-${128 | 192 | 256}-${'gcm' | 'cbc'}`
  mode: 'gcm' | 'cbc'
  key_length: 16 | 24 | 32
}

const CIPHERS = new Map<string, ContentCipher>([
  [`${XENC11}aes128-gcm`, { name: 'aes-128-gcm', mode: 'gcm', key_length: 16 }],
  [`${XENC11}aes192-gcm`, { name: 'aes-192-gcm', mode: 'gcm', key_length: 24 }],
  [`${XENC11}aes256-gcm`, { name: 'aes-256-gcm', mode: 'gcm', key_length: 32 }],
  [`${XENC}aes128-cbc`, { name: 'aes-128-cbc', mode: 'cbc', key_length: 16 }],
  [`${XENC}aes192-cbc`, { name: 'aes-192-cbc', mode: 'cbc', key_length: 24 }],
  [`${XENC}aes256-cbc`, { name: 'aes-256-cbc', mode: 'cbc', key_length: 32 }],
])
const NONCE = 12
const TAG = 16
const BLOCK = 16

/** The cipher of an EncryptionMethod, or undefined if it is not on the list. */
export function contentCipher(uri: string): ContentCipher | undefined {
  return CIPHERS.get(uri)
}

/** What came out; `valid` is false where it may not be used, which the caller must not tell apart from other failures. */
export type Decrypted = { plaintext: Buffer; valid: boolean }

/**
 * Decrypts content: nonce and 16-byte tag around it in GCM, initialisation vector before it and
 * padding after it in CBC. Never throws; CBC takes the same steps whether the padding is right or not.
 */
export function decryptContent(cipher: ContentCipher, key: Buffer, bytes: Buffer): Decrypted {
  return cipher.mode === 'gcm' ? decryptGCM(cipher, key, bytes) : decryptCBC(cipher, key, bytes)
}

const NOTHING: Decrypted = { plaintext: Buffer.alloc(0), valid: false }

function decryptGCM({ name }: ContentCipher, key: Buffer, bytes: Buffer): Decrypted {
  if (bytes.length < NONCE + TAG) return NOTHING
  const nonce = bytes.subarray(0, NONCE)
  const decipher = createDecipheriv(name as 'aes-256-gcm', key, nonce, { authTagLength: TAG })
  decipher.setAuthTag(bytes.subarray(-TAG))
  try {
    const plaintext = decipher.update(bytes.subarray(NONCE, -TAG))
    decipher.final()
    return { plaintext, valid: true }
  } catch {
    return NOTHING
  }
}

function decryptCBC({ name }: ContentCipher, key: Buffer, bytes: Buffer): Decrypted {
  if (bytes.length < 2 * BLOCK || bytes.length % BLOCK !== 0) return NOTHING
  const decipher = createDecipheriv(name, key, bytes.subarray(0, BLOCK))
  decipher.setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(bytes.subarray(BLOCK)), decipher.final()])
  // XML Encryption 5.2.1: the last byte says how many were added, the others are arbitrary
  const last = padded[padded.length - 1]!
  // negative exactly where 1 <= last <= 16 does not hold
  const outside = (last - 1) | (BLOCK - last)
  const mask = ~(outside >> 31)
  return { plaintext: padded.subarray(0, padded.length - (last & mask)), valid: mask !== 0 }
}
