import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RawBuilder, sql } from 'kysely'
import { createServices, databaseURL, newProject, server } from '../tests/harness.ts'
import { happen, newWebhook } from './events/webhooks.test-kit.ts'
import { runJobs, startJobs } from './jobs.ts'
import { readMail, sendMail } from './mail/mail.ts'

const day = 86_400_000
const tables = [
  'sessions',
  'intermediate_sessions',
  'saml_replays',
  'sso_flow_messages',
  'sso_flows',
  'events',
  'webhook_deliveries',
  'mails',
] as const
const keptAsLogins = tables.indexOf('sso_flows')

/** A project with so many rows of each kind that have had their time, and three that have not. */
async function withOldRows(old: number): Promise<string> {
  const { project_id } = await newProject()
  const { db } = (await server()).services
  const organization_id = `organization-test-${project_id}`
  await sql`insert into organizations (project_id, organization_id, organization_name,
      organization_slug, sso_jit_provisioning, email_jit_provisioning, email_invites, auth_methods,
      mfa_policy, mfa_methods, oauth_tenant_jit_provisioning,
      first_party_connected_apps_allowed_type, third_party_connected_apps_allowed_type,
      created_at, updated_at)
    values (${project_id}, ${organization_id}, 'A', 'a', '', '', '', '', '', '', '', '', '',
      now(), now())`.execute(db)
  await sql`insert into members (project_id, organization_id, member_id, email_address, status,
      created_at, updated_at)
    values (${project_id}, ${organization_id}, 'm', 'a@example.com', 'active', now(), now())`.execute(
    db,
  )
  const insert = async (count: number, expires: Date, started: Date, prefix: string) => {
    const ids = sql`select ${prefix}::text || n as id, sha256((${prefix}::text || n)::bytea) as hash
      from generate_series(1, ${count}::int) n`
    await sql`insert into sessions (project_id, organization_id, member_id, member_session_id,
        token_hash, started_at, last_accessed_at, expires_at, authentication_factors)
      select ${project_id}, ${organization_id}, 'm', id, hash, ${started}::timestamptz,
        ${started}, ${expires}::timestamptz, '[]' from (${ids}) i`.execute(db)
    await sql`insert into intermediate_sessions (project_id, organization_id, member_id, token_hash,
        authentication_factors, created_at, expires_at)
      select ${project_id}, ${organization_id}, 'm', hash, '[]', ${started}::timestamptz,
        ${expires}::timestamptz from (${ids}) i`.execute(db)
    await sql`insert into saml_replays (project_id, connection_id, assertion_id, expires_at)
      select ${project_id}, 'c', id, ${expires}::timestamptz from (${ids}) i`.execute(db)
    await sql`insert into sso_flows (project_id, organization_id, connection_id, flow_id, state,
        initiated_by, request_id, started_at)
      select ${project_id}, ${organization_id}, 'c', id, 'redeemed', 'sp', 'r',
        ${started}::timestamptz from (${ids}) i`.execute(db)
    await insertOthers(project_id, ids, { expires, started })
  }
  const now = Date.now()
  await insert(old, new Date(now - 1_000), new Date(now - 30 * day - 1_000), 'old')
  await insert(3, new Date(now + 60_000), new Date(now - 30 * day + 60_000), 'new')
  return project_id
}

/** The same rows of what stands beside logins: kept messages, events, deliveries, mails. */
async function insertOthers(
  project_id: string,
  ids: RawBuilder<unknown>,
  { expires, started }: { expires: Date; started: Date },
): Promise<void> {
  const { db } = (await server()).services
  await sql`insert into sso_flow_messages (project_id, flow_id, message_id, kind, content,
      recorded_at, expires_at)
    select ${project_id}, 'f', id, 'request', '', ${started}, ${expires}::timestamptz from (${ids}) i`.execute(
    db,
  )
  await sql`insert into events (project_id, event_id, event_type, data, at)
    select ${project_id}, id, 'login.failed', '{}', ${started}::timestamptz from (${ids}) i`.execute(
    db,
  )
  await sql`insert into webhook_endpoints (project_id, webhook_id, url, secret, created_at, updated_at)
    values (${project_id}, 'w', '', '', now(), now()) on conflict do nothing`.execute(db)
  await sql`insert into webhook_deliveries (project_id, delivery_id, webhook_id, event_id, state, created_at)
    select ${project_id}, id, 'w', id, 'failed', ${started}::timestamptz from (${ids}) i`.execute(
    db,
  )
  await sql`insert into mails (mail_id, project_id, kind, to_address, subject, content, state, created_at)
    select ${project_id} || id, ${project_id}, 'k', '', '', '', 'failed', ${started}::timestamptz
    from (${ids}) i`.execute(db)
}

async function counts(project_id: string): Promise<number[]> {
  const { db } = (await server()).services
  return Promise.all(
    tables.map(async (table) => {
      const { count } = await db
        .selectFrom(table)
        .select((eb) => eb.fn.countAll<string>().as('count'))
        .where('project_id', '=', project_id)
        .executeTakeFirstOrThrow()
      return Number(count)
    }),
  )
}

test('rows that have had their time are deleted, however many; fresh ones stay', async () => {
  const project_id = await withOldRows(2_300)
  assert.deepEqual(await counts(project_id), Array(tables.length).fill(2_303))
  await runJobs((await server()).services)
  assert.deepEqual(await counts(project_id), Array(tables.length).fill(3))
})

test('two nodes at once do no harm, and together delete everything', async () => {
  const project_id = await withOldRows(1_500)
  const database_url = await databaseURL()
  const other = createServices({ base_url: 'http://localhost:4000', port: 4000, database_url })
  const { services } = await server()
  await Promise.all([runJobs(services), runJobs(other.services)])
  // Each leaves to the other what that is at: what is left over is the next round's.
  await runJobs(services)
  assert.deepEqual(await counts(project_id), Array(tables.length).fill(3))
})

test('finished logins, events, deliveries and mails are kept for as long as the setting says', async () => {
  const project_id = await withOldRows(5)
  const { services } = await server()
  await runJobs({ ...services, config: { ...services.config, flow_retention_days: 31 } })
  const expected = tables.map((_, index) => (index < keptAsLogins ? 3 : 8))
  assert.deepEqual(await counts(project_id), expected)
})

test('webhooks and mails go out within seconds of being due, and the end waits for what is under way', async () => {
  const { services } = await server()
  const { receiver, project } = await newWebhook()
  await happen(project)
  let [under_way, ended] = [0, false]
  const slow = (async (url, init) => {
    under_way += 1
    await new Promise((resolve) => setTimeout(resolve, 300))
    return services.fetch(url, init)
  }) as typeof fetch
  const jobs = startJobs({ ...services, fetch: slow })
  const mail = await sendMail(services, {
    ...{ project_id: null, kind: 'test', to: 'ada@example.com', subject: 'A' },
    ...{ text: 'a', html: '<p>a' },
  })
  for (let n = 0; n < 100 && under_way === 0; n++)
    await new Promise((resolve) => setTimeout(resolve, 50))
  await jobs.stop().then(() => {
    ended = true
  })
  assert.ok(ended)
  assert.equal(receiver.requests.length, 1)
  assert.equal((await readMail(services, mail.mail_id)).state, 'sent')
})
