import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { addMember, addOrganization, addSession, samlFactor } from '../sessions/session.test-kit.ts'
import {
  assertRefused,
  create,
  createActive,
  newTenant,
  provider,
  sso,
  update,
} from './connection.test-kit.ts'
import { connectionsOf, findConnection, findConnectionAnywhere } from './connections.ts'

const environment = 'test' as const

async function defaultOf(owner: Awaited<ReturnType<typeof newTenant>>) {
  const { services } = await server()
  const row = await services.db
    .selectFrom('organization_objects')
    .select(['sso_default_connection_id', 'sso_active_connections'])
    .where('project_id', '=', owner.project.project_id)
    .where('organization_id', '=', owner.organization.organization_id)
    .executeTakeFirstOrThrow()
  return row
}

test('an organization lists its connections, pending ones too, also by slug and external id', async () => {
  const owner = await newTenant()
  const empty = await sso(owner, 'GET', '{}')
  assert.deepEqual(
    [empty.body.saml_connections, empty.body.oidc_connections, empty.body.external_connections],
    [[], [], []],
  )
  const saml = await createActive(owner)
  const oidc = await create(owner, 'oidc', { display_name: 'Okta' })
  const { organization_id, organization_slug, organization_external_id } = owner.organization
  for (const reference of [organization_id, organization_slug, organization_external_id]) {
    const { body } = await call(owner.project, 'GET', `/v1/b2b/sso/${reference}`)
    assert.deepEqual(body.saml_connections, [saml])
    assert.deepEqual(body.oidc_connections, [oidc])
    assert.deepEqual(body.external_connections, [])
  }
})

test('the first active connection becomes the default, and later ones leave it', async () => {
  const owner = await newTenant()
  const pending = await create(owner, 'saml')
  assert.equal((await defaultOf(owner)).sso_default_connection_id, null)
  const first = await createActive(owner, 'oidc')
  assert.equal((await defaultOf(owner)).sso_default_connection_id, first.connection_id)
  const second = await createActive(owner)
  const { sso_default_connection_id, sso_active_connections } = await defaultOf(owner)
  assert.equal(sso_default_connection_id, first.connection_id)
  const active = sso_active_connections.map((each) => each.connection_id)
  assert.deepEqual(active, [first.connection_id, second.connection_id])
  assert.ok(!active.includes(pending.connection_id))
})

test('of connections that become active at once, one is the default', async () => {
  const owner = await newTenant()
  const made = await Promise.all([1, 2, 3, 4].map(() => createActive(owner, 'oidc')))
  const { sso_default_connection_id } = await defaultOf(owner)
  assert.ok(made.some((each) => each.connection_id === sso_default_connection_id))
})

test('the default connection can be deleted only when no other is active', async () => {
  const owner = await newTenant()
  const first = await createActive(owner, 'oidc')
  const second = await createActive(owner, 'oidc')
  const remove = (connection: { connection_id: string }) =>
    sso(owner, 'DELETE', `{}/connections/${connection.connection_id}`)
  assertRefused(await remove(first), 400, 'cannot_delete_default_sso_connection')
  assert.equal((await remove(second)).body.connection_id, second.connection_id)
  const last = await remove(first)
  assert.equal(last.status, 200)
  assert.equal((await defaultOf(owner)).sso_default_connection_id, null)
  assertRefused(await remove(first), 404, 'sso_connection_not_found')
  assert.deepEqual((await sso(owner, 'GET', '{}')).body.oidc_connections, [])
  const next = await createActive(owner, 'oidc')
  assert.equal((await defaultOf(owner)).sso_default_connection_id, next.connection_id)
})

test('deleting a connection ends the sessions that rest on it, and no others', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const connection = await createActive(owner)
  const key = { project_id: owner.project.project_id, connection_id: connection.connection_id }
  const member = await addMember(services, owner.organization)
  await services.db
    .insertInto('sso_registrations')
    .values({
      ...key,
      organization_id: owner.organization.organization_id,
      subject: 'ada',
      registration_id: 'saml-member-registration-test-1',
      member_id: member.member_id,
      external_id: 'ada',
      created_at: services.now(),
      updated_at: services.now(),
    })
    .execute()
  await services.db
    .updateTable('organizations')
    .set({ sso_jit_provisioning_allowed_connections: [connection.connection_id, 'another'] })
    .where('project_id', '=', key.project_id)
    .execute()
  const ended = await addSession(services, member, {
    factors: [samlFactor('another'), samlFactor(connection.connection_id)],
  })
  const kept = await addSession(services, member, { factors: [samlFactor('another')] })
  await sso(owner, 'DELETE', `{}/connections/${connection.connection_id}`)
  const check = ({ session_token }: { session_token: string }) =>
    call(owner.project, 'POST', '/v1/b2b/sessions/authenticate', { session_token })
  assertRefused(await check(ended), 404, 'session_not_found')
  assert.equal((await check(kept)).status, 200)
  for (const table of ['sso_registrations', 'saml_keys'] as const) {
    const rows = services.db
      .selectFrom(table)
      .select('connection_id')
      .where('project_id', '=', key.project_id)
    assert.deepEqual(await rows.execute(), [])
  }
  const organization = await services.db
    .selectFrom('organizations')
    .select('sso_jit_provisioning_allowed_connections')
    .where('project_id', '=', key.project_id)
    .executeTakeFirstOrThrow()
  assert.deepEqual(organization.sso_jit_provisioning_allowed_connections, ['another'])
})

test("nobody reaches another organization's connection, or another project's", async () => {
  const { services } = await server()
  const owner = await newTenant()
  const connection = await createActive(owner)
  const neighbour = {
    project: owner.project,
    organization: await addOrganization(services, owner.project.project_id),
  }
  const stranger = await newTenant()
  const path = `connections/${connection.connection_id}`
  const calls: [string, string, string, unknown?][] = [
    ['DELETE', `{}/${path}`, 'sso_connection_not_found'],
    ['PUT', `saml/{}/${path}`, 'saml_connection_not_found', { display_name: 'Mine' }],
    ['PUT', `oidc/{}/${path}`, 'oidc_connection_not_found', { display_name: 'Mine' }],
    [
      'PUT',
      `saml/{}/${path}/url`,
      'saml_connection_not_found',
      { metadata_url: 'http://127.0.0.1:9' },
    ],
    ['DELETE', `saml/{}/${path}/verification_certificates/x`, 'saml_connection_not_found'],
  ]
  for (const [method, route, not_found, body] of calls) {
    assertRefused(await sso(stranger, method, route, body), 404, not_found)
    const answer = await sso(neighbour, method, route, body)
    if (route.startsWith('oidc')) assertRefused(answer, 404, not_found)
    else assertRefused(answer, 400, 'sso_connection_organization_mismatch')
    const nowhere = { ...owner, organization: { organization_id: 'organization-test-none' } }
    assertRefused(await sso(nowhere, method, route, body), 404, 'organization_not_found')
  }
  assert.deepEqual((await sso(owner, 'GET', '{}')).body.saml_connections, [connection])
})

test('a connection of the other protocol is not found', async () => {
  const owner = await newTenant()
  const [saml, oidc] = [await create(owner, 'saml'), await create(owner, 'oidc')]
  const put = (type: string, id: string) =>
    sso(owner, 'PUT', `${type}/{}/connections/${id}`, { display_name: 'x' })
  assertRefused(await put('saml', oidc.connection_id), 404, 'saml_connection_not_found')
  assertRefused(await put('oidc', saml.connection_id), 404, 'oidc_connection_not_found')
})

test('an organization has at most 50 connections', async () => {
  const owner = await newTenant()
  const all = Array.from({ length: 52 }, () => sso(owner, 'POST', 'oidc/{}', {}))
  const answers = await Promise.all(all)
  const refused = answers.filter((answer) => answer.status !== 200)
  assert.equal(refused.length, 2)
  for (const answer of refused) assertRefused(answer, 400, 'too_many_sso_connections')
  assertRefused(await sso(owner, 'POST', 'saml/{}', {}), 400, 'too_many_sso_connections')
})

test('identity_provider takes every known name, with and without hyphens, and no other', async () => {
  const owner = await newTenant()
  const spellings = {
    okta: 'okta',
    'microsoft-entra': 'microsoft-entra',
    microsoftentra: 'microsoft-entra',
    googleworkspace: 'google-workspace',
  }
  for (const [identity_provider, stored] of Object.entries(spellings)) {
    const connection = await create(owner, 'oidc', { identity_provider })
    assert.equal(connection.identity_provider, stored)
  }
  for (const type of ['saml', 'oidc'] as const) {
    const body = { identity_provider: 'acme' }
    assertRefused(await sso(owner, 'POST', `${type}/{}`, body), 400, 'invalid_sso_idp')
    const connection = await create(owner, type, { display_name: null, identity_provider: null })
    assert.deepEqual([connection.display_name, connection.identity_provider], ['', 'generic'])
    assertRefused(await update(owner, connection, body), 400, 'invalid_sso_idp')
    const long = { display_name: 'x'.repeat(129) }
    assertRefused(await sso(owner, 'POST', `${type}/{}`, long), 400, 'invalid_display_name')
    assertRefused(await update(owner, connection, long), 400, 'invalid_display_name')
  }
})

test('a member session needs the permission on stytch.sso', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const connection = await createActive(owner)
  const id = owner.organization.organization_id
  const sessionOf = async (roles: string[]) => {
    const member = await addMember(services, owner.organization, roles)
    return { 'x-stytch-member-session': (await addSession(services, member)).session_token }
  }
  const [member, admin] = [await sessionOf([]), await sessionOf(['stytch_admin'])]
  const path = `connections/${connection.connection_id}`
  const calls: [string, string, unknown?][] = [
    ['GET', id],
    ['POST', `saml/${id}`, {}],
    ['POST', `oidc/${id}`, {}],
    ['PUT', `saml/${id}/${path}`, { display_name: 'x' }],
    ['PUT', `oidc/${id}/${path}`, {}],
    ['PUT', `saml/${id}/${path}/url`, { metadata_url: 'x' }],
    ['DELETE', `saml/${id}/${path}/verification_certificates/x`],
    ['DELETE', `${id}/${path}`],
  ]
  for (const [method, route, body] of calls) {
    const refused = await call(owner.project, method, `/v1/b2b/sso/${route}`, body, member)
    assertRefused(refused, 403, 'session_authorization_error')
    const other = await addOrganization(services, owner.project.project_id)
    const elsewhere = `/v1/b2b/sso/${route.replace(id, other.organization_id)}`
    const crossed = await call(owner.project, method, elsewhere, body, admin)
    assertRefused(crossed, 403, 'session_authorization_tenancy_error')
  }
  assert.equal(
    (await call(owner.project, 'GET', `/v1/b2b/sso/${id}`, undefined, admin)).status,
    200,
  )
})

test('a login finds a connection with its keys ready, and sees a change at once', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const project = { project_id: owner.project.project_id, environment }
  const { connection_id } = await createActive(owner, 'oidc')
  const before = await findConnection(services, project, connection_id)
  assert.equal(before.client_secret, provider.client_secret)
  assert.equal(before.provider, null)
  await update(owner, before, { client_secret: 'another' })
  const after = await findConnectionAnywhere(services, connection_id)
  assert.equal(after.client_secret, 'another')
  const stored = await connectionsOf(services.db, { ...project, ...owner.organization })
  assert.ok(!stored[0]!.client_secret!.includes('another'))
  const stranger = { project_id: 'project-test-another', environment }
  await assert.rejects(findConnection(services, stranger, connection_id), {
    error_type: 'sso_connection_not_found',
  })
  await sso(owner, 'DELETE', `{}/connections/${connection_id}`)
  await assert.rejects(findConnection(services, project, connection_id), {
    error_type: 'sso_connection_not_found',
  })
})
