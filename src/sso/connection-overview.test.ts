import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newProject, server } from '../../tests/harness.ts'
import { type Database, transaction } from '../db/connect.ts'
import { listConnectionSummaries, type OverviewFilter } from './connection-overview.ts'

/** Rows that this session has read of the tables of the list, by sequential scans and by indexes. */
async function rowsRead(db: Database) {
  const { rows } = await sql<{ scanned: string; fetched: string }>`
    select sum(seq_tup_read) as scanned, sum(coalesce(idx_tup_fetch, 0)) as fetched
    from pg_stat_xact_user_tables
    where relname in ('saml_keys', 'sso_connections', 'organizations', 'sso_flows')
      and schemaname = current_schema()`.execute(db)
  return { scanned: Number(rows[0]!.scanned), fetched: Number(rows[0]!.fetched) }
}

/**
 * A project with organizations that have a connection and a certificate each, and logins that all succeeded
 * but for those of the oldest connection. Ids of organizations are in the order of `n`.
 */
async function manyConnections(db: Database, count: number, logins: number): Promise<string> {
  const { project_id } = await newProject()
  const id = sql`lpad(n::text, 6, '0')`
  await sql`insert into organizations (project_id, organization_id, organization_name, organization_slug,
      sso_jit_provisioning, email_jit_provisioning, email_invites, auth_methods, mfa_policy, mfa_methods,
      oauth_tenant_jit_provisioning, first_party_connected_apps_allowed_type,
      third_party_connected_apps_allowed_type, created_at, updated_at)
    select ${project_id}, 'o' || ${id}, 'Company ' || n, 'company-' || n, '', '', '', '', '', '', '', '', '', now(), now()
    from generate_series(1, ${count}::int) n`.execute(db)
  await sql`insert into sso_connections (project_id, organization_id, connection_id, type, display_name, created_at, updated_at)
    select ${project_id}, 'o' || ${id}, 'saml-connection-' || ${id}, 'saml', 'n' || n, now(), now() from generate_series(1, ${count}::int) n`.execute(
    db,
  )
  await sql`insert into saml_keys (project_id, organization_id, connection_id, key_id, purpose, fingerprint,
      expires_at, created_at, updated_at)
    select ${project_id}, 'o' || ${id}, 'saml-connection-' || ${id}, 'k' || ${id}, 'verification', 'f', now(), now(), now()
    from generate_series(1, ${count}::int) n`.execute(db)
  await sql`insert into sso_flows (project_id, organization_id, connection_id, flow_id, state, initiated_by,
      request_id, error_type, started_at, verified_at, failed_at)
    select ${project_id}, 'o', 'saml-connection-' || ${id}, 'f' || n || '-' || i, case n when 1 then 'failed' else 'redeemed' end,
      'sp', 'r', case n when 1 then 'saml_certificate_mismatch' end, now(), case when n > 1 then now() end,
      case n when 1 then now() end
    from generate_series(1, ${count}::int) n, generate_series(1, ${logins}::int) i`.execute(db)
  await sql`vacuum analyze organizations, sso_connections, saml_keys, sso_flows`.execute(db)
  return project_id
}

/** So that no other test comes upon them. */
async function forget(db: Database, project_id: string): Promise<void> {
  await db.deleteFrom('organizations').where('project_id', '=', project_id).execute()
  await db.deleteFrom('sso_flows').where('project_id', '=', project_id).execute()
}

async function allPages(db: Database, project_id: string, filter: OverviewFilter) {
  const found: string[] = []
  let pages = 0
  let cursor: string | undefined
  do {
    const more: OverviewFilter = cursor ? { ...filter, cursor } : filter
    const page = await listConnectionSummaries(db, project_id, more)
    found.push(...page.connections.map(({ connection_id }) => connection_id))
    cursor = page.next_cursor ?? undefined
    pages += 1
  } while (cursor)
  return { found, pages }
}

test('every connection stands on one page, and a failing one is found behind many that are not', async () => {
  const { db } = (await server()).services
  const project_id = await manyConnections(db, 620, 1)
  const { found, pages } = await allPages(db, project_id, { limit: 100 })
  assert.equal(pages, 7)
  assert.deepEqual(found, [...new Set(found)].sort().reverse())
  assert.equal(found.length, 620)
  const failing = await allPages(db, project_id, { failing: true })
  assert.deepEqual([failing.found, failing.pages], [['saml-connection-000001'], 3])
  const searched = await allPages(db, project_id, { search: 'company 61' })
  assert.equal(searched.found.length, 11)
  const wildcard = await allPages(db, project_id, { search: '%%%' })
  assert.deepEqual(wildcard.found, [])
  const [only] = (
    await listConnectionSummaries(db, project_id, { search: 'saml-connection-000001' })
  ).connections
  assert.equal(only?.error_type, 'saml_certificate_mismatch')
  assert.equal(only.last_success_at, null)
  await forget(db, project_id)
})

test('a page reads no more for there being more connections, organizations and logins', async () => {
  const { db } = (await server()).services
  const project_id = await manyConnections(db, 3_000, 12)
  const cases: [string, number, OverviewFilter][] = [
    ['all', 26 * 16, {}],
    ['pending', 26 * 16, { status: 'pending' }],
    ['none that is active', 20, { status: 'active' }],
    ['search', 600, { search: 'company-2999' }],
    ['failing', 251 * 16, { failing: true }],
  ]
  for (const [name, most, filter] of cases) {
    const read = await transaction(db, async (trx) => {
      const before = await rowsRead(trx)
      await listConnectionSummaries(trx, project_id, filter)
      const after = await rowsRead(trx)
      return { scanned: after.scanned - before.scanned, fetched: after.fetched - before.fetched }
    })
    assert.equal(read.scanned, 0, name)
    assert.ok(read.fetched <= most, `${name}: ${read.fetched} rows were read`)
  }
  await forget(db, project_id)
})
