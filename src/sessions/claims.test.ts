import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeClaims, sessionDuration } from './claims.ts'

const refused = (error_type: string) => ({ name: 'ApiError', error_type })

test('a session lives 60 minutes unless a whole number from 5 to 527040 is given', () => {
  assert.equal(sessionDuration(undefined), 60)
  assert.equal(sessionDuration(5), 5)
  assert.equal(sessionDuration(527_040), 527_040)
  for (const minutes of [4, 0, -5, 527_041, 5.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => sessionDuration(minutes), refused('invalid_session_duration_minutes'))
})

test('claims are merged key by key, nested ones too, and null deletes', () => {
  const stored = { plan: 'free', flags: { beta: true, old: true }, list: [1, 2] }
  const merged = mergeClaims(stored, {
    plan: null,
    flags: { old: null, fresh: { deep: 1, gone: null } },
    list: [3, null],
    never: null,
  })
  assert.deepEqual(merged, { flags: { beta: true, fresh: { deep: 1 } }, list: [3, null] })
  assert.equal(stored.plan, 'free')
})

test('an empty object and no claims change nothing', () => {
  assert.deepEqual(mergeClaims({ a: 1 }, {}), { a: 1 })
  assert.deepEqual(mergeClaims({ a: 1 }, undefined), { a: 1 })
})

test('a value of another kind replaces an object, and an object replaces a value', () => {
  assert.deepEqual(mergeClaims({ a: { b: 1 }, c: 1 }, { a: 2, c: { d: 3 } }), { a: 2, c: { d: 3 } })
})

test('reserved claims and those of Stytch are refused, deleting them too', () => {
  for (const name of ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])
    for (const value of ['x', null])
      assert.throws(
        () => mergeClaims({}, { [name]: value }),
        refused('reserved_claims_in_custom_claims'),
      )
  for (const name of ['https://stytch.com/session', 'https://stytch.com/x', 'HTTPS://Stytch.com/y'])
    assert.throws(() => mergeClaims({}, { [name]: 1 }), refused('stytch_claims_in_custom_claims'))
  assert.deepEqual(mergeClaims({}, { nested: { sub: 1 } }), { nested: { sub: 1 } })
})

test('4 KB is the limit for what is there after merging, in bytes', () => {
  const fits = { text: 'x'.repeat(4_096 - '{"text":""}'.length) }
  assert.deepEqual(mergeClaims({}, fits), fits)
  assert.throws(() => mergeClaims({ a: 1 }, fits), refused('custom_claims_too_large'))
  assert.throws(
    () => mergeClaims({}, { text: 'é'.repeat(2_048) }),
    refused('custom_claims_too_large'),
  )
  assert.deepEqual(mergeClaims({ a: 1 }, { ...fits, a: null }), fits)
})

test('a key named __proto__ stays a key and reaches no prototype', () => {
  const merged = mergeClaims({}, JSON.parse('{"__proto__": {"admin": true}, "a": 1}'))
  assert.equal((merged as { admin?: boolean }).admin, undefined)
  assert.equal(({} as { admin?: boolean }).admin, undefined)
})
