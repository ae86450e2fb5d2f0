/** Answers that come by another way than the one that was asked for, or at another time. */
import type { Submission } from '../../src/test-idp/press-button.ts'
import { at, type Mistake } from './saml.ts'

const it_admin = 'it_admin' as const
const missing = { error_type: 'missing_saml_response', who: it_admin }

function byGet(submission: Submission, fields: Record<string, string>): Submission {
  return { ...submission, method: 'GET', fields: new URLSearchParams(fields) }
}

function posted(submission: Submission, fields: Record<string, string>): Submission {
  return { ...submission, fields: new URLSearchParams(fields) }
}

const later = (seconds: number) => `NotBefore="${at(-60)}" NotOnOrAfter="${at(seconds)}"`

export const wayMistakes: readonly Mistake[] = [
  {
    name: 'the identity provider answers by the redirect binding',
    brought: (submission) =>
      byGet(submission, { SAMLResponse: submission.fields.get('SAMLResponse')! }),
    told: {
      ...missing,
      check: 'binding',
      expected: 'POST',
      actual: 'SAMLResponse in a GET',
      what: /ACS URL\) to HTTP-POST/,
    },
  },
  {
    name: 'the identity provider answers by the artifact binding',
    brought: (submission) => byGet(submission, { SAMLart: 'AAQAAA' }),
    told: {
      ...missing,
      check: 'binding',
      expected: 'POST',
      actual: 'SAMLart in a GET',
      what: /ACS URL\) to HTTP-POST/,
    },
  },
  {
    name: 'the tile of the identity provider opens the ACS URL itself',
    provider: 'okta',
    brought: (submission) => byGet(submission, {}),
    told: {
      ...missing,
      check: 'binding',
      expected: 'POST',
      actual: 'GET without a message',
      what: /set the start URL/,
    },
  },
  {
    name: 'the application is set up as WS-Federation',
    connection: { idp_sso_url: 'https://fs.acme.example/adfs/ls/' },
    brought: (submission) =>
      posted(submission, { wa: 'wsignin1.0', wresult: '<t:RequestSecurityTokenResponse/>' }),
    told: {
      ...missing,
      check: 'form',
      expected: 'SAMLResponse',
      actual: 'wresult',
      what: /WS-Federation/,
    },
  },
  {
    name: 'the single logout URL at the identity provider is the ACS URL',
    answer: {
      tamper: () =>
        '<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_l" Version="2.0"/>',
    },
    told: {
      error_type: 'invalid_saml_response',
      who: it_admin,
      check: 'response_element',
      expected: 'Response of',
      actual: 'LogoutResponse',
      what: /ACS URL/,
    },
  },
  {
    name: 'a login begins at the identity provider, which the connection does not take',
    provider: 'google-workspace',
    connection: { idp_initiated_auth_disabled: true },
    unasked: true,
    told: {
      error_type: 'saml_idp_initiated_auth_disabled',
      who: it_admin,
      check: 'in_response_to',
      expected: 'began at the application',
      actual: 'began at the identity provider',
      what: /switch on IdP-initiated login/,
    },
  },
  {
    name: 'the identity provider drops the RelayState',
    answer: { relay_state: null },
    told: {
      error_type: 'missing_saml_relay_state',
      who: it_admin,
      check: 'in_response_to',
      expected: 'RelayState',
      actual: 'no RelayState',
      what: /RelayState/,
    },
  },
  {
    name: 'the identity provider replaces the RelayState by one of its own',
    provider: 'okta',
    answer: { relay_state: 'https://app.example/home' },
    told: {
      error_type: 'unsolicited_saml_response',
      who: it_admin,
      check: 'in_response_to',
      expected: 'RelayState',
      actual: 'https://app.example/home',
      what: /RelayState/,
    },
  },
  {
    name: 'the clock of the identity provider is ten minutes ahead',
    answer: { ahead: 600 },
    told: {
      error_type: 'not_yet_valid_saml_response',
      who: it_admin,
      check: 'issue_instant',
      expected: '{hour}',
      actual: '{hour_in_ten_minutes}',
      what: /identity provider is about 9 minutes \d+ seconds ahead.*NTP/,
    },
  },
  {
    name: 'the clock of the identity provider is ten minutes behind',
    answer: { ahead: -600 },
    told: {
      error_type: 'expired_saml_response',
      who: it_admin,
      check: 'confirmation_not_on_or_after',
      expected: '{hour}',
      actual: '{hour_five_minutes_ago}',
      what: /identity provider is about 10 minutes \d+ seconds behind.*NTP/,
    },
  },
  {
    name: 'the identity provider writes local times',
    answer: { fields: { conditions_attributes: later(300).replaceAll('Z"', '+02:00"') } },
    told: {
      error_type: 'invalid_saml_response',
      who: it_admin,
      check: 'conditions',
      expected: 'a window that includes',
      actual: '+02:00',
      what: /times in UTC/,
    },
  },
  {
    name: 'an assertion template without AuthnStatement',
    answer: { fields: { authn_statement: '' } },
    told: {
      error_type: 'invalid_saml_response',
      who: it_admin,
      check: 'authn_statement',
      expected: 'AuthnStatement',
      actual: 'none',
      what: /web single sign-on application/,
    },
  },
]
