import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from './compatibility.ts'
import { prepared } from './downloads.ts'
import {
  ada,
  assertLoggedIn,
  assertRefused,
  connectSAML,
  encryption,
  logIn,
  redirectRequest,
  signatures,
  typePassword,
} from './logins.ts'
import { type Pysaml2, preparePysaml2, startPysaml2, version } from './pysaml2.ts'

const python = prepared(preparePysaml2)
let started: Promise<Pysaml2> | undefined

function pysaml2() {
  started ??= python().then((program) => startPysaml2(program))
  return started
}

/** What it sends, by the names of its constants. */
const attribute_mapping = {
  email: 'urn:oid:0.9.2342.19200300.100.1.3',
  first_name: 'urn:oid:2.5.4.42',
  last_name: 'urn:oid:2.5.4.4',
  groups: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.1',
  idp_user_id: 'urn:oid:0.9.2342.19200300.100.1.1',
}
const groups = { groups: ada.groups, groups_name: attribute_mapping.groups }

/** An organization connected to one variant, and the address where a login begins there. */
async function connect(variant: string, encrypted = false, at = pysaml2()) {
  const idp = await at
  describe({
    name: 'pysaml2',
    protocol: 'SAML',
    version,
    notes:
      'Its default signature, RSA-SHA1, and its default encryption, Triple DES, are refused: set `signing_algorithm` and `digest_algorithm`.',
  })
  let launch_url = ''
  const connected = await connectSAML(variant, {
    async register({ entity_id, metadata }) {
      launch_url = idp.launchURL(variant, entity_id)
      await idp.register(metadata)
      return idp.metadataURL(variant)
    },
    attribute_mapping,
    encryption: encrypted,
  })
  return { connected, launch_url }
}

const both = (signature: string, digest: string) => [
  `Response ${signature} ${digest}`,
  `Assertion ${signature} ${digest}`,
]

for (const [name, variant, expected] of [
  ['both signed, RSA-SHA256', 'sha256', both('rsa-sha256', 'sha256')],
  ['RSA-SHA384', 'sha384', both('rsa-sha384', 'sha384')],
  ['RSA-SHA512', 'sha512', both('rsa-sha512', 'sha512')],
  ['RSA-SHA512 over digests with SHA-256', 'sha512-digest-sha256', both('rsa-sha512', 'sha256')],
  ['assertion signed', 'assertion-only', ['Assertion rsa-sha256 sha256']],
  ['response signed', 'response-only', ['Response rsa-sha256 sha256']],
] as const)
  test(`pysaml2: ${name}`, async () => {
    const { connected } = await connect(variant)
    const login = await logIn(connected, typePassword)
    assert.match(login.xml, /<ns0:Response /)
    assert.deepEqual(signatures(login.xml), expected)
    await assertLoggedIn(login, { ...groups, external_id: ada.email })
  })

test('pysaml2: a login that begins there (IdP-initiated)', async () => {
  const { connected, launch_url } = await connect('sha256')
  const login = await logIn(connected, typePassword, launch_url)
  assert.doesNotMatch(login.xml, /InResponseTo/)
  await assertLoggedIn(login, groups)
})

test('pysaml2: it wants our requests signed (Redirect), and finds that they are', async () => {
  const { connected } = await connect('signed-requests')
  const request = await redirectRequest(connected)
  assert.equal((await fetch(request)).status, 200)
  const changed = new URL(request)
  changed.searchParams.set('RelayState', 'another')
  assert.equal((await fetch(changed)).status, 400)
  await assertLoggedIn(await logIn(connected, typePassword))
})

test('pysaml2: it takes requests by POST alone, signed, and we post them', async () => {
  const { connected } = await connect('signed-posts')
  const login = await logIn(connected, async (page) => {
    await page.waitForURL('**/signed-posts/sso')
    await typePassword(page)
  })
  await assertLoggedIn(login)
})

for (const [name, variant, expected] of [
  ['AES-128-CBC in a signed response', 'enc-aes128-cbc', ['aes128-cbc', 'rsa-oaep-mgf1p']],
  ['AES-192-GCM', 'enc-aes192-gcm', ['aes192-gcm', 'rsa-oaep-mgf1p']],
  ['AES-256-GCM', 'enc-aes256-gcm', ['aes256-gcm', 'rsa-oaep-mgf1p']],
  [
    'namespaces declared outside the assertion',
    'enc-borrowed-ns',
    ['aes256-gcm', 'rsa-oaep-mgf1p'],
  ],
] as const)
  test(`pysaml2: encrypted: ${name}`, async () => {
    const { connected } = await connect(variant, true)
    const login = await logIn(connected, typePassword)
    assert.deepEqual(encryption(login.xml), expected)
    await assertLoggedIn(login, groups)
  })

for (const [name, variant, error_type, reason, encrypted] of [
  ['its default, RSA-SHA1', 'default', 'invalid_signature_saml_response', /SHA-1/],
  ['RSA-SHA224', 'sha224', 'invalid_signature_saml_response', /./],
  ['unsigned', 'unsigned', 'missing_signature_saml_response', /./],
  [
    'encrypted with Triple DES, its default',
    'enc-3des',
    'invalid_saml_response',
    /Triple DES/,
    true,
  ],
] as const)
  test(`pysaml2: ${name}: refused`, async () => {
    const { connected } = await connect(variant, encrypted ?? false)
    await assertRefused(await logIn(connected, typePassword), error_type, reason)
  })

for (const [clock, error_type] of [
  ['ahead', 'not_yet_valid_saml_response'],
  ['behind', 'expired_saml_response'],
] as const)
  test(`pysaml2: a clock ten minutes ${clock}: refused`, async () => {
    const wrong = python().then((program) => startPysaml2(program, clock))
    const { connected } = await connect('sha256', false, wrong)
    const login = await logIn(connected, typePassword)
    await assertRefused(login, error_type, /clock/)
  })
