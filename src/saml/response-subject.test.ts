import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SAMLErrorType } from './checks.ts'
import { ACS, at, type Fields, REQUEST_ID, responseXML, signed } from './signing.test-kit.ts'
import { type Asked, assertRefused, refusal } from './verdict.test-kit.ts'

// the Subject of an assertion: who it names, who may use it, where and until when

const INVALID = 'invalid_saml_response'
const EXPIRED = 'expired_saml_response'
const UNSOLICITED = 'unsolicited_saml_response'

type Row = [check: string, error_type: SAMLErrorType, changes: Partial<Fields>, asked?: Asked]

const data = (attributes: string) => ({
  confirmation_data: `<saml:SubjectConfirmationData ${attributes}/>`,
})
const good = `InResponseTo="${REQUEST_ID}" NotOnOrAfter="${at(300)}" Recipient="${ACS}"`
const attribute = (content: string) => ({ attributes: content })
const nameID = (name_id: string) => ({ name_id })
const unsolicited = {
  response_in_response_to: '',
  ...data(good.replace(/InResponseTo="[^"]*" /, '')),
}

const alternatives: Asked = {
  in_response_to: null,
  settings: { acs_urls: ['https://own.example', ACS], audiences: ['https://own.example', ACS] },
}

const ROWS: Record<string, Row> = {
  'no NameID': ['name_id', INVALID, nameID('')],
  'an empty NameID': ['name_id', INVALID, nameID('<saml:NameID/>')],
  'a NameID of white space': ['name_id', INVALID, nameID('<saml:NameID> \n</saml:NameID>')],
  'two NameIDs': [
    'name_id',
    INVALID,
    nameID('<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>'),
  ],
  'an element in the NameID': [
    'name_id',
    INVALID,
    nameID('<saml:NameID>admin@victim.example<x xmlns="urn:x"/>.evil.example</saml:NameID>'),
  ],
  'a NameID of 1025 characters': [
    'name_id',
    INVALID,
    nameID(`<saml:NameID>${'a'.repeat(1025)}</saml:NameID>`),
  ],
  'a NameID of another namespace': ['name_id', INVALID, nameID('<NameID xmlns="urn:x">a</NameID>')],
  'an EncryptedID': ['name_id', INVALID, nameID('<saml:EncryptedID/>')],
  'no Subject but an attribute named nameID': [
    'name_id',
    INVALID,
    {
      ...nameID(''),
      ...attribute(
        '<saml:Attribute Name="nameID"><saml:AttributeValue>admin</saml:AttributeValue></saml:Attribute>',
      ),
    },
  ],
  'no confirmation': ['subject_confirmation', INVALID, { confirmations: '<x xmlns="urn:x"/>' }],
  'holder-of-key': [
    'subject_confirmation',
    INVALID,
    { method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' },
  ],
  'sender-vouches': [
    'subject_confirmation',
    INVALID,
    { method: 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches' },
  ],
  'no confirmation data': ['recipient', INVALID, { confirmation_data: '' }],
  'two confirmation data': [
    'recipient',
    INVALID,
    { confirmation_data: `<saml:SubjectConfirmationData ${good}/>`.repeat(2) },
  ],
  'another Recipient': ['recipient', INVALID, data(good.replace(ACS, 'https://evil.example'))],
  'no Recipient': ['recipient', INVALID, data(good.replace(`Recipient="${ACS}"`, ''))],
  'a bearer without NotOnOrAfter': [
    'confirmation_not_on_or_after',
    INVALID,
    data(good.replace(/NotOnOrAfter="[^"]*"/, '')),
  ],
  'a bearer with NotBefore': [
    'confirmation_not_on_or_after',
    INVALID,
    data(`${good} NotBefore="${at(-60)}"`),
  ],
  'a bearer that expired': [
    'confirmation_not_on_or_after',
    EXPIRED,
    data(good.replace(at(300), at(-60))),
  ],
  'a bearer time without a zone': [
    'confirmation_not_on_or_after',
    INVALID,
    data(good.replace('Z"', '"')),
  ],
  'another InResponseTo, signed': [
    'in_response_to',
    UNSOLICITED,
    data(good.replace(REQUEST_ID, '_other')),
  ],
  'no InResponseTo, signed': [
    'in_response_to',
    UNSOLICITED,
    data(good.replace(/InResponseTo="[^"]*" /, '')),
  ],
  'another InResponseTo on the Response': [
    'in_response_to',
    UNSOLICITED,
    { response_in_response_to: 'InResponseTo="_other"' },
  ],
  'no InResponseTo on the Response': [
    'in_response_to',
    UNSOLICITED,
    { response_in_response_to: '' },
  ],
  'an answer to nothing that is open': [
    'in_response_to',
    UNSOLICITED,
    {},
    { in_response_to: null },
  ],
  'an answer to nothing, InResponseTo only on the Response': [
    'in_response_to',
    UNSOLICITED,
    { ...unsolicited, response_in_response_to: `InResponseTo="${REQUEST_ID}"` },
    { in_response_to: null },
  ],
  'an answer to nothing, with an empty InResponseTo': [
    'in_response_to',
    UNSOLICITED,
    { ...unsolicited, response_in_response_to: 'InResponseTo=""' },
    { in_response_to: null },
  ],
  'an unsolicited one that names alternative addresses alone': [
    'own_address',
    UNSOLICITED,
    unsolicited,
    alternatives,
  ],
  'one of them that lists the own Audience in one of two restrictions': [
    'own_address',
    UNSOLICITED,
    {
      ...unsolicited,
      audience: ['https://own.example', ACS]
        .map(
          (one) =>
            `<saml:AudienceRestriction><saml:Audience>${one}</saml:Audience></saml:AudienceRestriction>`,
        )
        .join(''),
    },
    alternatives,
  ],
  'an unsolicited one where a request is open': ['in_response_to', UNSOLICITED, unsolicited],
  'an unsolicited one where they are switched off': [
    'in_response_to',
    'saml_idp_initiated_auth_disabled',
    unsolicited,
    { in_response_to: null, settings: { idp_initiated_auth_disabled: true } },
  ],
}

for (const [name, [check, error_type, changes, asked]] of Object.entries(ROWS)) {
  test(`refuses ${name}`, () => {
    assertRefused(signed(responseXML(changes), 'Assertion'), check, error_type, asked)
    assertRefused(
      signed(responseXML(changes), 'Response', { path: '/*' }),
      check,
      error_type,
      asked,
    )
  })
}

test('of several bearer confirmations the reason of the first is given', () => {
  const bearer = (attributes: string) =>
    `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData ${attributes}/></saml:SubjectConfirmation>`
  const confirmations =
    bearer(good.replace(at(300), at(-90))) + bearer(good.replace(ACS, 'https://evil.example'))
  const xml = signed(responseXML({ confirmations }), 'Assertion')
  assertRefused(xml, 'confirmation_not_on_or_after', EXPIRED)
  assert.ok(
    refusal(xml).checks.some(({ name, verdict }) => name === 'recipient' && verdict === 'pass'),
  )
})
