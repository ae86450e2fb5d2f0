import { createHash, createHmac } from 'node:crypto'
import { attacker, p256, p384, type SignOptions } from '../../src/saml/signing.test-kit.ts'
import {
  afterIssuer,
  canonical,
  certificates,
  DSIG,
  digestOf,
  type Exchange,
  elementOf,
  FORGED,
  forge,
  GENUINE,
  inSignature,
  keyInfoOf,
  object,
  replace,
  signAssertion,
  signRoot,
  stranger,
} from './exchange.ts'
import { refused, type Vector } from './vector.ts'

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#'
const RSA_SHA256 = `${MORE}rsa-sha256`
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const ENVELOPED = `${DSIG}enveloped-signature`

type Build = (e: Exchange) => string

/** Everything of it is signed with the right key: only what the signature says of itself is wrong. */
const saying =
  (from: string | RegExp, to: string, options: SignOptions = {}): Build =>
  (e) =>
    signAssertion(e.response(), { ...options, edit: (xml) => replace(xml, from, to) })
const before = (tag: string, insert: string): Build => saying(tag, insert + tag)
const twice = (local: string): Build => {
  const whole = new RegExp(`<ds:${local}[ >].*</ds:${local}>|<ds:${local}[^>]*/>`)
  return (e) =>
    signAssertion(e.response(), { edit: (xml) => xml.replace(whole, (all) => all + all) })
}
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
const signedWith =
  (options: SignOptions): Build =>
  (e) =>
    signAssertion(e.response(), options)

/** The genuine Response with the forged identity in it, and its digest where `edit` puts it. */
const smuggled =
  (edit: (signature: string, digest: string, genuine: string) => string): Build =>
  (e) => {
    const forged = forge(e.genuine)
    const bare = replace(forged, e.signature, '')
    const digest = digestOf(bare, '(//*[local-name()="Assertion"])[1]')
    const genuine = elementOf(e.signature, 'ds:DigestValue').slice(16, -17)
    return replace(forged, e.signature, edit(e.signature, digest, genuine))
  }
const value = (digest: string) => `<ds:DigestValue>${digest}</ds:DigestValue>`

/** X3: no signature, an empty one, or one of several that does not hold. */
const missing: Vector[] = [
  ...refused('X3', 'signature', {
    'no signature': (e) => e.response(),
    'the signature taken out': (e) => forge(e.genuine.replace(e.signature, '')),
    'the signature of the Response taken out': (e) => forge(e.bareResponse),
  }),
  ...refused('X3', 'assertion_signature_format', {
    'an empty Signature': (e) =>
      afterIssuer(e.response({}, e.forged()), '').replace(
        '</saml:Issuer><saml:Subject>',
        `</saml:Issuer><ds:Signature xmlns:ds="${DSIG}"/><saml:Subject>`,
      ),
    'a Signature with a value alone': (e) =>
      replace(forge(e.genuine), elementOf(e.genuine, 'ds:SignedInfo'), ''),
    'a Signature without a value': (e) =>
      replace(forge(e.genuine), elementOf(e.genuine, 'ds:SignatureValue'), ''),
    'a SignedInfo without a Reference': (e) =>
      replace(forge(e.genuine), elementOf(e.genuine, 'ds:Reference'), ''),
  }),
  ...refused('X3', 'assertion_signature_value', {
    'an empty SignatureValue': (e) =>
      forge(
        replace(
          e.genuine,
          elementOf(e.genuine, 'ds:SignatureValue'),
          '<ds:SignatureValue></ds:SignatureValue>',
        ),
      ),
  }),
  ...refused('X3', 'assertion_signature_certificate', {
    'a signature of the attacker in a Response that is signed': (e) =>
      signRoot(signAssertion(e.response(), { signer: attacker }), 'Response'),
    'the signature of another message': (e) => {
      const other = signAssertion(e.response({ attributes: '' }))
      return replace(
        e.genuine,
        elementOf(e.genuine, 'ds:SignatureValue'),
        elementOf(other, 'ds:SignatureValue'),
      )
    },
  }),
  ...refused('X3', 'response_signature_certificate', {
    'a genuine Assertion in a Response that the attacker signed': (e) =>
      signRoot(e.genuine, 'Response', { signer: attacker }),
  }),
  ...refused('X3', 'response_signature_digest', {
    'a genuine Assertion in a Response whose signature is broken': (e) =>
      replace(signRoot(e.genuine, 'Response'), ' Version="2.0"', ' Consent="urn:x" Version="2.0"'),
    'an Assertion of another login in a signed Response': (e) =>
      replace(
        signRoot(e.genuine, 'Response'),
        e.signedAssertion,
        signAssertion(e.response({ attributes: '' })).slice(
          e.genuine.indexOf('<saml:Assertion'),
          -'</samlp:Response>'.length,
        ),
      ),
  }),
]

/** X4 and X5: SAMLStorm. */
const storm: Vector[] = [
  ...refused('X4', 'assertion_signature_format', {
    'two SignedInfo': twice('SignedInfo'),
    'two SignatureValue': twice('SignatureValue'),
    'two DigestValue': twice('DigestValue'),
    'two DigestMethod': twice('DigestMethod'),
    'two SignatureMethod': twice('SignatureMethod'),
    'two CanonicalizationMethod': twice('CanonicalizationMethod'),
    'two Transforms': twice('Transforms'),
    'two KeyInfo': before('</ds:Signature>', '<ds:KeyInfo/><ds:KeyInfo/>'),
    'a second SignedInfo with the forged digest first': smuggled((xml, digest) => {
      const info = elementOf(xml, 'ds:SignedInfo')
      return replace(
        xml,
        info,
        replace(info, /<ds:DigestValue>.*<\/ds:DigestValue>/, value(digest)) + info,
      )
    }),
    'a second SignedInfo with the forged digest last': smuggled((xml, digest) => {
      const info = elementOf(xml, 'ds:SignedInfo')
      return replace(
        xml,
        info,
        info + replace(info, /<ds:DigestValue>.*<\/ds:DigestValue>/, value(digest)),
      )
    }),
    'the forged DigestValue before the genuine one': smuggled((xml, digest) =>
      replace(xml, '<ds:DigestValue>', `${value(digest)}<ds:DigestValue>`),
    ),
    'the forged DigestValue after the genuine one': smuggled((xml, digest) =>
      replace(xml, '</ds:DigestValue>', `</ds:DigestValue>${value(digest)}`),
    ),
    'the genuine SignedInfo in an Object': smuggled((xml, digest) => {
      const info = elementOf(xml, 'ds:SignedInfo')
      const forged = replace(info, /<ds:DigestValue>.*<\/ds:DigestValue>/, value(digest))
      return inSignature(replace(xml, info, forged), object(info))
    }),
    'a SignedInfo of another namespace before the genuine one': smuggled((xml, digest) =>
      replace(
        xml,
        '<ds:SignedInfo>',
        `<x:SignedInfo xmlns:x="urn:x">${digest}</x:SignedInfo><ds:SignedInfo>`,
      ),
    ),
    'the forged Reference before the genuine one': smuggled((xml, digest) => {
      const one = elementOf(xml, 'ds:Reference')
      return replace(
        xml,
        one,
        replace(one, /<ds:DigestValue>.*<\/ds:DigestValue>/, value(digest)) + one,
      )
    }),
    'an Object': before('</ds:Signature>', '<ds:Object/>'),
    'a Manifest': before('</ds:Signature>', '<ds:Object><ds:Manifest/></ds:Object>'),
    'text in SignedInfo': before('</ds:SignedInfo>', 'text'),
  }),
  ...refused('X4', 'xml', {
    'a second URI attribute': (e) =>
      replace(e.genuine, 'Reference URI=', 'Reference URI="#x" URI='),
  }),
  ...refused('X4', 'assertion_signature_digest', {
    'an unsigned identity under the genuine digest': (e) => forge(e.genuine),
  }),
  ...refused('X4', 'assertion_signature_certificate', {
    'the forged digest in place of the genuine one': smuggled((xml, digest, genuine) =>
      replace(xml, genuine, digest),
    ),
  }),
  ...refused('X5', 'xml_forbidden_markup', {
    'the forged digest, the genuine one in a comment': smuggled((xml, digest, genuine) =>
      replace(xml, genuine, `<!--${genuine}-->${digest}`),
    ),
    'the genuine digest, the forged one in a comment': smuggled((xml, digest, genuine) =>
      replace(xml, genuine, `<!--${digest}-->${genuine}`),
    ),
    'a comment within the digest': smuggled((xml, digest) =>
      replace(
        xml,
        /<ds:DigestValue>.*<\/ds:DigestValue>/,
        value(`${digest.slice(0, 9)}<!---->${digest.slice(9)}`),
      ),
    ),
    'the forged digest, the genuine one in an instruction': smuggled((xml, digest, genuine) =>
      replace(xml, genuine, `<?x ${genuine}?>${digest}`),
    ),
    'a CDATA section in the digest': smuggled((xml, digest, genuine) =>
      replace(xml, genuine, `<![CDATA[${digest}]]>`),
    ),
  }),
  ...refused('X5', 'assertion_signature_format', {
    'the genuine digest in an element, the forged one beside': smuggled((xml, digest, genuine) =>
      replace(xml, genuine, `<ds:x>${genuine}</ds:x>${digest}`),
    ),
    'an element in SignatureValue': before('</ds:SignatureValue>', '<x xmlns="urn:x"/>'),
  }),
]

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

const changed =
  (from: string | RegExp, to: string): Build =>
  (e) =>
    replace(e.genuine, from, to)

/** X19: something inside of what was signed is changed. */
const changes: Vector[] = [
  ...refused('X19', 'assertion_signature_digest', {
    'the NameID': (e) => e.genuine.replace(`>${GENUINE}</saml:NameID>`, `>${FORGED}</saml:NameID>`),
    'the e-mail address': (e) =>
      e.genuine.replace(`>${GENUINE}</saml:AttributeValue>`, `>${FORGED}</saml:AttributeValue>`),
    'the NameID in a signed Response with a signed Assertion': (e) =>
      replace(e.genuine, `>${GENUINE}</saml:NameID>`, `>${FORGED}</saml:NameID>`),
    'a letter of a name': changed('>Mallory<', '>Mallorx<'),
    'the name of an attribute': changed('Name="firstName"', 'Name="fistName"'),
    'a space after a value': changed('>Evil<', '>Evil <'),
    'a line break between elements': changed('<saml:Conditions', '\n<saml:Conditions'),
    'the Format of the NameID': changed('nameid-format:emailAddress', 'nameid-format:transient'),
    'the end of the Conditions': (e) =>
      replace(
        e.genuine,
        /(<saml:Conditions[^>]*NotOnOrAfter=")[^"]*/,
        `<saml:Conditions NotOnOrAfter="${e.at(9000)}`,
      ),
    'an attribute more': changed('<saml:AttributeStatement>', '<saml:AttributeStatement x="1">'),
    'an attribute value more': changed(
      '</saml:AttributeValue></saml:Attribute>',
      `</saml:AttributeValue><saml:AttributeValue>${FORGED}</saml:AttributeValue></saml:Attribute>`,
    ),
    'a statement less': (e) =>
      replace(e.genuine, elementOf(e.genuine, 'saml:AttributeStatement'), ''),
    'the namespace of an element': changed(
      '<saml:Subject>',
      '<saml:Subject xmlns="urn:x" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:a="urn:a" a:b="">',
    ),
    'the digest of nothing, signed by the right key': saying(
      /<ds:DigestValue>.*<\/ds:DigestValue>/,
      value(createHash('sha256').update('x').digest('base64')),
    ),
  }),
  ...refused('X19', 'response_signature_digest', {
    'the NameID in a signed Response': (e) => forge(e.genuineResponse),
    'the Destination of a signed Response': (e) =>
      replace(e.genuineResponse, / Destination="[^"]*"/, ''),
    'the Status of a signed Response': (e) =>
      replace(
        e.genuineResponse,
        '</samlp:StatusCode>',
        '</samlp:StatusCode><samlp:StatusMessage>x</samlp:StatusMessage>',
      ),
  }),
]

/** Signatures that are missing, doubled, confused or of the wrong key. */
export const SIGNATURES: readonly Vector[] = [
  ...missing,
  ...storm,
  ...references,
  ...algorithms,
  ...keys,
  ...changes,
]
