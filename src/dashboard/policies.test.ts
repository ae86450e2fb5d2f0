import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, type TestProject } from '../../tests/harness.ts'
import { addConnection, create } from '../organizations/organization.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'

async function stored(project: TestProject, organization_id: string) {
  return (await call(project, 'GET', `/v1/b2b/organizations/${organization_id}`)).body.organization
}

async function newOrganization() {
  const project = await newProject()
  const organization = await create(project, { email_allowed_domains: ['acme.com'] })
  const { organization_id } = organization as { organization_id: string }
  const admin = await newAdmin(project, 'editor')
  const path = `/organizations/${organization_id}/policies`
  const now = () => stored(project, organization_id)
  return { project, organization_id, admin, path, now }
}

const open = {
  sso_jit_provisioning: 'ALL_ALLOWED',
  email_invites: 'ALL_ALLOWED',
  email_jit_provisioning: 'NOT_ALLOWED',
}

test('who may join is restricted to connections and domains', async () => {
  const { project, organization_id, admin, path, now } = await newOrganization()
  const connection_id = await addConnection(project, { organization_id })
  const other = await addConnection(project, await create(project, { organization_slug: 'other' }))
  const restricted = {
    ...open,
    sso_jit_provisioning: 'RESTRICTED',
    email_invites: 'RESTRICTED',
    sso_jit_provisioning_allowed_connections: connection_id,
    email_allowed_domains: 'acme.com, Acme.DE',
  }
  const foreign = { ...restricted, sso_jit_provisioning_allowed_connections: other }
  assert.equal((await admin.post(`${path}/joining`, foreign)).status, 400)
  assert.equal((await admin.post(`${path}/joining`, restricted)).status, 303)
  const organization = await now()
  assert.equal(organization.sso_jit_provisioning, 'RESTRICTED')
  assert.deepEqual(organization.sso_jit_provisioning_allowed_connections, [connection_id])
  assert.deepEqual(organization.email_allowed_domains, ['acme.com', 'acme.de'])
  assert.equal(organization.email_invites, 'RESTRICTED')
})

test('a list that a policy needs cannot be emptied: the page says so and changes nothing', async () => {
  const { admin, path, now } = await newOrganization()
  const before = await now()
  const joining = (fields: Record<string, string>) =>
    admin.post(`${path}/joining`, { which: 'joining', ...open, ...fields })
  for (const fields of [
    { sso_jit_provisioning: 'RESTRICTED', email_allowed_domains: 'acme.com' },
    { email_invites: 'RESTRICTED', email_allowed_domains: '' },
    { email_jit_provisioning: 'RESTRICTED', email_allowed_domains: '' },
    { sso_jit_provisioning: 'NOT_ALLOWED', email_invites: 'NOT_ALLOWED' },
    { email_allowed_domains: 'not a domain' },
  ]) {
    const answer = await joining(fields)
    assert.equal(answer.status, 400, JSON.stringify(fields))
    assert.match(answer.html, /role="alert"/)
  }
  const restricted = {
    auth_methods: 'RESTRICTED',
    mfa_policy: 'OPTIONAL',
    mfa_methods: 'ALL_ALLOWED',
  }
  assert.equal((await admin.post(`${path}/authentication`, restricted)).status, 400)
  assert.deepEqual(await now(), before)
})

test('domains are emptied where nothing needs them', async () => {
  const { admin, path, now } = await newOrganization()
  assert.equal(
    (await admin.post(`${path}/joining`, { ...open, email_allowed_domains: ' ' })).status,
    303,
  )
  assert.deepEqual((await now()).email_allowed_domains, [])
})

test('ways to log in and the second factor are restricted', async () => {
  const { admin, path, now } = await newOrganization()
  const answer = await admin.post(`${path}/authentication`, {
    auth_methods: 'RESTRICTED',
    allowed_auth_methods: ['sso', 'password'],
    mfa_policy: 'REQUIRED_FOR_ALL',
    mfa_methods: 'RESTRICTED',
    allowed_mfa_methods: 'totp',
  })
  assert.equal(answer.status, 303)
  const organization = await now()
  assert.equal(organization.auth_methods, 'RESTRICTED')
  assert.deepEqual(organization.allowed_auth_methods, ['sso', 'password'])
  assert.equal(organization.mfa_policy, 'REQUIRED_FOR_ALL')
  assert.deepEqual(organization.allowed_mfa_methods, ['totp'])
  assert.match((await admin.get(path)).html, /A second factor is required of everybody/)
  const overview = path.replace('/policies', '')
  assert.doesNotMatch((await admin.get(overview)).html, /Nobody logs in over SSO here/)
  await admin.post(`${path}/authentication`, {
    auth_methods: 'RESTRICTED',
    allowed_auth_methods: 'password',
    mfa_policy: 'OPTIONAL',
    mfa_methods: 'ALL_ALLOWED',
  })
  assert.match((await admin.get(overview)).html, /Nobody logs in over SSO here/)
})

test('roles come and go with the domain of an address', async () => {
  const { admin, path, now } = await newOrganization()
  const admins = { domain: 'acme.com', role_id: 'stytch_admin' }
  assert.equal(
    (await admin.post(`${path}/roles/add`, { ...admins, domain: 'gmail.com' })).status,
    400,
  )
  assert.equal((await admin.post(`${path}/roles/add`, { ...admins, role_id: 'no' })).status, 400)
  await admin.post(`${path}/roles/add`, admins)
  await admin.post(`${path}/roles/add`, { ...admins, domain: 'acme.de' })
  assert.deepEqual((await now()).rbac_email_implicit_role_assignments, [
    admins,
    { ...admins, domain: 'acme.de' },
  ])
  await admin.post(`${path}/roles/remove`, admins)
  assert.deepEqual((await now()).rbac_email_implicit_role_assignments, [
    { ...admins, domain: 'acme.de' },
  ])
})
