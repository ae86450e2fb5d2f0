import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, server, type TestProject } from '../../tests/harness.ts'
import { Browser, base_url, connectSAML } from '../../tests/login.ts'
import { createSecret } from '../projects/secrets.ts'
import { findSystemProject } from '../projects/system-project.ts'
import { ownProcess } from '../sso/login.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'

const ada = 'ada.lovelace@acme.test'

/** What these tests make belongs to the server, and other tests share it. */
async function cleanUp(): Promise<void> {
  const { services } = await server()
  await services.db.deleteFrom('projects').where('is_system', '=', true).execute()
  await services.db.deleteFrom('admins').where('email_address', '=', ada).execute()
}

async function makeAda(status: 'active' | 'disabled' = 'active') {
  const { services } = await server()
  const now = services.now()
  await services.db
    .insertInto('admins')
    .values({
      admin_id: 'admin-ada',
      email_address: ada,
      role: 'viewer',
      status,
      created_at: now,
      updated_at: now,
    })
    .onConflict((on) => on.column('email_address').doUpdateSet({ status }))
    .execute()
}

/** The system project as the API would have it, with a connection to the test identity provider. */
async function connected(): Promise<TestProject> {
  const { services } = await server()
  const { project_id, public_tokens } = (await findSystemProject(services))!
  const { secret } = await createSecret(services.db, { project_id })
  services.caches.drop('project', project_id)
  const authorization = `Basic ${Buffer.from(`${project_id}:${secret}`).toString('base64')}`
  const project = { project_id, secret, authorization, public_token: public_tokens[0]! }
  const { body } = await call(project, 'GET', '/v1/b2b/organizations/administrators')
  await connectSAML(project, body.organization.organization_id)
  return project
}

/** Signs in over SSO; returns the answer of the dashboard. */
async function signIn(browser: Browser, who: string): Promise<Response> {
  const begun = await browser.request(`${base_url}/dashboard/sign-in/sso`)
  const started = await browser.request(begun.headers.get('location') ?? '')
  const back = await browser.submit(await browser.signIn(started, who))
  return browser.request(back.headers.get('location') ?? '')
}

test('administrators sign in over SSO as who they are, once an owner has set it up', async () => {
  const plain = await new Browser().request(`${base_url}/dashboard/sign-in`)
  assert.doesNotMatch(await plain.text(), /single sign-on/i)
  const owner = await newAdmin(await newProject())
  const editor = await newAdmin(await newProject(), 'editor')
  assert.equal((await editor.post('/dashboard/admins/sso')).status, 403)
  assert.equal((await owner.post('/dashboard/admins/sso')).status, 303)
  assert.equal((await owner.post('/dashboard/admins/sso')).status, 400, 'once')
  await connected()
  const page = await new Browser().request(`${base_url}/dashboard/sign-in`)
  assert.match(await page.text(), /Sign in with single sign-on/)

  const stranger = await signIn(new Browser(), ada)
  assert.equal(stranger.status, 403)
  assert.match(await stranger.text(), /no administrator of this server/)
  await makeAda('disabled')
  assert.equal((await signIn(new Browser(), ada)).status, 403)
  await makeAda()
  const browser = new Browser()
  const answer = await signIn(browser, ada)
  assert.equal(answer.status, 303)
  const account = await browser.request(`${base_url}/dashboard/account`)
  assert.equal(account.status, 200)
  assert.ok((await account.text()).includes(ada))
})

test('another browser cannot finish a login that it did not begin', async () => {
  const browser = new Browser()
  const begun = await browser.request(`${base_url}/dashboard/sign-in/sso`)
  const started = await browser.request(begun.headers.get('location') ?? '')
  const back = await browser.submit(await browser.signIn(started, ada))
  const location = back.headers.get('location') ?? ''
  const other = new Browser()
  assert.equal((await other.request(location)).status, 400)
  await other.request(`${base_url}/dashboard/sign-in/sso`)
  const mixed = await other.request(location)
  assert.ok(mixed.status >= 400, 'with a verifier of its own neither')
  assert.equal((await browser.request(location)).status, 303, 'the first still can')
})

test('over https no neighbour’s host can set the cookie that a login is finished with', async (t) => {
  const { app, services } = await ownProcess('https://sso.example')
  t.after(async () => {
    await services.caches.close()
    await services.db.destroy()
  })
  const begun = await app.request('https://sso.example/dashboard/sign-in/sso')
  const [cookie = ''] = begun.headers.getSetCookie()
  assert.match(cookie, /^__Host-portcullis_dashboard_sso=[\w-]{43}; .*Path=\/; HttpOnly; Secure/)
  const tossed = { cookie: cookie.slice('__Host-'.length).split(';')[0]! }
  const url = 'https://sso.example/dashboard/sign-in/sso/return?token=x'
  const answer = await app.request(url, { headers: tossed })
  assert.match(await answer.text(), /This browser did not begin this login/)
})

test('where the organization requires a second factor, single sign-on alone opens nothing', async () => {
  const project = await connected()
  const path = '/v1/b2b/organizations/administrators'
  const setPolicy = (mfa_policy: string) => call(project, 'PUT', path, { mfa_policy })
  assert.equal((await setPolicy('REQUIRED_FOR_ALL')).status, 200)
  const browser = new Browser()
  const answer = await signIn(browser, ada)
  assert.equal(answer.status, 403)
  assert.match(await answer.text(), /second factor/)
  const account = await browser.request(`${base_url}/dashboard/account`)
  assert.match(account.headers.get('location') ?? '', /sign-in/)
  assert.equal((await setPolicy('OPTIONAL')).status, 200)
})

test('only owners change anything in the system project', async (t) => {
  t.after(cleanUp)
  const { services } = await server()
  const { project_slug } = (await findSystemProject(services))!
  const editor = await newAdmin(await newProject(), 'editor')
  const there = `/dashboard/projects/${project_slug}`
  assert.equal((await editor.get(there)).status, 200)
  for (const path of ['/organizations', '/settings', '/connections/new'])
    assert.equal((await editor.post(`${there}${path}`, { organization_name: 'x' })).status, 403)
})
