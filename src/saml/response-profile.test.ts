import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SAMLErrorType } from './checks.ts'
import { ACS, at, type Fields, IDP, NOW, responseXML, signed } from './signing.test-kit.ts'
import { type Asked, assertRefused, refusal } from './verdict.test-kit.ts'

// the checks of the Web Browser SSO profile; every message here is signed with the right key

const STATUS = 'urn:oasis:names:tc:SAML:2.0:status:'
const INVALID = 'invalid_saml_response'
const EXPIRED = 'expired_saml_response'
const EARLY = 'not_yet_valid_saml_response'
const AUDIENCE = 'invalid_audience_saml_response'

type Row = [check: string, error_type: SAMLErrorType, changes: Partial<Fields>, asked?: Asked]

const status = (content: string) => ({ status: `<samlp:Status>${content}</samlp:Status>` })
const code = (value: string, content = '') =>
  `<samlp:StatusCode Value="${STATUS}${value}">${content}</samlp:StatusCode>`
const audiences = (...lists: string[][]) => ({
  audience: lists
    .map(
      (list) =>
        `<saml:AudienceRestriction>${list.map((one) => `<saml:Audience>${one}</saml:Audience>`).join('')}</saml:AudienceRestriction>`,
    )
    .join(''),
})
const authn = (attributes: string) => ({
  authn_statement: `<saml:AuthnStatement AuthnInstant="${at(0)}" ${attributes}><saml:AuthnContext/></saml:AuthnStatement>`,
})
const conditions = (conditions_attributes: string) => ({ conditions_attributes })
const issued = (instant: string) => ({ issue_instant: `IssueInstant="${instant}"` })
const attribute = (content: string) => ({ attributes: content })

const ROWS: Record<string, Row> = {
  'status Responder with an assertion': [
    'status',
    'failed_saml_response',
    status(code('Responder')),
  ],
  'status Requester': [
    'status',
    'failed_saml_response',
    status(code('Requester', code('RequestDenied'))),
  ],
  'Success after an error code': [
    'status',
    'failed_saml_response',
    status(code('Responder') + code('Success')),
  ],
  'two Success codes': [
    'status',
    'failed_saml_response',
    status(code('Success') + code('Success')),
  ],
  'Success inside an error code': [
    'status',
    'failed_saml_response',
    status(code('Responder', code('Success'))),
  ],
  'text in the Status': ['status', 'failed_saml_response', status(`text${code('Success')}`)],
  'an empty status code': ['status', 'failed_saml_response', status('<samlp:StatusCode/>')],
  'Success with something inside': [
    'status',
    'failed_saml_response',
    status(code('Success', code('PartialLogout'))),
  ],
  'no status code': ['status', 'failed_saml_response', status('')],
  'a status code of another namespace': [
    'status',
    'failed_saml_response',
    status(`<StatusCode xmlns="urn:x" Value="${STATUS}Success"/>`),
  ],
  'Response version 1.1': ['version', INVALID, { response_version: 'Version="1.1"' }],
  'no Response version': ['version', INVALID, { response_version: '' }],
  'Assertion version 1.1': ['version', INVALID, { assertion_version: 'Version="1.1"' }],
  'no Assertion version': ['version', INVALID, { assertion_version: '' }],
  'another issuer': [
    'issuer',
    INVALID,
    { issuer: '<saml:Issuer>https://evil.example</saml:Issuer>' },
  ],
  'an issuer in another case': [
    'issuer',
    INVALID,
    { issuer: `<saml:Issuer>${IDP.toUpperCase()}</saml:Issuer>` },
  ],
  'an issuer with a slash more': [
    'issuer',
    INVALID,
    { issuer: `<saml:Issuer>${IDP}/</saml:Issuer>` },
  ],
  'an issuer with a no-break space': [
    'issuer',
    INVALID,
    { issuer: `<saml:Issuer>\u00a0${IDP}</saml:Issuer>` },
  ],
  'an empty issuer': ['issuer', INVALID, { issuer: '<saml:Issuer/>' }],
  'an empty issuer where none is set': [
    'issuer',
    INVALID,
    { issuer: '<saml:Issuer/>', response_issuer: '' },
    { settings: { idp_entity_id: '' } },
  ],
  'an element in the issuer': [
    'issuer',
    INVALID,
    { issuer: `<saml:Issuer>${IDP}<x xmlns="urn:x"/></saml:Issuer>` },
  ],
  'no issuer': ['assertion_content', INVALID, { issuer: '' }],
  'two issuers': [
    'assertion_content',
    INVALID,
    { issuer: `<saml:Issuer>${IDP}</saml:Issuer><saml:Issuer>${IDP}</saml:Issuer>` },
  ],
  'another Response issuer': [
    'response_issuer',
    INVALID,
    {
      response_issuer:
        '<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://evil.example</saml:Issuer>',
    },
  ],
  'another Destination': [
    'destination',
    INVALID,
    { destination: 'Destination="https://evil.example/acs"' },
  ],
  'the Destination with a slash more': [
    'destination',
    INVALID,
    { destination: `Destination="${ACS}/"` },
  ],
  'an empty Destination': ['destination', INVALID, { destination: 'Destination=""' }],
  'an old IssueInstant': ['issue_instant', EXPIRED, issued(at(-661))],
  'an IssueInstant in the future': ['issue_instant', EARLY, issued(at(61))],
  'no IssueInstant': ['issue_instant', INVALID, { issue_instant: '' }],
  'an IssueInstant without a zone': ['issue_instant', INVALID, issued('2026-03-01T12:00:00')],
  'an IssueInstant with another zone': [
    'issue_instant',
    INVALID,
    issued('2026-03-01T13:00:00+01:00'),
  ],
  'an IssueInstant on a day that is not': [
    'issue_instant',
    INVALID,
    issued('2026-02-30T12:00:00Z'),
  ],
  'an IssueInstant with a space': ['issue_instant', INVALID, issued('2026-03-01T12:00:00Z ')],
  'expired Conditions': ['conditions', EXPIRED, conditions(`NotOnOrAfter="${at(-60)}"`)],
  'Conditions that are not valid yet': [
    'conditions',
    EARLY,
    conditions(`NotBefore="${at(61)}" NotOnOrAfter="${at(300)}"`),
  ],
  'Conditions without an end': ['conditions', INVALID, conditions(`NotBefore="${at(-60)}"`)],
  'Conditions with a time that is none': [
    'conditions',
    INVALID,
    conditions(`NotBefore="soon" NotOnOrAfter="${at(300)}"`),
  ],
  'another Audience': ['audience', AUDIENCE, audiences(['https://evil.example'])],
  'the Audience with a slash more': ['audience', AUDIENCE, audiences([`${ACS}/`])],
  'no AudienceRestriction': ['audience', AUDIENCE, { audience: '' }],
  'an empty AudienceRestriction': ['audience', AUDIENCE, audiences([])],
  'one of two AudienceRestrictions for somebody else': [
    'audience',
    AUDIENCE,
    audiences([ACS], ['urn:other']),
  ],
  'an element in the Audience': ['audience', AUDIENCE, audiences([`${ACS}<x xmlns="urn:x"/>`])],
  'an unknown Condition': ['known_conditions', INVALID, { more_conditions: '<x xmlns="urn:x"/>' }],
  'an abstract Condition': ['known_conditions', INVALID, { more_conditions: '<saml:Condition/>' }],
  'text in Conditions': ['known_conditions', INVALID, { more_conditions: 'text' }],
  'no AuthnStatement': ['authn_statement', INVALID, { authn_statement: '' }],
  'a session that has ended': [
    'session_not_on_or_after',
    EXPIRED,
    authn(`SessionNotOnOrAfter="${at(0)}"`),
  ],
  'a session end that is no time': [
    'session_not_on_or_after',
    INVALID,
    authn('SessionNotOnOrAfter="never"'),
  ],
  'an attribute without Name': [
    'attributes',
    INVALID,
    attribute('<saml:Attribute><saml:AttributeValue>a</saml:AttributeValue></saml:Attribute>'),
  ],
  'a value of another namespace': [
    'attributes',
    INVALID,
    attribute(
      '<saml:Attribute Name="a"><AttributeValue xmlns="urn:x">a</AttributeValue></saml:Attribute>',
    ),
  ],
  'text beside the values': [
    'attributes',
    INVALID,
    attribute('<saml:Attribute Name="a">text<saml:AttributeValue/></saml:Attribute>'),
  ],
  'text beside the attributes': [
    'attributes',
    INVALID,
    attribute('text<saml:Attribute Name="a"/>'),
  ],
  'a strange element beside the attributes': [
    'attributes',
    INVALID,
    attribute('<x xmlns="urn:x"/>'),
  ],
  'an attribute with an empty Name': [
    'attributes',
    INVALID,
    attribute('<saml:Attribute Name=""/>'),
  ],
  'an encrypted attribute': ['attributes', INVALID, attribute('<saml:EncryptedAttribute/>')],
  'an unknown statement': [
    'assertion_content',
    INVALID,
    { end_of_assertion: '<x xmlns="urn:x"/>' },
  ],
  'text in the Assertion': ['assertion_content', INVALID, { end_of_assertion: 'text' }],
  'two Subjects': ['assertion_content', INVALID, { end_of_assertion: '<saml:Subject/>' }],
  'two Conditions': ['assertion_content', INVALID, { end_of_assertion: '<saml:Conditions/>' }],
}

for (const [name, [check, error_type, changes, asked]] of Object.entries(ROWS)) {
  test(`refuses ${name}`, () => {
    assertRefused(signed(responseXML(changes), 'Assertion'), check, error_type, asked)
    if (check === 'response_issuer') return
    assertRefused(
      signed(responseXML(changes), 'Response', { path: '/*' }),
      check,
      error_type,
      asked,
    )
  })
}

test('a signed Response must name its Destination', () => {
  const xml = signed(responseXML({ destination: '' }), 'Response')
  assertRefused(xml, 'destination', INVALID)
})

test('an assertion without Conditions or Subject is refused', () => {
  for (const element of [
    /<saml:Conditions.*<\/saml:Conditions>/,
    /<saml:Subject>.*<\/saml:Subject>/,
  ]) {
    const xml = signed(responseXML().replace(element, ''), 'Assertion')
    assertRefused(xml, 'assertion_content', INVALID)
  }
})

test('success without an assertion never yields an identity', () => {
  assertRefused(signed(responseXML({}, ''), 'Response'), 'assertion', INVALID)
})

test('an error of the identity provider is shown with its codes, its words and what to do', () => {
  const message = '<samlp:StatusMessage>not assigned</samlp:StatusMessage>'
  const xml = responseXML(status(code('Responder', code('RequestDenied')) + message), '')
  const failed = assertRefused(xml, 'status', 'failed_saml_response')
  assert.equal(failed.actual, 'Responder / RequestDenied: not assigned')
  assert.match(failed.fix!.what, /Assign the person/)
})

test('the words of an error are shown only if they are words', () => {
  const markup = '<samlp:StatusMessage>a<x xmlns="urn:x"/></samlp:StatusMessage>'
  const failed = (content: string) =>
    assertRefused(responseXML(status(content), ''), 'status', 'failed_saml_response')
  assert.equal(failed(code('Responder') + markup).actual, 'Responder')
  assert.equal(failed('<samlp:StatusCode Value="urn:own:code"/>').actual, 'urn:own:code')
  assert.equal(failed('').actual, 'no status')
})

test('the clock skew is 60 seconds unless the connection says otherwise, and never over 300', () => {
  const late = signed(responseXML(conditions(`NotOnOrAfter="${at(-61)}"`)), 'Assertion')
  assertRefused(late, 'conditions', EXPIRED)
  const skew = (clock_skew_seconds: number): Asked => ({ settings: { clock_skew_seconds } })
  const old = signed(responseXML(conditions(`NotOnOrAfter="${at(-300)}"`)), 'Assertion')
  assertRefused(old, 'conditions', EXPIRED, skew(100_000))
  const now = signed(responseXML(conditions(`NotOnOrAfter="${at(0)}"`)), 'Assertion')
  assertRefused(now, 'conditions', EXPIRED, skew(-5))
})

test('an expired assertion says by how much', () => {
  const xml = signed(responseXML(), 'Assertion')
  const asked = { now: new Date(NOW.getTime() + 500_000) }
  assert.match(refusal(xml, asked).message, /expired 3 minutes 20 seconds ago/)
})
