import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from './compatibility.ts'
import { prepareCrewjam, startCrewjam, version } from './crewjam.ts'
import { prepared } from './downloads.ts'
import {
  ada,
  assertLoggedIn,
  assertRefused,
  connectSAML,
  encryption,
  logIn,
  signatures,
  typePassword,
} from './logins.ts'

const program = prepared(prepareCrewjam)
let started: ReturnType<typeof startCrewjam> | undefined

function crewjam() {
  started ??= program().then(startCrewjam)
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

/** An organization connected to one variant, and a login there. */
async function loginAt(variant: string, { launched = false, encrypted = false } = {}) {
  const idp = await crewjam()
  describe({
    name: 'crewjam/saml',
    protocol: 'SAML',
    version,
    notes:
      'Its default signature, RSA-SHA1, is refused: set `SignatureMethod`. With ECDSA it needs a signer that writes r and s as XML Signature wants them (goxmldsig 1.4.0 writes ASN.1). It checks no signed requests.',
  })
  let sp_entity_id = ''
  const connected = await connectSAML(variant, {
    async register({ entity_id, metadata }) {
      sp_entity_id = entity_id
      await idp.register(metadata)
      return idp.metadataURL(variant)
    },
    attribute_mapping,
    encryption: encrypted,
  })
  const begin_url = launched ? idp.launchURL(variant, sp_entity_id) : undefined
  return logIn(connected, typePassword, begin_url)
}

const both = (signature: string, digest: string) => [
  `Response ${signature} ${digest}`,
  `Assertion ${signature} ${digest}`,
]

for (const [name, variant, expected] of [
  ['both signed, RSA-SHA256', 'default', both('rsa-sha256', 'sha256')],
  ['assertion signed', 'assertion-only', ['Assertion rsa-sha256 sha256']],
  ['response signed', 'response-only', ['Response rsa-sha256 sha256']],
  ['RSA-SHA384', 'rsa-sha384', both('rsa-sha384', 'sha384')],
  ['RSA-SHA512', 'rsa-sha512', both('rsa-sha512', 'sha512')],
  ['ECDSA P-256 with SHA-256', 'ecdsa-sha256', both('ecdsa-sha256', 'sha256')],
  ['ECDSA P-384 with SHA-384', 'ecdsa-sha384', both('ecdsa-sha384', 'sha384')],
  ['ECDSA P-521 with SHA-512', 'ecdsa-sha512', both('ecdsa-sha512', 'sha512')],
] as const)
  test(`crewjam/saml: ${name}`, async () => {
    const login = await loginAt(variant)
    assert.deepEqual(signatures(login.xml), expected)
    await assertLoggedIn(login, { ...groups, external_id: ada.email })
  })

test('crewjam/saml: a login that begins there (IdP-initiated)', async () => {
  const login = await loginAt('default', { launched: true })
  assert.doesNotMatch(login.xml, /InResponseTo="[^"]/)
  await assertLoggedIn(login, groups)
})

for (const [name, variant, expected] of [
  ['AES-128-CBC and rsa-oaep-mgf1p', 'enc-aes128-cbc', ['aes128-cbc', 'rsa-oaep-mgf1p', 'sha1']],
  ['AES-256-CBC and rsa-oaep-mgf1p', 'enc-aes256-cbc', ['aes256-cbc', 'rsa-oaep-mgf1p', 'sha1']],
  [
    'AES-256-CBC, only the response signed',
    'enc-response-only',
    ['aes256-cbc', 'rsa-oaep-mgf1p', 'sha1'],
  ],
  [
    'rsa-oaep with SHA-256 under a name of its own',
    'enc-oaep-sha256',
    ['aes256-cbc', 'rsa-oaep', 'sha256'],
  ],
] as const)
  test(`crewjam/saml: encrypted: ${name}`, async () => {
    const login = await loginAt(variant, { encrypted: true })
    assert.deepEqual(encryption(login.xml), expected)
    await assertLoggedIn(login, groups)
  })

/** Each is signed as it should be, but for what its name says. */
for (const [name, variant, error_type, reason, encrypted] of [
  ['RSA-SHA1', 'rsa-sha1', 'invalid_signature_saml_response', /SHA-1/],
  ['ECDSA written as ASN.1', 'ecdsa-der', 'invalid_signature_saml_response', /./],
  ['unsigned', 'unsigned', 'missing_signature_saml_response', /./],
  ['encrypted with RSA 1.5', 'enc-rsa15', 'invalid_saml_response', /RSA/, true],
  ['signed with another key', 'bad-key', 'saml_certificate_mismatch', /./],
  [
    'signed with another key under the right certificate',
    'bad-key-claimed',
    'invalid_signature_saml_response',
    /./,
  ],
  ['another audience', 'bad-audience', 'invalid_audience_saml_response', /another\.example/],
  ['no audience', 'bad-noaudience', 'invalid_audience_saml_response', /./],
  ['another recipient', 'bad-recipient', 'invalid_saml_response', /Recipient/],
  ['another InResponseTo in the assertion', 'bad-inresponseto', 'unsolicited_saml_response', /./],
  [
    'another InResponseTo in the response',
    'bad-outer-inresponseto',
    'unsolicited_saml_response',
    /./,
  ],
  ['another issuer', 'bad-issuer', 'invalid_saml_response', /[Ii]ssuer/],
  ['an assertion of an hour ago', 'bad-expired', 'expired_saml_response', /clock/],
  ['an assertion from an hour ahead', 'bad-notyet', 'not_yet_valid_saml_response', /clock/],
  ['no SubjectConfirmation', 'bad-nosubjectconfirmation', 'invalid_saml_response', /bearer/],
] as const)
  test(`crewjam/saml: ${name}: refused`, async () => {
    const login = await loginAt(variant, { encrypted: encrypted ?? false })
    await assertRefused(login, error_type, reason)
  })
