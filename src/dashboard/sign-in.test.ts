import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditOf, giveTOTP, makeAdmin, password } from '../admins/admins.test-kit.ts'
import { listAdmins } from '../admins/admins.ts'
import { firstAdminLink } from '../admins/invitations.ts'
import { createAdminSession } from '../admins/sessions.ts'
import { newOwner, newSite, origin, problemOf } from './sign-in.test-kit.ts'
import { ownPage } from './sign-in-frame.ts'

const began = Date.parse('2026-11-25T08:00:00Z')
const next = '/dashboard/audit?action=admin.update'

test('without a session every page asks to sign in, and afterwards shows what was asked for', async () => {
  const { services, newVisitor } = await newSite()
  const admin = await makeAdmin(services)
  const browser = newVisitor()
  const first = await browser.get(next)
  assert.equal(first.status, 303)
  assert.equal(first.location, `/dashboard/sign-in?${new URLSearchParams({ next })}`)
  const page = await browser.get(first.location)
  assert.equal(page.status, 200)
  const fields = { email_address: admin.email_address, password }
  const signedIn = await browser.post('/dashboard/sign-in', fields, { from: page.html })
  assert.deepEqual([signedIn.status, signedIn.location], [303, next])
  const [cookie = ''] = signedIn.headers.getSetCookie()
  assert.match(
    cookie,
    /^__Host-portcullis_dashboard=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  assert.equal((await browser.get(next)).status, 200)
  assert.equal((await browser.get('/dashboard/sign-in')).location, '/dashboard')
})

test('what is wrong is told in one way, and the address stays in the form, the password does not', async () => {
  const { services, newVisitor } = await newSite()
  const { email_address } = await makeAdmin(services)
  const browser = newVisitor()
  const wrong = await browser.signIn({ email_address }, 'wrong wrong "wrong"')
  const unknown = await browser.signIn({ email_address: 'nobody@example.com' })
  for (const answer of [wrong, unknown]) {
    assert.equal(answer.status, 401)
    assert.equal(answer.headers.get('set-cookie'), null)
    assert.doesNotMatch(answer.html, /wrong wrong|battery/)
  }
  assert.match(problemOf(wrong.html), /did not match/)
  assert.equal(problemOf(wrong.html), problemOf(unknown.html))
  assert.ok(wrong.html.includes(email_address))
})

test('a session that somebody else planted is not taken over, and ends', async () => {
  const { services, newVisitor } = await newSite()
  const admin = await makeAdmin(services)
  const mallory = await makeAdmin(services)
  const from = { address: '', user_agent: '' }
  const { token } = await createAdminSession(services, mallory.admin_id, from)
  for (const planted of [token, 'x'.repeat(43)]) {
    const browser = newVisitor()
    browser.jar.set('__Host-portcullis_dashboard', planted)
    await browser.signIn(admin)
    assert.ok(browser.session)
    assert.notEqual(browser.session, planted)
  }
  const other = newVisitor()
  other.jar.set('__Host-portcullis_dashboard', token)
  assert.equal((await other.get('/dashboard/audit')).status, 303)
})

test('with an authenticator app a code is asked for, which the password alone does not replace', async () => {
  const { services, setNow, newVisitor } = await newSite()
  setNow(new Date(began))
  const admin = await makeAdmin(services)
  const app = await giveTOTP(services, admin)
  const browser = newVisitor()
  const { email_address } = admin
  const page = await browser.get(`/dashboard/sign-in?${new URLSearchParams({ next })}`)
  const step = await browser.post(
    '/dashboard/sign-in',
    { email_address, password },
    { from: page.html },
  )
  assert.equal(step.status, 200)
  assert.equal(browser.session, undefined)
  assert.match(step.html, /autocomplete="one-time-code"/)
  const wrong = await browser.post(
    '/dashboard/sign-in/code',
    { totp: '000000' },
    { from: step.html },
  )
  assert.equal(wrong.status, 401)
  assert.equal(browser.session, undefined)
  const right = await browser.post(
    '/dashboard/sign-in/code',
    { totp: app.code() },
    { from: wrong.html },
  )
  assert.deepEqual([right.status, right.location], [303, next])
  assert.equal((await browser.get(next)).status, 200)
  const replay = newVisitor()
  const again = await replay.post(
    '/dashboard/sign-in/code',
    { totp: app.code() },
    { from: wrong.html },
  )
  assert.deepEqual([again.status, replay.session], [401, undefined])
})

test('a form of another site signs nobody in, out, or up', async () => {
  const { services, newVisitor } = await newSite()
  const admin = await makeAdmin(services)
  const fields = { email_address: admin.email_address, password }
  for (const headers of [{}, { origin: 'https://evil.example' }, { origin: 'null' }])
    for (const path of ['/dashboard/sign-in', '/dashboard/sign-in/code', '/dashboard/invitation']) {
      const browser = newVisitor()
      const answer = await browser.post(path, fields, { headers })
      assert.ok([403, 404].includes(answer.status), `${path} ${answer.status}`)
      assert.equal(browser.session, undefined)
    }
  const browser = newVisitor()
  await browser.signIn(admin)
  assert.equal((await browser.post('/dashboard/sign-out', {})).status, 403)
  assert.equal((await browser.get('/dashboard/audit')).status, 200)
})

test('signing out ends the session, not only the cookie', async () => {
  const { visitor, services, admin } = await newOwner()
  const stolen = visitor.session!
  const out = await visitor.submit('/dashboard/account', '/dashboard/sign-out', {})
  assert.deepEqual([out.status, out.location], [303, '/dashboard/sign-in'])
  assert.equal(visitor.session, undefined)
  visitor.jar.set('__Host-portcullis_dashboard', stolen)
  assert.equal((await visitor.get('/dashboard/account')).status, 303)
  assert.equal((await auditOf(services, admin.admin_id))[0]?.action, 'admin.sign_out')
})

test('a form whose session has ended is said to be lost, and the sign-in leads back to its page', async () => {
  const { visitor } = await newOwner()
  visitor.jar.clear()
  const headers = { origin, referer: `${origin}/dashboard/account?x=1` }
  const sent = await visitor.post('/dashboard/account/name', { name: 'Ada' }, { headers })
  assert.equal(sent.location, '/dashboard/sign-in?next=%2Fdashboard%2Faccount%3Fx%3D1&form=lost')
  const { html } = await visitor.get(sent.location)
  assert.match(html, /session had ended: nothing was changed/)
  assert.match(html, /name="next" value="\/dashboard\/account\?x=1"/)
  assert.doesNotMatch((await visitor.get('/dashboard/sign-in')).html, /had ended/)
})

test('after signing in one goes on to a page of the dashboard, whatever an address says', () => {
  for (const own of [next, '/dashboard', '/dashboard/projects/a?b=c'])
    assert.equal(ownPage(own), own)
  for (const other of [
    '',
    'https://evil.example/dashboard',
    '//evil.example/dashboard',
    '/\\evil.example/dashboard',
    '/dashboard/..//evil.example',
    '/dashboardx',
    'javascript:alert(1)',
    '/v1/b2b/organizations',
    '/dashboard/sign-in?next=/dashboard',
    '/dashboard/sign-out',
    'http://[',
  ])
    assert.equal(ownPage(other), '/dashboard', other)
})

test('wrong sign-ins and wrong links are limited for an address, whomever they are about', async () => {
  const failed = { count: 3, period_ms: 60_000 }
  const { services, newVisitor } = await newSite({ rate_limits: { failed } })
  const admin = await makeAdmin(services)
  const browser = newVisitor()
  for (let i = 0; i < 3; i++)
    assert.equal((await browser.signIn({ email_address: `a${i}@example.com` })).status, 401)
  const limited = await browser.signIn(admin)
  assert.equal(limited.status, 429)
  assert.ok(Number(limited.headers.get('retry-after')) > 0)
  assert.equal(browser.session, undefined)
  assert.equal((await browser.get('/dashboard/invitation?token=x')).status, 429)
  const second = await newSite({ rate_limits: { failed } })
  const other = second.newVisitor()
  for (let i = 0; i < 3; i++)
    assert.equal((await other.get(`/dashboard/invitation?token=${i}`)).status, 404)
  assert.equal((await other.get('/dashboard/invitation?token=x')).status, 429)
})

test('the first link makes the first owner and signs her in; looking at it does not use it', async () => {
  const { services, newVisitor } = await newSite()
  const url = new URL((await firstAdminLink(services)) ?? '')
  assert.equal(url.origin, origin)
  const path = url.pathname + url.search
  for (let i = 0; i < 3; i++) assert.equal((await newVisitor().get(path)).status, 200)
  const browser = newVisitor()
  const { html } = await browser.get(path)
  const typed = { email_address: 'ada@example.com', name: 'Ada <b>', password: 'short' }
  const refused = await browser.post('/dashboard/invitation', typed, { from: html })
  assert.equal(refused.status, 400)
  assert.match(problemOf(refused.html), /at least 12/)
  assert.match(refused.html, /value="Ada &lt;b&gt;"/)
  assert.doesNotMatch(refused.html, /value="short"/)
  const good = { ...typed, password: 'a gravel path in umber' }
  const made = await browser.post('/dashboard/invitation', good, { from: refused.html })
  assert.deepEqual([made.status, made.location], [303, '/dashboard'])
  const account = await browser.get('/dashboard/account')
  assert.match(account.html, /ada@example\.com/)
  assert.deepEqual(
    (await listAdmins(services.db)).map((each) => [each.email_address, each.role]),
    [['ada@example.com', 'owner']],
  )
  const gone = await newVisitor().get(path)
  assert.equal(gone.status, 404)
  assert.match(problemOf(gone.html), /cannot be used/)
  const late = await newVisitor().post('/dashboard/invitation', good, { from: html })
  assert.equal(late.status, 404)
})

test('what needs a fresh password asks for it after an hour, and gives a new session', async () => {
  const { services, setNow, visitor, admin } = await newOwner()
  const app = await giveTOTP(services, admin)
  const page = '/dashboard/admins'
  const invite = () =>
    visitor.submit(page, `${page}/invite`, { email_address: 'grace@example.com', role: 'viewer' })
  setNow(new Date(Date.now() + 61 * 60_000))
  const asked = await invite()
  assert.equal(asked.status, 303)
  assert.match(asked.location, /^\/dashboard\/confirm\?/)
  const before = visitor.session
  const path = '/dashboard/confirm'
  const confirm = (typed: Record<string, string>) => visitor.submit(asked.location, path, typed)
  for (const typed of [
    { password: 'wrong wrong wrong', totp: app.code() },
    { password },
    { password, totp: '000000' },
  ]) {
    assert.equal((await confirm(typed)).status, 401)
    assert.equal((await invite()).status, 303)
  }
  const confirmed = await confirm({ password, totp: app.code() })
  assert.equal(confirmed.status, 303)
  assert.match(confirmed.location, /^\/dashboard/)
  assert.notEqual(visitor.session, before)
  assert.equal((await invite()).status, 200)
})

test('no page before the dashboard is stored, framed or sent elsewhere', async () => {
  const { newVisitor } = await newSite()
  for (const path of ['/dashboard/sign-in', '/dashboard/invitation?token=x']) {
    const { headers } = await newVisitor().get(path)
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
    assert.equal(headers.get('referrer-policy'), 'same-origin')
  }
})

test('what is far too large to be typed into a form before the dashboard is not looked at', async () => {
  const { newVisitor } = await newSite()
  const visitor = newVisitor()
  const path = '/dashboard/sign-in'
  const large = { email_address: `a${' '.repeat(40_000)}b@example.com`, password }
  assert.equal((await visitor.submit(path, path, large)).status, 413)
  const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`f${i}`, 'x']))
  assert.match(problemOf((await visitor.submit(path, path, many)).html), /too many fields/)
})
