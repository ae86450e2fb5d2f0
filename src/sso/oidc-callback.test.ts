import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { hashToken } from '../db/secrets.ts'
import type { Submission } from '../test-idp/press-button.ts'
import { assertRefused, type Expected, flowsOf, lastFlow, redeem } from './login.test-kit.ts'
import { newProvider, type Provider, type Said } from './oidc-provider.test-kit.ts'

let setup: Setup
let provider: Provider
let oidc: string

before(async () => {
  setup = await newSetup()
  provider = newProvider()
  oidc = await provider.connect(setup.project, setup.organization_id, {
    attribute_mapping: { groups: 'groups' },
  })
})

/** What comes back of a login that this browser began. */
function answered(said: Said) {
  return async (browser: Browser): Promise<Submission> =>
    provider.answer(await browser.start(setup, oidc), said)
}

const who = 'it_admin' as const
const seconds = () => Math.floor(Date.now() / 1000)

const refused: [string, Said, Expected][] = [
  [
    'brings an error of the provider',
    { parameters: { code: undefined, error: 'server_error' } },
    { error_type: 'oidc_invalid_callback_request', check: 'provider_response', who },
  ],
  [
    'brings neither code nor error',
    { parameters: { code: undefined } },
    { error_type: 'oidc_invalid_callback_request', check: 'provider_response', who },
  ],
  [
    'comes from another issuer',
    { parameters: { iss: 'https://else.example' } },
    { error_type: 'oidc_invalid_callback_request', check: 'issuer_parameter', who },
  ],
  [
    'says that the person is not assigned (Okta)',
    {
      parameters: {
        code: undefined,
        error: 'access_denied',
        error_description: 'User is not assigned to the client application.',
      },
    },
    { error_type: 'oidc_user_not_assigned_to_app_in_idp', check: 'provider_response', who },
  ],
  [
    'says that the person is not assigned (Entra ID)',
    { parameters: { error: 'interaction_required', error_description: 'AADSTS50105: no' } },
    { error_type: 'oidc_user_not_assigned_to_app_in_idp', check: 'provider_response', who },
  ],
  [
    'brings a code that the provider does not exchange',
    { token_status: 400 },
    { error_type: 'oidc_auth_code_error', check: 'token_exchange', who },
  ],
  [
    'leads to an ID token for another application',
    { claims: { aud: 'another' } },
    { error_type: 'oidc_auth_code_error', check: 'id_token_audience', who },
  ],
  [
    'leads to an ID token of another login',
    { claims: { nonce: 'another' } },
    { error_type: 'unsolicited_oidc_response', check: 'id_token_nonce', who },
  ],
  [
    'leads to an expired ID token',
    { claims: { exp: seconds() - 120 } },
    { error_type: 'expired_oidc_response', check: 'id_token_expiry', who },
  ],
  [
    'leads to an ID token without a subject',
    { claims: { sub: undefined } },
    { error_type: 'oidc_response_subject_missing', check: 'id_token_subject', who },
  ],
  [
    'leads to userinfo that fails',
    { userinfo_status: 500 },
    { error_type: 'oidc_invalid_userinfo', check: 'userinfo', who },
  ],
  [
    'leads to userinfo about somebody else',
    { userinfo: { sub: 'eve' } },
    { error_type: 'oidc_response_subject_mismatch', check: 'userinfo_subject', who },
  ],
  [
    'names no e-mail address',
    { claims: { email: undefined } },
    { error_type: 'oidc_response_email_missing', check: 'email', who },
  ],
  [
    'names an e-mail address that is none',
    { claims: { email: 'ada at acme' } },
    { error_type: 'oidc_response_email_missing', check: 'email', who },
  ],
  [
    'names no name',
    { claims: { name: undefined } },
    { error_type: 'oidc_response_name_missing', check: 'name', who },
  ],
  [
    'calls the address of a stranger unverified',
    { claims: { email_verified: false } },
    { error_type: 'oidc_response_unverified_email', check: 'email_verified', who },
  ],
  [
    'calls the address unverified as text',
    { claims: { email_verified: 'false' } },
    { error_type: 'oidc_response_unverified_email', check: 'email_verified', who },
  ],
  [
    'holds groups that are no names',
    { claims: { groups: [{ id: 1 }] } },
    { error_type: 'oidc_invalid_callback_request', check: 'groups', who },
  ],
  [
    'says that the groups are somewhere else (Entra ID)',
    { claims: { _claim_names: { groups: 'src1' }, _claim_sources: { src1: {} } } },
    { error_type: 'oidc_invalid_callback_request', check: 'groups', who },
  ],
]

for (const [what, said, expected] of refused)
  test(`an answer that ${what} is refused: ${expected.error_type}`, () =>
    assertRefused(setup.project, answered(said), { flow: 'failed', ...expected }))

test('an answer that takes longer than 30 minutes is refused', async () => {
  const expected = { error_type: 'expired_oidc_response', check: 'flow', who }
  await assertRefused(setup.project, answered({}), { ...expected, later_ms: 31 * 60_000 })
})

const elsewhere: [string, Expected, (browser: Browser) => Promise<Submission>][] = [
  [
    'without state',
    { error_type: 'missing_oidc_state_param', check: 'state', who },
    answered({ parameters: { state: undefined } }),
  ],
  [
    'with a state that names no login',
    { error_type: 'unsolicited_oidc_response', check: 'flow', who },
    answered({ parameters: { state: 'unknown' } }),
  ],
  [
    'with an ID token in the address',
    { error_type: 'oidc_invalid_callback_request', check: 'callback_parameters', who },
    answered({ parameters: { id_token: 'x' } }),
  ],
  [
    'by a browser without the cookie',
    { error_type: 'missing_oidc_csrf_cookie', check: 'browser', who },
    async () => provider.answer(await new Browser().start(setup, oidc)),
  ],
  [
    'by another browser',
    { error_type: 'oidc_csrf_cookie_mismatch', check: 'browser', who },
    async (browser) => {
      browser.cookies.set('portcullis_login', 'x'.repeat(43))
      return provider.answer(await new Browser().start(setup, oidc))
    },
  ],
  [
    'by POST',
    { error_type: 'oidc_invalid_callback_request', check: 'binding', who },
    async (browser) => ({
      ...provider.answer(await browser.start(setup, oidc)),
      method: 'POST',
    }),
  ],
]

for (const [how, expected, attempt] of elsewhere)
  test(`an answer brought ${how} is refused, and the login goes on waiting`, () =>
    assertRefused(setup.project, attempt, { ...expected, flow: 'waiting' }))

test('no code is exchanged for a browser that did not begin the login, nor for a HEAD request', async () => {
  const browser = new Browser()
  const submission = provider.answer(await browser.start(setup, oidc))
  const before = provider.seen.exchanges
  assert.equal((await new Browser().submit(submission)).status, 400)
  const url = `${submission.action}?${submission.fields}`
  assert.equal((await browser.request(url, { method: 'HEAD' })).status, 405)
  assert.equal(provider.seen.exchanges, before)
  assert.equal((await browser.submit(submission)).status, 303)
})

test('a callback that is loaded again, also at once, does not spoil the login', async () => {
  const browser = new Browser()
  const submission = provider.answer(await browser.start(setup, oidc))
  const exchanges = provider.seen.exchanges
  const responses = await Promise.all(Array.from({ length: 20 }, () => browser.submit(submission)))
  const [won, ...more] = responses.filter((response) => response.status === 303)
  assert.equal(more.length, 0)
  assert.equal(provider.seen.exchanges, exchanges + 1)
  const late = await browser.submit(submission, { accept: 'application/json' })
  const body = (await late.json()) as { error_type: string }
  assert.equal(body.error_type, 'unsolicited_oidc_response')
  assert.equal((await redeem(setup, won!)).status, 200)
})

test('the code is exchanged with the PKCE verifier of this browser, and the trace holds no secret', async () => {
  const browser = new Browser()
  const started = await browser.start(setup, oidc)
  const submission = provider.answer(started)
  await browser.submit(submission)
  const form = provider.seen.forms.at(-1)!
  const challenge = hashToken(form.get('code_verifier')!).toString('base64url')
  const asked = new URL(started.headers.get('location')!).searchParams
  assert.equal(challenge, asked.get('code_challenge'))
  const flows = JSON.stringify(await flowsOf(setup.project))
  for (const secret of [form.get('code_verifier'), form.get('code'), asked.get('state')])
    assert.ok(!flows.includes(secret!))
})

test('an absent email_verified is taken as the word of the provider, and noted', async () => {
  const browser = new Browser()
  const said = { claims: { sub: 'new-1', email: 'new-1@acme.test', email_verified: undefined } }
  const response = await browser.submit(provider.answer(await browser.start(setup, oidc), said))
  assert.equal(response.status, 303)
  const { checks } = await lastFlow(setup.project)
  const check = checks.find((each) => each.name === 'email_verified')
  assert.equal(check?.verdict, 'skip')
})
