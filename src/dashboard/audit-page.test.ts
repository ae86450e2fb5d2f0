import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeAdmin } from '../admins/admins.test-kit.ts'
import type { Services } from '../context.ts'
import { recordAudit } from '../events/audit.ts'
import { createProject } from '../projects/projects.ts'
import { addOrganization } from '../sessions/session.test-kit.ts'
import { changedValues } from './audit-page-changes.ts'
import { newOwner } from './sign-in.test-kit.ts'

const path = '/dashboard/audit'
const noon = Date.parse('2026-11-20T12:00:00Z')

/** Entries about connections, an hour apart, the latest last. */
async function record({ db }: Services, count: number, more: object = {}) {
  for (let i = 0; i < count; i++)
    await recordAudit(db, {
      project_id: null,
      actor: { type: 'cli', id: 'cli', name: 'portcullis' },
      action: 'connection.update',
      target_type: 'connection',
      target_id: `connection-${i}`,
      target_name: `Connection ${i}`,
      before: { display_name: 'Old', status: 'active', idp: { entity_id: 'a', extra: 1 } },
      after: { display_name: 'New <b>', status: 'active', idp: { entity_id: 'b', extra: 1 } },
      address: '192.0.2.7',
      request_id: 'request-1',
      at: new Date(noon + i * 3_600_000),
      ...more,
    })
}

test('the audit log tells who, what, before, after, when and from where', async () => {
  const { services, visitor } = await newOwner()
  await record(services, 1)
  const { html } = await visitor.get(path)
  for (const told of [
    'portcullis</a> (command)',
    'connection.update',
    'Connection 0',
    '2026-11-20T12:00:00.000Z',
    '192.0.2.7',
    'request-1',
    'Changed: display_name, idp.entity_id<',
    'New &lt;b&gt;',
  ])
    assert.ok(html.includes(told), told)
  assert.ok(!html.includes('idp.extra'), 'what stayed the same is left out')
  assert.ok(!html.includes('New <b>'))
})

test('what changed is found within objects; lists are one value', () => {
  assert.deepEqual(changedValues({ a: 1, b: { c: [1], d: 2 } }, { a: 1, b: { c: [1, 2], d: 2 } }), [
    { name: 'b.c', before: [1], after: [1, 2] },
  ])
  assert.deepEqual(changedValues(undefined, { a: 1 }), [{ name: 'a', before: undefined, after: 1 }])
  assert.deepEqual(changedValues({ a: { b: 1 } }, { a: null }), [
    { name: 'a.b', before: 1, after: undefined },
  ])
  assert.deepEqual(changedValues({ a: 1 }, { a: { b: 1 } }), [
    { name: 'a', before: 1, after: { b: 1 } },
  ])
  assert.deepEqual(changedValues({}, {}), [])
})

test('the log is narrowed by who, what, action, project and day', async () => {
  const { services, visitor, admin } = await newOwner()
  await record(services, 30)
  const shown = async (query: Record<string, string>) => {
    const { html, status } = await visitor.get(`${path}?${new URLSearchParams(query)}`)
    assert.equal(status, 200)
    return (html.match(/<li class="list-group-item"/g) ?? []).length
  }
  assert.equal(await shown({}), 31)
  assert.equal(await shown({ actor: admin.admin_id }), 1)
  assert.equal(await shown({ actor: 'cli' }), 30)
  assert.equal(await shown({ target: 'connection-3' }), 1)
  assert.equal(await shown({ action: 'admin.sign_in' }), 1)
  assert.equal(await shown({ project: 'server' }), 31)
  assert.equal(await shown({ since: '2026-11-21', until: '2026-11-21' }), 18)
  assert.equal(await shown({ until: '2026-11-20' }), 12)
  assert.equal(await shown({ action: 'nothing' }), 0)
  assert.equal((await visitor.get(`${path}?since=yesterday`)).status, 400)
  assert.equal((await visitor.get(`${path}?project=nobody`)).status, 404)
  const { html } = await visitor.get(`${path}?action=%22%3E%3Cscript%3E`)
  assert.ok(!html.includes('"><script>'))
})

test('the log is narrowed to an organization, by slug within its project, and by id when it is gone', async () => {
  const { services, visitor } = await newOwner()
  const project_slug = 'northwind'
  const { project_id } = await createProject(services.db, {
    project_name: 'Northwind',
    project_slug,
    environment: 'test',
  })
  const { organization_id, organization_slug } = await addOrganization(services, project_id)
  await record(services, 2, { project_id, organization_id })
  await record(services, 1, { project_id, target_type: 'organization', target_id: organization_id })
  await record(services, 3, { project_id, organization_id: 'organization-test-gone' })
  const shown = async (query: Record<string, string>) => {
    const { html, status } = await visitor.get(`${path}?${new URLSearchParams(query)}`)
    return status === 200 ? (html.match(/<li class="list-group-item"/g) ?? []).length : status
  }
  assert.equal(await shown({ organization: organization_id }), 3)
  assert.equal(await shown({ project: project_slug, organization: organization_slug }), 3)
  assert.equal(await shown({ organization: organization_slug }), 3, 'there is no other project')
  assert.equal(await shown({ organization: 'organization-test-gone' }), 3)
  const all = (await visitor.get(path)).html
  for (const [id, told] of Object.entries({
    [organization_id]: 'Acme',
    'organization-test-gone': '<code>organization-test-gone</code>',
  }))
    assert.ok(all.includes(`?project=${project_slug}&amp;organization=${id}">${told}</a>`), told)
  assert.equal(await shown({ project: project_slug, organization: 'nobody' }), 404)
  assert.equal(await shown({ project: 'server', organization: 'acme' }), 400)
  const { html } = await visitor.get(`${path}/export.json?organization=${organization_id}`)
  const { audit_entries } = JSON.parse(html)
  assert.deepEqual(
    audit_entries.map((each: { organization_id: string }) => each.organization_id),
    [organization_id, organization_id, organization_id],
  )
  const csv = await visitor.get(`${path}/export.csv?organization=${organization_id}`)
  assert.match(csv.html, /^audit_id,at,project_id,organization_id,/)
})

test('a long log goes on from page to page without gap or repetition', async () => {
  const { services, visitor } = await newOwner()
  await record(services, 110)
  const seen: string[] = []
  let next: string | undefined = `${path}?actor=cli`
  let pages = 0
  while (next) {
    const { html } = await visitor.get(next.replaceAll('&amp;', '&'))
    seen.push(...[...html.matchAll(/Connection (\d+)</g)].map(([, i]) => i!))
    next = /href="([^"]*cursor=[^"]*)"/.exec(html)?.[1]
    pages += 1
  }
  assert.equal(pages, 3)
  assert.deepEqual(
    seen,
    Array.from({ length: 110 }, (_, i) => String(109 - i)),
  )
})

test('an export holds every entry that the filter lets through, as JSON and CSV', async () => {
  const { services, visitor } = await newOwner()
  await record(services, 1_001)
  const json = await visitor.get(`${path}/export.json?actor=cli`)
  assert.match(json.headers.get('content-disposition') ?? '', /^attachment; filename="audit-\d{4}-/)
  assert.equal(json.headers.get('content-type'), 'application/json')
  const { audit_entries } = JSON.parse(json.html)
  assert.equal(audit_entries.length, 1_001)
  assert.equal(
    new Set(audit_entries.map((each: { audit_id: string }) => each.audit_id)).size,
    1_001,
  )
  assert.deepEqual(audit_entries[0].after.idp, { entity_id: 'b', extra: 1 })
  const csv = await visitor.get(`${path}/export.csv?actor=cli`)
  const lines = csv.html.trimEnd().split('\r\n')
  assert.equal(lines.length, 1_002)
  assert.match(lines[0]!, /^audit_id,at,project_id,organization_id,actor_type/)
  const nothing = await visitor.get(`${path}/export.json?actor=nobody`)
  assert.deepEqual(JSON.parse(nothing.html), { audit_entries: [] })
})

test('a value in the CSV is neither a formula nor a second cell', async () => {
  const { services, visitor } = await newOwner()
  await record(services, 1, {
    target_name: '=HYPERLINK("https://evil.example","x")',
    address: '+1',
    before: null,
    after: { a: 'x,"y"\r\nz' },
  })
  const { html } = await visitor.get(`${path}/export.csv?actor=cli`)
  const [, line = ''] = html.split('\r\n')
  assert.ok(line.includes(`"'=HYPERLINK(""https://evil.example"",""x"")"`), line)
  assert.ok(line.includes(`,"{""a"":""x,\\""y\\""\\r\\nz""}",'+1,request-1`), line)
})

test('viewers read the log and export it; who is not signed in does neither', async () => {
  const { services, visitor } = await newOwner()
  const viewer = await makeAdmin(services, { role: 'viewer' })
  await visitor.signIn(viewer)
  for (const each of [path, `${path}/export.csv`, `${path}/export.json`]) {
    assert.equal((await visitor.get(each)).status, 200)
    visitor.jar.clear()
    assert.equal((await visitor.get(each)).status, 303)
    await visitor.signIn(viewer)
  }
})
