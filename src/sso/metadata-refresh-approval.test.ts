import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { newCertificate } from './connection.test-kit.ts'
import { later, newMetadataConnection, type Said } from './metadata-refresh.test-kit.ts'
import { refreshDueMetadata, refreshNow } from './metadata-refresh.ts'
import {
  approveMetadata,
  type MetadataRefresh,
  metadataStatus,
  rejectMetadata,
  setMetadataRefresh,
} from './metadata-refresh-approval.ts'

const first = await newCertificate()
const second = await newCertificate()
const third = await newCertificate()
const by = { actor: { type: 'admin' as const, id: 'admin-1', name: 'Grace' }, address: '192.0.2.1' }

/** A connection in a mode, whose identity provider has changed its metadata since. */
async function withChange(mode: MetadataRefresh, said: Said) {
  const { services } = await server()
  const connection = await newMetadataConnection({ certificates: [first] })
  const { project_id, connection_id } = connection
  await setMetadataRefresh(services, project_id, connection_id, mode, by)
  connection.say(said)
  const status = () => metadataStatus(services.db, project_id, connection_id)
  return { services, connection, status, ids: [services, project_id, connection_id] as const }
}

test('with approval, changes wait, and are taken when somebody approves what was shown', async () => {
  const { connection, status, ids } = await withChange('approve', {
    certificates: [second],
    entity_id: 'https://idp.example.com/2',
    location: 'https://login.example.org/sso',
    binding: 'HTTP-POST',
  })
  await refreshDueMetadata(await later(8))
  const { pending } = await status()
  const { changes } = pending!
  assert.deepEqual(changes.idp_entity_id, {
    before: 'https://idp.example.com',
    after: 'https://idp.example.com/2',
  })
  assert.deepEqual(
    [changes.certificates_added, changes.certificates_removed].map((list) =>
      list.map((each) => each.certificate),
    ),
    [[second], [first]],
  )
  assert.deepEqual((await connection.stored()).certificates, [first])
  const taken = await approveMetadata(...ids, { pending_id: pending!.pending_id, ...by })
  assert.deepEqual(taken, changes)
  const after = await connection.stored()
  assert.deepEqual(
    [
      after.certificates,
      after.idp_entity_id,
      after.idp_sso_url,
      after.idp_sso_binding,
      after.status,
    ],
    [[second], 'https://idp.example.com/2', 'https://login.example.org/sso', 'post', 'active'],
  )
  assert.equal((await status()).pending, null)
  assert.deepEqual(
    (await connection.events()).map((event) => event.state),
    ['pending', 'taken'],
  )
  assert.deepEqual(await connection.audit(), [
    'admin connection.metadata_refresh_set',
    'admin connection.metadata_taken',
  ])
  await refreshDueMetadata(await later(16))
  assert.equal((await status()).pending, null)
})

test('what was rejected is not proposed again; what comes later is, without what was rejected', async () => {
  const { connection, status, ids } = await withChange('approve', { certificates: [first, second] })
  await refreshNow(...ids)
  await rejectMetadata(...ids, { pending_id: (await status()).pending!.pending_id, ...by })
  assert.deepEqual(await connection.audit(), [
    'admin connection.metadata_refresh_set',
    'admin connection.metadata_rejected',
  ])
  await refreshDueMetadata(await later(8))
  assert.equal((await status()).pending, null)
  connection.say({ certificates: [first, second, third] })
  await refreshDueMetadata(await later(16))
  const { changes } = (await status()).pending!
  assert.deepEqual(
    changes.certificates_added.map((each) => each.certificate),
    [third],
  )
  assert.deepEqual((await connection.stored()).certificates, [first])
})

test('nobody approves what they have not seen, and nothing is approved twice', async () => {
  const { connection, status, ids } = await withChange('approve', { certificates: [first, second] })
  await refreshNow(...ids)
  const seen = (await status()).pending!.pending_id
  connection.say({ certificates: [first, third] })
  await refreshNow(...ids)
  const message = /have changed again meanwhile/
  for (const decide of [approveMetadata, rejectMetadata])
    await assert.rejects(decide(...ids, { pending_id: seen, ...by }), { message })
  assert.deepEqual((await connection.stored()).certificates, [first])
  const now = (await status()).pending!.pending_id
  const decisions = await Promise.allSettled(
    [1, 2, 3].map(() => approveMetadata(...ids, { pending_id: now, ...by })),
  )
  assert.equal(decisions.filter(({ status: one }) => one === 'fulfilled').length, 1)
  const late = { message: /wait for approval any more/ }
  await assert.rejects(approveMetadata(...ids, { pending_id: now, ...by }), late)
  assert.deepEqual((await connection.stored()).certificates, [first, third])
})

test('an outage leaves what waits as it is', async () => {
  const { connection, status, ids } = await withChange('approve', { certificates: [second] })
  await refreshNow(...ids)
  connection.served.status = 500
  await refreshNow(...ids)
  const { pending, error } = await status()
  assert.match(error, /status 500/)
  await approveMetadata(...ids, { pending_id: pending!.pending_id, ...by })
  assert.deepEqual((await connection.stored()).certificates, [second])
})

test('switched off, nothing is read by itself; by hand, changes wait for approval', async () => {
  const { connection, status, ids } = await withChange('off', { certificates: [second] })
  await refreshDueMetadata(await later(48))
  assert.equal(connection.served.requests, 1)
  assert.equal((await status()).due_at, null)
  assert.equal((await refreshNow(...ids)).outcome, 'pending')
  assert.deepEqual((await connection.stored()).certificates, [first])
})

test('set to automatic, what waited is taken with the next reading', async () => {
  const { connection, status, ids } = await withChange('approve', { certificates: [second] })
  await refreshNow(...ids)
  await setMetadataRefresh(...ids, 'automatic', by)
  await refreshDueMetadata(await later(0.01))
  assert.deepEqual((await connection.stored()).certificates, [second])
  assert.equal((await status()).pending, null)
})

test('connections of another project cannot be seen or decided upon', async () => {
  const { services, connection } = await withChange('approve', { certificates: [second] })
  const other = await newMetadataConnection({ certificates: [first] })
  const ids = [services, other.project_id, connection.connection_id] as const
  const refusal = { error_type: 'saml_connection_not_found' }
  await assert.rejects(metadataStatus(services.db, ids[1], ids[2]), refusal)
  await assert.rejects(setMetadataRefresh(...ids, 'off', by), refusal)
  for (const decide of [approveMetadata, rejectMetadata])
    await assert.rejects(decide(...ids, { pending_id: 'x', ...by }), refusal)
})
