import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { pressButton } from '../../src/test-idp/press-button.ts'
import { newOrganization, portcullis } from './portcullis.ts'
import {
  assertSignedXML,
  assertValid,
  certificatesOf,
  textAt,
  validate,
  verifyQuery,
  verifyXML,
} from './xml-tools.ts'

const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'
const bindings = ['Redirect', 'POST'] as const
type Binding = (typeof bindings)[number]

/** An address with what XML, HTML and queries each treat in a way of their own. */
const sso_url = "http://127.0.0.2:9/sso/%C3%BC?tenant=a&x='1'+%22b%22"
const alternative_acs_url = 'http://app.example/acs?from=a&to=%3Cb%3E'
const login_hint = `ada.o'lovelace+"&<tag>@acme.test`

interface Connected {
  organization_id: string
  connection_id: string
  metadata: string
  /** The certificate of our metadata that signs now, PEM. */
  certificate: string
}

/** A connection to a provider that takes requests by `binding`, made through the API from its metadata. */
async function connect(
  binding: Binding,
  changes: { nameid_format?: string; alternative_acs_url?: string } = {},
): Promise<Connected> {
  const { base_url, stytch } = await portcullis()
  const { organization_id } = await newOrganization('Schemas')
  const created = await stytch.sso.saml.createConnection({ organization_id })
  const { connection_id } = created.connection!
  const path = { organization_id, connection_id }
  const served = await serve(await idpMetadata(binding))
  await stytch.sso.saml.updateByURL({ ...path, metadata_url: served.url }).finally(served.close)
  const attribute_mapping = { email: 'email', full_name: 'name' }
  const updated = await stytch.sso.saml.updateConnection({ ...path, attribute_mapping, ...changes })
  const { connection } = updated
  assert.equal(connection?.idp_sso_url, sso_url)
  assert.equal(connection.status, 'active')
  const answer = await fetch(`${base_url}/v1/public/sso/saml/metadata/${connection_id}`)
  const metadata = await answer.text()
  const certificate = certificatesOf(metadata).at(-1) ?? ''
  return { organization_id, connection_id, metadata, certificate }
}

/** The test identity provider's metadata, with our odd address and one binding left. */
async function idpMetadata(binding: Binding): Promise<string> {
  const { test_idp_url } = await portcullis()
  const answer = await fetch(`${test_idp_url}/saml/metadata`)
  const location = sso_url.replaceAll('&', '&amp;')
  const service = `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${binding}" Location="${location}"/>`
  const xml = (await answer.text()).replaceAll(
    /<md:SingleSignOnService.*?\/md:SingleSignOnService>/g,
    '',
  )
  return xml.replace('</md:IDPSSODescriptor>', `${service}</md:IDPSSODescriptor>`)
}

async function serve(body: string) {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/samlmetadata+xml' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve))
  const { port } = server.address() as AddressInfo
  const close = () => new Promise((resolve) => server.close(resolve))
  return { url: `http://127.0.0.2:${port}/`, close }
}

async function start({ connection_id }: Connected, query: Record<string, string>) {
  const { base_url, public_token } = await portcullis()
  const parameters = new URLSearchParams({ connection_id, public_token, ...query })
  return fetch(`${base_url}/v1/public/sso/start?${parameters}`, { redirect: 'manual' })
}

/** The address that a login is redirected to, and the AuthnRequest in it. */
async function redirected(connected: Connected, query: Record<string, string>) {
  const answer = await start(connected, query)
  const url = answer.headers.get('location') ?? ''
  assert.ok(url.startsWith(`${sso_url}&SAMLRequest=`), url)
  const message = new URL(url).searchParams.get('SAMLRequest') ?? ''
  return { url, xml: inflateRawSync(Buffer.from(message, 'base64')).toString() }
}

/** The AuthnRequest in the form that a login is posted with. */
async function posted(connected: Connected, query: Record<string, string>): Promise<string> {
  const answer = await start(connected, query)
  const form = pressButton(await answer.text(), 'Continue')
  assert.equal(form.action, sso_url)
  return Buffer.from(form.fields.get('SAMLRequest') ?? '', 'base64').toString()
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

const queries: [name: string, query: Record<string, string>, elements: RegExp][] = [
  ['nothing more', {}, /(?!.*(ForceAuthn|saml:Subject))/s],
  ['ForceAuthn', { prompt: 'login' }, /ForceAuthn="true"(?!.*saml:Subject)/s],
  ['Subject', { login_hint }, /^(?!.*ForceAuthn).*<saml:Subject\b/s],
  [
    'ForceAuthn and Subject',
    { prompt: 'login', login_hint },
    /ForceAuthn="true".*<saml:Subject\b/s,
  ],
]

const policies: [name: string, changes: Parameters<typeof connect>[1], element: RegExp][] = [
  [
    'NameIDPolicy emailAddress',
    { nameid_format: EMAIL },
    new RegExp(`Format="${EMAIL}" AllowCreate`),
  ],
  ['NameIDPolicy persistent', { nameid_format: PERSISTENT }, new RegExp(`Format="${PERSISTENT}"`)],
  ['no NameIDPolicy', { nameid_format: UNSPECIFIED }, /^(?!.*NameIDPolicy)/s],
  ['another ACS', { alternative_acs_url }, /acs\?from=a&amp;to=%3Cb%3E"/],
]

for (const [name, changes, policy] of policies) {
  test(`AuthnRequest by Redirect, ${name}: schema-valid, its query signed for OpenSSL`, async () => {
    const connected = await connect('Redirect', changes)
    await assertValid('metadata', connected.metadata)
    for (const [what, query, elements] of queries) {
      const { url, xml } = await redirected(connected, query)
      assert.match(xml, policy)
      assert.match(xml, elements, what)
      await assertValid('protocol', xml)
      if (query.login_hint)
        assert.equal(await textAt(xml, '//*[local-name()="NameID"]'), login_hint)
      const { accepted, output } = await verifyQuery(url, connected.certificate)
      assert.ok(accepted, `${what}: ${output}`)
    }
  })

  test(`AuthnRequest by POST, ${name}: schema-valid, signed for xmlsec1`, async () => {
    const connected = await connect('POST', changes)
    await assertValid('metadata', connected.metadata)
    for (const [what, query, elements] of queries) {
      const xml = await posted(connected, query)
      assert.match(xml, policy)
      assert.match(xml, elements, what)
      await assertValid('protocol', xml)
      if (query.login_hint)
        assert.equal(await textAt(xml, '//*[local-name()="NameID"]'), login_hint)
      await assertSignedXML('AuthnRequest', xml, connected.certificate)
    }
  })
}

test('our metadata with two signing keys are schema-valid, and the newer one signs', async () => {
  const { base_url, stytch } = await portcullis()
  const connected = await connect('POST')
  const { organization_id, connection_id, certificate: older } = connected
  const signing_private_key = newKey()
  await stytch.sso.saml.updateConnection({ organization_id, connection_id, signing_private_key })
  const answer = await fetch(`${base_url}/v1/public/sso/saml/metadata/${connection_id}`)
  const metadata = await answer.text()
  await assertValid('metadata', metadata)
  const [first, newer = ''] = certificatesOf(metadata)
  assert.equal(first, older)
  const xml = await posted(connected, {})
  await assertSignedXML('AuthnRequest', xml, newer)
  assert.equal((await verifyXML('AuthnRequest', xml, older)).accepted, false)
})

test('our metadata with a key to encrypt for are schema-valid', async () => {
  const { base_url, stytch } = await portcullis()
  const { organization_id, connection_id, certificate } = await connect('POST')
  const saml_encryption_private_key = newKey()
  const change = { organization_id, connection_id, saml_encryption_private_key }
  await stytch.sso.saml.updateConnection(change)
  const answer = await fetch(`${base_url}/v1/public/sso/saml/metadata/${connection_id}`)
  const metadata = await answer.text()
  assert.match(metadata, /<md:KeyDescriptor use="encryption">/)
  await assertValid('metadata', metadata)
  assert.deepEqual(certificatesOf(metadata), [certificate])
})

test('the programs that judge do refuse: another key, a changed message, an element out of place', async () => {
  const [connected, other] = [await connect('POST'), await connect('Redirect')]
  const xml = await posted(connected, {})
  await assertSignedXML('AuthnRequest', xml, connected.certificate)
  for (const [changed, certificate] of [
    [xml, other.certificate],
    [xml.replace('AllowCreate="true"', 'AllowCreate="false"'), connected.certificate],
    [xml.replace(/<ds:Signature .*<\/ds:Signature>/s, ''), connected.certificate],
  ] as const)
    assert.equal((await verifyXML('AuthnRequest', changed, certificate)).accepted, false)

  const { url } = await redirected(other, {})
  assert.ok((await verifyQuery(url, other.certificate)).accepted)
  assert.equal((await verifyQuery(url, connected.certificate)).accepted, false)
  const changed = url.replace('RelayState=', 'RelayState=x')
  assert.equal((await verifyQuery(changed, other.certificate)).accepted, false)

  const issuer = /<saml:Issuer .*<\/saml:Issuer>/.exec(xml)?.[0] ?? ''
  const misplaced = xml
    .replace(issuer, '')
    .replace('</samlp:AuthnRequest>', `${issuer}</samlp:AuthnRequest>`)
  assert.equal((await validate('protocol', misplaced)).accepted, false)
  const renamed = connected.metadata.replaceAll('AssertionConsumerService', 'AssertionConsumer')
  assert.equal((await validate('metadata', renamed)).accepted, false)
})
