import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { addOrganization } from '../sessions/session.test-kit.ts'
import {
  assertRefused,
  create,
  createActive,
  idp,
  newCertificate,
  newTenant,
  sso,
  update,
} from './connection.test-kit.ts'
import { findConnectionAnywhere } from './connections.ts'

function remove(
  owner: Awaited<ReturnType<typeof newTenant>>,
  connection_id: string,
  certificate_id: string,
) {
  const path = `saml/{}/connections/${connection_id}/verification_certificates/${certificate_id}`
  return sso(owner, 'DELETE', path)
}

test('a certificate is added, and the same one again adds nothing', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const x509_certificate = await newCertificate()
  const first = await update(owner, connection, { x509_certificate })
  const [added] = first.body.connection.verification_certificates
  assert.match(added.certificate_id, /^saml-verification-key-test-/)
  assert.equal(added.certificate, x509_certificate)
  assert.equal(added.issuer, 'CN=idp.example.com')
  assert.match(added.expires_at, /Z$/)
  const oneLine = x509_certificate.replaceAll('\n', '').replace(/-+[A-Z ]+-+/g, '')
  const again = await update(owner, connection, { x509_certificate: oneLine })
  assert.deepEqual(again.body.connection.verification_certificates, [added])
  const second = await update(owner, connection, { x509_certificate: await newCertificate() })
  assert.equal(second.body.connection.verification_certificates.length, 2)
  const { services } = await server()
  const { verification_keys } = await findConnectionAnywhere(services, connection.connection_id)
  assert.deepEqual(
    verification_keys.map((key) => key.certificate_id),
    second.body.connection.verification_certificates.map(
      (each: { certificate_id: string }) => each.certificate_id,
    ),
  )
})

test('a connection holds five certificates, also when they come at once', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const certificates = await Promise.all(Array.from({ length: 7 }, () => newCertificate()))
  const answers = await Promise.all(
    certificates.map((x509_certificate) => update(owner, connection, { x509_certificate })),
  )
  const refused = answers.filter((answer) => answer.status !== 200)
  assert.equal(refused.length, 2)
  for (const answer of refused) assertRefused(answer, 400, 'too_many_sso_verification_certificates')
  const listed = (await sso(owner, 'GET', '{}')).body.saml_connections[0]
  assert.equal(listed.verification_certificates.length, 5)
  const { certificate, certificate_id } = listed.verification_certificates[0]
  const again = await update(owner, connection, { x509_certificate: certificate })
  assert.equal(again.status, 200)
  assert.equal((await remove(owner, connection.connection_id, certificate_id)).status, 200)
  const replaced = await update(owner, connection, { x509_certificate: await newCertificate() })
  assert.equal(replaced.status, 200)
})

test('why a certificate is refused is said, with who must act', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const twice = (await newCertificate()) + (await newCertificate())
  const answer = await update(owner, connection, { x509_certificate: twice })
  assertRefused(answer, 400, 'invalid_x509_certificate')
  assert.match(answer.body.error_message, /exactly one certificate/)
  assert.equal(answer.body.error_details.checks[0].fix.who, 'it_admin')
})

test('a certificate can be deleted, but not the last of an active connection', async () => {
  const owner = await newTenant()
  const connection = await createActive(owner)
  const [old] = connection.verification_certificates
  const id = connection.connection_id
  assertRefused(
    await remove(owner, id, old.certificate_id),
    400,
    'cannot_delete_last_sso_verification_key',
  )
  await update(owner, connection, { x509_certificate: await newCertificate() })
  const removed = await remove(owner, id, old.certificate_id)
  assert.deepEqual([removed.status, removed.body.certificate_id], [200, old.certificate_id])
  assertRefused(await remove(owner, id, old.certificate_id), 404, 'sso_verification_key_not_found')
  const { services } = await server()
  const { verification_keys } = await findConnectionAnywhere(services, id)
  assert.equal(verification_keys.length, 1)
})

test('of two certificates deleted at once, an active connection keeps one', async () => {
  const owner = await newTenant()
  const connection = await createActive(owner)
  const more = await update(owner, connection, { x509_certificate: await newCertificate() })
  const both = more.body.connection.verification_certificates
  const answers = await Promise.all(
    both.map((each: { certificate_id: string }) =>
      remove(owner, connection.connection_id, each.certificate_id),
    ),
  )
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 400])
})

test('a pending connection may lose its last certificate; its signing certificate is out of reach', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const body = { x509_certificate: await newCertificate() }
  const [only] = (await update(owner, connection, body)).body.connection.verification_certificates
  const id = connection.connection_id
  const own = connection.signing_certificates[0].certificate_id
  assertRefused(await remove(owner, id, own), 404, 'sso_verification_key_not_found')
  assert.equal((await remove(owner, id, only.certificate_id)).status, 200)
  const still = (await sso(owner, 'GET', '{}')).body.saml_connections[0]
  assert.deepEqual(still, connection)
})

test('two organizations may have the same identity provider and certificate', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const { project } = owner
  const neighbour = { project, organization: await addOrganization(services, project.project_id) }
  const body = { ...idp, x509_certificate: await newCertificate() }
  for (const each of [owner, neighbour]) {
    const answer = await update(each, await create(each, 'saml'), body)
    assert.equal(answer.body.connection.status, 'active')
  }
})
