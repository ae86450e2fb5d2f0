import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { assertRefused, create, newTenant, sso, update } from './connection.test-kit.ts'
import { findConnectionAnywhere } from './connections.ts'

function newKey(modulusLength = 2048): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength }).privateKey
}

function pem(key: KeyObject, type: 'pkcs1' | 'pkcs8' = 'pkcs1'): string {
  return key.export({ type: type as 'pkcs8', format: 'pem' }).toString()
}

type Connection = Awaited<ReturnType<typeof create>>

/** The KeyDescriptors for encryption in the SP metadata: their certificates. */
async function published(connection: Connection): Promise<X509Certificate[]> {
  const { app } = await server()
  const path = `/v1/public/sso/saml/metadata/${connection.connection_id}`
  const xml = await (await app.request(path)).text()
  const found = [...xml.matchAll(/<md:KeyDescriptor use="encryption">(.*?)<\/md:KeyDescriptor>/gs)]
  return found.map(([, descriptor = '']) => {
    assert.match(descriptor, /<md:EncryptionMethod Algorithm="[^"]+#aes256-gcm"\/>/)
    assert.match(descriptor, /<md:EncryptionMethod Algorithm="[^"]+#rsa-oaep-mgf1p"\/>/)
    const base64 = /<ds:X509Certificate>(.+?)</.exec(descriptor)![1]!
    return new X509Certificate(Buffer.from(base64, 'base64'))
  })
}

test('keys for encrypted assertions add up; all decrypt, the newest is published, none is shown', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  assert.deepEqual(connection.encryption_private_keys, [])
  assert.deepEqual(await published(connection), [])
  const [first, second] = [newKey(), newKey(3072)]
  await update(owner, connection, { saml_encryption_private_key: pem(first) })
  const answer = await update(owner, connection, {
    saml_encryption_private_key: pem(second, 'pkcs8'),
  })
  const listed = answer.body.connection.encryption_private_keys
  assert.equal(listed.length, 2)
  for (const each of listed) {
    assert.match(each.private_key_id, /^saml-encryption-key-test-/)
    assert.equal(each.private_key, '')
    assert.ok(!Number.isNaN(Date.parse(each.created_at)))
  }
  assert.ok(!JSON.stringify(answer.body).includes('PRIVATE KEY'))
  const { decryption_keys } = await findConnectionAnywhere(services, connection.connection_id)
  assert.deepEqual(
    decryption_keys.map((key) => [key.equals(first), key.equals(second)]),
    [
      [false, true],
      [true, false],
    ],
  )
  const certificates = await published(connection)
  assert.equal(certificates.length, 1)
  assert.ok(certificates[0]!.checkPrivateKey(second))
  const rows = await services.db
    .selectFrom('saml_keys')
    .select('private_key')
    .where('connection_id', '=', connection.connection_id)
    .where('purpose', '=', 'encryption')
    .execute()
  assert.equal(rows.length, 2)
  for (const { private_key } of rows) assert.ok(!private_key!.includes('PRIVATE KEY'))
})

test('a key that is there already is not stored again, and "" means not given', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const key = newKey()
  for (const saml_encryption_private_key of [pem(key), pem(key, 'pkcs8'), '']) {
    const { body } = await update(owner, connection, { saml_encryption_private_key })
    assert.equal(body.connection.encryption_private_keys.length, 1)
  }
})

test('a sixth key is refused, and fits once one is deleted', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  for (let i = 0; i < 5; i += 1) {
    await update(owner, connection, { saml_encryption_private_key: pem(newKey()) })
  }
  const sixth = { saml_encryption_private_key: pem(newKey()) }
  const refused = await update(owner, connection, sixth)
  assertRefused(refused, 400, 'too_many_encryption_certificates')
  const { body } = await sso(owner, 'GET', '{}')
  const [{ private_key_id }] = body.saml_connections[0].encryption_private_keys
  const path = `saml/{}/connections/${connection.connection_id}/encryption_private_keys`
  const deleted = await sso(owner, 'DELETE', `${path}/${private_key_id}`)
  assert.equal(deleted.body.private_key_id, private_key_id)
  const after = await update(owner, connection, sixth)
  assert.equal(after.body.connection.encryption_private_keys.length, 5)
})

test('deleted keys decrypt no more; the last may go, and metadata lists none then', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const [first, second] = [newKey(), newKey()]
  for (const key of [first, second]) {
    await update(owner, connection, { saml_encryption_private_key: pem(key) })
  }
  const { body } = await update(owner, connection, {})
  const [older, newer] = body.connection.encryption_private_keys
  const path = `saml/{}/connections/${connection.connection_id}/encryption_private_keys`
  assert.equal((await sso(owner, 'DELETE', `${path}/${newer.private_key_id}`)).status, 200)
  const found = await findConnectionAnywhere(services, connection.connection_id)
  assert.deepEqual(
    [found.decryption_keys.length, found.decryption_keys[0]?.equals(first)],
    [1, true],
  )
  assert.ok((await published(connection))[0]!.checkPrivateKey(first))
  assert.equal((await sso(owner, 'DELETE', `${path}/${older.private_key_id}`)).status, 200)
  assert.deepEqual(await published(connection), [])
  const again = await sso(owner, 'DELETE', `${path}/${older.private_key_id}`)
  assertRefused(again, 404, 'sso_encryption_private_key_not_found')
})

test('a key of another connection, and a key of another purpose, is not found', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const other = await create(owner, 'saml')
  const { body } = await update(owner, other, { saml_encryption_private_key: pem(newKey()) })
  const path = `saml/{}/connections/${connection.connection_id}/encryption_private_keys`
  const [{ private_key_id }] = body.connection.encryption_private_keys
  const { services } = await server()
  const signing = await services.db
    .selectFrom('saml_keys')
    .select('key_id')
    .where('connection_id', '=', connection.connection_id)
    .executeTakeFirstOrThrow()
  for (const id of [private_key_id, signing.key_id, 'none']) {
    const refused = await sso(owner, 'DELETE', `${path}/${id}`)
    assertRefused(refused, 404, 'sso_encryption_private_key_not_found')
  }
  const elsewhere = await sso(await newTenant(), 'DELETE', `${path}/${private_key_id}`)
  assertRefused(elsewhere, 404, 'saml_connection_not_found')
})

test('keys that are damaged, weak, of another kind or too long are refused, and change nothing', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const good = pem(newKey())
  const ec = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'pkcs8')
  const cases: [string, string][] = [
    ['hello', 'bad_request'],
    [connection.signing_certificates[0].certificate, 'bad_request'],
    [ec, 'bad_request'],
    [pem(newKey(1024)), 'bad_request'],
    [pem(newKey(4104)), 'bad_request'],
    [good.replace(/\n[A-Za-z0-9+/]{64}\n/, '\n'), 'bad_request'],
    [`${good}${' '.repeat(10_000)}`, 'private_key_too_long'],
  ]
  for (const [saml_encryption_private_key, error_type] of cases) {
    const refused = await update(owner, connection, {
      saml_encryption_private_key,
      display_name: 'changed',
    })
    assertRefused(refused, 400, error_type)
    if (error_type === 'bad_request')
      assert.match(refused.body.error_message, /^saml_encryption_private_key /)
  }
  const { body } = await update(owner, connection, {})
  assert.deepEqual(body.connection.encryption_private_keys, [])
  assert.notEqual(body.connection.display_name, 'changed')
})
