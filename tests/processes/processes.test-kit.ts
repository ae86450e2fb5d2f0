/** Real processes: how the tests start the commands of this clone, see what runs, and end it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DevelopmentFacts } from '../../src/development.ts'
import { atEnd } from '../harness.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A data folder of its own, removed at the end of the run. */
export function newDataDir(): string {
  const data_dir = mkdtempSync(join(tmpdir(), 'portcullis-processes-'))
  atEnd(async () => {
    killAll(pidsOf(data_dir))
    await until('the processes of a test to end', () => pidsOf(data_dir).length === 0)
    rmSync(data_dir, { recursive: true, force: true })
  })
  return data_dir
}

/** A program under way, or its end. */
export interface Started {
  child: ChildProcess
  stdout(): string
  stderr(): string
  /** Exit code and signal, when it has ended. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/**
 * Starts a program in this clone, in a process group of its own as a terminal would, with none of this
 * run's settings but `environment`. It is killed at the end of the run at the latest.
 */
export function start(
  command: string,
  args: string[],
  environment: Record<string, string> = {},
): Started {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(DATABASE_URL|PORTCULLIS_|NODE_TEST|npm_)/.test(name),
  )
  const child = spawn(command, args, {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  const exited = new Promise<Awaited<Started['exited']>>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  atEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) killAll(treeOf(child.pid!))
  })
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, exited }
}

/** Runs a program to its end, which must come within a minute. */
export async function run(
  command: string,
  args: string[],
  environment: Record<string, string> = {},
) {
  const started = start(command, args, environment)
  const timer = setTimeout(() => killAll(treeOf(started.child.pid!)), 60_000)
  const { code } = await started.exited
  clearTimeout(timer)
  return { code, stdout: started.stdout(), stderr: started.stderr() }
}

/** `npm start` with free ports on a data folder; add or override options. */
export function startNpm(data_dir: string, ...options: string[]): Started {
  const ports = ['--port', '0', '--test-idp-port', '0', '--app-port', '0']
  return start('npm', ['start', '--silent', '--', ...ports, '--data-dir', data_dir, ...options])
}

/** The facts of the JSON line, when it has come. */
export async function factsOf(started: Started): Promise<DevelopmentFacts> {
  await printed(started, 'stdout', '\n')
  return JSON.parse(started.stdout()) as DevelopmentFacts
}

/** Waits until the program has printed `text`; throws where it ends before. */
export async function printed(
  started: Started,
  where: 'stdout' | 'stderr',
  text: string,
): Promise<void> {
  await until(`${text.trim() || 'a line'} on ${where}`, () => {
    if (started[where]().includes(text)) return true
    if (started.child.exitCode === null && started.child.signalCode === null) return false
    throw new Error(`it ended before: ${started.stdout()}${started.stderr()}`)
  })
}

/** Waits until `condition` holds; throws after `seconds`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 30,
): Promise<void> {
  const deadline = performance.now() + seconds * 1_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${seconds} s went by without ${what}`)
    await sleep(20)
  }
}

interface Process {
  pid: number
  parent: number
  command: string
}

/** What runs on this machine (Linux: from /proc), zombies left out. */
function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if (state === 'Z' || state === 'X') return []
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return [{ pid: Number(name), parent: Number(parent), command }]
      } catch {
        return [] // it has just ended
      }
    })
}

function withDescendants(all: Process[], roots: Process[]): number[] {
  const found = new Set(roots.map((each) => each.pid))
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const each of all) if (found.has(each.parent)) found.add(each.pid)
  }
  return [...found]
}

/** A process and all below it. */
export function treeOf(pid: number): number[] {
  const all = processes()
  return withDescendants(
    all,
    all.filter((each) => each.pid === pid),
  )
}

/** Every process that names the data folder, and all below: server, PostgreSQL, its watcher. */
export function pidsOf(data_dir: string): number[] {
  const all = processes()
  return withDescendants(
    all,
    all.filter((each) => each.command.includes(data_dir) && each.pid !== process.pid),
  )
}

/** Which of these run still. */
export function alive(pids: readonly number[]): number[] {
  const running = new Set(processes().map((each) => each.pid))
  return pids.filter((pid) => running.has(pid))
}

/** `kill -9` for each of them. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it has ended by itself
    }
}

/** A listener that keeps a port from everybody else; closed at the end of the run. */
export async function takePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as { port: number }).port
}
