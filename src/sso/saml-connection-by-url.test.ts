import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { createApp } from '../app.ts'
import { guardedFetch } from '../http/fetch.ts'
import {
  assertRefused,
  create,
  mapping,
  newCertificate,
  newTenant,
  serveLocally,
  sso,
  update,
} from './connection.test-kit.ts'
import { findConnectionAnywhere } from './connections.ts'
import { metadataXML, type Said } from './metadata-refresh.test-kit.ts'

type Owner = Awaited<ReturnType<typeof newTenant>>

/** An identity provider whose metadata can be set. */
async function newIdP() {
  const served = { status: 200, type: 'application/samlmetadata+xml', body: '' }
  const url = await serveLocally((_request, response) => {
    response.writeHead(served.status, { 'content-type': served.type }).end(served.body)
  })
  return { url: `${url}/metadata`, served }
}

function metadata(certificates: readonly string[], said: Omit<Said, 'certificates'> = {}): string {
  return metadataXML({ certificates, ...said })
}

function byURL(owner: Owner, connection: { connection_id: string }, metadata_url?: string) {
  const path = `saml/{}/connections/${connection.connection_id}/url`
  return sso(owner, 'PUT', path, { metadata_url })
}

test('metadata fill in everything but the attribute mapping', async () => {
  const [owner, idp] = [await newTenant(), await newIdP()]
  const connection = await create(owner, 'saml', { display_name: 'Acme' })
  const certificate = await newCertificate()
  idp.served.body = metadata([certificate])
  const { body } = await byURL(owner, connection, idp.url)
  assert.equal(body.connection.idp_entity_id, 'https://idp.example.com')
  assert.equal(body.connection.idp_sso_url, 'https://idp.example.com/sso')
  assert.equal(body.connection.verification_certificates[0].certificate, certificate)
  assert.deepEqual([body.connection.status, body.connection.display_name], ['pending', 'Acme'])
  const active = await update(owner, connection, { attribute_mapping: mapping })
  assert.equal(active.body.connection.status, 'active')
})

test('certificates of the metadata are added to those that are there', async () => {
  const [owner, idp] = [await newTenant(), await newIdP()]
  const connection = await create(owner, 'saml')
  await update(owner, connection, { attribute_mapping: mapping })
  const certificates = await Promise.all(Array.from({ length: 6 }, () => newCertificate()))
  idp.served.body = metadata(certificates.slice(0, 2))
  const first = await byURL(owner, connection, idp.url)
  assert.equal(first.body.connection.status, 'active')
  idp.served.body = metadata(certificates.slice(1, 4))
  const second = await byURL(owner, connection, idp.url)
  const present = second.body.connection.verification_certificates.map(
    (each: { certificate: string }) => each.certificate,
  )
  assert.deepEqual(new Set(present), new Set(certificates.slice(0, 4)))
  idp.served.body = metadata(certificates.slice(4), { entity_id: 'urn:another' })
  const refused = await byURL(owner, connection, idp.url)
  assertRefused(refused, 400, 'too_many_sso_verification_certificates')
  const [stored] = (await sso(owner, 'GET', '{}')).body.saml_connections
  assert.deepEqual(stored, second.body.connection)
})

test('the binding of the metadata holds until another SSO URL is entered', async () => {
  const { services } = await server()
  const [owner, idp] = [await newTenant(), await newIdP()]
  const connection = await create(owner, 'saml')
  const binding = async () =>
    (await findConnectionAnywhere(services, connection.connection_id)).idp_sso_binding
  idp.served.body = metadata([await newCertificate()], { binding: 'HTTP-POST' })
  await byURL(owner, connection, idp.url)
  assert.equal(await binding(), 'post')
  await update(owner, connection, { idp_sso_url: 'https://idp.example.com/sso' })
  assert.equal(await binding(), 'post')
  await update(owner, connection, { idp_sso_url: 'https://idp.example.com/other' })
  assert.equal(await binding(), 'redirect')
})

test('metadata that cannot be fetched or used are refused with the reason, and change nothing', async () => {
  const [owner, idp] = [await newTenant(), await newIdP()]
  const connection = await create(owner, 'saml')
  const good = metadata([await newCertificate()])
  const cases: [Partial<typeof idp.served>, string][] = [
    [{ status: 404 }, 'invalid_saml_metadata_url'],
    [{ status: 500 }, 'invalid_saml_metadata_url'],
    [{ body: 'hello' }, 'invalid_xml_from_saml_metadata_url'],
    [{ body: `<!DOCTYPE a>${good}` }, 'invalid_xml_from_saml_metadata_url'],
    [{ body: '<a/>' }, 'saml_connection_metadata_invalid_format'],
    [{ body: metadata([]) }, 'saml_connection_metadata_invalid_format'],
    [
      { body: metadata([await newCertificate()], { location: 'ftp://a.example' }) },
      'saml_connection_metadata_invalid_format',
    ],
    [
      { body: metadata([await newCertificate()], { entity_id: '' }) },
      'saml_connection_metadata_invalid_format',
    ],
  ]
  for (const [answer, error_type] of cases) {
    Object.assign(idp.served, { status: 200, body: good, ...answer })
    assertRefused(await byURL(owner, connection, idp.url), 400, error_type)
  }
  for (const url of ['', 'idp.example', 'file:///etc/passwd', 'http://127.0.0.1:9/metadata'])
    assertRefused(await byURL(owner, connection, url), 400, 'invalid_saml_metadata_url')
  assertRefused(await byURL(owner, connection), 400, 'bad_request')
  assert.deepEqual((await sso(owner, 'GET', '{}')).body.saml_connections, [connection])
})

test('in production metadata come over https from public addresses alone, and the answer says so', async () => {
  const { services } = await server()
  const [owner, idp] = [await newTenant(), await newIdP()]
  const connection = await create(owner, 'saml')
  idp.served.body = metadata([await newCertificate()])
  const ask = async (metadata_url: string, allowed_private_hosts: string[]) => {
    const fetch = guardedFetch({ allowed_private_hosts, development: false })
    const config = { ...services.config, mode: 'production' as const, allowed_private_hosts }
    const app = createApp({ ...services, config, fetch: fetch as typeof globalThis.fetch })
    const path = `saml/${owner.organization.organization_id}/connections/${connection.connection_id}`
    const response = await app.request(`/v1/b2b/sso/${path}/url`, {
      method: 'PUT',
      headers: { authorization: owner.project.authorization },
      body: JSON.stringify({ metadata_url }),
    })
    await fetch.close()
    return (await response.json()) as Record<string, string>
  }
  const plain = await ask(idp.url, [])
  assert.equal(plain.error_type, 'invalid_saml_metadata_url')
  assert.match(plain.error_message!, /https/)
  const own = await ask('https://127.0.0.1/metadata', [])
  assert.equal(own.error_type, 'invalid_saml_metadata_url')
  assert.match(own.error_message!, /an address of this machine/)
  assert.equal((await ask(idp.url, ['127.0.0.1'])).status_code, 200)
  idp.served.body = metadata([await newCertificate()], { location: 'http://idp.example.com/sso' })
  const downgraded = await ask(idp.url, ['127.0.0.1'])
  assert.equal(downgraded.error_type, 'saml_connection_idp_sso_url_not_https')
})
