/**
 * For tests of an official SDK in a program of its own language: the server beside it, and what the program
 * printed. It prints a line of JSON for each call: `answer` as the SDK decoded it, `error` where the SDK knew
 * the API's, or `failure`, the reasons of any other.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DevelopmentFacts } from '../../src/development.ts'
import { startDevelopmentServer } from './development-server.ts'
import { atEnd } from './portcullis.ts'

/** A server of its own for the tests of an SDK, started when first asked for. */
export function serverFor(sdk: string): () => Promise<DevelopmentFacts & { data_dir: string }> {
  let started: ReturnType<typeof start> | undefined
  async function start() {
    const data_dir = await mkdtemp(join(tmpdir(), `portcullis-${sdk}-`))
    atEnd(() => rm(data_dir, { recursive: true, force: true }))
    const { facts, stop } = await startDevelopmentServer(data_dir)
    atEnd(stop)
    return { ...facts, data_dir }
  }
  return () => {
    started ??= start()
    return started
  }
}

/** What the programs take from their environment. */
export function sdkEnvironment({ base_url, project_id, secret }: DevelopmentFacts) {
  return { STYTCH_BASE_URL: base_url, STYTCH_PROJECT_ID: project_id, STYTCH_SECRET: secret }
}

interface Line {
  call: string
  answer?: unknown
  error?: Record<string, unknown>
  failure?: string[]
}

/** What the calls of one run came to, by their names in the program. */
export class Calls<Answer> {
  readonly #lines: ReadonlyMap<string, Line>
  readonly #error_url: string

  constructor(output: string, { base_url }: DevelopmentFacts) {
    const lines = output.split('\n').filter((line) => line.startsWith('{"'))
    const parsed = lines.map((line) => JSON.parse(line) as Line)
    this.#lines = new Map(parsed.map((line) => [line.call, line]))
    this.#error_url = `${base_url}/errors/`
  }

  #line(call: string): Line {
    const line = this.#lines.get(call)
    assert.ok(line, `The program made no call “${call}”.`)
    return line
  }

  /** What the SDK decoded, of a call of its own or of the API. */
  value<Value>(call: string): Value {
    const line = this.#line(call)
    assert.ok(line.answer, JSON.stringify(line))
    return line.answer as Value
  }

  /** The answer of a call of the API that succeeded. */
  answer(call: string): Answer {
    const answer = this.value<Answer & { status_code: number; request_id: string }>(call)
    assert.equal(answer.status_code, 200, JSON.stringify(answer))
    assert.match(answer.request_id, /^request-id-test-[0-9a-f-]{36}$/)
    return answer
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
