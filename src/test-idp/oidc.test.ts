import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { type ServerType, serve } from '@hono/node-server'
import * as client from 'openid-client'
import { pressButton } from './press-button.ts'
import { createTestIdP, type TestIdP } from './test-idp.ts'

const CALLBACK = 'http://localhost:4000/v1/b2b/sso/callback/oidc-connection-test-1'
const SECRET = 'p+q & "r":s%'

let idp: TestIdP
let server: ServerType
let time = 0
const now = () => new Date(Date.now() + time)

before(async () => {
  const base_url = `http://localhost:${await freePort()}`
  const oidc_client = { client_id: 'client:1', client_secret: SECRET }
  idp = await createTestIdP({
    base_url,
    service_base_url: 'http://localhost:4000',
    oidc_client,
    now,
  })
  server = serve({
    fetch: idp.app.fetch,
    port: Number(new URL(base_url).port),
    hostname: 'localhost',
  })
  await once(server, 'listening')
})
after(() => server.close())

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, 'localhost')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

// openid-client is the relying party, at its strictest.
async function relyingParty(auth = client.ClientSecretBasic(SECRET)) {
  const { issuer, client_id } = idp.oidc
  const config = await client.discovery(new URL(issuer), client_id, undefined, auth, {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  })
  const code_verifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier: code_verifier, expectedState: 's&t', expectedNonce: 'n' }
  const code_challenge = await client.calculatePKCECodeChallenge(code_verifier)
  const start = (more: Record<string, string> = {}) =>
    client.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid email profile',
      state: 's&t',
      nonce: 'n',
      code_challenge,
      code_challenge_method: 'S256',
      ...more,
    })
  return { config, checks, start }
}

async function redirectOf(url: URL | string, init: RequestInit = {}): Promise<URL> {
  const response = await fetch(url, { redirect: 'manual', ...init })
  assert.equal(response.status, 303, await response.text())
  return new URL(response.headers.get('location') ?? '')
}

async function press(url: URL, label: string, typed?: Record<string, string>): Promise<URL> {
  const { action, method, fields } = pressButton(await (await fetch(url)).text(), label, typed)
  return redirectOf(new URL(action, url), { method, body: fields })
}

for (const [name, auth] of Object.entries({
  client_secret_basic: client.ClientSecretBasic(SECRET),
  client_secret_post: client.ClientSecretPost(SECRET),
})) {
  test(`the code flow with PKCE, state and nonce satisfies openid-client (${name})`, async () => {
    const { config, checks, start } = await relyingParty(auth)
    const back = await press(start(), 'ada.lovelace@acme.test')
    assert.equal(back.origin + back.pathname, CALLBACK)
    assert.equal(back.searchParams.get('iss'), idp.oidc.issuer)
    const tokens = await client.authorizationCodeGrant(config, back, checks)
    const { iat, exp, auth_time, at_hash, ...claims } = tokens.claims() ?? assert.fail()
    assert.equal(exp - iat, 3600)
    assert.ok(typeof auth_time === 'number' && typeof at_hash === 'string')
    const identity = {
      sub: 'idp-user-ada-lovelace',
      email: 'ada.lovelace@acme.test',
      email_verified: true,
      name: 'Ada Lovelace',
      given_name: 'Ada',
      family_name: 'Lovelace',
      department: 'Analytical Engines',
      groups: ['engineering', 'admins'],
    }
    const { issuer: iss, client_id: aud } = idp.oidc
    assert.deepEqual(claims, { ...identity, iss, aud, nonce: 'n' })
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, identity.sub)
    assert.deepEqual(userinfo, identity)
  })
}

test('login_hint chooses the user and skips the page, also with prompt=none; prompt=login shows it', async () => {
  const { config, checks, start } = await relyingParty()
  for (const prompt of ['', 'none']) {
    const login_hint = 'mallory@elsewhere.test'
    const back = await redirectOf(start({ login_hint, ...(prompt && { prompt }) }))
    const claims = (await client.authorizationCodeGrant(config, back, checks)).claims()
    assert.equal(claims?.email, login_hint)
    assert.equal(claims.email_verified, false)
    assert.deepEqual(claims.groups, [])
  }
  const page = await fetch(start({ login_hint: 'new@acme.test', prompt: 'login' }))
  assert.equal(page.status, 200)
  assert.match(await page.text(), /value="new@acme.test"/)
})

test('any e-mail address can sign in', async () => {
  const { config, checks, start } = await relyingParty()
  const back = await press(start(), 'Sign in', {
    email: 'x@y.test',
    name: 'Xa Yb',
    groups: 'g1,g2',
  })
  const claims = (await client.authorizationCodeGrant(config, back, checks)).claims()
  assert.equal(claims?.email, 'x@y.test')
  assert.equal(claims.family_name, 'Yb')
  assert.deepEqual(claims.groups, ['g1', 'g2'])
})

test('the scope decides about e-mail address and names', async () => {
  const { config, checks, start } = await relyingParty()
  const back = await press(start({ scope: 'openid' }), 'ada.lovelace@acme.test')
  const claims = (await client.authorizationCodeGrant(config, back, checks)).claims()
  assert.equal(claims?.email, undefined)
  assert.equal(claims?.name, undefined)
  assert.equal(claims?.sub, 'idp-user-ada-lovelace')
})

test('errors go back to the client, with state and iss', async () => {
  const { start } = await relyingParty()
  const cancelled = await press(start(), 'Cancel')
  const cases: [URL, string][] = [
    [cancelled, 'access_denied'],
    [await redirectOf(start({ prompt: 'none' })), 'login_required'],
    [await redirectOf(start({ prompt: 'none', login_hint: 'nobody' })), 'login_required'],
    [await redirectOf(start({ prompt: 'none login' })), 'invalid_request'],
    [await redirectOf(start({ code_challenge_method: 'plain' })), 'invalid_request'],
    [await redirectOf(start({ response_type: 'token' })), 'unsupported_response_type'],
    [await redirectOf(start({ response_mode: 'fragment' })), 'invalid_request'],
    [await redirectOf(start({ scope: 'email' })), 'invalid_scope'],
    [await redirectOf(start({ request: 'x' })), 'request_not_supported'],
  ]
  for (const [back, error] of cases) {
    assert.equal(back.searchParams.get('error'), error)
    assert.equal(back.searchParams.get('state'), 's&t')
    assert.equal(back.searchParams.get('iss'), idp.oidc.issuer)
    assert.equal(back.searchParams.get('code'), null)
  }
})

test('a wrong client, a foreign redirect_uri or a parameter given twice never redirects', async () => {
  const { start } = await relyingParty()
  const twice = start()
  twice.searchParams.append('state', 'other')
  const urls = [
    start({ redirect_uri: 'https://evil.test/' }),
    start({ redirect_uri: `${CALLBACK}#f` }),
    start({ redirect_uri: 'http://localhost:4000@evil.test/' }),
    start({ client_id: 'other' }),
    twice,
  ]
  for (const url of urls) {
    assert.equal((await fetch(url, { redirect: 'manual' })).status, 400, url.href)
  }
})

async function exchange(back: URL, change: Record<string, string> = {}, secret = SECRET) {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: idp.oidc.client_id,
    client_secret: secret,
    code: back.searchParams.get('code') ?? '',
    redirect_uri: CALLBACK,
    ...change,
  })
  const response = await fetch(`${idp.oidc.issuer}/token`, { method: 'POST', body })
  const answer = (await response.json()) as { error?: string }
  return `${response.status} ${answer.error ?? 'ok'}`
}

test('a code is redeemed once, within a minute, by the client and with the verifier it was made for', async () => {
  const { checks, start } = await relyingParty()
  const fresh = () => redirectOf(start({ login_hint: 'ada.lovelace@acme.test' }))
  const code_verifier = checks.pkceCodeVerifier
  const back = await fresh()
  assert.equal(await exchange(back, { code_verifier }, 'wrong'), '401 invalid_client')
  assert.equal(await exchange(back, { code_verifier }), '200 ok')
  assert.equal(await exchange(back, { code_verifier }), '400 invalid_grant')
  assert.equal(
    await exchange(await fresh(), { code_verifier: 'x'.repeat(43) }),
    '400 invalid_grant',
  )
  assert.equal(await exchange(await fresh()), '400 invalid_grant')
  const other = { code_verifier, redirect_uri: `${CALLBACK}2` }
  assert.equal(await exchange(await fresh(), other), '400 invalid_grant')
  const grant = { code_verifier, grant_type: 'password' }
  assert.equal(await exchange(await fresh(), grant), '400 unsupported_grant_type')
  const late = await fresh()
  time = 61_000
  assert.equal(await exchange(late, { code_verifier }), '400 invalid_grant')
  time = 0
})

test('userinfo wants an access token, for as long as it lives', async () => {
  const { config, checks, start } = await relyingParty()
  const back = await redirectOf(start({ login_hint: 'ada.lovelace@acme.test' }))
  const { access_token } = await client.authorizationCodeGrant(config, back, checks)
  const ask = async (authorization: string) => {
    const response = await fetch(`${idp.oidc.issuer}/userinfo`, { headers: { authorization } })
    return `${response.status} ${response.headers.get('www-authenticate') ?? ''}`.trim()
  }
  assert.equal(await ask(`Bearer ${access_token}`), '200')
  assert.equal(await ask('Bearer x'), '401 Bearer error="invalid_token"')
  assert.equal(await ask(''), '401 Bearer')
  time = 3_601_000
  assert.equal(await ask(`Bearer ${access_token}`), '401 Bearer error="invalid_token"')
  time = 0
})
