import { type EncryptOptions, encrypted, XENC } from '../../src/saml/encrypting.test-kit.ts'
import { p256, p384, p521, type SignOptions } from '../../src/saml/signing.test-kit.ts'
import {
  attribute,
  attributes,
  audiences,
  type Exchange,
  GENUINE,
  keyInfoOf,
  nameID,
  replace,
  signAssertion,
  signRoot,
} from './exchange.ts'

/** An answer that must be accepted, and who it is about. */
export interface Honest {
  name: string
  build: (exchange: Exchange) => string
  /** Base64 of UTF-8 by default. */
  encode?: (xml: string) => string
  email: string
  subject: string
}

type Build = (e: Exchange) => string

function accepted(builders: Record<string, Build>, encode?: (xml: string) => string): Honest[] {
  return Object.entries(builders).map(([name, build]) => ({
    name,
    build,
    email: GENUINE,
    subject: GENUINE,
    ...(encode && { encode }),
  }))
}

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

const contents = accepted({
  'white space around Issuer, Audience and NameID': (e) =>
    signAssertion(
      e.response({
        issuer: `<saml:Issuer>\n ${e.issuer}\t</saml:Issuer>`,
        audience: audiences([`\n  ${e.asked.audience} `]),
        name_id: nameID(` ${GENUINE}\r\n`),
      }),
    ),
  'several Audiences': (e) =>
    signAssertion(e.response({ audience: audiences(['urn:other', e.asked.audience]) })),
  'several AudienceRestrictions': (e) =>
    signAssertion(
      e.response({ audience: audiences([e.asked.audience], ['urn:other', e.asked.audience]) }),
    ),
  'OneTimeUse and ProxyRestriction': (e) =>
    signAssertion(
      e.response({ more_conditions: '<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/>' }),
    ),
  Advice: (e) =>
    signAssertion(
      e.response({
        authn_statement: `<saml:Advice><x xmlns="urn:x"/></saml:Advice>${e.authnStatement()}`,
      }),
    ),
  'a bearer after another method': (e) =>
    signAssertion(
      e.response({
        confirmations: `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">${e.confirmation()}</saml:SubjectConfirmation>`,
      }),
    ),
  'a bearer after one for another address': (e) =>
    signAssertion(
      e.response({
        confirmations: ['https://other.example', e.asked.acs]
          .map(
            (Recipient) =>
              `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">${e.confirmation({ Recipient })}</saml:SubjectConfirmation>`,
          )
          .join(''),
      }),
    ),
  'a session that ends': (e) =>
    signAssertion(
      e.response({ authn_statement: e.authnStatement(` SessionNotOnOrAfter="${e.at(28_800)}"`) }),
    ),
  'two AuthnStatements': (e) =>
    signAssertion(e.response({ authn_statement: e.authnStatement().repeat(2) })),
  'times with fractions': (e) =>
    signAssertion(
      e.response({ issue_instant: `IssueInstant="${e.at(-5).replace('Z', '.1234567Z')}"` }),
    ),
  'a clock that is 30 seconds ahead': (e) =>
    signAssertion(
      e.response({
        issue_instant: `IssueInstant="${e.at(30)}"`,
        conditions_attributes: `NotBefore="${e.at(30)}" NotOnOrAfter="${e.at(300)}"`,
      }),
    ),
  'an end that is 30 seconds past': (e) =>
    signAssertion(e.response({ conditions_attributes: `NotOnOrAfter="${e.at(-30)}"` })),
  'an attribute named __proto__ beside the others': (e) =>
    signAssertion(
      e.response({
        attributes: mail + attribute('__proto__', 'x') + attribute('constructor', 'x'),
      }),
    ),
  'groups of several values': (e) =>
    signAssertion(
      e.response({ attributes: mail + attribute('groups', 'a', 'b') + attribute('groups', 'c') }),
    ),
  'an element in an attribute that is not mapped (eduPersonTargetedID)': (e) =>
    signAssertion(
      e.response({
        attributes: mail + attribute('urn:oid:1.3.6.1.4.1.5923.1.1.1.10', nameID('eve', 'urn:x')),
      }),
    ),
  'an empty value': (e) =>
    signAssertion(
      e.response({
        attributes: `${mail}<saml:Attribute Name="x"><saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></saml:Attribute>`,
      }),
    ),
})

const inside =
  (options: EncryptOptions): Build =>
  (e) =>
    e.response({}, encrypted(e.signedAssertion, options))
const covered =
  (options: EncryptOptions): Build =>
  (e) =>
    signRoot(inside(options)(e), 'Response')

const encryption = accepted({
  'encrypted: AES-256-GCM, OAEP with SHA-256': inside({}),
  'encrypted: AES-128-GCM, rsa-oaep-mgf1p with SHA-1': inside({
    content: 'aes128-gcm',
    transport: `${XENC}rsa-oaep-mgf1p`,
    digest: 'sha1',
    mgf: 'sha1',
  }),
  'encrypted: rsa-oaep-mgf1p with SHA-256 and MGF1-SHA-1': inside({
    transport: `${XENC}rsa-oaep-mgf1p`,
    digest: 'sha256',
    mgf: 'sha1',
  }),
  'encrypted: OAEP with SHA-512 and MGF1-SHA-256': inside({ digest: 'sha512', mgf: 'sha256' }),
  'encrypted: the key beside the data': inside({ place: 'beside' }),
  'encrypted: the key beside the data, found by a RetrievalMethod': inside({ place: 'retrieved' }),
  'encrypted, and the Response signed over it': covered({}),
  'encrypted: AES-256-CBC under a signature': covered({ content: 'aes256-cbc' }),
  'encrypted: an unsigned Assertion in a signed Response': (e) =>
    signRoot(e.response({}, encrypted(e.assertion())), 'Response'),
})

const named: Honest[] = [
  {
    name: 'a NameID and attributes of many scripts',
    build: (e) =>
      signAssertion(
        e.response({
          name_id: nameID('ж-漢字-😀-ñ', 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'),
          attributes: attributes({
            email: ['unicode@evil.example'],
            firstName: ['Žofia 漢字'],
            lastName: ['😀 O’Neill'],
          }),
        }),
      ),
    email: 'unicode@evil.example',
    subject: 'ж-漢字-😀-ñ',
  },
  {
    name: 'a persistent NameID',
    build: (e) =>
      signAssertion(
        e.response({
          name_id: nameID('8f14e45f', 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'),
          attributes: attribute('email', 'persistent@evil.example'),
        }),
      ),
    email: 'persistent@evil.example',
    subject: '8f14e45f',
  },
  {
    name: 'a transient NameID',
    build: (e) =>
      signAssertion(
        e.response({
          name_id: nameID(
            `_${e.assertion_id}`,
            'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
          ),
          attributes: attribute('email', 'transient@evil.example'),
        }),
      ),
    email: 'transient@evil.example',
    subject: 'transient@evil.example',
  },
  {
    name: 'an e-mail address in upper case',
    build: (e) =>
      signAssertion(
        e.response({
          name_id: nameID('Upper'),
          attributes: attribute('email', 'UPPER@Evil.Example'),
        }),
      ),
    email: 'upper@evil.example',
    subject: 'Upper',
  },
  {
    name: 'the address of somebody else in an attribute that is not mapped',
    build: (e) =>
      signAssertion(e.response({ attributes: mail + attribute('manager', 'boss@victim.example') })),
    email: GENUINE,
    subject: GENUINE,
  },
]

/** Every answer that must be accepted. */
export const HONEST: readonly Honest[] = [
  ...layouts,
  ...algorithms,
  ...writings,
  ...fields,
  ...contents,
  ...encryption,
  ...named,
]
