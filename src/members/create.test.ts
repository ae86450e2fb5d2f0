import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject } from '../../tests/harness.ts'
import { addOrganization } from '../sessions/session.test-kit.ts'
import { newOrganization } from './member.test-kit.ts'

test('a member is created active, with every field that was given', async () => {
  const { organization, create } = await newOrganization()
  const answer = await create({
    email_address: ' Alice@Acme.Example ',
    name: 'Alice',
    trusted_metadata: { plan: 'pro', nothing: null },
    untrusted_metadata: { theme: 'dark' },
    is_breakglass: true,
    mfa_phone_number: '+15551234567',
    mfa_enrolled: true,
    roles: ['stytch_admin', 'stytch_admin'],
    external_id: 'crm|42',
    unknown_field: 1,
  })
  assert.equal(answer.status, 200)
  const { member, member_id } = answer.body
  assert.match(member_id, /^member-test-[0-9a-f-]{36}$/)
  assert.match(member.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.equal(answer.body.organization.organization_id, organization.organization_id)
  assert.deepEqual(member, {
    organization_id: organization.organization_id,
    member_id,
    email_address: 'alice@acme.example',
    status: 'active',
    name: 'Alice',
    sso_registrations: [],
    is_breakglass: true,
    member_password_id: '',
    oauth_registrations: [],
    email_address_verified: false,
    mfa_phone_number_verified: false,
    is_admin: true,
    totp_registration_id: '',
    retired_email_addresses: [],
    is_locked: false,
    mfa_enrolled: true,
    mfa_phone_number: '+15551234567',
    default_mfa_method: '',
    roles: [
      { role_id: 'stytch_member', sources: [{ type: 'direct_assignment' }] },
      { role_id: 'stytch_admin', sources: [{ type: 'direct_assignment' }] },
    ],
    trusted_metadata: { plan: 'pro' },
    untrusted_metadata: { theme: 'dark' },
    created_at: member.created_at,
    updated_at: member.created_at,
    external_id: 'crm|42',
  })
})

test('an address alone makes a member, and null is as good as not given', async () => {
  const { create } = await newOrganization()
  const { body } = await create({
    email_address: 'bob@acme.example',
    name: null,
    roles: null,
    trusted_metadata: null,
    is_breakglass: null,
    external_id: null,
  })
  assert.equal(body.member.status, 'active')
  assert.equal(body.member.name, '')
  assert.equal(body.member.external_id, null)
  assert.equal(body.member.is_admin, false)
})

test('create_member_as_pending makes a pending member', async () => {
  const { create } = await newOrganization()
  const { body } = await create({
    email_address: 'bob@acme.example',
    create_member_as_pending: true,
  })
  assert.equal(body.member.status, 'pending')
})

test('the organization may be named by its slug and its external id', async () => {
  const { project, organization } = await newOrganization()
  for (const reference of [organization.organization_slug, organization.organization_external_id]) {
    const answer = await call(project, 'POST', `/v1/b2b/organizations/${reference}/members`, {
      email_address: `${reference}@acme.example`,
    })
    assert.equal(answer.body.organization.organization_id, organization.organization_id)
  }
})

const alice = {
  email_address: 'alice@acme.example',
  external_id: 'a-1',
  mfa_phone_number: '+15551234567',
}
const bob = { email_address: 'bob@acme.example' }
const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]))

const refused: [why: string, body: unknown, error_type: string][] = [
  ['no address', { name: 'Bob' }, 'bad_request'],
  ['something that is no address', { email_address: 'bob' }, 'invalid_email'],
  ['an empty address', { email_address: '' }, 'invalid_email'],
  ['an address of another type', { email_address: ['bob@acme.example'] }, 'bad_request'],
  [
    'an address that a member has',
    { email_address: 'ALICE@acme.example' },
    'duplicate_member_email',
  ],
  [
    'an external id that a member has',
    { ...bob, external_id: 'a-1' },
    'duplicate_member_external_id',
  ],
  ['an external id with a slash', { ...bob, external_id: 'a/1' }, 'bad_request'],
  ['an empty external id', { ...bob, external_id: '' }, 'bad_request'],
  ['an external id of 129', { ...bob, external_id: 'a'.repeat(129) }, 'bad_request'],
  ['an external id like an id', { ...bob, external_id: 'member-test-1' }, 'bad_request'],
  ['a phone number without +', { ...bob, mfa_phone_number: '5551234567' }, 'invalid_phone_number'],
  ['a phone number in words', { ...bob, mfa_phone_number: '+1 555 123' }, 'invalid_phone_number'],
  [
    'a phone number that a member has',
    { ...bob, mfa_phone_number: '+15551234567' },
    'duplicate_member_phone_number',
  ],
  ['a role that does not exist', { ...bob, roles: ['owner'] }, 'invalid_role'],
  [
    'the role of every member',
    { ...bob, roles: ['stytch_member'] },
    'cannot_assign_default_rbac_role_id',
  ],
  ['a text for roles', { ...bob, roles: 'stytch_admin' }, 'bad_request'],
  ['a text for a boolean', { ...bob, is_breakglass: 'true' }, 'bad_request'],
  ['a name of 1,025', { ...bob, name: 'x'.repeat(1_025) }, 'bad_request'],
  ['metadata that is a list', { ...bob, trusted_metadata: [] }, 'metadata_invalid_format'],
  ['metadata of 21 keys', { ...bob, trusted_metadata: keys(21) }, 'metadata_too_many_keys'],
  [
    'metadata over 4 KB',
    { ...bob, untrusted_metadata: { x: 'x'.repeat(4_096) } },
    'metadata_too_large',
  ],
]

test('what is refused, and that nothing was written then', async () => {
  const { project, organization, create } = await newOrganization()
  assert.equal((await create(alice)).status, 200)
  for (const [why, body, error_type] of refused) {
    const answer = await create(body)
    assert.equal(answer.body.error_type, error_type, why)
    assert.equal(answer.status, 400, why)
  }
  const found = await call(project, 'POST', '/v1/b2b/organizations/members/search', {
    organization_ids: [organization.organization_id],
  })
  assert.equal(found.body.results_metadata.total, 1)
})

test('an unknown organization, and that of another project, is not found', async () => {
  const { project, path } = await newOrganization()
  const answer = await call(project, 'POST', '/v1/b2b/organizations/nobody/members', bob)
  assert.deepEqual([answer.status, answer.body.error_type], [404, 'organization_not_found'])
  const other = await call(await newProject(), 'POST', path, bob)
  assert.deepEqual([other.status, other.body.error_type], [404, 'organization_not_found'])
})

test('one address may be a member of two organizations', async () => {
  const { services, project, create } = await newOrganization()
  const second = await addOrganization(services, project.project_id)
  assert.equal((await create(alice)).status, 200)
  const path = `/v1/b2b/organizations/${second.organization_id}/members`
  assert.equal((await call(project, 'POST', path, alice)).status, 200)
})

test('a domain that another organization claims is refused', async () => {
  const { services, project, create } = await newOrganization()
  const claimant = await addOrganization(services, project.project_id)
  await services.db
    .updateTable('organizations')
    .set({ claimed_email_domains: ['acme.example'] })
    .where('organization_id', '=', claimant.organization_id)
    .execute()
  const answer = await create(alice)
  assert.equal(answer.body.error_type, 'action_not_allowed_email_domain_is_claimed')
  const path = `/v1/b2b/organizations/${claimant.organization_id}/members`
  assert.equal((await call(project, 'POST', path, alice)).status, 200)
})

test('of twenty that create one address at once, one succeeds and the others are told why', async () => {
  const { create } = await newOrganization()
  const answers = await Promise.all(Array.from({ length: 20 }, () => create(alice)))
  assert.equal(answers.filter((answer) => answer.status === 200).length, 1)
  const others = answers.filter((answer) => answer.status !== 200)
  for (const { status, body } of others) {
    assert.equal(status, 400)
    assert.match(body.error_type, /^duplicate_member_(email|external_id|phone_number)$/)
  }
})

test('an organization that is deleted at the same moment is not found', async () => {
  for (let round = 0; round < 10; round++) {
    const { project, base, create } = await newOrganization()
    const [deleted, ...created] = await Promise.all([
      call(project, 'DELETE', base),
      ...[1, 2, 3, 4, 5, 6].map((n) => create({ email_address: `m${n}@acme.example` })),
    ])
    assert.equal(deleted?.status, 200)
    for (const { status, body } of created)
      if (status !== 200) assert.equal(body.error_type, 'organization_not_found')
  }
})

test('a member session needs the permission, and sets no trusted_metadata', async () => {
  const { create, sessionWith } = await newOrganization()
  const plain = await create(alice, await sessionWith([]))
  assert.deepEqual([plain.status, plain.body.error_type], [403, 'session_authorization_error'])
  const admin = await sessionWith(['stytch_admin'])
  const trusted = await create({ ...alice, trusted_metadata: { plan: 'pro' } }, admin)
  assert.deepEqual(
    [trusted.status, trusted.body.error_type],
    [401, 'cannot_update_trusted_metadata'],
  )
  assert.equal((await create({ ...alice, trusted_metadata: {} }, admin)).status, 200)
})
