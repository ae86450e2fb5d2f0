import { type EncryptOptions, encrypted, XENC } from '../../src/saml/encrypting.test-kit.ts'
import {
  attribute,
  attributes,
  audiences,
  GENUINE,
  nameID,
  signAssertion,
  signRoot,
} from './exchange.ts'
import { accepted, type Build, type Honest } from './vector.ts'

const mail = attribute('email', GENUINE)
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

/** Honest answers that differ in what they say, or that are encrypted. */
export const HONEST_CONTENTS: readonly Honest[] = [...contents, ...encryption, ...named]
