import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { importPKCS8, SignJWT } from 'jose'
import { currentSigningKey, signingKeys } from './keys.ts'
import { assertRefused, memberWithSession, start } from './session.test-kit.ts'

test('JWTs that are not ours are refused, and say why', async () => {
  const { authenticate, services, project } = await memberWithSession()
  const { session_jwt } = (await authenticate()).body
  const [header, payload, signature] = session_jwt.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const key = currentSigningKey(await signingKeys(services, project.project_id), start)
  const pem = key.private_key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const signed = async (changes: object, head = {}, privatePEM = pem) =>
    new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: 'RS256', kid: key.key_id, typ: 'JWT', ...head })
      .sign(await importPKCS8(privatePEM, 'RS256'))
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const publicPEM = key.public_key.export({ type: 'spki', format: 'pem' })
  const confused = `${part({ alg: 'HS256', kid: key.key_id, typ: 'JWT' })}.${payload}`
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
  assert.equal((await authenticate({ session_jwt: await signed({}) })).status, 200)
  const cases: [jwt: string, error_type: string][] = [
    ['nonsense', 'unable_to_parse_session_jwt'],
    [`${header}.${payload}`, 'unable_to_parse_session_jwt'],
    [`${header}.bm9uc2Vuc2U.${signature}`, 'unable_to_parse_session_jwt'],
    [`${header}.${part([1])}.${signature}`, 'unable_to_parse_session_jwt'],
    [`${header}.${part({ ...claims, sub: 'x' })}.${signature}`, 'unable_to_parse_session_jwt'],
    [`${part({ alg: 'none', typ: 'JWT' })}.${payload}.AA`, 'unable_to_parse_session_jwt'],
    [
      `${confused}.${createHmac('sha256', publicPEM).update(confused).digest('base64url')}`,
      'unable_to_parse_session_jwt',
    ],
    [await signed({}, { kid: 'jwk-test-unknown' }), 'unable_to_parse_session_jwt'],
    [await signed({}, { typ: 'at+jwt' }), 'unable_to_parse_session_jwt'],
    [await signed({}, {}, stranger), 'unable_to_parse_session_jwt'],
    [`${session_jwt}${'A'.repeat(40_000)}`, 'unable_to_parse_session_jwt'],
    [await signed({ aud: ['project-test-other'] }), 'jwt_invalid_audience'],
    [await signed({ aud: undefined }), 'jwt_invalid_audience'],
    [await signed({ iss: 'https://evil.example' }), 'jwt_invalid_issuer'],
    [await signed({ 'https://stytch.com/session': undefined }), 'jwt_invalid_claims'],
    [await signed({ 'https://stytch.com/organization': 'x' }), 'jwt_invalid_claims'],
    [await signed({ sub: undefined }), 'jwt_invalid_claims'],
  ]
  for (const [jwt, error_type] of cases)
    assertRefused(await authenticate({ session_jwt: jwt }), 400, error_type)
  for (const changes of [
    { 'https://stytch.com/session': { id: 'session-test-unknown' } },
    { sub: 'member-test-other' },
    { 'https://stytch.com/organization': { organization_id: 'organization-test-other' } },
  ])
    assertRefused(
      await authenticate({ session_jwt: await signed(changes) }),
      404,
      'session_not_found',
    )
})
