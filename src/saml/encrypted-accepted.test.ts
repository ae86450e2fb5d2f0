import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CONTENTS,
  DIGESTS,
  type EncryptOptions,
  encrypted,
  type Hash,
  otherSP,
  sp,
  XENC,
  XENC11,
} from './encrypting.test-kit.ts'
import type { ResponseSettings } from './response.ts'
import { assertionXML, responseXML, signed } from './signing.test-kit.ts'
import { verify } from './verdict.test-kit.ts'

const decryption = { keys: [sp.privateKey], allow_aes_cbc: false, stopped: false }
const innerSigned = signed(assertionXML(), 'Assertion')
const MGF1P = `${XENC}rsa-oaep-mgf1p`
const hashes: Hash[] = ['sha1', 'sha256', 'sha384', 'sha512']

/** A Response with the signed Assertion encrypted, verified by a connection with this key. */
function login(options: EncryptOptions, changes: Partial<ResponseSettings['decryption']> = {}) {
  const settings = { decryption: { ...decryption, ...changes } }
  return verify(responseXML({}, encrypted(innerSigned, options)), { settings })
}

function assertAda({ identity }: ReturnType<typeof verify>): void {
  assert.equal(identity.name_id, 'ada@example.com')
  assert.equal(identity.assertion_id, '_assertion-1')
  assert.deepEqual(identity.attributes.at(-1)?.values, ['engineering', 'admins'])
}

test('rsa-oaep with every mix of digest and mask is accepted', () => {
  for (const digest of hashes) for (const mgf of hashes) assertAda(login({ digest, mgf }))
})

test('rsa-oaep-mgf1p masks with SHA-1, whatever its digest', () => {
  for (const digest of hashes) assertAda(login({ transport: MGF1P, digest, mgf: 'sha1' }))
})

test('rsa-oaep without DigestMethod and MGF means SHA-1 for each that is missing', () => {
  const ds = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
  const mask = `<x:MGF xmlns:x="${XENC11}" Algorithm="${XENC11}mgf1sha256"/>`
  for (const transport of [MGF1P, `${XENC11}rsa-oaep`]) {
    assertAda(login({ transport, digest: 'sha1', parameters: '' }))
    const digest = `<ds:DigestMethod ${ds} Algorithm="${DIGESTS.sha256}"/>`
    assertAda(login({ transport, digest: 'sha256', mgf: 'sha1', parameters: digest }))
  }
  assertAda(login({ digest: 'sha1', mgf: 'sha256', parameters: mask }))
})

test('the digest names that only a Go library writes mean one hash for digest and mask', () => {
  for (const digest of ['sha256', 'sha512'] as const) {
    const parameters = `<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2000/09/xmldsig#${digest}"/>`
    for (const transport of [MGF1P, `${XENC11}rsa-oaep`]) {
      assertAda(login({ transport, digest, parameters }))
    }
  }
})

test('a label (OAEPparams) is taken into account', () => {
  const label = Buffer.from('a label')
  assertAda(login({ label }))
  assertAda(login({ label, transport: MGF1P, digest: 'sha256', mgf: 'sha1' }))
})

test('AES-128, AES-192 and AES-256 in GCM are accepted; in CBC where the connection allows it', () => {
  for (const content of Object.keys(CONTENTS) as (keyof typeof CONTENTS)[]) {
    assertAda(login({ content }, { allow_aes_cbc: content.endsWith('cbc') }))
  }
})

test('AES-CBC is accepted without permission where the Response is signed', () => {
  for (const inner of [assertionXML(), innerSigned]) {
    for (const content of ['aes128-cbc', 'aes192-cbc', 'aes256-cbc'] as const) {
      const xml = signed(responseXML({}, encrypted(inner, { content })), 'Response')
      assertAda(verify(xml, { settings: { decryption } }))
    }
  }
})

test('an Assertion that is not signed is accepted in a Response that is', () => {
  const xml = signed(responseXML({}, encrypted(assertionXML())), 'Response')
  const { identity, checks } = verify(xml, { settings: { decryption } })
  assert.equal(identity.name_id, 'ada@example.com')
  const names = checks.map(({ name }) => name)
  assert.ok(names.indexOf('response_signature_digest') < names.indexOf('decryption'))
  assert.ok(!names.includes('assertion_signature_digest'))
})

test('with both signed, both are verified, the Response over the ciphertext', () => {
  const xml = signed(responseXML({}, encrypted(innerSigned)), 'Response')
  const names = verify(xml, { settings: { decryption } }).checks.map(({ name }) => name)
  const [outer, decrypted, inner] = [
    names.indexOf('response_signature_digest'),
    names.indexOf('decryption'),
    names.indexOf('assertion_signature_digest'),
  ]
  assert.ok(outer > 0 && outer < decrypted && decrypted < inner, names.join(' '))
})

test('the EncryptedKey may stand in the KeyInfo or beside the data, with or without a pointer', () => {
  for (const place of ['inside', 'beside', 'retrieved'] as const) assertAda(login({ place }))
})

test('the EncryptedData need not say that it is an element', () => {
  assertAda(login({ edit: (xml) => xml.replace(` Type="${XENC}Element"`, '') }))
})

test('hints about the key and Recipient are ignored', () => {
  const hint =
    '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyName>a</ds:KeyName><ds:X509Data><ds:X509IssuerSerial/></ds:X509Data></ds:KeyInfo>'
  const edit = (xml: string) =>
    xml
      .replace('Id="_key"', 'Id="_key" Recipient="https://else.example"')
      .replace(/(<xenc:EncryptedKey.*?<\/xenc:EncryptionMethod>)/, (all) => `${all}${hint}`)
  assertAda(login({ edit }))
  assertAda(login({ edit, place: 'beside' }))
})

test('every key of the connection decrypts', () => {
  const keys = [otherSP.privateKey, sp.privateKey]
  assertAda(login({}, { keys }))
  assertAda(login({ recipient: otherSP.publicKey }, { keys }))
})

test('white space around values and elements is accepted', () => {
  const edit = (xml: string) =>
    xml
      .replaceAll(/(<xenc:CipherValue>)([^<]+)/g, (_all, tag, value) => {
        return `${tag}\r\n${value.match(/.{1,76}/g).join('\n')}\n`
      })
      .replaceAll('><', '>\n  <')
  assertAda(login({ edit }))
  const xml = responseXML({}, encrypted(`\n  ${innerSigned}\n`))
  assertAda(verify(xml, { settings: { decryption } }))
})

test('an assertion of 120 KB is accepted, though it is the text of one element', () => {
  const value = `<saml:AttributeValue>${'x'.repeat(1000)}</saml:AttributeValue>`
  const attributes = `<saml:Attribute Name="many">${value.repeat(120)}</saml:Attribute>`
  const inner = signed(assertionXML({ attributes }), 'Assertion')
  const { identity } = verify(responseXML({}, encrypted(inner)), { settings: { decryption } })
  assert.equal(identity.attributes[0]?.values.length, 120)
})

const SAML = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
const XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
const DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
const typed = {
  attributes:
    '<saml:Attribute Name="a"><saml:AttributeValue xsi:type="xs:string">b</saml:AttributeValue></saml:Attribute>',
}

/** A Response whose root declares namespaces that the Assertion in it uses, and encrypts it as text. */
function borrowing(sign: 'Assertion' | 'Response' | 'both'): string {
  const response_attributes = ` ${SAML} ${DS} ${XSI} ${XS}`
  const bare = assertionXML(typed).replace(` ${SAML}`, '')
  const plain = responseXML({ response_attributes }, bare)
  const inner =
    sign === 'Response'
      ? plain
      : signed(plain, 'Assertion').replace(`<ds:Signature ${DS}>`, '<ds:Signature>')
  const assertion = /<saml:Assertion.*<\/saml:Assertion>/.exec(inner)![0]
  const outer = inner.replace(assertion, () => encrypted(assertion))
  return sign === 'Assertion' ? outer : signed(outer, 'Response')
}

test('what is declared around it twice, or as the default, does not harm an Assertion', () => {
  const response_attributes = ` xmlns="http://www.w3.org/2001/XMLSchema" ${XSI}`
  const edit = (text: string) => text.replace(`${SAML}>`, `${SAML} ${XSI}>`)
  const bare = assertionXML(typed).replace('xsi:type="xs:string"', 'xsi:nil="false"')
  const again = signed(responseXML({ response_attributes }, encrypted(bare, { edit })), 'Response')
  assert.equal(verify(again, { settings: { decryption } }).identity.name_id, 'ada@example.com')
})

test('an Assertion is read in its place: namespaces that are declared around it hold', () => {
  for (const sign of ['Assertion', 'both', 'Response'] as const) {
    const { identity } = verify(borrowing(sign), { settings: { decryption } })
    assert.equal(identity.name_id, 'ada@example.com', sign)
    assert.deepEqual(identity.attributes[0]?.values, ['b'])
  }
})
