import assert from 'node:assert/strict'
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { importPKCS8, SignJWT } from 'jose'
import { newProject } from '../../tests/harness.ts'
import { newToken } from '../db/secrets.ts'
import { currentSigningKey, signingKeys } from './keys.ts'
import {
  addMember,
  addOrganization,
  addSession,
  callApp,
  newMemberSession,
  ownServer,
} from './session.test-kit.ts'
import { deleteExpiredSessions } from './session.ts'

const path = '/v1/b2b/sessions/authenticate'
const revoke = '/v1/b2b/sessions/revoke'
const start = new Date('2026-03-01T12:00:00Z')
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000)

async function setup(roles: string[] = []) {
  const made = await ownServer()
  made.setNow(start)
  const of = await newMemberSession(made.services, roles)
  const { session_token } = of
  return {
    ...made,
    ...of,
    authenticate: (body: object = { session_token }) => callApp(made.app, of.project, path, body),
    revoke: (body: object, headers = {}) => callApp(made.app, of.project, revoke, body, headers),
    sessions: (query: string) => callApp(made.app, of.project, `/v1/b2b/sessions?${query}`),
  }
}

function assertRefused(
  answer: { status: number; body: { error_type?: string } },
  status: number,
  error_type: string,
) {
  assert.deepEqual([answer.status, answer.body.error_type], [status, error_type])
}

test('a session token is answered with session, member, organization and JWT', async () => {
  const { authenticate, session_token, member, organization, member_session_id } = await setup()
  const { status, body } = await authenticate()
  assert.equal(status, 200)
  assert.equal(body.session_token, session_token)
  assert.equal(body.member.member_id, member.member_id)
  assert.equal(body.organization.organization_id, organization.organization_id)
  assert.equal(body.verdict, null)
  assert.deepEqual(body.member_session, {
    member_session_id,
    member_id: member.member_id,
    organization_id: organization.organization_id,
    organization_slug: organization.organization_slug,
    started_at: '2026-03-01T12:00:00Z',
    last_accessed_at: '2026-03-01T12:00:00Z',
    expires_at: '2026-03-01T13:00:00Z',
    authentication_factors: body.member_session.authentication_factors,
    roles: ['stytch_member'],
    custom_claims: {},
  })
  assert.equal(body.member_session.authentication_factors.length, 1)
})

test('a JWT is as good as a token, expired too, but the token is not given back for it', async () => {
  const { authenticate, setNow, member_session_id } = await setup()
  const { session_jwt } = (await authenticate()).body
  setNow(after(3_599))
  const { status, body } = await authenticate({ session_jwt })
  assert.equal(status, 200)
  assert.equal(body.member_session.member_session_id, member_session_id)
  assert.equal(body.session_token, '')
  assert.notEqual(body.session_jwt, session_jwt)
})

test('exactly one of token and JWT is wanted; an empty string and null are none', async () => {
  const { authenticate, session_token } = await setup()
  for (const body of [{}, { session_token: '' }, { session_token: null, session_jwt: '' }])
    assertRefused(await authenticate(body), 400, 'no_session_arguments')
  const both = { session_token, session_jwt: 'a.b.c' }
  assertRefused(await authenticate(both), 400, 'too_many_session_arguments')
  const nulls = {
    session_token,
    session_jwt: null,
    session_duration_minutes: null,
    session_custom_claims: null,
    authorization_check: null,
  }
  assert.equal((await authenticate(nulls)).status, 200)
})

test('what is no token is invalid, an unknown token is not found', async () => {
  const { authenticate } = await setup()
  for (const session_token of ['short', `${newToken()}x y`, `${newToken()}'`, 'a'.repeat(5_000)])
    assertRefused(await authenticate({ session_token }), 400, 'invalid_session_token')
  assertRefused(await authenticate({ session_token: newToken() }), 404, 'session_not_found')
})

test("another project's token and JWT are refused", async () => {
  const { app, session_token, authenticate } = await setup()
  const { session_jwt } = (await authenticate()).body
  const other = await newProject()
  assertRefused(await callApp(app, other, path, { session_token }), 404, 'session_not_found')
  assertRefused(await callApp(app, other, path, { session_jwt }), 400, 'jwt_invalid_audience')
})

test('a session ends at its time, by token and by JWT', async () => {
  const { authenticate, session_token, setNow } = await setup()
  const { session_jwt } = (await authenticate()).body
  setNow(after(3_599))
  assert.equal((await authenticate()).status, 200)
  setNow(after(3_600))
  for (const body of [{ session_token }, { session_jwt }])
    assertRefused(await authenticate(body), 404, 'session_not_found')
})

test('the session of a deleted member is not found', async () => {
  for (const status of ['deleted', 'pending'] as const) {
    const { authenticate, services, member } = await setup()
    const { session_jwt } = (await authenticate()).body
    await services.db
      .updateTable('members')
      .set({ status })
      .where('member_id', '=', member.member_id)
      .execute()
    assertRefused(await authenticate(), 404, 'session_not_found')
    assertRefused(await authenticate({ session_jwt }), 404, 'session_not_found')
  }
})

test('a session is extended only when a duration is given, from now on', async () => {
  const { authenticate, session_token, setNow } = await setup()
  setNow(after(1_800))
  const expires = async (body: object = { session_token }) =>
    (await authenticate(body)).body.member_session.expires_at
  assert.equal(await expires(), '2026-03-01T13:00:00Z')
  const longer = await expires({ session_token, session_duration_minutes: 120 })
  assert.equal(longer, '2026-03-01T14:30:00Z')
  assert.equal(await expires(), '2026-03-01T14:30:00Z')
  const shorter = await expires({ session_token, session_duration_minutes: 5 })
  assert.equal(shorter, '2026-03-01T12:35:00Z')
})

test('a duration that is not 5 to 527040 whole minutes is refused', async () => {
  const { authenticate, session_token } = await setup()
  for (const session_duration_minutes of [4, 0, 527_041, 5.5, '60', true, [60]])
    assertRefused(
      await authenticate({ session_token, session_duration_minutes }),
      400,
      'invalid_session_duration_minutes',
    )
})

test('custom claims are kept, merged and deleted; a refused call changes nothing', async () => {
  const { authenticate, session_token } = await setup()
  const claims = async (session_custom_claims: object) => {
    const answer = await authenticate({ session_token, session_custom_claims })
    return answer.body.member_session.custom_claims
  }
  assert.deepEqual(await claims({ plan: 'pro', flags: { a: 1 } }), { plan: 'pro', flags: { a: 1 } })
  assert.deepEqual(await claims({ plan: null, flags: { b: 2 } }), { flags: { a: 1, b: 2 } })
  assert.deepEqual(await claims({}), { flags: { a: 1, b: 2 } })
  for (const [session_custom_claims, error_type] of [
    [{ sub: 'x' }, 'reserved_claims_in_custom_claims'],
    [{ 'https://stytch.com/session': {} }, 'stytch_claims_in_custom_claims'],
    [{ text: 'x'.repeat(4_097) }, 'custom_claims_too_large'],
    ['text', 'bad_request'],
    [[1], 'bad_request'],
  ] as const)
    assertRefused(
      await authenticate({ session_token, session_custom_claims, session_duration_minutes: 500 }),
      400,
      error_type,
    )
  const { member_session } = (await authenticate()).body
  assert.deepEqual(member_session.custom_claims, { flags: { a: 1, b: 2 } })
  assert.equal(member_session.expires_at, '2026-03-01T13:00:00Z')
})

test('claims that come at the same time are all kept', async () => {
  const { authenticate, session_token } = await setup()
  const names = Array.from({ length: 12 }, (_, index) => `claim${index}`)
  await Promise.all(
    names.map((name) => authenticate({ session_token, session_custom_claims: { [name]: 1 } })),
  )
  const { custom_claims } = (await authenticate()).body.member_session
  assert.deepEqual(Object.keys(custom_claims).sort(), names.sort())
})

test('the last access is written once a minute, and a check costs one statement otherwise', async () => {
  const { authenticate, statements, setNow } = await setup()
  await authenticate()
  await new Promise((resolve) => setTimeout(resolve, 200)) // the notice of the new key, which empties the cache
  await authenticate()
  statements()
  setNow(after(59))
  assert.equal((await authenticate()).body.member_session.last_accessed_at, '2026-03-01T12:00:00Z')
  assert.equal(statements(), 1)
  setNow(after(60))
  assert.equal((await authenticate()).body.member_session.last_accessed_at, '2026-03-01T12:01:00Z')
  assert.equal(statements(), 2)
  assert.equal((await authenticate()).body.member_session.last_accessed_at, '2026-03-01T12:01:00Z')
  assert.equal(statements(), 1)
})

test('an authorization check names the roles that grant, and refuses what no role permits', async () => {
  const { authenticate, session_token, organization } = await setup(['stytch_admin'])
  const check = (authorization_check: object) =>
    authenticate({ session_token, authorization_check })
  const granted = { resource_id: 'stytch.sso', action: 'create' }
  for (const organization_id of [
    organization.organization_id,
    organization.organization_slug,
    organization.organization_external_id,
  ])
    assert.deepEqual((await check({ organization_id, ...granted })).body.verdict, {
      authorized: true,
      granting_roles: ['stytch_admin'],
    })
  const { organization_id } = organization
  const self = await check({ organization_id, resource_id: 'stytch.self', action: 'read' })
  assert.deepEqual(self.body.verdict.granting_roles, ['stytch_member'])
  assertRefused(
    await check({ organization_id, resource_id: 'documents', action: 'read' }),
    403,
    'session_authorization_error',
  )
  assertRefused(
    await check({ organization_id: 'organization-test-other', ...granted }),
    403,
    'session_authorization_tenancy_error',
  )
  assertRefused(await check({ organization_id }), 400, 'bad_request')
})

test('JWTs that are not ours are refused, and say why', async () => {
  const { authenticate, services, project } = await setup()
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

test('the active sessions of a member are listed, by any reference', async () => {
  const { sessions, services, organization, member, setNow, member_session_id } = await setup()
  const second = await addSession(services, member, { minutes: 120 })
  const colleague = await addMember(services, organization)
  await addSession(services, colleague)
  const ids = async (organization_id: string, member_id: string) => {
    const { body } = await sessions(`organization_id=${organization_id}&member_id=${member_id}`)
    return body.member_sessions.map((each: { member_session_id: string }) => each.member_session_id)
  }
  const both = [member_session_id, second.member_session_id]
  assert.deepEqual(await ids(organization.organization_id, member.member_id), both)
  assert.deepEqual(await ids(organization.organization_slug, member.external_id), both)
  setNow(after(3_600))
  const left = [second.member_session_id]
  assert.deepEqual(await ids(organization.organization_external_id, member.member_id), left)
})

test('listing refuses unknown organizations and members, and those of others', async () => {
  const { sessions, services, project, organization, member } = await setup()
  const elsewhere = await addOrganization(services, project.project_id)
  const { organization_id } = organization
  const { member_id } = member
  for (const [query, status, error_type] of [
    [`organization_id=none&member_id=${member_id}`, 404, 'organization_not_found'],
    [`organization_id=${organization_id}&member_id=none`, 404, 'member_not_found'],
    [
      `organization_id=${elsewhere.organization_id}&member_id=${member_id}`,
      404,
      'member_not_found',
    ],
    [`organization_id=${organization_id}`, 400, 'bad_request'],
  ] as const)
    assertRefused(await sessions(query), status, error_type)
})

test('a session is revoked by id, token or JWT, at once and once', async () => {
  for (const name of ['member_session_id', 'session_token', 'session_jwt'] as const) {
    const of = await setup()
    const { session_jwt } = (await of.authenticate()).body
    const spared = await addSession(of.services, of.member)
    const target = { [name]: { ...of, session_jwt }[name] }
    const answer = await of.revoke(target)
    assert.equal(answer.status, 200)
    assert.deepEqual(Object.keys(answer.body).sort(), ['request_id', 'status_code'])
    assertRefused(await of.authenticate(), 404, 'session_not_found')
    assertRefused(await of.authenticate({ session_jwt }), 404, 'session_not_found')
    assertRefused(await of.revoke(target), 404, 'session_not_found')
    assert.equal((await of.authenticate({ session_token: spared.session_token })).status, 200)
  }
})

test('revoking a member ends all sessions of that member and no other', async () => {
  const of = await setup()
  const second = await addSession(of.services, of.member)
  const colleague = await addMember(of.services, of.organization)
  const spared = await addSession(of.services, colleague)
  assert.equal((await of.revoke({ member_id: of.member.member_id })).status, 200)
  for (const { session_token } of [of, second])
    assertRefused(await of.authenticate({ session_token }), 404, 'session_not_found')
  assert.equal((await of.authenticate({ session_token: spared.session_token })).status, 200)
  assertRefused(await of.revoke({ member_id: 'member-test-none' }), 404, 'member_not_found')
})

test('revoking wants exactly one argument', async () => {
  const of = await setup()
  for (const body of [{}, { session_token: '', member_id: null }])
    assertRefused(await of.revoke(body), 400, 'no_session_revoke_arguments')
  const { session_token, member_session_id } = of
  assertRefused(
    await of.revoke({ session_token, member_session_id }),
    400,
    'too_many_session_revoke_arguments',
  )
  assertRefused(await of.revoke({ session_token: 'x' }), 400, 'invalid_session_token')
  assertRefused(await of.revoke({ session_jwt: 'x' }), 400, 'unable_to_parse_session_jwt')
  assert.equal((await of.authenticate()).status, 200)
})

test("another project's session cannot be revoked", async () => {
  const of = await setup()
  const other = await newProject()
  for (const [body, error_type] of [
    [{ member_session_id: of.member_session_id }, 'session_not_found'],
    [{ session_token: of.session_token }, 'session_not_found'],
    [{ member_id: of.member.member_id }, 'member_not_found'],
  ] as const)
    assertRefused(await callApp(of.app, other, revoke, body), 404, error_type)
  assert.equal((await of.authenticate()).status, 200)
})

test('expired sessions are deleted in batches, oldest first, and live ones stay', async () => {
  const { services, member, authenticate } = await setup()
  for (const minutes of [5, 6, 7]) await addSession(services, member, { minutes })
  const left = async () => {
    const rows = await services.db
      .selectFrom('sessions')
      .select('expires_at')
      .where('member_id', '=', member.member_id)
      .orderBy('expires_at')
      .execute()
    return rows.map((row) => (row.expires_at.getTime() - start.getTime()) / 60_000)
  }
  // Other tests leave sessions of other times in the same table.
  while ((await deleteExpiredSessions(services.db, after(5 * 60), 1)) > 0);
  assert.deepEqual(await left(), [6, 7, 60])
  while ((await deleteExpiredSessions(services.db, after(10 * 60), 100)) === 100);
  assert.deepEqual(await left(), [60])
  assert.equal((await authenticate()).status, 200)
})

test('a token is stored as its digest only', async () => {
  const { services, session_token, member } = await setup()
  const rows = await services.db
    .selectFrom('sessions')
    .select('token_hash')
    .where('member_id', '=', member.member_id)
    .execute()
  assert.deepEqual(
    rows.map((row) => row.token_hash),
    [createHash('sha256').update(session_token).digest()],
  )
})
