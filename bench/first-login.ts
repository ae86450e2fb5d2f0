/**
 * From a clone to a logged-in view, in seconds: `git clone`, `npm install`, `npm start`, and a login over
 * SAML and one over OIDC without a browser. With `--here` the folder is this clone, installed already.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { DevelopmentFacts } from '../src/development.ts'
import { WebBrowser } from '../tests/processes/web-browser.test-kit.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const here = process.argv.includes('--here')
const started = performance.now()
let last = started

/** Prints how long a step took, and how long it has been since the first began. */
function step(name: string): void {
  const now = performance.now()
  const seconds = (from: number) => ((now - from) / 1000).toFixed(1).padStart(6)
  console.log(`${name.padEnd(34)}${seconds(last)} s ${seconds(started)} s`)
  last = now
}

async function start(folder: string): Promise<{ child: ChildProcess; facts: DevelopmentFacts }> {
  const child = spawn('npm', ['start', '--silent', '--', '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`npm start ended with ${code}`)
    }),
  ])) as [string]
  return { child, facts: JSON.parse(line) as DevelopmentFacts }
}

async function logIn(facts: DevelopmentFacts, type: 'saml' | 'oidc'): Promise<void> {
  const connection = facts.organizations[0]?.sso_connections.find((each) => each.type === type)
  const { text } = await new WebBrowser().login(connection!.start_url, 'ada.lovelace@acme.test')
  if (!text.includes('ada.lovelace@acme.test') || !/log out/i.test(text))
    throw new Error(`The login over ${type} did not end at the logged-in view:\n${text}`)
}

const folder = here ? root : join(mkdtempSync(join(tmpdir(), 'portcullis-first-')), 'portcullis')
let child: ChildProcess | undefined
try {
  console.log(`${''.padEnd(34)}  step     total`)
  if (!here) {
    execFileSync('git', ['clone', '--quiet', root, folder])
    step('git clone')
    execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' })
    step('npm install')
  }
  const first = await start(folder)
  child = first.child
  step('npm start, until everything answers')
  await logIn(first.facts, 'saml')
  step('login over SAML, logged-in view')
  await logIn(first.facts, 'oidc')
  step('login over OIDC, logged-in view')
} finally {
  if (child && child.exitCode === null) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  if (!here) rmSync(join(folder, '..'), { recursive: true, force: true })
}
