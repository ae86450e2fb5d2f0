import { createHmac } from 'node:crypto'
import { attacker, p256, p384 } from '../../src/saml/signing.test-kit.ts'
import {
  canonical,
  certificates,
  DSIG,
  forge,
  keyInfoOf,
  replace,
  signAssertion,
  signRoot,
  stranger,
} from './exchange.ts'
import {
  before,
  ENVELOPED,
  EXCLUSIVE,
  MORE,
  MORE_2007,
  RSA_SHA256,
  SHA256,
  saying,
  signedWith,
  value,
} from './signature-edits.ts'
import { type Build, refused, type Vector } from './vector.ts'

const transform = (uri: string, content = '') =>
  `<ds:Transform Algorithm="${uri}">${content}</ds:Transform>`
const transforms = (...list: string[]): Build =>
  saying(/<ds:Transforms>.*<\/ds:Transforms>/, `<ds:Transforms>${list.join('')}</ds:Transforms>`)
const reference =
  (attributes: string): Build =>
  (e) =>
    saying(
      `Reference URI="#${e.assertion_id}"`,
      `Reference ${attributes.replace('ID', e.assertion_id)}`,
    )(e)
const method = (uri: string): Build => saying(RSA_SHA256, uri)
const digestMethod = (uri: string): Build => saying(SHA256, uri)

/** X13 and X14: what the Reference points to, and how it gets there. */
const references: Vector[] = [
  ...refused('X13', 'assertion_signature_reference', {
    'no URI': reference(''),
    'an empty URI': reference('URI=""'),
    'the ID of the Response': reference('URI="#_response-1"'),
    'an XPointer to the ID': reference('URI="#xpointer(id(\'ID\'))"'),
    'an XPointer to everything': reference('URI="#xpointer(/)"'),
    'an XPointer element': reference('URI="#element(/1)"'),
    'an address of the attacker': reference('URI="https://evil.example/#ID"'),
    'a file': reference('URI="file:///etc/passwd"'),
    'the ID without #': reference('URI="ID"'),
    'a space after the ID': reference('URI="#ID "'),
    'two #': reference('URI="##ID"'),
    'a percent escape': reference('URI="#%5FID"'),
    'the ID in upper case': (e) => reference(`URI="#${e.assertion_id.toUpperCase()}"`)(e),
  }),
  ...refused('X13', 'assertion_signature_format', {
    'a second Reference, to the Response': before(
      '</ds:SignedInfo>',
      `<ds:Reference URI="#_response-1"><ds:Transforms>${transform(EXCLUSIVE)}</ds:Transforms><ds:DigestMethod Algorithm="${SHA256}"/>${value('AAAA')}</ds:Reference>`,
    ),
    'twenty References': before('</ds:SignedInfo>', `<ds:Reference URI="#x"/>`.repeat(20)),
  }),
  ...refused('X14', 'assertion_signature_reference', {
    'exclusive C14N alone': transforms(transform(EXCLUSIVE)),
    'the enveloped signature alone': transforms(transform(ENVELOPED)),
    'no transform': transforms(),
    'the transforms the other way round': transforms(transform(EXCLUSIVE), transform(ENVELOPED)),
    XPath: transforms(
      transform(ENVELOPED),
      transform('http://www.w3.org/TR/1999/REC-xpath-19991116'),
    ),
    'XPath filter 2': transforms(
      transform(ENVELOPED),
      transform('http://www.w3.org/2002/06/xmldsig-filter2'),
    ),
    XSLT: transforms(
      transform('http://www.w3.org/TR/1999/REC-xslt-19991116'),
      transform(EXCLUSIVE),
    ),
    base64: transforms(transform(ENVELOPED), transform(`${DSIG}base64`)),
    'exclusive C14N with comments': transforms(
      transform(ENVELOPED),
      transform(`${EXCLUSIVE}WithComments`),
    ),
    'inclusive C14N': transforms(
      transform(ENVELOPED),
      transform('http://www.w3.org/TR/2001/REC-xml-c14n-20010315'),
    ),
    'inclusive C14N 1.1': transforms(
      transform(ENVELOPED),
      transform('http://www.w3.org/2006/12/xml-c14n11'),
    ),
    'the decryption transform': transforms(
      transform('http://www.w3.org/2002/07/decrypt#XML'),
      transform(EXCLUSIVE),
    ),
  }),
  ...refused('X14', 'assertion_signature_format', {
    'five transforms': transforms(
      transform(ENVELOPED),
      ...Array.from({ length: 4 }, () => transform(EXCLUSIVE)),
    ),
    'an XPath in the enveloped signature': transforms(
      transform(ENVELOPED, '<ds:XPath>not(.)</ds:XPath>'),
      transform(EXCLUSIVE),
    ),
    'a stylesheet in C14N': transforms(
      transform(ENVELOPED),
      transform(EXCLUSIVE, '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform"/>'),
    ),
    'a PrefixList of 17': transforms(
      transform(ENVELOPED),
      transform(
        EXCLUSIVE,
        `<c:InclusiveNamespaces xmlns:c="${EXCLUSIVE}" PrefixList="${'p '.repeat(17)}"/>`,
      ),
    ),
    'a transform of another namespace': transforms(
      transform(ENVELOPED),
      `<x:Transform xmlns:x="urn:x" Algorithm="${EXCLUSIVE}"/>`,
    ),
  }),
  ...refused('X14', 'assertion_signature_algorithm', {
    'inclusive C14N of SignedInfo': saying(
      `Method Algorithm="${EXCLUSIVE}"`,
      'Method Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"',
    ),
    'C14N of SignedInfo with comments': saying(
      `Method Algorithm="${EXCLUSIVE}"`,
      `Method Algorithm="${EXCLUSIVE}WithComments"`,
    ),
  }),
]

/** An HMAC keyed with the certificate, which everybody has. */
const hmac =
  (uri: string, hash: string, key: string): Build =>
  (e) => {
    const unsigned = signAssertion(e.response({}, undefined), {
      edit: (xml) => replace(xml, RSA_SHA256, uri),
    })
    const info = canonical(unsigned, '//*[local-name()="SignedInfo"]')
    const mac = createHmac(hash, key).update(info).digest('base64')
    return replace(
      unsigned,
      /<ds:SignatureValue>.*<\/ds:SignatureValue>/,
      `<ds:SignatureValue>${mac}</ds:SignatureValue>`,
    )
  }
const pem = certificates.trusted[0]!

/** X15: weak, unknown and confused algorithms. */
const algorithms: Vector[] = [
  ...refused('X15', 'assertion_signature_algorithm', {
    'RSA-SHA1': signedWith({ algorithm: 'rsa-sha1', digest: 'sha256' }),
    'digest SHA-1': signedWith({ digest: 'sha1' }),
    'RSA-SHA1 and digest SHA-1': signedWith({ algorithm: 'rsa-sha1' }),
    'RSA-MD5': method(`${MORE}rsa-md5`),
    'digest MD5': digestMethod(`${MORE}md5`),
    'RSA-RIPEMD160': method(`${MORE}rsa-ripemd160`),
    'RSA-SHA224': method(`${MORE}rsa-sha224`),
    'DSA-SHA1': method(`${DSIG}dsa-sha1`),
    'DSA-SHA256': method('http://www.w3.org/2009/xmldsig11#dsa-sha256'),
    Ed25519: method('http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519'),
    'RSA-PSS with parameters': method(`${MORE_2007}rsa-pss`),
    'RSA-PSS with SHA-1': method(`${MORE_2007}sha1-rsa-MGF1`),
    'ECDSA-SHA1': method(`${MORE}ecdsa-sha1`),
    'HMAC-SHA1 keyed with the certificate': hmac(`${DSIG}hmac-sha1`, 'sha1', pem),
    'HMAC-SHA256 keyed with the certificate': hmac(`${MORE}hmac-sha256`, 'sha256', pem),
    'HMAC-SHA256 keyed with nothing': hmac(`${MORE}hmac-sha256`, 'sha256', ''),
    'no algorithm': method(''),
    'an unknown algorithm': method('urn:x'),
    'an algorithm named constructor': method('constructor'),
    'a digest named __proto__': digestMethod('__proto__'),
    'the algorithm with a space': method(`${RSA_SHA256} `),
    'the algorithm in upper case': method(RSA_SHA256.toUpperCase()),
  }),
  ...refused('X15', 'assertion_signature_format', {
    HMACOutputLength: saying(
      /<ds:SignatureMethod([^>]*)\/>/,
      `<ds:SignatureMethod Algorithm="${MORE}hmac-sha256"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>`,
    ),
  }),
  ...refused('X15', 'assertion_signature_certificate', {
    'an RSA signature called ECDSA': method(`${MORE}ecdsa-sha256`),
    'an ECDSA signature called RSA': (e) =>
      replace(
        signAssertion(e.response(), { algorithm: 'ecdsa-sha256', signer: p256 }),
        'ecdsa-sha256',
        'rsa-sha256',
      ),
    'ECDSA as ASN.1': signedWith({ algorithm: 'ecdsa-sha256', signer: p256, der: true }),
    'ECDSA of zeros': signedWith({
      algorithm: 'ecdsa-sha256',
      signer: p256,
      editValue: () => Buffer.alloc(64).toString('base64'),
    }),
    'ECDSA with leading zeros': signedWith({
      algorithm: 'ecdsa-sha384',
      signer: p384,
      editValue: (v) =>
        Buffer.concat([Buffer.alloc(36), Buffer.from(v, 'base64')]).toString('base64'),
    }),
    'PKCS#1 v1.5 called PSS': method(`${MORE_2007}sha256-rsa-MGF1`),
    'PSS called PKCS#1 v1.5': (e) =>
      signAssertion(e.response(), {
        algorithm: 'sha256-rsa-MGF1',
        edit: (xml) => replace(xml, `${MORE_2007}sha256-rsa-MGF1`, RSA_SHA256),
      }),
    'SHA-256 called SHA-512': method(`${MORE}rsa-sha512`),
    'a cut signature': signedWith({ editValue: (v) => `${v.slice(0, -4)}` }),
    'a signature of ones': signedWith({ editValue: () => Buffer.alloc(256, 1).toString('base64') }),
  }),
  ...refused('X15', 'assertion_signature_value', {
    'a digest that is too short': saying(/<ds:DigestValue>.*<\/ds:DigestValue>/, value('AAAA')),
    'an empty digest': saying(/<ds:DigestValue>.*<\/ds:DigestValue>/, value('')),
    'a digest in hexadecimal': saying(
      /<ds:DigestValue>.*<\/ds:DigestValue>/,
      value('ab'.repeat(32)),
    ),
  }),
]

/** The parameters of a key as KeyValue. */
function keyValue(): string {
  const { n = '', e = '' } = stranger.publicKey.export({ format: 'jwk' })
  const base64 = (text: string) => Buffer.from(text, 'base64url').toString('base64')
  return `<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${base64(n)}</ds:Modulus><ds:Exponent>${base64(e)}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>`
}
const byAttacker =
  (after = '', layout: 'Assertion' | 'Response' = 'Assertion'): Build =>
  (e) =>
    layout === 'Assertion'
      ? signAssertion(forge(e.response()), { signer: attacker, after })
      : signRoot(forge(e.response()), 'Response', { signer: attacker, after })
const between = (xml: string) => /<ds:X509Certificate>.*<\/ds:X509Certificate>/.exec(xml)![0]

/** X16: the attacker's signature, and a key of theirs in KeyInfo. */
const keys: Vector[] = [
  ...refused('X16', 'assertion_signature_certificate', {
    'the key of the attacker, no KeyInfo': byAttacker(),
    'the key of the attacker with its certificate': byAttacker(keyInfoOf.attacker),
    'the key of the attacker with the genuine certificate': byAttacker(keyInfoOf.idp),
    'the genuine certificate first, then that of the attacker': byAttacker(
      keyInfoOf.idp.replace('</ds:X509Data>', () => `${between(keyInfoOf.attacker)}</ds:X509Data>`),
    ),
    'a KeyValue': (e) =>
      signAssertion(forge(e.response()), { signer: stranger, after: keyValue() }),
    'a RetrievalMethod': byAttacker(
      '<ds:KeyInfo><ds:RetrievalMethod URI="https://evil.example/key"/></ds:KeyInfo>',
    ),
    'a KeyName': byAttacker('<ds:KeyInfo><ds:KeyName>idp.example</ds:KeyName></ds:KeyInfo>'),
    'a certificate that is none': byAttacker(
      '<ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo>',
    ),
    'an EC key of the attacker called RSA': (e) =>
      replace(
        signAssertion(forge(e.response()), { algorithm: 'ecdsa-sha256', signer: p384 }),
        'ecdsa-sha256',
        'rsa-sha256',
      ),
  }),
  ...refused('X16', 'response_signature_certificate', {
    'the key of the attacker over the Response': byAttacker('', 'Response'),
    'the key of the attacker over the Response with its certificate': byAttacker(
      keyInfoOf.attacker,
      'Response',
    ),
    'the key of the attacker over the Response with the genuine certificate': byAttacker(
      keyInfoOf.idp,
      'Response',
    ),
  }),
]

/** What a signature says of itself, and whose it is. */
export const ALGORITHMS: readonly Vector[] = [...references, ...algorithms, ...keys]
