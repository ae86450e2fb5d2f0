import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Account, handOver } from './embedded-account.ts'
import { EmbeddedDatabaseError, elsewhere, explainFailure } from './embedded-error.ts'
import { run } from './embedded-process.ts'

/** The major version of PostgreSQL whose data this server reads; part of the folder's name. */
export const major = '18'

/** A database folder: PostgreSQL's data, and the password of the role that the server uses. */
export type Cluster = { folder: string; data: string; password: string }

/**
 * Opens the database folder in the account's home, made first if there is none. A new one gets
 * its name when it is whole and on disk, so that no interruption leaves half a database behind.
 */
export async function openCluster(account: Account, log: (line: string) => void): Promise<Cluster> {
  const folder = join(account.home, `postgres-${major}`)
  try {
    const names = await readdir(account.home)
    for (const name of names.filter((name) => name.startsWith('postgres-new-')))
      await rm(join(account.home, name), { recursive: true, force: true }).catch(() => undefined)
    if (!names.includes(basename(folder))) {
      refuseOtherMajor(names, account.home)
      log(`Making a PostgreSQL ${major} database in ${folder}`)
      await create(account, folder)
    }
    const data = join(folder, 'data')
    const version = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim()
    if (version !== major) throw otherMajor(version, folder)
    return { folder, data, password: (await readFile(join(folder, 'password'), 'utf8')).trim() }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new EmbeddedDatabaseError(
        `${folder} is not a whole database: ${(error as NodeJS.ErrnoException).path} is missing. Restore it, or move the folder away to begin with an empty database.`,
        { cause: error },
      )
    throw explainFailure(error, folder)
  }
}

function refuseOtherMajor(names: string[], home: string): void {
  const other = names.find((name) => /^postgres-\d+$/.test(name))
  if (other) throw otherMajor(other.slice('postgres-'.length), join(home, other))
}

function otherMajor(version: string, folder: string): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The database in ${folder} was written by PostgreSQL ${version}, and this Portcullis runs PostgreSQL ${major}. Copy the data over with pg_dump of version ${version}, move the folder away to begin with an empty database, or ${elsewhere}.`,
  )
}

async function create(account: Account, folder: string): Promise<void> {
  const { initdb, postgres } = account.programs
  const draft = join(account.home, `postgres-new-${randomBytes(6).toString('hex')}`)
  const data = join(draft, 'data')
  const password = randomBytes(32).toString('base64url')
  try {
    await mkdir(draft, { mode: 0o700 })
    await handOver(account, draft)
    await run(account, initdb, [...initdbOptions, '-D', data])
    await run(
      account,
      postgres,
      ['--single', '-F', '-c', 'exit_on_error=on', '-D', data, 'postgres'],
      `CREATE ROLE portcullis LOGIN CREATEDB PASSWORD '${password}'\nCREATE DATABASE portcullis OWNER portcullis\n`,
    )
    await run(account, initdb, ['--sync-only', '-D', data])
    await writeFile(join(draft, 'password'), `${password}\n`, { mode: 0o600, flush: true })
    await syncFolder(draft)
    await rename(draft, folder)
    await syncFolder(account.home)
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined)
    throw error
  }
}

// The superuser has no password and so cannot log in at all: the server's own role owns its
// database and nothing else. Synced as a whole at the end. UTF-8 and code point order are the
// same on every system, being PostgreSQL's own.
const initdbOptions = [
  '--username=postgres',
  '--auth-local=reject',
  '--auth-host=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
  '--no-sync',
]

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  await handle.sync().finally(() => handle.close())
}
