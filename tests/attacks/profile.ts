import type { Fields } from '../../src/saml/signing.test-kit.ts'
import {
  attribute,
  audiences,
  type Exchange,
  elementOf,
  GENUINE,
  nameID,
  OTHER,
  signAssertion,
  signRoot,
} from './exchange.ts'
import { type Build, refused, type Vector } from './vector.ts'

type Changes = Partial<Fields> | ((e: Exchange) => Partial<Fields>)

/** Honest but for these fields, and signed with the right key. */
const but =
  (changes: Changes): Build =>
  (e) =>
    signAssertion(e.response(typeof changes === 'function' ? changes(e) : changes))
const without =
  (name: string): Build =>
  (e) => {
    const xml = e.response()
    return signAssertion(xml.replace(elementOf(xml, name), ''))
  }

const STATUS = 'urn:oasis:names:tc:SAML:2.0:status:'
const code = (value: string, inner = '') =>
  `<samlp:StatusCode Value="${STATUS}${value}">${inner}</samlp:StatusCode>`
const status = (content: string) => but({ status: `<samlp:Status>${content}</samlp:Status>` })

const protocol: Vector[] = [
  ...refused('P1', 'status', {
    'status Responder': status(code('Responder')),
    'status Requester': status(code('Requester', code('RequestDenied'))),
    'status AuthnFailed': status(code('Responder', code('AuthnFailed'))),
    'status VersionMismatch': status(code('VersionMismatch')),
    'Success after an error': status(code('Responder') + code('Success')),
    'Success before an error': status(code('Success') + code('Responder')),
    'Success inside an error': status(code('Responder', code('Success'))),
    'Success with an error inside': status(code('Success', code('AuthnFailed'))),
    'success in lower case': status(code('success')),
    'a code without a value': status('<samlp:StatusCode></samlp:StatusCode>'),
    'no code': status(''),
    'Success of another namespace': status(
      `<StatusCode xmlns="urn:x" Value="${STATUS}Success"></StatusCode>`,
    ),
  }),
  ...refused('P1', 'structure', { 'no Status': but({ status: '' }) }),
  ...refused('P2', 'version', {
    'Response version 1.1': but({ response_version: 'Version="1.1"' }),
    'Response version 2': but({ response_version: 'Version="2"' }),
    'no Response version': but({ response_version: '' }),
    'Assertion version 1.1': but({ assertion_version: 'Version="1.1"' }),
    'Assertion version 2.1': but({ assertion_version: 'Version="2.1"' }),
    'no Assertion version': but({ assertion_version: '' }),
  }),
]

const issuer = (make: (own: string) => string) =>
  but((e) => ({ issuer: `<saml:Issuer>${make(e.issuer)}</saml:Issuer>` }))
const outerIssuer = (make: (own: string) => string) =>
  but((e) => ({
    response_issuer: `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${make(e.issuer)}</saml:Issuer>`,
  }))
const destination = (make: (acs: string) => string) =>
  but((e) => ({ destination: `Destination="${make(e.asked.acs)}"` }))
/** The address of another connection: the last digit of its id is another one. */
const neighbour = (acs: string) => `${acs.slice(0, -1)}${acs.endsWith('0') ? '1' : '0'}`

const addresses: Vector[] = [
  ...refused('P3', 'issuer', {
    'another Issuer': issuer(() => 'https://evil.example'),
    'the Issuer with a slash more': issuer((own) => `${own}/`),
    'the Issuer in upper case': issuer((own) => own.toUpperCase()),
    'an empty Issuer': issuer(() => ''),
    'markup in the Issuer': issuer((own) => `${own}<x xmlns="urn:x"></x>`),
    'the Issuer with a no-break space': issuer((own) => `${own}\u00a0`),
  }),
  ...refused('P3', 'assertion_content', {
    'no Issuer': but({ issuer: '' }),
    'two Issuers': but((e) => ({
      issuer: `<saml:Issuer>${e.issuer}</saml:Issuer><saml:Issuer>https://evil.example</saml:Issuer>`,
    })),
  }),
  ...refused('P3', 'response_issuer', {
    'another Issuer of the Response': outerIssuer(() => 'https://evil.example'),
    'an empty Issuer of the Response': outerIssuer(() => ''),
  }),
  ...refused('P4', 'destination', {
    'another Destination': destination(() => 'https://evil.example/acs'),
    'the Destination of another connection': destination(neighbour),
    'the Destination with a slash more': destination((acs) => `${acs}/`),
    'the Destination with a query': destination((acs) => `${acs}?x`),
    'the Destination in upper case': destination((acs) => acs.toUpperCase()),
    'an empty Destination': destination(() => ''),
    'no Destination in a signed Response': (e) =>
      signRoot(e.response({ destination: '' }), 'Response'),
  }),
]

const data = (
  attributes: Record<string, string | null> | ((e: Exchange) => Record<string, string | null>),
) =>
  but((e) => ({
    confirmation_data: e.confirmation(
      typeof attributes === 'function' ? attributes(e) : attributes,
    ),
  }))
const METHOD = 'urn:oasis:names:tc:SAML:2.0:cm:'

const confirmation: Vector[] = [
  ...refused('P5', 'recipient', {
    'another Recipient': data({ Recipient: 'https://evil.example/acs' }),
    'no Recipient': data({ Recipient: null }),
    'an empty Recipient': data({ Recipient: '' }),
    'the Recipient with a slash more': data((e) => ({ Recipient: `${e.asked.acs}/` })),
    'the Recipient of another connection': data((e) => ({ Recipient: neighbour(e.asked.acs) })),
    'a Recipient that begins as ours': data((e) => ({ Recipient: e.asked.acs.slice(0, -1) })),
    'no SubjectConfirmationData': but({ confirmation_data: '' }),
  }),
  ...refused('P6', 'subject_confirmation', {
    'holder of key': but({ method: `${METHOD}holder-of-key` }),
    'sender vouches': but({ method: `${METHOD}sender-vouches` }),
    'no method': but({ method: '' }),
    'Bearer in another case': but({ method: `${METHOD}Bearer` }),
    'no SubjectConfirmation': without('saml:SubjectConfirmation'),
  }),
  ...refused('P7', 'confirmation_not_on_or_after', {
    'a confirmation without an end': data({ NotOnOrAfter: null }),
    'a confirmation that expired': data((e) => ({ NotOnOrAfter: e.at(-61) })),
    'a confirmation with a NotBefore': data((e) => ({ NotBefore: e.at(-60) })),
    'a confirmation whose end is no time': data({ NotOnOrAfter: 'later' }),
    'a confirmation whose end has no zone': data((e) => ({
      NotOnOrAfter: e.at(300).replace('Z', ''),
    })),
    'a confirmation until the year 10000': data({ NotOnOrAfter: '10000-01-01T00:00:00Z' }),
    'an expired confirmation beside one for another address': but((e) => ({
      confirmations: `<saml:SubjectConfirmation Method="${METHOD}bearer">${e.confirmation({ NotOnOrAfter: e.at(-61) })}</saml:SubjectConfirmation><saml:SubjectConfirmation Method="${METHOD}bearer">${e.confirmation({ Recipient: 'https://evil.example' })}</saml:SubjectConfirmation>`,
    })),
  }),
  ...refused('P8', 'in_response_to', {
    'no InResponseTo that is signed': data({ InResponseTo: null }),
    'another InResponseTo that is signed': data({ InResponseTo: '_other' }),
    'an empty InResponseTo that is signed': data({ InResponseTo: '' }),
    'no InResponseTo at the Response': but({ response_in_response_to: '' }),
    'another InResponseTo at the Response': but({
      response_in_response_to: 'InResponseTo="_other"',
    }),
    'unsolicited, with the RelayState of a login': but((e) => ({
      response_in_response_to: '',
      confirmation_data: e.confirmation({ InResponseTo: null }),
    })),
    'the answer to another request': but((e) => ({
      response_in_response_to: 'InResponseTo="_other"',
      confirmation_data: e.confirmation({ InResponseTo: '_other' }),
    })),
  }),
]

const conditions = (attributes: string | ((e: Exchange) => string)) =>
  but((e) => ({
    conditions_attributes: typeof attributes === 'function' ? attributes(e) : attributes,
  }))
const condition = (more_conditions: string) => but({ more_conditions })
const audience = (...lists: ((own: string) => string[])[]) =>
  but((e) => ({ audience: audiences(...lists.map((list) => list(e.asked.audience))) }))

const validity: Vector[] = [
  ...refused('P9', 'conditions', {
    'Conditions that expired': conditions((e) => `NotOnOrAfter="${e.at(-61)}"`),
    'Conditions that begin later': conditions(
      (e) => `NotBefore="${e.at(120)}" NotOnOrAfter="${e.at(300)}"`,
    ),
    'Conditions without an end': conditions((e) => `NotBefore="${e.at(-60)}"`),
    'Conditions with another zone': conditions(
      (e) => `NotOnOrAfter="${e.at(300).replace('Z', '+00:00')}"`,
    ),
    'Conditions without a zone': conditions((e) => `NotOnOrAfter="${e.at(300).replace('Z', '')}"`),
    'Conditions until a day that is not': conditions('NotOnOrAfter="2099-02-30T12:00:00Z"'),
    'Conditions until 24:00': conditions('NotOnOrAfter="2099-01-01T24:00:00Z"'),
    'Conditions until never': conditions('NotOnOrAfter="never"'),
    'Conditions from no time': conditions((e) => `NotBefore="x" NotOnOrAfter="${e.at(300)}"`),
    'Conditions with an empty end': conditions('NotOnOrAfter=""'),
  }),
  ...refused('P9', 'assertion_content', {
    'no Conditions': without('saml:Conditions'),
    'two Conditions': but({ end_of_assertion: '<saml:Conditions></saml:Conditions>' }),
  }),
  ...refused('P10', 'audience', {
    'another Audience': audience(() => ['https://evil.example']),
    'no AudienceRestriction': but({ audience: '' }),
    'an empty AudienceRestriction': audience(() => []),
    'one of two restrictions for somebody else': audience(
      (own) => [own],
      () => ['urn:other'],
    ),
    'one of two restrictions for nobody': audience(
      (own) => [own],
      () => [],
    ),
    'the Audience with a slash more': audience((own) => [`${own}/`]),
    'the Audience in upper case': audience((own) => [own.toUpperCase()]),
    'an Audience that begins as ours': audience((own) => [own.slice(0, -1)]),
    'markup in the Audience': audience((own) => [`${own}<x xmlns="urn:x"></x>`]),
    'our name and another in one Audience': audience((own) => [`${own} https://evil.example`]),
  }),
  ...refused('P11', 'known_conditions', {
    'an unknown Condition': condition('<x:Only xmlns:x="urn:x"></x:Only>'),
    'an abstract Condition': condition('<saml:Condition></saml:Condition>'),
    'a Condition of an unknown type': condition(
      '<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x:y" xmlns:x="urn:x"></saml:Condition>',
    ),
    'OneTimeUse of another namespace': condition('<OneTimeUse xmlns="urn:x"></OneTimeUse>'),
    'text in the Conditions': condition('text'),
  }),
  ...refused('P12', 'authn_statement', { 'no AuthnStatement': but({ authn_statement: '' }) }),
  ...refused('P12', 'session_not_on_or_after', {
    'a session that has ended': but((e) => ({
      authn_statement: e.authnStatement(` SessionNotOnOrAfter="${e.at(-1)}"`),
    })),
    'a session that ends at no time': but((e) => ({
      authn_statement: e.authnStatement(' SessionNotOnOrAfter="never"'),
    })),
    'the second of two sessions has ended': but((e) => ({
      authn_statement:
        e.authnStatement() + e.authnStatement(` SessionNotOnOrAfter="${e.at(-3600)}"`),
    })),
  }),
]

const issued = (make: (e: Exchange) => string) => but((e) => ({ issue_instant: make(e) }))

const subject: Vector[] = [
  ...refused('P14', 'name_id', {
    'an empty NameID': but({ name_id: nameID('') }),
    'a NameID of white space': but({ name_id: nameID(' \n\t') }),
    'no NameID': but({ name_id: '' }),
    'a NameID of 1,025 characters': but({ name_id: nameID('x'.repeat(1_025)) }),
    'two NameIDs': but({ name_id: nameID(GENUINE) + nameID(OTHER) }),
    'a NameID with an element': but({ name_id: nameID(`<x xmlns="urn:x">${OTHER}</x>`) }),
    'an EncryptedID': but({ name_id: '<saml:EncryptedID></saml:EncryptedID>' }),
    'a BaseID': but({ name_id: `<saml:BaseID>${OTHER}</saml:BaseID>` }),
  }),
  ...refused('P14', 'assertion_content', {
    'no Subject': without('saml:Subject'),
    'two Subjects': but({ end_of_assertion: `<saml:Subject>${nameID(OTHER)}</saml:Subject>` }),
  }),
  ...refused('P14', 'subject', {
    'a NameID of more bytes than a key takes': but({
      name_id: nameID('é'.repeat(900)),
      attributes: attribute('email', GENUINE),
    }),
  }),
  ...refused('P15', 'issue_instant', {
    'issued in the future': issued((e) => `IssueInstant="${e.at(120)}"`),
    'issued 12 minutes ago': issued((e) => `IssueInstant="${e.at(-720)}"`),
    'issued a year ago': issued((e) => `IssueInstant="${e.at(-365 * 86_400)}"`),
    'issued at no time': issued(() => 'IssueInstant="now"'),
    'issued without a zone': issued((e) => `IssueInstant="${e.at(0).replace('Z', '')}"`),
    'not said when issued': issued(() => ''),
  }),
]

/** What an identity provider signed, but not for this login. */
export const PROFILE: readonly Vector[] = [
  ...protocol,
  ...addresses,
  ...confirmation,
  ...validity,
  ...subject,
]
