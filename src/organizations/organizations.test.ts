import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, server } from '../../tests/harness.ts'
import { addConnection, addMember, create, path, update } from './organization.test-kit.ts'

test('a new organization has every field, with the documented defaults', async () => {
  const project = await newProject()
  const { status, body } = await call(project, 'POST', path, { organization_name: 'Acme Corp.' })
  assert.equal(status, 200)
  assert.equal(body.status_code, 200)
  assert.match(body.request_id, /^request-id-test-/)
  const { organization_id, created_at, updated_at, ...rest } = body.organization
  assert.match(organization_id, /^organization-test-[0-9a-f-]{36}$/)
  assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.equal(updated_at, created_at)
  assert.deepEqual(rest, {
    organization_name: 'Acme Corp.',
    organization_logo_url: '',
    organization_slug: 'acme-corp',
    sso_jit_provisioning: 'ALL_ALLOWED',
    sso_jit_provisioning_allowed_connections: [],
    sso_active_connections: [],
    email_allowed_domains: [],
    email_jit_provisioning: 'NOT_ALLOWED',
    email_invites: 'ALL_ALLOWED',
    auth_methods: 'ALL_ALLOWED',
    allowed_auth_methods: [],
    mfa_policy: 'OPTIONAL',
    rbac_email_implicit_role_assignments: [],
    mfa_methods: 'ALL_ALLOWED',
    allowed_mfa_methods: [],
    oauth_tenant_jit_provisioning: 'NOT_ALLOWED',
    claimed_email_domains: [],
    first_party_connected_apps_allowed_type: 'ALL_ALLOWED',
    allowed_first_party_connected_apps: [],
    third_party_connected_apps_allowed_type: 'ALL_ALLOWED',
    allowed_third_party_connected_apps: [],
    custom_roles: [],
    trusted_metadata: {},
    organization_external_id: null,
    sso_default_connection_id: null,
    scim_active_connection: null,
    allowed_oauth_tenants: {},
  })
})

const everyField = {
  organization_name: 'Ünïted ☂ Ltd',
  organization_slug: 'United.1_~-x',
  organization_logo_url: 'https://cdn.example.com/logo.svg?v=1',
  trusted_metadata: { plan: 'pro', limits: { seats: 5 } },
  organization_external_id: 'crm|1.a_b-c',
  sso_jit_provisioning: 'NOT_ALLOWED',
  email_allowed_domains: ['united.example', 'sub.united.example'],
  email_jit_provisioning: 'RESTRICTED',
  email_invites: 'RESTRICTED',
  auth_methods: 'RESTRICTED',
  allowed_auth_methods: ['sso', 'google_oauth'],
  mfa_policy: 'REQUIRED_FOR_ALL',
  rbac_email_implicit_role_assignments: [{ domain: 'united.example', role_id: 'stytch_admin' }],
  mfa_methods: 'RESTRICTED',
  allowed_mfa_methods: ['totp'],
  oauth_tenant_jit_provisioning: 'RESTRICTED',
  allowed_oauth_tenants: { slack: ['T1'], github: ['octo', 'cat'] },
  claimed_email_domains: ['united.example'],
  first_party_connected_apps_allowed_type: 'RESTRICTED',
  allowed_first_party_connected_apps: ['connected-app-test-1'],
  third_party_connected_apps_allowed_type: 'NOT_ALLOWED',
  allowed_third_party_connected_apps: ['connected-app-test-2'],
}

test('every field is kept by create and by update, and read back', async () => {
  const project = await newProject()
  const made = await create(project, everyField)
  const partOf = (organization: Record<string, unknown>) =>
    Object.fromEntries(Object.keys(everyField).map((name) => [name, organization[name]]))
  assert.deepEqual(partOf(made), everyField)

  const other = await newProject()
  const changed = await update(other, await create(other), everyField)
  assert.deepEqual(partOf(changed), everyField)
  const read = await call(other, 'GET', `${path}/${changed.organization_id}`)
  assert.deepEqual(read.body.organization, changed)
})

test('null means not given, in create and in update', async () => {
  const project = await newProject()
  const nothing = Object.fromEntries(
    [...Object.keys(everyField), 'sso_default_connection_id', 'cursor'].map((name) => [name, null]),
  )
  const made = await create(project, { ...nothing, organization_name: 'Acme' })
  assert.equal(made.email_invites, 'ALL_ALLOWED')
  const full = await update(project, made, everyField)
  assert.deepEqual(await update(project, made, nothing), full)
  assert.deepEqual(await update(project, made, {}), full)
})

test('id, slug and external id name an organization, percent-encoded as the SDKs do', async () => {
  const project = await newProject()
  const { organization_id, organization_slug } = await create(project, {
    organization_slug: 'a.b~c_d-e',
    organization_external_id: 'crm|42',
  })
  const all = (text: string) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  for (const reference of [
    organization_id,
    organization_id.replaceAll('-', '%2D'),
    organization_slug,
    all(organization_slug),
    'crm%7C42',
    all('crm|42'),
  ]) {
    const answer = await call(project, 'GET', `${path}/${reference}`)
    assert.equal(answer.body.organization?.organization_id, organization_id, reference)
  }
  const renamed = await call(project, 'PUT', `${path}/crm%7C42`, {
    organization_id: 'ignored: the path decides',
    organization_name: 'New',
  })
  assert.equal(renamed.body.organization.organization_name, 'New')
  const removed = await call(project, 'DELETE', `${path}/${organization_slug}`)
  assert.equal(removed.body.organization_id, organization_id)
})

test('a reference that names nothing, or another project, is not found', async () => {
  const project = await newProject()
  const stranger = await newProject()
  const { organization_id } = await create(stranger, {
    organization_slug: 'theirs',
    organization_external_id: 'ext-theirs',
  })
  for (const reference of [organization_id, 'theirs', 'ext-theirs', 'nope', '%00', "'--"])
    for (const [method, prefix] of [
      ['GET', path],
      ['PUT', path],
      ['DELETE', path],
      ['GET', '/v1/b2b/rbac/organizations'],
    ] as const) {
      const body = method === 'PUT' ? { organization_name: 'Mine' } : undefined
      const { status, body: error } = await call(project, method, `${prefix}/${reference}`, body)
      if (reference === '%00') assert.equal(error.error_type, 'bad_request')
      else {
        assert.equal(status, 404)
        assert.equal(error.error_type, 'organization_not_found')
      }
    }
  const kept = await call(stranger, 'GET', `${path}/theirs`)
  assert.equal(kept.body.organization.organization_name, 'Acme')
})

test('slugs come from the name, with a random end where that is taken', async () => {
  const project = await newProject()
  const slugs = []
  for (const organization_name of ['Müller & Söhne', 'Müller & Söhne', '株式会社', 'X'])
    slugs.push((await create(project, { organization_name })).organization_slug)
  assert.equal(slugs[0], 'muller-sohne')
  assert.match(slugs[1], /^muller-sohne-[0-9a-f]{10}$/)
  assert.match(slugs[2], /^org-[0-9a-f]{10}$/)
  assert.match(slugs[3], /^x-[0-9a-f]{10}$/)
})

test('many organizations of one name, made at once, get slugs of their own', async () => {
  const project = await newProject()
  const made = await Promise.all(Array.from({ length: 8 }, () => create(project)))
  assert.equal(new Set(made.map((each) => each.organization_slug)).size, 8)
})

test('update changes what is given, and updated_at; concurrent updates lose nothing', async () => {
  const project = await newProject()
  const { setNow } = await server()
  const made = await create(project, { trusted_metadata: { a: 1, b: { c: 2 } } })
  setNow(new Date(Date.now() + 60_000))
  try {
    const changed = await update(project, made, { mfa_policy: 'REQUIRED_FOR_ALL' })
    assert.ok(changed.updated_at > made.updated_at)
    assert.deepEqual(
      { ...changed, updated_at: made.updated_at },
      { ...made, mfa_policy: 'REQUIRED_FOR_ALL' },
    )
  } finally {
    setNow(null)
  }
  const keys = Array.from({ length: 12 }, (_, i) => `k${i}`)
  await Promise.all([
    ...keys.map((key) => update(project, made, { trusted_metadata: { [key]: key } })),
    update(project, made, { organization_name: 'New' }),
    update(project, made, { email_allowed_domains: ['acme.example'] }),
  ])
  const { body } = await call(project, 'GET', `${path}/${made.organization_id}`)
  assert.deepEqual(body.organization.trusted_metadata, {
    a: 1,
    b: { c: 2 },
    ...Object.fromEntries(keys.map((key) => [key, key])),
  })
  assert.equal(body.organization.organization_name, 'New')
  assert.deepEqual(body.organization.email_allowed_domains, ['acme.example'])
})

test('trusted_metadata is merged by top-level key, null deletes, an empty map changes nothing', async () => {
  const project = await newProject()
  const made = await create(project, { trusted_metadata: { a: 1, b: { c: 2 } } })
  const merged = await update(project, made, { trusted_metadata: { a: null, b: { d: 3 }, e: [] } })
  assert.deepEqual(merged.trusted_metadata, { b: { d: 3 }, e: [] })
  const same = await update(project, made, { trusted_metadata: {} })
  assert.deepEqual(same.trusted_metadata, merged.trusted_metadata)
})

test('delete takes members, connections and sessions along', async () => {
  const project = await newProject()
  const { services } = await server()
  const made = await create(project)
  const kept = await create(project)
  await addConnection(project, made)
  await addMember(project, made, 'ada@acme.example')
  await addMember(project, kept, 'ada@acme.example')
  const answer = await call(project, 'DELETE', `${path}/${made.organization_id}`)
  assert.equal(answer.status, 200)
  assert.equal(answer.body.organization_id, made.organization_id)
  for (const table of ['organizations', 'members', 'sso_connections'] as const) {
    const rows = await services.db
      .selectFrom(table)
      .select('organization_id')
      .where('project_id', '=', project.project_id)
      .execute()
    assert.ok(rows.every((row) => row.organization_id === kept.organization_id))
  }
  const again = await call(project, 'DELETE', `${path}/${made.organization_id}`)
  assert.equal(again.body.error_type, 'organization_not_found')
})

test('deleted by two at once, one of them is told that it is gone', async () => {
  const project = await newProject()
  const made = await create(project)
  const answers = await Promise.all(
    [1, 2, 3].map(() => call(project, 'DELETE', `${path}/${made.organization_id}`)),
  )
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 404, 404])
})

test('the policy of an organization is there and empty', async () => {
  const project = await newProject()
  const { organization_slug } = await create(project)
  const answer = await call(project, 'GET', `/v1/b2b/rbac/organizations/${organization_slug}`)
  assert.equal(answer.status, 200)
  assert.deepEqual(answer.body.org_policy, { roles: [] })
})
