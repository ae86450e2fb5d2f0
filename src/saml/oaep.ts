import { constants, hash, type KeyObject, privateDecrypt, randomBytes } from 'node:crypto'

export type OAEPHash = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** What RSA-OAEP (RFC 8017, 7.1) is parametrised with; the two hashes need not be the same. */
export type OAEPParameters = {
  /** of the label */
  digest: OAEPHash
  /** of the mask generation function MGF1 */
  mgf: OAEPHash
  label: Buffer
}

/**
 * Unwraps a key of known length that was wrapped for one of `keys` with RSA-OAEP. Always returns a
 * key: where none fits, a random one, so that a wrong padding looks like a wrong key (Manger's
 * attack). Node's own OAEP takes one hash for both, so this decodes the padding of raw RSA, without
 * a branch or an index that depends on what was decrypted.
 */
export function unwrapKey(
  wrapped: Buffer,
  keys: readonly KeyObject[],
  parameters: OAEPParameters,
  length: number,
): Buffer {
  const result = randomBytes(length)
  for (const key of keys) {
    const encoded = rawDecrypt(key, wrapped)
    if (encoded !== null) takeKey(encoded, parameters, result)
  }
  return result
}

/** m = c^d mod n, as long as n; null where c is not a number below n, which everybody can see. */
function rawDecrypt(key: KeyObject, wrapped: Buffer): Buffer | null {
  if (wrapped.length !== Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8)) return null
  try {
    return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, wrapped)
  } catch {
    return null
  }
}

/** Overwrites `result` with the message in `encoded` if it is well padded and as long as `result`. */
function takeKey(encoded: Buffer, { digest, mgf, label }: OAEPParameters, result: Buffer): void {
  const labelHash = hash(digest, label, 'buffer')
  const seedEnd = 1 + labelHash.length
  const start = encoded.length - seedEnd - result.length
  if (start <= labelHash.length) return
  const maskedSeed = encoded.subarray(1, seedEnd)
  const maskedBlock = encoded.subarray(seedEnd)
  const seed = xor(maskedSeed, mask(mgf, maskedBlock, maskedSeed.length))
  const block = xor(maskedBlock, mask(mgf, seed, maskedBlock.length))
  // label hash, zeros, 0x01, message: the length of the message is known, so each has its place
  const expected = Buffer.concat([labelHash, Buffer.alloc(start - labelHash.length)])
  expected[start - 1] = 1
  let difference = encoded[0]!
  for (let i = 0; i < start; i += 1) difference |= block[i]! ^ expected[i]!
  // 0xff where nothing differs, else 0
  const take = ((difference - 1) >> 8) & 0xff
  for (let i = 0; i < result.length; i += 1) {
    result[i] = (block[start + i]! & take) | (result[i]! & ~take)
  }
}

/** MGF1 (RFC 8017, B.2.1). */
function mask(name: OAEPHash, seed: Buffer, length: number): Buffer {
  const parts: Buffer[] = []
  const counter = Buffer.alloc(4)
  for (let made = 0; made < length; made += parts[0]!.length) {
    counter.writeUInt32BE(parts.length)
    parts.push(hash(name, Buffer.concat([seed, counter]), 'buffer'))
  }
  return Buffer.concat(parts, length)
}

function xor(a: Buffer, b: Buffer): Buffer {
  const result = Buffer.alloc(a.length)
  for (let i = 0; i < a.length; i += 1) result[i] = a[i]! ^ b[i]!
  return result
}
