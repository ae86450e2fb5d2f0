import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atEnd, databaseURL } from '../../tests/harness.ts'
import { toApiError } from '../http/envelope.ts'
import { connect, type Database, statement, transaction } from './connect.ts'

async function open(patience_ms: number): Promise<Database> {
  const url = await databaseURL()
  const db = connect({ url, prepared_statements: true, max_connections: 1, patience_ms })
  atEnd(() => db.destroy())
  return db
}

const sleep = (db: Database, seconds: number) =>
  statement(db, 'select pg_sleep($1::float)', [seconds])

test('a statement without an answer is given up as 503, and the next has a new connection', async () => {
  const db = await open(300)
  const began = performance.now()
  const givenUp = await sleep(db, 20).then(
    () => assert.fail('it was answered'),
    (error: unknown) => error,
  )
  assert.ok(performance.now() - began < 5_000)
  assert.equal(toApiError(givenUp).status, 503)
  const within = transaction(db, (trx) => sleep(trx, 20))
  await assert.rejects(within, /Connection terminated/)
  assert.equal((await sleep(db, 0)).length, 1)
})

test('a transaction may last longer than one statement, and a connection lie idle', async () => {
  const db = await open(1_500)
  const answered = await transaction(db, async (trx) => {
    await Promise.all([sleep(trx, 0.9), sleep(trx, 0.1)])
    await new Promise((resolve) => setTimeout(resolve, 1_600))
    return sleep(trx, 0.9)
  })
  assert.equal(answered.length, 1)
})
