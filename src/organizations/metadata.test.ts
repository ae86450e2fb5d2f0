import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeMetadata } from './metadata.ts'

const type = (error_type: string) => ({ error_type })

test('top-level keys are replaced, null deletes one, the others stay', () => {
  const stored = { plan: 'free', seats: { max: 5, used: 2 }, old: true }
  assert.deepEqual(
    mergeMetadata(stored, { plan: 'pro', seats: { max: 9 }, old: null, none: null }),
    {
      plan: 'pro',
      seats: { max: 9 },
    },
  )
  assert.deepEqual(mergeMetadata(stored, {}), stored)
})

test('__proto__ is a key like any other', () => {
  const merged = mergeMetadata({}, JSON.parse('{"__proto__":{"admin":true}}'))
  assert.equal(JSON.stringify(merged), '{"__proto__":{"admin":true}}')
  assert.equal('admin' in merged, false)
})

test('20 keys are kept and 21 refused, counted after the merge', () => {
  const keys = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i]))
  assert.equal(Object.keys(mergeMetadata(keys(20), { k0: null, new: 1 })).length, 20)
  assert.throws(() => mergeMetadata(keys(20), { new: 1 }), type('metadata_too_many_keys'))
})

test('4 KB are kept and more refused, counted in bytes after the merge', () => {
  const text = 'é'.repeat((4_096 - '{"a":""}'.length) / 2)
  assert.deepEqual(mergeMetadata({}, { a: text }), { a: text })
  assert.throws(() => mergeMetadata({}, { a: `${text}x` }), type('metadata_too_large'))
  assert.throws(() => mergeMetadata({ a: text }, { b: 1 }), type('metadata_too_large'))
})
