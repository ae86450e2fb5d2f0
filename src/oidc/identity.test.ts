import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { SignJWT } from 'jose'
import { guardedFetch } from '../http/fetch.ts'
import {
  logIn,
  makeKey,
  type Provider,
  refused,
  resetProvider,
  type SigningKey,
  sign,
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

const ada = { sub: 'ada-1', email: 'ada@example.com', name: 'Ada Lovelace' }
const bare = { email: undefined, name: undefined }
const nested = (depth: number): unknown => (depth === 0 ? 'x' : [nested(depth - 1)])

test('an identity holds subject, names, claims, tokens and scopes', async () => {
  Object.assign(provider.script.claims, { given_name: ' Ada ', family_name: 'Lovelace' })
  const extra = { refresh_token: 'r', expires_in: '3600', scope: 'openid email  groups' }
  provider.script.token_extra = extra
  const { identity } = await logIn(provider)
  const { claims, id_token, ...rest } = identity
  assert.deepEqual(rest, {
    issuer: provider.issuer,
    subject: 'ada-1',
    email: 'ada@example.com',
    email_verified: true,
    name: 'Ada Lovelace',
    given_name: 'Ada',
    family_name: 'Lovelace',
    access_token: 'access-token',
    refresh_token: 'r',
    expires_in: 3600,
    scopes: ['openid', 'email', 'groups'],
  })
  assert.equal(id_token.split('.').length, 3)
  assert.equal(claims.nonce, 'the-nonce')
})

test('what the token endpoint leaves out, or calls null, is left out, and the scopes are those asked for', async () => {
  for (const absent of [undefined, null]) {
    provider.script.token_extra = { refresh_token: absent, expires_in: absent, scope: absent }
    const { identity } = await logIn(provider)
    assert.deepEqual(identity.scopes, ['openid', 'email', 'profile'])
    assert.ok(!('refresh_token' in identity) && !('expires_in' in identity))
  }
})

test('userinfo adds what the ID token lacks and overrides nothing', async () => {
  Object.assign(provider.script.claims, { ...bare, department: 'from ID token' })
  const others = { iss: 'https://evil.example', aud: 'x', nonce: 'x', department: 'from userinfo' }
  provider.script.userinfo.body = { ...ada, ...others, groups: ['admins'] }
  const { identity } = await logIn(provider)
  assert.deepEqual([identity.email, identity.name], [ada.email, ada.name])
  const { iss, nonce, department, groups } = identity.claims
  assert.deepEqual(
    { iss, nonce, department, groups },
    { iss: provider.issuer, nonce: 'the-nonce', department: 'from ID token', groups: ['admins'] },
  )
})

test('claims named like parts of JavaScript are claims', async () => {
  const text = JSON.stringify(ada).replace('{', '{"__proto__":{"admin":true},"constructor":"x",')
  provider.script.userinfo.body = text
  const { claims } = (await logIn(provider)).identity
  assert.equal(Object.getPrototypeOf(claims), null)
  assert.equal(claims.admin, undefined)
  const own = new Map(Object.entries(claims))
  assert.deepEqual([own.get('__proto__'), own.get('constructor')], [{ admin: true }, 'x'])
})

test('without a userinfo URL the ID token is enough', async () => {
  provider.settings.userinfo_url = ''
  const { identity, checks } = await logIn(provider)
  assert.equal(identity.email, 'ada@example.com')
  assert.equal(checks.find(({ name }) => name === 'userinfo')?.verdict, 'skip')
})

test('userinfo about another subject is refused', async () => {
  provider.script.userinfo.body = { ...ada, sub: 'mallory-1' }
  const { check, error_type } = await refused(logIn(provider))
  assert.equal(error_type, 'oidc_response_subject_mismatch')
  assert.deepEqual([check.expected, check.actual], ['ada-1', 'mallory-1'])
})

test('userinfo that answers otherwise, or not at all, is refused', async () => {
  const answers = [
    { status: 401, body: {} },
    { status: 500, body: ada },
    { status: 302, headers: { location: '/x' }, body: '' },
    { type: 'text/html', body: '<html>' },
    { body: '[]' },
    { body: { ...ada, sub: undefined } },
    { body: { ...ada, sub: 1 } },
    { body: 'x'.repeat(300_000) },
    { body: { ...ada, deep: nested(33) } },
    { body: `{"sub":"ada-1","deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}` },
    { type: 'application/jwt', body: 'x.y.z' },
  ]
  for (const answer of answers) {
    provider.script.userinfo = answer
    const { error_type, check } = await refused(logIn(provider))
    assert.deepEqual([error_type, check.name], ['oidc_invalid_userinfo', 'userinfo'])
  }
  provider.script.userinfo = { status: 403, body: {} }
  assert.equal((await refused(logIn(provider))).check.actual, 'status 403')
  provider.settings.userinfo_url = 'http://127.0.0.1:1/'
  assert.match((await refused(logIn(provider))).check.actual ?? '', /could not be reached/)
})

test('claims may be nested, and those that are nested too deeply are refused before anything shows them', async () => {
  provider.script.userinfo.body = { ...ada, deep: nested(31) }
  assert.deepEqual((await logIn(provider)).identity.claims.deep, nested(31))
  provider.script.claims.deep = nested(3_000)
  const { error_type, check } = await refused(logIn(provider))
  assert.deepEqual([error_type, check.name], ['oidc_auth_code_error', 'token_response'])
})

test('signed userinfo is verified like an ID token', async () => {
  const claims = { ...ada, iss: provider.issuer, aud: 'client', locale: 'en' }
  provider.script.userinfo = {
    type: 'application/jwt',
    body: await sign(provider.script, claims),
  }
  const { identity, checks } = await logIn(provider)
  assert.equal(identity.claims.locale, 'en')
  assert.ok(checks.some(({ name, verdict }) => name === 'userinfo_signature' && verdict === 'pass'))

  const other = await makeKey('ES256', 'key-1')
  provider.script.userinfo.body = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid: 'key-1' })
    .sign(other.privateKey)
  const { check, error_type } = await refused(logIn(provider))
  assert.deepEqual([check.name, error_type], ['userinfo_signature', 'oidc_invalid_userinfo'])

  provider.script.userinfo.body = await sign(provider.script, { ...claims, aud: 'other' })
  assert.equal((await refused(logIn(provider))).error_type, 'oidc_invalid_userinfo')
})

test('a login without e-mail address or name is refused, and says which claims came', async () => {
  for (const email of [undefined, '', '  ', 5, ['ada@example.com']]) {
    provider.script.claims.email = email
    const { error_type, check } = await refused(logIn(provider))
    assert.equal(error_type, 'oidc_response_email_missing')
    assert.match(check.actual ?? '', /^the claims .*sub/)
  }
  provider.script.claims.email = 'ada@example.com'
  provider.script.claims.name = undefined
  provider.script.claims.preferred_username = 'ada'
  assert.equal((await refused(logIn(provider))).error_type, 'oidc_response_name_missing')
})

test('given and family name stand in for the name', async () => {
  const claims = { name: undefined, given_name: 'Ada', family_name: 'Lovelace' }
  Object.assign(provider.script.claims, claims)
  assert.equal((await logIn(provider)).identity.name, 'Ada Lovelace')
})

const words: [situation: string, idToken: object, userinfo: object, verified: boolean | null][] = [
  ['nobody says anything', {}, {}, null],
  ['the ID token says true', { email_verified: true }, {}, true],
  ['the ID token says "true"', { email_verified: 'true' }, {}, true],
  ['the ID token says false', { email_verified: false }, {}, false],
  ['the ID token says "false"', { email_verified: 'False' }, {}, false],
  ['the ID token says something else', { email_verified: 1 }, {}, false],
  ['the ID token says null', { email_verified: null }, {}, null],
  ['userinfo says true', {}, { email_verified: true }, true],
  [
    'userinfo says false, the ID token true',
    { email_verified: true },
    { email_verified: false },
    false,
  ],
  [
    'userinfo says true of another address',
    {},
    { email: 'x@example.com', email_verified: true },
    null,
  ],
  [
    'userinfo says false of the same',
    {},
    { email: 'ADA@example.com', email_verified: false },
    false,
  ],
]
for (const [situation, idToken, userinfo, verified] of words) {
  test(`the address is ${verified === null ? 'not said to be' : verified ? '' : 'not'} verified where ${situation}`, async () => {
    Object.assign(provider.script.claims, idToken)
    provider.script.userinfo.body = { sub: 'ada-1', ...userinfo }
    const { identity, checks } = await logIn(provider)
    assert.equal(identity.email_verified, verified)
    const check = checks.find(({ name }) => name === 'email_verified')
    assert.equal(check?.verdict, verified === null ? 'skip' : verified ? 'pass' : 'fail')
    assert.equal(check?.fix?.who, verified === false ? 'it_admin' : undefined)
  })
}

test('claims that a database cannot keep are refused', async () => {
  for (const value of ['a\0b', '\ud800', { deep: [['\udc00']] }, { 'key\0': 1 }]) {
    provider.script.userinfo.body = { ...ada, value }
    assert.equal((await refused(logIn(provider))).check.name, 'claims_text')
  }
})
