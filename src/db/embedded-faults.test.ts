import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type EmbeddedDatabase, startEmbedded } from './embedded.ts'
import { lives } from './embedded-lock.ts'

const folder = await realpath(await mkdtemp(join(tmpdir(), 'portcullis-faults-')))
const data_dir = join(folder, 'data')
const root = process.getuid?.() === 0
const linux = process.platform === 'linux'
/** Runs a command as a user who owns root's files but is not root; needs user namespaces. */
const ordinary = root ? ['unshare', '-U', '--map-user=65534', '--map-group=65534'] : []
const mayUnshare = !root || succeeds('unshare', ['-U', '--map-user=65534', 'true'])

const servers: ChildProcess[] = []
const databases: EmbeddedDatabase[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) server.kill('SIGKILL')
  for (const database of databases.splice(0)) await database.stop()
})

after(async () => {
  await within(10, async () => (await processesOf(folder)).length === 0)
  await rm(folder, { recursive: true, force: true })
})

function succeeds(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The processes whose command line mentions a folder. */
async function processesOf(text: string): Promise<{ pid: number; command: string }[]> {
  const lines = execFileSync('ps', ['-Ao', 'pid=,command='], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [, pid, command] = /^ *(\d+) (.*)$/.exec(line) ?? []
    return command?.includes(text) ? [{ pid: Number(pid), command }] : []
  })
}

/** A server of its own process group; prints the pid of its PostgreSQL, or why there is none. */
function serve(data_dir: string, prefix: string[] = []): ChildProcess {
  const script = `
    import { startEmbedded } from ${JSON.stringify(new URL('embedded.ts', import.meta.url).href)}
    process.on('SIGINT', () => undefined)
    const database = await startEmbedded({ data_dir: process.argv[1] }).catch((error) => {
      console.log(error.name + ': ' + error.message)
      process.exit(1)
    })
    console.log(JSON.stringify({ pid: database.pid, url: database.url }))`
  const node = [process.execPath, '--input-type=module', '-e', script, data_dir]
  const [command, ...args] = [...prefix, ...node]
  const server = spawn(command!, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  servers.push(server)
  return server
}

async function start(data_dir: string): Promise<EmbeddedDatabase> {
  const database = await startEmbedded({ data_dir })
  databases.push(database)
  return database
}

async function firstLine(server: ChildProcess): Promise<string> {
  const [line] = await once(createInterface({ input: server.stdout! }), 'line')
  return line
}

async function running(server: ChildProcess): Promise<{ pid: number; url: string }> {
  return JSON.parse(await firstLine(server))
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

async function within(seconds: number, condition: () => boolean | Promise<boolean>) {
  for (const deadline = Date.now() + seconds * 1000; !(await condition()); await sleep(20))
    assert.ok(Date.now() < deadline, `not within ${seconds} s: ${condition}`)
}

test('a first start killed at any moment leaves nothing half made', async () => {
  for (const delay of [0, 100, 250, 400]) {
    const server = serve(data_dir)
    await within(10, async () =>
      (await readdir(data_dir).catch(() => [])).some((name) => name.startsWith('postgres-new-')),
    )
    await sleep(delay)
    process.kill(-server.pid!, 'SIGKILL')
    await within(10, async () => (await processesOf(data_dir)).length === 0)
    if ((await readdir(data_dir)).includes('postgres-18')) break
  }
  const database = await start(data_dir)
  const names = await readdir(data_dir)
  assert.deepEqual(
    names.filter((name) => !name.startsWith('postgres.lock')),
    ['postgres-18'],
  )
  await query(database.url, 'CREATE TABLE kept AS SELECT 1 AS one')
  await database.stop()
})

test('PostgreSQL ends with a server that is killed, and the next start goes on at once', async () => {
  const server = serve(data_dir)
  const { pid, url } = await running(server)
  await query(url, 'INSERT INTO kept VALUES (2)')
  process.kill(-server.pid!, 'SIGKILL')
  const database = await start(data_dir)
  assert.ok(!(await lives(pid)))
  assert.equal((await query(database.url, 'SELECT one FROM kept')).length, 2)
  await database.stop()
})

test('a kill -9 of server, watcher and PostgreSQL together loses nothing', async () => {
  const { pid, url } = await running(serve(data_dir))
  await query(url, 'INSERT INTO kept VALUES (3)')
  for (const { pid } of await processesOf(data_dir)) process.kill(pid, 'SIGKILL')
  await within(10, async () => !(await lives(pid)))
  const database = await start(data_dir)
  assert.equal((await query(database.url, 'SELECT one FROM kept')).length, 3)
  await database.stop()
})

test('a PostgreSQL that lost both server and watcher is ended by the next start', async () => {
  const server = serve(data_dir)
  const { pid } = await running(server)
  for (const other of await processesOf(data_dir))
    if (!/^\S+postgres /.test(other.command)) process.kill(other.pid, 'SIGKILL')
  await within(10, async () => !(await lives(server.pid!)))
  assert.ok(await lives(pid), 'nobody was left to end it')
  const database = await start(data_dir)
  assert.ok(!(await lives(pid)))
  await database.stop()
})

test('the death of PostgreSQL alone is told, and it can be started again', async () => {
  const database = await start(data_dir)
  process.kill(database.pid, 'SIGKILL')
  await database.exited
  await database.stop()
  const again = await start(data_dir)
  assert.equal((await query(again.url, 'SELECT one FROM kept')).length, 3)
  await again.stop()
})

test('Ctrl-C in the terminal of the server does not reach PostgreSQL', async () => {
  const server = serve(data_dir)
  const { url } = await running(server)
  process.kill(-server.pid!, 'SIGINT')
  await sleep(200)
  assert.equal((await query(url, 'SELECT one FROM kept')).length, 3)
  process.kill(server.pid!, 'SIGKILL')
  await within(10, async () => (await processesOf(data_dir)).length === 0)
})

test('a process that took the number of a dead PostgreSQL holds nobody up, and lives on', async () => {
  const stranger = spawn('sleep', ['60'])
  const file = join(data_dir, 'postgres-18', 'data', 'postmaster.pid')
  const running = await start(data_dir)
  const text = await readFile(file, 'utf8')
  await running.stop()
  await writeFile(file, text.replace(/^\d+/, String(stranger.pid)), { mode: 0o600 })
  const started = Date.now()
  const database = await start(data_dir)
  assert.ok(Date.now() - started < 3000)
  assert.ok(await lives(stranger.pid!))
  stranger.kill()
  await database.stop()
})

test('an ordinary user runs it as himself', { skip: !mayUnshare }, async () => {
  const server = serve(data_dir, ordinary)
  const { url } = await running(server)
  assert.equal((await query(url, 'SELECT one FROM kept')).length, 3)
  server.kill('SIGKILL')
  await within(10, async () => (await processesOf(data_dir)).length === 0)
})

test('a folder that may not be written is named, with the user', {
  skip: !mayUnshare,
}, async () => {
  const closed = join(folder, 'closed')
  await mkdir(closed)
  if (root) await chown(closed, 1, 1)
  else await chmod(closed, 0o500)
  for (const data_dir of [closed, join(closed, 'below')])
    assert.match(
      await firstLine(serve(data_dir, ordinary)),
      /^EmbeddedDatabaseError: User \w+ may not read and write .*closed.* \(chown\), or choose another/,
    )
})

test('a database of another user is named as such', { skip: !root || !mayUnshare }, async () => {
  const theirs = join(folder, 'theirs')
  await (await start(theirs)).stop()
  await chown(join(theirs, 'postgres-18'), 1, 1)
  await assert.rejects(
    start(theirs),
    /postgres-18 belongs to user \w+\. Start Portcullis as that user/,
  )
})

test('a full disk is named, at the first start and later', { skip: !linux || !root }, async (t) => {
  const small = join(folder, 'small')
  await mkdir(small)
  if (!succeeds('mount', ['-t', 'tmpfs', '-o', 'size=90m', 'none', small]))
    return t.skip('no mount')
  try {
    const full = /^EmbeddedDatabaseError: The disk that holds .*small.* is full\. Free some space/
    const ballast = join(small, 'ballast')
    for (const kib of [92_150, 70_000]) {
      execFileSync('fallocate', ['-l', `${kib}KiB`, ballast])
      await assert.rejects(start(join(small, 'data')), (e) => full.test(`${e}`))
      assert.deepEqual(await readdir(join(small, 'data')).catch(() => []), [])
      await rm(ballast)
    }
    await (await start(join(small, 'data'))).stop()
    succeeds('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k'])
    await assert.rejects(start(join(small, 'data')), (e) => full.test(`${e}`))
    await rm(ballast)
    await (await start(join(small, 'data'))).stop()
  } finally {
    execFileSync('umount', [small])
  }
})
