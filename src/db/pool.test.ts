import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { atEnd, databaseURL } from '../../tests/harness.ts'
import { connect, type Database, statement, transaction } from './connect.ts'

async function open(max_connections: number): Promise<{ db: Database; other: pg.Client }> {
  const url = await databaseURL()
  const db = connect({ url, prepared_statements: true, max_connections })
  const other = new pg.Client(url)
  await other.connect()
  atEnd(() => db.destroy())
  atEnd(() => other.end())
  return { db, other }
}

async function pidOf(db: Database): Promise<number> {
  const rows = await statement<{ pid: number }>(db, 'select pg_backend_pid() as pid where $1', [
    true,
  ])
  return rows[0]!.pid
}

const end = (other: pg.Client, pid: number) => other.query('select pg_terminate_backend($1)', [pid])

test('a connection that PostgreSQL ends is replaced, whatever it was doing', async () => {
  const { db, other } = await open(1)
  const free = await pidOf(db)
  await end(other, free)
  await pause(100)
  const next = await pidOf(db)
  assert.notEqual(next, free)
  // Between two statements of a transaction: what comes after it fails, and nobody else notices.
  const work = transaction(db, async (trx) => {
    await end(other, await pidOf(trx))
    await pause(100)
    return pidOf(trx)
  })
  await assert.rejects(work)
  assert.notEqual(await pidOf(db), next)
  // In the pool of pg, where it comes a second after its last use.
  const idle = await pidOf(db)
  await pause(1_200)
  await end(other, idle)
  await pause(100)
  assert.notEqual(await pidOf(db), idle)
})

test('those who wait for a connection get it before those who come later', async () => {
  const { db } = await open(1)
  const order: number[] = []
  const read = 'select $1::integer as n'
  const ask = async (n: number) => {
    await statement(db, read, [n])
    order.push(n)
    if (n === 0) await Promise.all([5, 6].map(ask))
  }
  await Promise.all([0, 1, 2, 3, 4].map(ask))
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6])
})

test('a connection is used again, before and after it went back to the pool', async () => {
  const { db } = await open(5)
  const pid = await pidOf(db)
  assert.equal(await pidOf(db), pid)
  await pause(1_200)
  assert.equal(await pidOf(db), pid)
  assert.equal(await transaction(db, pidOf), pid)
})

test('a pool ends with what is under way, and takes nothing more', async () => {
  const { db } = await open(2)
  await pidOf(db)
  const slow = statement(db, 'select $1::integer as n, pg_sleep(0.2)', [1])
  await pause(20)
  const ended = db.destroy()
  await pause(5)
  await assert.rejects(pidOf(db), /end/)
  assert.equal((await slow).length, 1)
  await ended
  await db.destroy()
})
