import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, server, type TestProject } from '../../tests/harness.ts'
import { newSetup } from '../../tests/login.ts'
import { listAudit } from '../events/audit.ts'
import { addMember, create } from '../organizations/organization.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'

async function stored(project: TestProject, reference: string) {
  return (await call(project, 'GET', `/v1/b2b/organizations/${reference}`)).body.organization
}

async function connections(project: TestProject, organization_id: string) {
  const { body } = await call(project, 'GET', `/v1/b2b/sso/${organization_id}`)
  return [...body.saml_connections, ...body.oidc_connections]
}

async function audit({ project_id }: TestProject) {
  return (await listAudit((await server()).services.db, { project_id })).entries
}

test('an organization is made, and its page leads to its first connection', async () => {
  const project = await newProject()
  const admin = await newAdmin(project, 'editor')
  assert.match((await admin.get('/organizations')).html, /No organization yet/)
  const made = await admin.post('/organizations', {
    organization_name: 'Acme & Söhne',
    organization_slug: 'acme',
    organization_logo_url: '',
    organization_external_id: 'crm-1',
    email_allowed_domains: 'acme.com\nacme.de',
  })
  const organization = await stored(project, 'acme')
  const { organization_id } = organization
  assert.equal(made.location, `${admin.base}/organizations/${organization_id}/sso`)
  assert.equal(organization.organization_name, 'Acme & Söhne')
  assert.equal(organization.organization_external_id, 'crm-1')
  assert.deepEqual(organization.email_allowed_domains, ['acme.com', 'acme.de'])
  const [entry] = await audit(project)
  assert.equal(entry!.action, 'organization.create')
  assert.equal(entry!.actor_id, admin.admin_id)
  const page = await admin.get(`/organizations/${organization_id}`)
  assert.match(page.html, /Acme &amp; Söhne/)
  assert.match(page.html, new RegExp(`${admin.base.replace('/dashboard/projects', '/login')}/acme`))
})

test('what the API refuses is refused here in the same words, and what was typed stays', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  await create(project, { organization_slug: 'taken' })
  const answer = await admin.post('/organizations', {
    organization_name: '<b>Bold</b>',
    organization_slug: 'taken',
    email_allowed_domains: 'acme.com',
  })
  assert.equal(answer.status, 400)
  assert.match(answer.html, /value="&lt;b&gt;Bold&lt;\/b&gt;"/)
  assert.match(answer.html, /acme\.com<\/textarea>/)
  assert.match(answer.html, /request-id-test-/)
  const common = await admin.post('/organizations', {
    organization_name: 'Mail',
    email_allowed_domains: 'gmail.com',
  })
  assert.match(common.html, /public mail provider/)
  const all = await call(project, 'POST', '/v1/b2b/organizations/search', {})
  assert.equal(all.body.results_metadata.total, 1)
})

test('organizations are found by a part of the name or slug, and by the address of a member', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  const acme = await create(project, { organization_name: 'Acme', organization_slug: 'first-one' })
  await create(project, { organization_name: 'Globex', organization_slug: 'second' })
  await addMember(project, acme, 'ada@acme.com')
  const found = async (q: string) => {
    const { html } = await admin.get(`/organizations?${new URLSearchParams({ q })}`)
    return ['Acme', 'Globex'].filter((name) => html.includes(`>${name}</a>`)).join(' ')
  }
  assert.equal(await found(''), 'Acme Globex')
  assert.equal(await found('acm'), 'Acme')
  assert.equal(await found('st-o'), 'Acme')
  assert.equal(await found('second'), 'Globex')
  assert.equal(await found('ada@acme.com'), 'Acme')
  assert.equal(await found('ac'), '')
  assert.equal(await found('%%%'), '')
})

test('a list of organizations goes on to its next page', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  for (let i = 0; i < 27; i++) await create(project, { organization_name: `Number ${i}.` })
  const first = await admin.get('/organizations?q=Number')
  const next = /href="([^"]+cursor[^"]+)"/.exec(first.html)![1]!.replaceAll('&amp;', '&')
  assert.ok(first.html.includes('Number 24.') && !first.html.includes('Number 25.'))
  const second = await admin.get(next)
  assert.ok(second.html.includes('Number 26.') && !second.html.includes('Number 24.'))
  assert.equal((await admin.get('/organizations?cursor=nonsense')).status, 400)
})

test('a new connection waits for its activation, and takes no login that an identity provider begins', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  const { organization_id } = await create(project)
  const path = `/organizations/${organization_id}/sso/connections`
  const fields = { display_name: 'Acme Okta', provider: 'okta saml' }
  assert.equal((await admin.post(path, { ...fields, provider: 'okta ldap' })).status, 400)
  assert.equal((await admin.post(path, { ...fields, display_name: '' })).status, 400)
  const made = await admin.post(path, fields)
  const [saml] = await connections(project, organization_id)
  assert.equal(made.location, `${admin.base}/connections/${saml.connection_id}`)
  assert.equal(saml.identity_provider, 'okta')
  assert.equal(saml.idp_initiated_auth_disabled, true)
  const complete = await call(
    project,
    'PUT',
    `/v1/b2b/sso/saml/${organization_id}/connections/${saml.connection_id}`,
    { idp_entity_id: 'https://idp.example/', idp_sso_url: 'https://idp.example/sso' },
  )
  assert.equal(complete.body.connection.status, 'pending')
  await admin.post(path, { display_name: 'Ours', provider: 'auth0 oidc' })
  const all = await connections(project, organization_id)
  const oidc = all.find(({ display_name }) => display_name === 'Ours')
  assert.match(oidc.connection_id, /^oidc-/)
  assert.equal(oidc.identity_provider, 'generic')
  assert.match((await admin.get(`/connections/${oidc.connection_id}?guide=auth0`)).html, /Auth0/)
})

test('the default connection is moved', async () => {
  const setup = await newSetup()
  const { project, organization_id, oidc, saml } = setup
  const admin = await newAdmin(project)
  assert.equal((await stored(project, organization_id)).sso_default_connection_id, saml)
  const path = `/organizations/${organization_id}/sso/default`
  assert.equal((await admin.post(path, { connection_id: 'saml-connection-test-x' })).status, 400)
  assert.equal((await admin.post(path, { connection_id: oidc })).status, 303)
  assert.equal((await stored(project, organization_id)).sso_default_connection_id, oidc)
  const page = await admin.get(`/organizations/${organization_id}`)
  assert.ok(page.html.includes(`connection_id=${oidc}&amp;public_token=${project.public_token}`))
})

test('names are changed, and the change is noted with what was before', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  const { organization_id } = await create(project, { organization_slug: 'old' })
  const path = `/organizations/${organization_id}/settings`
  const fields = { details: '1', organization_name: 'New', organization_slug: 'new' }
  await admin.post(path, { ...fields, organization_logo_url: 'https://acme.com/logo.png' })
  const organization = await stored(project, 'new')
  assert.equal(organization.organization_name, 'New')
  assert.equal(organization.organization_logo_url, 'https://acme.com/logo.png')
  const activity = await admin.get(`/organizations/${organization_id}/activity`)
  assert.match(
    activity.html,
    /data-label="Before"><code>old<\/code><\/td><td data-label="After"><code>new</,
  )
  const empty = await admin.post(path, { ...fields, organization_name: '' })
  assert.equal(empty.status, 400)
  assert.equal((await stored(project, 'new')).organization_name, 'New')
})

test('an organization is deleted once its name is typed, and the page says what goes with it', async () => {
  const { project, organization_id } = await newSetup()
  const admin = await newAdmin(project)
  await addMember(project, { organization_id }, 'ada@acme.com')
  const page = await admin.get(`/organizations/${organization_id}/settings`)
  assert.match(page.html, /<b>1 member<\/b>.*<b>2 connections<\/b>/)
  const path = `/organizations/${organization_id}/delete`
  assert.equal((await admin.post(path, { confirm_name: 'acme' })).status, 400)
  assert.ok(await stored(project, organization_id))
  assert.equal(
    (await admin.post(path, { confirm_name: 'Acme' })).location,
    `${admin.base}/organizations`,
  )
  assert.equal(await stored(project, organization_id), undefined)
  const [entry] = await audit(project)
  assert.deepEqual(entry!.before, {
    organization_name: 'Acme',
    organization_slug: 'acme',
    members: 1,
    connections: 2,
  })
})

test('a viewer reads every tab and changes nothing; an organization of another project is not there', async () => {
  const { project, organization_id, oidc } = await newSetup()
  const viewer = await newAdmin(project, 'viewer')
  const stranger = await newAdmin(await newProject())
  const path = `/organizations/${organization_id}`
  for (const tab of ['', '/sso', '/members', '/policies', '/activity', '/settings']) {
    const page = await viewer.get(path + tab)
    assert.equal(page.status, 200, tab)
    assert.ok(!page.html.slice(page.html.indexOf('<main')).includes('method="post"'), tab)
    assert.equal((await stranger.get(path + tab)).status, 404, tab)
  }
  const changes: [string, Record<string, string>][] = [
    ['/sso/connections', { display_name: 'X', provider: 'okta saml' }],
    ['/sso/default', { connection_id: oidc }],
    ['/members', { email_address: 'eve@acme.com' }],
    ['/policies/joining', { sso_jit_provisioning: 'NOT_ALLOWED' }],
    ['/policies/authentication', { mfa_policy: 'REQUIRED_FOR_ALL' }],
    ['/policies/roles/add', { domain: 'acme.com', role_id: 'stytch_admin' }],
    ['/policies/roles/remove', { domain: 'acme.com', role_id: 'stytch_admin' }],
    ['/settings', { organization_name: 'X', organization_slug: 'x-x' }],
    ['/delete', { confirm_name: 'Acme' }],
  ]
  const before = await stored(project, organization_id)
  for (const [at, fields] of changes) {
    assert.equal((await viewer.post(path + at, fields)).status, 403, at)
    assert.equal((await stranger.post(path + at, fields)).status, 404, at)
  }
  assert.equal((await viewer.post('/organizations', { organization_name: 'X' })).status, 403)
  assert.deepEqual(await stored(project, organization_id), before)
  assert.equal((await connections(project, organization_id)).length, 2)
  assert.deepEqual(await audit(project), [])
})

test('the window says which tab it shows, and that something went wrong', async () => {
  const project = await newProject()
  const admin = await newAdmin(project, 'editor')
  const made = await admin.post('/organizations', { organization_name: 'Globex' })
  const title = (html: string) => /<title>([^<]*)<\/title>/.exec(html)?.[1]
  assert.equal(title((await admin.get(made.location)).html), 'SSO · Globex · Portcullis')
  const refused = await admin.post('/organizations', { organization_name: '' })
  assert.equal(title(refused.html), 'Error: New organization · Portcullis')
})
