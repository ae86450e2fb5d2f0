import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashToken } from '../db/secrets.ts'
import { addOrganization, samlFactor } from '../sessions/session.test-kit.ts'
import { newOrganization } from './member.test-kit.ts'

const alice = {
  email_address: 'alice@acme.example',
  external_id: 'a-1',
  mfa_phone_number: '+15551234567',
}

test('a deleted member keeps its row and loses every session', async () => {
  const { services, organization, create, remove, stored, ...calls } = await newOrganization()
  const { member_id, member } = (await create(alice)).body
  const bystander = (await create({ email_address: 'bob@acme.example' })).body.member_id
  for (const id of [member_id, member_id, bystander]) await calls.sessionOf(id)
  await services.db
    .insertInto('intermediate_sessions')
    .values({
      project_id: organization.project_id,
      organization_id: organization.organization_id,
      member_id,
      token_hash: hashToken(member_id),
      authentication_factors: '[]',
      created_at: new Date(),
      expires_at: new Date(Date.now() + 600_000),
    })
    .execute()
  const { status, body } = await remove(member_id)
  assert.deepEqual([status, body.member_id, body.member], [200, member_id, undefined])
  assert.equal(await calls.sessionsLeft(member_id), 0)
  assert.equal(await calls.sessionsLeft(bystander), 1)
  const left = await services.db
    .selectFrom('intermediate_sessions')
    .select('member_id')
    .where('member_id', '=', member_id)
    .execute()
  assert.deepEqual(left, [])
  const deleted = (await stored(member_id)).body.member
  assert.deepEqual({ ...deleted, updated_at: '' }, { ...member, status: 'deleted', updated_at: '' })
})

test('a member is deleted by its external id', async () => {
  const { create, remove } = await newOrganization()
  const { member_id } = (await create(alice)).body
  assert.equal((await remove('a-1')).body.member_id, member_id)
})

test('a deleted, unknown or foreign member cannot be deleted, nor a deleted one updated', async () => {
  const { create, remove, update } = await newOrganization()
  const { member_id } = (await create(alice)).body
  const foreign = await newOrganization()
  const stranger = (await foreign.create(alice)).body.member_id
  await remove(member_id)
  for (const { status, body } of [
    await remove(member_id),
    await remove('a-1'),
    await remove('nobody'),
    await remove(stranger),
    await update(member_id, { name: 'Alice' }),
    await update(stranger, { name: 'Alice' }),
  ])
    assert.deepEqual([status, body.error_type], [404, 'member_not_found'])
  assert.equal((await foreign.get({ member_id: stranger })).status, 200)
})

test("a deleted member's names are free for a new one", async () => {
  const { create, remove } = await newOrganization()
  const first = (await create(alice)).body.member_id
  await remove(first)
  const second = await create(alice)
  assert.equal(second.status, 200)
  assert.notEqual(second.body.member_id, first)
})

test('a member that was created again can be linked: registrations of the deleted one are gone', async () => {
  const { services, organization, create, remove, stored } = await newOrganization()
  const { member_id } = (await create(alice)).body
  await addRegistration(services, organization, member_id)
  await remove(member_id)
  assert.equal((await stored(member_id)).body.member.sso_registrations.length, 1)
  await create(alice)
  assert.deepEqual((await stored(member_id)).body.member.sso_registrations, [])
})

async function addRegistration(
  services: Awaited<ReturnType<typeof newOrganization>>['services'],
  organization: { project_id: string; organization_id: string },
  member_id: string,
) {
  const row = {
    project_id: organization.project_id,
    organization_id: organization.organization_id,
    connection_id: 'saml-connection-test-1',
    created_at: new Date(),
    updated_at: new Date(),
  }
  await services.db
    .insertInto('sso_connections')
    .values({ ...row, type: 'saml' })
    .execute()
  await services.db
    .insertInto('sso_registrations')
    .values({ ...row, member_id, subject: 'alice', external_id: 'alice', registration_id: 'r-1' })
    .execute()
}

test('a deleted member with a verified address is reactivated as it was', async () => {
  const { create, remove, reactivate, verifyAddress, get } = await newOrganization()
  const { member_id } = (await create(alice)).body
  await verifyAddress(member_id)
  const before = (await get({ member_id })).body.member
  await remove(member_id)
  const { status, body } = await reactivate(member_id)
  assert.equal(status, 200)
  assert.equal(body.member_id, member_id)
  assert.deepEqual({ ...body.member, updated_at: '' }, { ...before, updated_at: '' })
  assert.equal(body.member.status, 'active')
  assert.equal((await get({ email_address: alice.email_address })).status, 200)
})

test('what cannot be reactivated: a live, unknown or foreign member, or one by its external id', async () => {
  const { create, remove, reactivate, verifyAddress } = await newOrganization()
  const { member_id } = (await create(alice)).body
  await verifyAddress(member_id)
  const live = await reactivate(member_id)
  assert.deepEqual(
    [live.status, live.body.error_type],
    [400, 'no_deleted_member_found_for_reactivation'],
  )
  const foreign = await newOrganization()
  const stranger = (await foreign.create(alice)).body.member_id
  await foreign.remove(stranger)
  await remove(member_id)
  for (const reference of ['nobody', 'a-1', stranger]) {
    const { status, body } = await reactivate(reference)
    assert.deepEqual([status, body.error_type], [404, 'member_not_found'])
  }
})

test('a member whose address was never verified is not reactivated', async () => {
  const { create, remove, reactivate } = await newOrganization()
  const { member_id } = (await create(alice)).body
  await remove(member_id)
  const { status, body } = await reactivate(member_id)
  assert.deepEqual([status, body.error_type], [400, 'email_unverified_for_reactivation'])
})

const taken: [what: string, successor: Record<string, unknown>, error_type: string][] = [
  [
    'address',
    { email_address: alice.email_address },
    'reactivation_email_belongs_to_another_member',
  ],
  ['external id', { external_id: alice.external_id }, 'duplicate_member_external_id'],
  ['phone number', { mfa_phone_number: alice.mfa_phone_number }, 'duplicate_member_phone_number'],
]
for (const [what, successor, error_type] of taken)
  test(`a member whose ${what} another one has now is not reactivated`, async () => {
    const { create, remove, reactivate, verifyAddress, stored } = await newOrganization()
    const { member_id } = (await create(alice)).body
    await verifyAddress(member_id)
    await remove(member_id)
    await create({ email_address: 'bob@acme.example', ...successor })
    const { status, body } = await reactivate(member_id)
    assert.deepEqual([status, body.error_type], [400, error_type])
    assert.equal((await stored(member_id)).body.member.status, 'deleted')
  })

test('nor one whose address another has retired since, or whose domain was claimed', async () => {
  const { services, project, create, remove, update, reactivate, verifyAddress } =
    await newOrganization()
  const { member_id } = (await create(alice)).body
  await verifyAddress(member_id)
  await remove(member_id)
  const successor = (await create({ email_address: alice.email_address })).body.member_id
  await update(successor, { email_address: 'bob@acme.example' })
  const retired = await reactivate(member_id)
  assert.equal(retired.body.error_type, 'reactivation_email_belongs_to_another_member')
  await remove(successor)
  const claimant = await addOrganization(services, project.project_id)
  const claim = (claimed_email_domains: string[]) =>
    services.db
      .updateTable('organizations')
      .set({ claimed_email_domains })
      .where('organization_id', '=', claimant.organization_id)
      .execute()
  await claim(['acme.example'])
  const claimed = await reactivate(member_id)
  assert.equal(claimed.body.error_type, 'action_not_allowed_email_domain_is_claimed')
  await claim([])
  assert.equal((await reactivate(member_id)).status, 200)
})

test('a member session deletes its own member, others and reactivates only with the permission', async () => {
  const { create, remove, reactivate, verifyAddress, ...calls } = await newOrganization()
  const [first, second] = [
    (await create(alice)).body.member_id,
    (await create({ email_address: 'bob@acme.example' })).body.member_id,
  ]
  await verifyAddress(first)
  const own = await calls.sessionOf(first, [samlFactor('saml-connection-test-1')])
  const other = await remove(second, own)
  assert.deepEqual([other.status, other.body.error_type], [403, 'session_authorization_error'])
  assert.equal((await remove(first, own)).status, 200)
  const plain = await calls.sessionWith([])
  assert.equal((await reactivate(first, plain)).body.error_type, 'session_authorization_error')
  const admin = await calls.sessionWith(['stytch_admin'])
  assert.equal((await reactivate(first, admin)).status, 200)
  assert.equal((await remove(second, admin)).status, 200)
})
