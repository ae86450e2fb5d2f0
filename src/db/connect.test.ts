import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { sql } from 'kysely'
import { atEnd, databaseURL } from '../../tests/harness.ts'
import { connect, type Database, statement, transaction } from './connect.ts'

/** One connection to the database of this run, and a table of its own. */
async function open(prepared_statements: boolean): Promise<{ db: Database; table: string }> {
  const db = connect({ url: await databaseURL(), prepared_statements, max_connections: 1 })
  const table = `t_${randomBytes(6).toString('hex')}`
  atEnd(() => db.destroy())
  await sql`create temporary table ${sql.table(table)} (id integer primary key, name text)`.execute(
    db,
  )
  await statement(db, `insert into ${table} values ($1, $2)`, [1, 'Ada'])
  return { db, table }
}

async function prepared(db: Database): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_prepared_statements`.execute(db)
  return rows[0]!.count
}

/** By hand and through the builder, alone and in a transaction. */
async function everyWay(db: Database, table: string): Promise<void> {
  const one = `select * from ${table} where id = $1`
  const ways = async (on: Database) => {
    const built = sql<{ name: string }>`select * from ${sql.table(table)} where id = ${1}`
    assert.equal((await built.execute(on)).rows[0]?.name, 'Ada')
    assert.equal((await statement<{ name: string }>(on, one, [1]))[0]?.name, 'Ada')
  }
  await ways(db)
  await transaction(db, ways)
}

test('statements with values are prepared once under a name', async () => {
  const { db, table } = await open(true)
  const before = await prepared(db)
  await everyWay(db, table)
  const after = await prepared(db)
  assert.ok(after > before)
  await everyWay(db, table)
  assert.equal(await prepared(db), after)
})

test('no statement has a name where prepared statements are off (pgbouncer)', async () => {
  const { db, table } = await open(false)
  await everyWay(db, table)
  assert.equal(await prepared(db), 0)
})

test('a migration that changes what prepared statements return is not noticed', async () => {
  const { db, table } = await open(true)
  await everyWay(db, table)
  for (const column of ['added', 'added_later']) {
    await sql`alter table ${sql.table(table)} add column ${sql.ref(column)} text`.execute(db)
    await everyWay(db, table)
  }
  await sql`alter table ${sql.table(table)} alter column id type bigint`.execute(db)
  await transaction(db, async (trx) => {
    await statement(trx, `update ${table} set added = $1 where id = $2`, ['x', 1])
    await everyWay(trx, table)
  })
})

test('a deadlock is tried again, and other errors are not', async () => {
  const { db } = await open(true)
  let attempts = 0
  const fail = (code: string) =>
    transaction(db, async (trx) => {
      attempts += 1
      if (attempts > 1) return 'done'
      await sql`do ${sql.raw(`$$ begin raise exception 'x' using errcode = '${code}'; end $$`)}`.execute(
        trx,
      )
      return 'not reached'
    })
  assert.equal(await fail('40P01'), 'done')
  attempts = 0
  await assert.rejects(fail('23505'))
  assert.equal(attempts, 1)
})

test('a transaction in which an error was caught is not taken for committed', async () => {
  const { db, table } = await open(true)
  const insert = `insert into ${table} values ($1, $2)`
  const work = transaction(db, async (trx) => {
    await statement(trx, insert, [2, 'Grace'])
    await statement(trx, insert, [1, 'Ada again']).catch(() => {})
    return 'done'
  })
  await assert.rejects(work, /aborted/)
  assert.deepEqual(await statement(db, `select name from ${table} where id = $1`, [2]), [])
})

test('what failed is rolled back, and its connection serves the next one', async () => {
  const { db, table } = await open(true)
  let left: Database | undefined
  const work = transaction(db, async (trx) => {
    left = trx
    await statement(trx, `update ${table} set name = $1`, ['Grace'])
    throw new Error('changed my mind')
  })
  await assert.rejects(work, /changed my mind/)
  const read = `select name from ${table} where id = $1`
  assert.deepEqual(await statement(db, read, [1]), [{ name: 'Ada' }])
  await assert.rejects(statement(left!, read, [1]), /has ended/)
})

test('a database that was only used through statements closes', async () => {
  const db = connect({ url: await databaseURL(), prepared_statements: true })
  const read = 'select count(*)::int as count from pg_stat_activity where pid = $1'
  const [own] = await statement<{ pid: number }>(db, 'select pg_backend_pid() as pid', [])
  await db.destroy()
  await assert.rejects(statement(db, 'select 1', []))
  const { db: other } = await open(true)
  let open_connections = 1
  for (let i = 0; i < 100 && open_connections > 0; i++) {
    const [row] = await statement<{ count: number }>(other, read, [own!.pid])
    open_connections = row!.count
  }
  assert.equal(open_connections, 0)
})
