import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject } from '../../tests/harness.ts'
import { addOrganization } from '../sessions/session.test-kit.ts'
import { newOrganization } from './member.test-kit.ts'

const path = '/v1/b2b/organizations/members/search'

/** An organization with Alice, an administrator, and Bob, pending; and what a search in it finds. */
async function newTeam() {
  const calls = await newOrganization()
  const { project, organization } = calls
  const alice = {
    email_address: 'alice_x@acme.example',
    external_id: 'crm|1',
    mfa_phone_number: '+15551234567',
    is_breakglass: true,
    roles: ['stytch_admin'],
  }
  const bob = { email_address: 'bob@other.example', create_member_as_pending: true }
  const ids = {
    alice: (await calls.create(alice)).body.member_id as string,
    bob: (await calls.create(bob)).body.member_id as string,
  }
  const search = (body: object, headers?: Record<string, string>) =>
    call(
      project,
      'POST',
      path,
      { organization_ids: [organization.organization_id], ...body },
      headers,
    )
  const find = (filter_name: string, filter_value: unknown) =>
    search({ query: { operator: 'AND', operands: [{ filter_name, filter_value }] } })
  return { ...calls, ids, search, find }
}

const idsOf = (answer: { body: { members: { member_id: string }[] } }) =>
  answer.body.members.map((member) => member.member_id)

test('without a query all members are found, with their organizations by id', async () => {
  const { organization, ids, search, get } = await newTeam()
  const answer = await search({})
  assert.equal(answer.status, 200)
  assert.deepEqual(idsOf(answer), [ids.alice, ids.bob])
  const one = (await get({ member_id: ids.alice })).body
  assert.deepEqual(answer.body.members[0], one.member)
  assert.deepEqual(answer.body.organizations, { [organization.organization_id]: one.organization })
  assert.deepEqual(answer.body.results_metadata, { total: 2, next_cursor: null })
})

type Ids = Awaited<ReturnType<typeof newTeam>>['ids']
type Wrong = [value: unknown, error_type: string]
const array: Wrong = ['text', 'member_search_expected_array_of_strings']
const boolean: Wrong = ['true', 'member_search_expected_boolean']
const string: Wrong = [['text'], 'member_search_expected_string']
const alone = (ids: Ids) => [ids.alice]
const pending = (ids: Ids) => [ids.bob]

const filters: [
  name: string,
  hit: unknown,
  found: (ids: Ids) => string[],
  miss: unknown,
  wrong: Wrong,
][] = [
  ['member_emails', ['ALICE_X@acme.example', 'x'], alone, ['alice@acme.example'], array],
  ['member_email_fuzzy', 'CE_x@', alone, 'ce%', string],
  [
    'member_email_fuzzy',
    'other.exam',
    pending,
    'aliceax',
    ['al', 'member_search_member_email_fuzzy_too_short'],
  ],
  ['member_is_breakglass', true, alone, undefined, boolean],
  ['member_is_breakglass', false, pending, undefined, boolean],
  [
    'statuses',
    ['active'],
    alone,
    ['invited'],
    ['active', 'member_search_expected_array_of_strings'],
  ],
  ['statuses', ['pending', 'deleted'], pending, [], [['ACTIVE'], 'search_invalid_status_filter']],
  ['member_phone_numbers', ['+15551234567'], alone, [''], array],
  ['member_phone_number_fuzzy', '5512', alone, '5%7', string],
  ['member_mfa_phone_numbers', ['+15551234567'], alone, ['+1555123456'], array],
  [
    'member_mfa_phone_number_fuzzy',
    '+155',
    alone,
    '+166',
    ['+1', 'member_search_member_mfa_phone_number_fuzzy_too_short'],
  ],
  ['member_password_exists', false, (ids) => [ids.alice, ids.bob], true, boolean],
  ['member_roles', ['stytch_admin'], alone, ['owner'], array],
  ['member_roles', ['stytch_member'], (ids) => [ids.alice, ids.bob], [], array],
  ['member_ids', ['crm|1', 'crm|2'], alone, ['crm'], array],
]

for (const [name, hit, found, miss, [wrong, error_type]] of filters)
  test(`${name} ${JSON.stringify(hit)} finds what it names, nothing else, and takes no other type`, async () => {
    const { ids, find } = await newTeam()
    assert.deepEqual(idsOf(await find(name, hit)), found(ids))
    assert.equal((await find(name, hit)).body.results_metadata.total, found(ids).length)
    if (miss !== undefined) assert.deepEqual(idsOf(await find(name, miss)), [])
    const { status, body } = await find(name, wrong)
    assert.deepEqual([status, body.error_type], [400, error_type])
  })

test('member_ids takes ids or external ids, not both', async () => {
  const { ids, find } = await newTeam()
  assert.deepEqual(idsOf(await find('member_ids', [ids.bob])), [ids.bob])
  const { status, body } = await find('member_ids', [ids.bob, 'crm|1'])
  assert.deepEqual(
    [status, body.error_type],
    [400, 'member_search_cannot_mix_internal_and_external_member_ids'],
  )
})

test('filters are combined by AND, or by OR, and by nothing else', async () => {
  const { ids, search } = await newTeam()
  const operands = [
    { filter_name: 'member_is_breakglass', filter_value: true },
    { filter_name: 'statuses', filter_value: ['pending'] },
  ]
  assert.deepEqual(idsOf(await search({ query: { operator: 'AND', operands } })), [])
  assert.deepEqual(idsOf(await search({ query: { operator: 'OR', operands } })), [
    ids.alice,
    ids.bob,
  ])
  const { body } = await search({ query: { operator: 'NOT', operands } })
  assert.equal(body.error_type, 'user_search_invalid_operator')
})

test('deleted members are found only where statuses asks for them', async () => {
  const { ids, remove, search, find } = await newTeam()
  await remove(ids.bob)
  assert.deepEqual(idsOf(await search({})), [ids.alice])
  assert.deepEqual(idsOf(await find('member_emails', ['bob@other.example'])), [])
  assert.deepEqual(idsOf(await find('statuses', ['deleted'])), [ids.bob])
  assert.deepEqual(idsOf(await find('statuses', ['active', 'deleted'])), [ids.alice, ids.bob])
})

test('member_roles finds roles that come from the e-mail domain, a connection or a group', async () => {
  const { services, organization, ids, find } = await newTeam()
  const none = async () =>
    assert.deepEqual(idsOf(await find('member_roles', ['stytch_admin'])), [ids.alice])
  const both = async () =>
    assert.deepEqual(idsOf(await find('member_roles', ['stytch_admin'])), [ids.alice, ids.bob])
  const assign = (domain: string) =>
    services.db
      .updateTable('organizations')
      .set({
        rbac_email_implicit_role_assignments: JSON.stringify([{ domain, role_id: 'stytch_admin' }]),
      })
      .where('organization_id', '=', organization.organization_id)
      .execute()
  await assign('third.example')
  await none()
  await assign('other.example')
  await both()
  await assign('third.example')
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
  const registration = { member_id: ids.bob, subject: 's', external_id: 's', registration_id: 'r' }
  await services.db
    .insertInto('sso_registrations')
    .values({ ...row, ...registration, groups: ['admins'] })
    .execute()
  const connection = (column: 'connection' | 'group', assignment: object) =>
    services.db
      .updateTable('sso_connections')
      .set({ [`saml_${column}_implicit_role_assignments`]: JSON.stringify([assignment]) })
      .where('project_id', '=', row.project_id)
      .execute()
  await none()
  await connection('group', { role_id: 'stytch_admin', group: 'others' })
  await none()
  await connection('group', { role_id: 'stytch_admin', group: 'admins' })
  await both()
  await connection('group', { role_id: 'stytch_admin', group: 'others' })
  await connection('connection', { role_id: 'stytch_admin' })
  await both()
})

test('organizations are named by id, slug or external id; each member is found once', async () => {
  const { services, project, organization, ids, search } = await newTeam()
  const second = await addOrganization(services, project.project_id)
  const created = await call(
    project,
    'POST',
    `/v1/b2b/organizations/${second.organization_id}/members`,
    {
      email_address: 'carol@acme.example',
    },
  )
  const names = [
    organization.organization_id,
    organization.organization_slug,
    organization.organization_external_id,
  ]
  assert.deepEqual(idsOf(await search({ organization_ids: names })), [ids.alice, ids.bob])
  const answer = await search({
    organization_ids: [second.organization_slug, organization.organization_slug],
  })
  assert.deepEqual(idsOf(answer), [ids.alice, ids.bob, created.body.member_id])
  assert.equal(answer.body.results_metadata.total, 3)
  const carol = await search({
    organization_ids: [second.organization_id, organization.organization_id],
    limit: 1,
  })
  assert.deepEqual(Object.keys(carol.body.organizations), [organization.organization_id])
})

test('no organization, one too many and one of another project are refused', async () => {
  const { project, search } = await newTeam()
  for (const body of [
    { organization_ids: [] },
    { organization_ids: null },
    { organization_ids: 'x' },
  ]) {
    const answer = await search(body)
    assert.deepEqual(
      [answer.status, answer.body.error_type],
      [400, 'member_search_organization_ids_empty'],
    )
  }
  const foreign = await newOrganization()
  for (const unknown of ['nobody', foreign.organization.organization_id]) {
    const answer = await search({ organization_ids: [unknown] })
    assert.deepEqual([answer.status, answer.body.error_type], [404, 'organization_not_found'])
  }
  const none = await call(project, 'POST', path, {})
  assert.equal(none.body.error_type, 'member_search_organization_ids_empty')
  const other = await call(await newProject(), 'POST', path, { organization_ids: ['acme'] })
  assert.equal(other.body.error_type, 'organization_not_found')
})

test('limit, cursor and operands that are wrong are refused', async () => {
  const { search } = await newTeam()
  for (const limit of [0, 1_001, 1.5, '10'])
    assert.equal((await search({ limit })).body.error_type, 'bad_request')
  assert.equal((await search({ cursor: 'x' })).body.error_type, 'user_search_invalid_cursor')
  const cases: [object, string][] = [
    [{ filter_value: true }, 'member_search_missing_filter_name'],
    [{ filter_name: 1, filter_value: true }, 'member_search_filter_name_must_be_string'],
    [
      { filter_name: 'totp_exists', filter_value: true },
      'member_search_filter_name_not_recognized',
    ],
    [{ filter_name: 'statuses' }, 'member_search_missing_filter_value'],
  ]
  for (const [operand, error_type] of cases) {
    const { body } = await search({ query: { operator: 'AND', operands: [operand] } })
    assert.equal(body.error_type, error_type)
  }
})

test('a member session searches its own organization, with the permission', async () => {
  const { services, project, search, sessionOf, ids } = await newTeam()
  const admin = await sessionOf(ids.alice)
  assert.equal((await search({}, admin)).body.results_metadata.total, 2)
  const other = await addOrganization(services, project.project_id)
  const foreign = await search({ organization_ids: [other.organization_id] }, admin)
  assert.deepEqual(
    [foreign.status, foreign.body.error_type],
    [403, 'session_authorization_tenancy_error'],
  )
  const plain = await search({}, await sessionOf(ids.bob))
  assert.deepEqual([plain.status, plain.body.error_type], [403, 'session_authorization_error'])
})
