import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, formatInstant, parseInstant } from './instants.ts'

test('an instant is UTC, complete, and exists', () => {
  const base = Date.UTC(2024, 1, 29, 23, 59, 59)
  assert.equal(parseInstant('2024-02-29T23:59:59Z'), base)
  assert.equal(parseInstant('2024-02-29T23:59:59.5Z'), base + 500)
  assert.equal(parseInstant('2024-02-29T23:59:59.1239999Z'), base + 123)
  assert.equal(parseInstant('9999-12-31T00:00:00Z'), Date.UTC(9999, 11, 31))
  const wrong = [
    '2023-02-29T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:60Z',
    '0024-01-01T00:00:00Z',
    '2024-01-01T00:00:00',
    '2024-01-01T00:00:00z',
    '2024-01-01T00:00:00+00:00',
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00Z',
    '2024-01-01 00:00:00Z',
    '2024-1-1T00:00:00Z',
    '-2024-01-01T00:00:00Z',
    ' 2024-01-01T00:00:00Z',
    '2024-01-01T00:00:00Z\n',
    '1704067200',
    '',
  ]
  for (const text of wrong) assert.equal(parseInstant(text), null, text)
})

test('an instant is written in whole seconds', () => {
  assert.equal(formatInstant(new Date('2024-02-29T23:59:59.999Z')), '2024-02-29T23:59:59Z')
})

test('a duration is told as people tell it', () => {
  const told = [1, 400, 1499, 119_000, 120_000, 7_199_000, 7_200_000, 172_799_000, 172_800_000]
  assert.deepEqual(told.map(formatDuration), [
    '1 second',
    '1 second',
    '1 second',
    '119 seconds',
    '2 minutes 0 seconds',
    '119 minutes 59 seconds',
    '2 hours',
    '47 hours',
    '2 days',
  ])
  assert.equal(formatDuration(-5000), '5 seconds')
})
