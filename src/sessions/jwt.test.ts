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
import { listen, type TestProject } from '../../tests/harness.ts'
import { rotateSigningKey } from './keys.ts'
import {
  addMember,
  addSession,
  callApp,
  newMemberSession,
  otherProcess,
  ownServer,
  samlFactor,
} from './session.test-kit.ts'

type App = Awaited<ReturnType<typeof ownServer>>['app']
const path = '/v1/b2b/sessions/authenticate'
const start = new Date('2026-03-01T12:00:00.900Z')
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000)

async function jwks(app: App, project: TestProject) {
  return (await callApp(app, { authorization: '' }, `/v1/b2b/sessions/jwks/${project.project_id}`))
    .body
}

async function authenticate(app: App, project: TestProject, body: object): Promise<string> {
  const answer = await callApp(app, project, path, body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.session_jwt
}

test('a session JWT has exactly the header and claims of the contract, and jose verifies it', async () => {
  const { app, services, setNow } = await ownServer()
  setNow(start)
  const { project, organization, member } = await newMemberSession(services, ['stytch_admin'])
  const factors = [samlFactor('saml-connection-test-1')]
  const { session_token, member_session_id } = await addSession(services, member, {
    factors,
    custom_claims: { plan: 'pro' },
  })
  const jwt = await authenticate(app, project, { session_token })
  const set = await jwks(app, project)
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

test('the JWKS is public, cached for five minutes, and each key has every field the SDKs read', async () => {
  const { app, services } = await ownServer()
  const { project } = await newMemberSession(services)
  const encoded = project.project_id.replaceAll('-', '%2D')
  const answer = await callApp(
    app,
    { authorization: 'Basic bm9uc2Vuc2U=' },
    `//v1/b2b/sessions/jwks/${encoded}`,
  )
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('cache-control') ?? '', /max-age=300/)
  assert.equal(answer.body.keys.length, 1)
  const { n, kid, ...rest } = answer.body.keys[0]
  assert.deepEqual(rest, {
    kty: 'RSA',
    use: 'sig',
    key_ops: ['verify'],
    alg: 'RS256',
    x5c: [],
    x5tS256: '',
    e: 'AQAB',
  })
  assert.match(kid, /^jwk-test-/)
  assert.equal(Buffer.from(n, 'base64url').length, 256)
  assert.equal(answer.body.status_code, 200)
})

test('the JWKS of an unknown project answers project_not_found', async () => {
  const { app } = await ownServer()
  const answer = await callApp(
    app,
    { authorization: '' },
    '/v1/b2b/sessions/jwks/project-test-none',
  )
  assert.equal(answer.status, 404)
  assert.equal(answer.body.error_type, 'project_not_found')
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
  const first = await authenticate(app, project, { session_token })
  setNow(after(29.9))
  assert.equal(await authenticate(app, project, { session_token }), first)
  setNow(after(30))
  const second = await authenticate(app, project, { session_token })
  assert.notEqual(second, first)
  assert.equal(decodeJwt(second).iat, decodeJwt(first).iat! + 30)
})

test('a JWT is signed anew at once when session, member or organization have changed', async () => {
  const { app, services, setNow } = await ownServer()
  setNow(start)
  const { project, session_token, member, organization } = await newMemberSession(services)
  const seen = new Set([await authenticate(app, project, { session_token })])
  const next = async (body = {}): Promise<JWTPayload> => {
    const jwt = await authenticate(app, project, { session_token, ...body })
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
  const { iat, exp } = decodeJwt(await authenticate(app, project, { session_token }))
  assert.equal(exp! - iat!, 60)
})

test('local checks go on through a rotation: published 15 minutes before, for an hour after', async () => {
  const { app, services, setNow } = await ownServer()
  setNow(start)
  const { project, member } = await newMemberSession(services)
  const { session_token } = await addSession(services, member, { minutes: 600 })
  const kids = async () => (await jwks(app, project)).keys.map((key: { kid: string }) => key.kid)
  const kidNow = async () =>
    decodeProtectedHeader(await authenticate(app, project, { session_token })).kid
  const [old] = await kids()
  const { key_id, signs_from } = await rotateSigningKey(services, project.project_id)
  assert.equal(signs_from.getTime(), after(900).getTime())
  // Clients that fetched at any moment since hold what verifies every JWT of the next hour.
  const fetched = createLocalJWKSet(await jwks(app, project))
  for (const seconds of [0, 300, 899.9, 900, 1_000, 4_400]) {
    setNow(after(seconds))
    const jwt = await authenticate(app, project, { session_token })
    await jwtVerify(jwt, fetched, { currentDate: after(seconds) })
    assert.equal(decodeProtectedHeader(jwt).kid, seconds < 900 ? old : key_id)
  }
  setNow(after(900 + 3_600))
  assert.deepEqual(await kids(), [old, key_id])
  setNow(after(900 + 3_601))
  assert.deepEqual(await kids(), [key_id])
  assert.equal(await kidNow(), key_id)
})

test('a JWT of a key that is published no more still finds its session', async () => {
  const { app, services, setNow } = await ownServer()
  setNow(start)
  const { project, member } = await newMemberSession(services)
  const { session_token, member_session_id } = await addSession(services, member, {
    minutes: 6_000,
  })
  const session_jwt = await authenticate(app, project, { session_token })
  await rotateSigningKey(services, project.project_id)
  setNow(after(86_400))
  assert.equal((await jwks(app, project)).keys.length, 1)
  const answer = await callApp(app, project, path, { session_jwt })
  assert.equal(answer.body.member_session.member_session_id, member_session_id)
  assert.notEqual(
    decodeProtectedHeader(answer.body.session_jwt).kid,
    decodeProtectedHeader(session_jwt).kid,
  )
})

test('a rotation at one process reaches the JWKS of another within a second', async () => {
  const [one, two] = [await ownServer(), await otherProcess()]
  const { project } = await newMemberSession(one.services)
  assert.equal((await jwks(one.app, project)).keys.length, 1)
  assert.equal((await jwks(two.app, project)).keys.length, 1)
  await rotateSigningKey(one.services, project.project_id)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  assert.equal((await jwks(two.app, project)).keys.length, 2)
})

test('two processes that need the first key at once end with one, encrypted in the database', async () => {
  const servers = [await ownServer(), await otherProcess()]
  const { services } = servers[0]!
  const { project, member } = await newMemberSession(services)
  const jwts = await Promise.all(
    servers.map(async ({ app }) => {
      const { session_token } = await addSession(services, member)
      return authenticate(app, project, { session_token })
    }),
  )
  const kids = new Set(jwts.map((jwt) => decodeProtectedHeader(jwt).kid))
  assert.equal(kids.size, 1)
  const rows = await services.db
    .selectFrom('signing_keys')
    .select(['key_id', 'private_key'])
    .where('project_id', '=', project.project_id)
    .execute()
  assert.deepEqual(
    rows.map((row) => row.key_id),
    [...kids],
  )
  assert.ok(!rows[0]!.private_key.includes('PRIVATE KEY'))
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
