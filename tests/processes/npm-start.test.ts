import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DevelopmentFacts } from '../../src/development.ts'
import {
  alive,
  factsOf,
  newDataDir,
  pidsOf,
  printed,
  run,
  type Started,
  startNpm,
  takePort,
  treeOf,
  until,
} from './processes.test-kit.ts'
import { WebBrowser } from './web-browser.test-kit.ts'

const ada = 'ada.lovelace@acme.test'

async function api(facts: DevelopmentFacts, method: string, path: string, body?: unknown) {
  const credentials = Buffer.from(`${facts.project_id}:${facts.secret}`).toString('base64')
  const response = await fetch(facts.base_url + path, {
    method,
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  return { status: response.status, body: (await response.json()) as any }
}

async function status(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { redirect: 'manual', headers })
  await response.text()
  return response.status
}

// The tests down to the next remark follow one data folder through three starts.
const data_dir = newDataDir()
let npm: Started
let facts: DevelopmentFacts

test('npm start prints one line of JSON when everything answers', async () => {
  npm = startNpm(data_dir, '--json')
  facts = await factsOf(npm)
  assert.match(npm.stdout(), /^\{[^\n]*\}\n$/)
  assert.deepEqual(Object.keys(facts), [
    'base_url',
    'dashboard_url',
    'test_idp_url',
    'app_url',
    'project_id',
    'secret',
    'public_token',
    'organizations',
  ])
  const [organization, ...others] = facts.organizations
  assert.deepEqual(Object.keys(organization!), [
    'organization_id',
    'organization_slug',
    'sso_connections',
  ])
  assert.equal(organization!.organization_slug, 'acme')
  assert.deepEqual(others, [])
  for (const connection of organization!.sso_connections)
    assert.deepEqual(Object.keys(connection), ['connection_id', 'type', 'start_url'])
  const types = organization!.sso_connections.map((connection) => connection.type)
  assert.deepEqual(types, ['saml', 'oidc'])
  assert.match(facts.base_url, /^http:\/\/localhost:\d+$/)
  assert.match(facts.project_id, /^project-test-/)
  assert.match(facts.secret, /^secret-test-/)
  assert.match(facts.public_token, /^public-token-test-/)
})

test('every address of the line answers', async () => {
  for (const url of [`${facts.base_url}/healthz`, `${facts.base_url}/readyz`])
    assert.equal(await status(url), 200, url)
  for (const url of [facts.test_idp_url, facts.app_url]) assert.equal(await status(url), 200, url)
  for (const { start_url } of facts.organizations[0]!.sso_connections)
    assert.equal(await status(start_url), 302, start_url)
})

test('a login over each link ends at the logged-in view of the example application', async () => {
  for (const { start_url, type } of facts.organizations[0]!.sso_connections) {
    const page = await new WebBrowser().login(start_url, ada)
    assert.equal(page.url, `${facts.app_url}/org/acme`, page.text)
    assert.equal(page.status, 200)
    assert.match(page.text, /Hello, Ada Lovelace/, type)
  }
})

test('the dashboard of npm start opens once, for the browser that has the link', async () => {
  assert.equal(await status(`${facts.base_url}/dashboard`), 401)
  assert.equal(await status(`${facts.base_url}/dashboard?token=wrong`), 401)
  const browser = new WebBrowser()
  const page = await browser.open(facts.dashboard_url)
  assert.equal(page.status, 200)
  assert.match(page.text, new RegExp(facts.project_id))
  assert.equal(await status(facts.dashboard_url), 401)
  const again = await browser.open(`${facts.base_url}/dashboard`)
  assert.equal(again.status, 200)
})

test('a second npm start on the same data says who holds them, and ends', async () => {
  const second = startNpm(data_dir, '--json')
  const { code } = await second.exited
  assert.equal(code, 1)
  const [, server] = treeOf(npm.child.pid!)
  assert.match(second.stderr(), /in use by another Portcullis server \(process \d+, since /)
  assert.ok(second.stderr().includes(`process ${server},`), second.stderr())
  assert.equal(second.stdout(), '')
  assert.equal(await status(`${facts.base_url}/healthz`), 200)
})

test('npm start answers to names of this machine only', async () => {
  const answered = (url: string, host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = request(url, { headers: { host } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      asked.on('error', reject).end()
    })
  for (const url of [`${facts.base_url}/healthz`, facts.test_idp_url]) {
    assert.equal(await answered(url, 'rebound.example.com'), 400, url)
    assert.equal(await answered(url, `sp.localhost:${new URL(url).port}`), 200, url)
  }
})

test('portcullis commands work on the data of the running server', async () => {
  const { project_id } = facts
  const environment = { PORTCULLIS_DATA_DIR: data_dir }
  const project = ['--project', project_id, '--json']
  const made = ['run', '--silent', 'portcullis', '--', 'secret', 'create', ...project]
  const [listed, created, rotated] = await Promise.all([
    run('bin/portcullis', ['project', 'list', '--json'], environment),
    run('npm', made, environment),
    run('bin/portcullis', ['keys', 'rotate', ...project], environment),
  ])
  const [known] = JSON.parse(listed.stdout).projects
  assert.equal(known.project_id, project_id)
  const { secret } = JSON.parse(created.stdout)
  assert.equal((await api({ ...facts, secret }, 'GET', '/v1/debug/whoami')).status, 200)
  const { key_id } = JSON.parse(rotated.stdout)
  const jwks = await api(facts, 'GET', `/v1/b2b/sessions/jwks/${project_id}`)
  const kids = jwks.body.keys.map((key: { kid: string }) => key.kid)
  assert.equal(kids.length, 2)
  assert.ok(kids.includes(key_id))
})

test('SIGTERM to npm ends everything that it started', async () => {
  const { organization_id, sso_connections } = facts.organizations[0]!
  const { connection_id } = sso_connections[1]!
  const path = `/v1/b2b/sso/${organization_id}/connections/${connection_id}`
  const deleted = await api(facts, 'DELETE', path)
  assert.equal(deleted.status, 200, JSON.stringify(deleted.body))
  const all = [...new Set([...treeOf(npm.child.pid!), ...pidsOf(data_dir)])]
  assert.ok(all.length >= 5, 'npm, the server, PostgreSQL, its watcher, its children')
  npm.child.kill('SIGTERM')
  await until('the end of every process', () => alive(all).length === 0, 10)
  assert.deepEqual(pidsOf(data_dir), [])
})

test('portcullis commands work where no server runs, and leave none behind', async () => {
  const args = ['secret', 'list', '--project', facts.project_id, '--json']
  const environment = { PORTCULLIS_DATA_DIR: data_dir }
  const { code, stdout, stderr } = await run('bin/portcullis', args, environment)
  assert.equal(code, 0, stderr)
  const { secrets } = JSON.parse(stdout)
  assert.equal(secrets.length, 2)
  assert.equal(secrets[0].last_four, facts.secret.slice(-4))
  assert.deepEqual(pidsOf(data_dir), [])
})

test('a restart knows ids and secrets, and mends what is missing', async () => {
  const second = startNpm(data_dir, '--json')
  const now = await factsOf(second)
  for (const name of ['project_id', 'secret', 'public_token'] as const)
    assert.equal(now[name], facts[name])
  const [before, after] = [facts.organizations[0]!, now.organizations[0]!]
  assert.equal(after.organization_id, before.organization_id)
  const [saml, oidc] = after.sso_connections
  assert.equal(saml!.connection_id, before.sso_connections[0]!.connection_id)
  assert.notEqual(oidc!.connection_id, before.sso_connections[1]!.connection_id)
  assert.notEqual(now.app_url, facts.app_url)
  assert.notEqual(now.dashboard_url, facts.dashboard_url)

  for (const { start_url } of after.sso_connections) {
    const page = await new WebBrowser().login(start_url, ada)
    assert.equal(page.url, `${now.app_url}/org/acme`, page.text)
    assert.match(page.text, /Hello, Ada Lovelace/)
  }
  const connections = await api(now, 'GET', `/v1/b2b/sso/${after.organization_id}`)
  assert.equal(connections.body.saml_connections.length, 1)
  assert.equal(connections.body.oidc_connections.length, 1)
  const elsewhere = `${oidc!.start_url}&login_redirect_url=${facts.app_url}/authenticate`
  assert.equal(await status(elsewhere), 400, 'the port of the run before is not registered now')

  const all = [...new Set([...treeOf(second.child.pid!), ...pidsOf(data_dir)])]
  process.kill(-second.child.pid!, 'SIGINT') // as Ctrl-C does: to all in the foreground
  await until('the end of every process', () => alive(all).length === 0, 10)
  assert.deepEqual(pidsOf(data_dir), [])
  assert.doesNotMatch(second.stderr(), /Error|at .*\.ts:/)
})

test('npm start without --json prints for people; kill -9 of npm ends everything', async () => {
  assert.equal(statSync(join(data_dir, 'dev.json')).mode & 0o777, 0o600)
  const third = startNpm(data_dir, '--no-app')
  await printed(third, 'stdout', 'STYTCH_BASE_URL=')
  const base_url = /STYTCH_BASE_URL=(\S+)/.exec(third.stdout())![1]
  for (const text of [facts.project_id, facts.secret, facts.public_token, 'Ctrl-C', 'SAML', 'OIDC'])
    assert.ok(third.stdout().includes(text), text)
  assert.doesNotMatch(third.stdout(), /Example app/)
  assert.equal(await status(`${base_url}/healthz`), 200)
  const all = [...new Set([...treeOf(third.child.pid!), ...pidsOf(data_dir)])]
  third.child.kill('SIGKILL')
  await until('the end of every process', () => alive(all).length === 0, 10)
  assert.deepEqual(pidsOf(data_dir), [])
})

// Starts that fail.

test('a port that is taken is named with its option, and nothing stays behind', async () => {
  const port = String(await takePort())
  const other_dir = newDataDir()
  const needs = {
    '--port': 'the server',
    '--test-idp-port': 'the test identity provider',
    '--app-port': 'the example application',
  }
  const starts = Object.entries(needs).map(async ([option, what]) => {
    const failing = startNpm(other_dir, '--json', option, port)
    assert.equal((await failing.exited).code, 1)
    assert.equal(
      failing.stderr(),
      `Port ${port}, which ${what} needs, is taken by another program: choose another with ${option}, or 0 for a free one.\n`,
    )
    assert.equal(failing.stdout(), '')
  })
  await Promise.all(starts)
  assert.deepEqual(pidsOf(other_dir), [])
  assert.ok(!existsSync(join(other_dir, 'dev.json')), 'nothing was made')
})

test('options that are not understood are named, and --help explains them all', async () => {
  const main = (...args: string[]) => run('node_modules/.bin/node', ['src/main.ts', ...args])
  const [help, ...wrong] = await Promise.all([
    main('--help'),
    main('--port', 'eighty'),
    main('--app-port', '70000'),
    main('--prot', '4000'),
    main('--port'),
  ])
  assert.equal(help!.code, 0)
  for (const option of ['port', 'test-idp-port', 'app-port', 'data-dir', 'no-app', 'json', 'help'])
    assert.match(help!.stdout, new RegExp(`--${option} `))
  assert.equal(help!.stderr, '')
  const messages = [
    /--port must be a port from 0 to 65535, not "eighty"/,
    /--app-port must/,
    /--prot/,
    /--port/,
  ]
  for (const [index, { code, stdout, stderr }] of wrong.entries()) {
    assert.equal(code, 2, stderr)
    assert.match(stderr, messages[index]!)
    assert.equal(stdout, '')
    assert.doesNotMatch(stderr, /^ +at /m)
  }
})
