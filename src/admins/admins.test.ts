import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { auditOf, by, makeAdmin, newServer, settle } from './admins.test-kit.ts'
import { changeAdmin, developmentAdmin, findAdmin, listAdmins, may } from './admins.ts'
import { inviteAdmin, listInvitations } from './invitations.ts'
import { createAdminSession, findAdminSession } from './sessions.ts'

const from = { address: '192.0.2.7', user_agent: 'test' }

test('an owner may all, an editor changes, a viewer looks', () => {
  const roles = ['viewer', 'editor', 'owner'] as const
  const allowed = roles.map((role) => roles.map((needs) => may(role, needs)))
  assert.deepEqual(allowed, [
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ])
})

test('the last owner who can sign in is neither demoted nor disabled', async () => {
  const { services } = await newServer()
  const { admin_id } = await makeAdmin(services)
  await makeAdmin(services, { role: 'editor' })
  // One without a password cannot sign in: in production she is no help.
  const helpless = await makeAdmin(services)
  await services.db
    .updateTable('admins')
    .set({ password_hash: '' })
    .where('admin_id', '=', helpless.admin_id)
    .execute()
  for (const change of [{ role: 'editor' }, { role: 'viewer' }, { status: 'disabled' }] as const)
    await assert.rejects(changeAdmin(services, { admin_id, ...change }, by), {
      status: 409,
      message: /last owner/,
    })
  const kept = await findAdmin(services.db, admin_id)
  assert.deepEqual([kept?.role, kept?.status], ['owner', 'active'])
  // Her name may change, and she may step back once there is another one.
  assert.equal((await changeAdmin(services, { admin_id, name: ' Ada ' }, by)).name, 'Ada')
  await makeAdmin(services)
  assert.equal((await changeAdmin(services, { admin_id, role: 'viewer' }, by)).role, 'viewer')
})

test('owners who demote or disable each other at the same moment: one stays', async () => {
  const { services } = await newServer()
  for (let round = 0; round < 10; round++) {
    await services.db.deleteFrom('admins').execute()
    const owners = await Promise.all([1, 2, 3, 4].map(() => makeAdmin(services)))
    const changes = owners.flatMap(({ admin_id }) => [
      changeAdmin(services, { admin_id, role: 'editor' }, by),
      changeAdmin(services, { admin_id, status: 'disabled' }, by),
    ])
    const { statuses } = await settle(changes)
    assert.deepEqual(statuses, [409])
    const left = (await listAdmins(services.db)).filter(
      (each) => each.role === 'owner' && each.status === 'active',
    )
    assert.equal(left.length, 1)
  }
})

test('a change is audited with before and after; one that is refused is not', async () => {
  const { services } = await newServer()
  const { admin_id, email_address } = await makeAdmin(services)
  await assert.rejects(changeAdmin(services, { admin_id, role: 'viewer' }, by))
  assert.deepEqual(await auditOf(services, admin_id), [])
  const other = await makeAdmin(services, { role: 'viewer' })
  const changer = { actor: { type: 'admin', id: admin_id, name: email_address } as const }
  const whence = { address: '192.0.2.7', request_id: 'request-1' }
  await changeAdmin(
    services,
    { admin_id: other.admin_id, role: 'editor' },
    { ...changer, ...whence },
  )
  const [entry] = await auditOf(services, other.admin_id)
  assert.equal(entry?.action, 'admin.update')
  assert.deepEqual(entry?.before, { name: 'Test', role: 'viewer', status: 'active' })
  assert.deepEqual(entry?.after, { name: 'Test', role: 'editor', status: 'active' })
  assert.deepEqual(
    [entry?.actor_id, entry?.address, entry?.request_id, entry?.project_id],
    [admin_id, '192.0.2.7', 'request-1', null],
  )
})

test('who is disabled loses sessions and open invitations at once, who is demoted the invitations', async () => {
  const { services } = await newServer()
  await makeAdmin(services)
  for (const change of [{ status: 'disabled' }, { role: 'editor' }] as const) {
    const { admin_id } = await makeAdmin(services)
    const { token } = await createAdminSession(services, admin_id, from)
    const actor = { type: 'admin', id: admin_id, name: 'Test' } as const
    const invite = { email_address: `${admin_id}.x@example.com`, role: 'owner' as const }
    await inviteAdmin(services.db, { ...invite, by: { actor }, now: services.now() })
    assert.equal((await listInvitations(services.db, services.now())).length, 1)
    await changeAdmin(services, { admin_id, ...change }, by)
    const session = await findAdminSession(services, token)
    assert.equal(session?.admin.role, 'status' in change ? undefined : 'editor')
    assert.deepEqual(await listInvitations(services.db, services.now()), [])
  }
})

test('an unknown administrator is not found, and a name has an end', async () => {
  const { services } = await newServer()
  const { admin_id } = await makeAdmin(services)
  await assert.rejects(changeAdmin(services, { admin_id: 'admin-none', name: 'x' }, by), {
    status: 404,
  })
  for (const name of ['x'.repeat(101), 'a\nb', `a${'\u0315\u0300'.repeat(200_000)}`])
    await assert.rejects(changeAdmin(services, { admin_id, name }, by), { status: 400 })
})

test('the development administrator is one owner, however often asked for, and of development alone', async () => {
  const { services } = await server()
  const made = await Promise.all([1, 2, 3, 4].map(() => developmentAdmin(services)))
  assert.equal(new Set(made.map((each) => each.admin_id)).size, 1)
  assert.deepEqual(
    [made[0]?.email_address, made[0]?.role, made[0]?.has_password],
    ['developer@localhost', 'owner', false],
  )
  const production = await newServer()
  await assert.rejects(developmentAdmin(production.services), /development alone/)
})
