import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { auditOf, giveTOTP, makeAdmin, password } from '../admins/admins.test-kit.ts'
import { findAdmin } from '../admins/admins.ts'
import { createAdminSession } from '../admins/sessions.ts'
import { listMails } from '../mail/mail.ts'
import { browserOf } from './admins-one.ts'
import { newOwner, newSite, problemOf } from './sign-in.test-kit.ts'

const admins = '/dashboard/admins'
const account = '/dashboard/account'
const authenticator = `${account}/authenticator`
const invite = { email_address: 'grace@example.com', role: 'editor' }

/** The link that a page shows. */
function linkIn(html: string): string {
  const url = /data-copy="(https:[^"]*\/dashboard\/invitation[^"]*)"/.exec(html)?.[1]
  assert.ok(url, 'a link')
  return new URL(url).pathname + new URL(url).search
}

test('an owner invites by a link that is shown once, revokes it, and sees who came', async () => {
  const { visitor, services } = await newOwner()
  const invited = await visitor.submit(admins, `${admins}/invite`, invite)
  assert.equal(invited.status, 200)
  const link = linkIn(invited.html)
  const list = await visitor.get(admins)
  assert.match(list.html, /grace@example\.com/)
  assert.doesNotMatch(list.html, /invitation\?token/)
  const [, revoke = ''] = /action="([^"]*\/revoke)"/.exec(list.html) ?? []
  assert.equal((await visitor.submit(admins, revoke, {})).status, 303)
  assert.equal((await visitor.get(link)).status, 404)
  const again = linkIn((await visitor.submit(admins, `${admins}/invite`, invite)).html)
  const typed = { name: 'Grace Hopper', password: 'a gravel path in umber' }
  assert.equal((await visitor.submit(again, '/dashboard/invitation', typed)).status, 303)
  // The browser is hers now.
  const { html } = await visitor.get(account)
  assert.match(html, /grace@example\.com/)
  assert.match((await visitor.get(admins)).html, /Grace Hopper/)
  assert.equal((await services.db.selectFrom('admins').selectAll().execute()).length, 2)
})

test('an invitation is mailed where a mail server is set, and its page says so', async () => {
  const without = await newOwner()
  await without.visitor.submit(admins, `${admins}/invite`, invite)
  assert.deepEqual((await listMails(without.services.db, {})).mails, [])
  const { visitor, services } = await newOwner({ smtp_url: 'smtp://mail.example.com' })
  const { html } = await visitor.submit(admins, `${admins}/invite`, invite)
  assert.match(html, /also mailed/)
  const [mail] = (await listMails(services.db, {})).mails
  assert.deepEqual([mail?.to_address, mail?.kind], ['grace@example.com', 'admin_invitation'])
  const stored = await services.db.selectFrom('mails').selectAll().executeTakeFirstOrThrow()
  const token = new URLSearchParams(linkIn(html).split('?')[1]).get('token')!
  assert.ok(!stored.content.toString('latin1').includes(token))
})

test('only owners change administrators; editors and viewers look', async () => {
  const { services, newVisitor } = await newSite()
  const owner = await makeAdmin(services)
  for (const role of ['editor', 'viewer'] as const) {
    const admin = await makeAdmin(services, { role })
    const browser = newVisitor()
    await browser.signIn(admin)
    const list = await browser.get(admins)
    assert.equal(list.status, 200)
    assert.doesNotMatch(list.html, /Invite an administrator/)
    const page = await browser.get(`${admins}/${owner.admin_id}`)
    assert.equal(page.status, 200)
    assert.doesNotMatch(page.html, /Danger zone|Sessions/)
    const mine = (await browser.get(account)).html
    for (const [path, fields] of [
      [`${admins}/invite`, invite],
      [`${admins}/${admin.admin_id}/role`, { role: 'owner' }],
      [`${admins}/${owner.admin_id}/disable`, { confirm_name: owner.email_address }],
      [`${admins}/${owner.admin_id}/sessions`, {}],
      [`${admins}/${owner.admin_id}/reset`, {}],
    ] as const) {
      const [, csrf_token = ''] = /name="csrf_token" value="([^"]*)"/.exec(mine) ?? []
      assert.equal((await browser.post(path, { ...fields, csrf_token })).status, 403, path)
    }
    assert.equal((await findAdmin(services.db, admin.admin_id))?.role, role)
  }
  assert.equal((await findAdmin(services.db, owner.admin_id))?.status, 'active')
})

test('a role counts from the next click, and the last owner keeps hers', async () => {
  const { services, visitor, admin } = await newOwner()
  const other = await makeAdmin(services, { role: 'viewer' })
  const page = `${admins}/${other.admin_id}`
  const changed = await visitor.submit(page, `${page}/role`, { role: 'editor' })
  assert.deepEqual([changed.status, changed.location], [303, page])
  assert.equal((await findAdmin(services.db, other.admin_id))?.role, 'editor')
  const [entry] = await auditOf(services, other.admin_id)
  assert.deepEqual([entry?.actor_id, entry?.actor_type], [admin.admin_id, 'admin'])
  assert.match(entry?.request_id ?? '', /^request-id-admin-/)
  const own = `${admins}/${admin.admin_id}`
  const refused = await visitor.submit(own, `${own}/role`, { role: 'viewer' })
  assert.equal(refused.status, 409)
  assert.match(problemOf(refused.html), /last owner/)
  assert.equal((await visitor.submit(own, `${own}/role`, { role: 'root' })).status, 400)
  await visitor.submit(page, `${page}/role`, { role: 'owner' })
  assert.equal((await visitor.submit(own, `${own}/role`, { role: 'viewer' })).status, 303)
  assert.doesNotMatch((await visitor.get(admins)).html, /Invite an administrator/)
})

test('disabling asks for the address, ends every session, and can be taken back', async () => {
  const { services, visitor, newVisitor } = await newOwner()
  const other = await makeAdmin(services)
  const theirs = newVisitor()
  await theirs.signIn(other)
  const page = `${admins}/${other.admin_id}`
  const wrong = await visitor.submit(page, `${page}/disable`, { confirm_name: 'x' })
  assert.equal(wrong.status, 400)
  assert.equal((await findAdmin(services.db, other.admin_id))?.status, 'active')
  const fields = { confirm_name: other.email_address }
  assert.equal((await visitor.submit(page, `${page}/disable`, fields)).status, 303)
  assert.equal((await findAdmin(services.db, other.admin_id))?.status, 'disabled')
  assert.equal((await theirs.get(account)).status, 303)
  assert.equal((await theirs.signIn(other)).status, 401)
  assert.equal((await visitor.submit(page, `${page}/enable`, {})).status, 303)
  assert.equal((await findAdmin(services.db, other.admin_id))?.status, 'active')
  assert.equal((await visitor.get(`${admins}/admin-nobody`)).status, 404)
})

test('an owner ends the sessions of another, and makes a link for a new password', async () => {
  const { services, visitor, newVisitor } = await newOwner()
  const other = await makeAdmin(services)
  const theirs = newVisitor()
  await theirs.signIn(other)
  await giveTOTP(services, other)
  const page = `${admins}/${other.admin_id}`
  const shown = await visitor.submit(page, `${page}/reset`, {})
  const link = linkIn(shown.html)
  const ended = await visitor.submit(page, `${page}/sessions`, {})
  assert.equal(ended.status, 303)
  assert.equal((await theirs.get(account)).status, 303)
  assert.equal((await auditOf(services, other.admin_id))[0]?.action, 'admin.sessions_end')
  const typed = { password: 'a gravel path in umber' }
  assert.equal((await visitor.submit(link, '/dashboard/invitation', typed)).status, 303)
  const { html } = await visitor.get(account)
  assert.match(html, new RegExp(other.email_address))
  assert.equal((await findAdmin(services.db, other.admin_id))?.has_totp, false)
})

test('your account: a new password keeps this browser in, with another session, and no other', async () => {
  const { services, visitor, admin } = await newOwner()
  const before = visitor.session
  const typed = { current_password: password, new_password: 'a gravel path in umber' }
  const wrong = { ...typed, current_password: 'wrong wrong wrong' }
  assert.equal((await visitor.submit(account, `${account}/password`, wrong)).status, 401)
  const weak = { ...typed, new_password: 'password1234' }
  assert.equal((await visitor.submit(account, `${account}/password`, weak)).status, 400)
  assert.equal((await visitor.submit(account, `${account}/password`, typed)).status, 303)
  assert.notEqual(visitor.session, before)
  assert.equal((await visitor.get(account)).status, 200)
  const rows = await services.db.selectFrom('admin_sessions').selectAll().execute()
  assert.equal(rows.length, 1)
  const entries = await auditOf(services, admin.admin_id)
  assert.ok(entries.some((entry) => entry.action === 'admin.password_change' && entry.request_id))
})

test('your account: an authenticator app is set up by its picture, and removed with a code', async () => {
  const { services, setNow, visitor, admin } = await newOwner()
  const at = Date.now()
  setNow(new Date(at))
  const page = await visitor.get(authenticator)
  assert.match(page.html, /<img src="data:image\/svg\+xml;base64,/)
  const [, secret = ''] = /data-copy="([A-Z2-7]{32})"/.exec(page.html) ?? []
  const app = new TOTP({ secret: Secret.fromBase32(secret) })
  const send = (totp: string, from: string) =>
    visitor.post(authenticator, { totp, password }, { from })
  const wrong = await send('000000', page.html)
  assert.equal(wrong.status, 400)
  assert.ok(wrong.html.includes(secret), 'the same key once more')
  const before = visitor.session
  assert.equal((await send(app.generate({ timestamp: at }), wrong.html)).status, 303)
  assert.notEqual(visitor.session, before)
  assert.equal((await findAdmin(services.db, admin.admin_id))?.has_totp, true)
  assert.equal((await visitor.get(authenticator)).status, 303, 'it is set up already')
  setNow(new Date(at + 60_000))
  const remove = (totp: string) =>
    visitor.submit(account, `${authenticator}/remove`, { totp, password })
  assert.equal((await remove('000000')).status, 401)
  assert.equal((await remove(app.generate({ timestamp: at + 60_000 }))).status, 303)
  assert.equal((await findAdmin(services.db, admin.admin_id))?.has_totp, false)
})

test('your account: name, and signing out everywhere else', async () => {
  const { services, visitor, admin } = await newOwner()
  assert.equal((await visitor.submit(account, `${account}/name`, { name: 'Ada <i>' })).status, 303)
  assert.match((await visitor.get(account)).html, /Ada &lt;i&gt;/)
  await createAdminSession(services, admin.admin_id, { address: '', user_agent: 'Other' })
  assert.match((await visitor.get(account)).html, /Other/)
  assert.equal((await visitor.submit(account, `${account}/sessions`, {})).status, 303)
  const { html } = await visitor.get(account)
  assert.doesNotMatch(html, /Other/)
  assert.match(html, /this one/)
})

test('a browser is called by its name', () => {
  const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36'
  assert.equal(browserOf(`Mozilla/5.0 (X11; Linux x86_64) ${chrome}`), 'Chrome on Linux')
  assert.equal(browserOf(`Mozilla/5.0 (Windows NT 10.0) ${chrome} Edg/153.0`), 'Edge on Windows')
  assert.equal(browserOf('curl/8.5.0'), 'curl/8.5.0')
  assert.equal(browserOf(''), 'unknown')
})

test('who has no password, as in development, sets neither one nor an app, and is told why', async () => {
  const { services, visitor } = await newOwner({ mode: 'development' })
  await services.db.updateTable('admins').set({ password_hash: '' }).execute()
  const { html } = await visitor.get(account)
  assert.match(html, /npm start/)
  assert.doesNotMatch(html, /New password|Set up/)
  assert.equal((await visitor.get(authenticator)).location, account)
  const csrf_token = /name="csrf_token" value="([^"]*)"/.exec(html)?.[1] ?? ''
  const typed = { csrf_token, current_password: '', new_password: 'a gravel path in umber' }
  assert.equal((await visitor.post(`${account}/password`, typed)).status, 409)
})
