import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Account } from './embedded-account.ts'

// Becomes the program, and leaves a watcher behind that holds the other end of a pipe to the
// server: when the server ends in any way, SIGKILL included, the pipe closes, and the watcher
// interrupts the program (for PostgreSQL: a fast shutdown; an immediate one if that hangs, as it
// can in a restart after a crash). A line on the pipe sends the watcher home. It is orphaned at
// once, so that PostgreSQL does not meet a child that it does not know.
const watched = `
  watch() {
    read -r _ <&3 && return
    kill -INT $$
    n=0; while [ $n -lt 50 ] && sleep 0.2 && kill -0 $$; do n=$((n + 1)); done
    kill -QUIT $$
  }
  ( watch </dev/null >/dev/null 2>&1 & )
  exec "$@" 3<&-`

/**
 * Starts a program of PostgreSQL under `account`, in a session of its own (Ctrl-C in the terminal
 * is for the server, which stops its database last), so that it cannot outlive this process.
 * The child's `pid` is the program's own.
 */
export function launch(account: Account, program: string, args: string[]): ChildProcess {
  const command = [...account.prefix, '/bin/sh', '-c', watched, 'sh', program, ...args]
  const child = spawn(command[0]!, command.slice(1), {
    ...(account.user && { uid: account.user.uid, gid: account.user.gid }),
    cwd: '/',
    detached: true,
    // Nothing of PGDATA, PGOPTIONS and their like; with TZ initdb need not guess the time zone.
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  const watcher = child.stdio[3] as Writable
  for (const pipe of [watcher, child.stdin!]) pipe.on('error', () => undefined)
  child.on('error', () => undefined)
  child.once('exit', () => watcher.end('ended\n'))
  return child
}

/** Runs a program to its end, `input` on its standard input; throws an Error with all it printed. */
export async function run(
  account: Account,
  program: string,
  args: string[],
  input = '',
): Promise<void> {
  const child = launch(account, program, args)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  child.stdin!.end(input)
  const [code, ...printed] = await Promise.all([ended, text(child.stdout!), text(child.stderr!)])
  if (code !== 0) throw new Error(printed.join('\n'))
}
