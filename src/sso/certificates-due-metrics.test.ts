import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { createApp } from '../app.ts'
import { addCertificates, newOwnedConnection } from './certificates-due.test-kit.ts'

/** The certificates' lines of /metrics, by their labels. */
async function readMetrics(now: Date) {
  const { services } = await server()
  const app = createApp({ ...services, now: () => now })
  const text = await (await app.request('/metrics')).text()
  const values = new Map<string, number>()
  for (const [, name, value] of text.matchAll(/^portcullis_(certificate\S+) (\S+)$/gm))
    values.set(name!, Number(value))
  return { text, values }
}

test('metrics tell how many days the first certificate has, and how many end in 7, 30 and 60 days', async () => {
  const year = 365
  // a time of its own, which no other test's certificates are near
  const now = new Date(Date.now() - 20 * year * 86_400_000)
  const { values: before } = await readMetrics(now)
  const connection = await newOwnedConnection()
  const add = (purpose: 'verification' | 'signing', days: number[]) =>
    addCertificates(connection, purpose, days, now.getTime())
  await add('verification', [-3, -2.5])
  await add('signing', [6.5])
  for (const days of [5, 20, 25, 50]) {
    const other = await newOwnedConnection(connection)
    await addCertificates(other, 'verification', [days], now.getTime())
    // replaced by the last, so that it does not count
    await addCertificates(other, 'signing', [-100, 20, 3000], now.getTime())
  }
  const { values, text } = await readMetrics(now)
  const more = (within: string, purpose: string) => {
    const name = `certificates_due{purpose="${purpose}",within_days="${within}"}`
    return values.get(name)! - before.get(name)!
  }
  const windows = ['expired', '7', '30', '60']
  assert.deepEqual(
    windows.map((within) => more(within, 'verification')),
    [2, 1, 2, 1],
  )
  assert.deepEqual(
    windows.map((within) => more(within, 'signing')),
    [0, 1, 0, 0],
  )
  assert.equal(values.get('certificate_expiry_days{purpose="verification"}'), -3)
  assert.equal(values.get('certificate_expiry_days{purpose="signing"}'), 6)
  assert.ok(!text.includes(connection.connection_id), 'no labels of connections')
})
