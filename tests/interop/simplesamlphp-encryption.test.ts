import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { newPage } from './browser.ts'
import { membersOf, portcullis } from './portcullis.ts'
import { assertLoggedIn, assertRefused, connect, logIn, signIn } from './simplesamlphp.test-kit.ts'

const encrypted = { 'assertion.encryption': true }

function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** SimpleSAMLphp knows AES-128-CBC and RSA-OAEP alone. */
function assertEncrypted(response: string): void {
  assert.match(response, /<saml:EncryptedAssertion>/)
  assert.doesNotMatch(response, /<saml:Assertion\b/)
  assert.match(response, /xmlenc#aes128-cbc"/)
  assert.match(response, /xmlenc#rsa-oaep-mgf1p"/)
}

test('SimpleSAMLphp: assertion encrypted for the key of our metadata, response signed', async () => {
  const changes = { saml_encryption_private_key: newKey() }
  const connected = await connect('Encrypted', { idp: encrypted }, changes)
  const page = await newPage()
  assertEncrypted(await logIn(page, connected))
  await assertLoggedIn(page, connected)
})

test('SimpleSAMLphp: AES-CBC that no signature covers is refused until the operator allows it', async () => {
  const { app_url, command } = await portcullis()
  const sp = { 'saml20.sign.assertion': true, 'saml20.sign.response': false, ...encrypted }
  const changes = { saml_encryption_private_key: newKey() }
  const connected = await connect('Encrypted, signed inside', { sp }, changes)
  const page = await newPage()
  await page.goto(`${app_url}/org/${connected.organization_slug}`)
  assertEncrypted(await signIn(page))
  await assertRefused(page, 'invalid_saml_response')
  assert.deepEqual(await membersOf(connected.organization_id), [])

  await command('connection', 'set', connected.connection_id, '--allow-aes-cbc', 'on')
  const again = await newPage()
  assertEncrypted(await logIn(again, connected))
  await assertLoggedIn(again, connected)
})
