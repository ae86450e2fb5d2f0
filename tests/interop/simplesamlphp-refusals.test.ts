import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newPage } from './browser.ts'
import { membersOf, portcullis } from './portcullis.ts'
import {
  assertLoggedIn,
  assertRefused,
  connect,
  logIn,
  signatures,
  signIn,
  simpleSAMLphp,
} from './simplesamlphp.test-kit.ts'

const unsigned = { 'saml20.sign.assertion': false, 'saml20.sign.response': false }

test('SimpleSAMLphp: where IdP-initiated logins are switched off, one is refused', async () => {
  const idp = await simpleSAMLphp()
  const connected = await connect('No IdP-initiated', {}, { idp_initiated_auth_disabled: true })
  const page = await newPage()
  await page.goto(idp.launchURL(connected.entity_id))
  await signIn(page)
  await assertRefused(page, 'saml_idp_initiated_auth_disabled')
  assert.deepEqual(await membersOf(connected.organization_id), [])
})

test('SimpleSAMLphp: an unsigned response is refused, and nobody is made a member', async () => {
  const connected = await connect('Unsigned', { sp: unsigned })
  const { app_url } = await portcullis()
  const page = await newPage()
  const answered = page.waitForResponse((response) => response.url().includes('/sso/callback/'))
  await page.goto(`${app_url}/org/${connected.organization_slug}`)
  const response = await signIn(page)
  assert.deepEqual(signatures(response), [])
  assert.equal((await answered).status(), 400)
  await assertRefused(page, 'missing_signature_saml_response')
  assert.deepEqual(await membersOf(connected.organization_id), [])
})

test('SimpleSAMLphp: a new key there is refused until its metadata are read again', async () => {
  const idp = await simpleSAMLphp()
  const { stytch, app_url } = await portcullis()
  const connected = await connect('Rollover')
  const { organization_id, connection_id, sp_metadata_url } = connected
  await idp.configure({
    sp_metadata_urls: [sp_metadata_url],
    idp: { privatekey: 'next.key', certificate: 'next.crt' },
  })
  const page = await newPage()
  await page.goto(`${app_url}/org/${connected.organization_slug}`)
  await signIn(page)
  await assertRefused(page, 'saml_certificate_mismatch')

  const { metadata_url } = idp
  const update = { organization_id, connection_id, metadata_url }
  const { connection } = await stytch.sso.saml.updateByURL(update)
  assert.equal(connection?.verification_certificates.length, 2)
  const again = await newPage()
  await logIn(again, connected)
  await assertLoggedIn(again, connected)
})
