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
 * A shell that runs the program and ends it, with all that it has started, when its own standard input
 * closes: that happens also when this process is killed.
 */
const endTogether = `exec 3<&0
(cat <&3 >/dev/null; kill -KILL 0) &
"$@" </dev/null 3<&- &
wait $!
echo "it ended with status $?" >&2
kill -KILL 0`

/**
 * Starts it and waits until it answers. It is stopped when the run ends, or by `stop`. Throws with what it
 * printed where it does not start.
 */
export async function startService(options: Options): Promise<Service> {
  const { name, program, args, cwd } = options
  const child = spawn('sh', ['-c', endTogether, 'sh', program, ...args], {
    detached: true,
    ...(cwd && { cwd }),
    env: { ...process.env, ...options.env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000)
    })
  let ended = false
  const gone = new Promise<void>((resolve) =>
    child.once('close', () => {
      ended = true
      resolve()
    }),
  )
  const stop = async () => {
    child.stdin.end()
    await gone
  }
  atEnd(stop)
  await waitUntil(
    name,
    async () => {
      if (ended) throw new Error(`${name} ended:\n${output}`)
      const response = await fetch(options.ready_url).catch(() => undefined)
      await response?.body?.cancel()
      return response?.ok ?? false
    },
    () => output,
  )
  return { output: () => output, stop }
}
