import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AuthorizationRequest, authorizationURL } from './authorization.ts'
import { requestedScopes } from './settings.ts'

const request: AuthorizationRequest = {
  settings: {
    issuer: 'https://idp.example',
    client_id: 'client',
    authorization_url: 'https://idp.example/authorize?policy=p1&state=x',
  },
  redirect_uri: 'https://sso.example.com/callback',
  state: 'the-state',
  nonce: 'the-nonce',
  code_challenge: 'the-challenge',
  scopes: ['openid', 'email'],
}

test('the browser is sent with state, nonce and PKCE S256, the query of the provider kept', () => {
  const url = authorizationURL(request)
  assert.equal(url.origin + url.pathname, 'https://idp.example/authorize')
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    policy: 'p1',
    response_type: 'code',
    client_id: 'client',
    redirect_uri: 'https://sso.example.com/callback',
    scope: 'openid email',
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: 'the-challenge',
    code_challenge_method: 'S256',
  })
})

test('login_hint and prompt are passed on', () => {
  const url = authorizationURL({ ...request, login_hint: 'ada@example.com', prompt: ' login  x' })
  assert.equal(url.searchParams.get('login_hint'), 'ada@example.com')
  assert.equal(url.searchParams.get('prompt'), 'login x')
  const without = authorizationURL({ ...request, login_hint: '', prompt: '' }).searchParams
  assert.ok(!without.has('login_hint') && !without.has('prompt'))
})

test('prompt=none stands alone', () => {
  assert.equal(authorizationURL({ ...request, prompt: 'none' }).searchParams.get('prompt'), 'none')
  for (const prompt of ['none login', 'consent none']) {
    const error_type = 'oidc_prompt_none_must_be_exclusive'
    assert.throws(() => authorizationURL({ ...request, prompt }), { error_type })
  }
})

test('the browser is sent to https alone, or to http where the issuer itself is http', () => {
  const error_type = 'oidc_connection_authorization_url_invalid_format'
  for (const authorization_url of [
    ...['http://idp.example/a', 'javascript:alert(1)', 'data:text/html,x', '//idp.example/a'],
    ...['https://idp.example/a#fragment', 'https://user@idp.example/a', ''],
  ]) {
    const settings = { ...request.settings, authorization_url }
    assert.throws(() => authorizationURL({ ...request, settings }), { error_type })
  }
  const laptop = { issuer: 'http://127.0.0.1:4001', authorization_url: 'http://127.0.0.1:4001/a' }
  const settings = { ...request.settings, ...laptop }
  assert.equal(authorizationURL({ ...request, settings }).protocol, 'http:')
})

test('scopes of a connection replace the default, those at start are added', () => {
  assert.deepEqual(requestedScopes({ custom_scopes: '' }), ['openid', 'email', 'profile'])
  const custom = { custom_scopes: 'email groups' }
  assert.deepEqual(requestedScopes(custom), ['openid', 'email', 'groups'])
  const both = ['openid', 'email', 'groups', 'offline_access']
  assert.deepEqual(requestedScopes(custom, 'offline_access+email openid'), both)
})
