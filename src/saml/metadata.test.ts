import assert from 'node:assert/strict'
import { test } from 'node:test'
import { XmlDocument } from 'libxml2-wasm'
import { createSigningCertificate, readVerificationCertificate } from './certificates.ts'
import { SAMLError } from './checks.ts'
import { parseIdPMetadata, writeSPMetadata } from './metadata.ts'

const now = new Date('2026-03-01T12:00:00Z')
const make = async (common_name: string) =>
  (await createSigningCertificate({ common_name, now })).certificate
const first = await make('first')
const second = await make('second')
const body = (pem: string) => pem.replace(/-----[A-Z ]+-----|\s/g, '')

const MD = 'urn:oasis:names:tc:SAML:2.0:metadata'
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol'
const BINDINGS = 'urn:oasis:names:tc:SAML:2.0:bindings'
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'

const key = (pem: string, use = ' use="signing"') =>
  `<KeyDescriptor${use}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>\n${body(pem).replace(/.{64}/g, '$&\n')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>`
const sso = (binding: string, location: string) =>
  `<SingleSignOnService Binding="${BINDINGS}:${binding}" Location="${location}"/>`
const redirect = sso('HTTP-Redirect', 'https://idp.example/redirect?a=1&amp;b=2')
const post = sso('HTTP-POST', 'https://idp.example/post')
const idp = (content: string, attributes = '') =>
  `<IDPSSODescriptor protocolSupportEnumeration="urn:other ${PROTOCOL}"${attributes}>${content}</IDPSSODescriptor>`
const entity = (content: string, entityID = 'https://idp.example/metadata') =>
  `<EntityDescriptor xmlns="${MD}" entityID="${entityID}">${content}</EntityDescriptor>`
const entities = (...list: string[]) =>
  `<EntitiesDescriptor xmlns="${MD}">${list.join('')}</EntitiesDescriptor>`
const full = entity(idp(`${key(first)}${post}${redirect}`))
const parse = (xml: string, options = {}) => parseIdPMetadata(Buffer.from(xml), options)

test('metadata of one identity provider is read', () => {
  const xml = `<?xml version="1.0"?>\n<!-- exported -->\n${entity(
    `<Extensions><x xmlns="urn:x" xml:lang="en"/></Extensions>${idp(
      `${key(first)}${key(second, '')}${key(first)}<NameIDFormat> ${EMAIL}\n</NameIDFormat><NameIDFormat><!-- none --></NameIDFormat>${post}${redirect}`,
      ' WantAuthnRequestsSigned="true"',
    )}`,
  )}\n`
  assert.deepEqual(parse(xml), {
    entity_id: 'https://idp.example/metadata',
    sso_url: 'https://idp.example/redirect?a=1&b=2',
    sso_binding: 'redirect',
    certificates: [first, second],
    nameid_formats: [EMAIL],
    want_authn_requests_signed: true,
    valid_until: null,
  })
})

test('HTTP-POST is used when HTTP-Redirect is not offered', () => {
  const { sso_url, sso_binding } = parse(
    entity(idp(`${key(first)}${sso('SOAP', 'https://x')}${post}`)),
  )
  assert.deepEqual([sso_url, sso_binding], ['https://idp.example/post', 'post'])
})

test('an identity provider is found in a federation, alone or by its entity ID', () => {
  const sp = entity(`<SPSSODescriptor protocolSupportEnumeration="${PROTOCOL}"/>`, 'urn:sp')
  const other = entity(idp(`${key(second)}${post}`), 'urn:other')
  assert.equal(parse(entities(sp, entities(full))).entity_id, 'https://idp.example/metadata')
  const found = parse(entities(full, other), { entity_id: 'urn:other' })
  assert.deepEqual(found.certificates, [second])
})

test('the earliest validUntil of the role, its entity and the federation is told', () => {
  const until = (time: string) => ` validUntil="${time}"`
  const role = idp(`${key(first)}${post}`, until('2030-01-03T00:00:00Z'))
  const own = entity(role).replace('entityID', `validUntil="2030-01-02T00:00:00Z" entityID`)
  const all = entities(own).replace('xmlns', `validUntil="2030-01-01T12:00:00.5+02:00" xmlns`)
  const read = (xml: string) => parse(xml).valid_until?.toISOString()
  assert.equal(read(entity(role)), '2030-01-03T00:00:00.000Z')
  assert.equal(read(own), '2030-01-02T00:00:00.000Z')
  assert.equal(read(all), '2030-01-01T10:00:00.500Z')
})

test('only the first certificate of a key is taken: the rest is its chain', () => {
  const chain = key(first).replace(
    '</ds:X509Data>',
    () => `<ds:X509Certificate>${body(second)}</ds:X509Certificate></ds:X509Data>`,
  )
  assert.deepEqual(parse(entity(idp(`${chain}${post}`))).certificates, [first])
})

test('a certificate that cannot be used is left out if there is another', () => {
  assert.deepEqual(parse(entity(idp(`${key('AAAA')}${key(first)}${post}`))).certificates, [first])
})

test('plain http is read only where the caller allows it', () => {
  const xml = entity(idp(`${key(first)}${sso('HTTP-Redirect', 'http://127.0.0.1:4001/sso')}`))
  assert.equal(parse(xml, { allow_http: true }).sso_url, 'http://127.0.0.1:4001/sso')
  refused(xml, 'saml_connection_metadata_invalid_format', /https/)
})

function refused(xml: string | Uint8Array, error_type: string, reason: RegExp, options = {}): void {
  assert.throws(
    () => parseIdPMetadata(typeof xml === 'string' ? Buffer.from(xml) : xml, options),
    (error) => {
      assert.ok(error instanceof SAMLError)
      assert.equal(error.error_type, error_type)
      assert.match(error.message, reason)
      return error.checks[0]!.fix!.who === 'it_admin'
    },
  )
}

test('what is not XML that we accept is refused as such', () => {
  const XML = 'invalid_xml_from_saml_metadata_url'
  refused('', XML, /well-formed/)
  refused('<html><body>Sign in<br></body></html>', XML, /well-formed/)
  refused('{"error":"not found"}', XML, /well-formed/)
  refused(`<!DOCTYPE x [<!ENTITY e "x">]>${full}`, XML, /document type/)
  refused(full.replace('<IDPSSO', '<?p x?><IDPSSO'), XML, /processing instruction/)
  refused(entity(`${idp(`${key(first)}${post}`)}<![CDATA[x]]>`), XML, /CDATA/)
  refused(Buffer.from(full, 'utf16le'), XML, /./)
  refused(Buffer.concat([Buffer.from(full), Buffer.alloc(1024 * 1024, 0x20)]), XML, /1 MiB/)
  refused('<?xml version="1.0" encoding="ISO-8859-1"?><x/>', XML, /UTF-8/)
})

test('metadata in which something is missing is refused with the reason', () => {
  const FORMAT = 'saml_connection_metadata_invalid_format'
  const without = (content: string, entityID?: string) => entity(content, entityID)
  refused('<x/>', FORMAT, /no SAML 2.0 identity provider/)
  refused(
    without(`<SPSSODescriptor protocolSupportEnumeration="${PROTOCOL}"/>`),
    FORMAT,
    /no SAML 2.0/,
  )
  refused(full.replace('SAML:2.0:protocol', 'SAML:1.1:protocol'), FORMAT, /no SAML 2.0/)
  refused(full.replace(MD, 'urn:x'), FORMAT, /no SAML 2.0/)
  refused(entities(full, without(idp(post), 'urn:b')), FORMAT, /several/)
  refused(entities(full, full), FORMAT, /several/, { entity_id: 'https://idp.example/metadata' })
  refused(full, FORMAT, /urn:other/, { entity_id: 'urn:other' })
  refused(without(idp(`${key(first)}${post}`), ''), FORMAT, /entityID/)
  refused(without(idp(`${key(first)}${post}`), 'x'.repeat(1025)), FORMAT, /entityID/)
  refused(without(idp(post)), FORMAT, /no certificate/)
  refused(without(idp(`${key(first, ' use="encryption"')}${post}`)), FORMAT, /no certificate/)
  refused(without(idp(`${key('AAAA')}${post}`)), FORMAT, /not an X.509/)
  refused(without(idp(key(first))), FORMAT, /SingleSignOnService/)
  refused(without(idp(`${key(first)}${sso('SOAP', 'https://x')}`)), FORMAT, /SingleSignOnService/)
  for (const url of [
    'javascript:alert(1)',
    'http://idp.example/',
    'https:idp.example/sso',
    'https:\\\\idp.example\\sso',
    '',
    'relative',
    'https://',
    'https://idp.example/ x',
    'https://u:p@idp.example/',
    `https://idp.example/${'x'.repeat(3000)}`,
  ]) {
    refused(without(idp(`${key(first)}${sso('HTTP-POST', url)}`)), FORMAT, /address|long/)
  }
})

test('our own metadata says what an identity provider needs, and the key in use comes last', () => {
  const awkward = 'https://sso.example/?a=<1>&b="2"\''
  const xml = writeSPMetadata({
    audience_uri: awkward,
    acs_url: `${awkward}acs`,
    nameid_format: EMAIL,
    signing_certificates: [second, first],
  })
  const document = XmlDocument.fromString(xml)
  const read = (xpath: string) =>
    document.eval(`string(${xpath})`, { md: MD, ds: 'http://www.w3.org/2000/09/xmldsig#' })
  const sp = '/md:EntityDescriptor/md:SPSSODescriptor'
  const expected: Record<string, string> = {
    '/md:EntityDescriptor/@entityID': awkward,
    [`${sp}/@AuthnRequestsSigned`]: 'true',
    [`${sp}/@WantAssertionsSigned`]: 'true',
    [`${sp}/@protocolSupportEnumeration`]: PROTOCOL,
    [`${sp}/md:NameIDFormat`]: EMAIL,
    [`${sp}/md:AssertionConsumerService/@Binding`]: `${BINDINGS}:HTTP-POST`,
    [`${sp}/md:AssertionConsumerService/@Location`]: `${awkward}acs`,
    [`${sp}/md:AssertionConsumerService/@index`]: '0',
    [`${sp}/md:AssertionConsumerService/@isDefault`]: 'true',
    [`count(${sp}/md:KeyDescriptor[@use="signing"])`]: '2',
    [`${sp}/md:KeyDescriptor[2]//ds:X509Certificate`]: body(first),
  }
  for (const [xpath, value] of Object.entries(expected)) assert.equal(read(xpath), value, xpath)
  document.dispose()
  assert.equal(readVerificationCertificate(body(first)).subject, 'CN=first')
})
