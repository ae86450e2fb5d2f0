import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz, TARGETS } from './fuzz.ts'

const READS = 3_000

for (const [name, target] of Object.entries(TARGETS)) {
  test(`${name} answers ${READS} broken inputs, and never otherwise than by its errors`, (t) => {
    const { reads, reasons, slowest_ms } = fuzz(target, READS)
    t.diagnostic(`${reasons} reasons, slowest ${slowest_ms.toFixed(1)} ms of CPU`)
    assert.equal(reads, READS)
    assert.ok(reasons >= 2)
    assert.ok(slowest_ms < 1_000, `${slowest_ms} ms`)
  })
}
