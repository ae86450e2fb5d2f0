/** Programs that the suite runs: a foreign tool once, or a server for as long as the tests need it. */
import { type ChildProcess, execFile } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'

interface Outcome {
  /** Exit status; null where a signal ended it. */
  status: number | null
  output: string
}

/** Runs a program to its end, whatever its outcome. Throws where it cannot be run at all. */
export function attempt(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const done = { maxBuffer: 64 * 1024 * 1024, ...options }
    const child = execFile(program, args, done, (error, stdout, stderr) => {
      if (error && typeof error.code === 'string')
        reject(new Error(`${program} cannot be run: ${error.message}`))
      else resolve({ status: child.exitCode, output: `${stdout}${stderr}` })
    })
    child.stdin?.end()
  })
}

/** Runs a program that must succeed. Throws with its whole output otherwise. */
export async function run(...call: Parameters<typeof attempt>): Promise<string> {
  const { status, output } = await attempt(...call)
  if (status !== 0)
    throw new Error(`${[call[0], ...call[1]].join(' ')} failed (${status}):\n${output.trim()}`)
  return output
}

/** A port of `host` that nobody listens on. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, host, resolve)
  })
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** Waits until `ready` is true, at most 60 seconds. Throws, with what `explain` says, when it never is. */
export async function waitUntil(
  what: string,
  ready: () => Promise<boolean>,
  explain: () => string = () => '',
): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    if (await ready()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${what} did not become ready within 60 seconds.\n${explain()}`)
}

/** Ends a child process: SIGTERM, and SIGKILL when it has not gone after ten seconds. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(timer)
}
