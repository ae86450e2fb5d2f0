import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { refuseProduction } from '../../src/development-guard.ts'
import { databaseURL } from '../harness.ts'
import {
  clientOf,
  emptyDatabase,
  listening,
  type Node,
  portcullis as onDatabase,
  serve,
  settings,
} from './nodes.test-kit.ts'
import { newDataDir, run, until } from './processes.test-kit.ts'

async function ended(node: Node): Promise<number | null> {
  node.process.child.kill('SIGTERM')
  return (await node.process.exited).code
}

let url: string
let nodes: Node[]
let project: { project_id: string; secret_id: string; secret: string; public_token: string }

function whoami(node: Node, secret: string): Promise<Response> {
  const credentials = Buffer.from(`${project.project_id}:${secret}`).toString('base64')
  return fetch(`${node.url}/v1/debug/whoami`, {
    headers: { authorization: `Basic ${credentials}` },
  })
}

function portcullis(...args: string[]) {
  return onDatabase(url, ...args)
}

/** Makes a secret, uses it at every node, revokes it at the first: how soon do the others refuse it? */
async function revocation(others: Node[]): Promise<number[]> {
  const { secret, secret_id } = await portcullis('secret', 'create', '--project', 'app')
  for (const node of others) {
    await until(
      'the new secret to be known',
      async () => (await whoami(node, secret)).status === 200,
    )
  }
  const client = await clientOf(url)
  await client.query('delete from project_secrets where secret_id = $1', [secret_id])
  const revoked_at = performance.now()
  return Promise.all(
    others.map(async (node) => {
      await until(
        'the secret to be refused',
        async () => (await whoami(node, secret)).status === 401,
      )
      return performance.now() - revoked_at
    }),
  )
}

test('serve refuses to start with settings that are missing or weak, and names each', async () => {
  const [nothing, weak] = await Promise.all([
    run('bin/portcullis', ['serve']),
    run('bin/portcullis', ['serve'], {
      PORTCULLIS_BASE_URL: 'http://sso.example.com',
      DATABASE_URL: 'mysql://localhost/x',
      PORTCULLIS_ENCRYPTION_KEYS: 'k1:c2hvcnQ=',
      PORTCULLIS_PORT: '99999',
      PORTCULLIS_PREPARED_STATEMENTS: 'maybe',
      PORTCULLIS_LOG_LEVEL: 'loud',
      PORTCULLIS_FLOW_RETENTION_DAYS: '0',
    }),
  ])
  const required = ['PORTCULLIS_BASE_URL', 'DATABASE_URL', 'PORTCULLIS_ENCRYPTION_KEYS']
  for (const name of required) assert.match(nothing.stderr, new RegExp(`^ {2}- ${name} must`, 'm'))
  const all = [
    ...required,
    'PORTCULLIS_PORT',
    'PORTCULLIS_PREPARED_STATEMENTS',
    'PORTCULLIS_LOG_LEVEL',
    'PORTCULLIS_FLOW_RETENTION_DAYS',
  ]
  for (const name of all) assert.match(weak.stderr, new RegExp(`^ {2}- ${name}`, 'm'))
  for (const { code, stdout, stderr } of [nothing, weak]) {
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.doesNotMatch(stderr, /^ +at /m)
    assert.doesNotMatch(stderr, /c2hvcnQ=/)
  }
})

test('three processes that start at once on an empty database migrate it once', async () => {
  url = await emptyDatabase()
  const dead = new URL(url)
  dead.port = '1'
  const started = [
    serve({ DATABASE_URL: url }),
    serve({ DATABASE_URL: url, PORTCULLIS_PREPARED_STATEMENTS: 'off' }),
    serve({ DATABASE_URL: url, PORTCULLIS_DATABASE_LISTEN_URL: dead.href }),
  ]
  nodes = await Promise.all(started.map(listening))
  const client = await clientOf(url)
  const { rows } = await client.query('select name from migrations')
  const files = readdirSync(new URL('../../migrations', import.meta.url))
  assert.deepEqual(rows.map((row) => row.name).sort(), files.sort())
})

test('serve seeds nothing, has no test identity provider, and a dashboard that asks who is there', async () => {
  const [node] = nodes
  assert.deepEqual(await portcullis('project', 'list'), { projects: [] })
  for (const path of ['/', '/saml/metadata', '/metrics']) {
    const response = await fetch(node!.url + path, { redirect: 'manual' })
    assert.equal(response.status, 404, path)
    const body = (await response.json()) as Record<string, unknown>
    assert.equal(body.error_type, 'route_not_found')
    assert.equal(body.error_url, 'https://sso.example.com/errors/route_not_found')
  }
  const dashboard = await fetch(`${node!.url}/dashboard?token=any`, { redirect: 'manual' })
  assert.equal(dashboard.status, 404, 'no link of development')
  const signIn = await fetch(`${node!.url}/dashboard`, { redirect: 'manual' })
  assert.equal(signIn.status, 401)
  assert.match(await signIn.text(), /name="password"/)
  assert.equal((await fetch(`${node!.url}/readyz`)).status, 200)
})

test('a project made by command is known to every process', async () => {
  project = await portcullis('project', 'create', '--name', 'App', '--slug', 'app')
  for (const node of nodes) assert.equal((await whoami(node, project.secret)).status, 200)
  const jwks = await Promise.all(
    nodes.map(async (node) => {
      const response = await fetch(`${node.url}/v1/b2b/sessions/jwks/${project.project_id}`)
      return (await response.json()) as { keys: unknown[] }
    }),
  )
  assert.equal(jwks[0]!.keys.length, 1)
  for (const each of jwks) assert.deepEqual(each.keys, jwks[0]!.keys)
})

test('serve refuses a key ring that opens nothing of its database, and takes one that has its key, too', async () => {
  const other = `k9:${Buffer.alloc(32, 9).toString('base64')}`
  const { PORTCULLIS_ENCRYPTION_KEYS: own } = settings
  for (const [ring, reason] of [
    [other, /holds no key "k1"/],
    [`k1:${other.slice(3)}`, /this id now names another key/],
  ] as const) {
    const changed = { ...settings, DATABASE_URL: url, PORTCULLIS_ENCRYPTION_KEYS: ring }
    const { code, stderr } = await run('bin/portcullis', ['serve'], changed)
    assert.equal(code, 1, stderr)
    assert.match(
      stderr,
      /PORTCULLIS_ENCRYPTION_KEYS opens none of the keys that this database holds/,
    )
    assert.match(stderr, reason)
  }
  const node = await listening(
    serve({ DATABASE_URL: url, PORTCULLIS_ENCRYPTION_KEYS: `${other},${own}` }),
  )
  assert.equal(await ended(node), 0)
})

test('npm start refuses the database of serve, and takes an empty one', async () => {
  await portcullis('project', 'create', '--name', 'L', '--slug', 'live', '--environment', 'live')
  const main = ['src/main.ts', '--port', '0', '--test-idp-port', '0', '--app-port', '0']
  const { code, stderr } = await run(
    'node_modules/.bin/node',
    [...main, '--data-dir', newDataDir()],
    { DATABASE_URL: url, PORTCULLIS_ENCRYPTION_KEYS: settings.PORTCULLIS_ENCRYPTION_KEYS },
  )
  assert.equal(code, 1)
  assert.match(stderr, /a production server works on/)
  const { projects } = await portcullis('project', 'list')
  const slugs = projects.map((each: { project_slug: string }) => each.project_slug)
  assert.deepEqual(slugs, ['app', 'live'], 'and makes no project there')
  await refuseProduction(await emptyDatabase())
})

test('a revoked secret is refused by every process within a second', async () => {
  for (const ms of await revocation(nodes)) assert.ok(ms < 1_100, `${ms} ms`)
})

test('the same while the connections that listen are cut again and again', async () => {
  const client = await clientOf(url)
  let cutting = true
  const cuts = (async () => {
    for (; cutting; await setTimeout(100))
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'portcullis listener' and datname = current_database()`,
      )
  })()
  try {
    for (let round = 0; round < 2; round++)
      for (const ms of await revocation(nodes)) assert.ok(ms < 1_100, `${ms} ms`)
  } finally {
    cutting = false
    await cuts
  }
})

test('on SIGTERM the requests under way are answered first', async () => {
  const [node, other] = nodes
  const client = await clientOf(url)
  await client.query('begin; lock table organizations in access exclusive mode')
  const credentials = Buffer.from(`${project.project_id}:${project.secret}`).toString('base64')
  const slow = fetch(`${node!.url}/v1/b2b/organizations/search`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
    body: '{}',
  })
  await until('the request to wait for the database', async () => {
    const { rows } = await client.query(
      `select 1 from pg_locks where not granted and relation = 'organizations'::regclass`,
    )
    return rows.length > 0
  })
  node!.process.child.kill('SIGTERM')
  await until('new connections to be refused', () =>
    fetch(`${node!.url}/healthz`).then(
      () => false,
      () => true,
    ),
  )
  assert.equal(node!.process.child.exitCode, null)
  await client.query('commit')
  assert.equal((await slow).status, 200)
  assert.equal((await node!.process.exited).code, 0)
  assert.equal((await whoami(other!, project.secret)).status, 200, 'the others go on')
})

test('a process ends at once where nothing is under way, and leaves its port', async () => {
  for (const node of nodes.slice(1)) {
    const began = performance.now()
    assert.equal(await ended(node), 0)
    assert.ok(performance.now() - began < 5_000)
    await assert.rejects(fetch(`${node.url}/healthz`))
  }
})

test('serve says that the database does not answer, and which port is taken', async () => {
  const dead = new URL(url)
  dead.port = '1'
  const port = new URL(await databaseURL()).port // of PostgreSQL: taken
  const [database, taken] = await Promise.all([
    run('bin/portcullis', ['serve'], { ...settings, DATABASE_URL: dead.href }),
    run('bin/portcullis', ['serve'], { ...settings, DATABASE_URL: url, PORTCULLIS_PORT: port }),
  ])
  assert.equal(database.code, 1)
  assert.match(database.stderr, /database.*ECONNREFUSED/i)
  assert.equal(taken.code, 1)
  assert.match(taken.stderr, new RegExp(`Port ${port}.*PORTCULLIS_PORT`))
  for (const { stderr } of [database, taken]) assert.doesNotMatch(stderr, /^ +at /m)
})
