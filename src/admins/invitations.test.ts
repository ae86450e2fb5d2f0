import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptLink, findOpenLink } from './accept-link.ts'
import { auditOf, by, giveTOTP, makeAdmin, newServer, settle } from './admins.test-kit.ts'
import { changeAdmin, findAdmin, listAdmins } from './admins.ts'
import {
  createResetLink,
  firstAdminLink,
  inviteAdmin,
  linkURL,
  listInvitations,
  revokeInvitation,
} from './invitations.ts'
import { createAdminSession, findAdminSession } from './sessions.ts'
import { signIn } from './sign-in.ts'

const password = 'a gravel path in umber'
const gone = { status: 404, message: /cannot be used/ }
const days = (count: number) => count * 86_400_000
const began = Date.parse('2026-11-25T08:00:00Z')

async function newInvitation() {
  const made = await newServer()
  made.setNow(new Date(began))
  const { services } = made
  await makeAdmin(services)
  const invite = { email_address: 'Grace@Example.com', role: 'editor' as const }
  const link = await inviteAdmin(services.db, { ...invite, by, now: services.now() })
  return { ...made, link, token: link.token }
}

function tokenOf(url: string | undefined): string {
  return new URL(url ?? '').searchParams.get('token') ?? ''
}

test('an invitation makes an administrator of its address and role, who can sign in', async () => {
  const { services, link, token } = await newInvitation()
  assert.match(token, /^[\w-]{43}$/)
  assert.equal(
    linkURL('https://sso.example.com', token),
    `https://sso.example.com/dashboard/invitation?token=${token}`,
  )
  const row = await services.db.selectFrom('admin_invitations').selectAll().executeTakeFirst()
  assert.ok(!JSON.stringify(row).includes(token))
  const given = { token, email_address: 'mallory@example.com', name: 'Grace Hopper', password }
  const admin = await acceptLink(services, given)
  assert.deepEqual(
    [admin.email_address, admin.name, admin.role, admin.status],
    ['grace@example.com', 'Grace Hopper', 'editor', 'active'],
  )
  const signedIn = await signIn(services, { email_address: 'grace@example.com', password })
  assert.equal(signedIn.admin?.admin_id, admin.admin_id)
  // The clock stands still: entries of one moment have no order.
  const entries = await auditOf(services, admin.admin_id)
  const created = entries.find((entry) => entry.action === 'admin.create')
  assert.ok(created)
  const [invited] = await auditOf(services, link.invitation_id)
  assert.deepEqual([invited?.action, invited?.actor_type], ['admin_invitation.create', 'cli'])
  assert.ok(!JSON.stringify([created, invited]).includes(token))
})

test('an invitation is used once, also by many at the same moment', async () => {
  const { services, token } = await newInvitation()
  const names = Array.from({ length: 5 }, (_, i) => `Number ${i}`)
  const accepted = await settle(
    names.map((name) => acceptLink(services, { token, name, password })),
  )
  assert.deepEqual(accepted, { kept: 1, statuses: [404] })
  await assert.rejects(acceptLink(services, { token, password }), gone)
  assert.equal((await listAdmins(services.db)).length, 2)
})

test('an invitation ends after 7 days, when revoked, and when the address is invited anew', async () => {
  const { services, setNow, link, token } = await newInvitation()
  assert.equal(link.expires_at.getTime(), began + days(7))
  setNow(new Date(began + days(7) - 1))
  assert.equal((await findOpenLink(services, token))?.email_address, 'grace@example.com')
  assert.equal((await listInvitations(services.db, services.now())).length, 1)
  setNow(new Date(began + days(7)))
  assert.equal(await findOpenLink(services, token), undefined)
  await assert.rejects(acceptLink(services, { token, password }), gone)
  assert.deepEqual(await listInvitations(services.db, services.now()), [])
  setNow(new Date(began))
  const invite = { email_address: 'grace@example.com', role: 'viewer' as const, by }
  const second = await inviteAdmin(services.db, { ...invite, now: services.now() })
  await assert.rejects(acceptLink(services, { token, password }), gone)
  const { invitation_id } = second
  await revokeInvitation(services.db, { invitation_id, by, now: services.now() })
  await assert.rejects(acceptLink(services, { token: second.token, password }), gone)
  await assert.rejects(revokeInvitation(services.db, { invitation_id, by, now: services.now() }), {
    status: 404,
  })
  const actions = (await auditOf(services, invitation_id)).map((entry) => entry.action)
  assert.ok(actions.includes('admin_invitation.revoke'))
})

test('a refused password leaves the invitation good', async () => {
  const { services, token } = await newInvitation()
  for (const bad of ['short', 'grace@example.com', 'password1234'])
    await assert.rejects(acceptLink(services, { token, password: bad }), { status: 400 })
  await assert.rejects(acceptLink(services, { token, name: 'x'.repeat(101), password }), {
    status: 400,
  })
  assert.ok(await acceptLink(services, { token, password }))
})

test('who is an administrator already is not invited, nor made twice', async () => {
  const { services, token } = await newInvitation()
  await makeAdmin(services, { email_address: 'grace@example.com', role: 'viewer' })
  const invite = { email_address: 'grace@example.com', role: 'owner' as const, by }
  await assert.rejects(inviteAdmin(services.db, { ...invite, now: services.now() }), {
    status: 409,
    message: /already/,
  })
  await assert.rejects(acceptLink(services, { token, password }), { status: 409 })
  const grace = (await listAdmins(services.db)).find((each) =>
    each.email_address.startsWith('grace'),
  )
  assert.equal(grace?.role, 'viewer')
  const wrong = { ...invite, email_address: 'nobody', now: services.now() }
  await assert.rejects(inviteAdmin(services.db, wrong), { error_type: 'invalid_email' })
})

test('an administrator makes at most 20 links an hour', async () => {
  const { services, setNow } = await newInvitation()
  const actor = { type: 'admin', id: 'admin-1', name: 'Ada' } as const
  const invite = (i: number) =>
    inviteAdmin(services.db, {
      email_address: `a${i}@example.com`,
      role: 'viewer',
      by: { actor },
      now: services.now(),
    })
  for (let i = 0; i < 20; i++) await invite(i)
  await assert.rejects(invite(20), { status: 429 })
  setNow(new Date(began + 3_600_001))
  assert.ok(await invite(20))
})

test('a reset link sets a new password, drops the authenticator app and ends every session', async () => {
  const { services } = await newServer()
  const admin = await makeAdmin(services)
  await giveTOTP(services, admin)
  const from = { address: '', user_agent: '' }
  const session = await createAdminSession(services, admin.admin_id, from)
  const ask = { admin, by, now: services.now() }
  const old = await createResetLink(services.db, ask)
  const link = await createResetLink(services.db, ask)
  assert.equal(link.expires_at.getTime() - ask.now.getTime(), days(1))
  assert.ok(await findAdminSession(services, session.token), 'the link alone changes nothing')
  await assert.rejects(acceptLink(services, { token: old.token, password }), gone)
  const { token } = link
  const accepted = await settle([1, 2, 3].map(() => acceptLink(services, { token, password })))
  assert.equal(accepted.kept, 1)
  assert.equal(await findAdminSession(services, session.token), undefined)
  const { email_address } = admin
  const signedIn = await signIn(services, { email_address, password })
  assert.deepEqual(
    [signedIn.admin?.has_totp, signedIn.admin?.role, signedIn.admin?.name],
    [false, 'owner', 'Test'],
  )
  const actions = (await auditOf(services, admin.admin_id)).map((entry) => entry.action)
  assert.deepEqual(actions, ['admin.sign_in', 'admin.reset'])
})

test('a reset link opens nothing for who was disabled', async () => {
  const { services } = await newServer()
  await makeAdmin(services)
  const admin = await makeAdmin(services)
  const ask = { admin, by, now: services.now() }
  const { token } = await createResetLink(services.db, ask)
  const { admin_id } = admin
  const disabled = await changeAdmin(services, { admin_id, status: 'disabled' }, by)
  await assert.rejects(acceptLink(services, { token, password }), gone)
  assert.equal((await findAdmin(services.db, admin_id))?.status, 'disabled')
  await assert.rejects(createResetLink(services.db, { ...ask, admin: disabled }), { status: 409 })
})

test('the first link makes the first owner, who says her address, and then there are no more', async () => {
  const { services } = await newServer()
  const token = tokenOf(await firstAdminLink(services))
  const given = { token, name: 'Ada', password }
  await assert.rejects(acceptLink(services, { ...given, email_address: 'ada' }), {
    error_type: 'invalid_email',
  })
  const admin = await acceptLink(services, { ...given, email_address: 'Ada@example.com' })
  assert.deepEqual([admin.email_address, admin.role], ['ada@example.com', 'owner'])
  assert.equal(await firstAdminLink(services), undefined)
  await assert.rejects(acceptLink(services, { ...given, email_address: 'eve@example.com' }), gone)
})

test('a later start revokes the first links of earlier ones; each is good for a day', async () => {
  const { services, setNow } = await newServer()
  setNow(new Date(began))
  const old = tokenOf(await firstAdminLink(services))
  setNow(new Date(began + 11 * 60_000))
  const fresh = tokenOf(await firstAdminLink(services))
  assert.equal(await findOpenLink(services, old), undefined)
  setNow(new Date(began + 11 * 60_000 + days(1) - 1))
  assert.ok(await findOpenLink(services, fresh))
  setNow(new Date(began + 11 * 60_000 + days(1)))
  assert.equal(await findOpenLink(services, fresh), undefined)
})

test('nodes that start together each print a link that works, and one first administrator comes of them', async () => {
  const { services } = await newServer()
  const urls = await Promise.all([1, 2, 3, 4].map(() => firstAdminLink(services)))
  const tokens = urls.map(tokenOf)
  for (const token of tokens) assert.ok(await findOpenLink(services, token))
  const acceptances = tokens.map((token, i) =>
    acceptLink(services, { token, email_address: `a${i}@example.com`, password }),
  )
  assert.deepEqual(await settle(acceptances), { kept: 1, statuses: [404] })
  for (const token of tokens) assert.equal(await findOpenLink(services, token), undefined)
  assert.equal((await listAdmins(services.db)).length, 1)
})

test('an administrator who came otherwise ends the first link', async () => {
  const { services } = await newServer()
  const token = tokenOf(await firstAdminLink(services))
  assert.ok(await findOpenLink(services, token))
  await makeAdmin(services, { role: 'viewer' })
  assert.equal(await findOpenLink(services, token), undefined)
  await assert.rejects(
    acceptLink(services, { token, email_address: 'a@example.com', password }),
    gone,
  )
})

test('who has no password does not keep a server from its first administrator', async () => {
  const { services } = await newServer()
  await makeAdmin(services)
  await services.db.updateTable('admins').set({ password_hash: '' }).execute()
  assert.ok(await firstAdminLink(services))
})
