/** examples/flask, installed as its README says, beside `npm start`: a whole login by the official Python package. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import type { DevelopmentFacts } from '../../src/development.ts'
import { startLinks, Visitor } from '../example-visitor.ts'
import { attempt, end, freePort, run, waitUntil } from './command.ts'
import {
  call,
  type DevelopmentServer,
  signIn,
  startDevelopmentServer,
} from './development-server.ts'
import { ensurePackages } from './install.ts'

const ada = 'ada.lovelace@acme.test'
const example = join(import.meta.dirname, '../../examples/flask')
const cookieName = 'portcullis_example_flask'

let folder = ''
let python = ''
let server: DevelopmentServer | undefined
let facts: DevelopmentFacts

let prepared: Promise<void> | undefined

/** Installs the example and starts the server, once; in no hook, which would fail for every other file too. */
function prepare(): Promise<void> {
  prepared ??= install()
  return prepared
}

async function install(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-flask-'))
  await ensurePython()
  python = join(folder, 'venv/bin/python')
  await run('python3', ['-m', 'venv', join(folder, 'venv')])
  const requirements = ['-r', join(example, 'requirements.txt')]
  await run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...requirements])
  server = await startDevelopmentServer(join(folder, 'data'))
  facts = server.facts
}

after(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A Python that can make virtual environments: whichever is there, else Debian's. */
async function ensurePython(): Promise<void> {
  const found = await attempt('python3', ['-c', 'import ensurepip, venv']).catch(() => null)
  if (found?.status !== 0) await ensurePackages(['python3', 'python3-venv'])
}

function environment(): Record<string, string> {
  return {
    PORT: new URL(facts.app_url).port,
    APP_URL: facts.app_url,
    STYTCH_PROJECT_ID: facts.project_id,
    STYTCH_SECRET: facts.secret,
    STYTCH_PUBLIC_TOKEN: facts.public_token,
    STYTCH_BASE_URL: facts.base_url,
  }
}

/** A browser at the example, which ends with the test. */
async function startExample(t: TestContext, env: Record<string, string> = {}) {
  const all = { ...environment(), ...env }
  const args = [join(example, 'app.py')]
  const child = spawn(python, args, { env: all, stdio: ['ignore', 'ignore', 'pipe'] })
  t.after(() => end(child))
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const url = `http://localhost:${all.PORT}`
  const answers = async () => {
    assert.equal(child.exitCode, null, said)
    return fetch(url).then(
      () => true,
      () => false,
    )
  }
  await waitUntil('the Flask example', answers, () => said)
  return new Visitor(url, signIn)
}

test('the Flask example logs a member in, over SAML and OIDC, until the session ends', async (t) => {
  await prepare()
  const visitor = await startExample(t)
  const [acme] = facts.organizations
  const unknown = await visitor.visit('/org/%3Cscript%3E')
  assert.equal(unknown.status, 404)
  assert.match(unknown.page, /No organization here is called “&lt;script&gt;”/)
  const login = await visitor.visit('/org/acme')
  assert.equal(login.status, 200)
  assert.equal(startLinks(login.page).length, 2)

  const saml = acme!.sso_connections.find(({ type }) => type === 'saml')!.connection_id
  const { page } = await visitor.logIn('acme', saml, ada)
  for (const shown of ['Hello, Ada Lovelace', ada, 'stytch_member', 'stytch.com/session'])
    assert.ok(page.includes(shown), page)
  assert.match(page, /<time datetime="[^"]+">\d{4}-\d\d-\d\d \d\d:\d\d UTC<\/time>/)
  assert.match((await visitor.visit('/')).page, /You are logged in to Acme</)

  const member = `/v1/b2b/organizations/${acme!.organization_id}/member?email_address=${ada}`
  const found = await call<{ member_id: string }>(facts, 'GET', member)
  await call(facts, 'POST', '/v1/b2b/sessions/revoke', { member_id: found.member_id })
  assert.match((await visitor.visit('/org/acme')).page, /Log in to Acme/, 'after a revocation')
  assert.equal(visitor.cookies.size, 0)

  const oidc = acme!.sso_connections.find(({ type }) => type === 'oidc')!.connection_id
  assert.match((await visitor.logIn('acme', oidc, ada)).page, /Hello, Ada Lovelace/)
  const kept = visitor.cookies.get(cookieName)!
  const out = await visitor.visit('/logout', 'POST')
  assert.equal(out.status, 303)
  assert.equal(out.headers.get('location'), '/')
  assert.equal(visitor.cookies.size, 0)
  visitor.cookies.set(cookieName, kept)
  assert.match((await visitor.visit('/org/acme')).page, /Log in to Acme/, 'after the logout')
})

test('the Flask example says why a login failed, and goes straight to a single connection', async (t) => {
  await prepare()
  const visitor = await startExample(t)
  const [acme] = facts.organizations
  const path = `/v1/b2b/sso/${acme!.organization_id}`
  const oidc = acme!.sso_connections.find(({ type }) => type === 'oidc')!.connection_id
  await call(facts, 'DELETE', `${path}/connections/${oidc}`)
  const straight = await visitor.visit('/org/acme')
  assert.equal(straight.status, 302)
  const redeemed = await visitor.signIn(straight.headers.get('location')!, ada)
  const first = await visitor.visit(redeemed)
  assert.equal(first.status, 303)
  const [cookie = ''] = first.headers.getSetCookie()
  assert.match(cookie, /HttpOnly/)
  assert.match(cookie, /SameSite=Lax/)

  const used = await visitor.visit(redeemed)
  assert.equal(used.status, 400)
  assert.match(used.page, /sso_token_not_found/)
  assert.match(used.page, /request-id-test-/)
  assert.match(used.page, /href="\/org\/acme">Start again/)
  const other = await visitor.visit('/authenticate?stytch_token_type=discovery&token=x')
  assert.equal(other.status, 400)
  assert.match(other.page, /“sso” only; this login’s is “discovery”/)
  assert.equal((await visitor.visit('/authenticate')).status, 400)
  assert.equal((await visitor.visit('/logout')).status, 405)
})

test('the Flask example shows a page when the API refuses it or is not there', async (t) => {
  await prepare()
  const secret = 'secret-test-that-is-wrong'
  const refused = await startExample(t, { STYTCH_SECRET: secret })
  const { status, page } = await refused.visit('/org/acme')
  assert.equal(status, 502)
  assert.match(page, /unauthorized_credentials/)
  assert.ok(!page.includes(secret))
  const PORT = String(await freePort())
  const STYTCH_BASE_URL = `http://127.0.0.1:${await freePort()}`
  const unreachable = await startExample(t, { PORT, STYTCH_BASE_URL })
  const answer = await unreachable.visit('/org/acme')
  assert.equal(answer.status, 502)
  assert.match(answer.page, /does not answer/)
})

test('the Flask example does not start without its settings, and says which are missing', async () => {
  await prepare()
  const env = { STYTCH_SECRET: 'x' }
  const { status, output } = await attempt(python, [join(example, 'app.py')], { env })
  assert.equal(status, 1)
  assert.match(output, /STYTCH_PROJECT_ID, STYTCH_PUBLIC_TOKEN/)
})
