import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { newPage } from './browser.ts'
import { portcullis } from './portcullis.ts'
import {
  assertLoggedIn,
  type Connected,
  connect,
  logIn,
  simpleSAMLphp,
} from './simplesamlphp.test-kit.ts'

const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'

test('SimpleSAMLphp: it wants our request signed (Redirect), and finds that it is', async () => {
  const signed = { 'validate.authnrequest': true }
  const connected = await connect('Redirect', { idp: signed, sp: signed })
  const page = await newPage()
  await logIn(page, connected)
  await assertLoggedIn(page, connected)

  const request = await redirectRequest(connected)
  assert.match(await textOf(request), /Enter your username and password/)
  const unsigned = new URL(request)
  for (const name of ['Signature', 'SigAlg']) unsigned.searchParams.delete(name)
  assert.match(await textOf(unsigned), /no signature found on message/)
  const tampered = new URL(request)
  tampered.searchParams.set('RelayState', 'another')
  assert.match(await textOf(tampered), /Unable to validate signature on query string/)
})

test('SimpleSAMLphp: it takes requests by POST alone, signed, and we post them', async () => {
  const idp = await simpleSAMLphp()
  const signed = { 'validate.authnrequest': true }
  const bindings = { SingleSignOnServiceBinding: [POST] }
  const connected = await connect('POST', { idp: { ...signed, ...bindings }, sp: signed })
  const page = await newPage()
  const posted = page.waitForRequest((request) => request.url() === idp.sso_url)
  await logIn(page, connected)
  await assertLoggedIn(page, connected)
  const request = await posted
  assert.equal(request.method(), 'POST')

  const form = new URLSearchParams(request.postData() ?? '')
  const xml = Buffer.from(form.get('SAMLRequest') ?? '', 'base64').toString()
  assert.match(await textOf(idp.sso_url, form), /Enter your username and password/)
  const tampered = xml.replace('AllowCreate="true"', 'AllowCreate="false"')
  assert.notEqual(tampered, xml)
  form.set('SAMLRequest', Buffer.from(tampered).toString('base64'))
  assert.doesNotMatch(await textOf(idp.sso_url, form), /Enter your username and password/)
})

test('SimpleSAMLphp: a signing key of the customer, taken over from our metadata', async () => {
  const { stytch } = await portcullis()
  const signed = { 'validate.authnrequest': true }
  const connected = await connect('Signing key', { idp: signed, sp: signed })
  const { organization_id, connection_id } = connected
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 })
  const signing_private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const change = { organization_id, connection_id, signing_private_key }
  const { connection } = await stytch.sso.saml.updateConnection(change)
  assert.equal(connection?.signing_certificates.length, 2)
  const page = await newPage()
  await logIn(page, connected)
  await assertLoggedIn(page, connected)
})

/** The address at the provider that a login of this connection is sent to. */
async function redirectRequest({ connection_id }: Connected): Promise<string> {
  const idp = await simpleSAMLphp()
  const { base_url, public_token } = await portcullis()
  const query = new URLSearchParams({ connection_id, public_token })
  const url = `${base_url}/v1/public/sso/start?${query}`
  const response = await fetch(url, { redirect: 'manual' })
  const location = response.headers.get('location') ?? ''
  assert.ok(location.startsWith(idp.sso_url))
  return location
}

/** What SimpleSAMLphp shows for a request, its cookies kept over the redirects. */
async function textOf(url: string | URL, body?: URLSearchParams): Promise<string> {
  const page = await newPage()
  const response = body
    ? await page.request.post(String(url), { form: Object.fromEntries(body) })
    : await page.request.get(String(url))
  return response.text()
}
