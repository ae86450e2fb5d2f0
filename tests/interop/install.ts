/**
 * Interop: the server beside software that this project did not write. The suite installs what it needs
 * (Debian, root) and fails where it cannot: nothing is skipped.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, run } from './command.ts'

const cache = join(import.meta.dirname, '../../node_modules/.cache/portcullis-interop')
const apt = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' } }
const aptOptions = ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3']

let queue: Promise<unknown> = Promise.resolve()

/** One installation at a time: apt takes a lock, and fails for whoever comes second. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = queue.then(work)
  queue = turn.catch(() => {})
  return turn
}

let updated: Promise<unknown> | undefined

function updateLists(): Promise<unknown> {
  updated ??= run('apt-get', [...aptOptions, 'update'], apt)
  return updated
}

function assertDebianRoot(missing: readonly string[]): void {
  const needed = `The interop suite needs these Debian packages: ${missing.join(' ')}.`
  if (!existsSync('/usr/bin/apt-get'))
    throw new Error(`${needed} This is no Debian (no apt-get): run it on one, in a container say.`)
  if (process.getuid?.() !== 0)
    throw new Error(
      `${needed} Run it as root, or install them: apt-get install --no-install-recommends ${missing.join(' ')}`,
    )
}

/**
 * Installs those of the Debian packages that are missing; prints what it installed. Throws, with apt's
 * own words, where it cannot. None of them may start a service.
 */
export function ensurePackages(names: readonly string[]): Promise<void> {
  return inTurn(async () => {
    const missing: string[] = []
    for (const name of names) if (!(await isInstalled(name))) missing.push(name)
    if (missing.length === 0) return
    assertDebianRoot(missing)
    await updateLists()
    await run(
      'apt-get',
      [...aptOptions, 'install', '-y', '--no-install-recommends', ...missing],
      apt,
    )
    console.log(`# installed: ${(await versions(missing)).join(', ')}`)
  })
}

/** Installs the Debian packages of those programs that do not run here. */
export async function ensurePrograms(packages: Readonly<Record<string, string>>): Promise<void> {
  for (const [program, package_name] of Object.entries(packages)) {
    const found = await attempt(program, ['-version']).catch(() => null)
    if (found?.status !== 0) await ensurePackages([package_name])
  }
}

async function isInstalled(name: string): Promise<boolean> {
  if (!existsSync('/usr/bin/dpkg-query')) return false
  const { output } = await attempt('dpkg-query', ['-s', name])
  return output.includes('\nStatus: install ok installed\n')
}

/** Name and version of each installed package. */
export async function versions(names: readonly string[]): Promise<string[]> {
  const listed = await run('dpkg-query', ['-W', ...names])
  return listed
    .trim()
    .split('\n')
    .map((line) => line.replace('\t', ' '))
}

/**
 * Fetches a Debian package and unpacks it without installing it (its dependencies and its services stay
 * away). Returns the folder, which is kept below node_modules for the next run.
 */
export function unpackedPackage(name: string): Promise<string> {
  return inTurn(async () => {
    await mkdir(cache, { recursive: true })
    const found = (await readdir(cache)).find((entry) => entry.startsWith(`${name}_`))
    if (found) return join(cache, found)
    assertDebianRoot([name])
    await updateLists()
    const work = await mkdtemp(join(cache, 'unpacking-'))
    try {
      await run('apt-get', [...aptOptions, 'download', name], { ...apt, cwd: work })
      const deb = (await readdir(work)).find((entry) => entry.endsWith('.deb'))
      if (!deb) throw new Error(`apt-get download ${name} brought no package.`)
      await run('dpkg', ['-x', deb, 'unpacked'], { cwd: work })
      const folder = join(cache, deb.replace(/\.deb$/, ''))
      await rename(join(work, 'unpacked'), folder)
      console.log(`# unpacked: ${deb}`)
      return folder
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  })
}
