import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { guardedFetch } from '../http/fetch.ts'
import { accessTokenHash } from './algorithms.ts'
import {
  logIn,
  makeKey,
  type Provider,
  refused,
  resetProvider,
  type SigningKey,
  seconds,
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

type Claims = Record<string, unknown>

const accepted: [situation: string, claims: Claims][] = [
  ['aud is a list of us alone', { aud: ['client'] }],
  ['azp names us', { azp: 'client' }],
  ['aud names others too and azp us', { aud: ['client', 'other'], azp: 'client' }],
  ['at_hash is that of the access token', { at_hash: accessTokenHash('ES256', 'access-token') }],
  ['the provider is 4 min ahead', { iat: seconds + 240, nbf: seconds + 240, exp: seconds + 540 }],
  ['the provider is 4 min behind', { iat: seconds - 240, nbf: seconds - 240, exp: seconds + 60 }],
  ['it expired a moment ago', { exp: seconds - 59 }],
  ['it was issued ten minutes ago', { iat: seconds - 600 }],
  ['it is of a kind that says nothing else', { typ: 'ID', sid: 'x', auth_time: 0, acr: '1' }],
]

for (const [situation, claims] of accepted) {
  test(`an ID token logs in where ${situation}`, async () => {
    Object.assign(provider.script.claims, claims)
    assert.equal((await logIn(provider)).identity.email, 'ada@example.com')
  })
}

const wrong = 'oidc_auth_code_error'
const expired = 'expired_oidc_response'
const foreign = 'unsolicited_oidc_response'
const nobody = 'oidc_response_subject_missing'

type Refusal = [situation: string, check: string, error_type: string, claims: Claims]

const hostile: Refusal[] = [
  ['iss is another', 'issuer', wrong, { iss: 'https://evil.example' }],
  ['iss is missing', 'issuer', wrong, { iss: undefined }],
  ['iss is a list', 'issuer', wrong, { iss: ['https://evil.example'] }],
  ['aud is another', 'audience', wrong, { aud: 'other' }],
  ['aud is missing', 'audience', wrong, { aud: undefined }],
  ['aud is an empty list', 'audience', wrong, { aud: [] }],
  ['aud begins as we are called', 'audience', wrong, { aud: 'client-2' }],
  ['aud names others and nobody azp', 'audience', wrong, { aud: ['client', 'other'] }],
  ['aud and azp name others', 'audience', wrong, { aud: ['client', 'other'], azp: 'other' }],
  ['azp is another, aud us alone', 'authorized_party', wrong, { azp: 'other' }],
  ['azp is null', 'authorized_party', wrong, { azp: null }],
  ['it has expired', 'expiry', expired, { exp: seconds - 61 }],
  ['exp is missing', 'expiry', wrong, { exp: undefined }],
  ['exp is text', 'expiry', wrong, { exp: String(seconds + 300) }],
  ['exp is beyond all time', 'expiry', wrong, { exp: 1e300 }],
  ['it was issued a week ago', 'issued_at', expired, { iat: seconds - 7 * 86_400 }],
  ['it was issued 11 min ago', 'issued_at', expired, { iat: seconds - 660 }],
  ['it was issued 6 min ahead', 'issued_at', wrong, { iat: seconds + 360 }],
  ['it was issued a day ahead', 'issued_at', wrong, { iat: seconds + 86_400, exp: seconds + 9e4 }],
  ['iat is missing', 'issued_at', wrong, { iat: undefined }],
  ['it is not valid yet', 'not_before', wrong, { nbf: seconds + 360 }],
  ['nbf is text', 'not_before', wrong, { nbf: 'now' }],
  ['nonce is another', 'nonce', foreign, { nonce: 'other' }],
  ['nonce is missing', 'nonce', foreign, { nonce: undefined }],
  ['sub is missing', 'subject', nobody, { sub: undefined }],
  ['sub is empty', 'subject', nobody, { sub: '' }],
  ['sub is a number', 'subject', nobody, { sub: 1 }],
  ['sub is endless', 'subject', nobody, { sub: 'x'.repeat(1025) }],
  ['at_hash is another', 'access_token_hash', wrong, { at_hash: accessTokenHash('ES256', 'x') }],
  ['at_hash is no text', 'access_token_hash', wrong, { at_hash: null }],
]

for (const [situation, check, error_type, claims] of hostile) {
  test(`an ID token is refused where ${situation}`, async () => {
    Object.assign(provider.script.claims, claims)
    const refusal = await refused(logIn(provider))
    assert.deepEqual([refusal.check.name, refusal.error_type], [`id_token_${check}`, error_type])
    assert.ok(!provider.seen.some(({ path }) => path === '/userinfo'))
  })
}

test('the iss of an ID token is compared to the letter', async () => {
  const { issuer } = provider
  for (const iss of [`${issuer}/`, ` ${issuer}`, issuer.toUpperCase(), issuer.slice(7)]) {
    provider.script.claims.iss = iss
    const { check } = await refused(logIn(provider))
    assert.deepEqual([check.name, check.expected], ['id_token_issuer', issuer])
  }
})

test('a refusal shows what was expected, what came, and who must act', async () => {
  provider.script.claims.aud = 'other\u202e\nclient'
  const { check, checks, message } = await refused(logIn(provider))
  assert.deepEqual(check, {
    name: 'id_token_audience',
    verdict: 'fail',
    expected: 'client',
    actual: 'other  client',
    fix: {
      who: 'it_admin',
      what: 'Set the client id of this connection to that of the application at the identity provider, or have the application issue its ID token for this client alone.',
    },
  })
  assert.equal(message, 'The ID token was made for another application.')
  assert.ok(checks.slice(0, -1).every(({ verdict }) => verdict !== 'fail'))
})
