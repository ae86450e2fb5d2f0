import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newProject, server } from '../../tests/harness.ts'
import { type Actor, listAudit, type NewAuditEntry, recordAudit } from './audit.ts'

const ada: Actor = { type: 'admin', id: 'admin-ada', name: 'Ada' }

function entry(project_id: string | null, change: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return {
    project_id,
    actor: ada,
    action: 'connection.update',
    target_type: 'connection',
    target_id: 'c1',
    at: new Date(),
    ...change,
  }
}

test('an entry says who changed what, from what to what, when, and from where', async () => {
  const { project_id } = await newProject()
  const { db } = (await server()).services
  const at = new Date('2026-03-01T10:00:00Z')
  const given = entry(project_id, {
    organization_id: 'organization-test-1',
    target_name: 'Okta',
    before: { display_name: 'Old' },
    after: { display_name: 'New\0 \ud800' },
    address: '203.0.113.9',
    request_id: 'request-id-test-1',
    at,
  })
  await recordAudit(db, given)
  const { entries, next_cursor } = await listAudit(db, { project_id })
  assert.equal(next_cursor, null)
  const [{ audit_id, ...read }] = entries as [(typeof entries)[number]]
  assert.match(audit_id, /^audit-/)
  assert.deepEqual(read, {
    project_id,
    organization_id: 'organization-test-1',
    at,
    actor_type: 'admin',
    actor_id: 'admin-ada',
    actor_name: 'Ada',
    action: 'connection.update',
    target_type: 'connection',
    target_id: 'c1',
    target_name: 'Okta',
    before: { display_name: 'Old' },
    after: { display_name: 'New \ufffd' },
    address: '203.0.113.9',
    request_id: 'request-id-test-1',
  })
})

test('no secret gets into the audit, even where somebody forgot to leave it out', async () => {
  const { project_id } = await newProject()
  const { db } = (await server()).services
  const secrets = {
    client_secret: 'canary-1',
    deep: [{ password: 'canary-2', session_token: 'canary-3', token_hash: 'canary-4' }],
  }
  const open = { public_token: 'public', client_id: 'id', private_key: '' }
  await recordAudit(db, entry(project_id, { before: secrets, after: { ...secrets, ...open } }))
  const [read] = (await listAudit(db, { project_id })).entries
  assert.doesNotMatch(JSON.stringify(read), /canary/)
  const { public_token, client_id, private_key } = read!.after as typeof open
  assert.deepEqual({ public_token, client_id, private_key }, open)
})

test('the audit pages backwards in time, without gap or repetition', async () => {
  const { project_id } = await newProject()
  const { db } = (await server()).services
  for (let n = 0; n < 5; n++)
    await recordAudit(db, entry(project_id, { target_id: `t${n}`, at: new Date(1e12 + n) }))
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await listAudit(db, { project_id, cursor, limit: 2 })
    seen.push(...page.entries.map(({ target_id }) => target_id))
    cursor = page.next_cursor ?? undefined
  } while (cursor)
  assert.deepEqual(seen, ['t4', 't3', 't2', 't1', 't0'])
})

test('the audit is found by project, actor, action, target and time', async () => {
  const [{ project_id }, other] = [await newProject(), await newProject()]
  const { db } = (await server()).services
  const grace: Actor = { type: 'cli', id: project_id, name: 'root' }
  const at = new Date('2026-01-02T00:00:00Z')
  await recordAudit(db, entry(project_id))
  await recordAudit(db, entry(project_id, { actor: grace, action: 'secret.create', at }))
  await recordAudit(db, entry(other.project_id))
  await recordAudit(db, entry(null, { target_id: project_id }))
  const count = async (filter: Parameters<typeof listAudit>[1]) =>
    (await listAudit(db, filter)).entries.length
  assert.equal(await count({ project_id }), 2)
  assert.equal(await count({ project_id, action: 'secret.create' }), 1)
  assert.equal(await count({ actor_id: project_id }), 1)
  assert.equal(await count({ project_id: null, target_id: project_id }), 1)
  assert.equal(await count({ project_id, target_id: 'c1', until: new Date(at.getTime() + 1) }), 1)
  assert.equal(await count({ project_id, until: at }), 0)
  assert.equal(await count({ project_id, since: at }), 2)
})

test('an entry is found within its organization, as one about the organization itself is', async () => {
  const [{ project_id }, other] = [await newProject(), await newProject()]
  const { db } = (await server()).services
  const organization_id = 'organization-test-1'
  const about = { target_type: 'organization', target_id: organization_id }
  await recordAudit(db, entry(project_id, { organization_id, target_id: 'within' }))
  await recordAudit(db, entry(project_id, about))
  await recordAudit(db, entry(project_id))
  await recordAudit(db, entry(other.project_id, about))
  const { entries } = await listAudit(db, { project_id, organization_id })
  assert.deepEqual(
    entries.map(({ target_id }) => target_id),
    [organization_id, 'within'],
  )
})
