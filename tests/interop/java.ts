/** Programs in Java: built by Maven from Maven Central, with every version pinned by a pom.xml beside the source. */
import { createHash } from 'node:crypto'
import { cp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import { kept } from './downloads.ts'
import { ensurePrograms } from './install.ts'

/** What the sources here are written for. */
const needed = 17

/** The class path of a folder beside this file, built where its sources have not been built before. */
export async function builtJava(name: string): Promise<string> {
  const source = join(import.meta.dirname, name)
  const hash = createHash('sha256')
  for (const file of (await readdir(source, { recursive: true })).toSorted())
    if (/\.(java|xml)$/.test(file)) hash.update(file).update(await readFile(join(source, file)))
  // Before, not within: one thing is made at a time.
  await ensureJava()
  const folder = await kept(`${name}-${hash.digest('hex').slice(0, 16)}`, async (fresh) => {
    const work = join(fresh, 'source')
    await cp(source, work, { recursive: true })
    const libraries = ['dependency:copy-dependencies', `-DoutputDirectory=${join(fresh, 'lib')}`]
    const quiet = ['--quiet', '--batch-mode', '--strict-checksums']
    await run('mvn', [...quiet, 'compiler:compile', ...libraries], { cwd: work })
    await rename(join(work, 'target/classes'), join(fresh, 'classes'))
    await rm(work, { recursive: true })
  })
  return `${join(folder, 'classes')}:${join(folder, 'lib')}/*`
}

/** A JDK and a Maven that are there, else Debian's. */
async function ensureJava(): Promise<void> {
  await ensurePrograms({ javac: 'default-jdk-headless', mvn: 'maven' })
  const version = await run('javac', ['-version'])
  const [, major = '0'] = /^javac (\d+)/m.exec(version) ?? []
  if (Number(major) < needed)
    throw new Error(
      `The interop suite needs a JDK ${needed} or newer; this machine's is ${version.trim()}: install one, and put it on the PATH.`,
    )
}
