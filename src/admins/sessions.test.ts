import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeAdmin, newServer } from './admins.test-kit.ts'
import {
  createAdminSession,
  endAdminSession,
  endAdminSessions,
  findAdminSession,
  listAdminSessions,
} from './sessions.ts'

const from = { address: '192.0.2.7', user_agent: 'A browser' }
const minutes = (count: number) => count * 60_000

test('a session is found by its token, which the database does not hold', async () => {
  const { services } = await newServer()
  const { admin_id } = await makeAdmin(services, { role: 'viewer' })
  const one = await createAdminSession(services, admin_id, from)
  const two = await createAdminSession(services, admin_id, from)
  assert.notEqual(one.token, two.token)
  assert.match(one.token, /^[\w-]{43}$/)
  const session = await findAdminSession(services, one.token)
  assert.equal(session?.admin.admin_id, admin_id)
  assert.equal(session?.admin.role, 'viewer')
  assert.equal(session?.admin.has_password, true)
  assert.equal(await findAdminSession(services, `${one.token}x`), undefined)
  assert.equal(await findAdminSession(services, ''), undefined)
  const stored = JSON.stringify(
    await services.db.selectFrom('admin_sessions').selectAll().execute(),
  )
  assert.ok(!stored.includes(one.token))
  assert.equal(
    await findAdminSession(services, session.session_hash.toString('base64url')),
    undefined,
  )
})

test('a session ends after 2 hours without use, and after 12 hours with it', async () => {
  const { services, setNow } = await newServer()
  const { admin_id } = await makeAdmin(services)
  const began = Date.parse('2026-11-25T08:00:00Z')
  const at = (ms: number) => setNow(new Date(began + ms))
  at(0)
  const idle = await createAdminSession(services, admin_id, from)
  const used = await createAdminSession(services, admin_id, from)
  assert.equal(used.expires_at.getTime(), began + minutes(12 * 60))
  for (let ms = minutes(110); ms < minutes(720); ms += minutes(110)) {
    at(ms)
    assert.ok(await findAdminSession(services, used.token), `after ${ms}`)
    if (ms > minutes(120)) assert.equal(await findAdminSession(services, idle.token), undefined)
  }
  at(minutes(719))
  assert.ok(await findAdminSession(services, used.token))
  assert.equal((await listAdminSessions(services, admin_id)).length, 1)
  at(minutes(720))
  assert.equal(await findAdminSession(services, used.token), undefined)
  assert.deepEqual(await listAdminSessions(services, admin_id), [])
})

test('the last use is written at most once a minute', async () => {
  const { services, setNow } = await newServer()
  const { admin_id } = await makeAdmin(services)
  const began = Date.parse('2026-11-25T08:00:00Z')
  setNow(new Date(began))
  const { token } = await createAdminSession(services, admin_id, from)
  const seenAfter = async (ms: number) => {
    setNow(new Date(began + ms))
    await findAdminSession(services, token)
    const [session] = await listAdminSessions(services, admin_id)
    return session!.last_seen_at.getTime() - began
  }
  assert.equal(await seenAfter(59_000), 0)
  assert.equal(await seenAfter(60_000), 60_000)
  assert.equal(await seenAfter(100_000), 60_000)
  assert.equal(await seenAfter(125_000), 125_000)
})

test('sessions are ended one by one, all, or all but this one, and never those of somebody else', async () => {
  const { services } = await newServer()
  const { admin_id } = await makeAdmin(services)
  const other = await makeAdmin(services)
  const newToken = async (id: string) => (await createAdminSession(services, id, from)).token
  const tokens = [await newToken(admin_id), await newToken(admin_id), await newToken(admin_id)]
  const others = await newToken(other.admin_id)
  const alive = async () =>
    (await Promise.all(tokens.map((token) => findAdminSession(services, token)))).map(Boolean)
  await endAdminSession(services, tokens[0]!)
  assert.deepEqual(await alive(), [false, true, true])
  tokens.push(await newToken(admin_id))
  const kept = await findAdminSession(services, tokens[1]!)
  assert.equal(await endAdminSessions(services, admin_id, kept!.session_hash), 2)
  assert.deepEqual(await alive(), [false, true, false, false])
  assert.equal(await endAdminSessions(services, admin_id), 1)
  assert.deepEqual(await alive(), [false, false, false, false])
  assert.ok(await findAdminSession(services, others))
})

test('a session of who is disabled does not hold, whenever it began', async () => {
  const { services } = await newServer()
  const { admin_id } = await makeAdmin(services)
  const disable = (status: 'active' | 'disabled') =>
    services.db.updateTable('admins').set({ status }).where('admin_id', '=', admin_id).execute()
  const { token } = await createAdminSession(services, admin_id, from)
  await disable('disabled')
  const late = await createAdminSession(services, admin_id, from)
  for (const each of [token, late.token])
    assert.equal(await findAdminSession(services, each), undefined)
})

test('what a browser says of itself is kept short, whatever it says', async () => {
  const { services } = await newServer()
  const { admin_id } = await makeAdmin(services)
  const user_agent = `\0\ud800${'x'.repeat(2_000)}`
  await createAdminSession(services, admin_id, { ...from, user_agent })
  const [session] = await listAdminSessions(services, admin_id)
  assert.equal(session?.user_agent.length, 300)
})
