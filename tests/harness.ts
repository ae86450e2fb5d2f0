/**
 * What tests share: one PostgreSQL a run, the application on it, and a project of its own for each
 * test. Set DATABASE_URL to use another PostgreSQL.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import { createApp } from '../src/app.ts'
import { type Config, developmentConfig } from '../src/config.ts'
import type { Services } from '../src/context.ts'
import { createCaches } from '../src/db/cache.ts'
import { connect } from '../src/db/connect.ts'
import { startEmbedded } from '../src/db/embedded.ts'
import type { Environment } from '../src/db/ids.ts'
import { migrate } from '../src/db/migrate.ts'
import { createCipher } from '../src/db/secrets.ts'
import { guardedFetch } from '../src/http/fetch.ts'
import { createLimits } from '../src/http/limits.ts'
import { createLog } from '../src/log.ts'
import { createProject } from '../src/projects/projects.ts'
import { createPublicToken, createSecret } from '../src/projects/secrets.ts'

export interface Server {
  app: Hono
  services: Services
  /** Moves the clock of the application; `null` follows the real one again. */
  setNow(now: Date | null): void
}

let started: Promise<Server> | undefined
const closers: (() => Promise<unknown>)[] = []

after(async () => {
  for (const close of closers.reverse()) await close()
})

/** Something to close when the run ends, last come first closed. */
export function atEnd(close: () => Promise<unknown>): void {
  closers.push(close)
}

/** The application on the database of this run. */
export function server(): Promise<Server> {
  started ??= start()
  return started
}

/** Applications that outbound requests reach without a socket, by origin. */
export const inProcess = new Map<string, Hono>()

let database: Promise<string> | undefined

/** The URL of the database of this run, started when first asked for. */
export function databaseURL(): Promise<string> {
  database ??= startDatabase()
  return database
}

async function startDatabase(): Promise<string> {
  if (process.env.DATABASE_URL) return process.env.DATABASE_URL
  const data_dir = await mkdtemp(join(tmpdir(), 'portcullis-test-'))
  const embedded = await startEmbedded({ data_dir })
  closers.unshift(async () => {
    await embedded.stop()
    await rm(data_dir, { recursive: true, force: true })
  })
  return embedded.url
}

async function start(): Promise<Server> {
  const url = await databaseURL()
  const made = createServices({ base_url: 'http://localhost:4000', port: 4000, database_url: url })
  await migrate(made.services.db)
  return { ...made, app: createApp(made.services) }
}

/** Services on a database that is there, with a clock that can be moved. */
export function createServices(
  facts: { base_url: string; port: number; database_url: string },
  overrides: Partial<Config> = {},
) {
  let fixed: Date | null = null
  const encryption_keys = `test:${Buffer.alloc(32, 7).toString('base64')}`
  const config: Config = {
    ...developmentConfig(
      { PORTCULLIS_LOG_LEVEL: process.env.PORTCULLIS_LOG_LEVEL ?? 'silent' },
      { ...facts, encryption_keys },
    ),
    ...overrides,
  }
  const db = connect({
    url: facts.database_url,
    prepared_statements: config.prepared_statements,
    max_connections: 8,
  })
  const log = createLog(config.log_level)
  const caches = createCaches({ listen_url: facts.database_url, log })
  const outbound = guardedFetch({ allowed_private_hosts: [], development: true })
  const now = () => fixed ?? new Date()
  const services: Services = {
    db,
    config,
    cipher: createCipher(encryption_keys),
    caches,
    limits: createLimits({ ...config, now, log }),
    log,
    fetch: (async (input, init) =>
      inProcess.get(new URL(String(input)).origin)?.request(String(input), init) ??
      outbound(String(input), init)) as typeof fetch,
    now,
  }
  let closed: Promise<void> | undefined
  /** Gives back the connections, of which a run has 200; done at the end of it anyway. */
  const close = () => {
    closed ??= (async () => {
      await caches.close()
      await outbound.close()
      await db.destroy()
    })()
    return closed
  }
  atEnd(close)
  return {
    services,
    close,
    setNow(now: Date | null) {
      fixed = now
    },
  }
}

export interface TestProject {
  project_id: string
  secret: string
  public_token: string
  authorization: string
}

/** A project of its own, with a secret and a public token. */
export async function newProject(environment: Environment = 'test'): Promise<TestProject> {
  const { services } = await server()
  const project_slug = `t-${randomBytes(8).toString('hex')}`
  const { project_id } = await createProject(services.db, {
    project_name: 'A test',
    project_slug,
    environment,
  })
  const { secret } = await createSecret(services.db, { project_id })
  const { public_token } = await createPublicToken(services.db, { project_id })
  const authorization = `Basic ${Buffer.from(`${project_id}:${secret}`).toString('base64')}`
  return { project_id, secret, public_token, authorization }
}

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  body: any
  headers: Headers
}

/** Calls the API in process as a project. */
export async function call(
  project: TestProject,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { app } = await server()
  const response = await app.request(path, {
    method,
    headers: {
      authorization: project.authorization,
      'content-type': 'application/json',
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

/** Puts the application on a free port of 127.0.0.1, for what needs a socket (the SDKs, a browser). */
export async function listen(app: Hono): Promise<string> {
  const listener = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await new Promise<void>((resolve) => listener.once('listening', resolve))
  atEnd(async () => {
    if ('closeAllConnections' in listener) listener.closeAllConnections()
    await new Promise((resolve) => listener.close(resolve))
  })
  const address = listener.address()
  if (typeof address !== 'object' || address === null) throw new Error('not listening')
  return `http://127.0.0.1:${address.port}`
}
