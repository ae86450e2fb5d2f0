/** Programs in Rust: built from crates.io, with every version pinned by a Cargo.lock beside the source. */
import { createHash } from 'node:crypto'
import { copyFile, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, run } from './command.ts'
import { kept } from './downloads.ts'
import { ensurePackages } from './install.ts'

/** The oldest that the locked versions can be built with. */
const needed = '1.85'

/** The program of a folder beside this file, built where its sources have not been built before. */
export async function builtRust(name: string): Promise<string> {
  const source = join(import.meta.dirname, name)
  const hash = createHash('sha256')
  for (const file of (await readdir(source, { recursive: true })).toSorted())
    if (/\.(rs|toml|lock)$/.test(file)) hash.update(file).update(await readFile(join(source, file)))
  // Before, not within: one thing is made at a time.
  await ensureCargo()
  const folder = await kept(`${name}-${hash.digest('hex').slice(0, 16)}`, async (fresh) => {
    const target = join(fresh, 'target')
    const paths = ['--manifest-path', join(source, 'Cargo.toml'), '--target-dir', target]
    await run('cargo', ['build', '--quiet', '--locked', ...paths])
    await copyFile(join(target, 'debug', name), join(fresh, name))
    await rm(target, { recursive: true })
  })
  return join(folder, name)
}

/** A Cargo that is there, else Debian's: that of Debian 12 is too old, but for the one that builds browsers. */
async function ensureCargo(): Promise<void> {
  if (await isNewEnough()) return
  const debian = await readFile('/etc/debian_version', 'utf8').catch(() => '')
  await ensurePackages([debian.startsWith('12') ? 'cargo-web' : 'cargo', 'gcc', 'libc6-dev'])
  if (!(await isNewEnough()))
    throw new Error(
      `The interop suite needs Rust ${needed} or newer, with Cargo; this machine has none: install it by https://rustup.rs, and put it on the PATH.`,
    )
}

async function isNewEnough(): Promise<boolean> {
  const outcomes = [attempt('cargo', ['--version']), attempt('rustc', ['--version'])]
  const found = await Promise.all(outcomes).catch(() => [])
  const minors = found.map(({ output }) => Number(/^\w+ 1\.(\d+)/.exec(output)?.[1] ?? 0))
  return minors.length > 0 && Math.min(...minors) >= Number(needed.split('.')[1])
}
