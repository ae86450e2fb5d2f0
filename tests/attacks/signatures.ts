import { createHash } from 'node:crypto'
import { attacker } from '../../src/saml/signing.test-kit.ts'
import {
  afterIssuer,
  DSIG,
  digestOf,
  elementOf,
  FORGED,
  forge,
  GENUINE,
  inSignature,
  object,
  replace,
  signAssertion,
  signRoot,
} from './exchange.ts'
import { before, saying, value } from './signature-edits.ts'
import { type Build, refused, type Vector } from './vector.ts'

const twice = (local: string): Build => {
  const whole = new RegExp(`<ds:${local}[ >].*</ds:${local}>|<ds:${local}[^>]*/>`)
  return (e) =>
    signAssertion(e.response(), { edit: (xml) => xml.replace(whole, (all) => all + all) })
}

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

/** Signatures that are missing, doubled or smuggled past, and signed content that was changed. */
export const SIGNATURES: readonly Vector[] = [...missing, ...storm, ...changes]
