import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call } from '../../tests/harness.ts'
import { app_url, Browser, newSetup, type Setup } from '../../tests/login.ts'
import { arrive, enter, lastFlow, membersOf, organizationCall, refuse } from './login.test-kit.ts'
import { type Answer, connectIdP, formats, respond } from './saml-idp.test-kit.ts'

async function newTenant(organization: Record<string, unknown> = {}) {
  const setup = await newSetup(organization)
  return { setup, saml: await connectIdP(setup.project, setup.organization_id) }
}

function person(email: string): Answer {
  return { name_id: email, attributes: { email, firstName: 'Ada', lastName: 'Lovelace' } }
}

function change(setup: Setup, settings: Record<string, unknown>) {
  return organizationCall(setup, 'PUT', '', settings)
}

test('ALL_ALLOWED: anybody of the identity provider becomes a member, sent to the signup URL first', async () => {
  const { setup, saml } = await newTenant({ email_allowed_domains: ['acme.test'] })
  const response = await arrive(setup, saml, person('eve@anywhere.test'))
  const location = new URL(response.headers.get('location')!)
  assert.equal(location.origin + location.pathname, app_url)
  assert.deepEqual(await membersOf(setup.project), []) // written when the token is redeemed
  const { member } = await enter(setup, saml, person('eve@anywhere.test'))
  assert.equal(member.status, 'active')
  assert.equal(member.name, 'Ada Lovelace')
  assert.equal(member.email_address_verified, true)
})

test('RESTRICTED: a listed connection, and a domain that is listed or an empty list', async () => {
  const { setup, saml } = await newTenant({ sso_jit_provisioning: 'RESTRICTED' })
  const unlisted = 'invalid_connection_for_jit_provisioning'
  assert.equal(await refuse(setup, saml, person('ada@acme.test')), unlisted)
  await change(setup, { sso_jit_provisioning_allowed_connections: [saml] })
  await enter(setup, saml, person('ada@anywhere.test'))
  await change(setup, { email_allowed_domains: ['acme.test'] })
  await enter(setup, saml, person('ada@acme.test'))
  const foreign = 'invalid_email_for_jit_provisioning'
  assert.equal(await refuse(setup, saml, person('eve@elsewhere.test')), foreign)
  assert.equal(await refuse(setup, saml, person('eve@sub.acme.test')), foreign)
})

test('NOT_ALLOWED: nobody becomes a member by signing in, and members still get in', async () => {
  const { setup, saml } = await newTenant({
    sso_jit_provisioning: 'NOT_ALLOWED',
    email_invites: 'ALL_ALLOWED',
  })
  const refused = 'invalid_connection_for_jit_provisioning'
  assert.equal(await refuse(setup, saml, person('ada@acme.test')), refused)
  const flow = await lastFlow(setup.project)
  assert.deepEqual([flow.state, flow.error_type, flow.token_hash], ['failed', refused, null])
  const check = flow.checks.at(-1)
  assert.deepEqual(
    [check?.name, check?.verdict, check?.fix?.who],
    ['jit_provisioning', 'fail', 'developer'],
  )
  await organizationCall(setup, 'POST', '/members', { email_address: 'ada@acme.test' })
  await enter(setup, saml, person('ada@acme.test'))
})

test('nobody becomes a member with an address of a domain that another organization claims', async () => {
  const { setup, saml } = await newTenant()
  await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Claims',
    claimed_email_domains: ['claimed.test'],
  })
  const refused = 'action_not_allowed_email_domain_is_claimed'
  assert.equal(await refuse(setup, saml, person('eve@claimed.test')), refused)
  await enter(setup, saml, person('eve@free.test'))
})

test('where auth_methods exclude SSO nobody gets in but break-glass members', async () => {
  const { setup, saml } = await newTenant()
  const known = await enter(setup, saml, person('ada@acme.test'))
  const emergency = { email_address: 'root@acme.test', is_breakglass: true }
  await organizationCall(setup, 'POST', '/members', emergency)
  await change(setup, { auth_methods: 'RESTRICTED', allowed_auth_methods: ['password'] })
  const refused = 'operation_restricted_by_organization_auth_methods'
  assert.equal(await refuse(setup, saml, person('ada@acme.test')), refused)
  assert.equal(await refuse(setup, saml, person('new@acme.test')), refused)
  await enter(setup, saml, person('root@acme.test')) // linked
  await enter(setup, saml, person('root@acme.test')) // known
  await change(setup, { allowed_auth_methods: ['password', 'sso'] })
  assert.equal((await enter(setup, saml, person('ada@acme.test'))).member_id, known.member_id)
})

test('a transient NameID is nobody’s name: the e-mail address is, and the trace says so', async () => {
  const { setup, saml } = await newTenant()
  const transient = { ...person('ada@acme.test'), format: formats.transient }
  const first = await enter(setup, saml, { ...transient, name_id: '_a' })
  const again = await enter(setup, saml, { ...transient, name_id: '_b' })
  assert.equal(again.member_id, first.member_id)
  assert.equal(again.member.sso_registrations.length, 1)
  assert.equal(again.member.sso_registrations[0].external_id, '_b')
  const { checks } = await lastFlow(setup.project)
  const subject = checks.find((check) => check.name === 'subject')
  assert.match(subject?.expected ?? '', /because the NameID is transient/)
  assert.equal(subject?.actual, 'ada@acme.test')
})

test('without a mapped identifier the NameID names the person, whatever the address', async () => {
  const { setup, saml } = await newTenant()
  const named = (email: string) => ({
    ...person(email),
    name_id: 'u-17',
    format: formats.persistent,
  })
  const first = await enter(setup, saml, named('ada@acme.test'))
  const again = await enter(setup, saml, named('ada.king@acme.test'))
  assert.equal(again.member_id, first.member_id)
  assert.equal(again.member.sso_registrations[0].external_id, 'u-17')
})

test('two organizations with one identity provider, entity id and certificate never cross', async () => {
  const { setup, saml } = await newTenant()
  const created = await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Other',
    organization_slug: 'other',
  })
  const { organization_id } = created.body.organization
  const other = await connectIdP(setup.project, organization_id)
  const ada = await enter(setup, saml, person('ada@acme.test'))
  const twin = await enter({ ...setup, organization_id }, other, person('ada@acme.test'))
  assert.notEqual(twin.member_id, ada.member_id)
  assert.equal(twin.organization_id, organization_id)
  assert.deepEqual(twin.member.sso_registrations.length, 1)

  const browser = new Browser()
  const submission = respond(saml, await browser.start(setup, saml), person('ada@acme.test'))
  const crossed = { ...submission, action: submission.action.replace(saml, other) }
  const response = await browser.submit(crossed, { accept: 'application/json' })
  assert.equal(response.status, 400)
  assert.equal((await browser.submit(submission)).status, 303)
})
