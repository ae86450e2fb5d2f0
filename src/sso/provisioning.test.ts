import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import {
  countRows,
  enter,
  lastFlow,
  membersOf,
  organizationCall,
  redeem,
  refuse,
} from './login.test-kit.ts'
import { newProvider, type Said } from './oidc-provider.test-kit.ts'
import { type Answer, connectIdP, mapping } from './saml-idp.test-kit.ts'

/** An organization with a connection that maps the identifier of the person. */
async function newTenant(organization: Record<string, unknown> = {}) {
  const setup = await newSetup(organization)
  const connect = () =>
    connectIdP(setup.project, setup.organization_id, {
      attribute_mapping: { ...mapping, idp_user_id: 'id' },
    })
  return { setup, saml: await connect(), connect }
}

function person(id: string, email: string): Answer {
  return { attributes: { id, email, firstName: 'Ada', lastName: 'Lovelace' } }
}

async function createMember(setup: Setup, email_address: string, more = {}) {
  const body = await organizationCall(setup, 'POST', '/members', { email_address, ...more })
  return body.member
}

async function checkNamed(setup: Setup, name: string) {
  const { checks } = await lastFlow(setup.project)
  return checks.findLast((check) => check.name === name)
}

test('a known person is the same member, whatever else changed', async () => {
  const { setup, saml } = await newTenant()
  const first = await enter(setup, saml, person('1', 'ada@acme.test'))
  const again = await enter(setup, saml, { ...person('1', 'ada@acme.test'), name_id: 'other' })
  assert.equal(again.member_id, first.member_id)
  assert.equal(again.member.sso_registrations.length, 1)
  assert.equal(again.member.sso_registrations[0].external_id, 'other')
  assert.equal((await membersOf(setup.project)).length, 1)
})

test('an address that changed at the identity provider becomes the member’s, the old one is retired', async () => {
  const { setup, saml } = await newTenant()
  const first = await enter(setup, saml, person('1', 'ada@acme.test'))
  const { member } = await enter(setup, saml, person('1', 'ada.king@acme.test'))
  assert.equal(member.member_id, first.member_id)
  assert.equal(member.email_address, 'ada.king@acme.test')
  assert.equal(member.email_address_verified, true)
  const retired = member.retired_email_addresses.map(
    (each: { email_address: string }) => each.email_address,
  )
  assert.deepEqual(retired, ['ada@acme.test'])
  assert.equal(await refuse(setup, saml, person('2', 'ada@acme.test')), 'retired_member_email')
  const back = await enter(setup, saml, person('1', 'ada@acme.test'))
  assert.equal(back.member.email_address, 'ada@acme.test')
  assert.equal(back.member.retired_email_addresses[0].email_address, 'ada.king@acme.test')
})

test('a changed address that another member has is not taken: the login goes on with the old one', async () => {
  const { setup, saml } = await newTenant()
  await enter(setup, saml, person('1', 'ada@acme.test'))
  await createMember(setup, 'grace@acme.test')
  const { member } = await enter(setup, saml, person('1', 'grace@acme.test'))
  assert.equal(member.email_address, 'ada@acme.test')
  const check = await checkNamed(setup, 'email_change')
  assert.equal(check?.verdict, 'skip')
  assert.match(check?.actual ?? '', /another member has grace@acme.test/)
})

test('a changed address that another member has retired, or another organization claims, is not taken', async () => {
  const { setup, saml } = await newTenant()
  await enter(setup, saml, person('1', 'ada@acme.test'))
  await enter(setup, saml, person('2', 'grace@acme.test'))
  await enter(setup, saml, person('2', 'grace.h@acme.test'))
  const retired = await enter(setup, saml, person('1', 'grace@acme.test'))
  assert.equal(retired.member.email_address, 'ada@acme.test')
  await claimElsewhere(setup, 'claimed.test')
  const claimed = await enter(setup, saml, person('1', 'ada@claimed.test'))
  assert.equal(claimed.member.email_address, 'ada@acme.test')
  assert.match((await checkNamed(setup, 'email_change'))?.actual ?? '', /claims the domain/)
})

async function claimElsewhere(setup: Setup, domain: string) {
  const { status } = await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Claims',
    claimed_email_domains: [domain],
  })
  assert.equal(status, 200)
}

test('a member with the same address is linked; a second person with that address is refused', async () => {
  const { setup, saml } = await newTenant()
  const { member_id } = await createMember(setup, 'Ada@ACME.test')
  const linked = await enter(setup, saml, person('1', 'ADA@acme.test'))
  assert.equal(linked.member_id, member_id)
  assert.equal(linked.member.email_address_verified, true)
  assert.equal(await refuse(setup, saml, person('2', 'ada@acme.test')), 'duplicate_member_email')
  assert.equal((await checkNamed(setup, 'member'))?.fix?.who, 'it_admin')
})

test('a member whom another connection knows is linked only where the domain is the organization’s', async () => {
  const { setup, saml, connect } = await newTenant({ email_allowed_domains: ['acme.test'] })
  const partner = await connect()
  await createMember(setup, 'eve@partner.test')
  await enter(setup, saml, person('1', 'eve@partner.test')) // a contractor made by API gets in
  const refused = await refuse(setup, partner, person('1', 'eve@partner.test'))
  assert.equal(refused, 'invalid_email_for_jit_provisioning')
  const ada = await enter(setup, saml, person('2', 'ada@acme.test'))
  const same = await enter(setup, partner, person('2', 'ada@acme.test'))
  assert.equal(same.member_id, ada.member_id)
  assert.equal(same.member.sso_registrations.length, 2)
})

test('with an empty list of domains a member of any connection is linked', async () => {
  const { setup, saml, connect } = await newTenant()
  const partner = await connect()
  const ada = await enter(setup, saml, person('1', 'ada@any.test'))
  assert.equal((await enter(setup, partner, person('1', 'ada@any.test'))).member_id, ada.member_id)
})

test('a deleted member is refused, until reactivated', async () => {
  const { setup, saml } = await newTenant()
  const { member_id } = await enter(setup, saml, person('1', 'ada@acme.test'))
  await organizationCall(setup, 'DELETE', `/members/${member_id}`)
  const refused = 'action_available_only_for_active_members'
  assert.equal(await refuse(setup, saml, person('1', 'ada@acme.test')), refused)
  assert.equal(await refuse(setup, saml, person('2', 'ada@acme.test')), refused)
  assert.equal(await refuse(setup, saml, person('1', 'ada.new@acme.test')), refused)
  await organizationCall(setup, 'PUT', `/members/${member_id}/reactivate`)
  assert.equal((await enter(setup, saml, person('1', 'ada@acme.test'))).member_id, member_id)
})

test('a deleted member that is created again by API is the new member at the next login', async () => {
  const { setup, saml } = await newTenant()
  const old = await enter(setup, saml, person('1', 'ada@acme.test'))
  await organizationCall(setup, 'DELETE', `/members/${old.member_id}`)
  const { member_id } = await createMember(setup, 'ada@acme.test')
  assert.equal((await enter(setup, saml, person('1', 'ada@acme.test'))).member_id, member_id)
  assert.equal((await enter(setup, saml, person('1', 'ada@acme.test'))).member_id, member_id)
})

test('pending and invited members become active', async () => {
  const { setup, saml } = await newTenant()
  const pending = await createMember(setup, 'ada@acme.test', { create_member_as_pending: true })
  assert.equal(pending.status, 'pending')
  const entered = await enter(setup, saml, person('1', 'ada@acme.test'))
  assert.deepEqual([entered.member_id, entered.member.status], [pending.member_id, 'active'])
  const { services } = await server()
  const invited = await createMember(setup, 'grace@acme.test', { create_member_as_pending: true })
  await services.db
    .updateTable('members')
    .set({ status: 'invited' })
    .where('member_id', '=', invited.member_id)
    .execute()
  const joined = await enter(setup, saml, person('2', 'grace@acme.test'))
  assert.deepEqual([joined.member_id, joined.member.status], [invited.member_id, 'active'])
})

test('an unverified address never links, creates or changes, but a known person gets in', async () => {
  const setup = await newSetup()
  const provider = newProvider()
  for (const mapped of [{}, { email: 'email' }]) {
    const oidc = await provider.connect(setup.project, setup.organization_id, {
      attribute_mapping: mapped,
    })
    const sub = `${oidc}-ada`
    const email = `${Object.keys(mapped).length}@acme.test`
    const login = async (claims: Said['claims'] = {}) => {
      const browser = new Browser()
      const said = { claims: { sub, email, ...claims } }
      return browser.submit(provider.answer(await browser.start(setup, oidc), said))
    }
    const unverified = { email_verified: false }
    const before = await countRows(setup.project)
    assert.equal((await login(unverified)).status, 400)
    const { member_id } = await createMember(setup, email)
    assert.equal((await login({ email_verified: 'false' })).status, 400)
    assert.deepEqual(await countRows(setup.project), { ...before, members: before.members! + 1 })
    const linked = await redeem(setup, await login())
    assert.equal(linked.body.member_id, member_id)
    const again = await redeem(setup, await login({ ...unverified, email: `new-${email}` }))
    assert.equal(again.body.member_id, member_id)
    assert.equal(again.body.member.email_address, email)
    assert.match((await checkNamed(setup, 'email_change'))?.actual ?? '', /not verified/)
  }
})

test('a login with an unverified address does not verify the address of a known person', async () => {
  const setup = await newSetup()
  const provider = newProvider()
  const oidc = await provider.connect(setup.project, setup.organization_id)
  const login = async (claims: Said['claims'] = {}) => {
    const browser = new Browser()
    const answer = provider.answer(await browser.start(setup, oidc), { claims })
    return (await redeem(setup, await browser.submit(answer))).body.member
  }
  const member = await login()
  const { services } = await server()
  await services.db
    .updateTable('members')
    .set({ email_address_verified: false })
    .where('member_id', '=', member.member_id)
    .execute()
  assert.equal((await login({ email_verified: false })).email_address_verified, false)
  assert.equal((await login()).email_address_verified, true)
})
