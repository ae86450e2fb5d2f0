import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { call, newProject, server, type TestProject } from '../../tests/harness.ts'
import { addConnection, addMember, create, path } from './organization.test-kit.ts'

type Operand = [filter_name: unknown, filter_value: unknown]

function search(project: TestProject, body: Record<string, unknown>) {
  return call(project, 'POST', `${path}/search`, body)
}

function queryOf(operands: Operand[], operator = 'AND') {
  return {
    operator,
    operands: operands.map(([filter_name, filter_value]) => ({ filter_name, filter_value })),
  }
}

/** The names of the organizations that operands find. */
async function found(project: TestProject, operands: Operand[], operator = 'AND') {
  const { status, body } = await search(project, { query: queryOf(operands, operator) })
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body.results_metadata.total, body.organizations.length)
  assert.equal(body.results_metadata.next_cursor, null)
  return body.organizations.map(
    (organization: { organization_name: string }) => organization.organization_name,
  )
}

async function threeOrganizations() {
  const project = await newProject()
  const acme = await create(project, {
    organization_name: 'Acme 100% Ltd',
    organization_slug: 'Acme.One',
    organization_external_id: 'crm|1',
    email_allowed_domains: ['acme.example', 'x.test'],
    claimed_email_domains: ['acme.example'],
  })
  const beta = await create(project, {
    organization_name: 'Beta',
    organization_slug: 'beta_b',
    email_allowed_domains: ['beta.example'],
  })
  const gamma = await create(project, { organization_name: 'Gamma', organization_slug: 'gamma' })
  await addMember(project, acme, 'ada@acme.example')
  await addMember(project, beta, 'bob_1@beta.example')
  await addMember(project, beta, 'ada@acme.example', 'deleted')
  const active = await addConnection(project, acme)
  const pending = await addConnection(project, beta, 'pending')
  const stranger = await newProject()
  const theirs = await create(stranger, { organization_name: 'Acme 100% Ltd' })
  await addMember(stranger, theirs, 'ada@acme.example')
  return { project, acme, beta, gamma, active, pending, theirs }
}

test('each filter finds what it names, and nothing else', async () => {
  const { project, acme, beta, active, pending, theirs } = await threeOrganizations()
  const [A, B, G] = ['Acme 100% Ltd', 'Beta', 'Gamma']
  const cases: [Operand, (string | undefined)[]][] = [
    [
      ['organization_ids', [acme.organization_id, beta.organization_id]],
      [A, B],
    ],
    [['organization_ids', ['crm|1']], [A]],
    [['organization_ids', [theirs.organization_id, 'nope']], []],
    [['organization_ids', []], []],
    [
      ['organization_slugs', ['Acme.One', 'gamma', 'nope']],
      [A, G],
    ],
    [['organization_slugs', ['acme.one']], []],
    [['organization_slug_fuzzy', 'CME.'], [A]],
    [['organization_slug_fuzzy', 'a_b'], [B]],
    [['organization_slug_fuzzy', 'a.b'], []],
    [['organization_name_fuzzy', 'acme'], [A]],
    [['organization_name_fuzzy', '00%'], [A]],
    [['organization_name_fuzzy', '%%%'], []],
    [['organization_name_fuzzy', 'amm'], [G]],
    [['member_emails', ['ADA@acme.example']], [A]],
    [
      ['member_emails', ['ada@acme.example', 'bob_1@beta.example']],
      [A, B],
    ],
    [['member_emails', ['ada@acme']], []],
    [['member_email_fuzzy', 'B_1@'], [B]],
    [['member_email_fuzzy', 'acme.example'], [A]],
    [['member_email_fuzzy', 'bobx1'], []],
    [
      ['allowed_domains', ['X.test', 'beta.example']],
      [A, B],
    ],
    [['allowed_domains', ['example']], []],
    [
      ['allowed_domain_fuzzy', 'EXAMPLE'],
      [A, B],
    ],
    [['allowed_domain_fuzzy', 'ple,x.t'], []],
    [['claimed_email_domains', ['Acme.example']], [A]],
    [['claimed_email_domains', ['x.test']], []],
    [['has_active_sso_connection', true], [A]],
    [
      ['has_active_sso_connection', false],
      [B, G],
    ],
    [['sso_connection_id', active], [A]],
    [['sso_connection_id', pending], [B]],
    [['sso_connection_id', 'saml-connection-test-none'], []],
  ]
  for (const [operand, names] of cases)
    assert.deepEqual(await found(project, [operand]), names, JSON.stringify(operand))
})

test('AND needs all operands, OR any; without operands all are found', async () => {
  const { project } = await threeOrganizations()
  const name: Operand = ['organization_name_fuzzy', 'acme']
  const email: Operand = ['member_email_fuzzy', 'beta.example']
  assert.deepEqual(await found(project, [name, email]), [])
  assert.deepEqual(await found(project, [name, email], 'OR'), ['Acme 100% Ltd', 'Beta'])
  assert.deepEqual(await found(project, [name, ['has_active_sso_connection', true]]), [
    'Acme 100% Ltd',
  ])
  const all = ['Acme 100% Ltd', 'Beta', 'Gamma']
  for (const operator of ['AND', 'OR']) assert.deepEqual(await found(project, [], operator), all)
  for (const body of [{}, { query: null, cursor: null, limit: null }, { cursor: '' }]) {
    const answer = await search(project, body)
    assert.equal(answer.body.results_metadata.total, 3)
  }
})

test('a query that is wrong is refused with the error type that says how', async () => {
  const project = await newProject()
  const lists = ['organization_ids', 'organization_slugs', 'member_emails', 'allowed_domains']
  const fuzzies = ['organization_slug', 'organization_name', 'member_email', 'allowed_domain']
  const cases: [Operand, string][] = [
    ...[...lists, 'claimed_email_domains'].flatMap((name): [Operand, string][] => [
      [[name, 'text'], 'expected_array_of_strings'],
      [[name, [1]], 'expected_array_of_strings'],
      [[name, null], 'missing_filter_value'],
    ]),
    ...fuzzies.flatMap((name): [Operand, string][] => [
      [[`${name}_fuzzy`, ['text']], 'expected_string'],
      [[`${name}_fuzzy`, 'ab'], `${name}_fuzzy_too_short`],
      [[`${name}_fuzzy`, undefined], 'missing_filter_value'],
    ]),
    [['has_active_sso_connection', 'true'], 'expected_boolean'],
    [['has_active_sso_connection', null], 'missing_filter_value'],
    [['sso_connection_id', ['x']], 'expected_string'],
    [['sso_connection_id', null], 'missing_filter_value'],
    [['organization_names', ['x']], 'filter_name_not_recognized'],
    [['toString', ['x']], 'filter_name_not_recognized'],
    [[undefined, ['x']], 'missing_filter_name'],
    [[7, ['x']], 'filter_name_must_be_string'],
  ]
  for (const [operand, problem] of cases) {
    const { status, body } = await search(project, { query: queryOf([operand]) })
    const answer = `${status} ${body.error_type}`
    assert.equal(answer, `400 organization_search_${problem}`, JSON.stringify(operand))
  }
})

test('operator, limit and cursor have their bounds', async () => {
  const project = await newProject()
  await create(project)
  const cases: [Record<string, unknown>, string][] = [
    [{ query: { operator: 'XOR', operands: [] } }, 'user_search_invalid_operator'],
    [{ query: { operator: 7, operands: [] } }, 'user_search_invalid_operator'],
    [{ cursor: 'nonsense' }, 'user_search_invalid_cursor'],
    [{ cursor: 7 }, 'user_search_invalid_cursor'],
    [{ limit: 0 }, 'bad_request'],
    [{ limit: -1 }, 'bad_request'],
    [{ limit: 1_001 }, 'bad_request'],
    [{ limit: 1.5 }, 'bad_request'],
    [{ limit: 'many' }, 'bad_request'],
    [{ query: [] }, 'bad_request'],
    [{ query: { operator: 'AND', operands: {} } }, 'bad_request'],
    [{ query: { operator: 'AND', operands: ['x'] } }, 'bad_request'],
    [{ query: queryOf(Array(21).fill(['organization_name_fuzzy', 'acme'])) }, 'bad_request'],
  ]
  for (const [body, error_type] of cases) {
    const answer = await search(project, body)
    assert.equal(answer.status, 400)
    assert.equal(answer.body.error_type, error_type, JSON.stringify(body).slice(0, 80))
  }
  for (const limit of [1, 1_000])
    assert.equal((await search(project, { limit })).body.organizations.length, 1)
})

/** Writes many organizations at once. */
async function addMany(project: TestProject, from: number, count: number): Promise<void> {
  const { services } = await server()
  await sql`insert into organizations (project_id, organization_id, organization_name,
      organization_slug, organization_external_id, sso_jit_provisioning, email_allowed_domains,
      claimed_email_domains, email_jit_provisioning, email_invites, auth_methods, mfa_policy,
      mfa_methods, oauth_tenant_jit_provisioning, first_party_connected_apps_allowed_type,
      third_party_connected_apps_allowed_type, created_at, updated_at)
    select ${project.project_id},
      'organization-test-01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'),
      'Company ' || n, 'company-' || n, 'ext-' || n, 'ALL_ALLOWED',
      array['d' || n || '.example'], array['d' || n || '.example'], 'NOT_ALLOWED', 'ALL_ALLOWED',
      'ALL_ALLOWED', 'OPTIONAL', 'ALL_ALLOWED', 'NOT_ALLOWED', 'ALL_ALLOWED', 'ALL_ALLOWED',
      now(), now()
    from generate_series(${from}::int, ${from + count - 1}::int) as n`.execute(services.db)
}

test('2,500 organizations are paged while others come: none twice, none lost', async () => {
  const project = await newProject()
  await addMany(project, 1, 2_500)
  const seen: string[] = []
  let cursor: string | null = null
  let pages = 0
  do {
    const { status, body } = await search(project, { limit: 1_000, cursor })
    assert.equal(status, 200)
    assert.ok(body.organizations.length <= 1_000)
    assert.equal(body.results_metadata.total, 2_500 + pages)
    for (const { organization_name } of body.organizations) seen.push(organization_name)
    await create(project, { organization_name: 'Came later' })
    cursor = body.results_metadata.next_cursor
    pages += 1
  } while (cursor !== null)
  assert.equal(pages, 3)
  const old = seen.filter((name) => name !== 'Came later')
  assert.equal(old.length, 2_500)
  assert.equal(new Set(old).size, 2_500)
})

test('a cursor goes on with the same filter, and a page can be the whole', async () => {
  const project = await newProject()
  await addMany(project, 1, 30)
  const query = queryOf([['organization_name_fuzzy', 'company 1']])
  const first = await search(project, { query, limit: 10 })
  assert.equal(first.body.organizations.length, 10)
  assert.equal(first.body.results_metadata.total, 11)
  const { next_cursor } = first.body.results_metadata
  const second = await search(project, { query, limit: 10, cursor: next_cursor })
  assert.equal(second.body.organizations.length, 1)
  assert.equal(second.body.results_metadata.next_cursor, null)
  const whole = await search(project, { query, limit: 11 })
  assert.equal(whole.body.results_metadata.next_cursor, null)
})
