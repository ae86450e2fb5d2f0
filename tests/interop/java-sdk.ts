/** The program of java-sdk/ beside a server of its own: runs the calls of a subject, and reads what they came to. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Member, MemberSession, OIDCConnection, Organization, SAMLConnection } from 'stytch'
import type { DevelopmentFacts } from '../../src/development.ts'
import { run } from './command.ts'
import { startDevelopmentServer } from './development-server.ts'
import { prepared } from './downloads.ts'
import { builtJava } from './java.ts'
import { atEnd } from './portcullis.ts'

const classPath = prepared(() => builtJava('java-sdk'))

interface Started {
  facts: DevelopmentFacts
  data_dir: string
}

let started: Promise<Started> | undefined

/** The server of these tests, started when first asked for. */
export function server(): Promise<Started> {
  started ??= start()
  return started
}

async function start(): Promise<Started> {
  const data_dir = await mkdtemp(join(tmpdir(), 'portcullis-java-'))
  atEnd(() => rm(data_dir, { recursive: true, force: true }))
  const { facts, stop } = await startDevelopmentServer(data_dir)
  atEnd(stop)
  return { facts, data_dir }
}

/** Answers by the names of the wire, as the SDK has decoded them: what is null is not there. */
export interface Answer {
  status_code: number
  request_id: string
  project_id: string
  organization_id: string
  organization: Organization
  organizations: Organization[]
  member_id: string
  member: Member
  members: Member[]
  member_authenticated: boolean
  reset_session: boolean
  session_token: string
  session_jwt: string
  member_session: MemberSession
  member_sessions: MemberSession[]
  connection_id: string
  connection: SAMLConnection & OIDCConnection
  saml_connections: SAMLConnection[]
  oidc_connections: OIDCConnection[]
  certificate_id: string
  keys: Record<string, unknown>[]
  policy: { roles: { role_id: string }[] }
  org_policy: { roles: unknown[] }
}

interface Line {
  call: string
  answer?: unknown
  error?: Record<string, unknown>
  failure?: string[]
}

/** What the calls of one run came to, by their names in the program. */
class Calls {
  readonly #lines: Map<string, Line>
  readonly #error_url: string

  constructor(lines: Map<string, Line>, base_url: string) {
    this.#lines = lines
    this.#error_url = `${base_url}/errors/`
  }

  #line(call: string): Line {
    const line = this.#lines.get(call)
    assert.ok(line, `The program made no call “${call}”.`)
    return line
  }

  /** The answer of a call that succeeded. */
  answer(call: string): Answer {
    const line = this.#line(call)
    const answer = line.answer as Answer | undefined
    assert.equal(answer?.status_code, 200, JSON.stringify(line))
    assert.match(answer.request_id, /^request-id-test-[0-9a-f-]{36}$/)
    return answer
  }

  /** The session of a JWT that the SDK took. */
  session(call: string): MemberSession {
    const line = this.#line(call)
    assert.ok(line.answer, JSON.stringify(line))
    return line.answer as MemberSession
  }

  /** Asserts that the API refused a call, and that the SDK read all five fields of the error. */
  assertRefused(call: string, status_code: number, error_type: string): void {
    const line = this.#line(call)
    assert.ok(line.error, JSON.stringify(line))
    const { request_id, error_message, ...error } = line.error
    const error_url = this.#error_url + error_type
    assert.deepEqual(error, { status_code, error_type, error_url }, JSON.stringify(line))
    assert.match(String(request_id), /^request-id-test-[0-9a-f-]{36}$/)
    assert.match(String(error_message), /\S.*\.$/)
  }

  /** Asserts that the SDK itself refused, for a reason. */
  assertFailed(call: string, reason: RegExp): void {
    const line = this.#line(call)
    assert.match(line.failure?.join('\n') ?? JSON.stringify(line), reason)
  }
}

/** Runs the program; it must end well. */
export async function javaCalls(subject: string, ...args: string[]): Promise<Calls> {
  const { facts } = await server()
  const { base_url, project_id, secret } = facts
  const STYTCH = {
    STYTCH_BASE_URL: base_url,
    STYTCH_PROJECT_ID: project_id,
    STYTCH_SECRET: secret,
  }
  const small = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx128m']
  const program = [...small, '-cp', await classPath(), 'Main', subject, ...args]
  const output = await run('java', program, { env: { ...process.env, ...STYTCH } })
  const lines = output.split('\n').filter((line) => line.startsWith('{"call":'))
  const parsed = lines.map((line) => JSON.parse(line) as Line)
  return new Calls(new Map(parsed.map((line) => [line.call, line])), base_url)
}
