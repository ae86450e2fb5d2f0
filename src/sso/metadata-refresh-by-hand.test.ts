/** What somebody has set by hand stays as it is, whatever the metadata say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { newCertificate, sso, update } from './connection.test-kit.ts'
import { later, newMetadataConnection } from './metadata-refresh.test-kit.ts'
import { refreshDueMetadata } from './metadata-refresh.ts'
import { metadataStatus } from './metadata-refresh-approval.ts'

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

test('what somebody set by hand is not undone by the next reading', async () => {
  const connection = await newMetadataConnection({ certificates: [first, second] })
  const { owner, connection_id } = connection
  await update(owner, { connection_id }, { x509_certificate: third })
  const wire = (await sso(owner, 'GET', '{}')).body.saml_connections[0]
  const gone = wire.verification_certificates.find(
    (each: { certificate: string }) => each.certificate === first,
  )
  await sso(
    owner,
    'DELETE',
    `saml/{}/connections/${connection_id}/verification_certificates/${gone.certificate_id}`,
  )
  await refreshDueMetadata(await later(8))
  assert.deepEqual((await connection.stored()).certificates, [second, third])
  const fourth = await newCertificate()
  connection.say({ certificates: [first, fourth] })
  await refreshDueMetadata(await later(16))
  assert.deepEqual(
    new Set((await connection.stored()).certificates),
    new Set([third, fourth]),
    'the deleted one stays away, the pasted one stays',
  )
})

test('a certificate that was deleted by hand does not come back by itself, even where it is the only one left', async () => {
  const connection = await newMetadataConnection({ certificates: [first, second] })
  const { owner, connection_id } = connection
  const wire = (await sso(owner, 'GET', '{}')).body.saml_connections[0]
  const gone = wire.verification_certificates.find(
    (each: { certificate: string }) => each.certificate === first,
  )
  const path = `saml/{}/connections/${connection_id}/verification_certificates/`
  await sso(owner, 'DELETE', `${path}${gone.certificate_id}`)
  connection.say({ certificates: [first] })
  await refreshDueMetadata(await later(8))
  assert.deepEqual((await connection.stored()).certificates, [second])
  const { pending } = await statusOf(connection)
  assert.deepEqual(pending?.reasons, ['certificate_deleted_by_hand_returns'])
  assert.deepEqual(
    pending?.changes.certificates_added.map((each) => each.certificate),
    [first],
  )
})

test('a connection that was set to another identity provider by hand takes no certificates of the one before', async () => {
  const connection = await newMetadataConnection({ certificates: [first] })
  const { owner, connection_id } = connection
  await update(
    owner,
    { connection_id },
    { idp_entity_id: 'urn:another', idp_sso_url: 'https://b.example/sso' },
  )
  connection.say({ certificates: [second] })
  await refreshDueMetadata(await later(8))
  const { certificates, idp_entity_id } = await connection.stored()
  assert.deepEqual([certificates, idp_entity_id], [[first], 'urn:another'])
  const { pending } = await statusOf(connection)
  assert.deepEqual(pending?.reasons, ['entity_id_differs', 'sso_url_of_another_host'])
})
