import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode, responseXML, signed } from './signing.test-kit.ts'
import { type Asked, assertRefused, refusal, verify } from './verdict.test-kit.ts'
import { MAX_ATTRIBUTES, MAX_DECLARATIONS, MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT } from './xml.ts'

const LIMIT = 'xml_validation_saml_unknown_error'
const genuine = signed(responseXML(), 'Assertion')
const inside = (content: string) =>
  genuine.replace('</samlp:Status>', () => `${content}</samlp:Status>`)
const onRoot = (attributes: string) =>
  genuine.replace('Version="2.0"', () => `Version="2.0" ${attributes}`)
const repeat = (count: number, make: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join('')
const nested = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`
const detail = (content: string) => inside(`<samlp:StatusDetail>${content}</samlp:StatusDetail>`)

// The payloads that keep other libraries busy for seconds, and where each one is stopped.
const PAYLOADS: Record<string, [string, string]> = {
  '24,000 empty elements': ['xml_limit', detail('<a/>'.repeat(24_000))],
  '100,000 empty elements': ['xml_size', detail('<a/>'.repeat(100_000))],
  '20,000 elements with an ID': ['xml_size', detail(repeat(20_000, (i) => `<a ID="_${i}"/>`))],
  'nesting of 200,000': ['xml_size', detail(nested(200_000))],
  'nesting of 30,000': ['xml_limit', detail(nested(30_000))],
  'a document that only opens': ['xml_limit', '<a>'.repeat(80_000)],
  '20,000 attributes': ['xml_limit', onRoot(repeat(20_000, (i) => ` a${i}=""`))],
  '10,000 namespaces': ['xml_limit', onRoot(repeat(10_000, (i) => ` xmlns:a${i}="urn:a"`))],
  '4,000 elements with 16 namespaces each': [
    'xml_size',
    detail(repeat(4000, () => `<a${repeat(16, (i) => ` xmlns:a${i}="urn:a"`)}/>`)),
  ],
  '5,000 References': [
    'xml_limit',
    genuine.replace(
      '</ds:SignedInfo>',
      () => `${'<ds:Reference URI=""/>'.repeat(5000)}</ds:SignedInfo>`,
    ),
  ],
  '5,000 Transforms': [
    'xml_limit',
    genuine.replace(
      '</ds:Transforms>',
      () => `${'<ds:Transform Algorithm="x"/>'.repeat(5000)}</ds:Transforms>`,
    ),
  ],
  '2,000 Transforms': [
    'assertion_signature_format',
    genuine.replace(
      '</ds:Transforms>',
      () => `${'<ds:Transform Algorithm="x"/>'.repeat(2000)}</ds:Transforms>`,
    ),
  ],
  '2,000 Signatures': [
    'structure',
    genuine.replace(
      '</saml:Assertion>',
      () =>
        `${'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'.repeat(2000)}</saml:Assertion>`,
    ),
  ],
  'a text of 200 KB': ['xml_limit', detail('a'.repeat(200_000))],
  '200 KB of character references': ['xml_limit', detail('&#65;'.repeat(40_000))],
  'an attribute of 200 KB': ['xml_limit', onRoot(`a="${'a'.repeat(200_000)}"`)],
  'white space of 60 KB in the NameID': [
    'assertion_signature_digest',
    genuine.replace('ada@', () => `${' '.repeat(60_000)}ada@`),
  ],
  'white space of 60 KB in the Issuer': [
    'response_issuer',
    genuine.replace('https://idp.example', () => `x${' '.repeat(60_000)}x`),
  ],
  'a long namespace used 4,000 times in the signed part': [
    'xml_limit',
    genuine
      .replace('<samlp:Response ', () => `<samlp:Response xmlns:n="urn:${'n'.repeat(500)}" `)
      .replace('</saml:Assertion>', () => `${'<n:a/>'.repeat(4000)}</saml:Assertion>`),
  ],
}

for (const [name, [check, xml]] of Object.entries(PAYLOADS)) {
  test(`refuses ${name}`, (t) => {
    const started = process.cpuUsage()
    const failed = refusal(xml).checks.at(-1)!
    const { user, system } = process.cpuUsage(started)
    t.diagnostic(
      `${Math.round(xml.length / 1024)} KB, ${((user + system) / 1000).toFixed(1)} ms CPU`,
    )
    assert.equal(failed.name, check)
  })
}

test('each limit is where it says', () => {
  const own = genuine.split(/<[A-Za-z]/).length - 1
  const accepted = (xml: string) => assert.equal(verify(xml).identity.name_id, 'ada@example.com')
  const refused = (xml: string) => assertRefused(xml, 'xml_limit', LIMIT)

  accepted(detail('<a/>'.repeat(MAX_ELEMENTS - own - 1)))
  refused(detail('<a/>'.repeat(MAX_ELEMENTS - own)))
  accepted(detail(nested(MAX_DEPTH - 3)))
  refused(detail(nested(MAX_DEPTH - 2)))
  accepted(detail('a'.repeat(MAX_TEXT)))
  refused(detail('a'.repeat(MAX_TEXT + 1)))
  accepted(onRoot(`a="${'a'.repeat(MAX_TEXT)}"`))
  refused(onRoot(`a="${'a'.repeat(MAX_TEXT + 1)}"`))
  accepted(onRoot(repeat(MAX_ATTRIBUTES - 5, (i) => ` a${i}=""`)))
  refused(onRoot(repeat(MAX_ATTRIBUTES - 4, (i) => ` a${i}=""`)))
  accepted(onRoot(repeat(MAX_DECLARATIONS - 1, (i) => ` xmlns:a${i}="urn:a"`)))
  refused(onRoot(repeat(MAX_DECLARATIONS, (i) => ` xmlns:a${i}="urn:a"`)))
})

test('a message of 256 KiB is read, a longer one is not even decoded', () => {
  const size = 256 * 1024
  const spaces = ' '.repeat(60_000)
  const long = detail(`${spaces}<a/>${spaces}<a/>${spaces}<a/>${spaces}`)
  const padded = (length: number) => long.padEnd(length)
  assert.equal(verify(padded(size)).identity.name_id, 'ada@example.com')
  assertRefused(padded(size + 1), 'xml_size', LIMIT)
  const asked: Asked = { field: `${encode(genuine)}${'\n'.repeat(400 * 1024)}` }
  assertRefused('', 'xml_size', LIMIT, asked)
})
