import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCipher, DecryptionError, keyIdOf } from './secrets.ts'

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')
const place = { table: 'sso_connections', column: 'client_secret', row: 'oidc-connection-test-1' }
const old = createCipher(`old:${key(1)}`)
const both = createCipher(`new:${key(2)},old:${key(1)}`)
const young = createCipher(`new:${key(2)}`)

test('the first key of the ring encrypts, every key decrypts', () => {
  const stored = old.encrypt('a secret', place)
  assert.equal(keyIdOf(stored), 'old')
  assert.equal(both.decrypt(stored, place), 'a secret')
  const anew = both.encrypt('a secret', place)
  assert.equal(keyIdOf(anew), 'new')
  assert.equal(young.decrypt(anew, place), 'a secret')
  assert.deepEqual(both.key_ids, ['new', 'old'])
  assert.ok(!stored.includes('a secret'))
  assert.notDeepEqual(old.encrypt('a secret', place), stored, 'a nonce of its own')
})

test('a value whose key was removed is refused by a sentence that names key and place', () => {
  assert.throws(
    () => young.decrypt(old.encrypt('a secret', place), place),
    new DecryptionError(
      'PORTCULLIS_ENCRYPTION_KEYS holds no key "old", which sso_connections.client_secret of oidc-connection-test-1 was encrypted with',
    ),
  )
})

test('a value that was moved to another row, column or table, or changed, does not decrypt', () => {
  const stored = old.encrypt('a secret', place)
  for (const elsewhere of [
    { ...place, row: 'oidc-connection-test-2' },
    { ...place, column: 'private_key' },
    { ...place, table: 'saml_keys' },
  ])
    assert.throws(() => old.decrypt(stored, elsewhere), DecryptionError)
  for (let i = 0; i < stored.length; i++) {
    const changed = Buffer.from(stored)
    changed[i] = stored[i]! ^ 1
    assert.throws(() => old.decrypt(changed, place), DecryptionError, `byte ${i}`)
  }
  for (let length = 0; length < stored.length; length++)
    assert.throws(() => old.decrypt(stored.subarray(0, length), place), DecryptionError)
  const sameId = createCipher(`old:${key(3)}`)
  assert.throws(() => sameId.decrypt(stored, place), /does not open with the key "old"/)
})

test('a ring that is malformed is refused', () => {
  for (const ring of ['', 'a', 'a:', `a:${key(1)}:x`, `:${key(1)}`, 'a:c2hvcnQ=', `a:${key(1)},`])
    assert.throws(() => createCipher(ring), /PORTCULLIS_ENCRYPTION_KEYS must be/, ring)
  assert.throws(() => createCipher(`a:${key(1)},a:${key(2)}`), /key id "a" twice/)
})
