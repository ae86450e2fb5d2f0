import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { assertRefused, create, newTenant, update } from './connection.test-kit.ts'
import { findConnectionAnywhere } from './connections.ts'

test('a signing key of the customer signs from then on, and the certificates before it stay listed', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pkcs1 = pem(privateKey, 'pkcs1')
  const answer = await update(owner, connection, { signing_private_key: pkcs1 })
  const certificates = answer.body.connection.signing_certificates
  assert.equal(certificates.length, 2)
  assert.deepEqual(certificates[0], connection.signing_certificates[0])
  assert.ok(new X509Certificate(certificates[1].certificate).checkPrivateKey(privateKey))
  assert.ok(!JSON.stringify(answer.body).includes('PRIVATE KEY'))
  const found = await findConnectionAnywhere(services, connection.connection_id)
  assert.equal(found.signing_key!.certificate, certificates[1].certificate)
  assert.ok(found.signing_key!.private_key.equals(privateKey))
  assert.deepEqual(found.signing_key!.older_certificates, [certificates[0].certificate])
  const again = await update(owner, connection, { signing_private_key: pem(privateKey, 'pkcs8') })
  assert.deepEqual(again.body.connection.signing_certificates, certificates)
  const stored = await services.db
    .selectFrom('saml_keys')
    .select('private_key')
    .where('connection_id', '=', connection.connection_id)
    .execute()
  for (const { private_key } of stored) assert.ok(!private_key!.includes('PRIVATE KEY'))
})

test('signing keys that are damaged, weak, of another kind or too long are refused', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const good = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'pkcs1')
  const weak = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'pkcs8')
  const ec = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'pkcs8')
  const cases: [string, string][] = [
    ['hello', 'saml_signing_private_key_format_not_supported'],
    [ec.replaceAll(' PRIVATE', ' EC PRIVATE'), 'saml_signing_private_key_format_not_supported'],
    [`${good}${good}`, 'saml_signing_private_key_format_not_supported'],
    [ec, 'saml_signing_private_key_invalid'],
    [weak, 'saml_signing_private_key_invalid'],
    [good.replace(/\n[A-Za-z0-9+/]{64}\n/, '\n'), 'saml_signing_private_key_invalid'],
    [`${good}${' '.repeat(10_000)}`, 'private_key_too_long'],
  ]
  for (const [signing_private_key, error_type] of cases)
    assertRefused(await update(owner, connection, { signing_private_key }), 400, error_type)
})

test('of more than five signing certificates the oldest go', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  let last = connection
  for (let i = 0; i < 5; i++) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const body = { signing_private_key: pem(privateKey, 'pkcs8') }
    last = (await update(owner, connection, body)).body.connection
  }
  assert.equal(last.signing_certificates.length, 5)
  const ids = last.signing_certificates.map(
    (each: { certificate_id: string }) => each.certificate_id,
  )
  assert.ok(!ids.includes(connection.signing_certificates[0].certificate_id))
})

function pem(key: KeyObject, type: 'pkcs1' | 'pkcs8'): string {
  return key.export({ type: type as 'pkcs8', format: 'pem' }).toString()
}
