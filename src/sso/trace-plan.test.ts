import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newProject, server } from '../../tests/harness.ts'
import { type Database, transaction } from '../db/connect.ts'
import { newId } from '../db/ids.ts'
import { findLogin, getLogin } from './login-trace.ts'
import { type LoginFilter, listLogins } from './traces.ts'

const ada = 'ada.lovelace@acme.test'

/** Rows of sso_flows that this session has read, by sequential scans and by indexes. */
async function rowsRead(db: Database) {
  const { rows } = await sql<{ scanned: string; fetched: string }>`
    select seq_tup_read as scanned, idx_tup_fetch as fetched from pg_stat_xact_user_tables
    where relname = 'sso_flows' and schemaname = current_schema()`.execute(db)
  return { scanned: Number(rows[0]!.scanned), fetched: Number(rows[0]!.fetched) }
}

test('neither a list nor a look-up by request id reads more for there being more logins', async () => {
  const { services } = await server()
  const { project_id } = await newProject()
  const request_id = newId('request-id', 'test')
  const begin = Date.now() - 30_000 * 200
  // 30,000 logins of 100 connections, one in 200 ms; the ids carry their time
  const hex = sql`lpad(to_hex(${begin}::bigint + n * 200), 12, '0')`
  const id = sql`substr(${hex}, 1, 8) || '-' || substr(${hex}, 9) || '-7000-8000-' || lpad(to_hex(n), 12, '0')`
  await sql`insert into sso_flows (project_id, organization_id, connection_id, flow_id, state,
      initiated_by, request_id, error_type, started_at, failed_at)
    select ${project_id}, 'organization-x', 'saml-connection-test-' || n % 100, 'sso-flow-test-' || ${id},
      'failed', 'sp', 'request-id-test-' || ${id}, 'x', to_timestamp((${begin}::bigint + n * 200) / 1000.0),
      now()
    from generate_series(1, 30000) as n`.execute(services.db)
  await sql`vacuum analyze sso_flows`.execute(services.db)
  const known = await sql<{
    flow_id: string
    request_id: string
  }>`select flow_id, request_id from sso_flows
    where project_id = ${project_id} order by flow_id offset 15000 limit 1`.execute(services.db)
  const anywhere = (id: string) => (db: Database) => findLogin(db, id, new Date())
  const cases: [string, number, LoginFilter | string | ReturnType<typeof anywhere>][] = [
    ['all', 110, {}],
    ['connection', 110, { connection_id: 'saml-connection-test-7' }],
    ['a filter without an index', 5_100, { email: ada }],
    ['the same of a connection', 310, { email: ada, connection_id: 'saml-connection-test-7' }],
    ['a time', 1_300, { since: new Date(begin + 100_000), until: new Date(begin + 200_000) }],
    ['request id in the list', 900, { request_id: known.rows[0]!.request_id }],
    ['request id', 700, known.rows[0]!.request_id],
    ['unknown request id', 900, request_id],
    ['flow id in any project', 10, anywhere(known.rows[0]!.flow_id)],
    ['request id in any project', 700, anywhere(known.rows[0]!.request_id)],
    // of a time of which the other tests have no logins
    [
      'unknown request id in any project',
      900,
      anywhere(`${known.rows[0]!.request_id.slice(0, -4)}zzzz`),
    ],
  ]
  for (const [name, most, what] of cases) {
    const ask = (db: Database) =>
      typeof what === 'function'
        ? what(db)
        : typeof what === 'string'
          ? getLogin(db, project_id, what, new Date())
          : listLogins(db, project_id, what, new Date())
    const read = await transaction(services.db, async (trx) => {
      // after five times a prepared statement has one plan for all values
      for (let i = 0; i < 6; i += 1) await ask(trx)
      const before = await rowsRead(trx)
      await ask(trx)
      const after = await rowsRead(trx)
      return { scanned: after.scanned - before.scanned, fetched: after.fetched - before.fetched }
    })
    assert.equal(read.scanned, 0, name)
    assert.ok(read.fetched <= most, `${name}: ${read.fetched} rows were read`)
  }
  const page = await listLogins(services.db, project_id, { email: ada }, new Date())
  assert.equal(page.logins.length, 0)
  assert.ok(page.next_cursor, 'what has not been looked at yet is not forgotten')
})
