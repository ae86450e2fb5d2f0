import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JWTPayload,
  jwtVerify,
} from 'jose'
import { B2BClient } from 'stytch'
import { listen } from '../../tests/harness.ts'
import {
  addMember,
  addSession,
  callApp,
  jwksOf,
  newMemberSession,
  ownServer,
  samlFactor,
  sessionJWT,
} from './session.test-kit.ts'

const path = '/v1/b2b/sessions/authenticate'
const start = new Date('2026-03-01T12:00:00.900Z')
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000)

test('a session JWT has exactly the header and claims of the contract, and jose verifies it', async () => {
  const { app, services, setNow } = await ownServer()
  setNow(start)
  const { project, organization, member } = await newMemberSession(services, ['stytch_admin'])
  const factors = [samlFactor('saml-connection-test-1')]
  const { session_token, member_session_id } = await addSession(services, member, {
    factors,
    custom_claims: { plan: 'pro' },
  })
  const jwt = await sessionJWT(app, project, { session_token })
  const set = await jwksOf(app, project.project_id)
  assert.deepEqual(decodeProtectedHeader(jwt), { alg: 'RS256', kid: set.keys[0].kid, typ: 'JWT' })
  const { payload } = await jwtVerify(jwt, createLocalJWKSet(set), {
    issuer: `stytch.com/${project.project_id}`,
    audience: project.project_id,
    algorithms: ['RS256'],
    currentDate: start,
  })
  const iat = Math.floor(start.getTime() / 1000)
  assert.deepEqual(payload, {
    plan: 'pro',
    iss: `stytch.com/${project.project_id}`,
    aud: [project.project_id],
    sub: member.member_id,
    iat,
    nbf: iat,
    exp: iat + 300,
    'https://stytch.com/organization': {
      organization_id: organization.organization_id,
      slug: organization.organization_slug,
    },
    'https://stytch.com/session': {
      id: member_session_id,
      started_at: '2026-03-01T12:00:00Z',
      last_accessed_at: '2026-03-01T12:00:00Z',
      expires_at: '2026-03-01T13:00:00Z',
      attributes: { ip_address: '', user_agent: '' },
      authentication_factors: factors,
      roles: ['stytch_member', 'stytch_admin'],
    },
  })
})

test('the official SDK checks a session JWT without a call, and an expired one with a call', async () => {
  const { app, services, setNow } = await ownServer()
  const { project, organization, member } = await newMemberSession(services)
  const { session_token, member_session_id } = await addSession(services, member, {
    custom_claims: { plan: 'pro' },
  })
  const client = new B2BClient({
    project_id: project.project_id,
    secret: project.secret,
    env: await listen(app),
  })
  setNow(new Date(Date.now() - 400_000))
  const { session_jwt: expired } = await client.sessions.authenticate({ session_token })
  setNow(null)
  const { session_jwt, member_session } = await client.sessions.authenticate({ session_token })
  const local = await client.sessions.authenticateJwtLocal({ session_jwt })
  const second = (time: string) => new Date(time).toISOString() // the SDK writes expires_at its own way
  assert.deepEqual(
    { ...local, expires_at: second(local.expires_at) },
    { ...member_session, expires_at: second(member_session.expires_at) },
  )
  assert.equal(local.organization_slug, organization.organization_slug)
  assert.deepEqual(local.custom_claims, { plan: 'pro' })
  await assert.rejects(client.sessions.authenticateJwtLocal({ session_jwt: expired }), {
    code: 'jwt_invalid',
  })
  const remote = await client.sessions.authenticateJwt({ session_jwt: expired })
  assert.equal(remote.member_session.member_session_id, member_session_id)
})

test('a JWT is used again for 30 seconds while nothing has changed, and signed anew after that', async () => {
  const { app, services, setNow } = await ownServer()
  setNow(start)
  const { project, session_token } = await newMemberSession(services)
  const first = await sessionJWT(app, project, { session_token })
  setNow(after(29.9))
  assert.equal(await sessionJWT(app, project, { session_token }), first)
  setNow(after(30))
  const second = await sessionJWT(app, project, { session_token })
  assert.notEqual(second, first)
  assert.equal(decodeJwt(second).iat, decodeJwt(first).iat! + 30)
})

test('a JWT is signed anew at once when session, member or organization have changed', async () => {
  const { app, services, setNow } = await ownServer()
  setNow(start)
  const { project, session_token, member, organization } = await newMemberSession(services)
  const seen = new Set([await sessionJWT(app, project, { session_token })])
  const next = async (body = {}): Promise<JWTPayload> => {
    const jwt = await sessionJWT(app, project, { session_token, ...body })
    assert.ok(!seen.has(jwt))
    seen.add(jwt)
    return decodeJwt(jwt)
  }
  assert.equal((await next({ session_custom_claims: { plan: 'pro' } })).plan, 'pro')
  await next({ session_duration_minutes: 120 })
  await services.db
    .updateTable('members')
    .set({ roles: ['stytch_admin'] })
    .where('member_id', '=', member.member_id)
    .execute()
  const session = (await next())['https://stytch.com/session'] as { roles: string[] }
  assert.ok(session.roles.includes('stytch_admin'))
  await services.db
    .updateTable('organizations')
    .set({ organization_slug: `new-${organization.organization_slug}` })
    .where('organization_id', '=', organization.organization_id)
    .execute()
  assert.deepEqual((await next())['https://stytch.com/organization'], {
    organization_id: organization.organization_id,
    slug: `new-${organization.organization_slug}`,
  })
})

test('a JWT does not outlive its session', async () => {
  const { app, services, setNow } = await ownServer()
  setNow(start)
  const { project, member } = await newMemberSession(services)
  const { session_token } = await addSession(services, member, { minutes: 5 })
  setNow(after(240))
  const { iat, exp } = decodeJwt(await sessionJWT(app, project, { session_token }))
  assert.equal(exp! - iat!, 60)
})

test('roles from SSO are in a session only by the connections that it came by', async () => {
  const { app, services } = await ownServer()
  const { project, organization } = await newMemberSession(services)
  const member = await addMember(services, organization)
  const now = services.now()
  const of = { project_id: project.project_id, organization_id: organization.organization_id }
  for (const connection_id of ['saml-connection-test-1', 'saml-connection-test-2']) {
    const timestamps = { created_at: now, updated_at: now }
    await services.db
      .insertInto('sso_connections')
      .values({
        ...of,
        ...timestamps,
        connection_id,
        type: 'saml',
        saml_connection_implicit_role_assignments: JSON.stringify(
          connection_id.endsWith('2') ? [{ role_id: 'stytch_admin' }] : [],
        ),
      })
      .execute()
    await services.db
      .insertInto('sso_registrations')
      .values({
        ...of,
        ...timestamps,
        connection_id,
        subject: 'alice',
        external_id: 'alice',
        registration_id: `saml-member-registration-test-${connection_id.slice(-1)}`,
        member_id: member.member_id,
      })
      .execute()
  }
  for (const [connection_id, roles] of [
    ['saml-connection-test-1', ['stytch_member']],
    ['saml-connection-test-2', ['stytch_member', 'stytch_admin']],
  ] as const) {
    const factors = [samlFactor(connection_id)]
    const { session_token } = await addSession(services, member, { factors })
    const answer = await callApp(app, project, path, { session_token })
    assert.deepEqual(answer.body.member_session.roles, roles)
    const session = decodeJwt(answer.body.session_jwt)['https://stytch.com/session']
    assert.deepEqual((session as { roles: string[] }).roles, roles)
    assert.equal(answer.body.member.is_admin, true)
  }
})
