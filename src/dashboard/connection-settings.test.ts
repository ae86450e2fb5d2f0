import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import {
  create,
  createActive,
  idp,
  newCertificate,
  newTenant,
  provider,
  serveLocally,
  sso,
  update,
} from '../sso/connection.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'

type Owner = Awaited<ReturnType<typeof newTenant>>

async function stored(owner: Owner, type: 'saml' | 'oidc' = 'saml') {
  return (await sso(owner, 'GET', '{}')).body[`${type}_connections`][0]
}

function metadata(pem: string, entity_id = 'https://idp.example.com'): string {
  const der = pem.replace(/-+[A-Z ]+-+|\s/g, '')
  return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entity_id}"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${der}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/></IDPSSODescriptor></EntityDescriptor>`
}

test('what is entered value by value is what the API answers', async () => {
  const owner = await newTenant()
  const { connection_id } = await create(owner, 'saml')
  const admin = await newAdmin(owner.project, 'editor')
  const x509_certificate = await newCertificate()
  const { idp_entity_id, idp_sso_url } = idp
  const fields = { part: 'idp', idp_entity_id, idp_sso_url, x509_certificate }
  const answer = await admin.post(`/connections/${connection_id}/settings/idp`, fields)
  assert.equal(answer.status, 303)
  const connection = await stored(owner)
  assert.deepEqual([connection.idp_entity_id, connection.idp_sso_url], [idp_entity_id, idp_sso_url])
  assert.equal(connection.verification_certificates[0].certificate, x509_certificate)
})

test('what the API refuses stands on the page, with what was typed, and changes nothing', async () => {
  const owner = await newTenant()
  const { connection_id } = await createActive(owner)
  const before = await stored(owner)
  const admin = await newAdmin(owner.project, 'editor')
  const path = `/connections/${connection_id}`
  const wrong = await admin.post(`${path}/settings/idp`, {
    part: 'idp',
    idp_entity_id: 'urn:typed "here"',
    idp_sso_url: 'https://idp.example.com/sso',
    x509_certificate: 'no certificate',
  })
  assert.equal(wrong.status, 400)
  assert.match(wrong.html, /certificate/i)
  assert.match(wrong.html, /role="alert"/)
  assert.match(wrong.html, /value="urn:typed &quot;here&quot;"/)
  assert.match(wrong.html, />no certificate<\/textarea>/)
  const alone = await admin.post(`${path}/certificates`, { x509_certificate: 'no certificate' })
  assert.equal(alone.status, 400)
  assert.match(alone.html, />no certificate<\/textarea>/)
  assert.deepEqual(await stored(owner), before)
})

test('metadata are taken from a file, with the binding in them', async () => {
  const owner = await newTenant()
  const { connection_id } = await create(owner, 'saml')
  const admin = await newAdmin(owner.project, 'editor')
  const path = `/connections/${connection_id}/settings/metadata-xml`
  const pem = await newCertificate()
  const { services } = await server()
  const page = (await admin.get(`/connections/${connection_id}/settings`)).html
  const body = new FormData()
  body.set('csrf_token', /name="csrf_token" value="([^"]+)"/.exec(page)![1]!)
  body.set('metadata_file', new Blob([metadata(pem)], { type: 'text/xml' }), 'metadata.xml')
  const answer = await admin.request(path, {
    method: 'POST',
    body,
    headers: { origin: services.config.base_url },
  })
  assert.equal(answer.status, 303, answer.html)
  const connection = await stored(owner)
  assert.equal(connection.idp_entity_id, 'https://idp.example.com')
  assert.equal(connection.verification_certificates[0].certificate, pem)
  const row = await services.db
    .selectFrom('sso_connections')
    .select('idp_sso_binding')
    .where('connection_id', '=', connection_id)
    .executeTakeFirstOrThrow()
  assert.equal(row.idp_sso_binding, 'post')
  const refused = await admin.post(path, { part: 'metadata-xml', metadata_xml: '<a/>' })
  assert.equal(refused.status, 400)
  assert.match(refused.html, /&lt;a\/&gt;<\/textarea>/)
  assert.equal((await admin.post(path, { part: 'metadata-xml' })).status, 400)
  assert.deepEqual(await stored(owner), connection)
})

test('metadata are read from their address, again on demand; another entity id waits for approval', async () => {
  const owner = await newTenant()
  const { connection_id } = await create(owner, 'saml')
  const served = { body: metadata(await newCertificate()) }
  const metadata_url = `${await serveLocally((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/xml' }).end(served.body)
  })}/metadata`
  const admin = await newAdmin(owner.project, 'editor')
  const path = `/connections/${connection_id}`
  const first = await admin.post(`${path}/settings/metadata-url`, { metadata_url })
  assert.equal(first.status, 303, first.html)
  assert.equal((await stored(owner)).idp_entity_id, 'https://idp.example.com')
  served.body = metadata(await newCertificate(), 'urn:another')
  assert.equal((await admin.post(`${path}/metadata/refresh`)).status, 303)
  const { html } = await admin.get(`${path}/certificates`)
  assert.match(html, /waiting for approval/)
  assert.match((await admin.get(path)).html, /metadata have changed/)
  assert.match(html, /urn:another/)
  assert.equal((await stored(owner)).idp_entity_id, 'https://idp.example.com')
  const [, pending_id = ''] = /name="pending_id" value="([^"]+)"/.exec(html) ?? []
  assert.equal((await admin.post(`${path}/metadata/approve`, { pending_id: 'x' })).status, 400)
  assert.equal((await admin.post(`${path}/metadata/approve`, { pending_id })).status, 303)
  assert.equal((await stored(owner)).idp_entity_id, 'urn:another')
  const off = await admin.post(`${path}/metadata/mode`, { metadata_refresh: 'off' })
  assert.equal(off.status, 303)
  assert.match((await admin.get(`${path}/certificates`)).html, /value="off" selected/)
})

test('an issuer that changes does not keep the addresses of the old one; an empty secret keeps the stored one', async () => {
  const owner = await newTenant()
  const { connection_id } = await createActive(owner, 'oidc')
  const admin = await newAdmin(owner.project, 'editor')
  const path = `/connections/${connection_id}/settings/idp`
  const { client_secret, ...prefilled } = provider
  const same = await admin.post(path, { ...prefilled, client_id: 'renamed', client_secret: '' })
  assert.equal(same.status, 303, same.html)
  const renamed = await stored(owner, 'oidc')
  assert.deepEqual([renamed.client_id, renamed.status], ['renamed', 'active'])
  const issuer = 'http://127.0.0.1:9/another'
  const moved = await admin.post(path, { ...prefilled, client_id: 'renamed', issuer })
  assert.equal(moved.status, 303, moved.html)
  const connection = await stored(owner, 'oidc')
  assert.deepEqual([connection.issuer, connection.token_url], [issuer, ''])
  const refused = await admin.post(path, {
    part: 'idp',
    issuer: 'https://login.microsoftonline.com/common/v2.0',
    client_id: 'renamed',
  })
  assert.equal(refused.status, 400)
  assert.match(refused.html, /many tenants/)
  assert.doesNotMatch(refused.html, /a-client-secret/)
})

test('a change is written into the audit with its old and new value', async () => {
  const owner = await newTenant()
  const { connection_id } = await createActive(owner)
  const admin = await newAdmin(owner.project, 'editor')
  const details = { part: 'details', identity_provider: 'okta', display_name: 'Renamed' }
  const { nameid_format } = await stored(owner)
  const fields = { ...details, nameid_format, idp_initiated: 'on' }
  assert.equal((await admin.post(`/connections/${connection_id}/settings`, fields)).status, 303)
  const connection = await stored(owner)
  assert.deepEqual(
    [connection.display_name, connection.identity_provider, connection.idp_initiated_auth_disabled],
    ['Renamed', 'okta', false],
  )
  const { services } = await server()
  const entry = await services.db
    .selectFrom('audit_entries')
    .select(['action', 'before', 'after'])
    .where('target_id', '=', connection_id)
    .executeTakeFirstOrThrow()
  assert.deepEqual(entry, {
    action: 'connection.update',
    before: { display_name: '', identity_provider: 'generic' },
    after: { display_name: 'Renamed', identity_provider: 'okta' },
  })
})

test('whom a connection trusts is changed only by somebody who gave the password lately', async () => {
  const owner = await newTenant()
  const { connection_id } = await createActive(owner)
  const before = await stored(owner)
  const admin = await newAdmin(owner.project, 'editor')
  const { services } = await server()
  await services.db
    .updateTable('admins')
    .set({ password_hash: 'scrypt' })
    .where('admin_id', '=', admin.admin_id)
    .execute()
  await services.db
    .updateTable('admin_sessions')
    .set({ verified_at: new Date(Date.now() - 2 * 3_600_000) })
    .where('admin_id', '=', admin.admin_id)
    .execute()
  const path = `/connections/${connection_id}`
  const key = before.verification_certificates[0].certificate_id
  for (const action of [
    '/settings/idp',
    '/settings/metadata-url',
    '/settings/metadata-xml',
    '/certificates',
    `/certificates/${key}`,
    '/certificates-own/signing',
    '/certificates-own/encryption',
    '/metadata/mode',
    '/metadata/approve',
    '/test/fix',
    '/delete',
  ]) {
    const answer = await admin.post(path + action, { idp_entity_id: 'urn:evil' })
    assert.equal(answer.status, 303, action)
    assert.match(answer.location, /^\/dashboard\/confirm/, action)
  }
  assert.deepEqual(await stored(owner), before)
})

test('a certificate is deleted by the beginning of its fingerprint, but not the last of an active connection', async () => {
  const owner = await newTenant()
  const connection = await createActive(owner)
  const admin = await newAdmin(owner.project, 'editor')
  const [{ certificate_id }] = connection.verification_certificates
  const path = `/connections/${connection.connection_id}/certificates/${certificate_id}`
  const page = (await admin.get(path)).html
  const [, confirm_name = ''] = /data-confirm-name="([^"]+)"/.exec(page) ?? []
  assert.match(confirm_name, /^([0-9A-F]{2}:){7}[0-9A-F]{2}$/)
  const last = await admin.post(path, { confirm_name })
  assert.equal(last.status, 400)
  await update(owner, connection, { x509_certificate: await newCertificate() })
  assert.equal((await admin.post(path, { confirm_name: 'AB:CD' })).status, 400)
  assert.equal((await admin.post(path, { confirm_name })).status, 303)
  const left = (await stored(owner)).verification_certificates
  assert.equal(left.length, 1)
  assert.notEqual(left[0].certificate_id, certificate_id)
})

test('our own keys are made here: one more that signs, one that decrypts and can go', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml', { display_name: 'Acme' })
  const admin = await newAdmin(owner.project, 'editor')
  const path = `/connections/${connection.connection_id}/certificates-own`
  assert.equal((await admin.post(`${path}/signing`, {})).status, 400)
  assert.equal((await admin.post(`${path}/signing`, { confirm_name: 'Acme' })).status, 303)
  assert.equal((await stored(owner)).signing_certificates.length, 2)
  assert.equal((await admin.post(`${path}/encryption`)).status, 303)
  const [{ private_key_id }] = (await stored(owner)).encryption_private_keys
  const removal = `${path}/encryption/${private_key_id}`
  assert.equal((await admin.post(removal, { confirm_name: 'Acme' })).status, 303)
  assert.deepEqual((await stored(owner)).encryption_private_keys, [])
})
