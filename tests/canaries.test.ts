/**
 * No secret is ever written to the log, told in a refusal, or stored in clear: every endpoint and the
 * whole login at level trace, with every secret that passes looked for afterwards.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import { createApp } from '../src/app.ts'
import { hashToken, newToken } from '../src/db/secrets.ts'
import type { Submission } from '../src/test-idp/press-button.ts'
import { type Position, spellingsOf, type Watched, watch } from './canaries.test-kit.ts'
import { calls, methodIds, pathOf, send } from './contract/calls.ts'
import { email_address, newTenant, type Tenant } from './contract/tenant.ts'
import { endpointOf, type MethodId } from './contract/types.ts'
import { call, server } from './harness.ts'
import { Browser, base_url, connectOIDC, testIdP, tokenOf } from './login.ts'

/** A database that does what it is told, and then says something with a secret in it. */
async function talkative(leak: string) {
  const { services } = await server()
  const db = services.db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: () => {
      throw Object.assign(new pg.DatabaseError(`invalid input syntax: "${leak}"`, 1, 'error'), {
        code: '22P02',
        detail: `Key (email_address)=(${leak}) already exists.`,
        where: `unnamed portal parameter $1 = '${leak}'`,
        parameters: [leak],
      })
    },
  })
  return createApp({ ...services, db })
}

function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** A value for every secret that a body can hold; the keys are broken, so that errors speak of them. */
function secretFields(private_key: string) {
  const broken = private_key.replace('\n', '\n!')
  return {
    sso_token: newToken(),
    session_token: newToken(),
    session_jwt: `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${newToken()}.${newToken()}`,
    intermediate_session_token: newToken(),
    pkce_code_verifier: newToken(),
    client_secret: newToken(),
    signing_private_key: broken,
    saml_encryption_private_key: broken,
    code: newToken(),
    state: newToken(),
  }
}

/** Calls an endpoint well, and in every way in which a secret could end in an error. */
async function callEveryWay(id: MethodId, tenant: Tenant, private_key: string): Promise<void> {
  const made = await calls[id](tenant)
  await send(tenant.project, id, made)
  const { method } = endpointOf[id]
  const path = pathOf(id, made)
  const secrets = secretFields(private_key)
  const takesBody = method === 'POST' || method === 'PUT'
  const query = `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(secrets)}`
  const wrong = Buffer.from(`${tenant.project.project_id}:secret-test-${newToken()}`)
  const headers = { authorization: `Basic ${wrong.toString('base64')}` }
  await call(tenant.project, method, path, takesBody ? made.body : undefined, headers)
  const session = (value: Record<string, string>) =>
    call(tenant.project, method, query, takesBody ? { ...made.body, ...secrets } : undefined, value)
  await session({})
  await session({ 'x-stytch-member-session': newToken() })
  await session({ 'x-stytch-member-sessionjwt': secrets.session_jwt })
  for (const [name, value] of Object.entries(takesBody ? secrets : {}))
    await call(tenant.project, method, path, { ...made.body, [name]: value })
  if (!takesBody) return
  const { app } = await server()
  const { authorization } = tenant.project
  const body = JSON.stringify(secrets)
  for (const broken of [body.slice(0, -1), body.replace(',', ',,'), body.replaceAll('"', "'")])
    await app.request(path, { method, headers: { authorization }, body: broken })
}

test('no endpoint writes a secret to the log, tells it in an error or stores it in clear', async (t) => {
  const watched = await watch(t)
  const tenant = await newTenant()
  const private_key = newPrivateKey()
  for (const id of methodIds) await callEveryWay(id, tenant, private_key)
  const keys = {
    signing_private_key: newPrivateKey(),
    saml_encryption_private_key: newPrivateKey(),
  }
  const path = `/v1/b2b/sso/saml/${tenant.organization_id}/connections/${tenant.saml}`
  assert.equal((await call(tenant.project, 'PUT', path, keys)).status, 200)
  const leak = `leak-${randomBytes(12).toString('hex')}`
  const failing = await talkative(leak)
  let failed = 0
  for (const id of methodIds) {
    const made = await calls[id](tenant)
    const { authorization } = tenant.project
    const { method } = endpointOf[id]
    const body = made.body && { body: JSON.stringify(made.body) }
    const init = { method, headers: { authorization }, ...body }
    const response = await failing.request(pathOf(id, made), init)
    watched.refusals.push(await response.text())
    if (response.status === 500) failed += 1
  }
  assert.ok(failed >= methodIds.length - 4, `${failed} calls met the failing database`)
  watched.note('client_secret', leak)

  const answered = new Set(watched.lines.map((line) => JSON.parse(line).route))
  for (const id of methodIds) assert.ok(answered.has(endpointOf[id].path), id)
  const errors = watched.lines.map((line) => JSON.parse(line)).filter((line) => line.level === 50)
  assert.ok(errors.length >= failed && errors.every((line) => line.err.stack.includes('at ')))
  for (const line of watched.lines.map((text) => JSON.parse(text)))
    if (line.msg === 'answered') assert.match(line.request_id, /^request-id-test-/)
  assertSeen(watched, [
    ...(['authorization', 'x-stytch-member-session', 'x-stytch-member-sessionjwt'] as const),
    ...(['sso_token', 'session_token', 'session_jwt', 'client_secret'] as const),
    ...(['signing_private_key', 'saml_encryption_private_key', 'pkce_code_verifier'] as const),
  ])
  await assertKept(watched, tenant)
})

/** A login over a connection: well, by a stranger, twice, spoilt, with the wrong verifier. */
async function loginEveryWay(tenant: Tenant, connection_id: string): Promise<void> {
  const verifier = newToken()
  const pkce_code_challenge = hashToken(verifier).toString('base64url')
  const browser = new Browser()
  const started = await browser.start(tenant, connection_id, { pkce_code_challenge })
  const answer = await browser.signIn(started, email_address)
  await new Browser().submit(answer)
  const stranger = new Browser()
  await stranger.start(tenant, connection_id)
  await stranger.submit(answer)
  const done = await browser.submit(answer)
  assert.equal(done.status, 303)
  await browser.submit(answer)
  const redeem = (body: object) => call(tenant.project, 'POST', '/v1/b2b/sso/authenticate', body)
  const sso_token = tokenOf(done)
  await redeem({ sso_token })
  await redeem({ sso_token, pkce_code_verifier: newToken() })
  const session = await redeem({ sso_token, pkce_code_verifier: verifier })
  assert.equal(session.status, 200)
  await redeem({ sso_token, pkce_code_verifier: verifier })

  for (const field of ['SAMLResponse', 'RelayState', 'code', 'state'])
    for (const spoil of [spoilEnd, spoilMiddle, () => newToken(), (text: string) => `${text}\0`]) {
      const next = await browser.signIn(await browser.start(tenant, connection_id), email_address)
      await browser.submit(changed(next, field, spoil))
    }
}

const spoilEnd = (text: string) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`
const spoilMiddle = (text: string) =>
  `${text.slice(0, text.length / 2)}AAAA${text.slice(text.length / 2)}`

/** What a browser submits, with one field changed, in the form or in the address. */
function changed(answer: Submission, name: string, change: (value: string) => string): Submission {
  const action = new URL(answer.action)
  const fields = new URLSearchParams(answer.fields)
  for (const place of [action.searchParams, fields])
    if (place.has(name)) place.set(name, change(place.get(name)!))
  return { ...answer, action: action.href, fields }
}

/** Connections whose provider refuses the client, or is not there. */
async function brokenProviders({ project, organization_id }: Tenant): Promise<string[]> {
  const { issuer } = (await testIdP()).oidc
  const changes: Record<string, string>[] = [
    { client_secret: newToken() },
    { token_url: `${issuer}/nothing` },
    { userinfo_url: `${issuer}/nothing` },
    { jwks_url: 'http://127.0.0.1:9/jwks' },
    { token_url: 'http://127.0.0.1:9/token' },
  ]
  return Promise.all(changes.map((each) => connectOIDC(project, organization_id, each)))
}

test('no login writes a secret to the log, shows it on a page or stores it in clear', async (t) => {
  const watched = await watch(t)
  const tenant = await newTenant()
  for (const connection_id of [tenant.saml, tenant.oidc]) await loginEveryWay(tenant, connection_id)
  for (const connection_id of await brokenProviders(tenant)) {
    const browser = new Browser()
    const started = await browser.start(tenant, connection_id)
    const answer = await browser.submit(await browser.signIn(started, email_address))
    assert.ok(answer.status >= 400)
  }
  const leak = `leak-${randomBytes(12).toString('hex')}`
  const failing = await talkative(leak)
  for (const connection_id of [tenant.saml, tenant.oidc]) {
    const browser = new Browser()
    const answer = await browser.signIn(await browser.start(tenant, connection_id), email_address)
    const broken = new Browser(failing)
    for (const [name, value] of browser.cookies) broken.cookies.set(name, value)
    const page = await broken.submit(answer)
    assert.equal(page.status, 500)
    watched.refusals.push(await page.text())
    const start = await broken.start(tenant, connection_id)
    assert.equal(start.status, 500)
    watched.refusals.push(await start.text())
  }
  watched.note('client_secret', leak)
  const pages = watched.refusals.filter((text) => text.startsWith('<!doctype html>'))
  assert.ok(pages.length > 20)
  assertSeen(watched, [
    ...(['SAMLResponse', 'RelayState', 'state', 'code', 'nonce', 'cookie', 'token'] as const),
    ...(['sso_token', 'session_token', 'session_jwt', 'pkce_code_verifier'] as const),
    ...(['code_verifier', 'id_token', 'access_token', 'client_secret'] as const),
  ])
  const routes = new Set(watched.lines.map((line) => JSON.parse(line).route))
  assert.ok(routes.has('/v1/public/sso/start'))
  assert.ok(routes.has('/v1/b2b/sso/callback/:connection_id'))
  await assertKept(watched, tenant)
})

test('the lines of requests at level debug name what was asked for and the project, never the address', async (t) => {
  const watched = await watch(t)
  const tenant = await newTenant()
  watched.lines.length = 0
  await new Browser().start(tenant, tenant.oidc)
  await call(tenant.project, 'GET', `/v1/b2b/organizations/${tenant.organization_id}?x=y`)
  const { app } = await server()
  await app.request(`${base_url}/nothing?token=x`)
  const lines = watched.lines.map((line) => JSON.parse(line))
  const { project_id } = tenant.project
  for (const [index, expected] of [
    { method: 'GET', route: '/v1/public/sso/start', status: 302, project_id },
    { method: 'GET', route: '/v1/b2b/organizations/:organization_id', status: 200, project_id },
    { method: 'GET', route: '/*', status: 404 },
  ].entries()) {
    const { level, time, ms, msg, request_id, ...rest } = lines[index]
    assert.deepEqual(rest, expected)
    assert.equal(level, 20)
    assert.equal(msg, 'answered')
    assert.ok(ms >= 0)
    assert.match(request_id, /^request-id-test-/)
  }
})

function assertSeen(watched: Watched, expected: readonly Position[]): void {
  for (const position of expected)
    assert.ok((watched.secrets.get(position)?.size ?? 0) > 0, `${position} was not watched`)
}

/** Nothing of the secrets in the log, in a refusal, or in a row of the project. */
async function assertKept(watched: Watched, tenant: Tenant): Promise<void> {
  const places = {
    'the log': watched.lines.join(''),
    'a refusal': watched.refusals.join('\n'),
    'the database': await everythingOf(tenant.project.project_id),
  }
  assert.ok(places['the database'].includes(tenant.saml))
  const { secret } = tenant.project
  watched.note('authorization', secret)
  let looked = 0
  for (const [position, secrets] of watched.secrets)
    for (const spelling of new Set([...secrets].flatMap(spellingsOf))) {
      looked += 1
      for (const [name, text] of Object.entries(places))
        assert.ok(
          !text.includes(spelling),
          `${position} ${spelling} stands in ${name}: ${around(text, spelling)}`,
        )
    }
  assert.ok(looked > 100)
}

function around(text: string, part: string): string {
  const at = text.indexOf(part)
  return text.slice(Math.max(0, at - 200), at + 200)
}

/** Every row of every table that has a project, as text. */
async function everythingOf(project_id: string): Promise<string> {
  const { db } = (await server()).services
  const tables = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relkind = 'r' and a.attname = 'project_id' and c.relnamespace = current_schema()::regnamespace
    `.execute(db)
  const texts: string[] = []
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ row: string }>`
      select to_jsonb(t)::text as row from ${sql.table(name)} t where project_id = ${project_id}`.execute(
      db,
    )
    texts.push(...rows.map((each) => each.row))
  }
  return texts.join('\n')
}
