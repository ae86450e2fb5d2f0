import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addMember, addOrganization, addSession } from '../sessions/session.test-kit.ts'
import { newOrganization } from './member.test-kit.ts'

const fields: Record<string, unknown> = {
  name: 'Alice',
  untrusted_metadata: { theme: 'dark' },
  mfa_enrolled: true,
  mfa_phone_number: '+15551234567',
  default_mfa_method: 'sms_otp',
  is_breakglass: true,
  roles: ['stytch_admin'],
  external_id: 'ceo',
  email_address: 'ceo@acme.example',
}
const onOneself = [
  'name',
  'untrusted_metadata',
  'mfa_enrolled',
  'mfa_phone_number',
  'default_mfa_method',
]

async function newMember(roles: string[] = []) {
  const calls = await newOrganization()
  const { member_id } = (await calls.create({ email_address: 'alice@acme.example', roles })).body
  return { ...calls, member_id, own: await calls.sessionOf(member_id) }
}

test('a member changes its name, its metadata and its MFA, and nothing that would raise it', async () => {
  const { member_id, update, own, get } = await newMember()
  for (const [field, value] of Object.entries(fields)) {
    const { status, body } = await update(member_id, { [field]: value }, own)
    if (onOneself.includes(field)) assert.equal(status, 200, field)
    else {
      const error_type =
        field === 'email_address'
          ? 'member_cannot_update_their_email_address'
          : 'session_authorization_error'
      assert.deepEqual([status, body.error_type], [403, error_type], field)
    }
  }
  const { member } = (await get({ member_id })).body
  assert.deepEqual(
    [member.is_admin, member.is_breakglass, member.external_id],
    [false, false, null],
  )
  assert.equal((await update(member_id, { name: 'A', roles: ['stytch_admin'] }, own)).status, 403)
})

test('a member changes nothing of another, and does not read it by an update without fields', async () => {
  const { create, update, own } = await newMember()
  const bob = (await create({ email_address: 'bob@acme.example' })).body.member_id
  for (const body of [
    {},
    ...Object.entries(fields).map(([field, value]) => ({ [field]: value })),
  ]) {
    const answer = await update(bob, body, own)
    assert.deepEqual([answer.status, answer.body.error_type], [403, 'session_authorization_error'])
  }
})

test('an administrator changes every field of another, and its own roles', async () => {
  const { create, update, member_id, own } = await newMember(['stytch_admin'])
  const bob = (await create({ email_address: 'bob@acme.example' })).body.member_id
  for (const [field, value] of Object.entries(fields))
    assert.equal((await update(bob, { [field]: value }, own)).status, 200, field)
  const { status, body } = await update(member_id, { email_address: 'a@acme.example' }, own)
  assert.deepEqual([status, body.error_type], [403, 'member_cannot_update_their_email_address'])
  assert.equal((await update(member_id, { roles: [] }, own)).status, 200)
})

test('no member session changes trusted_metadata', async () => {
  const { member_id, update, own, sessionWith } = await newMember()
  const trusted_metadata = { plan: 'pro' }
  for (const headers of [own, await sessionWith(['stytch_admin'])]) {
    const { status, body } = await update(member_id, { trusted_metadata }, headers)
    assert.deepEqual([status, body.error_type], [401, 'cannot_update_trusted_metadata'])
    assert.equal((await update(member_id, { trusted_metadata: {} }, headers)).status, 200)
  }
})

test('an administrator of another organization is refused', async () => {
  const { services, project, member_id, update } = await newMember()
  const other = await addOrganization(services, project.project_id)
  const admin = await addMember(services, other, ['stytch_admin'])
  const { session_token } = await addSession(services, admin)
  const headers = { 'X-Stytch-Member-Session': session_token }
  const { status, body } = await update(member_id, { name: 'x' }, headers)
  assert.deepEqual([status, body.error_type], [403, 'session_authorization_tenancy_error'])
})
