/** An identity provider as a process of its own, for as long as the tests need it. */
import { spawn } from 'node:child_process'
import { waitUntil } from './command.ts'
import { atEnd } from './portcullis.ts'

interface Options {
  name: string
  program: string
  args: readonly string[]
  cwd?: string
  env?: Record<string, string>
  /** Answers with a 2xx status when it is ready. */
  ready_url: string
}

export interface Service {
  output(): string
  stop(): Promise<void>
}

/**
 * Starts it in a process group of its own, so that nothing it has started outlives it, and waits until it
 * answers. It is stopped when the run ends, or by `stop`. Throws with what it printed where it does not start.
 */
export async function startService(options: Options): Promise<Service> {
  const child = spawn(options.program, options.args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd && { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000)
    })
  let ended: string | undefined
  const gone = new Promise<void>((resolve) => {
    const end = (how: string) => {
      ended = how
      resolve()
    }
    child.once('error', (error) => end(error.message))
    child.once('exit', (code, signal) => end(`${code ?? signal}`))
  })
  const signal = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name)
    } catch {
      // It has ended before.
    }
  }
  const kill = () => signal('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    signal('SIGTERM')
    const timer = setTimeout(kill, 5_000)
    await gone
    clearTimeout(timer)
    kill()
  }
  atEnd(stop)
  await waitUntil(
    options.name,
    async () => {
      if (ended !== undefined) throw new Error(`${options.name} ended (${ended}):\n${output}`)
      const response = await fetch(options.ready_url).catch(() => undefined)
      await response?.body?.cancel()
      return response?.ok ?? false
    },
    () => output,
  )
  return { output: () => output, stop }
}
