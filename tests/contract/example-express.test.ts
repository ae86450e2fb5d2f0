/** examples/express against the API on a socket: what the official Node package gives an application. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { freePort, startLinks, Visitor } from '../example-visitor.ts'
import { atEnd, call, listen, server } from '../harness.ts'
import { app_url, Browser, base_url, newSetup, type Setup } from '../login.ts'

const ada = 'ada.lovelace@acme.test'
const program = new URL('../../examples/express/server.ts', import.meta.url)
const cookieName = 'portcullis_example_express'

let address: Promise<string> | undefined

/** Where the API of this run answers. */
function apiURL(): Promise<string> {
  address ??= server().then(({ app }) => listen(app))
  return address
}

/** The example on a port, in a thread, as `npm start` runs it; its address is where it really listens. */
async function startExample(setup: Setup, env: Record<string, string> = {}) {
  const port = await freePort()
  const worker = new Worker(program, {
    execArgv: [],
    stdout: true,
    stderr: true,
    env: {
      PORT: String(port),
      APP_URL: new URL(app_url).origin,
      STYTCH_PROJECT_ID: setup.project.project_id,
      STYTCH_SECRET: setup.project.secret,
      STYTCH_PUBLIC_TOKEN: setup.project.public_token,
      STYTCH_BASE_URL: await apiURL(),
      ...env,
    },
  })
  atEnd(() => worker.terminate())
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    worker[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text
    })
  const failed = once(worker, 'exit').then(([code]) => {
    throw new Error(`the example ended with ${code}: ${said.stderr}`)
  })
  failed.catch(() => {})
  await Promise.race([failed, once(worker.stdout, 'data')])
  return { url: `http://localhost:${port}`, said }
}

/** A person at the example, whose browser signs in at the test identity provider in process. */
function newVisitor(example: { url: string }): Visitor {
  const browser = new Browser()
  return new Visitor(example.url, async (start_url, who) => {
    const { pathname, search } = new URL(start_url)
    const started = await browser.request(base_url + pathname + search)
    return browser.submit(await browser.signIn(started, who))
  })
}

async function revokeAll(setup: Setup): Promise<void> {
  const path = `/v1/b2b/organizations/${setup.organization_id}/member?email_address=${ada}`
  const { member_id } = (await call(setup.project, 'GET', path)).body
  const revoked = await call(setup.project, 'POST', '/v1/b2b/sessions/revoke', { member_id })
  assert.equal(revoked.status, 200, JSON.stringify(revoked.body))
}

async function sessionsOf(setup: Setup): Promise<unknown[]> {
  const { organization_id } = setup
  const path = `/v1/b2b/organizations/${organization_id}/member?email_address=${ada}`
  const { member_id } = (await call(setup.project, 'GET', path)).body
  const query = new URLSearchParams({ organization_id, member_id })
  const found = await call(setup.project, 'GET', `/v1/b2b/sessions?${query}`)
  return found.body.member_sessions
}

test('an organization with several connections lets its members choose', async () => {
  const setup = await newSetup()
  const example = await startExample(setup)
  const visitor = newVisitor(example)
  const chosen = await visitor.visit('/org?slug=+acme+')
  assert.equal(chosen.status, 303)
  assert.equal(chosen.headers.get('location'), '/org/acme')
  const { status, page } = await visitor.visit('/org/acme')
  assert.equal(status, 200)
  assert.match(page, /Log in to Acme/)
  const links = startLinks(page)
  assert.deepEqual(
    links.map((link) => new URL(link).searchParams.get('connection_id')).sort(),
    [setup.saml, setup.oidc].sort(),
  )
  assert.equal(visitor.cookies.size, 0)
  assert.equal(
    example.said.stdout,
    `The example application is listening at http://localhost:3000\n`,
  )
})

for (const type of ['saml', 'oidc'] as const) {
  test(`a login over ${type} ends in the logged-in view`, async () => {
    const setup = await newSetup()
    const example = await startExample(setup)
    const visitor = newVisitor(example)
    const { status, page, headers } = await visitor.logIn('acme', setup[type], ada)
    assert.equal(status, 200)
    for (const shown of ['Hello, Ada Lovelace', ada, 'stytch_member', 'Acme', 'acme'])
      assert.ok(page.includes(shown), shown)
    assert.match(page, /<time datetime="[^"]+">\d{4}-\d\d-\d\d \d\d:\d\d UTC<\/time>/)
    const claims = JSON.parse(/<pre>(.*)<\/pre>/s.exec(page)![1]!.replaceAll('&#34;', '"'))
    assert.equal(claims['https://stytch.com/organization'].slug, 'acme')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.match((await visitor.visit('/')).page, /You are logged in to Acme</)
  })
}

test('an organization with one connection sends its members straight there', async () => {
  const setup = await newSetup()
  const path = `/v1/b2b/sso/${setup.organization_id}/connections/${setup.oidc}`
  assert.equal((await call(setup.project, 'DELETE', path)).status, 200)
  const visitor = newVisitor(await startExample(setup))
  const { status, headers } = await visitor.visit('/org/acme')
  assert.equal(status, 302)
  const start_url = headers.get('location') ?? ''
  const { origin, pathname, searchParams } = new URL(start_url)
  assert.equal(origin + pathname, `${await apiURL()}/v1/public/sso/start`)
  assert.equal(searchParams.get('connection_id'), setup.saml)
  assert.equal(searchParams.get('login_redirect_url'), app_url)
  assert.equal(searchParams.get('signup_redirect_url'), app_url)
  await visitor.visit(await visitor.signIn(start_url, ada))
  assert.match((await visitor.visit('/org/acme')).page, /Hello, Ada Lovelace/)
})

test('the session stays in one cookie that scripts and other sites cannot use', async () => {
  const setup = await newSetup()
  const visitor = newVisitor(await startExample(setup))
  const [start_url = ''] = startLinks((await visitor.visit('/org/acme')).page)
  const { headers } = await visitor.visit(await visitor.signIn(start_url, ada))
  for (const header of headers.getSetCookie()) {
    assert.match(header, new RegExp(`^${cookieName}(\\.sig)?=`))
    assert.match(header, /httponly/i)
    assert.match(header, /samesite=lax/i)
    assert.doesNotMatch(header, /secure/i)
  }
  const cookie = visitor.cookies.get(cookieName) ?? ''
  const changed = Buffer.from(cookie, 'base64').toString().replace('}', ',"more":1}')
  visitor.cookies.set(cookieName, Buffer.from(changed).toString('base64'))
  assert.match((await visitor.visit('/org/acme')).page, /Log in to Acme/)
})

test('a revoked session gets the login page on the next load', async () => {
  const setup = await newSetup()
  const visitor = newVisitor(await startExample(setup))
  assert.match((await visitor.logIn('acme', setup.saml, ada)).page, /Hello, Ada/)
  await revokeAll(setup)
  const { status, page } = await visitor.visit('/org/acme')
  assert.equal(status, 200)
  assert.match(page, /Log in to Acme/)
  assert.equal(visitor.cookies.size, 0)
})

test('logging out ends the session, also for who kept the cookie', async () => {
  const setup = await newSetup()
  const visitor = newVisitor(await startExample(setup))
  await visitor.logIn('acme', setup.saml, ada)
  assert.equal((await sessionsOf(setup)).length, 1)
  const kept = new Map(visitor.cookies)
  assert.equal((await visitor.visit('/logout')).status, 404)
  const { status, headers } = await visitor.visit('/logout', 'POST')
  assert.equal(status, 303)
  assert.equal(headers.get('location'), '/')
  assert.equal(visitor.cookies.size, 0)
  assert.equal((await sessionsOf(setup)).length, 0)
  for (const [name, value] of kept) visitor.cookies.set(name, value)
  assert.match((await visitor.visit('/org/acme')).page, /Log in to Acme/)
  assert.equal((await visitor.visit('/logout', 'POST')).status, 303)
})

test('a session opens its own organization only', async () => {
  const setup = await newSetup()
  const other = { organization_name: 'Other', organization_slug: 'other' }
  assert.equal((await call(setup.project, 'POST', '/v1/b2b/organizations', other)).status, 200)
  const visitor = newVisitor(await startExample(setup))
  await visitor.logIn('acme', setup.saml, ada)
  const { status, page } = await visitor.visit('/org/other')
  assert.equal(status, 200)
  assert.match(page, /Other has no active SSO connection yet/)
  assert.match((await visitor.visit('/org/acme')).page, /Hello, Ada/)
})

test('an unknown organization gets a page that says so', async () => {
  const visitor = newVisitor(await startExample(await newSetup()))
  const { status, page } = await visitor.visit('/org/%3Cscript%3E')
  assert.equal(status, 404)
  assert.match(page, /No organization here is called “&#60;script&#62;”/)
  assert.equal((await visitor.visit('/nowhere')).status, 404)
  assert.equal((await visitor.visit('/org/%zz')).status, 400)
})

test('what is no usable token gets a page that says why and where to start again', async () => {
  const setup = await newSetup()
  const visitor = newVisitor(await startExample(setup))
  const [start_url = ''] = startLinks((await visitor.visit('/org/acme')).page)
  const path = await visitor.signIn(start_url, ada)
  await visitor.visit(path)
  const used = await visitor.visit(path)
  assert.equal(used.status, 400)
  assert.match(used.page, /sso_token_not_found/)
  assert.match(used.page, /request-id-test-/)
  assert.match(used.page, /href="\/org\/acme">Start again/)
  const otherType = await visitor.visit('/authenticate?stytch_token_type=multi_%3Cb%3E&token=x')
  assert.equal(otherType.status, 400)
  assert.match(otherType.page, /“sso” only; this login’s is “multi_&#60;b&#62;”/)
  for (const query of ['', '?stytch_token_type=sso', '?stytch_token_type=sso&token=a&token=b']) {
    const { status, page } = await visitor.visit(`/authenticate${query}`)
    assert.equal(status, 400)
    assert.match(page, /no token came with it/)
  }
})

test('a member who needs a second factor is not logged in', async () => {
  const setup = await newSetup({ mfa_policy: 'REQUIRED_FOR_ALL' })
  const visitor = newVisitor(await startExample(setup))
  const [start_url = ''] = startLinks((await visitor.visit('/org/acme')).page)
  const { status, page } = await visitor.visit(await visitor.signIn(start_url, ada))
  assert.equal(status, 403)
  assert.match(page, /Acme asks for a second factor/)
  assert.equal(visitor.cookies.size, 0)
})

test('an API that refuses the application or is not there gets a readable page', async () => {
  const setup = await newSetup()
  const SESSION_SECRET = 'of both'
  const visitor = newVisitor(await startExample(setup, { SESSION_SECRET }))
  await visitor.logIn('acme', setup.saml, ada)
  const secret = 'secret-test-that-is-wrong'
  const wrong = await startExample(setup, { SESSION_SECRET, STYTCH_SECRET: secret })
  const refused = newVisitor(wrong)
  for (const path of ['/org/acme', '/authenticate?stytch_token_type=sso&token=x&slug=acme']) {
    const { status, page } = await refused.visit(path)
    assert.equal(status, 502)
    assert.match(page, /unauthorized_credentials/)
    assert.match(page, /request-id-/)
    assert.ok(!page.includes(secret))
  }
  const STYTCH_BASE_URL = `http://127.0.0.1:${await freePort()}`
  const unreachable = newVisitor(await startExample(setup, { SESSION_SECRET, STYTCH_BASE_URL }))
  for (const [name, value] of visitor.cookies) unreachable.cookies.set(name, value)
  const { status, page } = await unreachable.visit('/org/acme')
  assert.equal(status, 502)
  assert.match(page, /does not answer/)
  assert.ok(unreachable.cookies.has(cookieName), 'still logged in when the API is back')
})

test('the example does not start without its settings, and says which are missing', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program.pathname], {
    env: { STYTCH_SECRET: 'x' },
    encoding: 'utf8',
  })
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /STYTCH_PROJECT_ID, STYTCH_PUBLIC_TOKEN/)
})
