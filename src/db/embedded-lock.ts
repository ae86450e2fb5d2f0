import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { EmbeddedDatabaseError, elsewhere, explainFailure } from './embedded-error.ts'

type Holder = { pid: number; since: string; process_start: string | undefined }

/**
 * Takes `folder` for this server, until the function returned is called or the process ends
 * (a lock whose process is gone, or whose number went to another process, counts for nothing).
 * Throws with the holder's process id and start where another server has it.
 */
export async function takeLock(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'postgres.lock')
  const mine = `${file}.${randomBytes(6).toString('hex')}`
  const holder: Holder = {
    pid: process.pid,
    since: new Date().toISOString(),
    process_start: await processStart(process.pid),
  }
  try {
    await writeFile(mine, JSON.stringify(holder), { mode: 0o600 })
    // A server that was just killed takes a moment to be gone.
    for (let patience = 10; !(await linked(mine, file)); patience--) {
      const held = await removeStale(file)
      if (held && patience <= 0) throw inUse(held, folder)
      if (held) await sleep(50)
    }
    await sweep(folder).catch(() => undefined)
  } catch (error) {
    throw explainFailure(error, folder)
  } finally {
    await rm(mine, { force: true }).catch(() => undefined)
  }
  return () => rm(file, { force: true })
}

/** Removes what a server left that was killed while it took the lock. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name)
    if (!name.startsWith('postgres.lock.')) continue
    const written = await stat(file).catch(absent)
    if (written && Date.now() - written.mtimeMs > 60_000) await rm(file, { force: true })
  }
}

/** Links the finished file into place, so that no one ever reads half a lock. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Removes the lock unless the server that took it lives: then that one is returned. */
async function removeStale(file: string): Promise<Holder | undefined> {
  const text = await readFile(file, 'utf8').catch(absent)
  if (text === undefined) return undefined
  const holder = parse(text)
  if (holder && (await holds(holder))) return holder
  const aside = `${file}.${randomBytes(6).toString('hex')}`
  await rename(file, aside).catch(absent)
  const moved = await readFile(aside, 'utf8').catch(absent)
  // Another server may have replaced the stale lock in between: give it back.
  if (moved !== undefined && moved !== text) await linked(aside, file)
  await rm(aside, { force: true })
  return undefined
}

function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // cut short by a power failure: no server holds it
  }
}

async function holds({ pid, process_start }: Holder): Promise<boolean> {
  if (!(await lives(pid))) return false
  const start = await processStart(pid)
  return !start || !process_start || start === process_start
}

function inUse(holder: Holder, folder: string): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The database in ${folder} is in use by another Portcullis server (process ${holder.pid}, since ${holder.since}). Stop that one, or ${elsewhere}.`,
  )
}

/** Whether a process of this number works, be it another user's; a zombie does not. */
export async function lives(pid: number): Promise<boolean> {
  if (!exists(pid)) return false
  try {
    if (process.platform !== 'linux') return !(await ps(pid, 'stat=')).startsWith('Z')
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return exists(pid)
  }
}

/** Whether the number is taken, be it by a zombie. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process began, in a form that differs for a later process of the same number. */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    if (process.platform !== 'linux') return await ps(pid, 'lstart=')
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    // Field 22 is the start in ticks since boot; field 2, the name, may hold anything.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot.trim()} ${ticks}`
  } catch {
    return undefined
  }
}

/** The command line of a process, or undefined where it cannot be read. */
export async function commandLine(pid: number): Promise<string | undefined> {
  try {
    if (process.platform !== 'linux') return await ps(pid, 'command=')
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
  } catch {
    return undefined
  }
}

async function ps(pid: number, column: string): Promise<string> {
  const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
  const { stdout } = await promisify(execFile)('ps', ['-o', column, '-p', String(pid)], { env })
  return stdout.trim()
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
