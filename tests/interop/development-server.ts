/** The server as `npm start` runs it, for SDKs of other languages; and a browser at its test identity provider. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { DevelopmentFacts } from '../../src/development.ts'
import { pressButton, type Submission } from '../../src/test-idp/press-button.ts'
import { end, freePort, waitUntil } from './command.ts'

const program = join(import.meta.dirname, '../../src/main.ts')

export interface DevelopmentServer {
  facts: DevelopmentFacts
  stop(): Promise<void>
}

/** Starts it with its seeded project and no example application, on free ports, and waits until it answers. */
export async function startDevelopmentServer(data_dir: string): Promise<DevelopmentServer> {
  const ports = ['--port', '0', '--test-idp-port', '0', '--app-port', String(await freePort())]
  const args = [program, '--json', '--no-app', '--data-dir', data_dir, ...ports]
  const { DATABASE_URL: _other, ...environment } = process.env
  // As under `npm start`, it then ends with its parent, whatever happens to that.
  const env = { ...environment, npm_lifecycle_event: 'start' }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let notices = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    notices += chunk
  })
  const ended = once(child, 'exit').then(() => {
    throw new Error(`npm start ended: ${notices}`)
  })
  ended.catch(() => {})
  const ready = waitUntil(
    'npm start',
    async () => said.endsWith('\n'),
    () => notices,
  )
  try {
    await Promise.race([ended, ready])
  } catch (error) {
    await end(child)
    throw error
  }
  return { facts: JSON.parse(said), stop: () => end(child) }
}

/** Calls the API as an application would without an SDK; the call must succeed. */
export async function call<T>(
  { base_url, project_id, secret }: DevelopmentFacts,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const credentials = Buffer.from(`${project_id}:${secret}`).toString('base64')
  const response = await fetch(base_url + path, {
    method,
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  assert.equal(response.status, 200, await response.clone().text())
  return (await response.json()) as T
}

/** Signs in at the test identity provider, as a browser without scripts does. */
export async function signIn(start_url: string, who: string): Promise<Response> {
  const cookies = new Map<string, string>()
  const request = async (url: string, init: RequestInit = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } })
    for (const header of response.headers.getSetCookie()) {
      // Over http, Python's cookie jar and its like drop what is Secure.
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(header) ?? []
      if (!/;\s*secure/i.test(header)) cookies.set(name, value)
    }
    return response
  }
  const submit = ({ action, method, fields }: Submission, page_url: string) => {
    const url = new URL(action, page_url)
    if (method === 'POST') return request(url.href, { method, body: fields })
    url.search = fields.toString()
    return request(url.href)
  }
  const started = await request(start_url)
  const page_url = started.headers.get('location') ?? ''
  const page = await (await request(page_url)).text()
  const answer = await submit(pressButton(page, who), page_url)
  const redirected = answer.headers.get('location')
  if (redirected) return request(redirected)
  return submit(pressButton(await answer.text(), 'Continue'), page_url)
}

/** Where a login over a connection begins. */
export function startURL(facts: DevelopmentFacts, connection_id: string): string {
  const { base_url, public_token } = facts
  return `${base_url}/v1/public/sso/start?${new URLSearchParams({ connection_id, public_token })}`
}

/** A login at a start link; returns the token with which the browser comes back to the application. */
export async function ssoToken(start_url: string, who: string): Promise<string> {
  const answer = await signIn(start_url, who)
  assert.equal(answer.status, 303, await answer.clone().text())
  const { searchParams } = new URL(answer.headers.get('location') ?? '')
  assert.equal(searchParams.get('stytch_token_type'), 'sso')
  return searchParams.get('token') ?? ''
}
