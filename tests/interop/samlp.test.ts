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
import { prepareSamlp, startSamlp, version } from './samlp.ts'

const folder = prepared(prepareSamlp)
let started: ReturnType<typeof startSamlp> | undefined

function samlp() {
  started ??= folder().then(startSamlp)
  return started
}

/** Names as Microsoft's and Auth0's providers send them. */
const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims'
const attribute_mapping = {
  email: `${claims}/emailaddress`,
  first_name: `${claims}/givenname`,
  last_name: `${claims}/surname`,
  groups: 'http://schemas.passportjs.com/groups',
}
const groups = { groups: ada.groups, groups_name: attribute_mapping.groups }

/** An organization connected to one variant, and the address where a login begins there. */
async function connect(variant: string, encrypted = false) {
  const idp = await samlp()
  describe({
    name: 'samlp',
    protocol: 'SAML',
    version,
    notes: 'Its entity ID is no URL; attribute names as Entra ID and ADFS use them.',
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

for (const [name, variant, expected] of [
  ['assertion signed', 'default', ['Assertion rsa-sha256 sha256']],
  ['response signed', 'response', ['Response rsa-sha256 sha256']],
  ['both signed', 'both', ['Response rsa-sha256 sha256', 'Assertion rsa-sha256 sha256']],
] as const)
  test(`samlp: ${name}`, async () => {
    const { connected } = await connect(variant)
    const login = await logIn(connected, typePassword)
    assert.deepEqual(signatures(login.xml), expected)
    await assertLoggedIn(login, { ...groups, external_id: 'samlp|ada' })
  })

test('samlp: a login that begins there (IdP-initiated)', async () => {
  const { connected, launch_url } = await connect('default')
  const login = await logIn(connected, typePassword, launch_url)
  assert.doesNotMatch(login.xml, /InResponseTo="[^"]/)
  await assertLoggedIn(login, groups)
})

test('samlp: it wants our requests signed (Redirect), and finds that they are', async () => {
  const { connected } = await connect('signed-requests')
  const request = await redirectRequest(connected)
  const answered = (url: string | URL) =>
    fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ username: ada.user, password: ada.password }),
    })
  assert.equal((await answered(request)).status, 200)
  const changed = new URL(request)
  const other = new URL(await redirectRequest(connected))
  changed.searchParams.set('SAMLRequest', other.searchParams.get('SAMLRequest') ?? '')
  assert.equal((await answered(changed)).status, 400)
  await assertLoggedIn(await logIn(connected, typePassword))
})

test('samlp: encrypted: AES-256-GCM and rsa-oaep-mgf1p', async () => {
  const { connected } = await connect('encrypted', true)
  const login = await logIn(connected, typePassword)
  assert.deepEqual(encryption(login.xml), ['aes256-gcm', 'rsa-oaep-mgf1p', 'sha1'])
  await assertLoggedIn(login, groups)
})

for (const [name, variant, error_type, reason] of [
  ['RSA-SHA1', 'sha1', 'invalid_signature_saml_response', /SHA-1/],
  ['unsigned', 'unsigned', 'missing_signature_saml_response', /./],
] as const)
  test(`samlp: ${name}: refused`, async () => {
    const { connected } = await connect(variant)
    await assertRefused(await logIn(connected, typePassword), error_type, reason)
  })
