import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomPart, uuidv7 } from './ids.ts'

test('ids of one millisecond are in the order in which they were made, and no two are alike', () => {
  const now = Date.now()
  const ids = Array.from({ length: 2_000 }, () => uuidv7(now))
  assert.deepEqual(ids, ids.toSorted())
  assert.equal(new Set(ids).size, ids.length)
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.ok(uuidv7(now + 1) > ids.at(-1)!)
})

test('random bytes are handed out once', () => {
  const parts = Array.from({ length: 1_000 }, () => randomPart(32).toString('hex'))
  assert.equal(new Set(parts).size, parts.length)
})
