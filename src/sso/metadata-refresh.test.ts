import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { runJobs } from '../jobs.ts'
import { newCertificate, sso } from './connection.test-kit.ts'
import { findConnectionAnywhere } from './connections.ts'
import { later, metadataXML, newMetadataConnection } from './metadata-refresh.test-kit.ts'
import { refreshDueMetadata, refreshNow } from './metadata-refresh.ts'
import { metadataStatus } from './metadata-refresh-approval.ts'

const hourMs = 3_600_000
const first = await newCertificate()
const second = await newCertificate()
const third = await newCertificate()

async function statusOf({
  project_id,
  connection_id,
}: {
  project_id: string
  connection_id: string
}) {
  const { services } = await server()
  return metadataStatus(services.db, project_id, connection_id)
}

test('the address of metadata is remembered and read again about every six hours', async () => {
  const connection = await newMetadataConnection({ certificates: [first] }, 'default')
  const { metadata_url, metadata_refresh, checked_at, due_at, error } = await statusOf(connection)
  assert.match(metadata_url, /^https:\/\/metadata-.*\/metadata$/)
  assert.deepEqual([metadata_refresh, error], ['approve', ''], 'nothing is replaced unasked')
  const hours = (due_at!.getTime() - checked_at!.getTime()) / hourMs
  assert.ok(hours > 4.7 && hours < 7.3, String(hours))
  await refreshDueMetadata(await later(4))
  assert.equal(connection.served.requests, 1)
  await refreshDueMetadata(await later(8))
  assert.equal(connection.served.requests, 2)
  await refreshDueMetadata(await later(8))
  assert.equal(connection.served.requests, 2)
  await refreshDueMetadata(await later(16))
  assert.equal(connection.served.requests, 3)
  assert.deepEqual(await connection.events(), [])
})

test('a rotation is followed: the next certificate is added, then the last one removed, and the log says so', async () => {
  const connection = await newMetadataConnection({ certificates: [first] })
  connection.say({ certificates: [first, second] })
  await refreshDueMetadata(await later(8))
  assert.deepEqual((await connection.stored()).certificates, [first, second])
  connection.say({
    certificates: [second],
    location: 'https://idp.example.com/v2',
    binding: 'HTTP-POST',
  })
  await refreshDueMetadata(await later(16))
  const { certificates, idp_sso_url, idp_sso_binding, status } = await connection.stored()
  assert.deepEqual(certificates, [second])
  assert.deepEqual(
    [idp_sso_url, idp_sso_binding, status],
    ['https://idp.example.com/v2', 'post', 'active'],
  )
  const [added, removed, ...others] = await connection.events()
  assert.deepEqual(others, [])
  assert.deepEqual([added!.state, added!.connection_id], ['taken', connection.connection_id])
  assert.equal((added!.certificates_added as unknown[]).length, 1)
  assert.equal((removed!.certificates_removed as unknown[]).length, 1)
  assert.deepEqual(removed!.idp_sso_binding, { before: 'redirect', after: 'post' })
  assert.ok(!JSON.stringify([added, removed]).includes('BEGIN'))
  assert.deepEqual(await connection.audit(), [
    'system connection.metadata_taken',
    'system connection.metadata_taken',
  ])
})

test('a login is verified with the new certificate at once', async () => {
  const { services } = await server()
  const connection = await newMetadataConnection({ certificates: [first] })
  const keys = async () =>
    (await findConnectionAnywhere(services, connection.connection_id)).verification_keys.length
  assert.equal(await keys(), 1)
  connection.say({ certificates: [first, second] })
  await refreshNow(services, connection.project_id, connection.connection_id)
  assert.equal(await keys(), 2)
})

test('another entity id or another host to send people to is never taken automatically, nor what comes with it', async () => {
  const cases = [
    [{ entity_id: 'https://evil.example' }, 'entity_id_differs'],
    [{ location: 'https://idp.example.org/sso' }, 'sso_url_of_another_host'],
    [{ location: 'http://idp.example.com/sso' }, 'sso_url_of_another_host'],
    [{ location: 'https://idp.example.com:8443/sso' }, 'sso_url_of_another_host'],
  ] as const
  for (const [said, reason] of cases) {
    const connection = await newMetadataConnection({ certificates: [first] })
    const before = await connection.stored()
    connection.say({ certificates: [first, second], ...said })
    await refreshDueMetadata(await later(8))
    const after = await connection.stored()
    assert.deepEqual(after.certificates, [first])
    assert.deepEqual(
      [after.idp_entity_id, after.idp_sso_url, after.updated_at],
      [before.idp_entity_id, before.idp_sso_url, before.updated_at],
    )
    const { pending, error } = await statusOf(connection)
    assert.deepEqual([pending?.reasons, error], [[reason], ''])
    assert.equal(pending?.changes.certificates_added.length, 1)
    await refreshDueMetadata(await later(16))
    const events = await connection.events()
    assert.deepEqual(
      events.map((event) => event.state),
      ['pending'],
      'told once',
    )
    connection.say({ certificates: [first] })
    await refreshDueMetadata(await later(24))
    assert.equal((await statusOf(connection)).pending, null, 'taken back by the identity provider')
  }
})

const xml = metadataXML({ certificates: [second] })
const broken: [name: string, served: { status?: number; body: string }, error: RegExp][] = [
  ['an outage', { status: 503, body: '' }, /status 503/],
  [
    'a page in place of metadata',
    { body: '<html>Sign in</html>' },
    /no SAML 2.0 identity provider/,
  ],
  ['an empty document', { body: '' }, /metadata cannot be used/],
  ['metadata without a certificate', { body: metadataXML({ certificates: [] }) }, /no certificate/],
  ['a document type', { body: `<!DOCTYPE a>${xml}` }, /metadata cannot be used/],
  [
    'metadata that have expired',
    {
      body: metadataXML({
        certificates: [second],
        attributes: ' validUntil="2020-01-01T00:00:00Z"',
      }),
    },
    /expired: they were valid until 2020-01-01/,
  ],
  [
    'a validUntil that is no time',
    { body: metadataXML({ certificates: [second], attributes: ' validUntil="soon"' }) },
    /validUntil is not a time/,
  ],
]

for (const [name, served, error] of broken) {
  test(`${name}: the last good copy stays in force, and the status says why and since when`, async () => {
    const connection = await newMetadataConnection({ certificates: [first] })
    const before = await connection.stored()
    Object.assign(connection.served, { status: 200, ...served })
    const began = Date.now() + 8 * hourMs
    await refreshDueMetadata(await later(8))
    await refreshDueMetadata(await later(9))
    const after = await connection.stored()
    for (const column of [
      'idp_entity_id',
      'idp_sso_url',
      'status',
      'updated_at',
      'certificates',
    ] as const)
      assert.deepEqual(after[column], before[column])
    const failing = await statusOf(connection)
    assert.match(failing.error, error)
    assert.ok(Math.abs(failing.failing_since!.getTime() - began) < 60_000)
    connection.say({ certificates: [first, second] })
    await refreshDueMetadata(await later(24))
    const { error: mended, failing_since } = await statusOf(connection)
    assert.deepEqual([mended, failing_since], ['', null])
    assert.deepEqual((await connection.stored()).certificates, [first, second])
  })
}

test('a source that fails is asked again soon, then less and less often, up to once a day', async () => {
  const connection = await newMetadataConnection({ certificates: [first] })
  connection.served.status = 500
  const { services } = await server()
  const waits: number[] = []
  let now = Date.now() + 8 * hourMs
  for (let i = 0; i < 10; i += 1) {
    await refreshDueMetadata({ ...services, now: () => new Date(now) })
    assert.equal(connection.served.requests, 2 + i)
    const due = (await statusOf(connection)).due_at!.getTime()
    waits.push((due - now) / 60_000)
    now = due + 1
  }
  const expected = [15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440]
  for (const [i, minutes] of expected.entries())
    assert.ok(waits[i]! >= minutes * 0.79 && waits[i]! <= minutes * 1.21, `${i}: ${waits[i]}`)
})

test('more certificates than a connection can hold are not taken, and the status says what to do', async () => {
  const connection = await newMetadataConnection({ certificates: [first] })
  const others = await Promise.all(Array.from({ length: 5 }, () => newCertificate()))
  connection.say({ certificates: [first, ...others] })
  await refreshDueMetadata(await later(8))
  assert.match((await statusOf(connection)).error, /6 certificates, at most 5/)
  assert.deepEqual((await connection.stored()).certificates, [first])
})

test('nodes that run at once read each connection once, and refreshes by hand beside them write once', async () => {
  const connection = await newMetadataConnection({ certificates: [first] })
  connection.say({ certificates: [second] })
  const ahead = await later(8)
  await Promise.all([1, 2, 3].map(() => refreshDueMetadata(ahead)))
  assert.equal(connection.served.requests, 2)
  connection.say({ certificates: [second, third] })
  const { project_id, connection_id } = connection
  const outcomes = await Promise.all(
    [1, 2, 3, 4].map(() => refreshNow(ahead, project_id, connection_id)),
  )
  assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), [
    'taken',
    'unchanged',
    'unchanged',
    'unchanged',
  ])
  assert.deepEqual((await connection.stored()).certificates, [second, third])
  assert.equal((await connection.events()).length, 2)
})

test('a server does it by itself', async () => {
  const connection = await newMetadataConnection({ certificates: [first] })
  connection.say({ certificates: [first, second] })
  await runJobs(await later(8))
  assert.deepEqual((await connection.stored()).certificates, [first, second])
})

test('a connection without an address of metadata, or of another project, is refused', async () => {
  const { services } = await server()
  const connection = await newMetadataConnection({ certificates: [first] })
  const other = await newMetadataConnection({ certificates: [first] })
  const { connection_id } = (await sso(connection.owner, 'POST', 'saml/{}', {})).body.connection
  await assert.rejects(refreshNow(services, connection.project_id, connection_id), {
    error_type: 'invalid_saml_metadata_url',
  })
  await assert.rejects(refreshNow(services, other.project_id, connection.connection_id), {
    error_type: 'saml_connection_not_found',
  })
})
