import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account } from './embedded-account.ts'
import type { Cluster } from './embedded-cluster.ts'
import { explainFailure } from './embedded-error.ts'
import { commandLine, exists } from './embedded-lock.ts'
import { launch } from './embedded-process.ts'

/** A PostgreSQL that answers on 127.0.0.1. */
export type Server = { child: ChildProcess; port: number }

const previous_run = /lock file ".*" already exists|pre-existing shared memory block/
const port_taken = /could not create any TCP\/IP sockets/
const patience_ms = 15_000

/**
 * Starts PostgreSQL on the cluster and waits until it answers. What is left of a run that was
 * killed gets 15 seconds to end. Throws `EmbeddedDatabaseError` where it does not start.
 */
export async function startServer(
  account: Account,
  cluster: Cluster,
  log: (line: string) => void,
): Promise<Server> {
  const deadline = Date.now() + patience_ms
  let waited = false
  for (let ports = 0; ; ) {
    await endPrevious(cluster.data, Date.now() < deadline - 7000 ? 'SIGINT' : 'SIGQUIT')
    const port = await freePort()
    const started = await attempt(account, cluster.data, port, log)
    if ('child' in started) return started
    if (port_taken.test(started.printed) && ++ports < 5) continue
    const retry = previous_run.test(started.printed) && Date.now() < deadline
    if (!retry) throw explainFailure(started.printed, cluster.folder)
    if (!waited) log('PostgreSQL of an earlier run is still ending: waiting for it')
    waited = true
    await sleep(200)
  }
}

/** Those that were asked to end: that their last connections end with them is no trouble. */
const stopping = new WeakSet<ChildProcess>()

/** Asks PostgreSQL for a fast shutdown, after 10 s for an immediate one, and waits for the end. */
export async function stopServer(child: ChildProcess, exited: Promise<void>): Promise<void> {
  stopping.add(child)
  for (const [signal, patience] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 6_000],
  ] as const) {
    child.kill(signal)
    const timer = new AbortController()
    const late = sleep(patience, true, { signal: timer.signal }).catch(() => false)
    const ended = await Promise.race([exited.then(() => true), late.then(() => false)])
    timer.abort()
    if (ended) return
  }
  child.kill('SIGKILL')
  await exited
}

async function attempt(
  account: Account,
  data: string,
  port: number,
  log: (line: string) => void,
): Promise<Server | { printed: string }> {
  const child = launch(account, account.programs.postgres, options(data, port))
  child.stdin!.end()
  child.stdout!.resume()
  const printed: string[] = []
  let answers = false
  const lines = createInterface({ input: child.stderr! })
  const ready = new Promise<boolean>((resolve) => {
    lines.on('line', (line) => {
      if (line.includes('database system is ready to accept connections')) {
        answers = true
        resolve(true)
      }
      if (!answers) printed.push(line)
      if (stopping.has(child) && line.includes('due to administrator command')) return
      const trouble = answers && !line.startsWith('LOG: ')
      if (trouble || /terminat|crash|recover/.test(line)) log(`PostgreSQL: ${line}`)
    })
    child.once('error', (error) => printed.push(error.message))
    child.once('close', () => resolve(false))
  })
  return (await ready) ? { child, port } : { printed: printed.join('\n') }
}

function options(data: string, port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    max_connections: 200,
    shared_buffers: '64MB',
    // The plans of a new database are good ones only after its first statistics.
    autovacuum_naptime: '10s',
    timezone: 'UTC',
    // PostgreSQL's own troubles only: failed statements reach the server as errors anyway,
    // and their parameters are nobody's business.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    log_line_prefix: '',
    logging_collector: 'off',
    log_destination: 'stderr',
  }
  return ['-D', data, ...Object.entries(settings).flatMap(([name, to]) => ['-c', `${name}=${to}`])]
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/**
 * Deals with the process that `postmaster.pid` names, if it lives: a PostgreSQL of this folder
 * has lost its server (we hold the lock), so it is told to end. Any other process just got the
 * same number, as happens in containers; PostgreSQL would refuse for its sake for ever. The
 * number is replaced by ours, which it takes as gone, being its parent's. The file itself must
 * stay: it names the shared memory by which PostgreSQL finds left-over backends.
 */
async function endPrevious(data: string, signal: NodeJS.Signals): Promise<void> {
  const file = join(data, 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => '')
  const [first, ...rest] = text.split('\n')
  const pid = Number(first)
  if (!Number.isInteger(pid) || pid <= 1 || pid === process.pid || !exists(pid)) return
  const command = await commandLine(pid)
  if (command === undefined) return
  if (command.includes(data)) process.kill(pid, signal)
  else await writeFile(file, [process.pid, ...rest].join('\n'))
}
