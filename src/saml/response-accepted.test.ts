import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ACS,
  assertionXML,
  at,
  encode,
  IDP,
  idp,
  NOW,
  p256,
  p384,
  p521,
  REQUEST_ID,
  responseXML,
  type Signer,
  type SignOptions,
  signed,
} from './signing.test-kit.ts'
import { type Asked, pinned, verify } from './verdict.test-kit.ts'

type Accepted = { name: string; xml: () => string; asked?: Asked }

function inAssertion(options: SignOptions): () => string {
  return () => signed(responseXML(), 'Assertion', options)
}

function byKey(algorithm: NonNullable<SignOptions['algorithm']>, signer: Signer): Accepted {
  return {
    name: algorithm,
    xml: inAssertion({ algorithm, signer }),
    asked: { key: signer.publicKey },
  }
}

const pretty = () =>
  responseXML()
    .replaceAll('><saml:', '>\n    <saml:')
    .replaceAll('></saml:', '>\r\n  </saml:')
    .replaceAll('></saml:NameID', '</saml:NameID')

const otherPrefixes = () =>
  responseXML()
    .replaceAll('saml:', 'ns1:')
    .replaceAll('samlp:', 'ns0:')
    .replaceAll('xmlns:saml=', 'xmlns:ns1=')
    .replaceAll('xmlns:samlp=', 'xmlns:ns0=')

const defaultNamespace = () =>
  responseXML({}, assertionXML().replaceAll('saml:', '').replace('xmlns:saml=', 'xmlns='))

const ACCEPTED: Accepted[] = [
  { name: 'assertion signed', xml: inAssertion({}) },
  { name: 'response signed', xml: () => signed(responseXML(), 'Response') },
  { name: 'both signed', xml: () => signed(signed(responseXML(), 'Assertion'), 'Response') },
  ...(['rsa-sha384', 'rsa-sha512'] as const).map((algorithm) => ({
    name: algorithm,
    xml: inAssertion({ algorithm }),
  })),
  ...(['sha256-rsa-MGF1', 'sha384-rsa-MGF1', 'sha512-rsa-MGF1'] as const).map((algorithm) => ({
    name: algorithm,
    xml: inAssertion({ algorithm }),
  })),
  byKey('ecdsa-sha256', p256),
  byKey('ecdsa-sha384', p384),
  byKey('ecdsa-sha512', p521),
  {
    name: 'rsa-sha512 with digest sha384',
    xml: inAssertion({ algorithm: 'rsa-sha512', digest: 'sha384' }),
  },
  { name: 'pretty printed with CRLF', xml: () => signed(pretty(), 'Assertion') },
  { name: 'prefixes ns0 and ns1', xml: () => signed(otherPrefixes(), 'Assertion') },
  { name: 'prefixes ns0 and ns1, response signed', xml: () => signed(otherPrefixes(), 'Response') },
  { name: 'default namespace', xml: () => signed(defaultNamespace(), 'Assertion') },
  { name: 'signature in the default namespace', xml: inAssertion({ prefix: '' }) },
  {
    name: 'InclusiveNamespaces PrefixList',
    xml: () =>
      signed(
        responseXML({
          response_attributes:
            ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:unused="urn:unused"',
        }),
        'Assertion',
        { prefixes: ['xs', '#default', 'absent'] },
      ),
  },
  {
    name: 'xsi:type on values',
    xml: () =>
      signed(
        responseXML({
          attributes:
            '<saml:Attribute Name="a"><saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">Ada</saml:AttributeValue></saml:Attribute>',
        }),
        'Assertion',
        { prefixes: ['xs'] },
      ),
  },
  {
    name: 'mixed-case prefixes and attributes',
    xml: () =>
      signed(
        responseXML({
          assertion_attributes: ' xmlns:B="urn:b" xmlns:a="urn:a" B:x="1" a:x="2" B:a="3"',
        }),
        'Assertion',
      ),
  },
  { name: 'single quotes', xml: () => signed(responseXML().replaceAll('"', "'"), 'Assertion') },
  {
    name: 'a KeyInfo without a certificate',
    xml: inAssertion({ after: '<ds:KeyInfo><ds:KeyName>k</ds:KeyName></ds:KeyInfo>' }),
  },
  {
    name: 'Id on elements of the signature',
    xml: inAssertion({
      after:
        '<ds:KeyInfo Id="_k"><e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#" Id="_e"/><d:DerivedKey xmlns:d="http://www.w3.org/2009/xmlenc11#" Id="_d"/></ds:KeyInfo>',
      edit: (xml) => xml.replace('<ds:Signature ', '<ds:Signature Id="_s" '),
    }),
  },
  {
    name: 'CR in SignatureValue',
    xml: inAssertion({ editValue: (v) => `\n${v.slice(0, 76)}&#13;\n${v.slice(76)}\n` }),
  },
  {
    name: 'self-closing elements',
    xml: () =>
      signed(
        responseXML()
          .replaceAll('></saml:SubjectConfirmationData>', '/>')
          .replaceAll('></samlp:StatusCode>', ' />'),
        'Assertion',
      ),
  },
  {
    name: 'XML declaration',
    xml: () => `<?xml version="1.0" encoding="UTF-8"?>\n${inAssertion({})()}\n`,
  },
  {
    name: 'XML declaration in single quotes, lower case',
    xml: () => `<?xml version='1.0' encoding='utf-8' standalone='no' ?>${inAssertion({})()}`,
  },
  { name: 'byte order mark', xml: () => `\ufeff${inAssertion({})()}` },
  {
    name: 'no Response issuer',
    xml: () => signed(responseXML({ response_issuer: '' }), 'Assertion'),
  },
  {
    name: 'no Destination, Response not signed',
    xml: () => signed(responseXML({ destination: '' }), 'Assertion'),
  },
  {
    name: 'white space around Issuer, Audience and NameID',
    xml: () =>
      signed(
        responseXML({
          issuer: `<saml:Issuer>\n ${IDP}\t</saml:Issuer>`,
          audience: `<saml:AudienceRestriction><saml:Audience> ${ACS}\n</saml:Audience></saml:AudienceRestriction>`,
          name_id: '<saml:NameID>\r\n ada@example.com </saml:NameID>',
        }),
        'Assertion',
      ),
  },
  {
    name: 'one of several audiences',
    xml: () =>
      signed(
        responseXML({
          audience: `<saml:AudienceRestriction><saml:Audience>urn:other</saml:Audience><saml:Audience>${ACS}</saml:Audience></saml:AudienceRestriction>`,
        }),
        'Assertion',
      ),
  },
  {
    name: 'OneTimeUse and ProxyRestriction',
    xml: () =>
      signed(
        responseXML({ more_conditions: '<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/>' }),
        'Assertion',
      ),
  },
  {
    name: 'a bearer after a confirmation of another method',
    xml: () =>
      signed(
        responseXML({
          confirmations: `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData Recipient="https://other" NotOnOrAfter="${at(60)}"/></saml:SubjectConfirmation><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="${REQUEST_ID}" Recipient="${ACS}" NotOnOrAfter="${at(60)}"/></saml:SubjectConfirmation>`,
        }),
        'Assertion',
      ),
  },
  {
    name: 'expired by less than the clock skew',
    xml: () =>
      signed(responseXML({ conditions_attributes: `NotOnOrAfter="${at(-59)}"` }), 'Assertion'),
  },
  {
    name: 'issued ahead by less than the clock skew',
    xml: () =>
      signed(
        responseXML({
          issue_instant: `IssueInstant="${at(60)}"`,
          conditions_attributes: `NotBefore="${at(60)}" NotOnOrAfter="${at(300)}"`,
        }),
        'Assertion',
      ),
  },
  {
    name: 'times with fractions',
    xml: () =>
      signed(
        responseXML({ issue_instant: 'IssueInstant="2026-03-01T11:59:59.1234567Z"' }),
        'Assertion',
      ),
  },
  {
    name: 'an alternative ACS URL and audience',
    xml: inAssertion({}),
    asked: { settings: { acs_urls: ['https://new', ACS], audiences: ['urn:new', ACS] } },
  },
  {
    name: 'the second of two pinned keys',
    xml: inAssertion({}),
    asked: {
      keys: [...pinned(p256.publicKey), ...pinned(p384.publicKey), ...pinned(idp.publicKey)],
    },
  },
  {
    name: 'base64 in lines',
    xml: inAssertion({}),
    asked: { field: (encode(inAssertion({})()).match(/.{1,76}/g) ?? []).join('\r\n') },
  },
  {
    name: 'no AttributeStatement',
    xml: () => signed(responseXML({ attributes: '' }), 'Assertion'),
  },
]

for (const { name, xml, asked } of ACCEPTED) {
  test(`accepts: ${name}`, () => {
    const { identity, checks } = verify(xml(), asked)
    assert.equal(identity.name_id, 'ada@example.com')
    assert.equal(identity.issuer, IDP)
    assert.ok(checks.every(({ verdict }) => verdict !== 'fail'))
  })
}

test('the identity holds what the assertion says, and nothing is normalised', () => {
  const values =
    '<saml:AttributeValue> a\r\nb &amp;&#13; </saml:AttributeValue><saml:AttributeValue/><saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"></saml:AttributeValue>'
  const attributes = `<saml:Attribute Name="Role" NameFormat="urn:f" FriendlyName="role">${values}</saml:Attribute><saml:Attribute Name="__proto__"><saml:AttributeValue>é😀</saml:AttributeValue></saml:Attribute><saml:Attribute Name="Role"/>`
  const statement = `<saml:AuthnStatement AuthnInstant="${at(0)}" SessionIndex="s1" SessionNotOnOrAfter="${at(7200)}"><saml:AuthnContext/></saml:AuthnStatement><saml:AuthnStatement AuthnInstant="${at(0)}" SessionNotOnOrAfter="${at(3600)}"><saml:AuthnContext/></saml:AuthnStatement>`
  const { identity } = verify(
    signed(responseXML({ attributes, authn_statement: statement }), 'Assertion'),
  )
  assert.deepEqual(identity, {
    issuer: IDP,
    name_id: 'ada@example.com',
    name_id_format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    session_index: 's1',
    session_not_on_or_after: new Date(NOW.getTime() + 3_600_000),
    assertion_id: '_assertion-1',
    in_response_to: REQUEST_ID,
    valid_until: new Date(NOW.getTime() + 600_000),
    attributes: [
      {
        name: 'Role',
        name_format: 'urn:f',
        friendly_name: 'role',
        plain: true,
        values: [' a\nb &\r ', '', ''],
      },
      { name: '__proto__', name_format: null, friendly_name: null, plain: true, values: ['é😀'] },
      { name: 'Role', name_format: null, friendly_name: null, plain: true, values: [] },
    ],
  })
})

test('a replay row is never kept longer than 10 minutes and the largest clock skew', () => {
  const forever = '9999-12-31T23:59:59Z'
  const xml = responseXML({
    conditions_attributes: `NotOnOrAfter="${forever}"`,
    confirmation_data: `<saml:SubjectConfirmationData InResponseTo="${REQUEST_ID}" NotOnOrAfter="${forever}" Recipient="${ACS}"/>`,
  })
  const { valid_until } = verify(signed(xml, 'Assertion')).identity
  assert.equal(valid_until.getTime(), NOW.getTime() - 5000 + 600_000 + 300_000)
})

test('a login that began at the identity provider has no InResponseTo', () => {
  const xml = responseXML({
    response_in_response_to: '',
    confirmation_data: `<saml:SubjectConfirmationData NotOnOrAfter="${at(300)}" Recipient="${ACS}"/>`,
  })
  const { identity } = verify(signed(xml, 'Assertion'), { in_response_to: null })
  assert.equal(identity.in_response_to, null)
})
