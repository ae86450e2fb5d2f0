import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samlFactor } from '../sessions/session.test-kit.ts'
import { newOrganization } from './member.test-kit.ts'

const alice = { email_address: 'alice@acme.example', external_id: 'a-1' }

async function newMember(fields: Record<string, unknown> = {}) {
  const calls = await newOrganization()
  const { member_id, member } = (await calls.create({ ...alice, ...fields })).body
  return { ...calls, member_id, member, change: (body: unknown) => calls.update(member_id, body) }
}

const changes: [field: string, value: unknown][] = [
  ['name', 'Alice B.'],
  ['is_breakglass', true],
  ['mfa_enrolled', true],
  ['mfa_phone_number', '+15551234567'],
  ['external_id', 'b-2'],
  ['trusted_metadata', { plan: 'pro' }],
  ['untrusted_metadata', { theme: 'dark' }],
]

test('each field is changed alone, and updated_at with it', async () => {
  const { services, member_id, change, get } = await newMember()
  for (const [field, value] of changes) {
    const long_ago = new Date('2026-01-02T03:04:05Z')
    await services.db
      .updateTable('members')
      .set({ created_at: long_ago, updated_at: long_ago })
      .where('member_id', '=', member_id)
      .execute()
    const before = (await get({ member_id })).body.member
    const { status, body } = await change({ [field]: value })
    assert.equal(status, 200, field)
    const { updated_at } = body.member
    assert.deepEqual(body.member, { ...before, [field]: value, updated_at })
    assert.ok(updated_at > before.updated_at, field)
    assert.deepEqual((await get({ member_id })).body.member, body.member)
  }
})

test('nothing given changes nothing: no field, null, and empty maps', async () => {
  const { member_id, get, change } = await newMember({ trusted_metadata: { plan: 'pro' } })
  const before = (await get({ member_id })).body.member
  for (const body of [
    {},
    { name: null, roles: null, email_address: null, default_mfa_method: null },
    { trusted_metadata: {}, untrusted_metadata: {} },
  ])
    assert.deepEqual((await change(body)).body.member, before)
})

test('a member is updated by its external id', async () => {
  const { member_id, update } = await newMember()
  assert.equal((await update('a-1', { name: 'Alice' })).body.member_id, member_id)
})

test('metadata is merged by top-level key, and null deletes one', async () => {
  const { change } = await newMember({ trusted_metadata: { plan: { seats: 1 }, old: 1, kept: 2 } })
  const { body } = await change({ trusted_metadata: { plan: { trial: true }, old: null } })
  assert.deepEqual(body.member.trusted_metadata, { plan: { trial: true }, kept: 2 })
})

test('two that change metadata at once both succeed', async () => {
  const { member_id, change, get } = await newMember()
  const keys = Array.from({ length: 10 }, (_, index) => `k${index}`)
  await Promise.all(keys.map((key) => change({ untrusted_metadata: { [key]: 1 } })))
  const { untrusted_metadata } = (await get({ member_id })).body.member
  assert.deepEqual(Object.keys(untrusted_metadata).sort(), keys)
})

test('roles replaces the explicit ones, and an empty list takes them away', async () => {
  const { change } = await newMember()
  const given = (await change({ roles: ['stytch_admin'] })).body.member
  assert.equal(given.is_admin, true)
  const taken = (await change({ roles: [] })).body.member
  assert.equal(taken.is_admin, false)
  assert.deepEqual(
    taken.roles.map((role: { role_id: string }) => role.role_id),
    ['stytch_member'],
  )
})

test('a phone number cannot be replaced, and given again it changes nothing', async () => {
  const { change } = await newMember({ mfa_phone_number: '+15551234567' })
  assert.equal((await change({ mfa_phone_number: '+15551234567' })).status, 200)
  const { status, body } = await change({ mfa_phone_number: '+15557654321' })
  assert.deepEqual([status, body.error_type], [400, 'duplicate_member_phone_number_for_member'])
})

test('default_mfa_method must name a factor that the member has', async () => {
  const { change } = await newMember()
  for (const default_mfa_method of ['sms_otp', 'totp'])
    assert.equal(
      (await change({ default_mfa_method })).body.error_type,
      'default_mfa_member_missing_factor',
    )
  const { body } = await change({ default_mfa_method: 'sms_otp', mfa_phone_number: '+15551234567' })
  assert.equal(body.member.default_mfa_method, 'sms_otp')
})

const bob = {
  email_address: 'bob@acme.example',
  external_id: 'b-1',
  mfa_phone_number: '+15557654321',
}
const refused: [why: string, body: unknown, error_type: string][] = [
  ['an address that another has', { email_address: 'BOB@acme.example' }, 'duplicate_member_email'],
  ['an external id that another has', { external_id: 'b-1' }, 'duplicate_member_external_id'],
  [
    'a phone number that another has',
    { mfa_phone_number: '+15557654321' },
    'duplicate_member_phone_number',
  ],
  ['no address', { email_address: '' }, 'invalid_email'],
  ['no phone number', { mfa_phone_number: '' }, 'invalid_phone_number'],
  ['no external id', { external_id: '' }, 'bad_request'],
  ['an external id like an id', { external_id: 'organization-test-1' }, 'bad_request'],
  ['an unknown MFA method', { default_mfa_method: 'fax' }, 'invalid_mfa_default_method'],
  ['a role that does not exist', { roles: ['owner'] }, 'invalid_role'],
  ['the role of every member', { roles: ['stytch_member'] }, 'cannot_assign_default_rbac_role_id'],
  ['a text for roles', { roles: 'stytch_admin' }, 'bad_request'],
  ['a number for a name', { name: 1 }, 'bad_request'],
  ['a name of 1,025', { name: 'x'.repeat(1_025) }, 'bad_request'],
  ['metadata that is a list', { untrusted_metadata: [] }, 'metadata_invalid_format'],
  [
    'metadata over 4 KB in sum',
    { trusted_metadata: { b: 'x'.repeat(3_000) } },
    'metadata_too_large',
  ],
]

test('what is refused, and that nothing of it was written', async () => {
  const { create, change, get, member_id } = await newMember({
    trusted_metadata: { a: 'x'.repeat(2_000) },
  })
  await create(bob)
  const before = (await get({ member_id })).body.member
  for (const [why, body, error_type] of refused) {
    const answer = await change({ is_breakglass: true, ...(body as object) })
    assert.deepEqual([answer.status, answer.body.error_type], [400, error_type], why)
  }
  assert.deepEqual((await get({ member_id })).body.member, before)
})

/** A member whose connection gives stytch_admin too: by itself, or by a group. */
async function newAdmin(source: 'connection' | 'group' | 'another group') {
  const calls = await newMember({ roles: ['stytch_admin'] })
  const { services, organization, member_id } = calls
  const row = {
    project_id: organization.project_id,
    organization_id: organization.organization_id,
    connection_id: 'saml-connection-test-a',
    created_at: new Date(),
    updated_at: new Date(),
  }
  const role_id = 'stytch_admin'
  const assignments =
    source === 'connection'
      ? { saml_connection_implicit_role_assignments: JSON.stringify([{ role_id }]) }
      : {
          saml_group_implicit_role_assignments: JSON.stringify([
            { role_id, group: source === 'group' ? 'admins' : 'others' },
          ]),
        }
  await services.db
    .insertInto('sso_connections')
    .values({ ...row, type: 'saml', ...assignments })
    .execute()
  await services.db
    .insertInto('sso_registrations')
    .values({
      ...row,
      member_id,
      subject: 's',
      external_id: 's',
      registration_id: 'r',
      groups: ['admins'],
    })
    .execute()
  await calls.sessionOf(member_id, [samlFactor('saml-connection-test-a')])
  await calls.sessionOf(member_id, [samlFactor('saml-connection-test-b')])
  return calls
}

const revocations: [
  what: string,
  source: Parameters<typeof newAdmin>[0],
  body: unknown,
  left: number,
][] = [
  ['the connection gives it', 'connection', { roles: [] }, 1],
  ['a group gives it', 'group', { roles: [] }, 1],
  ['a group that the member is not in gives it', 'another group', { roles: [] }, 2],
  ['it is kept', 'connection', { roles: ['stytch_admin'] }, 2],
  ['another field changes', 'connection', { name: 'Alice' }, 2],
  ['the sessions shall stay', 'connection', { roles: [], preserve_existing_sessions: true }, 2],
]
for (const [what, source, body, left] of revocations)
  test(`a role taken away ends the sessions of a connection that gives it too: ${what}`, async () => {
    const { change, sessionsLeft, member_id } = await newAdmin(source)
    assert.equal((await change(body)).status, 200)
    assert.equal(await sessionsLeft(member_id), left)
  })
