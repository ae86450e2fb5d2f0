import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { create, newTenant, update } from './connection.test-kit.ts'
import { spMetadata } from './metadata.ts'

test('SP metadata of a connection name its own address, its NameID format, and the key in use last', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { body } = await update(owner, connection, {
    signing_private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    nameid_format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  })
  const { app } = await server()
  const path = `/v1/public/sso/saml/metadata/${connection.connection_id}`
  const response = await app.request(path)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type')!, /^application\/samlmetadata\+xml/)
  const xml = await response.text()
  assert.ok(xml.includes(`entityID="${connection.audience_uri}"`))
  assert.ok(xml.includes(`Location="${connection.acs_url}"`))
  assert.ok(xml.includes('>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent<'))
  const listed = [...xml.matchAll(/<ds:X509Certificate>(.+?)<\/ds:X509Certificate>/g)]
  assert.deepEqual(
    listed.map(([, base64]) => base64),
    body.connection.signing_certificates.map((each: { certificate: string }) =>
      each.certificate.replace(/-+[A-Z ]+-+|\s/g, ''),
    ),
  )
  assert.ok(!xml.includes('PRIVATE'))
})

test('there are no SP metadata for what is no SAML connection', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const oidc = await create(owner, 'oidc')
  await assert.rejects(spMetadata(services, oidc.connection_id), {
    error_type: 'saml_connection_not_found',
    status: 404,
  })
  await assert.rejects(spMetadata(services, 'saml-connection-test-none'), {
    error_type: 'sso_connection_not_found',
    status: 404,
  })
  const { app } = await server()
  for (const odd of ['%00', `${oidc.connection_id}%00`, '%ed%a0%80', 'x'.repeat(5_000)]) {
    const response = await app.request(`/v1/public/sso/saml/metadata/${odd}`)
    assert.equal(response.status, 404, odd)
  }
})
