import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { Browser, connectSAML, newSetup, testIdP } from '../../tests/login.ts'
import { create, createActive, newTenant, sso } from '../sso/connection.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'

type Owner = Awaited<ReturnType<typeof newTenant>>

async function stored(owner: Owner, connection_id: string) {
  const { body } = await sso(owner, 'GET', '{}')
  return [...body.saml_connections, ...body.oidc_connections].find(
    (each) => each.connection_id === connection_id,
  )
}

test('the list shows the connections of all organizations, and finds those that somebody looks for', async () => {
  const owner = await newTenant()
  const other = await call(owner.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Other & Sons',
    organization_slug: 'other-sons',
  })
  await createActive(owner)
  await sso({ ...owner, organization: other.body.organization }, 'POST', 'oidc/{}', {
    display_name: 'Elsewhere <b>',
  })
  const admin = await newAdmin(owner.project, 'viewer')
  const all = (await admin.get('/connections')).html
  assert.match(all, /Other &amp; Sons/)
  assert.match(all, /Elsewhere &lt;b&gt;/)
  assert.match(all, /Without a name/)
  const found = (await admin.get('/connections?search=ther-SON')).html
  assert.match(found, /Elsewhere/)
  assert.doesNotMatch(found, /Without a name/)
  const active = (await admin.get('/connections?state=active')).html
  assert.doesNotMatch(active, /Elsewhere/)
  assert.match(active, /Without a name/)
  assert.match((await admin.get('/connections?search=nobody-here')).html, /Nothing matches/)
  for (const cursor of ['x', 'YSBiIGM'])
    assert.equal((await admin.get(`/connections?cursor=${cursor}`)).status, 400)
})

test('a connection whose last login was refused is failing, until one succeeds', async () => {
  const setup = await newSetup()
  const broken = await connectSAML(setup.project, setup.organization_id, {
    display_name: 'Broken',
    idp_entity_id: 'https://another.example.com',
  })
  await new Browser().login(setup, broken, 'ada.lovelace@acme.test')
  await new Browser().login(setup, setup.saml, 'ada.lovelace@acme.test')
  const admin = await newAdmin(setup.project, 'viewer')
  const failing = (await admin.get('/connections?state=failing')).html
  assert.match(failing, /Broken/)
  assert.doesNotMatch(failing, /Test IdP \(SAML\)/)
  const { saml } = await testIdP()
  const connection = `/v1/b2b/sso/saml/${setup.organization_id}/connections/${broken}`
  await call(setup.project, 'PUT', connection, { idp_entity_id: saml.entity_id })
  await new Browser().login(setup, broken, 'ada.lovelace@acme.test')
  assert.match((await admin.get('/connections?state=failing')).html, /Nothing matches/)
})

test('of two projects neither sees a connection of the other', async () => {
  const [owner, other] = [await newTenant(), await newTenant()]
  const { connection_id } = await createActive(owner)
  const admin = await newAdmin(other.project)
  for (const tab of ['', '/settings', '/certificates', '/mapping', '/test', '/logins', '/danger'])
    assert.equal((await admin.get(`/connections/${connection_id}${tab}`)).status, 404, tab)
  const path = `/connections/${connection_id}/settings`
  assert.equal((await admin.post(path, { display_name: 'Mine' })).status, 404)
  assert.equal((await stored(owner, connection_id)).display_name, '')
})

test('a viewer may look at every page of a connection and change nothing', async () => {
  const owner = await newTenant()
  const connection = await createActive(owner)
  const admin = await newAdmin(owner.project, 'viewer')
  const path = `/connections/${connection.connection_id}`
  for (const tab of ['', '/settings', '/certificates', '/mapping', '/test', '/logins', '/danger']) {
    const page = await admin.get(path + tab)
    assert.equal(page.status, 200, tab)
    assert.doesNotMatch(page.html, /<button class="btn btn-(primary|danger)">/, tab)
  }
  const certificate = connection.verification_certificates[0].certificate_id
  for (const action of [
    '/settings',
    '/settings/idp',
    '/settings/metadata-url',
    '/settings/metadata-xml',
    '/certificates',
    `/certificates/${certificate}`,
    '/certificates-own/signing',
    '/certificates-own/encryption',
    '/metadata/refresh',
    '/metadata/mode',
    '/metadata/approve',
    '/metadata/reject',
    '/mapping',
    '/mapping/roles',
    '/test',
    '/test/debug',
    '/test/fix',
    '/activate',
    '/deactivate',
    '/delete',
  ])
    assert.equal((await admin.post(path + action, {})).status, 403, action)
  assert.equal((await admin.get('/connections/new')).status, 403)
  assert.equal((await admin.post('/connections/new', {})).status, 403)
  assert.deepEqual(await stored(owner, connection.connection_id), connection)
})

test('a new connection waits for its activation, with the mapping of its guide', async () => {
  const owner = await newTenant()
  const { organization_id } = owner.organization
  const admin = await newAdmin(owner.project, 'editor')
  const fields = { organization_id, provider: 'okta saml', display_name: 'Acme Okta' }
  const unknown = await admin.post('/connections/new', { ...fields, organization_id: 'nobody' })
  assert.equal(unknown.status, 404)
  assert.match(unknown.html, /value="Acme Okta"/)
  const made = await admin.post('/connections/new', fields)
  assert.equal(made.status, 303)
  const connection = await stored(owner, made.location.split('/').at(-1)!)
  assert.deepEqual(
    [connection.display_name, connection.identity_provider, connection.status],
    ['Acme Okta', 'okta', 'pending'],
  )
  assert.equal(connection.attribute_mapping.email, 'email')
  const guide = (await admin.get(`/connections/${connection.connection_id}`)).html
  assert.ok(guide.includes(connection.acs_url))
  assert.match(guide, /Single sign-on URL/)
  const entra = `/connections/${connection.connection_id}?guide=microsoft-entra`
  assert.match((await admin.get(entra)).html, /Reply URL \(Assertion Consumer Service URL\)/)
})

test('it is activated when everything is there, and deactivated by its name alone', async () => {
  const owner = await newTenant()
  const { connection_id } = await createActive(owner)
  const path = `/connections/${connection_id}`
  const admin = await newAdmin(owner.project, 'editor')
  const status = async () => (await stored(owner, connection_id)).status
  const name = 'Other (SAML 2.0)'
  const unnamed = await admin.post(`${path}/deactivate`, { confirm_name: 'Other' })
  assert.equal(unnamed.status, 400)
  assert.equal(await status(), 'active')
  assert.equal((await admin.post(`${path}/deactivate`, { confirm_name: name })).status, 303)
  assert.equal(await status(), 'pending')
  assert.match((await admin.get(path)).html, /ready to activate/)
  assert.equal((await admin.post(`${path}/activate`)).status, 303)
  assert.equal(await status(), 'active')
  const empty = await create(owner, 'oidc')
  const early = await admin.post(`/connections/${empty.connection_id}/activate`)
  assert.equal(early.status, 400)
  assert.match(early.html, /cannot be activated before it has/)
})

test('deleting it says who loses what, asks for the name, and leaves an entry in the audit', async () => {
  const setup = await newSetup()
  const { services } = await server()
  const login = await new Browser().login(setup, setup.oidc, 'ada.lovelace@acme.test')
  const sso_token = new URL(login.headers.get('location')!).searchParams.get('token')
  await call(setup.project, 'POST', '/v1/b2b/sso/authenticate', { sso_token })
  const admin = await newAdmin(setup.project, 'editor')
  const path = `/connections/${setup.oidc}`
  assert.match((await admin.get(`${path}/danger`)).html, /1 member logs in over it/)
  assert.equal((await admin.post(`${path}/delete`, {})).status, 400)
  const gone = await admin.post(`${path}/delete`, { confirm_name: 'Test IdP (OIDC)' })
  assert.deepEqual([gone.status, gone.location], [303, `${admin.base}/connections`])
  const left = await call(setup.project, 'GET', `/v1/b2b/sso/${setup.organization_id}`)
  assert.deepEqual(left.body.oidc_connections, [])
  const entry = await services.db
    .selectFrom('audit_entries')
    .select(['action', 'actor_id', 'target_id', 'before'])
    .where('project_id', '=', setup.project.project_id)
    .executeTakeFirstOrThrow()
  assert.deepEqual(
    [entry.action, entry.actor_id, entry.target_id],
    ['connection.delete', admin.admin_id, setup.oidc],
  )
  assert.doesNotMatch(JSON.stringify(entry.before), /secret/)
})

test('logins over it are listed, and lead to their traces', async () => {
  const setup = await newSetup()
  await new Browser().login(setup, setup.saml, 'ada.lovelace@acme.test')
  const admin = await newAdmin(setup.project, 'viewer')
  const { html } = await admin.get(`/connections/${setup.saml}/logins`)
  assert.match(html, /ada.lovelace@acme.test/)
  assert.match(html, /\/logins\/sso-flow-test-/)
})
