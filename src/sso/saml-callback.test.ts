import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { attacker, keyInfo } from '../saml/signing.test-kit.ts'
import type { Submission } from '../test-idp/press-button.ts'
import { assertRefused, type Expected, ownProcess } from './login.test-kit.ts'
import { type Answer, connectIdP, mapping, otherCertificate, respond } from './saml-idp.test-kit.ts'

let setup: Setup
let saml: string

before(async () => {
  setup = await newSetup()
  saml = await connectIdP(setup.project, setup.organization_id, {
    attribute_mapping: { ...mapping, groups: 'groups', idp_user_id: 'id' },
  })
})

/** What the identity provider answers to a login that this browser began. */
function answered(answer: Answer) {
  return async (browser: Browser): Promise<Submission> =>
    respond(saml, await browser.start(setup, saml), answer)
}

const it_admin = { who: 'it_admin' as const }

const forged: [string, Answer, Expected][] = [
  [
    'is empty',
    { tamper: () => '' },
    { error_type: 'missing_saml_response', check: 'form', flow: 'waiting', ...it_admin },
  ],
  [
    'is no XML',
    { tamper: () => '<samlp:Response' },
    { error_type: 'invalid_xml_saml_response', check: 'xml', ...it_admin },
  ],
  [
    'has a document type',
    { tamper: (xml) => `<!DOCTYPE x []>${xml}` },
    { error_type: 'invalid_xml_saml_response', check: 'xml_forbidden_markup', ...it_admin },
  ],
  [
    'is too large',
    { edit: (xml) => xml.replace('>Lovelace<', `>${'x'.repeat(300_000)}<`) },
    { error_type: 'xml_validation_saml_unknown_error', check: 'xml_size', ...it_admin },
  ],
  [
    'has no Recipient',
    {
      fields: {
        confirmation_data: '<saml:SubjectConfirmationData></saml:SubjectConfirmationData>',
      },
    },
    { error_type: 'invalid_saml_response', check: 'recipient', ...it_admin },
  ],
  [
    'is not signed',
    { sign: 'nothing' },
    { error_type: 'missing_signature_saml_response', check: 'signature', ...it_admin },
  ],
  [
    'was changed after it was signed',
    { tamper: (xml) => xml.replaceAll('ada@acme.test', 'eve@acme.test') },
    {
      error_type: 'invalid_signature_saml_response',
      check: 'assertion_signature_digest',
      ...it_admin,
    },
  ],
  [
    'was signed with a key that the connection does not have',
    { signature: { signer: attacker, after: keyInfo(otherCertificate) } },
    {
      error_type: 'saml_certificate_mismatch',
      check: 'assertion_signature_certificate',
      ...it_admin,
    },
  ],
  [
    'was made for another application',
    {
      fields: {
        audience:
          '<saml:AudienceRestriction><saml:Audience>https://else.example</saml:Audience></saml:AudienceRestriction>',
      },
    },
    { error_type: 'invalid_audience_saml_response', check: 'audience', ...it_admin },
  ],
  [
    'has expired',
    { ahead: -480 },
    { error_type: 'expired_saml_response', check: 'confirmation_not_on_or_after', ...it_admin },
  ],
  [
    'is not valid yet',
    { ahead: 300 },
    { error_type: 'not_yet_valid_saml_response', check: 'issue_instant', ...it_admin },
  ],
  [
    'answers another request',
    { edit: (xml) => xml.replaceAll(/InResponseTo="[^"]*"/g, 'InResponseTo="_other"') },
    { error_type: 'unsolicited_saml_response', check: 'in_response_to', ...it_admin },
  ],
  [
    'reports a failure',
    {
      fields: {
        status:
          '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"></samlp:StatusCode></samlp:Status>',
      },
    },
    { error_type: 'failed_saml_response', check: 'status', ...it_admin },
  ],
  [
    'holds no e-mail address',
    { attributes: { firstName: 'Ada' } },
    { error_type: 'invalid_saml_response_email', check: 'email', ...it_admin },
  ],
  [
    'holds an e-mail address that is none',
    { attributes: { email: 'ada at acme' } },
    { error_type: 'invalid_saml_response_email', check: 'email', ...it_admin },
  ],
  [
    'holds two e-mail addresses',
    { attributes: { email: ['ada@acme.test', 'eve@acme.test'] } },
    { error_type: 'invalid_saml_response_email', check: 'attribute_email', ...it_admin },
  ],
  [
    'holds the e-mail attribute twice',
    {
      attributes: [
        ['email', ['ada@acme.test']],
        ['email', ['ada@acme.test']],
      ],
    },
    { error_type: 'invalid_saml_response_email', check: 'attribute_email', ...it_admin },
  ],
  [
    'holds the first name twice',
    {
      attributes: [
        ['email', ['ada@acme.test']],
        ['firstName', ['A']],
        ['firstName', ['B']],
      ],
    },
    { error_type: 'invalid_saml_response', check: 'attribute_first_name', ...it_admin },
  ],
  [
    'holds groups that are no list of names',
    { attributes: { email: 'ada@acme.test', groups: 'one\ntwo' } },
    { error_type: 'invalid_saml_response_groups', check: 'groups', ...it_admin },
  ],
  [
    'holds an identifier longer than any key',
    { attributes: { email: 'ada@acme.test', id: 'x'.repeat(5_000) } },
    { error_type: 'invalid_saml_response', check: 'subject', ...it_admin },
  ],
]

for (const [what, answer, expected] of forged)
  test(`a Response that ${what} is refused: ${expected.error_type}`, () =>
    assertRefused(setup.project, answered(answer), { flow: 'failed', ...expected }))

test('an answer that takes longer than 30 minutes is refused, also a good one', () =>
  assertRefused(setup.project, answered({ ahead: 31 * 60 }), {
    error_type: 'expired_saml_response',
    check: 'flow',
    who: 'it_admin',
    later_ms: 31 * 60_000,
  }))

test('29 minutes after the start a good answer is taken', async () => {
  const own = await ownProcess()
  const browser = new Browser(own.app)
  const started = await browser.start(setup, saml)
  const now = new Date(Date.now() + 29 * 60_000)
  own.setNow(now)
  const response = await browser.submit(respond(saml, started, { now }))
  assert.equal(response.status, 303, await response.clone().text())
})

test('an answer is taken whatever Origin the browser names: pages of identity providers send null', async () => {
  for (const origin of ['null', 'https://idp.example']) {
    const browser = new Browser()
    const submission = await answered({})(browser)
    assert.equal((await browser.submit(submission, { origin })).status, 303)
  }
})

test('cancelling at the test identity provider is told as such', async () => {
  const cancel = async (browser: Browser) =>
    browser.signIn(await browser.start(setup, setup.saml), 'Cancel')
  await assertRefused(setup.project, cancel, {
    error_type: 'failed_saml_response',
    check: 'status',
    who: 'it_admin',
  })
})

const elsewhere: [string, Expected, (browser: Browser) => Promise<Submission>][] = [
  [
    'by a browser without the cookie',
    { error_type: 'missing_saml_csrf_cookie', check: 'browser', who: 'it_admin', flow: 'waiting' },
    async () => respond(saml, await new Browser().start(setup, saml)),
  ],
  [
    'by another browser',
    { error_type: 'saml_csrf_cookie_mismatch', check: 'browser', who: 'it_admin', flow: 'waiting' },
    async (browser) => {
      const submission = respond(saml, await new Browser().start(setup, saml))
      browser.cookies.set('portcullis_login', 'x'.repeat(43))
      return submission
    },
  ],
  [
    'without its RelayState',
    {
      error_type: 'missing_saml_relay_state',
      check: 'in_response_to',
      who: 'it_admin',
      flow: 'waiting',
    },
    async (browser) => respond(saml, await browser.start(setup, saml), { relay_state: null }),
  ],
  [
    'with a RelayState that names no login',
    {
      error_type: 'unsolicited_saml_response',
      check: 'in_response_to',
      who: 'it_admin',
      flow: 'waiting',
    },
    async (browser) =>
      respond(saml, await browser.start(setup, saml), { relay_state: 'y'.repeat(43) }),
  ],
  [
    'without a SAMLResponse',
    { error_type: 'missing_saml_response', check: 'form', who: 'it_admin', flow: 'waiting' },
    async (browser) => {
      const submission = respond(saml, await browser.start(setup, saml))
      submission.fields.delete('SAMLResponse')
      return submission
    },
  ],
  [
    'with two SAMLResponses',
    { error_type: 'invalid_saml_response', check: 'form', who: 'it_admin', flow: 'waiting' },
    async (browser) => {
      const submission = respond(saml, await browser.start(setup, saml))
      submission.fields.append('SAMLResponse', submission.fields.get('SAMLResponse')!)
      return submission
    },
  ],
  [
    'by GET',
    { error_type: 'missing_saml_response', check: 'binding', who: 'it_admin', flow: 'waiting' },
    async (browser) => ({ ...respond(saml, await browser.start(setup, saml)), method: 'GET' }),
  ],
]

for (const [how, expected, attempt] of elsewhere)
  test(`an answer brought ${how} is refused, and the login goes on waiting`, () =>
    assertRefused(setup.project, attempt, expected))
