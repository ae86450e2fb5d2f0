import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newProject } from '../../tests/harness.ts'
import { newToken } from '../db/secrets.ts'
import { after, assertRefused, callApp, memberWithSession } from './session.test-kit.ts'

const path = '/v1/b2b/sessions/authenticate'

test('a session token is answered with session, member, organization and JWT', async () => {
  const { authenticate, session_token, member, organization, member_session_id } =
    await memberWithSession()
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
  const { authenticate, setNow, member_session_id } = await memberWithSession()
  const { session_jwt } = (await authenticate()).body
  setNow(after(3_599))
  const { status, body } = await authenticate({ session_jwt })
  assert.equal(status, 200)
  assert.equal(body.member_session.member_session_id, member_session_id)
  assert.equal(body.session_token, '')
  assert.notEqual(body.session_jwt, session_jwt)
})

test('exactly one of token and JWT is wanted; an empty string and null are none', async () => {
  const { authenticate, session_token } = await memberWithSession()
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
  const { authenticate } = await memberWithSession()
  for (const session_token of ['short', `${newToken()}x y`, `${newToken()}'`, 'a'.repeat(5_000)])
    assertRefused(await authenticate({ session_token }), 400, 'invalid_session_token')
  assertRefused(await authenticate({ session_token: newToken() }), 404, 'session_not_found')
})

test("another project's token and JWT are refused", async () => {
  const { app, session_token, authenticate } = await memberWithSession()
  const { session_jwt } = (await authenticate()).body
  const other = await newProject()
  assertRefused(await callApp(app, other, path, { session_token }), 404, 'session_not_found')
  assertRefused(await callApp(app, other, path, { session_jwt }), 400, 'jwt_invalid_audience')
})

test('a session ends at its time, by token and by JWT', async () => {
  const { authenticate, session_token, setNow } = await memberWithSession()
  const { session_jwt } = (await authenticate()).body
  setNow(after(3_599))
  assert.equal((await authenticate()).status, 200)
  setNow(after(3_600))
  for (const body of [{ session_token }, { session_jwt }])
    assertRefused(await authenticate(body), 404, 'session_not_found')
})

test('the session of a deleted member is not found', async () => {
  for (const status of ['deleted', 'pending'] as const) {
    const { authenticate, services, member } = await memberWithSession()
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
  const { authenticate, session_token, setNow } = await memberWithSession()
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
  const { authenticate, session_token } = await memberWithSession()
  for (const session_duration_minutes of [4, 0, 527_041, 5.5, '60', true, [60]])
    assertRefused(
      await authenticate({ session_token, session_duration_minutes }),
      400,
      'invalid_session_duration_minutes',
    )
})

test('custom claims are kept, merged and deleted; a refused call changes nothing', async () => {
  const { authenticate, session_token } = await memberWithSession()
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
  const { authenticate, session_token } = await memberWithSession()
  const names = Array.from({ length: 12 }, (_, index) => `claim${index}`)
  await Promise.all(
    names.map((name) => authenticate({ session_token, session_custom_claims: { [name]: 1 } })),
  )
  const { custom_claims } = (await authenticate()).body.member_session
  assert.deepEqual(Object.keys(custom_claims).sort(), names.sort())
})

test('the last access is written once a minute, and a check costs one statement otherwise', async () => {
  const { authenticate, statements, setNow } = await memberWithSession()
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
  const { authenticate, session_token, organization } = await memberWithSession(['stytch_admin'])
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
