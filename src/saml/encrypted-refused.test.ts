import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EncryptOptions, encrypted, sp, XENC, XENC11 } from './encrypting.test-kit.ts'
import { assertionXML, attacker, responseXML, signed } from './signing.test-kit.ts'
import { assertRefused } from './verdict.test-kit.ts'

const decryption = { keys: [sp.privateKey], allow_aes_cbc: false, stopped: false }
const asked = { settings: { decryption } }
const innerSigned = signed(assertionXML(), 'Assertion')
const WRONG = 'invalid_saml_response'

function around(options: EncryptOptions): string {
  return responseXML({}, encrypted(innerSigned, options))
}

/** The plaintext in a Response that is signed over the ciphertext, and in one that is not. */
function assertPlaintextRefused(plaintext: string | Buffer, check: string, error_type = WRONG) {
  const xml = responseXML({}, encrypted(plaintext))
  for (const each of [xml, signed(xml, 'Response')]) {
    assertRefused(each, check, error_type as 'invalid_saml_response', asked)
  }
}

test('who encrypted is nobody: without a signature on Assertion or Response there is no login', () => {
  const xml = responseXML({}, encrypted(assertionXML()))
  assertRefused(xml, 'signature', 'missing_signature_saml_response', asked)
})

test('a Response that was changed after it was signed is refused before anything is decrypted', () => {
  const xml = signed(responseXML({}, encrypted(innerSigned)), 'Response')
  const other =
    /<xenc:CipherValue>([^<]+)<\/xenc:CipherValue><\/xenc:CipherData><\/xenc:EncryptedData>/
  const changed = xml.replace(other, (all, value) => all.replace(value, 'AAAA'))
  assert.notEqual(changed, xml)
  assertRefused(changed, 'response_signature_digest', 'invalid_signature_saml_response', asked)
  const byAttacker = signed(responseXML({}, encrypted(innerSigned)), 'Response', {
    signer: attacker,
  })
  const name = 'response_signature_certificate'
  assertRefused(byAttacker, name, 'invalid_signature_saml_response', asked)
})

test('the signature in the Assertion must hold, also in a Response that is signed', () => {
  const changed = innerSigned.replace('ada@example.com', 'eve@example.com')
  const INVALID = 'invalid_signature_saml_response'
  assertPlaintextRefused(changed, 'assertion_signature_digest', INVALID)
  const byAttacker = signed(assertionXML(), 'Assertion', { signer: attacker })
  assertPlaintextRefused(byAttacker, 'assertion_signature_certificate', INVALID)
})

test('RSA 1.5, Triple DES and what is not on the lists are refused with the name of the algorithm', () => {
  const digest = (uri: string) =>
    `<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="${uri}"/>`
  const mgf = (uri: string) => `<x:MGF xmlns:x="${XENC11}" Algorithm="${uri}"/>`
  const content = (uri: string): EncryptOptions => ({
    edit: (xml) => xml.replace(`${XENC11}aes256-gcm`, uri),
  })
  const sha256 = digest(`${XENC}sha256`)
  const mgf256 = mgf(`${XENC11}mgf1sha256`)
  const cases: [EncryptOptions, string][] = [
    [{ transport: `${XENC}rsa-1_5`, parameters: '' }, 'rsa-1_5'],
    [{ transport: `${XENC}kw-aes256`, parameters: '' }, 'kw-aes256'],
    [{ transport: 'constructor' }, 'constructor'],
    [{ transport: '' }, 'no algorithm'],
    [content(`${XENC}tripledes-cbc`), 'tripledes-cbc'],
    [content(`${XENC11}chacha20-poly1305`), 'chacha20'],
    [content(''), 'no algorithm'],
    [content('__proto__'), '__proto__'],
    [{ parameters: digest('http://www.w3.org/2001/04/xmldsig-more#md5') }, 'md5'],
    [{ parameters: digest('') }, 'rsa-oaep'],
    [{ parameters: sha256 + mgf(`${XENC11}mgf1md5`) }, 'mgf1md5'],
    [{ parameters: sha256 + sha256 }, 'unknown parameters'],
    [{ parameters: sha256 + mgf256 + mgf256 }, 'unknown parameters'],
    [{ parameters: `${sha256}<x:Other xmlns:x="urn:x"/>` }, 'unknown parameters'],
    [{ parameters: `${sha256}text` }, 'unknown parameters'],
    [{ parameters: `${sha256}<xenc:OAEPparams>%</xenc:OAEPparams>` }, 'OAEPparams'],
    [{ parameters: `<xenc:OAEPparams>${'A'.repeat(400)}</xenc:OAEPparams>` }, 'OAEPparams'],
    [{ transport: `${XENC}rsa-oaep-mgf1p`, parameters: sha256 + mgf256 }, 'with an MGF'],
    [{ parameters: `${digest('http://www.w3.org/2000/09/xmldsig#sha256')}${mgf256}` }, '#sha256'],
  ]
  for (const [options, actual] of cases) {
    const xml = around(options)
    for (const each of [xml, signed(xml, 'Response')]) {
      const check = assertRefused(each, 'encryption_algorithm', WRONG, asked)
      assert.ok(check.actual?.includes(actual), check.actual)
    }
  }
})

test('AES-CBC is refused where neither the Response is signed nor the connection allows it', () => {
  for (const content of ['aes128-cbc', 'aes192-cbc', 'aes256-cbc'] as const) {
    const check = assertRefused(around({ content }), 'aes_cbc', WRONG, asked)
    assert.match(check.fix?.what ?? '', /AES-256-GCM/)
  }
})

const KEY = /<xenc:EncryptedKey.*<\/xenc:EncryptedKey>/
const DATA = /<xenc:EncryptedData.*<\/xenc:EncryptedData>/
const info = (content: string) =>
  `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${content}</ds:KeyInfo>`
const inKey = (content: string) => (xml: string) =>
  xml.replace(/(<xenc:EncryptedKey.*?<\/xenc:EncryptionMethod>)/, (all) => all + content)
const replace = (from: string | RegExp, to: string) => (xml: string) => xml.replace(from, () => to)

const structures: [string, EncryptOptions][] = [
  [
    'two EncryptedData',
    { edit: (xml) => xml.replace(DATA, (all) => all + all.replaceAll(/ Id="[^"]+"/g, '')) },
  ],
  ['no EncryptedData', { edit: replace(DATA, '') }],
  [
    'an EncryptedData in another namespace',
    {
      edit: (xml) =>
        xml.replaceAll(`xmlns:xenc="${XENC}"`, 'xmlns:xenc="urn:x"').replaceAll(/ Id="[^"]+"/g, ''),
    },
  ],
  [
    'two EncryptedKey in KeyInfo',
    { edit: (xml) => xml.replace(KEY, (all) => all + all.replace(' Id="_key"', '')) },
  ],
  [
    'one EncryptedKey in KeyInfo and one beside',
    {
      edit: (xml) =>
        xml.replace('</saml:Enc', () => `${KEY.exec(xml)![0].replace(' Id="_key"', '')}</saml:Enc`),
    },
  ],
  [
    'two EncryptedKey beside',
    {
      place: 'beside',
      edit: (xml) => xml.replace(KEY, (all) => all + all.replace(' Id="_key"', '')),
    },
  ],
  [
    'an EncryptedKey before the data',
    {
      place: 'beside',
      edit: (xml) =>
        xml
          .replace(KEY, '')
          .replace('<xenc:EncryptedData', () => `${KEY.exec(xml)![0]}<xenc:EncryptedData`),
    },
  ],
  ['no EncryptedKey', { edit: replace(KEY, '') }],
  ['a RetrievalMethod without its key', { place: 'retrieved', edit: replace(KEY, '') }],
  [
    'a RetrievalMethod to something else',
    { place: 'retrieved', edit: replace('URI="#_key"', 'URI="#_data"') },
  ],
  [
    'a RetrievalMethod to another document',
    { place: 'retrieved', edit: replace('URI="#_key"', 'URI="https://else.example/key"') },
  ],
  [
    'a RetrievalMethod of another Type',
    {
      place: 'retrieved',
      edit: replace(`Type="${XENC}EncryptedKey"`, `Type="${XENC11}DerivedKey"`),
    },
  ],
  ['a RetrievalMethod without URI', { place: 'retrieved', edit: replace(' URI="#_key"', '') }],
  [
    'a RetrievalMethod with a transform',
    {
      place: 'retrieved',
      edit: replace('></ds:RetrievalMethod>', '><ds:Transforms/></ds:RetrievalMethod>'),
    },
  ],
  [
    'a RetrievalMethod to a key without an Id',
    { place: 'retrieved', edit: replace(' Id="_key"', '') },
  ],
  [
    'a RetrievalMethod to a key in the KeyInfo',
    {
      edit: replace(
        '<xenc:EncryptedKey',
        `<ds:RetrievalMethod Type="${XENC}EncryptedKey" URI="#_key"/><xenc:EncryptedKey`,
      ),
    },
  ],
  [
    'a RetrievalMethod in the EncryptedKey',
    { edit: inKey(info('<ds:RetrievalMethod URI="#_data"/>')) },
  ],
  ['an EncryptedKey in the EncryptedKey', { edit: inKey(info(`<xenc:EncryptedKey/>`)) }],
  ['an EncryptedData in the EncryptedKey', { edit: inKey(info(`<xenc:EncryptedData/>`)) }],
  ['an AgreementMethod', { edit: inKey(info(`<xenc:AgreementMethod Algorithm="urn:x"/>`)) }],
  [
    'a CipherReference',
    {
      edit: (xml) =>
        xml.replace(
          /<xenc:CipherValue>[^<]*<\/xenc:CipherValue>/,
          '<xenc:CipherReference URI="https://else.example"/>',
        ),
    },
  ],
  [
    'EncryptionProperties',
    { edit: replace('</xenc:EncryptedData>', '<xenc:EncryptionProperties/></xenc:EncryptedData>') },
  ],
  [
    'an unknown child of the data',
    { edit: replace('</xenc:EncryptedData>', '<x xmlns="urn:x"/></xenc:EncryptedData>') },
  ],
  ['an empty Type', { edit: replace(`Type="${XENC}Element"`, 'Type=""') }],
  ['the Type of a content', { edit: replace(`${XENC}Element`, `${XENC}Content`) }],
  [
    'no EncryptionMethod',
    {
      edit: (xml) =>
        xml.replace(/<xenc:EncryptionMethod Algorithm="[^"]*gcm"><\/xenc:EncryptionMethod>/, ''),
    },
  ],
  [
    'two EncryptionMethod',
    {
      edit: (xml) =>
        xml.replace(
          /<xenc:EncryptionMethod Algorithm="[^"]*gcm"><\/xenc:EncryptionMethod>/,
          (all) => all + all,
        ),
    },
  ],
  [
    'two CipherData',
    { edit: (xml) => xml.replace(/<xenc:CipherData>.*?<\/xenc:CipherData>/, (all) => all + all) },
  ],
  [
    'two CipherValue',
    { edit: (xml) => xml.replace(/<xenc:CipherValue>.*?<\/xenc:CipherValue>/, (all) => all + all) },
  ],
  [
    'markup in a CipherValue',
    { edit: replace('<xenc:CipherValue>', '<xenc:CipherValue><x xmlns="urn:x"/>') },
  ],
  [
    'a CipherValue that is not base64',
    { edit: (xml) => xml.replaceAll('<xenc:CipherValue>', '<xenc:CipherValue>%') },
  ],
  [
    'a wrapped key that is not base64',
    { edit: replace('<xenc:CipherValue>', '<xenc:CipherValue>%') },
  ],
  ['a wrapped key that is too long', { tamper: { wrapped: () => Buffer.alloc(513) } }],
  ['text beside the data', { edit: replace('<xenc:EncryptedData', 'text<xenc:EncryptedData') }],
  [
    'an unknown element after the key',
    { place: 'beside', edit: replace('</saml:Enc', '<x xmlns="urn:x"/></saml:Enc') },
  ],
  [
    'a ReferenceList for something else',
    { place: 'beside', edit: replace('URI="#_data"', 'URI="#_other"') },
  ],
  ['a ReferenceList for data without an Id', { place: 'beside', edit: replace(' Id="_data"', '') }],
  [
    'a KeyReference',
    { place: 'beside', edit: (xml) => xml.replaceAll('DataReference', 'KeyReference') },
  ],
]

for (const [name, options] of structures) {
  test(`an EncryptedAssertion is refused that has ${name}`, () => {
    const xml = around(options)
    for (const each of [xml, signed(xml, 'Response')]) {
      assertRefused(each, 'encrypted_assertion', WRONG, asked)
    }
  })
}

test('an encrypted Assertion beside another one, encrypted or not, is refused', () => {
  const one = encrypted(innerSigned)
  const two = encrypted(innerSigned).replaceAll(/ Id="[^"]+"/g, '')
  for (const assertions of [one + innerSigned, innerSigned + one, one + two]) {
    assertRefused(responseXML({}, assertions), 'structure', WRONG, asked)
  }
  const nested = `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${one}</saml:EncryptedAssertion>`
  assertRefused(responseXML({}, nested), 'structure', WRONG, asked)
  assertRefused(responseXML({}, nested.replace(one, innerSigned)), 'structure', WRONG, asked)
})

test('an Id of the encryption that repeats another ID is refused', () => {
  for (const id of ['_response-1', '_key']) {
    const xml = around({ edit: replace('Id="_data"', `Id="${id}"`) })
    assertRefused(xml, 'structure', WRONG, asked)
  }
})

test('only a CipherValue of XML Encryption may be longer than any other text', () => {
  const long = `<x:CipherValue xmlns:x="urn:x">${'A'.repeat(70_000)}</x:CipherValue>`
  const xml = around({ edit: inKey(info(long)) })
  assertRefused(xml, 'xml_limit', 'xml_validation_saml_unknown_error', asked)
})
