import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, test } from 'node:test'
import pg from 'pg'
import { atEnd, databaseURL } from '../../tests/harness.ts'
import { connect, type Database, statement, transaction, violatedConstraint } from './connect.ts'
import { Plans } from './plans.ts'
import { type Answer, execute } from './prepared.ts'

/** A client that runs statements both ways, without a pool. */
let client: pg.Client
const plans = new Plans()
const mine = (text: string, values: unknown[]): Promise<Answer> =>
  execute(client, plans.of(text)!, values)

before(async () => {
  client = new pg.Client(await databaseURL())
  await client.connect()
  atEnd(() => client.end())
})

function newTable(): string {
  return `t_${randomBytes(6).toString('hex')}`
}

/** A pool of so many connections. */
async function open(max_connections: number): Promise<Database> {
  const db = connect({ url: await databaseURL(), prepared_statements: true, max_connections })
  atEnd(() => db.destroy())
  return db
}

/** Runs a statement twice here, the second time as one that is known, and once as `pg` does. */
async function compare(text: string, values: unknown[]): Promise<Answer> {
  const theirs = await client.query(text, values)
  for (const answer of [await mine(text, values), await mine(text, values)]) {
    assert.deepEqual(answer.rows, theirs.rows)
    assert.deepEqual(answer.rows.map(Object.keys), theirs.rows.map(Object.keys))
    assert.equal(answer.command, theirs.command)
    assert.equal(answer.rowCount, theirs.rowCount)
  }
  return theirs
}

const types: [string, unknown[]][] = [
  ['boolean', [true, false, null]],
  ['smallint', [0, -32768, '7']],
  ['integer', [1, -2147483648, null, undefined]],
  ['bigint', ['9007199254740993', 5n, -1]],
  ['double precision', [0.1, -1e300, Number.NaN, Number.POSITIVE_INFINITY]],
  ['numeric', ['12345678901234567890.123456789', 1.5]],
  [
    'text',
    [
      '',
      'plain',
      'žluťoučký 🐎 \u2028 "quoted" \\ \n',
      '\ud800',
      'x'.repeat(100_000),
      'é'.repeat(40_000),
    ],
  ],
  [
    'bytea',
    [Buffer.alloc(0), Buffer.from([0, 1, 255]), new Uint8Array([7, 8]), Buffer.alloc(2_000_000, 3)],
  ],
  [
    'timestamptz',
    [new Date(), new Date(0), new Date(-1e14), new Date(8e14), '2026-11-25T10:00:00+02'],
  ],
  ['date', [new Date('2026-11-25T23:30:00Z'), '0044-03-15 BC']],
  ['jsonb', [JSON.stringify({ a: [1, { b: 'ž' }], n: null }), { direct: true }, 'null', '"x"']],
  ['text[]', [[], ['a', 'b c', 'q"uo\\te', null, ''], ['{}', 'NULL', ',']]],
  [
    'integer[]',
    [
      [1, 2, null],
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ],
  ['uuid', ['0190a5f0-0000-7000-8000-000000000001']],
  ['inet', ['10.1.2.3']],
  ['interval', ['1 day 02:03:04']],
]

test('values of every type go and come as with plain pg', async () => {
  for (const [type, values] of types)
    for (const value of values)
      await compare(`select $1::${type} as value, $2::text as kind`, [value, type])
})

test('times go as with plain pg in every time zone', async () => {
  const zone = process.env.TZ
  try {
    for (process.env.TZ of ['UTC', 'America/New_York', 'Asia/Kathmandu', 'Europe/London'])
      for (const time of [
        '2026-01-15T23:30:00.123Z',
        '2026-07-15T00:30:00Z',
        '0099-01-01T00:00:00Z',
      ])
        for (const type of ['timestamptz', 'timestamp', 'date', 'text'])
          await compare(`select ($1::${type})::text as value`, [new Date(time)])
  } finally {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  }
})

test('no rows, no columns, columns of one name, and odd names come as with plain pg', async () => {
  await compare('select 1 as one where $1::boolean', [false])
  assert.deepEqual((await compare('select from generate_series(1, $1::integer)', [3])).rows, [
    {},
    {},
    {},
  ])
  await compare(`select 1 as a, 'x' as b, $1::integer as a`, [2])
  await compare('select $1::integer as "__proto__", 2 as "constructor", 3 as "0", 4 as "é \'"', [1])
  const many = await compare(
    'select g as n, null as nothing from generate_series(1, $1::int) g',
    [5000],
  )
  assert.equal(many.rows.length, 5000)
})

test('the command and the count of rows are those of plain pg', async () => {
  const table = newTable()
  await client.query(`create table ${table} (id serial primary key, name text)`)
  await compare(`insert into ${table} (name) select 'n' from generate_series(1, $1::integer)`, [4])
  await compare(`insert into ${table} (name) values ($1) returning id > 0 as ok`, ['x'])
  await compare(`update ${table} set name = $1 where id > 3`, ['y'])
  await compare(`update ${table} set name = $1 where id < 0 returning *`, ['y'])
  await compare(`with gone as (delete from ${table} where name = $1 returning 1) select 1 as n`, [
    'x',
  ])
  await compare(
    `with one as (select $1::text as name) insert into ${table} (name) select name from one`,
    ['w'],
  )
  await compare(`select * from ${table} where name = $1 order by id limit 2`, ['y'])
  assert.equal((await mine(`delete from ${table} where name = $1`, ['y'])).rowCount! > 0, true)
  assert.equal((await mine(`delete from ${table} where name = $1`, ['y'])).rowCount, 0)
  await client.query(`drop table ${table}`)
})

test('after an error of any kind the connection goes on, and what was parsed is not parsed again', async () => {
  const syntax = 'selec $1'
  for (let i = 0; i < 2; i++) await assert.rejects(mine(syntax, [1]), { code: '42601' })
  const divide = 'select 10 / $1::integer as share'
  await assert.rejects(mine(divide, [0]), { code: '22012' })
  assert.deepEqual((await mine(divide, [5])).rows, [{ share: 2 }])
  const bind = 'select $1::integer + 1 as next'
  for (let i = 0; i < 2; i++) await assert.rejects(mine(bind, ['x']), { code: '22P02' })
  assert.deepEqual((await mine(bind, [1])).rows, [{ next: 2 }])
  await assert.rejects(mine(bind, ['y']), pg.DatabaseError)
  await assert.rejects(mine(bind, [1, 2]), { code: '08P01' })
  const circular: Record<string, unknown> = {}
  circular.self = circular
  await assert.rejects(mine(bind, [circular]), TypeError)
  assert.deepEqual((await mine(bind, [2])).rows, [{ next: 3 }])
  await assert.rejects(mine('select \0 $1', [1]), /NUL/)
  // A failure of the parser of a value, after which the connection goes on as well.
  const kept = pg.types.getTypeParser(3802, 'text')
  pg.types.setTypeParser(3802, () => {
    throw new RangeError('not readable')
  })
  try {
    await assert.rejects(mine('select $1::jsonb as value', ['{}']), /not readable/)
  } finally {
    pg.types.setTypeParser(3802, kept)
  }
  assert.deepEqual((await mine(bind, [3])).rows, [{ next: 4 }])
  const { rows } = await client.query(
    'select statement from pg_prepared_statements where statement = any($1)',
    [[syntax, divide, bind]],
  )
  assert.deepEqual(rows.map((row) => row.statement).sort(), [bind, divide].sort())
})

test('statements that wait for one connection are answered in turn', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => mine(`select $1::integer as n${i % 7}`, [i])),
  )
  answers.forEach(({ rows }, i) => {
    assert.deepEqual(rows, [{ [`n${i % 7}`]: i }])
  })
})

test('200 statements at once over 5 connections', async () => {
  const db = await open(5)
  const read = 'select $1::integer as n, pg_backend_pid() as pid'
  const rows = await Promise.all(
    Array.from({ length: 200 }, (_, i) => statement<{ n: number; pid: number }>(db, read, [i])),
  )
  assert.deepEqual(
    rows.map(([row]) => row!.n),
    Array.from({ length: 200 }, (_, i) => i),
  )
  const pids = new Set(rows.map(([row]) => row!.pid))
  assert.ok(pids.size > 1 && pids.size <= 5, `${pids.size} connections`)
})

test('a violated constraint is named, also where the statement is run for the first time', async () => {
  const db = await open(1)
  const table = newTable()
  await statement(db, `create table ${table} (id integer constraint ${table}_key unique)`, [])
  await statement(db, `insert into ${table} values (1)`, [])
  const insert = `insert into ${table} values ($1)`
  for (let i = 0; i < 2; i++)
    await assert.rejects(statement(db, insert, [1]), (error) => {
      assert.equal(violatedConstraint(error), `${table}_key`)
      // The stack leads to who asked.
      assert.match((error as Error).stack ?? '', /prepared\.test\.ts/)
      return true
    })
  await statement(db, insert, [2])
  const work = transaction(db, async (trx) => {
    await statement(trx, insert, [3])
    await statement(trx, insert, [2])
  })
  await assert.rejects(work, (error) => violatedConstraint(error) === `${table}_key`)
  assert.deepEqual(await statement(db, `select id from ${table} where id > $1 order by id`, [0]), [
    { id: 1 },
    { id: 2 },
  ])
  await statement(db, `drop table ${table}`, [])
})

test('a statement whose columns a migration has changed returns the new ones', async () => {
  const db = await open(2)
  const table = newTable()
  await statement(db, `create table ${table} (id integer, name text)`, [])
  await statement(db, `insert into ${table} values ($1, $2)`, [1, '7'])
  const read = `select * from ${table} where id = $1`
  const both = () => Promise.all([statement(db, read, [1]), statement(db, read, [1])])
  assert.deepEqual(await both(), [[{ id: 1, name: '7' }], [{ id: 1, name: '7' }]])
  await statement(db, `alter table ${table} alter column name type integer using name::integer`, [])
  assert.deepEqual(await both(), [[{ id: 1, name: 7 }], [{ id: 1, name: 7 }]])
  await statement(db, `alter table ${table} rename column name to number`, [])
  assert.deepEqual(await both(), [[{ id: 1, number: 7 }], [{ id: 1, number: 7 }]])
  await statement(db, `drop table ${table}`, [])
})

test('what PostgreSQL does not support fails after one more try', async () => {
  const db = await open(1)
  const unsupported = `select $1::integer for update of nothing`
  await assert.rejects(statement(db, unsupported, [1]), pg.DatabaseError)
  const raise = `select 1 where pg_notify('x', repeat('x', $1)) is null`
  await assert.rejects(statement(db, raise, [9000]), pg.DatabaseError)
  assert.deepEqual(await statement(db, 'select $1::integer as n', [1]), [{ n: 1 }])
})

test('a connection that ends under a statement rejects it, and the pool makes another', async () => {
  const db = await open(1)
  const end = 'select pg_terminate_backend($1)'
  const pidOf = async (on: Database) =>
    (await statement<{ pid: number }>(on, 'select pg_backend_pid() as pid where $1', [true]))[0]!
      .pid
  const sleep = 'select pg_sleep($1)'
  await statement(db, sleep, [0])
  const pid = await pidOf(db)
  // One that is under way, and one that waits for it.
  const under = assert.rejects(statement(db, sleep, [30]))
  const waiting = statement(db, 'select $1::integer as n', [1])
  await new Promise((done) => setTimeout(done, 50))
  await client.query(end, [pid])
  await under
  assert.deepEqual(await waiting.catch(() => [{ n: 1 }]), [{ n: 1 }])
  assert.notEqual(await pidOf(db), pid)
  const work = transaction(db, async (trx) => {
    await client.query(end, [await pidOf(trx)])
    await new Promise((done) => setTimeout(done, 50))
    return statement(trx, sleep, [0])
  })
  await assert.rejects(work)
  assert.ok((await pidOf(db)) > 0)
})
