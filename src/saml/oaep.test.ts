import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type EncryptOptions, flip, otherSP, sp, wrap } from './encrypting.test-kit.ts'
import { type OAEPParameters, unwrapKey } from './oaep.ts'

type Vector = { digest: OAEPParameters['digest']; mgf: OAEPParameters['mgf']; label: string }
const file = new URL('testdata/encryption/oaep.json', import.meta.url)
const openssl: {
  private_key: string
  message: string
  vectors: (Vector & { wrapped: string })[]
} = JSON.parse(readFileSync(file, 'utf8'))

const SHA256: OAEPParameters = { digest: 'sha256', mgf: 'sha256', label: Buffer.alloc(0) }

test('every mix of digest, mask and label that OpenSSL wraps is unwrapped', () => {
  const key = createPrivateKey(openssl.private_key)
  assert.equal(openssl.vectors.length, 32)
  for (const { digest, mgf, label, wrapped } of openssl.vectors) {
    const parameters = { digest, mgf, label: Buffer.from(label, 'hex') }
    const unwrapped = unwrapKey(Buffer.from(wrapped, 'base64'), [key], parameters, 32)
    assert.equal(unwrapped.toString(), openssl.message, `${digest} ${mgf} ${label}`)
  }
})

test('with another digest, mask, label, length or key a random key comes out, never the wrapped one', () => {
  const secret = randomBytes(32)
  const wrapped = wrap(secret, {})
  const longer = wrap(Buffer.concat([Buffer.alloc(1), secret]), {})
  const cases: [string, () => Buffer][] = [
    ['digest', () => unwrapKey(wrapped, [sp.privateKey], { ...SHA256, digest: 'sha1' }, 32)],
    ['mask', () => unwrapKey(wrapped, [sp.privateKey], { ...SHA256, mgf: 'sha1' }, 32)],
    ['label', () => unwrapKey(wrapped, [sp.privateKey], { ...SHA256, label: Buffer.of(1) }, 32)],
    ['a shorter key', () => unwrapKey(wrapped, [sp.privateKey], SHA256, 16)],
    ['a longer key', () => unwrapKey(longer, [sp.privateKey], SHA256, 32)],
    ['recipient', () => unwrapKey(wrapped, [otherSP.privateKey], SHA256, 32)],
    ['no recipient', () => unwrapKey(wrapped, [], SHA256, 32)],
    ['too short', () => unwrapKey(wrapped.subarray(1), [sp.privateKey], SHA256, 32)],
    ['too long', () => unwrapKey(Buffer.concat([wrapped, wrapped]), [sp.privateKey], SHA256, 32)],
    ['empty', () => unwrapKey(Buffer.alloc(0), [sp.privateKey], SHA256, 32)],
    ['zero', () => unwrapKey(Buffer.alloc(256), [sp.privateKey], SHA256, 32)],
    ['not below the modulus', () => unwrapKey(Buffer.alloc(256, 255), [sp.privateKey], SHA256, 32)],
  ]
  for (const [name, unwrap] of cases) {
    const [first, second] = [unwrap(), unwrap()]
    assert.equal(first.length, name === 'a shorter key' ? 16 : 32, name)
    assert.ok(!first.equals(second), `${name}: random`)
    assert.ok(!secret.subarray(0, first.length).equals(first), name)
  }
})

test('a padding that is wrong in one byte gives a random key, wherever the byte stands', () => {
  const secret = randomBytes(32)
  const unwrap = (malform: EncryptOptions['malform']) =>
    unwrapKey(wrap(secret, { malform: malform! }), [sp.privateKey], SHA256, 32)
  assert.ok(unwrap({}).equals(secret))
  assert.ok(!unwrap({ first: 1 }).equals(secret))
  const start = 256 - 33 - 32
  for (let i = 0; i < start; i += 1) {
    for (const change of [1, 128]) {
      const block = (bytes: Buffer) => {
        bytes[i]! ^= change
      }
      assert.ok(!unwrap({ block }).subarray(0, 8).equals(secret.subarray(0, 8)), String(i))
    }
  }
  const longer = unwrapKey(wrap(secret, {}), [sp.privateKey], SHA256, 24)
  assert.ok(!longer.equals(secret.subarray(0, 24)) && !longer.equals(secret.subarray(8)))
})

test('a change of any byte of the padding gives a random key', () => {
  const secret = randomBytes(16)
  const wrapped = wrap(secret, {})
  for (let i = 0; i < wrapped.length; i += 5) {
    const unwrapped = unwrapKey(flip(i)(wrapped), [sp.privateKey], SHA256, 16)
    assert.ok(!unwrapped.equals(secret), String(i))
  }
})

test('each of several keys unwraps what was wrapped for it, whatever their order and size', () => {
  const large = generateKeyPairSync('rsa', { modulusLength: 3072 })
  const all = [sp.privateKey, large.privateKey, otherSP.privateKey]
  const secret = randomBytes(24)
  for (const { publicKey } of [sp, otherSP, large]) {
    const wrapped = wrap(secret, { recipient: publicKey })
    for (const keys of [all, all.toReversed()]) {
      assert.ok(unwrapKey(wrapped, keys, SHA256, 24).equals(secret))
    }
  }
})

test('an RSA key that is too small for the hash unwraps nothing', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const parameters: OAEPParameters = { digest: 'sha512', mgf: 'sha512', label: Buffer.alloc(0) }
  assert.equal(unwrapKey(Buffer.alloc(128, 1), [small.privateKey], parameters, 32).length, 32)
})
