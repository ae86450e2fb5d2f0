import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { Browser, base_url, newSetup, type Setup, testIdP, tokenOf } from '../../tests/login.ts'
import { listAudit } from '../events/audit.ts'
import { createSigningCertificate } from '../saml/certificates.ts'
import { ada, fillIn, ITAdmin, newSetupLink } from './portal.test-kit.ts'
import { revokeSetupLink } from './setup-links.ts'

async function connections({ project, organization_id }: Setup) {
  const { body } = await call(project, 'GET', `/v1/b2b/sso/${organization_id}`)
  return [...body.saml_connections, ...body.oidc_connections]
}

/** The connection that was not there when the organization was made. */
async function made(setup: Setup) {
  const all = await connections(setup)
  return all.find(({ connection_id }) => ![setup.saml, setup.oidc].includes(connection_id))
}

for (const type of ['saml', 'oidc'] as const)
  test(`from an empty link to an active connection, over ${type}`, async () => {
    const setup = await newSetup()
    const link = await newSetupLink(setup)
    const admin = new ITAdmin()
    const opened = await admin.get(link.url)
    assert.equal(opened.location, '/setup', 'the token leaves the address')
    assert.match((await admin.open('/setup')).html, /Choose your identity provider/)
    await fillIn(admin, type)
    const connection = await made(setup)
    assert.equal(connection.status, 'pending', 'filled in, and yet not switched on')
    assert.match(connection.display_name, /\S SSO$/, 'a name that members understand')
    const early = await admin.post('/setup/activate')
    assert.match(early.html, /test login must have passed/)
    const started = await new Browser().start(setup, connection.connection_id)
    assert.equal(started.status, 400, 'members cannot log in over it')

    const tested = await admin.test()
    assert.match(tested.html, /The test login worked/)
    const mapping = await admin.get('/setup/step/mapping')
    assert.match(mapping.html, /What has arrived/)
    const names = { first_name: 'firstName', last_name: 'lastName', groups: 'groups' }
    const saved = await admin.post('/setup/mapping', { email: 'email', ...names })
    assert.equal(saved.location, '/setup/step/activate')
    const activated = await admin.post('/setup/activate')
    assert.equal(activated.location, '/setup/step/activate')
    assert.match((await admin.get('/setup/step/activate')).html, /Single sign-on is on/)
    assert.equal((await made(setup)).status, 'active')
    const login = await new Browser().login(setup, connection.connection_id, ada)
    assert.ok(tokenOf(login), 'and now they can')
    assert.equal((await new ITAdmin().open(link.url)).status, 410, 'the link has done its work')
  })

test('what is wrong is said at once, and what was typed stays', async () => {
  const setup = await newSetup()
  const admin = new ITAdmin()
  await admin.open((await newSetupLink(setup)).url)
  await admin.post('/setup/choose', { provider: 'okta saml' })
  const page = await admin.get('/setup/step/guide-values')
  const { connection_id } = await made(setup)
  assert.ok(page.html.includes(`${base_url}/v1/b2b/sso/callback/${connection_id}`))
  const refused = await admin.post('/setup/step/guide-metadata', {
    way: 'fields',
    idp_entity_id: 'http://www.okta.com/exk1',
    idp_sso_url: 'https://example.okta.com/sso',
    x509_certificate: 'not a certificate',
  })
  assert.equal(refused.status, 400)
  assert.match(refused.html, /certificate/i)
  assert.match(refused.html, /http:\/\/www\.okta\.com\/exk1/)
  const nothing = await admin.post('/setup/step/guide-metadata', { way: 'fields' })
  assert.match(nothing.html, /Nothing was entered/)
})

test('what was taken in spite of a warning is not called unchanged, and is in the audit log', async () => {
  const setup = await newSetup()
  const link = await newSetupLink(setup)
  const admin = new ITAdmin()
  await admin.open(link.url)
  await admin.post('/setup/choose', { provider: 'generic oidc' })
  const fields = { way: 'fields', client_id: 'ours', client_secret: 'theirs' }
  const nowhere = `${(await testIdP()).oidc.issuer}/nowhere`
  const path = '/setup/step/guide-credentials'
  const answer = await admin.post(path, { ...fields, issuer: nowhere })
  assert.equal(answer.status, 400)
  assert.match(answer.html, /Discovery failed/)
  assert.match(answer.html, /was saved all the same/)
  assert.doesNotMatch(answer.html, /Nothing was changed/)
  assert.equal((await made(setup)).client_id, 'ours')
  const { services } = await server()
  const { entries } = await listAudit(services.db, { project_id: setup.project.project_id })
  assert.equal(entries[0]?.action, 'connection.update')

  const pasted = `${nowhere}/.well-known/openid-configuration`
  await admin.post(path, { ...fields, issuer: pasted })
  assert.equal((await made(setup)).issuer, nowhere, 'the address of the document is not the issuer')
})

test('a certificate that was a mistake is not trusted beside the right one', async () => {
  const setup = await newSetup()
  const admin = new ITAdmin()
  await admin.open((await newSetupLink(setup)).url)
  await fillIn(admin, 'saml')
  const certificates = async () => (await made(setup)).verification_certificates
  const [right] = await certificates()
  const { certificate } = await createSigningCertificate({
    common_name: 'wrong',
    now: new Date(),
  })
  const wrong = { way: 'fields', x509_certificate: certificate }
  await admin.post('/setup/step/guide-metadata', wrong)
  const [other, ...more] = await certificates()
  assert.notEqual(other.certificate_id, right.certificate_id)
  assert.equal(more.length, 0)

  const of = (entity_id: string, pem: string) =>
    `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entity_id}"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/sso"/></IDPSSODescriptor></EntityDescriptor>`
  const metadata_xml = of('https://right.example.com', (await testIdP()).saml.certificate)
  await admin.post('/setup/step/guide-metadata', { way: 'metadata_xml', metadata_xml })
  const [last, ...rest] = await certificates()
  assert.equal(last.certificate, right.certificate, 'those of the metadata of another one go, too')
  assert.equal(rest.length, 0)
})

test('what is no metadata of an identity provider is called what it is', async () => {
  const setup = await newSetup()
  const admin = new ITAdmin()
  await admin.open((await newSetupLink(setup)).url)
  await admin.post('/setup/choose', { provider: 'okta saml' })
  const { connection_id } = await made(setup)
  const send = (metadata_xml: string) =>
    admin.post('/setup/step/guide-metadata', { way: 'metadata_xml', metadata_xml })
  const ours = await admin.get(`/v1/public/sso/saml/metadata/${connection_id}`)
  assert.match((await send(ours.html)).html, /the metadata of a service provider/)
  assert.match((await send('<!DOCTYPE html><html><body>Sign in</body></html>')).html, /a web page/)
  const body = new FormData()
  body.set(
    'csrf_token',
    /name="csrf_token" value="([^"]+)"/.exec((await admin.get('/setup/step/choose')).html)?.[1] ??
      '',
  )
  body.set('way', 'metadata_xml')
  body.set('metadata_file', new Blob([new Uint8Array([137, 80, 0, 1])]), 'shot.png')
  const headers = { origin: base_url }
  const picture = await admin.browser.request(`${base_url}/setup/step/guide-metadata`, {
    method: 'POST',
    body,
    headers,
  })
  assert.match(await picture.text(), /shot\.png is no text/)
})

test('another choice takes the place of the first, and nothing is left of it', async () => {
  const setup = await newSetup()
  const admin = new ITAdmin()
  await admin.open((await newSetupLink(setup)).url)
  await admin.post('/setup/choose', { provider: 'okta saml' })
  const first = await made(setup)
  await admin.post('/setup/choose', { provider: 'okta saml' })
  assert.equal((await made(setup)).connection_id, first.connection_id, 'the same again keeps it')
  await admin.post('/setup/choose', { provider: 'microsoft-entra oidc' })
  const all = await connections(setup)
  assert.equal(all.length, 3)
  assert.notEqual((await made(setup)).connection_id, first.connection_id)
})

test('a link that is revoked, expired or made up opens nothing, and ends the sessions that it gave', async () => {
  const setup = await newSetup()
  const { services, setNow } = await server()
  const link = await newSetupLink(setup)
  const admin = new ITAdmin()
  assert.equal((await admin.open(link.url)).status, 200)
  const { project_id } = setup.project
  await revokeSetupLink(services, project_id, setup.organization_id, link.setup_link_id)
  assert.equal((await admin.get('/setup/step/choose')).status, 410)
  assert.equal((await new ITAdmin().open(link.url)).status, 410)
  assert.equal((await new ITAdmin().open(`${base_url}/setup/${'x'.repeat(43)}`)).status, 410)
  const short = await newSetupLink(setup, { lifetime_hours: 1 })
  const late = new ITAdmin()
  assert.equal((await late.open(short.url)).status, 200)
  setNow(new Date(Date.now() + 61 * 60_000))
  try {
    assert.equal((await late.get('/setup/step/choose')).status, 410)
    assert.equal((await new ITAdmin().open(short.url)).status, 410)
  } finally {
    setNow(null)
  }
})

test('forms of another site, or without the token, change nothing', async () => {
  const setup = await newSetup()
  const admin = new ITAdmin()
  await admin.open((await newSetupLink(setup)).url)
  for (const [fields, headers] of [
    [{}, { origin: 'https://evil.example' }],
    [{}, {}],
    [{ csrf_token: 'other' }, { origin: base_url }],
  ] as [Record<string, string>, Record<string, string>][]) {
    const answer = await admin.post('/setup/choose', { provider: 'okta saml', ...fields }, headers)
    assert.equal(answer.status, 403)
  }
  assert.equal(await made(setup), undefined)
  const nobody = new ITAdmin()
  assert.equal((await nobody.post('/setup/choose', { provider: 'okta saml' })).status, 410)
})

test('a link is for one organization: it neither sees nor takes the connection of another', async () => {
  const [ours, theirs] = [await newSetup(), await newSetup({ organization_slug: 'other' })]
  await assert.rejects(newSetupLink(ours, { connection_id: theirs.saml }), {
    error_type: 'sso_connection_not_found',
  })
  const admin = new ITAdmin()
  await admin.open((await newSetupLink(ours, { connection_id: ours.saml })).url)
  const page = await admin.get('/setup/step/choose')
  assert.doesNotMatch(page.html, /OpenID Connect<\/span>/, 'its protocol is given')
  assert.equal((await admin.post('/setup/choose', { provider: 'okta oidc' })).status, 400)
  assert.equal((await connections(ours)).length, 2)
})

test('the audit log says what was done by the link', async () => {
  const setup = await newSetup()
  const link = await newSetupLink(setup)
  const admin = new ITAdmin()
  await admin.open(link.url)
  await fillIn(admin, 'saml')
  const { services } = await server()
  const { entries } = await listAudit(services.db, { project_id: setup.project.project_id })
  const own = entries.filter(({ actor_id }) => actor_id === link.setup_link_id)
  assert.deepEqual(own.map(({ action }) => action).reverse(), [
    'connection.create',
    'connection.update',
  ])
})
