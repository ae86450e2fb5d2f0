import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newProject, server } from '../../tests/harness.ts'
import { type Database, transaction } from '../db/connect.ts'
import { addCertificates, newOwnedConnection } from './certificates-due.test-kit.ts'
import { certificatesDue, type DueCertificate } from './certificates-due.ts'

const dayMs = 86_400_000
const now = new Date()

function shown(certificates: DueCertificate[]) {
  return certificates.map(
    ({ purpose, days_left, replaced }) => `${purpose} ${days_left} ${replaced}`,
  )
}

test('the calendar has the certificates of both sides that end soon or have ended, the first to end first', async () => {
  const { db } = (await server()).services
  const connection = await newOwnedConnection()
  const { project_id, organization, connection_id } = connection
  await addCertificates(connection, 'verification', [-3.5, 30.5, 100])
  await addCertificates(connection, 'signing', [45.5])
  await addCertificates(connection, 'encryption', [0.5])
  const { certificates, next_cursor } = await certificatesDue(db, project_id, now)
  assert.deepEqual(shown(certificates), [
    'verification -4 true',
    'encryption 0 false',
    'verification 30 true',
    'signing 45 false',
  ])
  assert.equal(next_cursor, null)
  const { certificate_id, fingerprint, issuer, expires_at, ...where } = certificates[1]!
  assert.match(certificate_id, /^saml-encryption-key-test-/)
  assert.deepEqual(where, {
    organization_id: organization.organization_id,
    organization_name: organization.organization_name,
    organization_slug: organization.organization_slug,
    connection_id,
    display_name: 'Acme',
    identity_provider: 'okta',
    connection_status: 'pending',
    purpose: 'encryption',
    days_left: 0,
    replaced: false,
  })
  const within = async (within_days: number) =>
    shown((await certificatesDue(db, project_id, now, { within_days })).certificates).length
  assert.deepEqual([await within(0), await within(1), await within(365)], [1, 2, 5])
})

test('urgent leaves out those that another one replaces; one that has ended too replaces nothing', async () => {
  const { db } = (await server()).services
  const connection = await newOwnedConnection()
  await addCertificates(connection, 'verification', [-10, -5])
  const urgent = async () =>
    shown((await certificatesDue(db, connection.project_id, now, { urgent: true })).certificates)
  assert.deepEqual(await urgent(), ['verification -10 false', 'verification -5 false'])
  const other = await newOwnedConnection(connection)
  await addCertificates(other, 'verification', [100])
  assert.equal((await urgent()).length, 2, 'of another connection')
  await addCertificates(connection, 'signing', [100])
  assert.equal((await urgent()).length, 2, 'of another purpose')
  await addCertificates(connection, 'verification', [100])
  assert.deepEqual(await urgent(), [])
})

test('of our own certificates the newest is in use, although an older one lasts longer', async () => {
  const { db } = (await server()).services
  const connection = await newOwnedConnection()
  await addCertificates(connection, 'signing', [3000, 10.5])
  const { certificates } = await certificatesDue(db, connection.project_id, now)
  assert.deepEqual(shown(certificates), ['signing 10 false'])
})

test('pages follow one another, and neither of another project', async () => {
  const { db } = (await server()).services
  const connection = await newOwnedConnection()
  await addCertificates(await newOwnedConnection(), 'verification', [1])
  await addCertificates(connection, 'verification', [5, 4, 3, 2, 1])
  await addCertificates(connection, 'signing', [3])
  const seen: string[] = []
  let cursor: string | null | undefined
  let pages = 0
  do {
    const query = { limit: 2, ...(cursor && { cursor }) }
    const page = await certificatesDue(db, connection.project_id, now, query)
    seen.push(...page.certificates.map((each) => each.certificate_id))
    cursor = page.next_cursor
    pages += 1
  } while (cursor)
  assert.deepEqual([pages, seen.length, new Set(seen).size], [3, 6, 6])
  for (const wrong of ['x', Buffer.from('2026-99-99T00:00:00.000Z a').toString('base64url')])
    await assert.rejects(certificatesDue(db, connection.project_id, now, { cursor: wrong }), {
      error_type: 'user_search_invalid_cursor',
    })
})

/** Rows that this session has read of a table, by sequential scans and by indexes. */
async function rowsRead(db: Database) {
  const { rows } = await sql<{ scanned: string; fetched: string }>`
    select sum(seq_tup_read) as scanned, sum(coalesce(idx_tup_fetch, 0)) as fetched
    from pg_stat_xact_user_tables
    where relname in ('saml_keys', 'sso_connections', 'organizations')
      and schemaname = current_schema()`.execute(db)
  return { scanned: Number(rows[0]!.scanned), fetched: Number(rows[0]!.fetched) }
}

test('a page reads no more for there being more organizations, and the index gives it', async () => {
  const { db } = (await server()).services
  const { project_id } = await newProject()
  // 5,000 organizations with a connection each, which has two certificates; 24 of them end a day
  await sql`insert into organizations (project_id, organization_id, organization_name, organization_slug,
      sso_jit_provisioning, email_jit_provisioning, email_invites, auth_methods, mfa_policy, mfa_methods,
      oauth_tenant_jit_provisioning, first_party_connected_apps_allowed_type,
      third_party_connected_apps_allowed_type, created_at, updated_at)
    select ${project_id}, 'o' || n, 'A', 'a' || n, '', '', '', '', '', '', '', '', '', now(), now()
    from generate_series(1, 5000) n`.execute(db)
  await sql`insert into sso_connections (project_id, organization_id, connection_id, type, created_at, updated_at)
    select ${project_id}, 'o' || n, 'c' || n, 'saml', now(), now() from generate_series(1, 5000) n`.execute(
    db,
  )
  await sql`insert into saml_keys (project_id, organization_id, connection_id, key_id, purpose, fingerprint,
      expires_at, created_at, updated_at)
    select ${project_id}, 'o' || n, 'c' || n, 'k' || n || p, p, 'f' || n,
      ${now}::timestamptz + n * interval '2 hours', now(), now()
    from generate_series(1, 5000) n, unnest(array['verification', 'signing']) p`.execute(db)
  await sql`vacuum analyze saml_keys, sso_connections, organizations`.execute(db)
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
})
