import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject } from '../../tests/harness.ts'
import { Browser, newSetup, tokenOf } from '../../tests/login.ts'
import { newAdmin } from './dashboard.test-kit.ts'

const done = (html: string) => Number(/(\d) of 7 steps done/.exec(html)?.[1])

test('the way to the first login ticks as it is gone, and leaves when it has been gone', async () => {
  const empty = await newAdmin(await newProject())
  assert.equal(done((await empty.get('')).html), 1)
  const setup = await newSetup()
  const admin = await newAdmin(setup.project)
  const steps = async () => done((await admin.get('/home/now')).html)
  assert.equal(await steps(), 4)
  const browser = new Browser()
  const started = await browser.start(setup, setup.saml)
  assert.equal(await steps(), 5)
  const submission = await browser.signIn(started, 'ada.lovelace@acme.test')
  const sso_token = tokenOf(await browser.submit(submission))
  assert.equal(await steps(), 6)
  await call(setup.project, 'POST', '/v1/b2b/sso/authenticate', { sso_token })
  const { html } = await admin.get('')
  assert.ok(!/steps done/.test(html))
  assert.match(html, /ada\.lovelace@acme\.test|Signed in|Succeeded/)
})

test('a connection whose last login was refused is named, with the reason', async () => {
  const setup = await newSetup()
  const admin = await newAdmin(setup.project)
  assert.doesNotMatch((await admin.get('')).html, /Connections that fail/)
  await call(setup.project, 'PUT', `/v1/b2b/organizations/${setup.organization_id}`, {
    sso_jit_provisioning: 'NOT_ALLOWED',
  })
  const refused = await new Browser().login(setup, setup.saml, 'ada.lovelace@acme.test')
  assert.equal(refused.status, 400)
  const { html } = await admin.get('')
  assert.match(html, /Connections that fail/)
  assert.ok(html.includes(`/connections/${setup.saml}`))
  assert.ok(html.includes(`/logins?connection=${setup.saml}&amp;result=failed`))
  assert.match(html, /[a-z]\. <code[^>]*>invalid_connection_for_jit_provisioning</, 'in words, too')
})

test('the address without a project leads to the only one, or to the list', async () => {
  const admin = await newAdmin(await newProject())
  const { status, location } = await admin.get('/dashboard')
  assert.equal(status, 303)
  assert.match(location, /^\/dashboard\/projects/)
})
