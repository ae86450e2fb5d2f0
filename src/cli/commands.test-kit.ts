/** For tests: the commands, run on the database of this run. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { databaseURL, server } from '../../tests/harness.ts'
import { runCommand } from './commands.ts'

const keyRing = `test:${Buffer.alloc(32, 7).toString('base64')}`

/** Runs a command on the database of this run. */
export async function portcullis(...args: string[]) {
  await server() // the tables are there
  const url = await databaseURL()
  const before = { ...process.env }
  const printed = { stdout: [] as string[], stderr: [] as string[] }
  try {
    process.env.DATABASE_URL = url
    process.env.PORTCULLIS_ENCRYPTION_KEYS = keyRing
    const code = await runCommand(args, {
      stdout: (text) => printed.stdout.push(text),
      stderr: (text) => printed.stderr.push(text),
    })
    return { code, stdout: printed.stdout.join(''), stderr: printed.stderr.join('') }
  } finally {
    for (const name of ['DATABASE_URL', 'PORTCULLIS_ENCRYPTION_KEYS'])
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
  }
}

/** The JSON that a command prints, which is all that it prints. */
export async function json(...args: string[]) {
  const { code, stdout, stderr } = await portcullis(...args, '--json')
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '')
  assert.match(stdout, /^[^\n]+\n$/)
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  return JSON.parse(stdout) as any
}

/** A project that the command line has made, with what it printed of it. */
export async function newProject(...options: string[]) {
  const slug = `cli-${randomBytes(6).toString('hex')}`
  const made = await json('project', 'create', '--name', 'A test', '--slug', slug, ...options)
  return { slug, ...made }
}

/** Asserts that a command fails with this code, a line of this kind and no stack. */
export async function refused(code: number, message: RegExp, ...args: string[]): Promise<void> {
  const answer = await portcullis(...args)
  assert.equal(answer.code, code, answer.stderr)
  assert.match(answer.stderr, message)
  assert.doesNotMatch(answer.stderr, /^ +at /m)
  assert.equal(answer.stdout, '')
}
