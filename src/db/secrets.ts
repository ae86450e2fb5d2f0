import { createCipheriv, createDecipheriv, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { randomPart } from './ids.ts'

/** A new opaque token: 32 random bytes as 43 base64url characters. */
export function newToken(): string {
  return randomPart(32).toString('base64url')
}

/** What is stored of a token of full entropy: its SHA-256. */
export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}

/** Compares two digests of the same length in constant time. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Names a stored value, so that a ciphertext moved to another row or column does not decrypt. */
export interface CipherPlace {
  table: string
  column: string
  row: string
}

/**
 * A stored value that cannot be read: its key is not in the ring, or it does not belong where it stands.
 * The message is for the operator's log.
 */
export class DecryptionError extends Error {
  override name = 'DecryptionError'
}

/** Encrypts what must be read back (OIDC client secrets, private keys). */
export interface Cipher {
  /** The ids of the ring's keys; the first encrypts. */
  readonly key_ids: readonly [string, ...string[]]
  encrypt(plaintext: string, place: CipherPlace): Buffer
  /** Throws DecryptionError. */
  decrypt(ciphertext: Uint8Array, place: CipherPlace): string
}

/**
 * Makes the cipher of a key ring `id:base64[,id:base64]` (32 bytes a key): AES-256-GCM, the first key
 * encrypts, every key decrypts, table/column/row are associated data. Layout: length of the key id (1
 * byte), key id, nonce (12), tag (16), ciphertext. Throws on a malformed ring.
 */
export function createCipher(keyRing: string): Cipher {
  const keys = parseKeyRing(keyRing)
  const [firstId, firstKey] = keys.entries().next().value!
  return {
    key_ids: [...keys.keys()] as [string, ...string[]],
    encrypt(plaintext, place) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', firstKey, nonce)
      cipher.setAAD(associatedData(place))
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
      return Buffer.concat([ciphertextPrefix(firstId), nonce, cipher.getAuthTag(), body])
    },
    decrypt(ciphertext, place) {
      const bytes = Buffer.from(ciphertext)
      const key_id = keyIdOf(bytes)
      const key = keys.get(key_id)
      if (!key)
        throw new DecryptionError(
          `PORTCULLIS_ENCRYPTION_KEYS holds no key "${key_id}", which ${nameOf(place)} was encrypted with`,
        )
      try {
        return open(bytes, key, place)
      } catch (cause) {
        throw new DecryptionError(
          `${nameOf(place)} does not open with the key "${key_id}": it was changed or moved, or this id now names another key`,
          { cause },
        )
      }
    },
  }
}

/** The id of the key that a value was encrypted with. */
export function keyIdOf(ciphertext: Uint8Array): string {
  return Buffer.from(ciphertext).toString('utf8', 1, 1 + (ciphertext[0] ?? 0))
}

/** How every value begins that was encrypted with a key. */
export function ciphertextPrefix(key_id: string): Buffer {
  const id = Buffer.from(key_id)
  return Buffer.concat([Buffer.of(id.length), id])
}

function open(bytes: Buffer, key: Buffer, place: CipherPlace): string {
  const start = 1 + (bytes[0] ?? 0)
  const nonce = bytes.subarray(start, start + 12)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  decipher.setAAD(associatedData(place))
  decipher.setAuthTag(bytes.subarray(start + 12, start + 28))
  const body = bytes.subarray(start + 28)
  return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
}

function nameOf({ table, column, row }: CipherPlace): string {
  return `${table}.${column} of ${row}`
}

function associatedData(place: CipherPlace): Buffer {
  return Buffer.from(JSON.stringify([place.table, place.column, place.row]))
}

function parseKeyRing(keyRing: string): Map<string, Buffer> {
  const keys = new Map<string, Buffer>()
  for (const entry of keyRing.split(',')) {
    const [id, base64, ...rest] = entry.trim().split(':')
    const key = Buffer.from(base64 ?? '', 'base64')
    // Buffer skips what is no base64, and a slip of the hand would be another key.
    const exact = /^[\w+/-]{43}=?$/.test(base64 ?? '')
    if (!id || id.length > 32 || rest.length > 0 || !exact || key.length !== 32)
      throw new Error(
        'PORTCULLIS_ENCRYPTION_KEYS must be id:base64[,id:base64], each key 32 bytes (make one with: openssl rand -base64 32)',
      )
    if (keys.has(id)) throw new Error(`PORTCULLIS_ENCRYPTION_KEYS holds the key id "${id}" twice`)
    keys.set(id, key)
  }
  return keys
}
