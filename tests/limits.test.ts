/** Limits on rates, as clients meet them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createApp } from '../src/app.ts'
import { createLimits } from '../src/http/limits.ts'
import { listen } from '../src/http/listen.ts'
import { readRateLimits } from '../src/http/rate-settings.ts'
import { createLog } from '../src/log.ts'
import { atEnd, newProject, server, type TestProject } from './harness.ts'
import { base_url, newSetup, type Setup } from './login.ts'

/** The application with limits, as clients at addresses; its clock stands until it is moved. */
async function limited(rates: string, trusted_proxies: string[] = []) {
  const { services } = await server()
  const problems: string[] = []
  let at = Date.UTC(2026, 0, 1)
  const limits = createLimits({
    rate_limits: readRateLimits(rates, {}, problems),
    trusted_proxies,
    now: () => new Date(at),
    log: createLog('silent'),
  })
  assert.deepEqual(problems, [])
  const app = createApp({ ...services, limits })
  const request = async (address: string, path: string, init: RequestInit = {}) =>
    app.request(path, init, { incoming: { socket: { remoteAddress: address } } })
  return {
    app,
    request,
    wait(ms: number) {
      at += ms
    },
    /** The status of a call of the API. */
    async call(address: string, project: TestProject, path = '/v1/debug/whoami', body?: object) {
      const { authorization } = project
      const method = body ? 'POST' : 'GET'
      const init = {
        method,
        headers: { authorization },
        ...(body && { body: JSON.stringify(body) }),
      }
      return (await request(address, path, init)).status
    },
  }
}

const here = '192.0.2.1'
const there = '198.51.100.1'

async function assertTooMany(response: Response, seconds: string): Promise<void> {
  assert.equal(response.status, 429)
  assert.equal(response.headers.get('retry-after'), seconds)
  const body = (await response.json()) as Record<string, unknown>
  assert.equal(body.error_type, 'too_many_requests')
  assert.equal(body.status_code, 429)
  assert.match(String(body.request_id), /^request-id-test-/)
  assert.equal(body.error_url, `${base_url}/errors/too_many_requests`)
}

test('without limits a client may ask as often as it likes', async () => {
  const { call } = await limited('')
  const project = await newProject()
  for (let i = 0; i < 50; i++) assert.equal(await call(here, project), 200)
})

test('an endpoint is answered so many times, then 429 with Retry-After until time has passed', async () => {
  const { call, request, wait } = await limited('api=3/m')
  const [project, other] = [await newProject(), await newProject()]
  const { authorization } = project
  for (let i = 0; i < 3; i++) assert.equal(await call(here, project), 200)
  await assertTooMany(await request(here, '/v1/debug/whoami', { headers: { authorization } }), '20')
  assert.equal(await call(there, project), 200, 'another address')
  assert.equal(await call(here, other), 200, 'another project')
  assert.equal(await call(here, project, '/v1/b2b/rbac/policy'), 200, 'another endpoint')
  wait(19_000)
  await assertTooMany(await request(here, '/v1/debug/whoami', { headers: { authorization } }), '1')
  wait(1_000)
  assert.equal(await call(here, project), 200)
  assert.equal(await call(here, project), 429, 'one a third of the period')
  wait(600_000)
  for (let i = 0; i < 3; i++) assert.equal(await call(here, project), 200)
  assert.equal(await call(here, project), 429, 'never more than the count at once')
})

test('a clock that is set back makes nobody wait longer', async () => {
  const { call, wait } = await limited('api=3/m')
  const project = await newProject()
  for (let i = 0; i < 4; i++) await call(here, project)
  wait(-3_600_000)
  assert.equal(await call(here, project), 429)
  wait(20_000)
  assert.equal(await call(here, project), 200)
})

test('the addresses of one IPv6 subscriber are one client, and IPv4 within IPv6 is IPv4', async () => {
  const { call } = await limited('api=1/m')
  const project = await newProject()
  assert.equal(await call('2001:db8:1:2::1', project), 200)
  assert.equal(await call('2001:db8:1:2:aaaa::2', project), 429)
  assert.equal(await call('2001:db8:1:3::1', project), 200)
  assert.equal(await call(here, project), 200)
  assert.equal(await call(`::ffff:${here}`, project), 429)
})

test('wrong secrets are refused with 429 after some, also with the right one then; other projects go on', async () => {
  const { call, wait } = await limited('failed=2/m')
  const [project, neighbour] = [await newProject(), await newProject()]
  const wrong = { ...project, authorization: basic(project.project_id, 'secret-test-wrong') }
  assert.equal(await call(here, wrong), 401)
  assert.equal(await call(here, project), 200, 'one that is right between')
  assert.equal(await call(here, wrong), 401)
  assert.equal(await call(here, wrong), 429)
  assert.equal(await call(here, project), 429)
  assert.equal(await call(here, neighbour), 200, 'another project behind the address')
  assert.equal(await call(there, project), 200, 'another address')
  wait(30_000)
  assert.equal(await call(here, project), 200)
})

test('guessing project ids is stopped by the address alone, on paths without credentials too', async () => {
  const { call, request } = await limited('failed=2/m')
  const project = await newProject()
  const statuses: number[] = []
  for (let i = 0; i < 21; i++)
    statuses.push(
      await call(here, { ...project, authorization: basic(`project-test-${randomUUID()}`, 'x') }),
    )
  assert.deepEqual(new Set(statuses.slice(0, 20)), new Set([401]))
  assert.equal(statuses[20], 429)
  const jwks = (address: string, id: string) =>
    request(address, `/v1/b2b/sessions/jwks/${id}`).then((answer) => answer.status)
  for (let i = 0; i < 20; i++) assert.equal(await jwks(there, `project-test-${randomUUID()}`), 404)
  assert.equal(await jwks(there, `project-test-${randomUUID()}`), 429)
  assert.equal(await jwks('203.0.113.1', project.project_id), 200)
})

test('a session that is not there is no failure: browsers ask for it on every page', async () => {
  const { call } = await limited('failed=2/m')
  const project = await newProject()
  const session_token = 'A'.repeat(43)
  for (let i = 0; i < 10; i++)
    assert.equal(await call(here, project, '/v1/b2b/sessions/authenticate', { session_token }), 404)
})

function basic(project_id: string, secret: string): string {
  return `Basic ${Buffer.from(`${project_id}:${secret}`).toString('base64')}`
}

function startPath(setup: Setup, connection_id: string): string {
  const { public_token } = setup.project
  return `/v1/public/sso/start?${new URLSearchParams({ public_token, connection_id })}`
}

function post(SAMLResponse: string): RequestInit {
  return { method: 'POST', body: new URLSearchParams({ SAMLResponse }) }
}

test('logins begun too often from one address get a page that says how long to wait', async () => {
  const { request } = await limited('start=2/m')
  const setup = await newSetup()
  const path = startPath(setup, setup.oidc)
  for (let i = 0; i < 2; i++) assert.equal((await request(here, path)).status, 302)
  const refused = await request(here, path)
  assert.equal(refused.status, 429)
  assert.equal(refused.headers.get('retry-after'), '30')
  assert.equal(refused.headers.get('set-cookie'), null)
  const page = await refused.text()
  assert.match(page, /Too many requests: try again in 30 seconds\./)
  assert.match(page, /<strong>You<\/strong> can mend this: wait that long/)
  await assertTooMany(await request(here, path, { headers: { accept: 'application/json' } }), '30')
  assert.equal((await request(there, path)).status, 302)
  const metadata = `/v1/public/sso/saml/metadata/${setup.saml}`
  for (const status of [200, 200, 429]) assert.equal((await request(here, metadata)).status, status)
})

test('answers posted too often are not even parsed: by address and connection, and by connection alone', async () => {
  const setup = await newSetup()
  const path = `/v1/b2b/sso/callback/${setup.saml}`
  const byAddress = await limited('callback=2/m')
  for (const status of [400, 400, 429, 429])
    assert.equal((await byAddress.request(here, path, post('x'))).status, status)
  assert.equal((await byAddress.request(there, path, post('x'))).status, 400)
  const oidc = `/v1/b2b/sso/callback/${setup.oidc}?state=x&code=y`
  assert.equal((await byAddress.request(here, oidc)).status, 400, 'another connection')

  const byConnection = await limited('connection=2/m')
  for (const [i, status] of [400, 400, 429].entries())
    assert.equal((await byConnection.request(`203.0.113.${i}`, path, post('x'))).status, status)
  assert.equal((await byConnection.request(here, oidc)).status, 400, 'another connection')
  const start = startPath(setup, setup.saml)
  for (const [i, status] of [302, 302, 429].entries())
    assert.equal((await byConnection.request(`203.0.113.${i}`, start)).status, status)
})

test('asking for connections and public tokens that are not there is stopped by the address', async () => {
  const { request } = await limited('failed=1/m')
  const setup = await newSetup()
  const unknown = (id: string) => [
    `/v1/b2b/sso/callback/saml-connection-test-${id}?state=x`,
    `/v1/public/sso/start?public_token=public-token-test-${id}&connection_id=x`,
    `/v1/public/sso/saml/metadata/saml-connection-test-${id}`,
  ]
  const paths = Array.from({ length: 4 }, () => randomUUID()).flatMap(unknown)
  for (const [i, path] of paths.entries())
    assert.equal((await request(here, path)).status, i < 10 ? 404 : 429, path)
  assert.equal((await request(here, startPath(setup, setup.oidc))).status, 429)
  assert.equal((await request(there, startPath(setup, setup.oidc))).status, 302)
  const { call } = await limited('failed=1/m')
  assert.equal(await call(here, setup.project), 200)
})

test('a flood of addresses does not make a busy client forgotten, nor memory grow', async () => {
  const { services } = await server()
  const limits = createLimits({
    rate_limits: readRateLimits('start=2/h', {}, []),
    trusted_proxies: [],
    now: () => new Date(0),
    log: services.log,
  })
  const visit = (remoteAddress: string) => {
    const c = {
      env: { incoming: { socket: { remoteAddress } } },
      req: { raw: new Request(base_url) },
    }
    limits.visit(c as never, 'start', '/start', 'public-token')
  }
  let refused = 0
  for (let i = 0; i < 60_000; i++) {
    visit(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    if (i % 1_000 > 0) continue
    try {
      visit(here)
    } catch {
      refused += 1
    }
  }
  assert.equal(refused, 58)
  visit('10.0.0.0') // long forgotten
  visit('10.0.0.0')
  assert.throws(() => visit('10.0.0.0'), { error_type: 'too_many_requests' })
})

test('on a socket the address is the peer’s, and that of X-Forwarded-For behind a trusted proxy', async () => {
  const project = await newProject()
  const { authorization } = project
  for (const [trusted, expected] of [
    [[], [200, 429, 429]],
    [['127.0.0.0/8'], [200, 200, 429]],
  ] as const) {
    const { app } = await limited('api=1/m', [...trusted])
    const listener = await listen({ what: '', option: '', hosts: ['127.0.0.1'], port: 0 })
    atEnd(() => listener.close(0))
    listener.answer(app.fetch)
    const url = `http://127.0.0.1:${listener.port}/v1/debug/whoami`
    for (const [i, forwarded] of ['192.0.2.1', '192.0.2.2', '203.0.113.1, 192.0.2.1'].entries()) {
      const headers = { authorization, 'x-forwarded-for': forwarded }
      assert.equal((await fetch(url, { headers })).status, expected[i])
    }
  }
})
