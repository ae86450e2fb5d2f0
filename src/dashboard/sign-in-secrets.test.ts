/** What administrators type and are given is neither logged nor stored in clear, whatever becomes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { password } from '../admins/admins.test-kit.ts'
import { type Database, statement } from '../db/connect.ts'
import { createLog } from '../log.ts'
import { newOwner } from './sign-in.test-kit.ts'

const account = '/dashboard/account'
const authenticator = `${account}/authenticator`
const admins = '/dashboard/admins'

const tables = ['admins', 'admin_sessions', 'admin_invitations', 'audit_entries', 'mails']

/** Every text in the tables that administrators write. */
async function everythingIn(db: Database): Promise<string> {
  const texts = tables.map(async (name) => {
    // Bytes as Latin-1, so that ASCII in them can be read.
    const rows = await statement<Record<string, unknown>>(db, `select * from ${name}`, [])
    return rows.flatMap((row) =>
      Object.values(row).map((value) =>
        Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value),
      ),
    )
  })
  return (await Promise.all(texts)).flat().join('\n')
}

/** Does everything in which a secret passes, well and badly; returns the secrets. */
async function useEverything({ visitor, newVisitor, admin }: Awaited<ReturnType<typeof newOwner>>) {
  const [wrong, weak, next] = ['wrong canary of mine', 'canary', 'another canary, another song']
  const secrets = [password, wrong, next, visitor.session!]
  const other = newVisitor()
  await other.signIn(admin, wrong)
  await other.signIn(admin)
  secrets.push(other.session!)
  const change = (current_password: string, new_password: string) =>
    visitor.submit(account, `${account}/password`, { current_password, new_password })
  await change(wrong, next)
  await change(password, weak)
  assert.equal((await change(password, next)).status, 303)
  secrets.push(visitor.session!)
  const page = await visitor.get(authenticator)
  const [, key = ''] = /data-copy="([A-Z2-7]{32})"/.exec(page.html) ?? []
  const app = new TOTP({ secret: Secret.fromBase32(key) })
  const enrol = (totp: string) =>
    visitor.post(authenticator, { totp, password: next }, { from: page.html })
  await enrol('000000')
  assert.equal((await enrol(app.generate())).status, 303)
  secrets.push(key, visitor.session!)
  const typed = { email_address: 'grace@example.com', role: 'viewer' }
  const invited = await visitor.submit(admins, `${admins}/invite`, typed)
  const [, token = ''] = /invitation\?token=([\w-]{43})"/.exec(invited.html) ?? []
  const link = `/dashboard/invitation?${new URLSearchParams({ token })}`
  await other.submit(link, '/dashboard/invitation', { password: weak })
  await other.submit(link, '/dashboard/invitation', { password: next })
  secrets.push(token, other.session!)
  assert.ok(secrets.every((secret) => secret && secret.length > 15))
  return secrets
}

test('no password, key, link or session of an administrator is logged or stored in clear', async () => {
  const site = await newOwner({ smtp_url: 'smtp://mail.example.com' })
  const { services, newVisitor, admin } = site
  const lines: string[] = []
  services.log = createLog('trace', { write: (line) => lines.push(line) })
  const secrets = await useEverything(site)
  const stored = await everythingIn(services.db)
  // A database that fails in the middle of it has its say in the log, too.
  await statement(services.db, 'alter table admins rename column password_hash to gone', [])
  assert.equal((await newVisitor().signIn(admin)).status, 500)
  const logged = lines.join('')
  assert.match(logged, /page failed/)
  assert.ok(lines.length > 15, `${lines.length} lines`)
  assert.ok(stored.includes(admin.email_address))
  for (const secret of secrets) {
    assert.ok(!stored.includes(secret), `stored: ${secret}`)
    assert.ok(!logged.includes(secret), `logged: ${secret}`)
  }
})
