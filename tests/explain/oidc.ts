/** Misconfigurations of OpenID Connect: a provider on loopback that answers as its admin has set it up. */
import { Hono } from 'hono'
import { createApp } from '../../src/app.ts'
import type { Services } from '../../src/context.ts'
import {
  makeKey,
  type Provider,
  resetProvider,
  type SigningKey,
  startProvider,
} from '../../src/oidc/hostile-provider.test-kit.ts'
import type { Submission } from '../../src/test-idp/press-button.ts'
import { atEnd, call, inProcess, server } from '../harness.ts'
import { Browser, base_url, newSetup, type Setup } from '../login.ts'
import { assertExplained, type Case, type Names, type Told } from './explain.ts'

export interface Mistake {
  name: string
  /** The product that the connection names. */
  provider?: string
  connection?: Record<string, unknown> | ((names: Names) => Record<string, unknown>)
  /** What the provider says; its key is `key`. */
  says?: (provider: Provider) => Promise<unknown> | unknown
  /** Its clock, in seconds ahead of ours. */
  ahead?: number
  /** What the browser brings beside code and state; undefined leaves one out. */
  brought?: Record<string, string | undefined>
  /** The server of this login, where it is not the usual one. */
  services?: (services: Services) => Services
  told: Told
}

export const client_id = 'acme-client'

let running: Promise<{ provider: Provider; key: SigningKey }> | undefined

/** The provider of this run, honest again. */
async function honestProvider(): Promise<Provider> {
  running ??= start()
  const { provider, key } = await running
  resetProvider(provider, key)
  return provider
}

async function start() {
  const { services } = await server()
  const key = await makeKey('RS256', 'key-1')
  const provider = await startProvider(key, services.fetch as never)
  atEnd(() => provider.close())
  return { provider, key }
}

/** The cases of these mistakes. */
export function oidcCases(mistakes: readonly Mistake[]): Case[] {
  return mistakes.map((mistake) => ({
    name: mistake.name,
    kind: 'oidc',
    run: () => run(mistake),
  }))
}

async function run(mistake: Mistake): Promise<void> {
  const setup = await newSetup()
  const provider = await honestProvider()
  const names: Names = { issuer: provider.issuer, client_id }
  names.connection = await connect(setup, mistake, names)
  names.callback = `${base_url}/v1/b2b/sso/callback/${names.connection}`
  const { services } = await server()
  const browser = mistake.services
    ? new Browser(createApp(mistake.services(services)))
    : new Browser()
  const started = await browser.start(setup, names.connection)
  const asked = new URL(started.headers.get('location')!).searchParams
  const seconds = Math.floor(Date.now() / 1000) + (mistake.ahead ?? 0)
  Object.assign(provider.script.claims, {
    aud: client_id,
    nonce: asked.get('nonce')!,
    iat: seconds,
    exp: seconds + 300,
  })
  await mistake.says?.(provider)
  const response = await browser.submit(answer(asked, mistake))
  await assertExplained(setup, response, mistake.told, names)
}

function answer(asked: URLSearchParams, { brought }: Mistake): Submission {
  const given = { code: 'a-code', state: asked.get('state')!, ...brought }
  const fields = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  )
  return {
    action: asked.get('redirect_uri')!,
    method: 'GET',
    fields: new URLSearchParams(fields),
  }
}

/** An active connection; an issuer elsewhere answers with 404, so that nothing leaves this machine. */
async function connect(setup: Setup, { provider, connection = {} }: Mistake, names: Names) {
  const { issuer } = names
  const changes = typeof connection === 'function' ? connection(names) : connection
  const entered = {
    issuer,
    client_id,
    client_secret: 'a-client-secret',
    authorization_url: `${issuer}/authorize`,
    token_url: `${issuer}/token`,
    userinfo_url: `${issuer}/userinfo`,
    jwks_url: `${issuer}/jwks`,
    ...(provider && { identity_provider: provider }),
    ...changes,
  }
  const origin = new URL(String(entered.issuer)).origin
  const elsewhere = origin !== issuer && !inProcess.has(origin)
  if (elsewhere) inProcess.set(origin, new Hono())
  const path = `/v1/b2b/sso/oidc/${setup.organization_id}`
  const { body } = await call(setup.project, 'POST', path, {})
  const { connection_id } = body.connection
  const saved = await call(setup.project, 'PUT', `${path}/connections/${connection_id}`, entered)
  if (elsewhere) inProcess.delete(origin)
  if (saved.body.connection?.status !== 'active') throw new Error(JSON.stringify(saved.body))
  return connection_id as string
}
