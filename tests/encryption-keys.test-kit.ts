/** Processes with key rings of their own on one database, and logins over them. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Hono } from 'hono'
import { sql } from 'kysely'
import pg from 'pg'
import { createApp } from '../src/app.ts'
import { runCommand } from '../src/cli/commands.ts'
import type { Services } from '../src/context.ts'
import { countKeyUse } from '../src/db/encrypted-columns.ts'
import { migrate } from '../src/db/migrate.ts'
import { createCipher } from '../src/db/secrets.ts'
import { createLog } from '../src/log.ts'
import { createProject } from '../src/projects/projects.ts'
import { addRedirectURL } from '../src/projects/redirect-urls.ts'
import { createPublicToken, createSecret } from '../src/projects/secrets.ts'
import { createServices, databaseURL } from './harness.ts'
import { app_url, Browser, base_url, samlMapping, testIdP, tokenOf } from './login.ts'

/** A key of a ring: an id and 32 times a byte. */
export const key = (id: string, byte: number) =>
  `${id}:${Buffer.alloc(32, byte).toString('base64')}`

/** A process of its own on a database of its own, as far as keys and caches are concerned. */
export interface Node {
  app: Hono
  services: Services
  lines: string[]
  call(method: string, path: string, body?: object): Promise<Record<string, unknown>>
}

/** Of the database of this file, once there is a node. */
let database_url: string
export let project: { project_id: string; public_token: string; authorization: string }

let prepared: Promise<void> | undefined

/** A database of its own, because a rotation goes through all of it, and a project. */
async function prepare(): Promise<void> {
  const url = new URL(await databaseURL())
  const name = `keys_${randomBytes(6).toString('hex')}`
  const client = new pg.Client(url.href)
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  url.pathname = `/${name}`
  database_url = url.href
  const { db } = createServices({ base_url, port: 4000, database_url }).services
  await migrate(db)
  const { project_id } = await createProject(db, {
    project_name: 'A test',
    project_slug: 'a-test',
    environment: 'test',
  })
  const { secret } = await createSecret(db, { project_id })
  const { public_token } = await createPublicToken(db, { project_id })
  await addRedirectURL(db, { project_id, url: app_url, types: ['LOGIN', 'SIGNUP'] })
  const authorization = `Basic ${Buffer.from(`${project_id}:${secret}`).toString('base64')}`
  project = { project_id, public_token, authorization }
}

const open: (() => Promise<void>)[] = []

export async function newNode(ring: string): Promise<Node> {
  prepared ??= prepare()
  await prepared
  const made = createServices({ base_url, port: 4000, database_url })
  open.push(made.close)
  if (open.length > 8) await open.shift()!()
  const lines: string[] = []
  const log = createLog('info', { write: (line) => lines.push(line) })
  const services = { ...made.services, log, cipher: createCipher(ring) }
  const app = createApp(services)
  return {
    app,
    services,
    lines,
    async call(method, path, body) {
      const headers = { authorization: project.authorization }
      const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
      const answer = await app.request(path, init)
      return (await answer.json()) as Record<string, unknown>
    },
  }
}

export interface Setup {
  organization_id: string
  saml: string
  oidc: string
}

/** An organization with an active connection of each kind, their secrets encrypted by the node. */
export async function newSetup(node: Node): Promise<Setup> {
  const idp = await testIdP()
  const organization_name = 'Acme'
  const made = await node.call('POST', '/v1/b2b/organizations', { organization_name })
  const { organization_id } = made.organization as Setup
  const connect = async (type: string, settings: object) => {
    const path = `/v1/b2b/sso/${type}/${organization_id}`
    const { connection } = await node.call('POST', path, {})
    const { connection_id } = connection as { connection_id: string }
    await node.call('PUT', `${path}/connections/${connection_id}`, settings)
    return connection_id
  }
  const saml = await connect('saml', {
    idp_entity_id: idp.saml.entity_id,
    idp_sso_url: idp.saml.sso_url,
    x509_certificate: idp.saml.certificate,
    attribute_mapping: samlMapping,
  })
  await keepSecrets(node)
  return { organization_id, saml, oidc: await connect('oidc', oidcSettings(idp.oidc)) }
}

/** A row of each further table that holds a secret, encrypted by the node. */
async function keepSecrets({ services: { db, cipher } }: Node): Promise<void> {
  const { project_id } = project
  const row = randomBytes(8).toString('hex')
  const secret = (table: string, column: string) =>
    cipher.encrypt('a secret', { table, column, row })
  const now = new Date()
  await sql`insert into admins (admin_id, email_address, role, totp_secret, created_at, updated_at)
    values (${row}, ${row}, 'viewer', ${secret('admins', 'totp_secret')}, ${now}, ${now})`.execute(
    db,
  )
  await sql`insert into webhook_endpoints (project_id, webhook_id, url, secret, created_at, updated_at)
    values (${project_id}, ${row}, 'https://example.com', ${secret('webhook_endpoints', 'secret')},
      ${now}, ${now})`.execute(db)
  await sql`insert into mails (mail_id, project_id, kind, to_address, subject, content, created_at)
    values (${row}, ${project_id}, 'test', 'a@example.com', 'A', ${secret('mails', 'content')},
      ${now})`.execute(db)
  await sql`insert into sso_flow_messages (project_id, flow_id, message_id, kind, content, recorded_at,
      expires_at) values (${project_id}, ${row}, ${row}, 'response',
      ${secret('sso_flow_messages', 'content')}, ${now}, ${now})`.execute(db)
}

export function oidcSettings(oidc: { issuer: string; client_id: string; client_secret: string }) {
  const { issuer, client_id, client_secret } = oidc
  return {
    ...{ issuer, client_id, client_secret },
    authorization_url: `${issuer}/authorize`,
    token_url: `${issuer}/token`,
    userinfo_url: `${issuer}/userinfo`,
    jwks_url: `${issuer}/jwks`,
  }
}

/** A login over a node, to the session; the answer of the first step that fails, if one does. */
async function login(
  node: Node,
  connection_id: string,
): Promise<Response | { session_jwt: string }> {
  const browser = new Browser(node.app)
  const query = new URLSearchParams({ public_token: project.public_token, connection_id })
  const started = await browser.request(`${base_url}/v1/public/sso/start?${query}`)
  if (started.status >= 400) return started
  const answer = await browser.submit(await browser.signIn(started, 'ada.lovelace@acme.test'))
  if (answer.status >= 400) return answer
  const body = { sso_token: tokenOf(answer) }
  const session = await node.call('POST', '/v1/b2b/sso/authenticate', body)
  assert.equal(session.status_code, 200, JSON.stringify(session))
  return session as { session_jwt: string }
}

export async function assertLogsIn(node: Node, connection_id: string): Promise<void> {
  const result = await login(node, connection_id)
  assert.ok(!(result instanceof Response), `${(result as Response).status}`)
  assert.ok(result.session_jwt)
}

/** The login ends in a page that tells nothing, with one line in the log that tells the operator. */
export async function assertFailsClosed(
  node: Node,
  connection_id: string,
  told: RegExp,
): Promise<void> {
  node.lines.length = 0
  const result = await login(node, connection_id)
  assert.ok(result instanceof Response)
  assert.equal(result.status, 500)
  const page = await result.text()
  assert.match(page, /internal_server_error/)
  assert.doesNotMatch(page, /ENCRYPTION|private_key|client_secret/)
  const errors = node.lines.filter((line) => line.includes('"level":50'))
  assert.equal(errors.length, 1)
  assert.match(JSON.parse(errors[0]!).err.message, told)
}

export async function keysInUse(node: Node): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { key_id, values } of await countKeyUse(node.services.db))
    counts[key_id] = (counts[key_id] ?? 0) + values
  return counts
}

export interface Finding {
  check: string
  verdict: string
  detail: string
}

/** Runs a command with a ring on the database of this file. */
export async function portcullis(ring: string, ...args: string[]) {
  const settings = {
    DATABASE_URL: database_url,
    PORTCULLIS_ENCRYPTION_KEYS: ring,
    PORTCULLIS_BASE_URL: 'https://sso.example.com',
  }
  const saved = { ...process.env }
  Object.assign(process.env, settings)
  try {
    const printed: string[] = []
    const code = await runCommand(args, { stdout: (text) => printed.push(text), stderr: () => {} })
    // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
    return { code, result: printed.length > 0 ? (JSON.parse(printed.join('')) as any) : undefined }
  } finally {
    for (const name of Object.keys(settings))
      if (saved[name] === undefined) delete process.env[name]
      else process.env[name] = saved[name]
  }
}
