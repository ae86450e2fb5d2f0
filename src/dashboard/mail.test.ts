import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { newProject, server } from '../../tests/harness.ts'
import { base_url } from '../../tests/login.ts'
import { createApp } from '../app.ts'
import { readMail, sendMail } from '../mail/mail.ts'
import { newAdmin } from './dashboard.test-kit.ts'
import { sessionCookie } from './session-cookie.ts'

async function written() {
  const { services } = await server()
  const to = `${randomUUID()}@example.com`
  const text = `Open this: ${base_url}/dashboard/invitation/abc, not http://elsewhere.example/x`
  const { mail_id } = await sendMail(services, {
    project_id: null,
    kind: 'admin_invitation',
    to,
    subject: 'Welcome <b>',
    text,
    html: '<p>Hello<script>alert(1)</script></p>',
  })
  return { to, mail_id }
}

test('in development a mail is read on its page: the text with own links alone, the HTML as source', async () => {
  const { to, mail_id } = await written()
  const admin = await newAdmin(await newProject())
  const list = await admin.get(`/dashboard/mail?to=${to}`)
  assert.match(list.html, new RegExp(`href="/dashboard/mail/${mail_id}"><bdi>Welcome &lt;b&gt;`))
  assert.match(list.html, /Invitation of an administrator/)
  const { html } = await admin.get(`/dashboard/mail/${mail_id}`)
  assert.match(html, new RegExp(`<a href="${base_url}/dashboard/invitation/abc`))
  assert.doesNotMatch(html, /href="http:\/\/elsewhere/)
  assert.match(html, /&lt;script&gt;alert\(1\)/)
  assert.doesNotMatch(html, /<script>|<iframe/)
})

test('what a mail says is for owners in development alone', async () => {
  const { mail_id } = await written()
  const project = await newProject()
  for (const role of ['viewer', 'editor'] as const) {
    const admin = await newAdmin(project, role)
    assert.equal((await admin.get('/dashboard/mail')).status, 200)
    assert.equal((await admin.get(`/dashboard/mail/${mail_id}`)).status, 403)
    assert.equal((await admin.post(`/dashboard/mail/${mail_id}/retry`)).status, 403)
  }
  const { services } = await server()
  const config = { ...services.config, mode: 'production' as const }
  const app = createApp({ ...services, config })
  const { token } = await newAdmin(project)
  const headers = { cookie: `${sessionCookie(config)}=${token}` }
  const response = await app.request(`${base_url}/dashboard/mail/${mail_id}`, { headers })
  const html = await response.text()
  assert.equal(response.status, 200)
  assert.doesNotMatch(html, /invitation\/abc/)
  assert.match(html, /can be read on this page in development only/)
})

test('a mail that failed says why, is found by its state, and is tried again', async () => {
  const { to, mail_id } = await written()
  const { services } = await server()
  await services.db
    .updateTable('mails')
    .set({ state: 'failed', attempts: 5, last_error: '550 <no such user>', next_attempt_at: null })
    .where('mail_id', '=', mail_id)
    .execute()
  const admin = await newAdmin(await newProject())
  const { html } = await admin.get(`/dashboard/mail?state=failed&to=${to}`)
  assert.match(html, /550 &lt;no such user&gt;/)
  assert.match(
    (await admin.get(`/dashboard/mail?state=sent&to=${to}`)).html,
    /No mail is like that/,
  )
  const retried = await admin.post(`/dashboard/mail/${mail_id}/retry`)
  assert.equal(retried.location, `/dashboard/mail/${mail_id}`)
  assert.equal((await readMail(services, mail_id)).state, 'waiting')
  assert.equal((await admin.post(`/dashboard/mail/${mail_id}/retry`)).status, 404)
  assert.equal((await admin.get('/dashboard/mail/mail-unknown')).status, 404)
})
