import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { XmlDocument } from 'libxml2-wasm'
import { generateTestIdPKeys } from './keys.ts'
import { createTestIdP } from './test-idp.ts'
import { defaultUsers } from './users.ts'

const addresses = {
  base_url: 'http://idp.localhost:4001/',
  service_base_url: 'http://sp.localhost:4000',
}
const launch = '/saml/launch?acs_url=http://sp.localhost:4000/cb'

test('what a connection is configured with follows from the base URL, and keys and secrets are new each time', async () => {
  const [one, two] = await Promise.all([createTestIdP(addresses), createTestIdP(addresses)])
  assert.equal(one.saml.sso_url, 'http://idp.localhost:4001/saml/sso')
  assert.equal(one.oidc.issuer, 'http://idp.localhost:4001/oidc')
  assert.notEqual(one.saml.certificate, two.saml.certificate)
  assert.notEqual(one.oidc.client_secret, two.oidc.client_secret)
  assert.deepEqual(one.users, defaultUsers)
})

test('keys, client and users may be given', async () => {
  const keys = await generateTestIdPKeys(new Date())
  const oidc_client = { client_id: 'c', client_secret: 's' }
  const users = [{ ...defaultUsers[0]!, email: 'only@acme.test' }]
  const idp = await createTestIdP({ ...addresses, keys, oidc_client, users })
  assert.equal(idp.saml.certificate, keys.saml.certificate)
  assert.deepEqual(idp.oidc, { issuer: 'http://idp.localhost:4001/oidc', ...oidc_client })
  const page = await (await idp.app.request(launch)).text()
  assert.match(page, /only@acme\.test/)
  assert.doesNotMatch(page, /ada\.lovelace/)
})

test('the certificate is self-signed, valid now and for years, and the one in the metadata', async () => {
  for (const now of [new Date('2026-06-01T00:00:00Z'), new Date('2049-12-31T00:00:00Z')]) {
    const idp = await createTestIdP({ ...addresses, now: () => now })
    const certificate = new X509Certificate(idp.saml.certificate)
    assert.ok(certificate.verify(certificate.publicKey))
    assert.ok(certificate.validFromDate <= now)
    assert.ok(certificate.validToDate.getTime() > now.getTime() + 9 * 365 * 86_400_000)
    const metadata = XmlDocument.fromString(await (await idp.app.request('/saml/metadata')).text())
    const embedded = metadata.get('//*[local-name()="X509Certificate"]')?.content ?? ''
    assert.deepEqual(Buffer.from(embedded, 'base64'), certificate.raw)
    assert.equal(metadata.root.attr('entityID')?.value, idp.saml.entity_id)
    metadata.dispose()
  }
})

test('there is a button for each user whose text holds the e-mail address', async () => {
  const idp = await createTestIdP(addresses)
  const page = await (await idp.app.request(launch)).text()
  for (const { email } of defaultUsers) {
    const buttons = page.match(/<button.*?<\/button>/gs) ?? []
    const labels = buttons.map((button) => button.replaceAll(/<[^>]*>/g, ''))
    assert.equal(labels.filter((label) => label.includes(email)).length, 1, email)
  }
})

test('pages load nothing, can’t be framed, and have no form-action, which would stop the redirect', async () => {
  const idp = await createTestIdP(addresses)
  for (const path of ['/', launch, '/nothing', '/saml/sso']) {
    const response = await idp.app.request(path)
    const policy = response.headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none'; style-src 'nonce-/)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /form-action|unsafe/)
    assert.equal(response.headers.get('set-cookie'), null)
    assert.doesNotMatch(await response.text(), /(src|@import|url\()/)
  }
})

test('what a request holds is shown as text', async () => {
  const idp = await createTestIdP(addresses)
  const hostile = encodeURIComponent('"><script>alert(1)</script>')
  for (const path of [
    `${launch}&audience=${hostile}&relay_state=${hostile}`,
    `/saml/launch?acs_url=${hostile}`,
  ]) {
    const page = await (await idp.app.request(path)).text()
    assert.match(page, /&lt;script&gt;/)
    assert.doesNotMatch(page, /<script/)
  }
})

test('a host name that is neither its own nor loopback is refused (DNS rebinding)', async () => {
  const idp = await createTestIdP(addresses)
  const status = async (host: string) => (await idp.app.request(`http://${host}/`)).status
  for (const host of ['idp.localhost:4001', 'localhost', '127.0.0.1:4001', '[::1]:4001']) {
    assert.equal(await status(host), 200, host)
  }
  for (const host of ['evil.test:4001', 'localhost.evil.test', '127.0.0.1.evil.test']) {
    assert.equal(await status(host), 400, host)
  }
})

test('a body that is far too large is refused', async () => {
  const { app } = await createTestIdP(addresses)
  const body = `SAMLRequest=${'A'.repeat(300_000)}`
  assert.equal((await app.request('/saml/sso', { method: 'POST', body })).status, 413)
})
