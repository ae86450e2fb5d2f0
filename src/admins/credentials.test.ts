import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { Services } from '../context.ts'
import { auditOf, giveTOTP, makeAdmin, newServer, password } from './admins.test-kit.ts'
import { type Admin, findAdmin } from './admins.ts'
import { changePassword, enrolTOTP, removeTOTP } from './credentials.ts'
import { createAdminSession, findAdminSession } from './sessions.ts'
import { signIn } from './sign-in.ts'
import { proposedTOTP, proposeTOTP } from './totp.ts'

const next = 'another battery, another horse'
const began = Date.parse('2026-11-25T08:00:00Z')
const wrongPassword = { error_type: 'unauthorized_credentials' }

async function newSession(services: Services, { admin_id }: Admin): Promise<string> {
  const { token } = await createAdminSession(services, admin_id, { address: '', user_agent: '' })
  return token
}

test('a new password takes the present one, and ends every session', async () => {
  const { services } = await newServer()
  const admin = await makeAdmin(services)
  const token = await newSession(services, admin)
  const change = (current_password: string, new_password: string) =>
    changePassword(services, admin, { current_password, new_password })
  await assert.rejects(change('wrong wrong wrong', next), wrongPassword)
  await assert.rejects(change(password, 'password1234'), { status: 400 })
  assert.ok(await findAdminSession(services, token))
  await change(password, next)
  assert.equal(await findAdminSession(services, token), undefined)
  const { email_address } = admin
  await assert.rejects(signIn(services, { email_address, password }), wrongPassword)
  assert.ok((await signIn(services, { email_address, password: next })).admin)
  const entries = await auditOf(services, admin.admin_id)
  assert.ok(entries.some((entry) => entry.action === 'admin.password_change'))
  assert.ok(!JSON.stringify(entries).includes(next))
})

test('a stolen session cannot try passwords for long', async () => {
  const { services } = await newServer()
  const admin = await makeAdmin(services)
  const change = (current_password: string) =>
    changePassword(services, admin, { current_password, new_password: next })
  for (let i = 0; i < 5; i++) await assert.rejects(change(`wrong password ${i}`), wrongPassword)
  await assert.rejects(change(password), wrongPassword)
})

test('an authenticator app is enrolled by its first code and the password, and asked for from then on', async () => {
  const { services, setNow } = await newServer()
  setNow(new Date(began))
  const admin = await makeAdmin(services)
  const proposal = proposeTOTP(services, admin)
  assert.ok(proposal.uri.startsWith('otpauth://totp/Portcullis:'))
  assert.ok(proposal.uri.includes(proposal.secret))
  assert.match(proposal.svg, /^<svg /)
  assert.ok(!proposal.sealed.includes(proposal.secret))
  assert.equal(proposedTOTP(services, admin, proposal.sealed)?.uri, proposal.uri)
  const app = new TOTP({ secret: Secret.fromBase32(proposal.secret) })
  const code = app.generate({ timestamp: began })
  const { sealed } = proposal
  await assert.rejects(enrolTOTP(services, admin, { sealed, password, code: '000000' }), {
    status: 400,
  })
  await assert.rejects(
    enrolTOTP(services, admin, { sealed, code, password: 'wrong wrong wrong' }),
    wrongPassword,
  )
  assert.equal((await findAdmin(services.db, admin.admin_id))?.has_totp, false)
  const token = await newSession(services, admin)
  await enrolTOTP(services, admin, { sealed, code, password })
  assert.equal(await findAdminSession(services, token), undefined)
  const { email_address } = admin
  assert.ok((await signIn(services, { email_address, password })).pending)
  await assert.rejects(
    signIn(services, { email_address, password, totp: code }),
    wrongPassword,
    'the code that enrolled is used',
  )
  setNow(new Date(began + 30_000))
  const totp = app.generate({ timestamp: began + 30_000 })
  assert.ok((await signIn(services, { email_address, password, totp })).admin)
  const row = await services.db.selectFrom('admins').selectAll().executeTakeFirstOrThrow()
  assert.ok(!row.totp_secret?.toString('latin1').includes(proposal.secret))
})

test('a proposal is of one administrator, for a quarter of an hour, and does not replace an app', async () => {
  const { services, setNow } = await newServer()
  setNow(new Date(began))
  const admin = await makeAdmin(services)
  const other = await makeAdmin(services)
  const { sealed, secret } = proposeTOTP(services, admin)
  const codeAt = (timestamp: number) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp })
  const enrol = (who: Admin, at: number) =>
    enrolTOTP(services, who, { sealed, password, code: codeAt(at) })
  await assert.rejects(enrol(other, began), { status: 400 })
  setNow(new Date(began + 900_000))
  await assert.rejects(enrol(admin, began + 900_000), { status: 400 })
  assert.equal(proposedTOTP(services, admin, sealed), undefined)
  setNow(new Date(began))
  await giveTOTP(services, admin)
  await assert.rejects(enrol(admin, began), { status: 409 })
})

test('an authenticator app is removed with the password and a code of it, never with less', async () => {
  const { services, setNow } = await newServer()
  setNow(new Date(began))
  const admin = await makeAdmin(services)
  const app = await giveTOTP(services, admin)
  for (const given of [
    { password, code: '' },
    { password, code: '000000' },
    { password: 'wrong wrong wrong', code: app.code() },
  ])
    await assert.rejects(removeTOTP(services, admin, given), wrongPassword)
  assert.equal((await findAdmin(services.db, admin.admin_id))?.has_totp, true)
  const token = await newSession(services, admin)
  await removeTOTP(services, admin, { password, code: app.code() })
  assert.equal((await findAdmin(services.db, admin.admin_id))?.has_totp, false)
  assert.equal(await findAdminSession(services, token), undefined)
  assert.ok((await signIn(services, { email_address: admin.email_address, password })).admin)
})

test('an administrator without a password sets none here', async () => {
  const { services } = await newServer()
  const admin = { ...(await makeAdmin(services)), has_password: false }
  const given = { current_password: '', new_password: next }
  await assert.rejects(changePassword(services, admin, given), { status: 409 })
  const enrolment = { sealed: '', code: '', password: '' }
  await assert.rejects(enrolTOTP(services, admin, enrolment), { status: 409 })
})
