import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CompiledQuery, sql } from 'kysely'
import { call } from '../../tests/harness.ts'
import type { Database } from '../db/connect.ts'
import { newId } from '../db/ids.ts'
import { addOrganization } from '../sessions/session.test-kit.ts'
import { newOrganization } from './member.test-kit.ts'
import { countStatement, searchStatement } from './search.ts'
import { memberFilters } from './search-filters.ts'

const path = '/v1/b2b/organizations/members/search'

/** Many members by one statement; returns their ids. */
async function addMembers(
  db: Database,
  organization: { project_id: string; organization_id: string },
  count: number,
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId('member', 'test'))
  await sql`insert into members (project_id, organization_id, member_id, email_address, status,
      external_id, mfa_phone_number, created_at, updated_at)
    select ${organization.project_id}, ${organization.organization_id}, id,
      md5('a' || n) || '@acme.example', 'active', 'crm-' || n,
      '+' || (1000000000 + n * 7919 * 7919 % 1000000007), now(), now()
    from unnest(${ids}::text[]) with ordinality as made (id, n)`.execute(db)
  return ids
}

test('2,500 members in pages of 1,000 while others come: none twice, none lost', async () => {
  const { services, project, organization, create } = await newOrganization()
  const before = await addMembers(services.db, organization, 2_500)
  const seen: string[] = []
  let cursor: string | null = null
  let pages = 0
  do {
    const answer = await call(project, 'POST', path, {
      organization_ids: [organization.organization_id],
      limit: 1_000,
      cursor,
    })
    assert.equal(answer.status, 200)
    seen.push(...answer.body.members.map((member: { member_id: string }) => member.member_id))
    cursor = answer.body.results_metadata.next_cursor
    pages += 1
    for (let n = 0; n < 5; n++)
      assert.equal((await create({ email_address: `new${pages}-${n}@acme.example` })).status, 200)
  } while (cursor !== null)
  assert.equal(pages, 3)
  assert.equal(new Set(seen).size, seen.length)
  const found = new Set(seen)
  assert.deepEqual(
    before.filter((member_id) => !found.has(member_id)),
    [],
  )
})

test('a page of a search in several organizations goes on where the last one ended', async () => {
  const { services, project, organization, path: own } = await newOrganization()
  const second = await addOrganization(services, project.project_id)
  for (let n = 0; n < 6; n++) {
    const base = n % 2 ? own : `/v1/b2b/organizations/${second.organization_id}/members`
    await call(project, 'POST', base, { email_address: `p${n}@acme.example` })
  }
  const organization_ids = [second.organization_id, organization.organization_id]
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const { body }: Awaited<ReturnType<typeof call>> = await call(project, 'POST', path, {
      organization_ids,
      limit: 2,
      cursor,
    })
    assert.equal(body.results_metadata.total, 6)
    seen.push(...body.members.map((member: { email_address: string }) => member.email_address))
    cursor = body.results_metadata.next_cursor
  } while (cursor !== null)
  assert.deepEqual(
    seen,
    [0, 1, 2, 3, 4, 5].map((n) => `p${n}@acme.example`),
  )
})

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

/** The nodes of a plan that read members, as they ran. */
async function readsOfMembers(db: Database, statement: { compile(db: Database): CompiledQuery }) {
  const { sql: text, parameters } = statement.compile(db)
  const explained = await db.executeQuery<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    CompiledQuery.raw(`explain (analyze, format json) ${text}`, [...parameters]),
  )
  const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
  return nodesOf(explained.rows[0]!['QUERY PLAN'][0].Plan).filter(
    (node) => node['Relation Name'] === 'members' || node['Node Type'] === 'Bitmap Index Scan',
  )
}

test('members are searched by an index, whatever is asked', async () => {
  const { services, project, organization } = await newOrganization()
  const { db } = services
  const { project_id, organization_id } = organization
  const ids = await addMembers(db, organization, 4_000)
  for (let n = 0; n < 3; n++)
    await addMembers(db, await addOrganization(services, project.project_id), 3_000)
  await sql`vacuum analyze members`.execute(db)
  const seven = await db
    .selectFrom('members')
    .select(['email_address', 'mfa_phone_number'])
    .where('member_id', '=', ids[1_007]!)
    .executeTakeFirstOrThrow()
  const { email_address, mfa_phone_number } = seven
  const conditions = {
    none: sql<boolean>`true`,
    member_ids: memberFilters.member_ids.where([ids[1_007]!]),
    external_ids: memberFilters.member_ids.where(['crm-1008']),
    member_emails: memberFilters.member_emails.where([email_address]),
    member_email_fuzzy: memberFilters.member_email_fuzzy.where(`%${email_address.slice(3, 11)}%`),
    member_phone_numbers: memberFilters.member_phone_numbers.where([mfa_phone_number]),
    member_phone_number_fuzzy: memberFilters.member_phone_number_fuzzy.where(
      `%${mfa_phone_number.slice(2, 10)}%`,
    ),
  }
  for (const [name, filter] of Object.entries(conditions)) {
    const condition = sql<boolean>`m.status <> 'deleted' and (${filter})`
    const rows = { project_id, organization_ids: [organization_id], condition }
    const page = await readsOfMembers(db, searchStatement(rows, ids[1_000]!, 101))
    const count = name === 'none' ? [] : await readsOfMembers(db, countStatement(rows))
    for (const node of [...page, ...count]) {
      assert.notEqual(node['Node Type'], 'Seq Scan', name)
      assert.ok(node['Actual Rows'] <= 101, `${name}: ${JSON.stringify(node)}`)
      assert.ok((node['Rows Removed by Filter'] ?? 0) <= 101, `${name}: ${JSON.stringify(node)}`)
    }
  }
})
