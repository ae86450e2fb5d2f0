import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectKeycloakSAML, freshRealm, realm } from './keycloak.test-kit.ts'
import { rotate } from './keycloak.ts'
import {
  ada,
  assertLoggedIn,
  assertRefused,
  encryption,
  logIn,
  redirectRequest,
  signatures,
  typePassword,
} from './logins.ts'
import { portcullis } from './portcullis.ts'

const onAssertion = { 'saml.assertion.signature': 'true', 'saml.server.signature': 'false' }
const onResponse = { 'saml.assertion.signature': 'false', 'saml.server.signature': 'true' }
const onNeither = { 'saml.assertion.signature': 'false', 'saml.server.signature': 'false' }
const withAlgorithm = (name: string) => ({ 'saml.signature.algorithm': name })
const both = (signature: string, digest: string) => [
  `Response ${signature} ${digest}`,
  `Assertion ${signature} ${digest}`,
]

const logins: {
  name: string
  attributes?: Record<string, string>
  groups_in_one_attribute?: boolean
  expected: string[]
}[] = [
  {
    name: 'as its importer sets us up: both signed, RSA-SHA256',
    expected: both('rsa-sha256', 'sha256'),
  },
  {
    name: 'assertion signed',
    attributes: onAssertion,
    expected: ['Assertion rsa-sha256 sha256'],
  },
  { name: 'response signed', attributes: onResponse, expected: ['Response rsa-sha256 sha256'] },
  {
    name: 'RSA-SHA512',
    attributes: withAlgorithm('RSA_SHA512'),
    expected: both('rsa-sha512', 'sha512'),
  },
  {
    name: 'RSA-PSS with SHA-256',
    attributes: withAlgorithm('RSA_SHA256_MGF1'),
    expected: both('sha256-rsa-MGF1', 'sha256'),
  },
  {
    name: 'RSA-PSS with SHA-512',
    attributes: withAlgorithm('RSA_SHA512_MGF1'),
    expected: both('sha512-rsa-MGF1', 'sha512'),
  },
  {
    name: 'groups as several attributes of one name',
    groups_in_one_attribute: false,
    expected: both('rsa-sha256', 'sha256'),
  },
]

for (const { name, expected, ...variant } of logins)
  test(`Keycloak SAML: ${name}`, async () => {
    const login = await logIn(await connectKeycloakSAML(name, variant), typePassword)
    assert.deepEqual(signatures(login.xml), expected)
    await assertLoggedIn(login, { groups: ada.groups })
  })

test('Keycloak SAML: it wants our requests signed (Redirect), and finds that they are', async () => {
  const connected = await connectKeycloakSAML('Signed requests')
  const request = await redirectRequest(connected)
  assert.equal((await fetch(request)).status, 200)
  for (const change of [
    (query: URLSearchParams) => query.delete('Signature'),
    (query: URLSearchParams) => query.set('RelayState', 'another'),
  ]) {
    const changed = new URL(request)
    change(changed.searchParams)
    const refused = await fetch(changed)
    assert.equal(refused.status, 400)
    assert.match(await refused.text(), /Invalid requester/i)
  }
  await assertLoggedIn(await logIn(connected, typePassword))
})

test('Keycloak SAML: a login that begins there (IdP-initiated)', async () => {
  const { saml_url } = await realm()
  const attributes = { saml_idp_initiated_sso_url_name: 'tile' }
  const connected = await connectKeycloakSAML('IdP-initiated', { attributes })
  const login = await logIn(connected, typePassword, `${saml_url}/clients/tile`)
  assert.doesNotMatch(login.xml, /InResponseTo/)
  await assertLoggedIn(login, { groups: ada.groups })
})

test('Keycloak SAML: IdP-initiated where the connection forbids it: refused', async () => {
  const { saml_url } = await realm()
  const connected = await connectKeycloakSAML('No IdP-initiated', {
    attributes: { saml_idp_initiated_sso_url_name: 'forbidden' },
    changes: { idp_initiated_auth_disabled: true },
  })
  const login = await logIn(connected, typePassword, `${saml_url}/clients/forbidden`)
  await assertRefused(login, 'saml_idp_initiated_auth_disabled')
})

test('Keycloak SAML: unsigned: refused', async () => {
  const login = await logIn(
    await connectKeycloakSAML('Unsigned', { attributes: onNeither }),
    typePassword,
  )
  assert.deepEqual(signatures(login.xml), [])
  await assertRefused(login, 'missing_signature_saml_response')
})

test('Keycloak SAML: RSA-SHA1: refused', async () => {
  const attributes = withAlgorithm('RSA_SHA1')
  const login = await logIn(await connectKeycloakSAML('SHA-1', { attributes }), typePassword)
  await assertRefused(login, 'invalid_signature_saml_response', /SHA-1/)
})

test('Keycloak SAML: a new key signs at once: refused until its metadata, with both keys, are read again', async () => {
  const { stytch } = await portcullis()
  const own = await freshRealm()
  const connected = await connectKeycloakSAML('Rotation', { realm: own })
  await rotate(own)
  await assertRefused(await logIn(connected, typePassword), 'saml_certificate_mismatch')
  const { organization_id, connection_id } = connected
  const metadata_url = own.saml_metadata_url
  const { connection } = await stytch.sso.saml.updateByURL({
    organization_id,
    connection_id,
    metadata_url,
  })
  assert.equal(connection?.verification_certificates.length, 2)
  await assertLoggedIn(await logIn(connected, typePassword), { groups: ada.groups })
})

const MGF1P = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p'
const XENC = 'http://www.w3.org/2001/04/xmlenc#'
const XENC11 = 'http://www.w3.org/2009/xmlenc11#'
const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const content = (algorithm: string) => ({ 'saml.encryption.algorithm': algorithm })
const key = (name: string, value: string) => ({ [`saml.encryption.${name}`]: value })

const encrypted: { name: string; attributes?: Record<string, string>; expected: string[] }[] = [
  {
    name: 'its default, RSA-OAEP with SHA-256 and MGF1-SHA-256, AES-256-GCM',
    expected: ['aes256-gcm', 'rsa-oaep', 'sha256', 'mgf1sha256'],
  },
  {
    name: 'AES-128-GCM, the assertion signed inside',
    attributes: { ...content(`${XENC11}aes128-gcm`), ...onAssertion },
    expected: ['aes128-gcm', 'rsa-oaep', 'sha256', 'mgf1sha256'],
  },
  {
    name: 'AES-256-GCM, the response signed outside',
    attributes: onResponse,
    expected: ['aes256-gcm', 'rsa-oaep', 'sha256', 'mgf1sha256'],
  },
  {
    name: 'AES-256-CBC in a signed response',
    attributes: content(`${XENC}aes256-cbc`),
    expected: ['aes256-cbc', 'rsa-oaep', 'sha256', 'mgf1sha256'],
  },
  {
    name: 'rsa-oaep-mgf1p with digest SHA-256 (MGF1 is SHA-1 there), AES-128-CBC',
    attributes: { ...content(`${XENC}aes128-cbc`), ...key('keyAlgorithm', MGF1P) },
    expected: ['aes128-cbc', 'rsa-oaep-mgf1p', 'sha256'],
  },
  {
    name: 'rsa-oaep with digest SHA-512 and MGF1-SHA-1, AES-192-GCM',
    attributes: {
      ...content(`${XENC11}aes192-gcm`),
      ...key('keyAlgorithm', `${XENC11}rsa-oaep`),
      ...key('digestMethod', `${XENC}sha512`),
      ...key('maskGenerationFunction', `${XENC11}mgf1sha1`),
    },
    expected: ['aes192-gcm', 'rsa-oaep', 'sha512', 'mgf1sha1'],
  },
  {
    name: 'rsa-oaep with digest SHA-1 (not named) and MGF1-SHA-512, AES-256-GCM',
    attributes: {
      ...key('keyAlgorithm', `${XENC11}rsa-oaep`),
      ...key('digestMethod', `${DSIG}sha1`),
      ...key('maskGenerationFunction', `${XENC11}mgf1sha512`),
    },
    expected: ['aes256-gcm', 'rsa-oaep', 'mgf1sha512'],
  },
]

for (const { name, expected, ...variant } of encrypted)
  test(`Keycloak SAML: encrypted: ${name}`, async () => {
    const connected = await connectKeycloakSAML(name, { ...variant, encryption: true })
    const login = await logIn(connected, typePassword)
    assert.deepEqual(encryption(login.xml), expected)
    await assertLoggedIn(login, { groups: ada.groups })
  })

const unsafe = [
  { name: 'RSA 1.5', attributes: key('keyAlgorithm', `${XENC}rsa-1_5`) },
  { name: 'Triple DES', attributes: content(`${XENC}tripledes-cbc`) },
  {
    name: 'AES-CBC under no signature of the response',
    attributes: { ...content(`${XENC}aes256-cbc`), ...onAssertion },
  },
]

for (const { name, attributes } of unsafe)
  test(`Keycloak SAML: encrypted: ${name}: refused`, async () => {
    const connected = await connectKeycloakSAML(name, { attributes, encryption: true })
    await assertRefused(await logIn(connected, typePassword), 'invalid_saml_response')
  })
