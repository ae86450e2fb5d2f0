import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject } from '../../tests/harness.ts'
import { addOrganization } from '../sessions/session.test-kit.ts'
import { newOrganization } from './member.test-kit.ts'

const alice = { email_address: 'alice+x@acme.example', external_id: 'crm|42' }

test('a member is found by id, by external id and by e-mail address in any spelling', async () => {
  const { create, get } = await newOrganization()
  const created = (await create(alice)).body
  for (const query of [
    { member_id: created.member_id },
    { member_id: 'crm|42' },
    { email_address: 'alice+x@acme.example' },
    { email_address: 'ALICE+X@Acme.Example' },
    { member_id: created.member_id, email_address: '', organization_id: 'ignored' },
  ]) {
    const { status, body } = await get(query)
    assert.equal(status, 200)
    assert.deepEqual(
      [body.member_id, body.member, body.organization],
      [created.member_id, created.member, created.organization],
    )
  }
})

test('exactly one of member_id and email_address must be given', async () => {
  const { get } = await newOrganization()
  for (const query of [{}, { member_id: '', email_address: '' }, { member_id: 'a', ...alice }]) {
    const { status, body } = await get(query as Record<string, string>)
    assert.deepEqual([status, body.error_type], [400, 'invalid_member_get_fields'])
  }
})

test('what is not a member of the organization is not found', async () => {
  const { services, project, create, get } = await newOrganization()
  const { member_id } = (await create(alice)).body
  const other = await addOrganization(services, project.project_id)
  const path = `/v1/b2b/organizations/${other.organization_id}/member`
  for (const query of [`member_id=${member_id}`, 'member_id=crm|42']) {
    const { status, body } = await call(project, 'GET', `${path}?${query}`)
    assert.deepEqual([status, body.error_type], [404, 'member_not_found'])
  }
  assert.equal(
    (await get({ email_address: 'bob@acme.example' })).body.error_type,
    'member_not_found',
  )
  assert.equal((await get({ email_address: 'bob' })).body.error_type, 'invalid_email')
  const nobody = await call(project, 'GET', `/v1/b2b/organizations/nobody/member?member_id=x`)
  assert.equal(nobody.body.error_type, 'organization_not_found')
})

test('a deleted member is not found, by no name', async () => {
  const { create, remove, get } = await newOrganization()
  const { member_id } = (await create(alice)).body
  await remove(member_id)
  for (const query of [
    { member_id },
    { member_id: 'crm|42' },
    { email_address: alice.email_address },
  ]) {
    const { status, body } = await get(query)
    assert.deepEqual([status, body.error_type], [404, 'member_not_found'])
  }
})

test('dangerously_get finds a member in any organization of the project, and only there', async () => {
  const { project, create } = await newOrganization()
  const created = (await create(alice)).body
  const path = `/v1/b2b/organizations/members/dangerously_get/${created.member_id}`
  const { body } = await call(project, 'GET', path)
  assert.deepEqual([body.member, body.organization], [created.member, created.organization])
  const other = await call(await newProject(), 'GET', path)
  assert.deepEqual([other.status, other.body.error_type], [404, 'member_not_found'])
})

test('dangerously_get finds a deleted member where include_deleted says so, as SDKs spell true', async () => {
  const { project, create, remove } = await newOrganization()
  const { member_id } = (await create(alice)).body
  await remove(member_id)
  const path = `/v1/b2b/organizations/members/dangerously_get/${member_id}`
  for (const query of ['', '?include_deleted=false', '?include_deleted=False']) {
    const { status, body } = await call(project, 'GET', path + query)
    assert.deepEqual([status, body.error_type], [404, 'member_not_found'])
  }
  for (const query of ['?include_deleted=true', '?include_deleted=True'])
    assert.equal((await call(project, 'GET', path + query)).body.member.status, 'deleted')
})
