import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import {
  idp,
  p256,
  p384,
  responseXML,
  type Signer,
  type SignOptions,
  signed,
} from './signing.test-kit.ts'
import { assertRefused } from './verdict.test-kit.ts'

const INVALID = 'invalid_signature_saml_response'
const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
const rsa256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
const genuine = signed(responseXML(), 'Assertion')

const replace = (from: string | RegExp, to: string) => (xml: string) => {
  const changed = xml.replace(from, () => to)
  assert.notEqual(changed, xml)
  return changed
}
const algorithm = (uri: string) => replace(rsa256, uri)
const digestURI = (uri: string) => replace(sha256, uri)
const transform = (uri: string, content = '') =>
  `<ds:Transform Algorithm="${uri}">${content}</ds:Transform>`
const transforms = (...list: string[]) =>
  replace(/<ds:Transforms>.*<\/ds:Transforms>/, `<ds:Transforms>${list.join('')}</ds:Transforms>`)
const reference = (attributes: string) =>
  replace('Reference URI="#_assertion-1"', `Reference ${attributes}`)
const digestValue = (content: string) =>
  replace(/<ds:DigestValue>.*<\/ds:DigestValue>/, `<ds:DigestValue>${content}</ds:DigestValue>`)
const twice = (local: string) => (xml: string) => {
  const element = new RegExp(`<ds:${local}[ >].*</ds:${local}>|<ds:${local}[^>]*/>`).exec(xml)![0]
  return xml.replace(element, () => element + element)
}
const before = (tag: string, insert: string) => replace(tag, insert + tag)

// Every one of these signatures is made with the right key: what is wrong is what it says.
const EDITED: Record<string, Record<string, (signature: string) => string>> = {
  assertion_signature_format: {
    'two SignedInfo': twice('SignedInfo'),
    'two SignatureValue': twice('SignatureValue'),
    'two DigestValue': twice('DigestValue'),
    'two DigestMethod': twice('DigestMethod'),
    'two SignatureMethod': twice('SignatureMethod'),
    'two References': twice('Reference'),
    'a second Reference to another element': before(
      '</ds:SignedInfo>',
      `<ds:Reference URI="#_response-1"><ds:Transforms>${transform(exclusive)}</ds:Transforms><ds:DigestMethod Algorithm="${sha256}"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>`,
    ),
    'no Transforms': replace(/<ds:Transforms>.*<\/ds:Transforms>/, ''),
    'no DigestValue': replace(/<ds:DigestValue>.*<\/ds:DigestValue>/, ''),
    'no Reference': replace(/<ds:Reference.*<\/ds:Reference>/, ''),
    'an Object': before('</ds:Signature>', '<ds:Object/>'),
    'an Object that holds a SignedInfo': before(
      '<ds:SignedInfo>',
      '<ds:Object><ds:SignedInfo/></ds:Object>',
    ),
    'a SignedInfo of another namespace before the real one': before(
      '<ds:SignedInfo>',
      '<x:SignedInfo xmlns:x="urn:x"/>',
    ),
    'a SignedInfo of another namespace': (xml) =>
      xml
        .replaceAll('ds:SignedInfo', 'x:SignedInfo')
        .replace('<x:SignedInfo', '<x:SignedInfo xmlns:x="urn:x"'),
    'an element in DigestValue': before('</ds:DigestValue>', '<x xmlns="urn:x">AAAA</x>'),
    'an element in SignatureValue': before('</ds:SignatureValue>', '<x xmlns="urn:x"/>'),
    'text in SignedInfo': before('</ds:SignedInfo>', 'text'),
    'text in the Signature': before('<ds:SignatureValue>', 'text'),
    'KeyInfo first': before('<ds:SignedInfo>', '<ds:KeyInfo/>'),
    'two KeyInfo': before('</ds:Signature>', '<ds:KeyInfo/><ds:KeyInfo/>'),
    HMACOutputLength: replace(
      `SignatureMethod Algorithm="${rsa256}"/>`,
      `SignatureMethod Algorithm="${rsa256}"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>`,
    ),
    'three transforms': transforms(
      transform(enveloped),
      transform(exclusive),
      transform(exclusive),
    ),
    'a transform of another namespace': transforms(
      transform(enveloped),
      `<x:Transform xmlns:x="urn:x" Algorithm="${exclusive}"/>`,
    ),
    'an XPath in a transform': transforms(
      transform(enveloped, '<ds:XPath>not(.)</ds:XPath>'),
      transform(exclusive),
    ),
    'more than 16 prefixes': transforms(
      transform(enveloped),
      transform(
        exclusive,
        `<ec:InclusiveNamespaces xmlns:ec="${exclusive}" PrefixList="${'p '.repeat(17)}"/>`,
      ),
    ),
    'text in a transform': transforms(transform(enveloped), transform(exclusive, 'text')),
    'something else in a transform': transforms(
      transform(enveloped),
      transform(exclusive, '<x xmlns="urn:x" PrefixList="a"/>'),
    ),
    'InclusiveNamespaces with content': transforms(
      transform(enveloped),
      transform(
        exclusive,
        `<InclusiveNamespaces xmlns="${exclusive}" PrefixList="a">b</InclusiveNamespaces>`,
      ),
    ),
    'InclusiveNamespaces twice': transforms(
      transform(enveloped),
      transform(exclusive, `<InclusiveNamespaces xmlns="${exclusive}" PrefixList="a"/>`.repeat(2)),
    ),
  },
  assertion_signature_reference: {
    'no URI': reference(''),
    'an empty URI': reference('URI=""'),
    'the ID of the Response': reference('URI="#_response-1"'),
    'an XPointer': reference('URI="#xpointer(id(\'_assertion-1\'))"'),
    'an XPointer to everything': reference('URI="#xpointer(/)"'),
    'an external URI': reference('URI="https://evil.example/#_assertion-1"'),
    'the ID without #': reference('URI="_assertion-1"'),
    'only one transform': transforms(transform(exclusive)),
    'no transform': transforms(),
    'the transforms in the other order': transforms(transform(exclusive), transform(enveloped)),
    'enveloped twice': transforms(transform(enveloped), transform(enveloped)),
    XPath: transforms(
      transform(enveloped),
      transform('http://www.w3.org/TR/1999/REC-xpath-19991116'),
    ),
    XSLT: transforms(
      transform('http://www.w3.org/TR/1999/REC-xslt-19991116'),
      transform(exclusive),
    ),
    base64: transforms(transform(enveloped), transform('http://www.w3.org/2000/09/xmldsig#base64')),
    'exclusive C14N with comments': transforms(
      transform(enveloped),
      transform(`${exclusive}WithComments`),
    ),
    'inclusive C14N': transforms(
      transform(enveloped),
      transform('http://www.w3.org/TR/2001/REC-xml-c14n-20010315'),
    ),
  },
  assertion_signature_algorithm: {
    'no algorithm': algorithm(''),
    'an unknown algorithm': algorithm('urn:x'),
    'an algorithm named constructor': algorithm('constructor'),
    'HMAC-SHA256': algorithm('http://www.w3.org/2001/04/xmldsig-more#hmac-sha256'),
    'RSA-MD5': algorithm('http://www.w3.org/2001/04/xmldsig-more#rsa-md5'),
    'RSA-PSS with parameters': algorithm('http://www.w3.org/2007/05/xmldsig-more#rsa-pss'),
    'DSA-SHA256': algorithm('http://www.w3.org/2009/xmldsig11#dsa-sha256'),
    'digest MD5': digestURI('http://www.w3.org/2001/04/xmldsig-more#md5'),
    'digest SHA-1': digestURI('http://www.w3.org/2000/09/xmldsig#sha1'),
    'digest __proto__': digestURI('__proto__'),
    'inclusive C14N of SignedInfo': replace(
      `CanonicalizationMethod Algorithm="${exclusive}"`,
      'CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"',
    ),
    'C14N of SignedInfo with comments': replace(
      `CanonicalizationMethod Algorithm="${exclusive}"`,
      `CanonicalizationMethod Algorithm="${exclusive}WithComments"`,
    ),
  },
  assertion_signature_digest: {
    'the digest of nothing': digestValue(createHash('sha256').digest('base64')),
    'the digest of something else': digestValue(createHash('sha256').update('x').digest('base64')),
  },
  assertion_signature_value: {
    'a digest that is too short': digestValue('AAAA'),
    'a digest that is not base64': digestValue('@'.repeat(44)),
    'a digest in base64url': digestValue(`${'-'.repeat(43)}=`),
    'an empty digest': digestValue(''),
  },
}

for (const [check, edits] of Object.entries(EDITED)) {
  for (const [name, edit] of Object.entries(edits)) {
    test(`refuses a signature with ${name}`, () => {
      assertRefused(signed(responseXML(), 'Assertion', { edit }), check, INVALID)
    })
  }
}

test('an empty Signature and no signature are refused', () => {
  const edit = () => '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
  const empty = signed(responseXML(), 'Assertion', { edit })
  assertRefused(empty, 'assertion_signature_format', INVALID)
  assertRefused(responseXML(), 'signature', 'missing_signature_saml_response')
})

test('a connection without a certificate refuses everything', () => {
  assertRefused(genuine, 'verification_certificates', 'saml_certificate_mismatch', { keys: [] })
})

const VALUES: Record<string, (value: string) => string> = {
  'is changed': (value) => (value.startsWith('A') ? 'B' : 'A') + value.slice(1),
  'is cut': (value) => `${value.slice(0, -4)}`,
  'is longer': (value) => `AAAA${value}`,
  'is an HMAC with the certificate': () =>
    createHmac('sha256', idp.publicKey.export({ type: 'spki', format: 'pem' }))
      .update('x')
      .digest('base64'),
}

for (const [name, editValue] of Object.entries(VALUES)) {
  test(`refuses a SignatureValue that ${name}`, () => {
    const xml = signed(responseXML(), 'Assertion', { editValue })
    assertRefused(xml, 'assertion_signature_certificate', INVALID)
  })
}

test('a SignatureValue that is empty, huge or not base64 is refused', () => {
  for (const value of ['', '!!!!', 'AAAA'.repeat(400)]) {
    const xml = signed(responseXML(), 'Assertion', { editValue: () => value })
    assertRefused(xml, 'assertion_signature_value', INVALID)
  }
})

const ecdsa = (options: SignOptions) =>
  signed(responseXML(), 'Assertion', { algorithm: 'ecdsa-sha256', signer: p256, ...options })
const MISMATCHED: Record<string, [string, Signer]> = {
  'ECDSA as ASN.1': [ecdsa({ der: true }), p256],
  'ECDSA of the wrong length': [
    ecdsa({
      editValue: (v) =>
        Buffer.concat([Buffer.alloc(2), Buffer.from(v, 'base64')]).toString('base64'),
    }),
    p256,
  ],
  'ECDSA of zeros': [ecdsa({ editValue: () => Buffer.alloc(64).toString('base64') }), p256],
  'ECDSA of another curve': [ecdsa({ signer: p384 }), p256],
  'an RSA algorithm and an EC key': [genuine, p256],
  'an ECDSA algorithm and an RSA key': [ecdsa({}), idp],
  'PSS said, PKCS#1 v1.5 signed': [
    signed(responseXML(), 'Assertion', {
      edit: algorithm('http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'),
    }),
    idp,
  ],
  'PKCS#1 v1.5 said, PSS signed': [
    signed(responseXML(), 'Assertion', {
      algorithm: 'sha256-rsa-MGF1',
      edit: replace('http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1', rsa256),
    }),
    idp,
  ],
  'SHA-512 said, SHA-256 signed': [
    signed(responseXML(), 'Assertion', {
      edit: algorithm('http://www.w3.org/2001/04/xmldsig-more#rsa-sha512'),
    }),
    idp,
  ],
}

for (const [name, [xml, { publicKey }]] of Object.entries(MISMATCHED)) {
  test(`refuses ${name}`, () => {
    assertRefused(xml, 'assertion_signature_certificate', INVALID, { key: publicKey })
  })
}
