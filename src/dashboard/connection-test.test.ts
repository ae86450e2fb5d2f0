import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server, type TestProject } from '../../tests/harness.ts'
import { Browser, base_url, connectSAML, newSetup, type Setup, testIdP } from '../../tests/login.ts'
import { csrfTokenOf } from '../http/form.ts'
import { newCertificate } from '../sso/connection.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'
import { sessionCookie } from './session-cookie.ts'

type Admin = Awaited<ReturnType<typeof newAdmin>>

/** Starts a test from its page and signs in; the address that it comes back to. */
async function tryOut(admin: Admin, connection_id: string): Promise<string> {
  const { services } = await server()
  const browser = new Browser()
  browser.cookies.set(sessionCookie(services.config), admin.token)
  const started = await browser.request(
    `${base_url}${admin.base}/connections/${connection_id}/test`,
    {
      method: 'POST',
      headers: { origin: base_url },
      body: new URLSearchParams({ csrf_token: csrfTokenOf(admin.token) }),
    },
  )
  assert.equal(started.status, 303)
  const answer = await browser.submit(await browser.signIn(started, 'ada.lovelace@acme.test'))
  return answer.headers.get('location') ?? ''
}

async function samlOf({ project, organization_id }: Setup, connection_id: string) {
  const { body } = await call(project, 'GET', `/v1/b2b/sso/${organization_id}`)
  return body.saml_connections.find(
    (each: { connection_id: string }) => each.connection_id === connection_id,
  )
}

async function members(project: TestProject): Promise<number> {
  const { services } = await server()
  const rows = await services.db
    .selectFrom('members')
    .select('member_id')
    .where('project_id', '=', project.project_id)
    .execute()
  return rows.length
}

for (const type of ['saml', 'oidc'] as const)
  test(`a test over ${type} comes back to its page, which shows every check; nobody becomes a member`, async () => {
    const setup = await newSetup()
    const admin = await newAdmin(setup.project, 'editor')
    const back = await tryOut(admin, setup[type])
    assert.match(back, /\/connections\/(saml|oidc)-connection-test-[\w-]+\/test\?flow_id=sso-flow-/)
    const page = await admin.get(back)
    assert.equal(page.status, 200)
    assert.match(page.html, /ada.lovelace@acme.test/)
    assert.match(page.html, /Earlier tests/)
    assert.equal(await members(setup.project), 0)
    const mapping = (await admin.get(`/connections/${setup[type]}/mapping`)).html
    assert.match(mapping, /<option value="email">/)
  })

test('a test begins by a form of the dashboard alone', async () => {
  const setup = await newSetup()
  const admin = await newAdmin(setup.project, 'editor')
  const path = `/connections/${setup.saml}/test`
  assert.equal((await admin.post(path, { csrf_token: 'another' })).status, 403)
  assert.equal((await admin.post(path, {}, { origin: 'https://evil.example' })).status, 403)
  const { services } = await server()
  const flows = await services.db
    .selectFrom('sso_flows')
    .select('flow_id')
    .where('project_id', '=', setup.project.project_id)
    .execute()
  assert.deepEqual(flows, [])
})

test('a test that is refused for its certificate proposes it; confirmed, it is the API’s, and the next test passes', async () => {
  const setup = await newSetup()
  const { saml } = await testIdP()
  const connection_id = await connectSAML(setup.project, setup.organization_id, {
    x509_certificate: await newCertificate(),
  })
  const admin = await newAdmin(setup.project, 'editor')
  const { html } = await admin.get(await tryOut(admin, connection_id))
  assert.match(html, /proposed fix/)
  const guide = (await admin.get(`/connections/${connection_id}`)).html
  assert.match(guide, /The last login over it was refused/)
  const field = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(html)?.[1] ?? ''
  const fields = { flow_id: field('flow_id'), fix_id: field('fix_id') }
  const path = `/connections/${connection_id}/test/fix`
  const unconfirmed = await admin.post(path, fields)
  assert.equal(unconfirmed.status, 400)
  assert.match(unconfirmed.html, /proposed fix/)
  const elsewhere = `/connections/${setup.saml}/test/fix`
  assert.equal((await admin.post(elsewhere, { ...fields, confirmed: 'on' })).status, 400)
  assert.equal((await samlOf(setup, connection_id)).verification_certificates.length, 1)
  assert.equal((await admin.post(path, { ...fields, confirmed: 'on' })).status, 303)
  const certificates = (await samlOf(setup, connection_id)).verification_certificates
  const bare = (pem: string) => pem.replace(/-+[A-Z ]+-+|\s/g, '')
  assert.ok(
    certificates.some(
      (each: { certificate: string }) => bare(each.certificate) === bare(saml.certificate),
    ),
  )
  const again = await admin.get(await tryOut(admin, connection_id))
  assert.doesNotMatch(again.html, /proposed fix/)
})

test('an ordinary login is no test, and has no fix here', async () => {
  const setup = await newSetup()
  const login = await new Browser().login(setup, setup.saml, 'ada.lovelace@acme.test')
  assert.equal(login.status, 303)
  const { services } = await server()
  const { flow_id } = await services.db
    .selectFrom('sso_flows')
    .select('flow_id')
    .where('project_id', '=', setup.project.project_id)
    .executeTakeFirstOrThrow()
  const admin = await newAdmin(setup.project, 'editor')
  const page = await admin.get(`/connections/${setup.saml}/test?flow_id=${flow_id}`)
  assert.doesNotMatch(page.html, /id="test-result"/)
})

test('messages are kept for as long as somebody chose, at most a day, and never longer than asked', async () => {
  const setup = await newSetup()
  const admin = await newAdmin(setup.project, 'editor')
  const path = `/connections/${setup.saml}/test/debug`
  const { services } = await server()
  const until = async () =>
    (
      await services.db
        .selectFrom('sso_connections')
        .select('debug_until')
        .where('connection_id', '=', setup.saml)
        .executeTakeFirstOrThrow()
    ).debug_until
  assert.equal((await admin.post(path, { hours: '4' })).status, 303)
  const hours = ((await until())!.getTime() - Date.now()) / 3_600_000
  assert.ok(hours > 3.9 && hours <= 4)
  for (const wrong of ['25', '-1', 'x', ''])
    assert.equal((await admin.post(path, { hours: wrong })).status, 400, wrong)
  assert.equal((await admin.post(path, { hours: '0' })).status, 303)
  assert.equal(await until(), null)
})
