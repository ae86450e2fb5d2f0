/** Several `portcullis serve` on one database, and logins that go over them as behind a load balancer. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import {
  type Answer,
  authnRequest,
  certificate,
  mapping,
  respond,
} from '../../src/sso/saml-idp.test-kit.ts'
import { atEnd, databaseURL } from '../harness.ts'
import { printed, run, type Started, start } from './processes.test-kit.ts'

const base_url = 'https://sso.example.com'

/** Enough for `portcullis serve` besides DATABASE_URL. */
export const settings = {
  PORTCULLIS_BASE_URL: base_url,
  PORTCULLIS_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 3).toString('base64')}`,
  PORTCULLIS_HOST: '127.0.0.1',
  PORTCULLIS_PORT: '0',
}

/** A client on the database, ended with the run. */
export async function clientOf(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => {}) // it may be cut on purpose, and is at the end of the run
  await client.connect()
  atEnd(() => client.end().catch(() => {}))
  return client
}

/** An empty database on the PostgreSQL of this run. */
export async function emptyDatabase(): Promise<string> {
  const url = new URL(await databaseURL())
  const name = `serve_${randomBytes(6).toString('hex')}`
  const client = new pg.Client(url.href)
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  url.pathname = `/${name}`
  return url.href
}

/** A running `portcullis serve` and its address on this machine. */
export interface Node {
  process: Started
  url: string
}

/** Begins `portcullis serve`; settings are added or replaced. */
export function serve(environment: Record<string, string>): Started {
  return start('bin/portcullis', ['serve'], { ...settings, ...environment })
}

/** The node, when it listens. */
export async function listening(started: Started): Promise<Node> {
  await printed(started, 'stderr', '"msg":"listening"')
  const [, port] = /"port":(\d+)/.exec(started.stderr())!
  return { process: started, url: `http://127.0.0.1:${port}` }
}

/** Runs a command on the database, as an operator would, and returns what it printed. */
export async function portcullis(url: string, ...args: string[]) {
  const environment = { ...settings, DATABASE_URL: url }
  const { code, stdout, stderr } = await run('bin/portcullis', [...args, '--json'], environment)
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

/** Two nodes on one database, with an organization whose SAML connection is at the tests' own provider. */
export interface Cluster {
  database_url: string
  nodes: [Node, Node]
  project_id: string
  public_token: string
  authorization: string
  connection_id: string
}

/** A node more, or again, on the database of the cluster. */
export async function addNode(database_url: string): Promise<Node> {
  return listening(serve({ DATABASE_URL: database_url, PORTCULLIS_RATE_LIMITS: 'off' }))
}

/** Starts both nodes at once on an empty database, and sets up the rest by commands and over the API. */
export async function newCluster(): Promise<Cluster> {
  const database_url = await emptyDatabase()
  const nodes = await Promise.all([addNode(database_url), addNode(database_url)])
  const made = await portcullis(database_url, 'project', 'create', '--name', 'A', '--slug', 'app')
  const app_url = 'http://localhost:3000/authenticate'
  await portcullis(database_url, 'redirect-url', 'add', app_url, '--project', 'app')
  const { project_id, secret, public_token } = made
  const authorization = `Basic ${Buffer.from(`${project_id}:${secret}`).toString('base64')}`
  const cluster = { database_url, nodes, project_id, public_token, authorization }
  const { organization } = await created(cluster, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Acme',
    organization_slug: 'acme',
  })
  const path = `/v1/b2b/sso/saml/${organization.organization_id}`
  const { connection } = await created(cluster, 'POST', path, { display_name: 'Acme' })
  const { connection_id } = connection
  await created(cluster, 'PUT', `${path}/connections/${connection_id}`, {
    idp_entity_id: 'https://idp.example/metadata',
    idp_sso_url: 'https://idp.example/sso',
    x509_certificate: certificate,
    attribute_mapping: mapping,
  })
  return { ...cluster, connection_id }
}

/** Ends both nodes as an operator would, so that they are no burden to the tests that follow. */
export async function endCluster({ nodes }: Cluster): Promise<void> {
  for (const { process } of nodes) process.child.kill('SIGTERM')
  const ends = await Promise.all(nodes.map(({ process }) => process.exited))
  assert.deepEqual(
    ends.map(({ code }) => code),
    [0, 0],
  )
}

async function created(
  { nodes, authorization }: Pick<Cluster, 'nodes' | 'authorization'>,
  method: string,
  path: string,
  body: unknown,
) {
  const answer = await call(nodes[0], authorization, path, body, method)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

/** Calls the API of a node. */
export async function call(
  node: Node,
  authorization: string,
  path: string,
  body: unknown,
  method = 'POST',
) {
  const response = await fetch(node.url + path, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  return { status: response.status, body: (await response.json()) as any }
}

/** A login on its way: what the browser would post, with the cookie that it holds. */
export interface Posting {
  path: string
  body: URLSearchParams
  cookie: string
}

/** Begins a login at a node and lets the identity provider answer it. */
export async function begin(cluster: Cluster, node: Node, answer: Answer = {}): Promise<Posting> {
  const { connection_id, public_token } = cluster
  const query = new URLSearchParams({ connection_id, public_token })
  const url = `${node.url}/v1/public/sso/start?${query}`
  const started = await fetch(url, { redirect: 'manual' })
  await started.arrayBuffer()
  assert.equal(started.status, 302)
  assert.match(authnRequest(started).id, /^_/)
  const cookie = started.headers.getSetCookie().map((header) => header.split(';')[0]!)
  const submission = respond(connection_id, started, { ...answer, base_url })
  const path = new URL(submission.action).pathname
  return { path, body: submission.fields, cookie: cookie.join('; ') }
}

/** Posts the answer to a node: the token of the redirect, or the error type. */
export async function post(node: Node, { path, body, cookie }: Posting) {
  const response = await fetch(node.url + path, {
    method: 'POST',
    headers: { cookie, accept: 'application/json' },
    body,
    redirect: 'manual',
  })
  const text = await response.text()
  const location = response.headers.get('location')
  return response.status === 303
    ? { status: 303, token: new URL(location!).searchParams.get('token')!, error_type: null }
    : { status: response.status, token: null, error_type: JSON.parse(text).error_type as string }
}

/** Exchanges a token at a node. */
export function redeem(cluster: Cluster, node: Node, sso_token: string) {
  return call(node, cluster.authorization, '/v1/b2b/sso/authenticate', { sso_token })
}

/** Asks a node for the session of a token. */
export function checkSession(cluster: Cluster, node: Node, session_token: string) {
  return call(node, cluster.authorization, '/v1/b2b/sessions/authenticate', { session_token })
}
