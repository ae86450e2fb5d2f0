import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newProject, server } from '../../tests/harness.ts'
import type { Context } from '../context.ts'
import { addMember, create } from '../organizations/organization.test-kit.ts'
import { searchProjectMembers } from './search-project.ts'

async function all(
  context: Pick<Context, 'db' | 'project'>,
  filter: Omit<Parameters<typeof searchProjectMembers>[1], 'limit'>,
) {
  const found: string[] = []
  let pages = 0
  let cursor: string | undefined
  do {
    const page = await searchProjectMembers(context, { ...filter, limit: 2, cursor })
    found.push(...page.members.map(({ member }) => member.email_address))
    cursor = page.next_cursor ?? undefined
    pages += 1
  } while (cursor)
  return { found, pages }
}

test('the few of a status are found among thousands of members, a part at a time', async () => {
  const project = await newProject()
  const { db } = (await server()).services
  const organization = await create(project)
  await sql`insert into members (project_id, organization_id, member_id, email_address, status,
      created_at, updated_at)
    select ${project.project_id}, ${organization.organization_id},
      'member-test-' || lpad(n::text, 36, '0'), 'm' || n || '@acme.com',
      case when n in (100, 5500, 10999) then 'invited' else 'active' end, now(), now()
    from generate_series(1, 11000) n`.execute(db)
  await addMember(project, organization, 'last@acme.com')
  const context = { db, project: { ...project, environment: 'test' as const } }
  const invited = ['m100@acme.com', 'm5500@acme.com', 'm10999@acme.com']
  const listed = await all(context, { status: 'invited' })
  assert.deepEqual(listed.found, invited)
  assert.ok(listed.pages <= 5)
  assert.deepEqual((await all(context, { status: 'invited', email: 'M5500' })).found, [invited[1]])
  assert.deepEqual((await all(context, { email: 'last@' })).found, ['last@acme.com'])
  assert.deepEqual((await all(context, { email: 'm110' })).found.slice(0, 2), [
    'm110@acme.com',
    'm1100@acme.com',
  ])
})

test('what is no cursor of a list of members is refused', async () => {
  const project = await newProject()
  const { db } = (await server()).services
  const context = { db, project: { ...project, environment: 'test' as const } }
  await assert.rejects(searchProjectMembers(context, { cursor: 'x', limit: 2 }), {
    error_type: 'user_search_invalid_cursor',
  })
})
