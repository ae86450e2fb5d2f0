import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createActive, newCertificate, newTenant, update } from '../sso/connection.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'

const year = 365 * 86_400_000

test('the calendar groups certificates by when they end, and leaves out those with a successor', async () => {
  const owner = await newTenant()
  const admin = await newAdmin(owner.project, 'viewer')
  assert.match((await admin.get('/certificates')).html, /No certificates yet/)
  const connection = await createActive(owner)
  const later = (await admin.get('/certificates')).html
  assert.match(later, /Later/)
  assert.doesNotMatch(later, /Within 7 days/)
  assert.ok(later.includes(`/connections/${connection.connection_id}/certificates`))
  const replaced = await newCertificate(new Date(Date.now() - year))
  await update(owner, connection, { x509_certificate: replaced })
  const count = (page: string) => page.match(/data-label="Certificate"/g)?.length
  const urgent = count((await admin.get('/certificates')).html)!
  assert.equal(count((await admin.get('/certificates?show=all')).html), urgent + 1)
})
