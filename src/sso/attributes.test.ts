import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { enter, lastFlow, organizationCall, redeem, refuse } from './login.test-kit.ts'
import { newProvider } from './oidc-provider.test-kit.ts'
import { connectIdP, mapping } from './saml-idp.test-kit.ts'

const email = 'ada@acme.test'

async function newTenant(changes: Record<string, unknown> = {}, extra = {}) {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id, {
    attribute_mapping: { ...mapping, groups: 'groups', ...extra },
    ...changes,
  })
  return { setup, saml }
}

async function enterOIDC(setup: Setup, attribute_mapping: object, claims: Record<string, unknown>) {
  const provider = newProvider()
  const oidc = await provider.connect(setup.project, setup.organization_id, { attribute_mapping })
  const browser = new Browser()
  const answer = provider.answer(await browser.start(setup, oidc), { claims })
  const { body } = await redeem(setup, await browser.submit(answer))
  return body.member
}

test('the registration keeps what the identity provider sent: lists of text, elements of one name added up', async () => {
  const { setup, saml } = await newTenant()
  const { member } = await enter(setup, saml, {
    name_id: 'ada-1',
    attributes: [
      ['email', [email]],
      ['groups', ['a', 'b']],
      ['groups', ['c', 'a']],
      ['unmapped', ['x']],
    ],
  })
  const [registration] = member.sso_registrations
  assert.match(registration.registration_id, /^saml-member-registration-test-/)
  assert.equal(registration.connection_id, saml)
  assert.equal(registration.external_id, 'ada-1')
  assert.deepEqual(registration.sso_attributes, {
    email: [email],
    groups: ['a', 'b', 'c', 'a'],
    unmapped: ['x'],
  })
})

test('the name is the full name, or first and last; a name that a member has is left alone', async () => {
  const { setup, saml } = await newTenant({
    attribute_mapping: { email: 'email', full_name: 'displayName' },
  })
  const named = await enter(setup, saml, { attributes: { email, displayName: ' Ada King ' } })
  assert.equal(named.member.name, 'Ada King')
  const again = await enter(setup, saml, { attributes: { email, displayName: 'Other' } })
  assert.equal(again.member.name, 'Ada King')
  const parts = await connectIdP(setup.project, setup.organization_id)
  const attributes = { email: 'b@acme.test', lastName: 'Babbage' }
  assert.equal((await enter(setup, parts, { name_id: 'b', attributes })).member.name, 'Babbage')
  const nameless = { name_id: 'c', attributes: { email: 'c@acme.test' } }
  assert.equal((await enter(setup, parts, nameless)).member.name, '')
  const made = { email_address: 'd@acme.test' }
  await organizationCall(setup, 'POST', '/members', made)
  const filled = { name_id: 'd', attributes: { email: 'd@acme.test', firstName: 'Dee' } }
  assert.equal((await enter(setup, parts, filled)).member.name, 'Dee')
})

test('the e-mail address may be the NameID', async () => {
  const { setup, saml } = await newTenant({ attribute_mapping: { ...mapping, email: 'NameID' } })
  const { member } = await enter(setup, saml, { name_id: ' Ada@Acme.TEST ', attributes: {} })
  assert.equal(member.email_address, email)
})

test('mapped keys go to trusted metadata at each login, over what is there, and are never removed', async () => {
  const { setup, saml } = await newTenant(
    {},
    { department: 'dept', teams: 'teams', login: 'NameID' },
  )
  await organizationCall(setup, 'POST', '/members', {
    email_address: email,
    trusted_metadata: { own: { kept: true }, department: 'old' },
  })
  const attributes = { email, dept: 'Engines', teams: ['a', 'b'] }
  const first = await enter(setup, saml, { name_id: 'ada-1', attributes })
  const expected = { own: { kept: true }, department: 'Engines', teams: ['a', 'b'], login: 'ada-1' }
  assert.deepEqual(first.member.trusted_metadata, expected)
  const again = await enter(setup, saml, { name_id: 'ada-1', attributes: { email, teams: 'c' } })
  assert.deepEqual(again.member.trusted_metadata, { ...expected, teams: 'c' })
})

test('what does not fit into metadata is left out and noted; the login goes on', async () => {
  const { setup, saml } = await newTenant({}, { small: 'small', large: 'large' })
  const attributes = { email, small: 'x', large: 'y'.repeat(5_000) }
  const { member } = await enter(setup, saml, { attributes })
  assert.deepEqual(member.trusted_metadata, { small: 'x' })
  const { checks } = await lastFlow(setup.project)
  const noted = checks.find((check) => check.name === 'trusted_metadata')
  assert.match(noted?.actual ?? '', /^large is left out/)
})

test('roles come from the connection and from groups, in the member and in the session', async () => {
  const { setup, saml } = await newTenant({
    saml_group_implicit_role_assignments: [{ group: 'admins', role_id: 'stytch_admin' }],
  })
  const login = (groups: string[]) => enter(setup, saml, { attributes: { email, groups } })
  const admin = await login(['users', 'admins'])
  const role = (body: typeof admin) =>
    body.member.roles.find((each: { role_id: string }) => each.role_id === 'stytch_admin')
  assert.deepEqual(role(admin).sources, [
    { type: 'sso_connection_group', details: { connection_id: saml, group: 'admins' } },
  ])
  assert.ok(admin.member_session.roles.includes('stytch_admin'))
  assert.equal(admin.member.is_admin, true)
  const user = await login(['users'])
  assert.equal(role(user), undefined)
  assert.deepEqual(user.member_session.roles, ['stytch_member'])
  await call(
    setup.project,
    'PUT',
    `/v1/b2b/sso/saml/${setup.organization_id}/connections/${saml}`,
    {
      saml_connection_implicit_role_assignments: [{ role_id: 'stytch_admin' }],
    },
  )
  const all = await login([])
  assert.deepEqual(role(all).sources, [
    { type: 'sso_connection', details: { connection_id: saml } },
  ])
  assert.ok(all.member_session.roles.includes('stytch_admin'))
})

test('over OIDC claims are mapped too: names, groups, metadata, identifier, another claim as address', async () => {
  const setup = await newSetup()
  const mapped = {
    email: 'upn',
    idp_user_id: 'oid',
    groups: 'groups',
    level: 'level',
    full_name: 'display',
  }
  const member = await enterOIDC(setup, mapped, {
    upn: 'Ada.King@acme.test',
    oid: 'oid-1',
    groups: ['a', 7],
    level: 3,
    display: 'Ada King',
    // As Entra ID, which has neither unless it is told to.
    email: undefined,
    name: undefined,
  })
  assert.equal(member.email_address, 'ada.king@acme.test')
  assert.equal(member.name, 'Ada King')
  assert.deepEqual(member.trusted_metadata, { level: '3' })
  const [registration] = member.sso_registrations
  assert.match(registration.registration_id, /^oidc-member-registration-test-/)
  assert.equal(registration.external_id, 'ada-1')
  assert.equal(registration.sso_attributes.oid, 'oid-1')
})

test('over OIDC a claim that is no text refuses where it is mapped, and does no harm elsewhere', async () => {
  const setup = await newSetup()
  const claims = { address: { locality: 'London' } }
  const member = await enterOIDC(setup, { groups: 'groups' }, claims)
  assert.equal(member.email_address, email)
  for (const key of ['email', 'full_name', 'idp_user_id', 'department']) {
    const provider = newProvider()
    const attribute_mapping = { [key]: 'address' }
    const oidc = await provider.connect(setup.project, setup.organization_id, { attribute_mapping })
    const browser = new Browser()
    const answer = provider.answer(await browser.start(setup, oidc), { claims })
    assert.equal((await browser.submit(answer)).status, 400)
    const { checks, state } = await lastFlow(setup.project)
    assert.deepEqual([checks.at(-1)?.name, state], [`attribute_${key}`, 'failed'])
  }
})

test('over OIDC a number of more digits than a program keeps identifies nobody', async () => {
  const setup = await newSetup()
  const provider = newProvider()
  const oidc = await provider.connect(setup.project, setup.organization_id, {
    attribute_mapping: { idp_user_id: 'uid' },
  })
  const enter = async (uid: number | string, sub: string) => {
    const browser = new Browser()
    const claims = { uid, sub, email: `${sub}@acme.test` }
    return browser.submit(provider.answer(await browser.start(setup, oidc), { claims }))
  }
  // As JSON numbers, 2^53 and 2^53 + 1 are one.
  assert.equal((await enter(2 ** 53, 'ada')).status, 400)
  assert.equal((await lastFlow(setup.project)).checks.at(-1)?.name, 'attribute_idp_user_id')
  assert.equal((await enter('9007199254740993', 'grace')).status, 303)
  assert.equal((await enter(2 ** 53 - 1, 'joan')).status, 303)
})

test('long values of any script are shortened in the trace, and stored whole', async () => {
  const { setup, saml } = await newTenant()
  for (const groups of ['\u{1f511}'.repeat(500), `x${'\u{1f511}'.repeat(500)}`]) {
    const { member } = await enter(setup, saml, { attributes: { email, groups } })
    assert.deepEqual(member.sso_registrations[0].sso_attributes.groups, [groups])
  }
  const odd = `x${'\u{1f511}'.repeat(400)}`
  const named = { name_id: odd, attributes: { email: odd } }
  assert.equal(await refuse(setup, saml, named), 'invalid_saml_response_email')
})

test('an attribute with a name that JavaScript has a meaning for is one like others', async () => {
  const { setup, saml } = await newTenant()
  const attributes: [string, string[]][] = [
    ['email', [email]],
    ['__proto__', ['x']],
    ['constructor', ['y']],
  ]
  const { member } = await enter(setup, saml, { attributes })
  const { sso_attributes } = member.sso_registrations[0]
  assert.equal(Object.getPrototypeOf(sso_attributes), Object.prototype)
  assert.deepEqual(sso_attributes.constructor, ['y'])
  assert.deepEqual(sso_attributes.email, [email])
})

test('Microsoft Entra ID sends a link where a person has many groups: refused, not without roles', async () => {
  const groups = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups'
  const { setup, saml } = await newTenant({ attribute_mapping: { ...mapping, groups } })
  const link = 'http://schemas.microsoft.com/claims/groups.link'
  const error_type = await refuse(setup, saml, { attributes: { email, [link]: 'https://graph' } })
  assert.equal(error_type, 'invalid_saml_response_groups')
})
