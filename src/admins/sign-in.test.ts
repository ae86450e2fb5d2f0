import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Services } from '../context.ts'
import { auditOf, by, giveTOTP, makeAdmin, newServer, password, settle } from './admins.test-kit.ts'
import { changeAdmin } from './admins.ts'
import { changePassword } from './credentials.ts'
import { signIn, signInWithCode } from './sign-in.ts'

const refused = { error_type: 'unauthorized_credentials', status: 401 }
const began = Date.parse('2026-11-25T08:00:00Z')

/** Signs in wrongly, `count` times, and says for how many the password was looked at. */
async function failTimes(services: Services, email_address: string, count: number) {
  for (let i = 0; i < count; i++)
    await assert.rejects(
      signIn(services, { email_address, password: 'wrong wrong wrong' }),
      refused,
    )
}

test('password and address sign in, in any spelling of the address, and it is audited', async () => {
  const { services } = await newServer()
  const made = await makeAdmin(services, { email_address: 'ada@example.com' })
  const from = { address: '192.0.2.7', request_id: 'request-1' }
  const { admin } = await signIn(services, { email_address: ' Ada@Example.com', password, ...from })
  assert.deepEqual(admin, made)
  const [entry] = await auditOf(services, made.admin_id)
  assert.equal(entry?.action, 'admin.sign_in')
  assert.deepEqual([entry?.actor_id, entry?.address], [made.admin_id, '192.0.2.7'])
})

test('whatever is wrong, the answer is the same', async () => {
  const { services } = await newServer()
  await makeAdmin(services)
  const disabled = await makeAdmin(services)
  await changeAdmin(services, { admin_id: disabled.admin_id, status: 'disabled' }, by)
  const { email_address, admin_id } = await makeAdmin(services)
  const locked = await makeAdmin(services)
  await failTimes(services, locked.email_address, 5)
  const totp = await makeAdmin(services)
  await giveTOTP(services, totp)
  const without = await makeAdmin(services)
  await services.db
    .updateTable('admins')
    .set({ password_hash: '' })
    .where('admin_id', '=', without.admin_id)
    .execute()
  const messages = new Set<string>()
  for (const wrong of [
    { email_address, password: 'wrong wrong wrong' },
    { email_address, password: '' },
    { email_address: 'nobody@example.com', password },
    { email_address: 'not an address', password },
    { email_address: 'developer@localhost', password },
    { email_address: disabled.email_address, password },
    { email_address: locked.email_address, password },
    { email_address: totp.email_address, password, totp: '000000' },
    { email_address: without.email_address, password },
    { email_address: without.email_address, password: '' },
  ])
    await assert.rejects(signIn(services, wrong), (error: Error & { status: number }) => {
      messages.add(`${error.status} ${error.message}`)
      return true
    })
  assert.equal(messages.size, 1, [...messages].join())
  const [entry] = await auditOf(services, admin_id)
  assert.equal(entry?.action, 'admin.sign_in_failed')
  assert.equal(entry?.actor_type, 'system')
})

test('an unknown address takes as long as a wrong password', async () => {
  const { services } = await newServer()
  const { email_address } = await makeAdmin(services)
  await signIn(services, { email_address, password })
  const timeOf = async (address: string) => {
    const times: number[] = []
    for (let i = 0; i < 3; i++) {
      const start = performance.now()
      await signIn(services, { email_address: address, password: 'wrong wrong wrong' }).catch(
        () => {},
      )
      times.push(performance.now() - start)
    }
    return Math.min(...times)
  }
  const known = await timeOf(email_address)
  const unknown = await timeOf('nobody@example.com')
  assert.ok(unknown > known / 2, `${unknown} ms, not ${known} ms`)
})

test('five wrong attempts close the account, each further one for longer, until a sign-in succeeds', async () => {
  const { services, setNow } = await newServer()
  const { email_address } = await makeAdmin(services)
  let at = began
  const after = (seconds: number) => {
    at += seconds * 1_000
    setNow(new Date(at))
  }
  after(0)
  await failTimes(services, email_address, 5)
  const right = () => signIn(services, { email_address, password })
  for (const seconds of [30, 60, 120, 240, 480]) {
    after(seconds - 1)
    await assert.rejects(right(), refused, `closed for ${seconds} seconds`)
    after(1)
    await failTimes(services, email_address, 1)
  }
  // It is closed for an hour at most, however many were wrong.
  await services.db.updateTable('admins').set({ failed_attempts: 5_000 }).execute()
  after(960)
  await failTimes(services, email_address, 1)
  after(3_599)
  await assert.rejects(right(), refused)
  after(1)
  assert.ok((await right()).admin)
  await failTimes(services, email_address, 4)
  assert.ok((await right()).admin, 'the count began anew')
})

test('attempts at once are no more than attempts in a row: five are looked at', async () => {
  const { services } = await newServer()
  const { email_address, admin_id } = await makeAdmin(services)
  const wrong = Array.from({ length: 8 }, () =>
    signIn(services, { email_address, password: 'wrong wrong wrong' }),
  )
  await settle(wrong)
  assert.equal((await auditOf(services, admin_id)).length, 5)
  await assert.rejects(signIn(services, { email_address, password }), refused)
})

test('a sign-in hashes the password anew where the parameters have changed', async () => {
  const { services } = await newServer()
  const { email_address } = await makeAdmin(services)
  await signIn(services, { email_address, password })
  const { password_hash } = await services.db
    .selectFrom('admins')
    .select('password_hash')
    .executeTakeFirstOrThrow()
  assert.match(password_hash, /^\$scrypt\$ln=17,/)
  assert.ok((await signIn(services, { email_address, password })).admin)
})

test('with an authenticator app the password alone asks for a code', async () => {
  const { services, setNow } = await newServer()
  setNow(new Date(began))
  const made = await makeAdmin(services)
  const app = await giveTOTP(services, made)
  const { email_address } = made
  const first = await signIn(services, { email_address, password })
  assert.equal(first.admin, undefined)
  const { pending = '' } = first
  assert.ok(!pending.includes(made.admin_id))
  const admin = await signInWithCode(services, { pending, totp: app.code() })
  assert.equal(admin.admin_id, made.admin_id)
  setNow(new Date(began + 60_000))
  const both = await signIn(services, { email_address, password, totp: app.code() })
  assert.equal(both.admin?.admin_id, made.admin_id)
})

test('a code is good once, also for two at the same moment, and an older one is not good after it', async () => {
  const { services, setNow } = await newServer()
  setNow(new Date(began))
  const made = await makeAdmin(services)
  const app = await giveTOTP(services, made)
  const { email_address } = made
  const both = (totp: string) => signIn(services, { email_address, password, totp })
  const { kept } = await settle([1, 2, 3, 4].map(() => both(app.code())))
  assert.equal(kept, 1)
  await services.db.updateTable('admins').set({ failed_attempts: 0, locked_until: null }).execute()
  await assert.rejects(both(app.code()), refused, 'a replay')
  await assert.rejects(both(app.code(30_000)), refused, 'the code before it')
  setNow(new Date(began + 30_000))
  await assert.rejects(both(app.code(30_000)), refused, 'the same one half a minute later')
  assert.ok((await both(app.code())).admin)
})

test('clocks may differ by half a minute, not by more', async () => {
  const { services, setNow } = await newServer()
  setNow(new Date(began))
  const made = await makeAdmin(services)
  const app = await giveTOTP(services, made)
  const { email_address } = made
  for (const ago of [60_000, -60_000])
    await assert.rejects(
      signIn(services, { email_address, password, totp: app.code(ago) }),
      refused,
    )
  for (const ago of [30_000, -30_000])
    assert.ok((await signIn(services, { email_address, password, totp: app.code(ago) })).admin)
})

test('the step between password and code ends after 5 minutes, with the password, and with the fifth wrong code', async () => {
  const { services, setNow } = await newServer()
  setNow(new Date(began))
  const made = await makeAdmin(services)
  const app = await giveTOTP(services, made)
  const { email_address } = made
  const pendingOf = async () => (await signIn(services, { email_address, password })).pending ?? ''
  const late = await pendingOf()
  setNow(new Date(began + 300_000))
  await assert.rejects(signInWithCode(services, { pending: late, totp: app.code() }), refused)
  const old = await pendingOf()
  const next = 'another battery, another horse'
  await changePassword(services, made, { current_password: password, new_password: next })
  await assert.rejects(signInWithCode(services, { pending: old, totp: app.code() }), refused)
  for (const pending of ['', 'x', `${late.slice(0, -4)}AAAA`])
    await assert.rejects(signInWithCode(services, { pending, totp: app.code() }), refused)
  const { pending = '' } = await signIn(services, { email_address, password: next })
  const codes = ['000000', '111111', '222222', '333333', '444444']
  for (const totp of codes)
    await assert.rejects(signInWithCode(services, { pending, totp }), refused)
  await assert.rejects(signInWithCode(services, { pending, totp: app.code() }), refused)
})

test('a right password gives its attempt back, and no more: wrong codes add up', async () => {
  const { services, setNow } = await newServer()
  setNow(new Date(began))
  const made = await makeAdmin(services)
  const app = await giveTOTP(services, made)
  const { email_address } = made
  await failTimes(services, email_address, 4)
  const { pending = '' } = await signIn(services, { email_address, password })
  assert.ok(await signInWithCode(services, { pending, totp: app.code() }))
  for (let i = 0; i < 5; i++) {
    const step = await signIn(services, { email_address, password })
    const totp = `00000${i}`
    await assert.rejects(signInWithCode(services, { pending: step.pending!, totp }), refused)
  }
  await assert.rejects(signIn(services, { email_address, password }), refused, 'closed')
})
