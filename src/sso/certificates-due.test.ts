import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { addCertificates, newOwnedConnection } from './certificates-due.test-kit.ts'
import { certificatesDue, type DueCertificate } from './certificates-due.ts'

const now = new Date()

function shown(certificates: DueCertificate[]) {
  return certificates.map(
    ({ purpose, days_left, replaced }) => `${purpose} ${days_left} ${replaced}`,
  )
}

test('the calendar has the certificates of both sides that end soon or have ended, the first to end first', async () => {
  const { db } = (await server()).services
  const connection = await newOwnedConnection()
  const { project_id, organization, connection_id } = connection
  await addCertificates(connection, 'verification', [-3.5, 30.5, 100])
  await addCertificates(connection, 'signing', [45.5])
  await addCertificates(connection, 'encryption', [0.5])
  const { certificates, next_cursor } = await certificatesDue(db, project_id, now)
  assert.deepEqual(shown(certificates), [
    'verification -4 true',
    'encryption 0 false',
    'verification 30 true',
    'signing 45 false',
  ])
  assert.equal(next_cursor, null)
  const { certificate_id, fingerprint, issuer, expires_at, ...where } = certificates[1]!
  assert.match(certificate_id, /^saml-encryption-key-test-/)
  assert.deepEqual(where, {
    organization_id: organization.organization_id,
    organization_name: organization.organization_name,
    organization_slug: organization.organization_slug,
    connection_id,
    display_name: 'Acme',
    identity_provider: 'okta',
    connection_status: 'pending',
    purpose: 'encryption',
    days_left: 0,
    replaced: false,
  })
  const within = async (within_days: number) =>
    shown((await certificatesDue(db, project_id, now, { within_days })).certificates).length
  assert.deepEqual([await within(0), await within(1), await within(365)], [1, 2, 5])
})

test('urgent leaves out those that another one replaces; one that has ended too replaces nothing', async () => {
  const { db } = (await server()).services
  const connection = await newOwnedConnection()
  await addCertificates(connection, 'verification', [-10, -5])
  const urgent = async () =>
    shown((await certificatesDue(db, connection.project_id, now, { urgent: true })).certificates)
  assert.deepEqual(await urgent(), ['verification -10 false', 'verification -5 false'])
  const other = await newOwnedConnection(connection)
  await addCertificates(other, 'verification', [100])
  assert.equal((await urgent()).length, 2, 'of another connection')
  await addCertificates(connection, 'signing', [100])
  assert.equal((await urgent()).length, 2, 'of another purpose')
  await addCertificates(connection, 'verification', [100])
  assert.deepEqual(await urgent(), [])
})

test('of our own certificates the newest is in use, although an older one lasts longer', async () => {
  const { db } = (await server()).services
  const connection = await newOwnedConnection()
  await addCertificates(connection, 'signing', [3000, 10.5])
  const { certificates } = await certificatesDue(db, connection.project_id, now)
  assert.deepEqual(shown(certificates), ['signing 10 false'])
})

test('pages follow one another, and neither of another project', async () => {
  const { db } = (await server()).services
  const connection = await newOwnedConnection()
  await addCertificates(await newOwnedConnection(), 'verification', [1])
  await addCertificates(connection, 'verification', [5, 4, 3, 2, 1])
  await addCertificates(connection, 'signing', [3])
  const seen: string[] = []
  let cursor: string | null | undefined
  let pages = 0
  do {
    const query = { limit: 2, ...(cursor && { cursor }) }
    const page = await certificatesDue(db, connection.project_id, now, query)
    seen.push(...page.certificates.map((each) => each.certificate_id))
    cursor = page.next_cursor
    pages += 1
  } while (cursor)
  assert.deepEqual([pages, seen.length, new Set(seen).size], [3, 6, 6])
  for (const wrong of ['x', Buffer.from('2026-99-99T00:00:00.000Z a').toString('base64url')])
    await assert.rejects(certificatesDue(db, connection.project_id, now, { cursor: wrong }), {
      error_type: 'user_search_invalid_cursor',
    })
})
