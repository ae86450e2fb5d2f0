/**
 * `npm start`: server, test identity provider and example application on one laptop, with a seeded
 * project. Everything that it starts ends with it.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Hono } from 'hono'
import { type Config, developmentConfig } from './config.ts'
import { mountDevelopmentLink } from './dashboard/development.ts'
import { startEmbedded } from './db/embedded.ts'
import {
  type DevelopmentFile,
  readDevelopmentFile,
  writeDevelopmentFile,
} from './development-file.ts'
import { refuseProduction } from './development-guard.ts'
import { type Listener, listen } from './http/listen.ts'
import { seed } from './seed.ts'
import { malformedBody, startServices } from './server.ts'
import { generateTestIdPKeys, loadTestIdPKeys, saveTestIdPKeys } from './test-idp/keys.ts'
import { createTestIdP, type TestIdP } from './test-idp/test-idp.ts'

export interface DevelopmentOptions {
  port: number
  test_idp_port: number
  app_port: number
  data_dir: string
  /** Whether the example application runs. */
  app: boolean
  /** Gets a line that a person should know while it starts. */
  notice(line: string): void
}

/** What `npm start --silent -- --json` prints; scripts rely on the names. */
export interface DevelopmentFacts {
  base_url: string
  dashboard_url: string
  test_idp_url: string
  app_url: string
  project_id: string
  secret: string
  public_token: string
  organizations: {
    organization_id: string
    organization_slug: string
    sso_connections: { connection_id: string; type: 'saml' | 'oidc'; start_url: string }[]
  }[]
}

export interface Development {
  facts: DevelopmentFacts
  /** Resolves when the database has ended by itself: then nothing works any more. */
  broken: Promise<void>
  close(): Promise<void>
}

const loopback = ['127.0.0.1', '::1']

/**
 * Starts everything and waits until it answers. Throws with a sentence for the person at the terminal
 * (a port that is taken, a data folder in use); what had started by then is stopped again.
 */
export async function startDevelopment(options: DevelopmentOptions): Promise<Development> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each()
  }
  try {
    return { ...(await start(options, closers)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function start(options: DevelopmentOptions, closers: (() => Promise<unknown>)[]) {
  const sockets = await openSockets(options, closers)
  const { base_url } = sockets
  const file = await readDevelopmentFile(options.data_dir)
  const database = await startDatabase(options, closers, file.project_id)
  file.database_url = database.url
  file.example_session_secret ??= randomBytes(32).toString('base64url')
  const idp = await startTestIdP(file, sockets)
  const config = developmentConfig(process.env, {
    base_url,
    port: sockets.server.port,
    database_url: database.url,
    encryption_keys: process.env.PORTCULLIS_ENCRYPTION_KEYS || file.encryption_keys,
  })
  const running = await startServices(config)
  closers.push(() => running.close())
  const redirect_url = `${sockets.app_url}/authenticate`
  const seeded = await seed(running.services, { file, redirect_url, idp })
  await writeDevelopmentFile(options.data_dir, seeded)
  closers.push(() => writeDevelopmentFile(options.data_dir, { ...seeded, database_url: '' }))
  const facts = factsOf(seeded, sockets)
  const token = randomBytes(32).toString('base64url')
  mountDevelopmentLink(running.app, running.services, { ...facts, token })
  sockets.server.answer(onlyKnownHosts(running.app, config))
  if (options.app) await startExample(sockets, facts, file.example_session_secret, closers)
  return {
    facts: Object.assign(
      { base_url, dashboard_url: `${base_url}/dashboard?token=${token}` },
      facts,
    ),
    broken: database.exited,
  }
}

interface Sockets {
  server: Listener
  idp: Listener
  base_url: string
  idp_url: string
  /** Where the example application listens, or would. */
  app_url: string
  app_port: number
}

async function openSockets(
  options: DevelopmentOptions,
  closers: (() => Promise<unknown>)[],
): Promise<Sockets> {
  let base_url = ''
  const malformed = (status: number) => malformedBody(base_url, status)
  const common = { hosts: loopback, malformed }
  const server = await listen({
    ...common,
    what: 'the server',
    option: '--port',
    port: options.port,
  })
  closers.push(() => server.close(1_000))
  base_url = `http://localhost:${server.port}`
  const idp = await listen({
    ...common,
    what: 'the test identity provider',
    option: '--test-idp-port',
    port: options.test_idp_port,
  })
  closers.push(() => idp.close(1_000))
  const app_port =
    options.app || options.app_port === 0 ? await freePort(options.app_port) : options.app_port
  return {
    server,
    idp,
    base_url,
    idp_url: `http://localhost:${idp.port}`,
    app_url: `http://localhost:${app_port}`,
    app_port,
  }
}

/** Whether the example's port can be had is found out before anything is registered with it. */
async function freePort(port: number): Promise<number> {
  const probe = await listen({
    what: 'the example application',
    option: '--app-port',
    hosts: loopback,
    port,
  })
  await probe.close(0)
  return probe.port
}

async function startDatabase(
  options: DevelopmentOptions,
  closers: (() => Promise<unknown>)[],
  project_id: string | undefined,
) {
  const url = process.env.DATABASE_URL
  if (url) {
    await refuseProduction(url, project_id)
    return { url, exited: new Promise<void>(() => {}) }
  }
  const embedded = await startEmbedded({ data_dir: options.data_dir, log: options.notice })
  closers.push(() => embedded.stop())
  return embedded
}

async function startTestIdP(file: DevelopmentFile, sockets: Sockets): Promise<TestIdP> {
  const keys = file.test_idp
    ? await loadTestIdPKeys(file.test_idp)
    : await generateTestIdPKeys(new Date())
  file.test_idp ??= saveTestIdPKeys(keys)
  file.oidc_client_secret ??= randomBytes(24).toString('base64url')
  const idp = await createTestIdP({
    base_url: sockets.idp_url,
    service_base_url: sockets.base_url,
    keys,
    oidc_client: { client_id: 'portcullis', client_secret: file.oidc_client_secret },
  })
  sockets.idp.answer(idp.app.fetch)
  return idp
}

function factsOf(
  seeded: DevelopmentFile,
  sockets: Sockets,
): Omit<DevelopmentFacts, 'dashboard_url'> {
  const { project_id = '', secret = '', public_token = '', organization_id = '' } = seeded
  const connections = [
    { connection_id: seeded.saml_connection_id ?? '', type: 'saml' as const },
    { connection_id: seeded.oidc_connection_id ?? '', type: 'oidc' as const },
  ]
  const start_url = (connection_id: string) =>
    `${sockets.base_url}/v1/public/sso/start?${new URLSearchParams({ connection_id, public_token })}`
  return {
    base_url: sockets.base_url,
    test_idp_url: sockets.idp_url,
    app_url: sockets.app_url,
    project_id,
    secret,
    public_token,
    organizations: [
      {
        organization_id,
        organization_slug: 'acme',
        sso_connections: connections.map((each) => ({
          ...each,
          start_url: start_url(each.connection_id),
        })),
      },
    ],
  }
}

/** A name that somebody else's DNS points at loopback (DNS rebinding) is turned away. */
function onlyKnownHosts(app: Hono, config: Config) {
  return (request: Request, env?: object): Response | Promise<Response> => {
    const { hostname } = new URL(request.url)
    const known =
      hostname === 'localhost' ||
      hostname.endsWith('.localhost') ||
      /^127(\.\d+){3}$/.test(hostname) ||
      hostname === '[::1]'
    if (known) return app.fetch(request, env)
    return new Response(malformedHost(config), {
      status: 400,
      headers: { 'content-type': 'application/json' },
    })
  }
}

function malformedHost(config: Config): string {
  const body = JSON.parse(malformedBody(config.base_url)) as Record<string, unknown>
  return JSON.stringify({
    ...body,
    error_message: `Development answers to localhost only: use ${config.base_url}.`,
  })
}

const example = new URL('../examples/express/server.ts', import.meta.url)

/** Runs examples/express in a thread, so that it cannot outlive this process. */
async function startExample(
  sockets: Sockets,
  facts: Omit<DevelopmentFacts, 'dashboard_url'>,
  session_secret: string,
  closers: (() => Promise<unknown>)[],
) {
  if (!existsSync(example))
    throw new Error(
      `The example application ${fileURLToPath(example)} is missing: pass --no-app to start without it.`,
    )
  const worker = new Worker(example, {
    stdout: true,
    env: {
      ...process.env,
      PORT: String(sockets.app_port),
      APP_URL: sockets.app_url,
      STYTCH_PROJECT_ID: facts.project_id,
      STYTCH_SECRET: facts.secret,
      STYTCH_PUBLIC_TOKEN: facts.public_token,
      STYTCH_BASE_URL: sockets.base_url,
      SESSION_SECRET: session_secret,
    },
  })
  closers.push(() => worker.terminate())
  const failed = new Promise<never>((_resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`The example application ended with ${code}.`)))
  })
  failed.catch(() => {})
  await Promise.race([failed, answers(sockets.app_url)])
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const response = await fetch(url, { redirect: 'manual' }).catch(() => undefined)
    await response?.body?.cancel()
    if (response) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`The example application did not answer at ${url} within 10 seconds.`)
}
