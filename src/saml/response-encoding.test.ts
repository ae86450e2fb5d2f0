import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SAMLError } from './checks.ts'
import { ACS, encode, responseXML, signed } from './signing.test-kit.ts'
import { type Asked, assertRefused, refusal, verify } from './verdict.test-kit.ts'

// security classes: comments, CDATA, DTD and processing instructions, parser differences, encodings

const INVALID = 'invalid_xml_saml_response'
const genuine = signed(responseXML(), 'Assertion')
const mark = (markup: string, at = 'ada@') => genuine.replace(at, () => `${at}${markup}`)
const prolog = (text: string) => `${text}${genuine}`

const REFUSED: Record<string, Record<string, string>> = {
  xml_forbidden_markup: {
    'a comment in the NameID': mark('<!-- x -->'),
    'a comment in an attribute': mark('<!---->', 'engineer'),
    'a comment in the Audience': mark('<!---->', `<saml:Audience>${ACS}`),
    'a comment in the DigestValue': mark('<!---->', '<ds:DigestValue>'),
    'a comment in the SignatureValue': mark('<!---->', '<ds:SignatureValue>'),
    'a comment before the root': prolog('<!-- x -->'),
    'a comment after the root': `${genuine}<!-- x -->`,
    'a processing instruction in the NameID': mark('<?p ada?>'),
    'a processing instruction in the Audience': mark('<?p x?>', `<saml:Audience>${ACS}`),
    'a processing instruction in the DigestValue': mark('<?p x?>', '<ds:DigestValue>'),
    'a processing instruction before the root': prolog('<?p x?>'),
    'a stylesheet': prolog('<?xml version="1.0"?><?xml-stylesheet href="x"?>'),
    'CDATA in the NameID': mark('<![CDATA[x]]>'),
    'CDATA around an attribute value': genuine.replace('>Ada<', '><![CDATA[Ada]]><'),
    'a document type': prolog('<!DOCTYPE samlp:Response>'),
    'a document type after a declaration': prolog('<?xml version="1.0"?>\n<!DOCTYPE x>'),
    'an external document type': prolog('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'),
    'an external entity': prolog('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>').replace(
      'ada@',
      '&e;',
    ),
    'a parameter entity': prolog('<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:1/"> %e;]>'),
    'billion laughs': prolog(
      '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>',
    ).replace('ada@', '&c;'),
    'a default attribute': prolog('<!DOCTYPE x [<!ATTLIST saml:Assertion ID CDATA "_x">]>'),
    'a declaration in upper case': prolog('<?XML version="1.0"?>'),
    'white space before the declaration': prolog(' <?xml version="1.0"?>'),
    'two declarations': prolog('<?xml version="1.0"?><?xml version="1.0"?>'),
  },
  xml_encoding: {
    'XML 1.1': prolog('<?xml version="1.1"?>'),
    'Latin-1 declared': prolog('<?xml version="1.0" encoding="ISO-8859-1"?>'),
    'UTF-16 declared': prolog('<?xml version="1.0" encoding="UTF-16"?>'),
    'a declaration without a version': prolog('<?xml encoding="UTF-8"?>'),
    'an unfinished declaration': prolog('<?xml version="1.0" '),
  },
  xml: {
    'two roots': `${genuine}${genuine}`,
    'text after the root': `${genuine}x`,
    'text before the root': `x${genuine}`,
    'a character reference after the root': `${genuine}&#32;`,
    nothing: ' ',
    'an unclosed element': genuine.slice(0, -5),
    'overlapping elements': mark('<a><b></a></b>'),
    'an unquoted attribute': genuine.replace('Version="2.0"', 'Version=2.0'),
    'an attribute without a value': genuine.replace('Version="2.0"', 'Version'),
    'no space between attributes': genuine.replace('Version="2.0" ', 'Version="2.0"'),
    'a duplicate attribute': genuine.replace('Version="2.0"', 'Version="2.0" Version="2.0"'),
    'a duplicate URI': genuine.replace('URI="#_assertion-1"', 'URI="#_assertion-1" URI="#_x"'),
    'one attribute under two prefixes': genuine.replace(
      'Version="2.0"',
      'Version="2.0" xmlns:p="urn:p" xmlns:q="urn:p" p:x="1" q:x="2"',
    ),
    'a raw < in an attribute': genuine.replace('Version="2.0"', 'Version="<2.0"'),
    'a raw & in text': mark('& '),
    ']]> in text': mark(']]>'),
    NUL: mark('\0'),
    'a control character': mark('\x01'),
    'a reference to NUL': mark('&#0;'),
    'a reference to a surrogate': mark('&#xD800;'),
    'U+FFFF': mark('\uffff'),
    'an unknown entity': mark('&nbsp;'),
    'an entity named constructor': mark('&constructor;'),
    'an undeclared prefix': mark('<x:x/>'),
    'an undeclared prefix on an attribute': genuine.replace('Version="2.0"', 'x:Version="2.0"'),
    'a prefix undeclared again': genuine.replace('<saml:Subject>', '<saml:Subject xmlns:saml="">'),
    'two colons': mark('<a:b:c xmlns:a="urn:a"/>'),
    'a local name that begins with a digit': mark('<a:1 xmlns:a="urn:a"/>'),
    'a prefix that begins with a digit': mark('<a xmlns:1a="urn:a"/>'),
    'the xmlns prefix declared': genuine.replace(
      'Version="2.0"',
      'Version="2.0" xmlns:xmlns="urn:a"',
    ),
    'the xml prefix bound elsewhere': genuine.replace(
      'Version="2.0"',
      'Version="2.0" xmlns:xml="urn:a"',
    ),
  },
  xml_namespace: Object.fromEntries(
    [
      'relative',
      '#x',
      '1',
      '../x',
      'urn:a b',
      ' urn:a',
      'urn:a ',
      'urn:a&amp;b',
      'urn:a&lt;',
      'urn:a&quot;',
      'urn:a&#9;',
      'urn:é',
      `urn:${'a'.repeat(510)}`,
    ].map((uri) => [
      `the namespace ${uri.slice(0, 20)}`,
      genuine.replace('Version="2.0"', `Version="2.0" xmlns:n="${uri}"`),
    ]),
  ),
}

for (const [check, messages] of Object.entries(REFUSED)) {
  for (const [name, xml] of Object.entries(messages)) {
    test(`refuses ${name}`, () => {
      if (xml.trim() === '') assertRefused('', 'xml', INVALID, { field: encode('\n') })
      else assertRefused(xml, check, INVALID)
    })
  }
}

const bytes = (...parts: (string | Buffer)[]): Asked => ({
  field: Buffer.concat(parts.map((part) => Buffer.from(part as string))).toString('base64'),
})
const [start = '', end = ''] = genuine.split('ada@')

const FIELDS: Record<string, [string, Asked]> = {
  'invalid UTF-8': ['xml_encoding', bytes(start, Buffer.of(0xff), end)],
  'overlong UTF-8': ['xml_encoding', bytes(start, Buffer.of(0xc0, 0xbc), end)],
  'a surrogate in UTF-8': ['xml_encoding', bytes(start, Buffer.of(0xed, 0xa0, 0x80), end)],
  'Latin-1': ['xml_encoding', bytes(Buffer.from(genuine.replace('ada@', 'é@'), 'latin1'))],
  'UTF-16': ['xml_encoding', bytes(Buffer.from(`\ufeff${genuine}`, 'utf16le'))],
  'two byte order marks': ['xml', bytes(`\ufeff\ufeff${genuine}`)],
  'junk in base64': ['base64', { field: `!${encode(genuine)}` }],
  'base64 with a missing pad': [
    'base64',
    { field: encode(`${genuine} `.padEnd(1000 * 3 + 1)).replace(/=+$/, '') },
  ],
  'base64 with too much padding': ['base64', { field: `${encode(genuine)}====` }],
  'base64 with bits beyond the end': [
    'base64',
    { field: encode(genuine.padEnd(3001)).replace(/g==$/, 'h==') },
  ],
  base64url: [
    'base64',
    {
      field: encode(genuine.replace('ada@', 'ÿÿÿ¿¿¿>>>???'))
        .replaceAll('/', '_')
        .replaceAll('+', '-'),
    },
  ],
  'base64 twice': ['xml', { field: encode(encode(genuine)) }],
  'two base64 texts': [
    'base64',
    { field: `${encode(`${genuine} `.padEnd(3001))}${encode(genuine)}` },
  ],
  'a form feed in base64': ['base64', { field: `\f${encode(genuine)}` }],
  'URL-encoded base64': ['base64', { field: encodeURIComponent(`${encode(genuine)}+/=`) }],
}

for (const [name, [check, asked]] of Object.entries(FIELDS)) {
  test(`refuses ${name}`, () => {
    assertRefused('', check, INVALID, asked)
  })
}

test('a missing SAMLResponse has its own error', () => {
  for (const field of ['', ' \r\n']) {
    assertRefused('', 'saml_response', 'missing_saml_response', { field })
  }
})

test('text from outside is shown short and without control characters', () => {
  const name = `\u202e\u0007${'x'.repeat(500)}`
  const xml = signed(
    responseXML({ issuer: `<saml:Issuer>${name.replace('\u0007', '')}</saml:Issuer>` }),
    'Assertion',
  )
  const shown = refusal(xml).checks.at(-1)!.actual!
  assert.equal(shown.length, 200)
  assert.match(shown, /^x+…$/)
})

test('a message quotes little of what came', () => {
  for (const name of ['x'.repeat(60_000), `x\u200c${'y'.repeat(900)}`]) {
    const xml = genuine.replace('<samlp:Status>', () => `<${name} xmlns="urn:x"/><samlp:Status>`)
    const { message } = refusal(xml)
    assert.ok(message.length <= 400, String(message.length))
    assert.doesNotMatch(message, /\u200c/)
  }
})

test('any changed byte of the signed assertion or of its signature is refused', () => {
  const from = genuine.indexOf('<saml:Assertion')
  const to = genuine.indexOf('</saml:Assertion>') + 17
  let changes = 0
  for (let i = from; i < to; i += 3) {
    for (const flip of [1, 4, 0x20]) {
      const changed = Buffer.from(genuine)
      changed[i] = changed[i]! ^ flip
      refusal('', { field: changed.toString('base64') })
      changes += 1
    }
  }
  assert.ok(changes > 2000)
})

test('an inserted element is refused or changes nothing about the identity', () => {
  const { identity } = verify(genuine)
  let accepted = 0
  for (let at = genuine.indexOf('>') + 1; at < genuine.length; at = genuine.indexOf('>', at) + 1) {
    const changed = `${genuine.slice(0, at)}<x xmlns="urn:x"></x>${genuine.slice(at)}`
    try {
      assert.deepEqual(verify(changed).identity, identity)
      accepted += 1
    } catch (error) {
      if (!(error instanceof SAMLError)) throw error
    }
  }
  // only inside the Status, which is not signed here
  assert.ok(accepted <= 2, String(accepted))
})
