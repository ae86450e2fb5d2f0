import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type EncryptOptions, encrypted, flip, otherSP, sp } from './encrypting.test-kit.ts'
import { assertionXML, attacker, responseXML, signed } from './signing.test-kit.ts'
import { assertRefused, refusal, verify } from './verdict.test-kit.ts'

const decryption = { keys: [sp.privateKey], allow_aes_cbc: true, stopped: false }
const asked = { settings: { decryption } }
const innerSigned = signed(assertionXML(), 'Assertion')
const cut = (end: number) => (bytes: Buffer) => bytes.subarray(0, end)

/** All that anybody sees of a refusal. */
function seen(plaintext: string | Buffer, options: EncryptOptions) {
  const { message, error_type, checks } = refusal(
    responseXML({}, encrypted(plaintext, options)),
    asked,
  )
  return { message, error_type, checks }
}

/** Asserts that each case is refused, and exactly as the first. */
function assertAllTheSame(cases: Record<string, () => ReturnType<typeof seen>>): void {
  const [first, ...others] = Object.entries(cases)
  const expected = first![1]()
  const failed = expected.checks.at(-1)!
  assert.equal(`${failed.name} ${failed.actual}`, 'decryption decryption failed')
  assert.equal(expected.error_type, 'invalid_saml_response')
  for (const [name, attempt] of others) assert.deepEqual(attempt(), expected, name)
}

function keyCases(content: 'aes256-gcm' | 'aes256-cbc') {
  const broken = (options: EncryptOptions) => () => seen(innerSigned, { content, ...options })
  return {
    'another recipient': broken({ recipient: otherSP.publicKey }),
    'the first byte of the wrapped key': broken({ tamper: { wrapped: flip(0) } }),
    'the last byte of the wrapped key': broken({ tamper: { wrapped: flip(-1) } }),
    'a random wrapped key': broken({ tamper: { wrapped: () => randomBytes(256) } }),
    'a wrapped key above the modulus': broken({
      tamper: { wrapped: () => Buffer.alloc(256, 255) },
    }),
    'a wrapped key of zeros': broken({ tamper: { wrapped: () => Buffer.alloc(256) } }),
    'a wrapped key that is short': broken({ tamper: { wrapped: cut(255) } }),
    'no wrapped key': broken({ tamper: { wrapped: cut(0) } }),
    'no content': broken({ tamper: { content: cut(0) } }),
    'no more than a nonce': broken({ tamper: { content: cut(16) } }),
    'the first byte of the content': broken({ tamper: { content: flip(0) } }),
  }
}

test('in GCM every failure to decrypt looks the same: keys, tags, lengths', () => {
  const broken = (content: (bytes: Buffer) => Buffer) => () =>
    seen(innerSigned, { tamper: { content } })
  const tags = [12, 13, 14, 15].map((length) => {
    const truncated = (bytes: Buffer) => bytes.subarray(0, bytes.length - 16 + length)
    return [`a tag of ${length} bytes`, broken(truncated)] as const
  })
  assertAllTheSame({
    ...keyCases('aes256-gcm'),
    ...Object.fromEntries(tags),
    'a byte of the middle': broken(flip(1000)),
    'a byte of the tag': broken(flip(-1)),
    'no tag': broken((bytes) => bytes.subarray(0, -16)),
    '27 bytes': broken(cut(27)),
    '28 bytes': broken(cut(28)),
    'a byte more': broken((bytes) => Buffer.concat([bytes, Buffer.of(0)])),
    'another nonce': broken((bytes) => Buffer.concat([randomBytes(12), bytes.subarray(12)])),
  })
})

test('in CBC a wrong padding, a wrong plaintext and a wrong signature look the same', () => {
  const content = 'aes256-cbc'
  const padded = (last: number) => () =>
    seen(innerSigned, { content, padding: (n) => Buffer.alloc(n + 16, last) })
  const plain = (plaintext: string | Buffer) => () => seen(plaintext, { content })
  const broken = (tamper: (bytes: Buffer) => Buffer) => () =>
    seen(innerSigned, { content, tamper: { content: tamper } })
  assertAllTheSame({
    ...keyCases(content),
    'padding 0': padded(0),
    'padding 17': padded(17),
    'padding 32, white space': padded(32),
    'padding 128': padded(128),
    'padding 255': padded(255),
    'an incomplete block': broken((bytes) => bytes.subarray(0, -1)),
    'a block less': broken((bytes) => bytes.subarray(0, -16)),
    'a block of the middle': broken(flip(1000)),
    'the last block but one': broken(flip(-17)),
    'the last block': broken(flip(-1)),
    'random bytes': plain(randomBytes(4000)),
    'no XML': plain('<saml:Assertion'),
    'a comment': plain(`${innerSigned}<!-- -->`),
    'two Assertions': plain(innerSigned + innerSigned),
    'another element': plain('<x xmlns="urn:x"/>'),
    'no signature': plain(assertionXML()),
    'a signature that does not hold': plain(innerSigned.replace('ada@', 'eve@')),
    'the signature of somebody else': plain(
      signed(assertionXML(), 'Assertion', { signer: attacker }),
    ),
  })
})

test('every length of padding that XML Encryption has is accepted, whatever its other bytes', () => {
  for (let length = 0; length < 16; length += 1) {
    const fields = { attributes: `<saml:Attribute Name="${'x'.repeat(length + 1)}"/>` }
    const plaintext = signed(assertionXML(fields), 'Assertion')
    for (const fill of [0, 255]) {
      const padding = (n: number) => Buffer.concat([Buffer.alloc(n - 1, fill), Buffer.of(n)])
      const xml = responseXML({}, encrypted(plaintext, { content: 'aes128-cbc', padding }))
      assert.equal(verify(xml, asked).identity.name_id, 'ada@example.com')
    }
  }
})

test('in a signed Response a wrong key is the same failure, and a wrong plaintext is explained', () => {
  const strict = { settings: { decryption: { ...decryption, allow_aes_cbc: false } } }
  for (const content of ['aes256-gcm', 'aes256-cbc'] as const) {
    const xml = responseXML({}, encrypted(innerSigned, { content, recipient: otherSP.publicKey }))
    // Of one in sixteen wrong keys what CBC yields ends in a padding, and is then no Assertion.
    const check = content === 'aes256-cbc' ? /^(decryption|decrypted_assertion)$/ : 'decryption'
    assertRefused(signed(xml, 'Response'), check, 'invalid_saml_response', strict)
    const two = responseXML({}, encrypted(innerSigned + innerSigned, { content }))
    assertRefused(signed(two, 'Response'), 'decrypted_assertion', 'invalid_saml_response', strict)
  }
})

test('after too many failures nothing is decrypted but what a signature of the Response covers', () => {
  const stopped = { settings: { decryption: { ...decryption, stopped: true } } }
  for (const content of ['aes256-gcm', 'aes256-cbc'] as const) {
    const xml = responseXML({}, encrypted(innerSigned, { content }))
    assertRefused(xml, 'decryption_limit', 'invalid_saml_response', stopped)
    const { identity } = verify(signed(xml, 'Response'), stopped)
    assert.equal(identity.name_id, 'ada@example.com')
  }
})

test('any changed byte of content or wrapped key refuses', () => {
  const content = Buffer.from(innerSigned).length + 28
  const asCases = [
    ...Array.from({ length: 64 }, (_, i) => ({ wrapped: flip(i * 4) })),
    ...Array.from({ length: 64 }, (_, i) => ({ content: flip(Math.floor((i * content) / 64)) })),
  ]
  for (const tamper of asCases) {
    const xml = responseXML({}, encrypted(innerSigned, { tamper }))
    assertRefused(xml, 'decryption', 'invalid_saml_response', asked)
  }
})
