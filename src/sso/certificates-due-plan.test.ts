import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newProject, server } from '../../tests/harness.ts'
import { type Database, transaction } from '../db/connect.ts'
import { certificatesDue } from './certificates-due.ts'
import { warnOfCertificates } from './certificates-due-warnings.ts'
import { refreshDueMetadata } from './metadata-refresh.ts'

const dayMs = 86_400_000
const now = new Date()

/** Rows that this session has read of a table, by sequential scans and by indexes. */
async function rowsRead(db: Database) {
  const { rows } = await sql<{ scanned: string; fetched: string }>`
    select sum(seq_tup_read) as scanned, sum(coalesce(idx_tup_fetch, 0)) as fetched
    from pg_stat_xact_user_tables
    where relname in ('saml_keys', 'sso_connections', 'organizations')
      and schemaname = current_schema()`.execute(db)
  return { scanned: Number(rows[0]!.scanned), fetched: Number(rows[0]!.fetched) }
}

/** A project with 5,000 organizations, each with a connection with metadata and two certificates; 24 of them end a day. */
async function manyOrganizations(db: Database): Promise<string> {
  const { project_id } = await newProject()
  await sql`insert into organizations (project_id, organization_id, organization_name, organization_slug,
      sso_jit_provisioning, email_jit_provisioning, email_invites, auth_methods, mfa_policy, mfa_methods,
      oauth_tenant_jit_provisioning, first_party_connected_apps_allowed_type,
      third_party_connected_apps_allowed_type, created_at, updated_at)
    select ${project_id}, 'o' || n, 'A', 'a' || n, '', '', '', '', '', '', '', '', '', now(), now()
    from generate_series(1, 5000) n`.execute(db)
  await sql`insert into sso_connections (project_id, organization_id, connection_id, type, metadata_url,
      metadata_due_at, created_at, updated_at)
    select ${project_id}, 'o' || n, 'c' || n, 'saml', 'https://idp.invalid/', ${now}::timestamptz, now(), now() from generate_series(1, 5000) n`.execute(
    db,
  )
  await sql`insert into saml_keys (project_id, organization_id, connection_id, key_id, purpose, fingerprint,
      expires_at, created_at, updated_at)
    select ${project_id}, 'o' || n, 'c' || n, 'k' || n || p, p, 'f' || n,
      ${now}::timestamptz + n * interval '2 hours', now(), now()
    from generate_series(1, 5000) n, unnest(array['verification', 'signing']) p`.execute(db)
  await sql`vacuum analyze saml_keys, sso_connections, organizations`.execute(db)
  return project_id
}

/** So that no other test comes upon them. */
async function forget(db: Database, project_id: string): Promise<void> {
  await db.deleteFrom('organizations').where('project_id', '=', project_id).execute()
}

test('a page reads no more for there being more organizations, and the index gives it', async () => {
  const { db } = (await server()).services
  const project_id = await manyOrganizations(db)
  const cases = [
    [{ limit: 50 }, 51 * 5],
    [{ limit: 50, within_days: 400 }, 51 * 5],
    [{ limit: 50, urgent: true, within_days: 400 }, 501 * 5],
  ] as const
  for (const [query, most] of cases) {
    const read = await transaction(db, async (trx) => {
      // after five times a prepared statement has one plan for all values
      for (let i = 0; i < 6; i += 1) await certificatesDue(trx, project_id, now, query)
      const before = await rowsRead(trx)
      const { certificates } = await certificatesDue(trx, project_id, now, query)
      assert.equal(certificates.length, 50)
      const after = await rowsRead(trx)
      return { scanned: after.scanned - before.scanned, fetched: after.fetched - before.fetched }
    })
    assert.equal(read.scanned, 0, JSON.stringify(query))
    assert.ok(read.fetched <= most, `${JSON.stringify(query)}: ${read.fetched} rows`)
  }
  const soon = new Date(now.getTime() + 60 * dayMs)
  const plan = await sql<{ 'QUERY PLAN': string }>`explain select key_id from saml_keys
    where project_id = ${project_id} and expires_at < ${soon}
    order by expires_at, key_id limit 51`.execute(db)
  const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n')
  assert.match(text, /using saml_keys_expiry/)
  assert.doesNotMatch(text, /Sort/)
  await forget(db, project_id)
})

test('what runs every minute reads nothing where nothing is due', async () => {
  const { services } = await server()
  const project_id = await manyOrganizations(services.db)
  const past = new Date(now.getTime() - 40 * 365 * dayMs)
  const read = await transaction(services.db, async (trx) => {
    const then = { ...services, db: trx, now: () => past }
    const run = async () => {
      assert.equal(await warnOfCertificates(then), 0)
      assert.equal(await refreshDueMetadata(then), 0)
    }
    for (let i = 0; i < 6; i += 1) await run()
    const before = await rowsRead(trx)
    await run()
    const after = await rowsRead(trx)
    return { scanned: after.scanned - before.scanned, fetched: after.fetched - before.fetched }
  })
  assert.deepEqual(read, { scanned: 0, fetched: 0 })
  await forget(services.db, project_id)
})
