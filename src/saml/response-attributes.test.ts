import assert from 'node:assert/strict'
import { test } from 'node:test'
import { responseXML, signed } from './signing.test-kit.ts'
import { assertRefused, verify } from './verdict.test-kit.ts'

// attributes whose values are elements: named and left out, while the rest of the assertion holds

const read = (attributes: string) => verify(signed(responseXML({ attributes }), 'Assertion'))
const attribute = (name: string, ...values: string[]) =>
  `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`
const targeted = 'urn:oid:1.3.6.1.4.1.5923.1.1.1.10'
const nameID =
  '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="https://idp.example">eve@example.com</saml:NameID>'

const ODD: Record<string, string[]> = {
  'holds a NameID, as eduPersonTargetedID of Shibboleth': [nameID],
  'holds white space around an element': [`\n  ${nameID}\n`],
  'holds text before an element': [`ada${nameID}`],
  'holds text on both sides of an element': ['ada@example.com<x xmlns="urn:x"/>.evil.example'],
  'holds text in an element': ['<x xmlns="urn:x">ada</x>'],
  'has one such value among others': ['ada', nameID, 'eve'],
}

for (const [name, values] of Object.entries(ODD)) {
  test(`an attribute that ${name} has no values, and a check names it`, () => {
    const { identity, checks } = read(
      attribute('mail', 'ada@example.com') + attribute(targeted, ...values),
    )
    assert.equal(identity.name_id, 'ada@example.com')
    assert.deepEqual(
      identity.attributes.map((one) => [one.name, one.plain, one.values]),
      [
        ['mail', true, ['ada@example.com']],
        [targeted, false, []],
      ],
    )
    const skipped = checks.filter(({ verdict }) => verdict === 'skip')
    assert.deepEqual(skipped, [
      { name: 'attributes_not_plain', verdict: 'skip', actual: `left out: ${targeted}` },
    ])
  })
}

test('of several attributes of one name each says for itself whether it is plain', () => {
  const { identity } = read(attribute('a', 'x') + attribute('a', nameID) + attribute('a', 'y'))
  assert.deepEqual(
    identity.attributes.map(({ plain, values }) => [plain, values]),
    [
      [true, ['x']],
      [false, []],
      [true, ['y']],
    ],
  )
})

test('the check about them stays short and printable, however many there are', () => {
  const { checks } = read(
    Array.from({ length: 50 }, (_, i) => attribute(`a\u202e${i}&#10;`, '<x xmlns="urn:x"/>')).join(
      '',
    ),
  )
  const skipped = checks.filter(({ verdict }) => verdict === 'skip')
  assert.equal(skipped.length, 1)
  assert.match(skipped[0]!.actual!, /^left out: a0, a1, [a\d, ]{1,190}…$/)
})

test('an Assertion, an ID or a Signature in a value refuses as anywhere else', () => {
  for (const value of [
    '<saml:Assertion ID="_x"></saml:Assertion>',
    '<x xmlns="urn:x" ID="_x"/>',
    '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:Signature>',
  ]) {
    // signed where this can be done, so that it is the value that is refused
    const plain = responseXML({ attributes: attribute('a', value) })
    assertRefused(signed(plain, 'Response', { path: '/*' }), 'structure', 'invalid_saml_response')
  }
})
