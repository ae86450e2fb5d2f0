/**
 * What the setup portal lets in, and what it sends. Generated from the routes of the application: a new form is
 * in here as soon as it says how it is filled in.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listAudit } from '../src/events/audit.ts'
import { attacker, keyInfo } from '../src/saml/signing.test-kit.ts'
import { type Fields, ITAdmin, newSetupLink } from '../src/setup/portal.test-kit.ts'
import { proposedFixes } from '../src/sso/fixes.ts'
import { lastFlow } from '../src/sso/login.test-kit.ts'
import { type Answer, connectIdP, otherCertificate, respond } from '../src/sso/saml-idp.test-kit.ts'
import { everythingOf } from './every-row.ts'
import { server } from './harness.ts'
import { assertGuarded, hostile } from './inert.ts'
import { base_url, newSetup, type Setup } from './login.ts'

/** An IT admin who opened a link for a connection that is there, of an organization with a hostile name. */
async function newPortal() {
  const setup = await newSetup({ organization_name: hostile.slice(0, 120) })
  const connection_id = await connectIdP(setup.project, setup.organization_id, {
    display_name: hostile.slice(0, 120),
  })
  const link = await newSetupLink(setup, { connection_id })
  const admin = new ITAdmin()
  assert.equal((await admin.open(link.url)).status, 200)
  return { setup, connection_id, link, admin }
}

type Portal = Awaited<ReturnType<typeof newPortal>>

/** A test that the admin begins, and the identity provider answers. */
async function tryOut({ setup, connection_id, admin }: Portal, answer: Answer) {
  const page = await admin.get('/setup/step/choose')
  const [, csrf_token = ''] = /name="csrf_token" value="([^"]+)"/.exec(page.html) ?? []
  const started = await admin.browser.request(`${base_url}/setup/test`, {
    method: 'POST',
    body: new URLSearchParams({ csrf_token }),
    headers: { origin: base_url },
  })
  await admin.browser.submit(respond(connection_id, started, answer))
  return lastFlow(setup.project)
}

async function brokenTest(portal: Portal) {
  const attributes = { email: 'ada@acme.test', firstName: hostile.replaceAll(/[<>&]/g, '_') }
  const signature = { signer: attacker, after: keyInfo(otherCertificate) }
  const { flow_id } = await tryOut(portal, { attributes, signature })
  const { services } = await server()
  const [fix] = await proposedFixes(services, portal.setup.project.project_id, flow_id)
  return { flow_id, fix_id: fix!.fix_id, confirmed: 'on' }
}

async function goodTest(portal: Portal): Promise<Fields> {
  await tryOut(portal, {})
  return {}
}

const secret = 'a-client-secret-that-nobody-may-see'
const names = { email: 'email', first_name: 'firstName', last_name: 'lastName' }

/** How each form is filled in, in an order in which all are taken. */
const forms: Record<string, (portal: Portal) => Promise<Fields> | Fields> = {
  '/setup/test': () => ({}),
  '/setup/fix': brokenTest,
  '/setup/mapping': () => names,
  '/setup/step/:step': () => ({ way: 'fields', idp_sso_url: 'https://idp.example/other' }),
  '/setup/activate': goodTest,
  '/setup/choose': () => ({ provider: 'generic saml' }),
}

const pathOf = (route: string) => route.replace(':step', 'guide-metadata')

async function postRoutes(): Promise<string[]> {
  const { routes } = (await server()).app
  const found = routes.filter(({ method, path }) => method === 'POST' && path.startsWith('/setup'))
  return found.map(({ path }) => path)
}

async function auditOf({ setup, link }: Portal) {
  const { services } = await server()
  const { organization_id } = setup
  const { project_id } = setup.project
  const actor_id = link.setup_link_id
  return (await listAudit(services.db, { project_id, organization_id, actor_id })).entries
}

test('every form of the portal is filled in by these tests', async () => {
  assert.deepEqual((await postRoutes()).sort(), Object.keys(forms).sort())
})

test('a form without its link, its token or its Origin changes nothing; its own is taken and audited', async (t) => {
  const portal = await newPortal()
  const stranger = await newPortal()
  const page = await stranger.admin.get('/setup/step/choose')
  const [, csrf_token = ''] = /name="csrf_token" value="([^"]+)"/.exec(page.html) ?? []
  for (const [route, fill] of Object.entries(forms).filter(([route]) => route !== '/setup/choose'))
    await t.test(route, async () => {
      const [path, fields] = [pathOf(route), await fill(portal)]
      const { length } = await auditOf(portal)
      const before = await everythingOf(portal.setup.project)
      const post = async (more: Fields, headers?: Fields) =>
        (await portal.admin.post(path, { ...fields, ...more }, headers)).status
      assert.equal((await new ITAdmin().post(path, fields)).status, 410, 'without a link')
      for (const origin of ['https://evil.example', 'null'])
        assert.equal(await post({}, { origin }), 403, origin)
      assert.equal(await post({}, {}), 403, 'no Origin')
      for (const wrong of ['', 'x', csrf_token])
        assert.equal(await post({ csrf_token: wrong }), 403, 'a wrong token')
      const seen = (rows: { name: string; row: string }[]) =>
        rows.filter(({ name }) => name !== 'setup_links')
      assert.deepEqual(seen(await everythingOf(portal.setup.project)), seen(before))
      const taken = await portal.admin.post(path, fields)
      assert.ok([302, 303].includes(taken.status), `${taken.status} ${taken.html}`)
      assert.ok((await auditOf(portal)).length > length, 'no entry in the audit')
    })
  const entries = JSON.stringify(await auditOf(portal))
  const [, token = ''] = /\/setup\/(.*)$/.exec(portal.link.url) ?? []
  assert.match(token, /^[\w-]{43}$/)
  for (const word of [token, ...portal.admin.browser.cookies.values()])
    assert.ok(!entries.includes(word))
})

test('once its connection is switched on, a browser that opened the link changes nothing any more', async () => {
  const portal = await newPortal()
  await goodTest(portal)
  assert.equal((await portal.admin.post('/setup/activate')).status, 303)
  const before = await everythingOf(portal.setup.project)
  for (const route of await postRoutes()) {
    const { status } = await portal.admin.post(pathOf(route), await filledAfter(route))
    assert.equal(status, 410, route)
  }
  const after = await everythingOf(portal.setup.project)
  const kept = (rows: typeof after) => rows.filter(({ name }) => name !== 'setup_links')
  assert.deepEqual(kept(after), kept(before))
  assert.match((await portal.admin.get('/setup/step/activate')).html, /Single sign-on is on/)
})

const filledAfter = (route: string): Fields =>
  ({
    '/setup/choose': { provider: 'generic saml' },
    '/setup/mapping': { ...names, email: 'NameID' },
    '/setup/step/:step': { way: 'fields', x509_certificate: otherCertificate },
  })[route] ?? {}

test('a test of another link proposes no fix to this one', async () => {
  const portal = await newPortal()
  const theirs = await brokenTest(portal)
  const { setup, connection_id } = portal
  const second: Setup = setup
  const admin = new ITAdmin()
  await admin.open((await newSetupLink(second, { connection_id })).url)
  const page = await admin.get(`/setup/step/test?flow_id=${theirs.flow_id}`)
  assert.doesNotMatch(page.html, /This may mend it/)
  const before = await everythingOf(setup.project)
  assert.equal((await admin.post('/setup/fix', theirs)).status, 400)
  const keys = (rows: typeof before) => rows.filter(({ name }) => name === 'saml_keys')
  assert.deepEqual(keys(await everythingOf(setup.project)), keys(before))
})

test('every page of the portal is inert, and neither stored nor framed, whatever it shows', async () => {
  const portal = await newPortal()
  const { admin, link } = portal
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await admin.browser.request(
      path.startsWith('http') ? path : base_url + path,
      init,
    )
    const { status, headers } = response
    assertGuarded({ status, headers, html: await response.text(), location: '' }, path)
  }
  await brokenTest(portal)
  const steps = 'choose guide-metadata guide-values guide-app test mapping activate nothing'
  const paths = steps.split(' ').map((step) => `/setup/step/${step}`)
  for (const path of ['/setup', link.url, `${link.url}x`, ...paths]) await get(path)
  await get(`/setup/step/test?flow_id=${encodeURIComponent(hostile)}`)
  await get('/setup/step/test', { headers: { 'hx-request': 'true' } })
  await get(`/setup/step/${encodeURIComponent(hostile)}`)
  const html = (await admin.get('/setup/step/test')).html
  assert.match(html, /&lt;script&gt;alert/, 'the hostile name is there, as text')
  const typed = { client_secret: secret, way: 'fields', provider: hostile, email: hostile }
  for (const route of await postRoutes()) {
    const answer = await admin.post(pathOf(route), {
      ...typed,
      idp_sso_url: hostile,
      flow_id: hostile,
    })
    assert.doesNotMatch(answer.html, /<script>alert|<img src=x/)
    assert.ok(!answer.html.includes(secret), 'a secret that was typed comes back')
    assert.ok(answer.status < 500, `${route} ${answer.status}`)
  }
})
