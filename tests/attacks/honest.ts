import { p256, p384, p521, type SignOptions } from '../../src/saml/signing.test-kit.ts'
import {
  attribute,
  type Exchange,
  GENUINE,
  keyInfoOf,
  replace,
  signAssertion,
  signRoot,
} from './exchange.ts'
import { HONEST_CONTENTS } from './honest-contents.ts'
import { accepted, type Build, type Honest } from './vector.ts'

const signedBy =
  (options: SignOptions): Build =>
  (e) =>
    signAssertion(e.response(), options)
const responseBy =
  (options: SignOptions): Build =>
  (e) =>
    signRoot(e.response(), 'Response', options)
const both = (e: Exchange, options: SignOptions = {}) =>
  signRoot(signAssertion(e.response(), options), 'Response', options)
const written =
  (write: (xml: string) => string): Build =>
  (e) =>
    signAssertion(write(e.response()))

const pretty = (xml: string) =>
  xml
    .replaceAll('><saml', '>\n    <saml')
    .replaceAll('></saml:', '>\n  </saml:')
    .replaceAll('>\n  </saml:NameID', '></saml:NameID')
const prefixed = (xml: string) =>
  xml
    .replaceAll('saml:', 'ns1:')
    .replaceAll('samlp:', 'ns0:')
    .replaceAll('xmlns:saml=', 'xmlns:ns1=')
    .replaceAll('xmlns:samlp=', 'xmlns:ns0=')
const numbered = (e: Exchange) =>
  e.response().replace(e.assertion_id, e.assertion_id.replace('_', '0')).replace('_response-', '9')
const lines = (width: number, end: string) => (xml: string) =>
  (
    Buffer.from(xml)
      .toString('base64')
      .match(new RegExp(`.{1,${width}}`, 'g')) ?? []
  ).join(end)
const schema =
  ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
const mail = attribute('email', GENUINE)

const layouts = accepted({
  'the Assertion signed': (e) => e.genuine,
  'the Response signed': (e) => e.genuineResponse,
  'both signed': (e) => both(e),
  'both signed with different algorithms': (e) =>
    signRoot(e.genuine, 'Response', { algorithm: 'ecdsa-sha384', signer: p384 }),
  'no KeyInfo': (e) => e.genuine,
  'KeyInfo with the certificate': signedBy({ after: keyInfoOf.idp }),
  'KeyInfo with the certificate, the Response signed': responseBy({ after: keyInfoOf.idp }),
  'KeyInfo with a certificate that is not pinned': signedBy({ after: keyInfoOf.attacker }),
  'KeyInfo with a KeyName': signedBy({
    after: '<ds:KeyInfo><ds:KeyName>key</ds:KeyName></ds:KeyInfo>',
  }),
  'a signature in the default namespace': signedBy({ prefix: '' }),
  'a signature with the prefix dsig': signedBy({ prefix: 'dsig' }),
  'no Issuer of the Response': (e) => signAssertion(e.response({ response_issuer: '' })),
  'no Destination, the Assertion signed': (e) => signAssertion(e.response({ destination: '' })),
  'IDs that begin with a digit': (e) => signAssertion(numbered(e)),
  'IDs that begin with a digit, the Response signed': (e) => signRoot(numbered(e), 'Response'),
  'an Id on the signature': signedBy({
    edit: (xml) => replace(xml, '<ds:Signature ', '<ds:Signature Id="_s" '),
  }),
})

const algorithms = accepted({
  'RSA-SHA384': signedBy({ algorithm: 'rsa-sha384' }),
  'RSA-SHA512': signedBy({ algorithm: 'rsa-sha512' }),
  'RSA-SHA512 over the Response': responseBy({ algorithm: 'rsa-sha512' }),
  'RSA-SHA256, digest SHA-384': signedBy({ digest: 'sha384' }),
  'RSA-SHA256, digest SHA-512': signedBy({ digest: 'sha512' }),
  'RSA-SHA384, digest SHA-256': signedBy({ algorithm: 'rsa-sha384', digest: 'sha256' }),
  'RSA-SHA512, digest SHA-256': signedBy({ algorithm: 'rsa-sha512', digest: 'sha256' }),
  'RSA-SHA512, digest SHA-384': signedBy({ algorithm: 'rsa-sha512', digest: 'sha384' }),
  'RSA-PSS with SHA-256': signedBy({ algorithm: 'sha256-rsa-MGF1' }),
  'RSA-PSS with SHA-384': signedBy({ algorithm: 'sha384-rsa-MGF1' }),
  'RSA-PSS with SHA-512': signedBy({ algorithm: 'sha512-rsa-MGF1' }),
  'ECDSA-SHA256 on P-256': signedBy({ algorithm: 'ecdsa-sha256', signer: p256 }),
  'ECDSA-SHA384 on P-384': signedBy({ algorithm: 'ecdsa-sha384', signer: p384 }),
  'ECDSA-SHA512 on P-521': signedBy({ algorithm: 'ecdsa-sha512', signer: p521 }),
  'ECDSA-SHA256 on P-384, the Response signed': responseBy({
    algorithm: 'ecdsa-sha256',
    signer: p384,
  }),
})

const writings = accepted({
  'pretty-printed': written(pretty),
  'pretty-printed with CRLF': written((xml) => pretty(xml).replaceAll('\n', '\r\n')),
  'pretty-printed, the Response signed': (e) => signRoot(pretty(e.response()), 'Response'),
  'CRLF in values': written((xml) => replace(xml, '>Mallory<', '>Mallory\r\nM.<')),
  'references to CR and LF in values': written((xml) =>
    replace(xml, '>Mallory<', '>Mallory&#13;&#10;M.<'),
  ),
  'tabs and entities in values': written((xml) =>
    replace(xml, '>Mallory<', '>\tM &amp; &lt;M&gt; &quot;&apos;<'),
  ),
  'prefixes ns0 and ns1': written(prefixed),
  'prefixes ns0 and ns1, the Response signed': (e) => signRoot(prefixed(e.response()), 'Response'),
  'the Assertion in the default namespace': (e) =>
    signAssertion(
      e.response({}, e.assertion().replaceAll('saml:', '').replace('xmlns:saml=', 'xmlns=')),
    ),
  'prefixes in upper and lower case': (e) =>
    signAssertion(
      e.response({
        assertion_attributes: ' xmlns:B="urn:b" xmlns:a="urn:a" B:x="1" a:x="2" B:a="3"',
      }),
    ),
  'a PrefixList': (e) =>
    signAssertion(e.response({ response_attributes: schema }), { prefixes: ['xs', 'xsi'] }),
  'a PrefixList with #default and an unknown prefix': (e) =>
    signAssertion(e.response({ response_attributes: schema }), {
      prefixes: ['xs', '#default', 'absent'],
    }),
  'xsi:type on values': (e) =>
    signAssertion(
      e.response({
        response_attributes: schema,
        attributes: mail.replace(
          '<saml:AttributeValue>',
          '<saml:AttributeValue xsi:type="xs:string">',
        ),
      }),
      { prefixes: ['xs'] },
    ),
  'single quotes': written((xml) => xml.replaceAll('"', "'")),
  'empty elements that close themselves': written((xml) =>
    xml
      .replaceAll('></saml:SubjectConfirmationData>', '/>')
      .replaceAll('></samlp:StatusCode>', ' />'),
  ),
  'a declaration and a line break': (e) => `<?xml version="1.0" encoding="UTF-8"?>\n${e.genuine}\n`,
  'a declaration in single quotes': (e) =>
    `<?xml version='1.0' encoding='utf-8' standalone='yes'?>${e.genuine}`,
  'a byte order mark': (e) => `\ufeff${e.genuine}`,
  'a wrapped SignatureValue': signedBy({
    editValue: (v) => `\n${(v.match(/.{1,64}/g) ?? []).join('\n')}\n`,
  }),
  'a SignatureValue with &#13;': signedBy({
    editValue: (v) => (v.match(/.{1,76}/g) ?? []).join('&#13;\n'),
  }),
})

const fields = [
  ...accepted({ 'base64 in lines of 76 with CRLF': (e) => e.genuine }, lines(76, '\r\n')),
  ...accepted({ 'base64 in lines of 64 with LF': (e) => e.genuine }, lines(64, '\n')),
  ...accepted(
    { 'base64 with a line break at the end': (e) => e.genuine },
    (xml) => `${Buffer.from(xml).toString('base64')}\r\n`,
  ),
]
/** Every answer that must be accepted. */
export const HONEST: readonly Honest[] = [
  ...layouts,
  ...algorithms,
  ...writings,
  ...fields,
  ...HONEST_CONTENTS,
]
