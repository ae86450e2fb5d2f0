/** The server under test with the Express example, as `npm start` runs them; registered with the official SDK. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { B2BClient } from 'stytch'
import type { DevelopmentFacts } from '../../src/development.ts'
import { end, run, waitUntil } from './command.ts'

const root = join(import.meta.dirname, '../..')

export interface Portcullis extends DevelopmentFacts {
  stytch: B2BClient
  /** Runs a command of `portcullis` on the same data. Throws where it fails. */
  command(...args: string[]): Promise<string>
}

let started: Promise<Portcullis> | undefined
const closers: (() => Promise<unknown>)[] = []

after(async () => {
  for (const close of closers.reverse()) await close()
})

/** Something to stop when the run ends, last come first stopped. */
export function atEnd(close: () => Promise<unknown>): void {
  closers.push(close)
}

/** The server of this run, started when first asked for, with its own data. */
export function portcullis(): Promise<Portcullis> {
  started ??= start()
  return started
}

async function start(): Promise<Portcullis> {
  const data_dir = await mkdtemp(join(tmpdir(), 'portcullis-interop-'))
  const ports = ['--port', '0', '--test-idp-port', '0', '--app-port', '0']
  const { DATABASE_URL: _other, ...environment } = process.env
  const child = spawn(
    process.execPath,
    ['src/main.ts', '--json', ...ports, '--data-dir', data_dir],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // As under `npm start`, it then ends with its parent, whatever happens to that.
      env: { ...environment, npm_lifecycle_event: 'start' },
    },
  )
  atEnd(async () => {
    await end(child)
    await rm(data_dir, { recursive: true, force: true })
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const explain = () => `${stdout}${stderr}`
  await waitUntil(
    'The server',
    async () => {
      if (child.exitCode !== null)
        throw new Error(`The server ended (${child.exitCode}):\n${explain()}`)
      return stdout.includes('\n')
    },
    explain,
  )
  const facts = JSON.parse(stdout) as DevelopmentFacts
  const { project_id, secret, base_url } = facts
  const stytch = new B2BClient({ project_id, secret, env: base_url })
  const env = { ...environment, PORTCULLIS_DATA_DIR: data_dir }
  const command = (...args: string[]) =>
    run(process.execPath, ['src/main.ts', ...args], { cwd: root, env })
  return { ...facts, stytch, command }
}

/** A new organization that lets in whoever its identity provider vouches for. */
export async function newOrganization(name: string) {
  const { stytch } = await portcullis()
  const { organization } = await stytch.organizations.create({
    organization_name: name,
    organization_slug: `org-${randomBytes(6).toString('hex')}`,
    sso_jit_provisioning: 'ALL_ALLOWED',
  })
  return organization
}

/** The members of an organization as the API answers them. */
export async function membersOf(organization_id: string) {
  const { stytch } = await portcullis()
  const { members } = await stytch.organizations.members.search({
    organization_ids: [organization_id],
  })
  return members
}
