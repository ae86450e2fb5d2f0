/** The servers that `bench/login.ts` compares: how each is started, asked and measured. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, type Dispatcher, request } from 'undici'
import { readRedirectRequest } from '../src/test-idp/authn-request.ts'
import { loginResponse } from '../src/test-idp/saml-response.ts'
import type { TestIdPUser } from '../src/test-idp/users.ts'
import type { SigningKey } from '../src/test-idp/xml-signature.ts'

/** A server with one organization and one SAML connection; `login` is one whole login. */
export interface Target {
  name: string
  process: ChildProcess
  login(user: TestIdPUser): Promise<void>
}

/** Who answers at the other end: what a connection is configured with, and what signs. */
export interface IdentityProvider {
  entity_id: string
  sso_url: string
  metadata: string
  key: SigningKey & { certificate: string }
}

const dispatcher = new Agent({ connections: 16 })

/** A request over a kept connection; answers other than `status` are thrown. */
export async function ask(
  method: Dispatcher.HttpMethod,
  url: string,
  status: number,
  { body, ...headers }: Record<string, string> = {},
) {
  const response = await request(url, { method, headers, body: body ?? null, dispatcher })
  const text = await response.body.text()
  if (response.statusCode === status) return { headers: response.headers, text }
  throw new Error(`${method} ${url}: ${response.statusCode} ${text.slice(0, 2_000)}`)
}

/** What the browser posts after `location`, the redirect to the identity provider, as `user`. */
export function answerOf(idp: IdentityProvider, location: string, user: TestIdPUser): string {
  const query = new URL(location).searchParams
  const authnRequest = readRedirectRequest(query.get('SAMLRequest') ?? '')
  const address = {
    issuer: idp.entity_id,
    acs_url: authnRequest.acs_url,
    audience: authnRequest.issuer,
    in_response_to: authnRequest.id,
    now: new Date(),
  }
  const options = { name_id_format: 'emailAddress', sign: 'assertion' } as const
  const SAMLResponse = Buffer.from(loginResponse(address, user, options, idp.key)).toString(
    'base64',
  )
  return new URLSearchParams({ SAMLResponse, RelayState: query.get('RelayState') ?? '' }).toString()
}

/** Starts a server of this Node; resolves with the port that it prints as `"port":N`. */
export async function startServer(
  args: string[],
  environment: Record<string, string>,
): Promise<{ process: ChildProcess; url: string }> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  let printed = ''
  const port = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        printed = (printed + chunk).slice(-10_000)
        const [, found] = /"port":(\d+)/.exec(printed) ?? []
        if (found) resolve(found)
      })
    child.once('exit', () => reject(new Error(`the server ended: ${printed}`)))
  })
  return { process: child, url: `http://127.0.0.1:${port}` }
}

/** Seconds of CPU that a process has used, all threads together (proc(5), 100 ticks a second). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Megabytes of memory that a process holds. */
export function megabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}
