import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EmbeddedDatabaseError, elsewhere, explainFailure } from './embedded-error.ts'
import { type Programs, programsIn } from './embedded-programs.ts'

/** Who runs PostgreSQL, from which programs, and the folder that its database folder lies in. */
export type Account = {
  home: string
  programs: Programs
  /** What goes before the program on the command line. */
  prefix: string[]
  /** The user to become; unset for the server's own. */
  user?: { name: string; uid: number; gid: number }
}

type Request = {
  data_dir: string
  database: string
  programs: Programs
  log: (line: string) => void
  run_as: 'namespace' | 'user' | undefined
}

const exec = promisify(execFile)
const shared_folder = '/var/lib/portcullis'

/**
 * Decides who runs PostgreSQL, which refuses root. An ordinary user does so itself. Root uses a
 * user namespace, in which it is `nobody` and its files are still its own; where the system
 * refuses namespaces, another user runs a copy of the programs on data below
 * `/var/lib/portcullis`, because that user may not enter a clone in root's home.
 * `database` is the database folder's name; data made the one way are never passed over by the other.
 */
export async function chooseAccount(request: Request): Promise<Account> {
  const { data_dir, programs, run_as } = request
  const folder = join(data_dir, request.database)
  const inside = existsSync(folder)
  if (inside) await refuseOtherOwner(folder)
  if (process.getuid?.() !== 0) return { home: data_dir, programs, prefix: [] }
  const apart = await sharedHome(data_dir)
  if (run_as === 'user' || (!run_as && apart && !inside)) return otherUser(request, apart)
  const prefix = await namespace(data_dir, programs)
  if (prefix) return { home: data_dir, programs, prefix }
  if (inside || run_as === 'namespace')
    throw new EmbeddedDatabaseError(
      `The database in ${folder} was made by root in a user namespace, and this system refuses user namespaces now. Allow them (in a container: --cap-add SYS_ADMIN), give the folder to an ordinary user and start Portcullis as that user, or move it away to begin with an empty database.`,
    )
  return otherUser(request, apart)
}

async function refuseOtherOwner(folder: string): Promise<void> {
  const owner = (await stat(folder)).uid
  if (owner === process.getuid?.()) return
  const name = (await users()).find(({ uid }) => uid === owner)?.name ?? `number ${owner}`
  throw new EmbeddedDatabaseError(
    `The database in ${folder} belongs to user ${name}. Start Portcullis as that user, or ${elsewhere}.`,
  )
}

/** The way into a user namespace where PostgreSQL can work, or undefined. */
async function namespace(data_dir: string, programs: Programs): Promise<string[] | undefined> {
  const nobody = (await users()).find(({ name }) => name === 'nobody')
  if (process.platform !== 'linux' || !nobody) return undefined
  const prefix = ['unshare', '-U', `--map-user=${nobody.uid}`, `--map-group=${nobody.gid}`]
  const probe = ['sh', '-c', 'test -x "$1" && exec "$2" --version', 'sh', data_dir, programs.initdb]
  try {
    await exec(prefix[0]!, [...prefix.slice(1), ...probe])
    return prefix
  } catch {
    return undefined
  }
}

async function otherUser(request: Request, known: string | undefined): Promise<Account> {
  const home = known ?? join(shared_folder, randomBytes(8).toString('hex'))
  const user = await userFor(join(home, request.database))
  request.log(
    `PostgreSQL refuses to run as root, and no user namespace is to be had: it runs as user ${user.name}, with its programs and data in ${home}`,
  )
  if (known && !existsSync(join(home, request.database)))
    request.log(
      `${home} no longer holds the database of ${request.data_dir}: beginning with an empty one`,
    )
  try {
    for (const folder of [shared_folder, home]) {
      await mkdir(folder, { recursive: true })
      await chmod(folder, 0o755)
    }
    await writeFile(join(home, 'data-dir.txt'), `${request.data_dir}\n`)
    const programs = await copyPrograms(request.programs, home)
    if (!known)
      await writeFile(pointer(request.data_dir), `${home}\n`, { mode: 0o600, flush: true })
    return { home, programs, prefix: [], user }
  } catch (error) {
    throw explainFailure(error, home)
  }
}

/**
 * The folder below `/var/lib/portcullis` that belongs to `data_dir`, if it has one. Its random
 * name stands in `data_dir`, so that a new clone at an old path does not find the old data.
 */
export async function sharedHome(data_dir: string): Promise<string | undefined> {
  const text = await readFile(pointer(data_dir), 'utf8').catch(() => '')
  const id = /^\/var\/lib\/portcullis\/([0-9a-f]{16})\n$/.exec(text)?.[1]
  return id && join(shared_folder, id)
}

function pointer(data_dir: string): string {
  return join(data_dir, 'postgres.folder')
}

async function copyPrograms(programs: Programs, home: string): Promise<Programs> {
  const root = join(home, `programs-${programs.version}`)
  if (existsSync(root)) return programsIn(root, programs.version)
  const copy = `${root}.copy`
  try {
    await rm(copy, { recursive: true, force: true })
    await exec('cp', ['-RP', programs.root, copy])
    // npm may have installed under a strict umask.
    await exec('chmod', ['-R', 'a+rX', copy])
    await rename(copy, root)
  } catch (error) {
    await rm(copy, { recursive: true, force: true }).catch(() => undefined)
    throw error
  }
  return programsIn(root, programs.version)
}

/** The owner of the data that exist, else the first of the users meant for such work. */
async function userFor(database: string): Promise<{ name: string; uid: number; gid: number }> {
  const all = await users()
  const owner = await stat(database).catch(() => undefined)
  const user = owner
    ? all.find(({ uid }) => uid === owner.uid)
    : ['portcullis', 'postgres', 'nobody'].flatMap(
        (n) => all.find(({ name }) => name === n) ?? [],
      )[0]
  if (!user || user.uid === 0)
    throw new EmbeddedDatabaseError(
      owner
        ? `The database in ${database} belongs to user ${owner.uid}, whom this system does not know. Make that user, or set DATABASE_URL.`
        : 'PostgreSQL refuses to run as root, and this system has no user "nobody" to run it instead. Start Portcullis as an ordinary user, or set DATABASE_URL.',
    )
  return user
}

async function users(): Promise<{ name: string; uid: number; gid: number }[]> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n')
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    // macOS writes nobody as -2
    return name && uid ? [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }] : []
  })
}

/** Gives a new folder to the account that is to run PostgreSQL on it. */
export async function handOver(account: Account, folder: string): Promise<void> {
  if (account.user) await chown(folder, account.user.uid, account.user.gid)
}
