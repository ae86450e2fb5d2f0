import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureAnonymousPosts } from '../attacks/anonymous-posts.ts'
import { newArena } from '../attacks/arena.ts'
import { changeBytes, insertEverywhere } from '../attacks/changes.ts'
import { fuzz, TARGETS } from '../attacks/fuzz.ts'
import { server } from '../harness.ts'

const READS = Number(process.env.FUZZ_READS ?? 1_000_000)
const SEED = Number(process.env.FUZZ_SEED ?? 2)
const everyByte = Array.from({ length: 256 }, (_, i) => i)

for (const layout of ['Assertion', 'Response'] as const) {
  test(`every other byte at every position of a signed ${layout} is refused, or says the same`, (t) => {
    const { tried, same } = changeBytes(layout, 1, everyByte)
    t.diagnostic(`${tried} changes, ${same} of the same canonical form`)
    assert.ok(tried > 500_000)
  })

  test(`everything put in at every position of a signed ${layout} is refused, or changes nobody`, (t) => {
    const { tried, same } = insertEverywhere(layout, 1)
    t.diagnostic(`${tried} insertions, ${same} with the same identity`)
    assert.ok(tried > 30_000)
  })
}

for (const [name, target] of Object.entries(TARGETS)) {
  test(`${name} answers ${READS} broken inputs, and never otherwise than by its errors`, (t) => {
    const { reasons, slowest_ms, slowest } = fuzz(target, READS, SEED)
    t.diagnostic(`${reasons} reasons, slowest ${slowest_ms.toFixed(1)} ms of CPU`)
    assert.ok(slowest_ms < 1_000, slowest.toString('base64'))
  })
}

test('what the largest anonymous posts cost', async (t) => {
  const { app } = await server()
  const costs = await measureAnonymousPosts(app, await newArena(), 21)
  for (const { name, bytes, cpu_ms } of costs) {
    t.diagnostic(`${cpu_ms.toFixed(1)} ms: ${name} (${bytes} bytes)`)
  }
  assert.ok(costs[0]!.cpu_ms < 500, JSON.stringify(costs[0]))
})
