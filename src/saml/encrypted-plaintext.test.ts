import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encrypted, sp } from './encrypting.test-kit.ts'
import { assertionXML, type Fields, responseXML, signed } from './signing.test-kit.ts'
import { assertRefused } from './verdict.test-kit.ts'

const asked = {
  settings: { decryption: { keys: [sp.privateKey], allow_aes_cbc: false, stopped: false } },
}
const WRONG = 'invalid_saml_response'
const one = signed(assertionXML(), 'Assertion')
const other = one.replaceAll('_assertion-1', '_assertion-2')
const SAML = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
const [open, close] = [`<saml:EncryptedAssertion ${SAML}>`, '</saml:EncryptedAssertion>']
const outer = (xml: string) => xml.replace('ID="_assertion-1"', 'ID="_response-1"')

const plaintexts: [string, string | Buffer][] = [
  ['nothing', ''],
  ['text', 'ada@example.com'],
  ['no XML', '<saml:Assertion'],
  ['invalid UTF-8', Buffer.concat([Buffer.from(one), Buffer.of(0xff)])],
  ['UTF-16', Buffer.from(one, 'utf16le')],
  ['NUL', `${one}\0`],
  ['an XML declaration', `<?xml version="1.0"?>${one}`],
  ['a comment', one.replace('ada@example.com', 'ada@example.com<!---->.eve.example')],
  ['a comment after it', `${one}<!-- -->`],
  ['CDATA', one.replace('>ada@example.com<', '><![CDATA[ada@example.com]]><')],
  ['a processing instruction', `${one}<?x?>`],
  ['a document type', `<!DOCTYPE x>${one}`],
  ['two Assertions', one + other],
  ['one Assertion twice', one + one],
  ['text beside the Assertion', `${one}text`],
  ['an element beside the Assertion', `${one}<x xmlns="urn:x"/>`],
  ['an Assertion in something else', `<x xmlns="urn:x">${one}</x>`],
  ['another element', '<x xmlns="urn:x"/>'],
  ['a Response', responseXML({}, one)],
  ['an Assertion of another namespace', one.replaceAll('SAML:2.0:assertion', 'SAML:1.0:assertion')],
  ['an EncryptedAssertion', encrypted(one)],
  ['an Assertion in an EncryptedAssertion', `${open}${one}${close}`],
  ['an EncryptedAssertion beside', `${one}${encrypted(one)}`],
  ['an Assertion without an ID', assertionXML().replace(' ID="_assertion-1"', '')],
  ['the ID of the Response', outer(one)],
  ['another attribute that is an ID', one.replace('<saml:Subject>', '<saml:Subject xml:id="a">')],
  ['an undeclared prefix', one.replace('<saml:Subject>', '<saml:Subject x:y="">')],
  ['a relative namespace', one.replace('<saml:Subject>', '<saml:Subject xmlns:x="y">')],
  ['too deep nesting', `${'<x>'.repeat(30)}${'</x>'.repeat(30)}`],
  ['a closing tag of what is around it', `${close}${one}`],
  ['what closes and opens what is around it', `${one}${close}${open}`],
  ['what opens another place for itself', `${close}${open}${one}`],
  ['an Assertion beside an empty place', `${close}${one}${open}`],
  ['a second Response after its own', `${one}${close}</samlp:Response><samlp:Response>${open}`],
  ['a Status after it', `${one}${close}<samlp:Status/>${open}`],
]

for (const [name, plaintext] of plaintexts) {
  test(`a plaintext is refused that is ${name}`, () => {
    const xml = responseXML({}, encrypted(plaintext))
    for (const each of [xml, signed(xml, 'Response')]) {
      assertRefused(each, 'decrypted_assertion', WRONG, asked)
    }
  })
}

test('an Assertion in another one (Advice) is refused, encrypted or not', () => {
  for (const advised of [other, encrypted(other)]) {
    const fields: Partial<Fields> = { end_of_assertion: `<saml:Advice>${advised}</saml:Advice>` }
    const xml = responseXML({}, encrypted(signed(assertionXML(fields), 'Assertion')))
    assertRefused(xml, 'decrypted_assertion', WRONG, asked)
  }
})

test('an encrypted NameID or attribute is refused, and the refusal says so', () => {
  const inside = (fields: Partial<Fields>) =>
    responseXML({}, encrypted(signed(assertionXML(fields), 'Assertion')))
  const id = inside({ name_id: '<saml:EncryptedID></saml:EncryptedID>' })
  assert.equal(assertRefused(id, 'name_id', WRONG, asked).actual, 'an EncryptedID')
  const attributes = '<saml:EncryptedAttribute></saml:EncryptedAttribute>'
  const check = assertRefused(inside({ attributes }), 'attributes', WRONG, asked)
  assert.equal(check.actual, 'an encrypted attribute')
})

test('a namespace that the signature of the Response does not cover gives a plaintext no meaning', () => {
  const borrowed = assertionXML()
    .replaceAll('saml:', 'q:')
    .replace(/ xmlns:q="[^"]+"/, '')
  const response_attributes = ' xmlns:q="urn:oasis:names:tc:SAML:2.0:assertion"'
  const xml = signed(responseXML({ response_attributes }, encrypted(borrowed)), 'Response')
  const check = assertRefused(xml, 'decrypted_assertion', WRONG, asked)
  assert.match(check.actual ?? '', /unbound namespace prefix/)
})

test('what the profile asks of an Assertion is asked of one that was encrypted', () => {
  const cases: [Partial<Fields>, string, string][] = [
    [{ audience: '' }, 'audience', 'invalid_audience_saml_response'],
    [{ issuer: '<saml:Issuer>https://else.example</saml:Issuer>' }, 'issuer', WRONG],
    [{ confirmation_data: '<saml:SubjectConfirmationData/>' }, 'recipient', WRONG],
  ]
  for (const [fields, check, error_type] of cases) {
    for (const sign of ['Assertion', 'Response'] as const) {
      const inner = assertionXML(fields)
      const plaintext = sign === 'Assertion' ? signed(inner, sign) : inner
      const xml = responseXML({}, encrypted(plaintext))
      const whole = sign === 'Response' ? signed(xml, sign) : xml
      assertRefused(whole, check, error_type as 'invalid_saml_response', asked)
    }
  }
})
