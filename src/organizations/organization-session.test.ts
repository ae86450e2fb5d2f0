import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { newMemberSession } from '../sessions/session.test-kit.ts'
import { create, path } from './organization.test-kit.ts'

/** A member's session, and an update of an organization in its name. */
async function memberOf(roles: string[]) {
  const { services } = await server()
  const { project, organization, session_token } = await newMemberSession(services, roles)
  const headers = { 'x-stytch-member-session': session_token }
  const update = async (fields: object, reference = organization.organization_id) => {
    const answer = await call(project, 'PUT', `${path}/${reference}`, fields, headers)
    return `${answer.status} ${answer.body.error_type ?? answer.body.organization.organization_name}`
  }
  return { project, organization, headers, update }
}

test('an administrator changes name and settings, by id, slug or external id', async () => {
  const { organization, update } = await memberOf(['stytch_admin'])
  assert.equal(
    await update({ organization_name: 'One', mfa_policy: 'REQUIRED_FOR_ALL' }),
    '200 One',
  )
  assert.equal(
    await update({ organization_name: 'Two' }, organization.organization_slug),
    '200 Two',
  )
  const external = organization.organization_external_id
  assert.equal(await update({ organization_name: 'Three' }, external), '200 Three')
})

test('a member without the permission changes nothing', async () => {
  const { project, organization, update, headers } = await memberOf([])
  for (const fields of [
    { organization_name: 'Mine' },
    { sso_jit_provisioning: 'ALL_ALLOWED' },
    { rbac_email_implicit_role_assignments: [] },
  ])
    assert.equal(await update(fields), '403 session_authorization_error')
  const at = `${path}/${organization.organization_id}`
  const removed = await call(project, 'DELETE', at, undefined, headers)
  assert.equal(removed.body.error_type, 'session_authorization_error')
  assert.equal((await call(project, 'GET', at)).body.organization.organization_name, 'Acme')
})

test('an administrator changes nothing that is the project’s, nor another organization', async () => {
  const { project, update, headers } = await memberOf(['stytch_admin'])
  assert.equal(
    await update({ trusted_metadata: { plan: 'pro' } }),
    '401 cannot_update_trusted_metadata',
  )
  for (const fields of [
    { organization_external_id: 'crm-1' },
    { claimed_email_domains: ['acme.example'] },
    { third_party_connected_apps_allowed_type: 'NOT_ALLOWED' },
  ])
    assert.equal(await update(fields), '403 session_authorization_error')
  const other = await create(project, { organization_external_id: 'other-1' })
  for (const reference of [other.organization_id, other.organization_slug, 'other-1']) {
    assert.equal(
      await update({ organization_name: 'Mine' }, reference),
      '403 session_authorization_tenancy_error',
    )
    const removed = await call(project, 'DELETE', `${path}/${reference}`, undefined, headers)
    assert.equal(removed.body.error_type, 'session_authorization_tenancy_error')
  }
})

test('an administrator deletes the organization, and the session is gone with it', async () => {
  const { project, organization, headers, update } = await memberOf(['stytch_admin'])
  const at = `${path}/${organization.organization_id}`
  assert.equal((await call(project, 'DELETE', at, undefined, headers)).status, 200)
  assert.equal(await update({ organization_name: 'Mine' }), '403 session_authorization_error')
})
