import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { rotateSigningKey } from './keys.ts'
import {
  addSession,
  after,
  callApp,
  jwksOf,
  newMemberSession,
  otherProcess,
  ownServer,
  sessionJWT,
  start,
} from './session.test-kit.ts'

const path = '/v1/b2b/sessions/authenticate'

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

test('local checks go on through a rotation: published 15 minutes before, for an hour after', async () => {
  const { app, services, setNow } = await ownServer()
  setNow(start)
  const { project, member } = await newMemberSession(services)
  const { session_token } = await addSession(services, member, { minutes: 600 })
  const kids = async () =>
    (await jwksOf(app, project.project_id)).keys.map((key: { kid: string }) => key.kid)
  const kidNow = async () =>
    decodeProtectedHeader(await sessionJWT(app, project, { session_token })).kid
  const [old] = await kids()
  const { key_id, signs_from } = await rotateSigningKey(services, project.project_id)
  assert.equal(signs_from.getTime(), after(900).getTime())
  // Clients that fetched at any moment since hold what verifies every JWT of the next hour.
  const fetched = createLocalJWKSet(await jwksOf(app, project.project_id))
  for (const seconds of [0, 300, 899.9, 900, 1_000, 4_400]) {
    setNow(after(seconds))
    const jwt = await sessionJWT(app, project, { session_token })
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
  const session_jwt = await sessionJWT(app, project, { session_token })
  await rotateSigningKey(services, project.project_id)
  setNow(after(86_400))
  assert.equal((await jwksOf(app, project.project_id)).keys.length, 1)
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
  assert.equal((await jwksOf(one.app, project.project_id)).keys.length, 1)
  assert.equal((await jwksOf(two.app, project.project_id)).keys.length, 1)
  await rotateSigningKey(one.services, project.project_id)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  assert.equal((await jwksOf(two.app, project.project_id)).keys.length, 2)
})

test('two processes that need the first key at once end with one, encrypted in the database', async () => {
  const servers = [await ownServer(), await otherProcess()]
  const { services } = servers[0]!
  const { project, member } = await newMemberSession(services)
  const jwts = await Promise.all(
    servers.map(async ({ app }) => {
      const { session_token } = await addSession(services, member)
      return sessionJWT(app, project, { session_token })
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
