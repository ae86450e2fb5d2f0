import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { guardedFetch } from '../http/fetch.ts'
import { callbackState } from './callback.ts'
import {
  client_secret,
  logIn,
  makeKey,
  type Provider,
  refused,
  resetProvider,
  type SigningKey,
  startProvider,
} from './hostile-provider.test-kit.ts'

const outbound = guardedFetch({ allowed_private_hosts: [], development: true })
let provider: Provider
let key: SigningKey

before(async () => {
  key = await makeKey('ES256', 'key-1')
  provider = await startProvider(key, outbound)
})
after(async () => {
  await outbound.close()
  await provider.close()
})
beforeEach(() => resetProvider(provider, key))

const requestsTo = (path: string) => provider.seen.filter((request) => request.path === path)

test('a login gives the identity and every check that was made, in order', async () => {
  const { checks } = await logIn(provider)
  assert.deepEqual(
    checks.map(({ name, verdict }) => `${name} ${verdict}`),
    [
      ...['callback_parameters pass', 'state pass', 'issuer_parameter skip'],
      ...['provider_response pass', 'client_authentication pass', 'token_exchange pass'],
      ...['token_response pass', 'id_token_algorithm pass', 'id_token_issuer pass'],
      ...['id_token_audience pass', 'id_token_authorized_party pass', 'id_token_expiry pass'],
      ...['id_token_issued_at pass', 'id_token_not_before pass', 'id_token_nonce pass'],
      ...['id_token_subject pass', 'id_token_key pass', 'id_token_signature pass'],
      ...['id_token_access_token_hash skip', 'userinfo pass', 'userinfo_subject pass'],
      ...['claims_text pass', 'email pass', 'email_verified pass', 'name pass'],
    ],
  )
})

test('the code is exchanged once, with its verifier and redirect URL', async () => {
  await logIn(provider, { parameters: { state: 'the-state', code: 'the-code' } })
  const [exchange, ...others] = requestsTo('/token')
  assert.deepEqual(Object.fromEntries(exchange?.form ?? []), {
    grant_type: 'authorization_code',
    code: 'the-code',
    redirect_uri: 'https://sso.example.com/v1/b2b/sso/callback/oidc-connection-test-1',
    code_verifier: 'the-verifier-of-at-least-43-characters-00000000',
  })
  assert.equal(others.length, 0)
})

const methods: [offered: string[], used: 'basic' | 'post'][] = [
  [[], 'basic'],
  [['client_secret_post', 'client_secret_basic'], 'basic'],
  [['private_key_jwt', 'client_secret_post'], 'post'],
]
for (const [offered, used] of methods) {
  test(`the client authenticates by ${used} where discovery lists ${offered.join(', ') || 'nothing'}`, async () => {
    provider.settings.provider = {
      token_endpoint_auth_methods: offered,
      authorization_response_iss_parameter_supported: false,
    }
    await logIn(provider)
    const { headers, form } = requestsTo('/token')[0]!
    const credentials = Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString()
    const [id, secret] = credentials.split(':').map((part) => part.replaceAll('+', ' '))
    if (used === 'basic') {
      assert.deepEqual([id, decodeURIComponent(secret!)], ['client', client_secret])
      assert.ok(secret?.includes('~.-_'), 'what needs no escape has none')
      assert.equal(form.has('client_secret'), false)
    } else {
      assert.deepEqual(
        [form.get('client_id'), form.get('client_secret')],
        ['client', client_secret],
      )
      assert.equal(headers.authorization, undefined)
    }
  })
}

test('a provider that takes no client secret is refused before the code is sent', async () => {
  provider.settings.provider = {
    token_endpoint_auth_methods: ['private_key_jwt', 'none'],
    authorization_response_iss_parameter_supported: false,
  }
  const { check, error_type } = await refused(logIn(provider))
  assert.deepEqual([check.name, error_type], ['client_authentication', 'oidc_auth_code_error'])
  assert.equal(provider.seen.length, 0)
})

const bad = 'oidc_invalid_callback_request'
const callbacks: [situation: string, query: string, check: string, error_type: string][] = [
  ['no state', 'code=c', 'state', 'missing_oidc_state_param'],
  ['an empty state', 'state=&code=c', 'state', 'missing_oidc_state_param'],
  ['the state of another login', 'state=other&code=c', 'state', 'unsolicited_oidc_response'],
  ['two states', 'state=the-state&state=other&code=c', 'callback_parameters', bad],
  ['one state twice', 'state=the-state&state=the-state&code=c', 'callback_parameters', bad],
  ['two codes', 'state=the-state&code=c&code=d', 'callback_parameters', bad],
  ['any parameter twice', 'state=the-state&code=c&x=1&x=2', 'callback_parameters', bad],
  ['an ID token', 'state=the-state&code=c&id_token=t', 'callback_parameters', bad],
  ['an access token', 'state=the-state&access_token=t', 'callback_parameters', bad],
  ['a JWT response', 'response=a.b.c', 'callback_parameters', bad],
  ['neither code nor error', 'state=the-state', 'provider_response', bad],
  ['an empty code', 'state=the-state&code=', 'provider_response', bad],
  [
    'the issuer of another provider',
    'state=the-state&code=c&iss=https://evil.example',
    'issuer_parameter',
    bad,
  ],
  ['an empty issuer', 'state=the-state&code=c&iss=', 'issuer_parameter', bad],
  ['error and code', 'state=the-state&code=c&error=x', 'provider_response', bad],
]
for (const [situation, query, name, error_type] of callbacks) {
  test(`a callback with ${situation} is refused before the code is sent`, async () => {
    const refusal = await refused(logIn(provider, { parameters: new URLSearchParams(query) }))
    assert.deepEqual([refusal.check.name, refusal.error_type], [name, error_type])
    assert.equal(provider.seen.length, 0)
  })
}

test('the issuer in the callback must be there where the provider announces it', async () => {
  provider.settings.provider = {
    token_endpoint_auth_methods: [],
    authorization_response_iss_parameter_supported: true,
  }
  assert.equal((await refused(logIn(provider))).check.name, 'issuer_parameter')
  const parameters = { state: 'the-state', code: 'c', iss: provider.issuer }
  assert.equal((await logIn(provider, { parameters })).identity.subject, 'ada-1')
})

test('parameters that nobody knows do no harm', async () => {
  const parameters = { code: 'c', session_state: 'x', state: 'the-state', scope: 'openid' }
  assert.equal((await logIn(provider, { parameters })).identity.subject, 'ada-1')
})

const unassigned = 'oidc_user_not_assigned_to_app_in_idp'
const errors: [error: string, description: string, error_type: string, remedy: RegExp][] = [
  ['access_denied', 'User is not assigned to the client application.', unassigned, /Assign/],
  ['interaction_required', "AADSTS50105: The signed in user 'a' is ...", unassigned, /Assign/],
  ['access_denied', 'The resource owner denied the request', bad, /consent/],
  ['login_required', '', bad, /prompt=none/],
  ['server_error', 'x'.repeat(5000), bad, /log of the identity provider/],
]
for (const [error, error_description, error_type, remedy] of errors) {
  test(`an answer of ${error} (${error_description.slice(0, 20)}) says who must act`, async () => {
    const parameters = { state: 'the-state', error, error_description }
    const refusal = await refused(logIn(provider, { parameters }))
    assert.equal(refusal.error_type, error_type)
    assert.match(refusal.check.fix?.what ?? '', remedy)
    assert.match(refusal.check.actual ?? '', new RegExp(`^${error}`))
    assert.ok((refusal.check.actual ?? '').length < 250)
  })
}

test('a refused exchange says why, without repeating what was sent', async () => {
  const sent = ['the-code', client_secret, 'the-verifier-of-at-least-43-characters-00000000']
  const error_description = `no such code: ${sent.join(' ')}`
  provider.script.token = { status: 400, body: { error: 'invalid_grant', error_description } }
  const parameters = { state: 'the-state', code: 'the-code' }
  const { check, error_type, message } = await refused(logIn(provider, { parameters }))
  assert.deepEqual([check.name, error_type], ['token_exchange', 'oidc_auth_code_error'])
  assert.match(check.actual ?? '', /^status 400: invalid_grant: no such code: \(removed\)/)
  for (const secret of sent) assert.ok(!`${JSON.stringify(check)}${message}`.includes(secret))
})

test('a wrong client secret is for the IT admin to mend', async () => {
  const headers = { 'www-authenticate': 'Basic realm="x"' }
  // Keycloak answers the second.
  for (const error of ['invalid_client', 'unauthorized_client']) {
    provider.script.token = { status: 401, headers, body: { error } }
    const { check } = await refused(logIn(provider))
    assert.equal(check.actual, `status 401: ${error}`)
    assert.match(check.fix?.what ?? '', /client id and secret/)
  }
})

test('a token endpoint that answers otherwise, or not at all, is named', async () => {
  const tokens = { access_token: 'a', token_type: 'Bearer' }
  const answers = [
    { type: 'text/html', body: '<html>' },
    { status: 502, type: 'text/html', body: '<html>' },
    { status: 302, headers: { location: '/x' }, body: '' },
    { body: '[]' },
    { body: { ...tokens, access_token: undefined } },
    { body: { ...tokens, id_token: 5 } },
    { body: 'x'.repeat(300_000) },
  ]
  for (const answer of answers) {
    provider.script.token = answer
    assert.equal((await refused(logIn(provider))).error_type, 'oidc_auth_code_error')
  }
  provider.script.token = undefined
  provider.script.token_extra = { token_type: 'mac' }
  assert.equal((await refused(logIn(provider))).error_type, 'oidc_auth_code_error')
  provider.settings.token_url = 'http://127.0.0.1:1/token'
  assert.match((await refused(logIn(provider))).check.actual ?? '', /could not be reached/)
})

test('no check holds a token, a code or a secret', async () => {
  provider.script.token_extra = { refresh_token: 'refresh-token' }
  const parameters = { state: 'the-state', code: 'the-code' }
  const { checks, identity } = await logIn(provider, { parameters })
  const told = JSON.stringify(checks)
  const kept = [identity.id_token, identity.access_token, 'refresh-token', 'the-code']
  for (const secret of [...kept, client_secret, 'the-nonce', 'the-state', 'the-verifier']) {
    assert.ok(!told.includes(secret), secret)
  }
})

test('the state of a callback can be read before the login is known', () => {
  assert.equal(callbackState(new URLSearchParams('state=s&code=c')), 's')
  const types = ['', 'state=', 'state=a&state=b'].map((query) => {
    try {
      return callbackState(new URLSearchParams(query))
    } catch (error) {
      return (error as { error_type: string }).error_type
    }
  })
  assert.deepEqual(types, ['missing_oidc_state_param', 'missing_oidc_state_param', bad])
})
