import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newProject } from '../../tests/harness.ts'
import {
  addConnection,
  create,
  errorOfCreate,
  errorOfUpdate,
  update,
} from './organization.test-kit.ts'

test('slugs and external ids are unique in a project, against each other too', async () => {
  const project = await newProject()
  const other = await newProject()
  const names = { organization_slug: 'acme', organization_external_id: 'crm-1' }
  const first = await create(project, names)
  await create(other, names)
  const second = await create(project, { organization_slug: 'beta' })
  const slugUsed = '400 organization_slug_already_used'
  const externalUsed = '400 organization_external_id_already_used'
  // An organization whose slug is another's external id would answer in its place.
  for (const name of ['acme', 'crm-1']) {
    assert.equal(await errorOfCreate(project, { organization_slug: name }), slugUsed)
    assert.equal(await errorOfUpdate(project, second, { organization_slug: name }), slugUsed)
    assert.equal(await errorOfCreate(project, { organization_external_id: name }), externalUsed)
    assert.equal(
      await errorOfUpdate(project, second, { organization_external_id: name }),
      externalUsed,
    )
  }
  assert.deepEqual(
    { ...(await update(project, first, names)), updated_at: '' },
    { ...first, updated_at: '' },
  )
  const same = await update(project, first, { organization_external_id: 'acme' })
  assert.equal(same.organization_external_id, same.organization_slug)
})

test('of many that take one name at once, one gets it', async () => {
  const project = await newProject()
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      errorOfCreate(
        project,
        i % 2 ? { organization_slug: 'wanted' } : { organization_external_id: 'wanted' },
      ),
    ),
  )
  assert.equal(answers.filter((answer) => answer === '200 undefined').length, 1)
})

test('email_invites is NOT_ALLOWED by default once another authentication setting is given', async () => {
  const project = await newProject()
  const invites = async (fields: Record<string, unknown>) =>
    (await create(project, fields)).email_invites
  assert.equal(await invites({ sso_jit_provisioning: 'ALL_ALLOWED' }), 'NOT_ALLOWED')
  assert.equal(await invites({ email_allowed_domains: ['acme.example'] }), 'NOT_ALLOWED')
  assert.equal(
    await invites({ organization_slug: 'a-slug', trusted_metadata: { a: 1 } }),
    'ALL_ALLOWED',
  )
  // The Java SDK sends empty lists that nobody asked for.
  assert.equal(
    await invites({ email_allowed_domains: [], allowed_auth_methods: [] }),
    'ALL_ALLOWED',
  )
})

test('an empty list empties the stored one, unless a RESTRICTED policy needs it', async () => {
  const project = await newProject()
  const lists = {
    email_allowed_domains: ['acme.example'],
    allowed_auth_methods: ['sso'],
    allowed_mfa_methods: ['totp'],
    claimed_email_domains: ['acme.example'],
    allowed_first_party_connected_apps: ['app-1'],
    rbac_email_implicit_role_assignments: [{ domain: 'acme.example', role_id: 'stytch_admin' }],
  }
  const empty = Object.fromEntries(Object.keys(lists).map((list) => [list, []]))
  const made = await create(project, { ...lists, email_invites: 'ALL_ALLOWED' })
  const emptied = await update(project, made, empty)
  for (const list of Object.keys(lists)) assert.deepEqual(emptied[list], [], list)

  const restricted = await update(project, made, {
    ...lists,
    email_invites: 'RESTRICTED',
    auth_methods: 'RESTRICTED',
    mfa_methods: 'RESTRICTED',
    first_party_connected_apps_allowed_type: 'RESTRICTED',
  })
  const after = await update(project, made, { ...empty, auth_methods: 'RESTRICTED' })
  assert.deepEqual(after.email_allowed_domains, restricted.email_allowed_domains)
  assert.deepEqual(after.allowed_auth_methods, restricted.allowed_auth_methods)
  assert.deepEqual(after.allowed_mfa_methods, restricted.allowed_mfa_methods)
  assert.deepEqual(after.claimed_email_domains, [])
  assert.deepEqual(after.allowed_first_party_connected_apps, [])
  const released = await update(project, made, { ...empty, auth_methods: 'ALL_ALLOWED' })
  assert.deepEqual(released.allowed_auth_methods, [])
})

test('an empty map of tenants changes nothing', async () => {
  const project = await newProject()
  const tenants = { slack: ['T1'] }
  const made = await create(project, { allowed_oauth_tenants: tenants })
  const after = await update(project, made, { allowed_oauth_tenants: {} })
  assert.deepEqual(after.allowed_oauth_tenants, tenants)
})

test('somebody must be able to join, counted with the stored settings', async () => {
  const project = await newProject()
  const made = await create(project, { email_invites: 'NOT_ALLOWED' })
  const error = '400 invalid_organization_auth_factor_setting'
  assert.equal(await errorOfUpdate(project, made, { sso_jit_provisioning: 'NOT_ALLOWED' }), error)
  await update(project, made, { sso_jit_provisioning: 'NOT_ALLOWED', email_invites: 'ALL_ALLOWED' })
  assert.equal(await errorOfUpdate(project, made, { email_invites: 'NOT_ALLOWED' }), error)
})

test('domains are stored in one spelling, role assignments once', async () => {
  const project = await newProject()
  const made = await create(project, {
    email_allowed_domains: [' ACME.Example ', 'münchen.example'],
    claimed_email_domains: ['Acme.EXAMPLE'],
    rbac_email_implicit_role_assignments: [
      { domain: 'ACME.example', role_id: 'stytch_admin' },
      { domain: 'acme.example', role_id: 'stytch_admin' },
    ],
  })
  assert.deepEqual(made.email_allowed_domains, ['acme.example', 'xn--mnchen-3ya.example'])
  assert.deepEqual(made.claimed_email_domains, ['acme.example'])
  assert.deepEqual(made.rbac_email_implicit_role_assignments, [
    { domain: 'acme.example', role_id: 'stytch_admin' },
  ])
})

test('a domain is claimed by one organization of a project, whoever is first', async () => {
  const project = await newProject()
  const other = await newProject()
  const claim = { claimed_email_domains: ['acme.example', 'acme.test'] }
  const first = await create(project, claim)
  await create(other, claim)
  const error = '400 action_not_allowed_email_domain_is_claimed'
  assert.equal(await errorOfCreate(project, { claimed_email_domains: ['ACME.test'] }), error)
  const second = await create(project)
  assert.equal(await errorOfUpdate(project, second, claim), error)
  await update(project, first, claim)
  await update(project, first, { claimed_email_domains: [] })
  await update(project, second, claim)

  const race = await Promise.all(
    Array.from({ length: 6 }, () =>
      errorOfCreate(project, { claimed_email_domains: ['race.test'] }),
    ),
  )
  assert.equal(race.filter((answer) => answer === '200 undefined').length, 1)
})

test('the default connection is an active one of the organization', async () => {
  const project = await newProject()
  const made = await create(project)
  const other = await create(project)
  const active = await addConnection(project, made)
  const pending = await addConnection(project, made, 'pending')
  const foreign = await addConnection(project, other)
  const set = (sso_default_connection_id: string) =>
    errorOfUpdate(project, made, { sso_default_connection_id })
  assert.equal(await set(pending), '400 requires_active_sso_connection')
  for (const wrong of [foreign, 'saml-connection-test-none', ''])
    assert.equal(await set(wrong), '400 invalid_sso_default_connection_id')
  const changed = await update(project, made, { sso_default_connection_id: active })
  assert.equal(changed.sso_default_connection_id, active)
  assert.deepEqual(changed.sso_active_connections, [
    { connection_id: active, display_name: 'Okta', identity_provider: 'okta' },
  ])
})

test('connections that may provision members are the organization’s own, pending ones too', async () => {
  const project = await newProject()
  const made = await create(project)
  const own = await addConnection(project, made, 'pending')
  const foreign = await addConnection(project, await create(project))
  const error = '400 invalid_restricted_sso_setting'
  const list = (...ids: string[]) => ({ sso_jit_provisioning_allowed_connections: ids })
  const restricted = { sso_jit_provisioning: 'RESTRICTED' }
  assert.equal(await errorOfUpdate(project, made, list(own, foreign)), error)
  assert.equal(await errorOfUpdate(project, made, list('saml-connection-test-none')), error)
  assert.equal(await errorOfUpdate(project, made, restricted), error)
  assert.equal(await errorOfUpdate(project, made, { ...restricted, ...list() }), error)
  const changed = await update(project, made, { ...restricted, ...list(own, own) })
  assert.deepEqual(changed.sso_jit_provisioning_allowed_connections, [own])
  const kept = await update(project, made, list())
  assert.deepEqual(kept.sso_jit_provisioning_allowed_connections, [own])
  const open = await update(project, made, { sso_jit_provisioning: 'ALL_ALLOWED', ...list() })
  assert.deepEqual(open.sso_jit_provisioning_allowed_connections, [])
})

test('a new organization may restrict provisioning before it has a connection: nobody gets in', async () => {
  const project = await newProject()
  const made = await create(project, { sso_jit_provisioning: 'RESTRICTED' })
  assert.equal(made.sso_jit_provisioning, 'RESTRICTED')
  assert.deepEqual(made.sso_jit_provisioning_allowed_connections, [])
  await update(project, made, { sso_jit_provisioning: 'RESTRICTED', organization_name: 'Still' })
})
