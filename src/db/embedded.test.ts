import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import pg from 'pg'
import { type EmbeddedDatabase, startEmbedded } from './embedded.ts'
import { sharedHome } from './embedded-account.ts'

const folder = await realpath(await mkdtemp(join(tmpdir(), 'portcullis-embedded-')))
const data_dir = join(folder, 'data')
const root = process.getuid?.() === 0
const refused = spawnSync('unshare', ['-U', '--map-user=65534', 'true']).status !== 0

after(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

async function withDatabase<T>(
  options: Parameters<typeof startEmbedded>[0],
  work: (database: EmbeddedDatabase) => Promise<T>,
): Promise<T> {
  const database = await startEmbedded(options)
  try {
    return await work(database)
  } finally {
    await database.stop()
  }
}

test('a second start finds what the first one stored', async () => {
  const note = randomUUID()
  await withDatabase({ data_dir }, async ({ url }) => {
    await query(url, `CREATE TABLE notes AS SELECT '${note}' AS note`)
  })
  const found = await withDatabase({ data_dir }, ({ url }) => query(url, 'SELECT note FROM notes'))
  assert.deepEqual(found, [{ note }])
})

test('the database is durable, private to this machine and UTF-8, and its role is no superuser', async () => {
  await withDatabase({ data_dir }, async ({ url }) => {
    const [settings] = await query(
      url,
      `SELECT current_setting('fsync') AS fsync,
              current_setting('synchronous_commit') AS synchronous_commit,
              current_setting('full_page_writes') AS full_page_writes,
              current_setting('listen_addresses') AS listen_addresses,
              current_setting('server_encoding') AS encoding,
              lower('ÅÉ') AS lower,
              (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser`,
    )
    assert.deepEqual(settings, {
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      listen_addresses: '127.0.0.1',
      encoding: 'UTF8',
      lower: 'åé',
      superuser: false,
    })
    const status = await readFile(join(data_dir, 'postgres-18', 'data', 'postmaster.pid'), 'utf8')
    const [sockets, address] = status.split('\n').slice(4)
    assert.deepEqual({ sockets, address }, { sockets: '', address: '127.0.0.1' })
  })
})

test('only the generated password, kept where its owner alone can read it, opens the database', async () => {
  const file = join(data_dir, 'postgres-18', 'password')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal((await stat(join(data_dir, 'postgres-18'))).mode & 0o777, 0o700)
  await withDatabase({ data_dir }, async ({ url }) => {
    const address = new URL(url)
    assert.equal(address.password, (await readFile(file, 'utf8')).trim())
    address.password = 'guess'
    await assert.rejects(query(address.href, 'SELECT 1'), { code: '28P01' })
    address.username = 'postgres'
    await assert.rejects(query(address.href, 'SELECT 1'), { code: '28P01' })
  })
})

test('a second server on the folder learns who holds it, and the first goes on', async () => {
  await withDatabase({ data_dir }, async ({ url }) => {
    await assert.rejects(startEmbedded({ data_dir }), {
      name: 'EmbeddedDatabaseError',
      message: new RegExp(`in use by another Portcullis server \\(process ${process.pid}, since 2`),
    })
    assert.deepEqual(await query(url, 'SELECT 1 AS one'), [{ one: 1 }])
  })
  assert.ok(!existsSync(join(data_dir, 'postgres.lock')))
})

test('a lock left by a dead server, or cut short, holds nobody up', async () => {
  const later_process = { pid: process.pid, since: '2026-01-01', process_start: 'another one' }
  for (const lock of [JSON.stringify(later_process), '{"pid":4194304,"since":"x"}', '{"pi']) {
    await writeFile(join(data_dir, 'postgres.lock'), lock)
    await withDatabase({ data_dir }, async () => undefined)
  }
  const litter = join(data_dir, 'postgres.lock.0123')
  await writeFile(litter, '')
  await utimes(litter, 0, 0)
  await withDatabase({ data_dir }, async () => undefined)
  assert.deepEqual(await readdir(data_dir), ['postgres-18'])
})

test('stop ends PostgreSQL while clients are still connected, and makes no trouble of it', async () => {
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const { url, pid, stop, exited } = await startEmbedded({ data_dir, log })
  const client = new pg.Client(url)
  client.on('error', () => undefined)
  await client.connect()
  await Promise.all([stop(), stop(), exited])
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  assert.deepEqual(
    lines.filter((line) => line.startsWith('PostgreSQL: ')),
    [],
  )
})

test('data of another PostgreSQL major are refused with both versions named', async () => {
  const older = join(folder, 'older')
  await withDatabase({ data_dir: older }, async () => undefined)
  await writeFile(join(older, 'postgres-18', 'data', 'PG_VERSION'), '17\n')
  await assert.rejects(startEmbedded({ data_dir: older }), {
    name: 'EmbeddedDatabaseError',
    message: /written by PostgreSQL 17, and this Portcullis runs PostgreSQL 18\. Copy/,
  })
  await rename(join(older, 'postgres-18'), join(older, 'postgres-17'))
  await assert.rejects(startEmbedded({ data_dir: older }), {
    message: /postgres-17 was written by PostgreSQL 17, .*runs PostgreSQL 18/,
  })
  assert.deepEqual(await readdir(older), ['postgres-17'])
})

for (const run_as of ['namespace', 'user'] as const)
  test(`root runs PostgreSQL by way of a ${run_as}, in a folder closed to others`, {
    skip: (!root || (run_as === 'namespace' && refused)) && 'needs root, and user namespaces',
  }, async () => {
    const closed = join(folder, `closed-${run_as}`)
    const lines: string[] = []
    const options = { data_dir: closed, run_as, log: (line: string) => lines.push(line) }
    await withDatabase(options, async ({ url, pid }) => {
      assert.equal((await stat(closed)).mode & 0o777, 0o700)
      const owner = (await stat(`/proc/${pid}`)).uid
      assert.equal(owner === 0, run_as === 'namespace')
      await query(url, 'CREATE TABLE kept AS SELECT 1 AS one')
    })
    const home = await sharedHome(closed)
    try {
      assert.equal(home !== undefined, run_as === 'user')
      assert.equal(
        lines.some((line) => line.includes(`data in ${home}`)),
        run_as === 'user',
      )
      // What was made the one way is found again without being told.
      const again = { data_dir: closed }
      assert.deepEqual(await withDatabase(again, ({ url }) => query(url, 'SELECT one FROM kept')), [
        { one: 1 },
      ])
    } finally {
      if (home) await rm(home, { recursive: true, force: true })
    }
  })
