import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeBytes, insertEverywhere } from './changes.ts'

for (const layout of ['Assertion', 'Response'] as const) {
  test(`a changed byte of a signed ${layout} is refused, or changes nothing that it says`, () => {
    const { tried, same } = changeBytes(layout, 5, [0, 0x20, 0x22, 0x41, 0xff])
    assert.ok(tried > 1_500, String(tried))
    assert.ok(same < tried / 20, String(same))
  })

  test(`what is put into a signed ${layout} is refused, or leaves the identity as it was`, () => {
    const { tried, same } = insertEverywhere(layout, 17)
    assert.ok(tried > 1_500, String(tried))
    assert.ok(same < tried / 3, String(same))
  })
}
