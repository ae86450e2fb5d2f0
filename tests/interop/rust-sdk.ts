/** The official Rust SDK: the program rust-sdk/, run beside the server of its own, and what it printed. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt } from './command.ts'
import { startDevelopmentServer } from './development-server.ts'
import { prepared } from './downloads.ts'
import { atEnd } from './portcullis.ts'
import { builtRust } from './rust.ts'

const program = prepared(() => builtRust('rust-sdk'))

let started: ReturnType<typeof start> | undefined

async function start() {
  const data_dir = await mkdtemp(join(tmpdir(), 'portcullis-rust-'))
  atEnd(() => rm(data_dir, { recursive: true, force: true }))
  const { facts, stop } = await startDevelopmentServer(data_dir)
  atEnd(stop)
  return { ...facts, data_dir }
}

/** The server of this file, started when first asked for. */
export function portcullis() {
  started ??= start()
  return started
}

interface Refusal {
  status_code: number
  request_id: string
  error_type: string
  error_message: string
  error_url: string
}

interface Line {
  call: string
  /** What the SDK decoded. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  answer?: any
  /** Its typed error. */
  refusal?: Refusal
  /** Any other error of its. */
  failure?: string
}

/** What the SDK made of each call of a subject. */
class Said {
  readonly #lines: ReadonlyMap<string, Line>

  constructor(output: string) {
    const lines = output.trim().split('\n')
    this.#lines = new Map(
      lines.map((each) => {
        const line: Line = JSON.parse(each)
        return [line.call, line]
      }),
    )
  }

  /** The decoded answer of a call that succeeded. */
  answer(name: string) {
    const line = this.#lines.get(name)
    assert.equal(line?.answer?.status_code, 200, JSON.stringify(line))
    assert.match(line?.answer.request_id, /^request-id-test-/)
    return line?.answer
  }

  /** Fails unless the call ended in the typed error of the SDK, with all five fields. */
  refused(name: string, status_code: number, error_type: string): void {
    const refusal = this.#lines.get(name)?.refusal
    assert.equal(refusal?.error_type, error_type, JSON.stringify(this.#lines.get(name)))
    assert.equal(refusal.status_code, status_code)
    assert.match(refusal.request_id, /^request-id-test-/)
    assert.notEqual(refusal.error_message, '')
    assert.match(refusal.error_url, /^https?:\/\//)
  }

  /** What came of a call that is no request. */
  line(name: string): Line | undefined {
    return this.#lines.get(name)
  }
}

/** Runs a subject of the program; fails where a call fails that must not. */
export async function sdk(subject: string, given: Record<string, string> = {}, secret?: string) {
  const [path, facts] = await Promise.all([program(), portcullis()])
  const env = {
    STYTCH_PROJECT_ID: facts.project_id,
    STYTCH_SECRET: secret ?? facts.secret,
    STYTCH_BASE_URL: facts.base_url,
  }
  const { status, output } = await attempt(path, [subject, JSON.stringify(given)], { env })
  assert.equal(status, 0, output.slice(-2000))
  return new Said(output)
}
