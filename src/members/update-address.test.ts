import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addOrganization } from '../sessions/session.test-kit.ts'
import { newOrganization } from './member.test-kit.ts'

const first = 'alice@acme.example'
const second = 'alice.b@acme.example'

async function newMember() {
  const calls = await newOrganization()
  const { member_id } = (await calls.create({ email_address: first })).body
  await calls.verifyAddress(member_id)
  return { ...calls, member_id }
}

test('a new address must be verified anew, and the old one is retired', async () => {
  const { member_id, update } = await newMember()
  const { status, body } = await update(member_id, { email_address: 'Alice.B@Acme.Example' })
  assert.equal(status, 200)
  assert.equal(body.member.email_address, second)
  assert.equal(body.member.email_address_verified, false)
  const [retired, ...more] = body.member.retired_email_addresses
  assert.deepEqual(more, [])
  assert.equal(retired.email_address, first)
  assert.match(retired.email_id, /^email-test-/)
})

test('the same address in another spelling changes nothing', async () => {
  const { member_id, update } = await newMember()
  const { member } = (await update(member_id, { email_address: ' ALICE@acme.example' })).body
  assert.equal(member.email_address_verified, true)
  assert.deepEqual(member.retired_email_addresses, [])
})

test('a retired address is refused to every other member, as long as its member lives', async () => {
  const { member_id, update, create, remove } = await newMember()
  await update(member_id, { email_address: second })
  const created = await create({ email_address: first })
  assert.deepEqual([created.status, created.body.error_type], [400, 'retired_member_email'])
  const bob = (await create({ email_address: 'bob@acme.example' })).body.member_id
  const updated = await update(bob, { email_address: first })
  assert.deepEqual([updated.status, updated.body.error_type], [400, 'retired_member_email'])
  await remove(member_id)
  assert.equal((await update(bob, { email_address: first })).status, 200)
})

test('a member may return to an address that it retired', async () => {
  const { member_id, update } = await newMember()
  await update(member_id, { email_address: second })
  const { member } = (await update(member_id, { email_address: first })).body
  assert.equal(member.email_address, first)
  assert.deepEqual(
    member.retired_email_addresses.map((each: { email_address: string }) => each.email_address),
    [second],
  )
})

test('with unlink_email the old address is free at once', async () => {
  const { member_id, update, create } = await newMember()
  const { member } = (await update(member_id, { email_address: second, unlink_email: true })).body
  assert.deepEqual(member.retired_email_addresses, [])
  assert.equal((await create({ email_address: first })).status, 200)
})

test('a domain that another organization claims is refused', async () => {
  const { services, project, member_id, update, get } = await newMember()
  const claimant = await addOrganization(services, project.project_id)
  await services.db
    .updateTable('organizations')
    .set({ claimed_email_domains: ['claimed.example'] })
    .where('organization_id', '=', claimant.organization_id)
    .execute()
  const { status, body } = await update(member_id, { email_address: 'alice@claimed.example' })
  assert.deepEqual([status, body.error_type], [400, 'action_not_allowed_email_domain_is_claimed'])
  const { member } = (await get({ member_id })).body
  assert.deepEqual([member.email_address, member.retired_email_addresses], [first, []])
})

test('an address that is just being given up goes to nobody else, however close the race', async () => {
  for (let round = 0; round < 20; round++) {
    const { member_id, update, create } = await newMember()
    const [moved, created] = await Promise.all([
      update(member_id, { email_address: second }),
      create({ email_address: first }),
    ])
    assert.equal(moved.status, 200)
    assert.match(created.body.error_type, /^(duplicate_member_email|retired_member_email)$/)
  }
})
