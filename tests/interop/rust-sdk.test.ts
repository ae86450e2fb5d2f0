/** The official Rust SDK (crates.io), unmodified, in a program of ours (rust-sdk/), beside `npm start`. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import type { Organization } from 'stytch'
import { readDevelopmentFile } from '../../src/development-file.ts'
import { createSigningCertificate } from '../../src/saml/certificates.ts'
import { call, ssoToken, startURL } from './development-server.ts'
import { portcullis, sdk } from './rust-sdk.ts'

const ada = 'ada.lovelace@acme.test'
const nobody = 'organization-test-01890000-0000-7000-8000-000000000000'
const roleIds = (of: { roles: { role_id: string }[] }) => of.roles.map((each) => each.role_id)

/** A new organization, made without the SDK. */
async function newOrganization(organization_name: string): Promise<string> {
  const facts = await portcullis()
  const path = '/v1/b2b/organizations'
  const made = await call<{ organization: Organization }>(facts, 'POST', path, {
    organization_name,
  })
  return made.organization.organization_id
}

/** Walks a login of Ada's; what the SDK made of its token. */
async function login(connection_id: string) {
  const sso_token = await ssoToken(startURL(await portcullis(), connection_id), ada)
  return sdk('login', { sso_token })
}

async function loginAtAcme(type: 'saml' | 'oidc') {
  const [acme] = (await portcullis()).organizations
  const connection = acme?.sso_connections.find((each) => each.type === type)
  assert.ok(acme && connection)
  const said = await login(connection.connection_id)
  return { ...acme, ...connection, said, made: said.answer('authenticate') }
}

test('the official Rust SDK: an organization lives from create to delete, and nulls change nothing', async () => {
  const said = await sdk('organizations', { slug: 'rust-works' })
  const { organization } = said.answer('create')
  const given = {
    organization_name: 'Rust Works',
    organization_slug: 'rust-works',
    organization_external_id: 'crm|rust-works',
    trusted_metadata: { tier: 'gold' },
    sso_jit_provisioning: 'NOT_ALLOWED',
    email_invites: 'RESTRICTED',
    email_allowed_domains: ['rust.test'],
  }
  for (const [name, value] of Object.entries(given)) assert.deepEqual(organization[name], value)
  assert.deepEqual(said.answer('get by id').organization, organization)
  assert.deepEqual(said.answer('get by slug').organization, organization)

  const renamed = said.answer('update').organization
  const { organization_name, updated_at } = renamed
  assert.equal(organization_name, 'Ferris & Söhne')
  assert.deepEqual(renamed, { ...organization, organization_name, updated_at })
  const emptied = said.answer('update with an empty list').organization
  const changes = { email_invites: 'ALL_ALLOWED', email_allowed_domains: [] }
  assert.deepEqual(emptied, { ...renamed, ...changes, updated_at: emptied.updated_at })
  assert.deepEqual(said.answer('get afterwards').organization, emptied)

  const found = said.answer('search')
  assert.deepEqual(found.organizations, [emptied])
  assert.equal(found.results_metadata.total, 1)
  assert.equal(said.answer('delete').organization_id, organization.organization_id)
  said.assertRefused('get the deleted', 404, 'organization_not_found')
  assert.deepEqual(said.answer('search the deleted').organizations, [])
})

test('the official Rust SDK: a member lives from create to delete, and nulls change nothing', async () => {
  const organization_id = await newOrganization('Navy')
  const said = await sdk('members', { organization_id })
  const { member, organization } = said.answer('create')
  assert.equal(organization.organization_id, organization_id)
  assert.equal(member.email_address, 'grace.hopper+navy@acme.test')
  assert.equal(member.external_id, 'crm|grace')
  assert.deepEqual([member.status, member.is_admin], ['active', true])
  assert.deepEqual(member.untrusted_metadata, { theme: 'dark' })
  for (const name of ['get by id', 'get by e-mail', 'dangerously get'])
    assert.deepEqual(said.answer(name).member, member)

  const updated = said.answer('update').member
  const { name, updated_at } = updated
  assert.equal(name, 'Rear Admiral Hopper')
  assert.deepEqual(updated, { ...member, name, updated_at })
  assert.deepEqual(said.answer('get afterwards').member, updated)
  const found = said.answer('search')
  assert.deepEqual(found.members, [updated])
  assert.deepEqual(Object.keys(found.organizations), [organization_id])

  assert.equal(said.answer('delete').member_id, member.member_id)
  said.assertRefused('dangerously get the deleted', 404, 'member_not_found')
  assert.equal(said.answer('dangerously get with the deleted').member.status, 'deleted')
  said.assertRefused('reactivate', 400, 'email_unverified_for_reactivation')
  said.assertRefused('get in the end', 404, 'member_not_found')
})

/** Connections that the SDK makes in an organization of their own, to the test identity provider. */
async function connect(name: string) {
  const organization_id = await newOrganization(name)
  const { test_idp_url, data_dir } = await portcullis()
  const { oidc_client_secret = '' } = await readDevelopmentFile(data_dir)
  const said = await sdk('connect', {
    organization_id,
    metadata_url: `${test_idp_url}/saml/metadata`,
    issuer: `${test_idp_url}/oidc`,
    client_id: 'portcullis',
    client_secret: oidc_client_secret,
  })
  const { saml_connections, oidc_connections } = said.answer('get connections')
  assert.deepEqual([saml_connections.length, oidc_connections.length], [1, 1])
  return { organization_id, said, saml: saml_connections[0], oidc: oidc_connections[0] }
}

test('the official Rust SDK: connections that it makes and updates are stored as meant', async () => {
  const { test_idp_url } = await portcullis()
  const { said, saml, oidc } = await connect('Connections')
  const made = said.answer('create saml').connection
  assert.deepEqual([made.status, made.identity_provider], ['pending', 'microsoft-entra'])
  const updated = said.answer('update saml').connection
  assert.equal(updated.identity_provider, 'google-workspace')
  assert.deepEqual(said.answer('update saml by url').connection, saml)
  assert.equal(saml.status, 'active')
  assert.equal(saml.display_name, 'Made in Rust')
  assert.ok(saml.idp_sso_url.startsWith(test_idp_url), saml.idp_sso_url)
  assert.equal(saml.identity_provider, 'google-workspace')
  assert.deepEqual(saml.attribute_mapping, { email: 'email', full_name: 'displayName' })
  assert.deepEqual(saml.saml_connection_implicit_role_assignments, [{ role_id: 'stytch_admin' }])
  assert.equal(saml.verification_certificates.length, 1)

  const first = said.answer('create oidc').connection
  assert.deepEqual([first.status, first.identity_provider], ['pending', 'google-workspace'])
  const second = said.answer('update oidc')
  assert.deepEqual([second.connection.status, second.warning], ['active', null])
  assert.deepEqual(said.answer('update oidc again').connection, oidc)
  assert.deepEqual(oidc, { ...second.connection, identity_provider: 'microsoft-entra' })
  assert.equal(oidc.display_name, 'Also made in Rust')
})

test('the official Rust SDK: people log in over the connections that it made', async () => {
  const { organization_id, saml, oidc } = await connect('Logins')
  const over = async ({ connection_id }: { connection_id: string }) => {
    const { member, member_session } = (await login(connection_id)).answer('authenticate')
    assert.equal(member.organization_id, organization_id)
    assert.equal(member.email_address, ada)
    return member_session.roles
  }
  assert.deepEqual(await over(saml), ['stytch_member', 'stytch_admin'])
  assert.deepEqual(await over(oidc), ['stytch_member'])
})

test('the official Rust SDK: a deleted member who had logged in is reactivated', async () => {
  const { organization_id, saml } = await connect('Return')
  const { member_id } = (await login(saml.connection_id)).answer('authenticate')
  const said = await sdk('leave and return', { organization_id, member_id })
  assert.equal(said.answer('delete').member_id, member_id)
  assert.equal(said.answer('dangerously get with the deleted').member.status, 'deleted')
  assert.equal(said.answer('reactivate').member.status, 'active')
  const { member } = said.answer('get in the end')
  assert.deepEqual([member.member_id, member.status], [member_id, 'active'])
})

test('the official Rust SDK: certificates and keys are added and deleted, and connections deleted', async () => {
  const { organization_id, saml, oidc } = await connect('Rotation')
  const { connection_id } = saml
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { certificate } = await createSigningCertificate({ common_name: 'x', now: new Date() })
  const private_key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const given = { organization_id, connection_id, certificate, private_key }
  const rotated = await sdk('rotate', given)
  const { connection } = rotated.answer('add')
  assert.equal(connection.verification_certificates.length, 2)
  const [key] = connection.encryption_private_keys
  assert.equal(key.private_key, '', 'it is never shown')
  const { private_key_id } = rotated.answer('delete encryption private key')
  assert.equal(private_key_id, key.private_key_id)
  const { certificate_id } = rotated.answer('delete verification certificate')
  assert.notEqual(certificate_id, saml.verification_certificates[0].certificate_id)
  assert.deepEqual(rotated.answer('get connections').saml_connections, [saml])

  const gone = await sdk('disconnect', { organization_id, connection_id: oidc.connection_id })
  assert.equal(gone.answer('delete connection').connection_id, oidc.connection_id)
  gone.assertRefused('delete connection again', 404, 'sso_connection_not_found')
  const left = gone.answer('get connections')
  assert.deepEqual([left.saml_connections, left.oidc_connections], [[saml], []])
})

for (const type of ['saml', 'oidc'] as const)
  test(`the official Rust SDK: a login over ${type} is decoded whole, and its token is good for once`, async () => {
    const { said, made, organization_id, connection_id } = await loginAtAcme(type)
    assert.equal(made.member_authenticated, true)
    assert.deepEqual([made.reset_session, made.intermediate_session_token], [false, ''])
    assert.equal(made.organization.organization_id, organization_id)
    assert.equal(made.organization.organization_slug, 'acme')
    assert.equal(made.organization.sso_active_connections.length, 2)
    const { member, member_session } = made
    assert.deepEqual([member.email_address, member.name], [ada, 'Ada Lovelace'])
    assert.equal(member.member_id, made.member_id)
    assert.deepEqual(roleIds(member), ['stytch_member'])
    assert.deepEqual(member_session.roles, ['stytch_member'])
    assert.deepEqual(member_session.custom_claims, { plan: 'pro', scope: 'read:documents' })
    const minutes = Date.parse(member_session.expires_at) - Date.parse(member_session.started_at)
    assert.equal(minutes, 60 * 60_000)
    const [factor, ...others] = member_session.authentication_factors
    assert.deepEqual([factor.type, factor.delivery_method, others], ['sso', `sso_${type}`, []])
    const external_id = { saml: ada, oidc: 'idp-user-ada-lovelace' }[type]
    const { id, ...of } = factor[`${type}_sso_factor`]
    assert.deepEqual(of, { provider_id: connection_id, external_id })
    const registered = member.sso_registrations.map(
      (each: { registration_id: string }) => each.registration_id,
    )
    assert.ok(registered.includes(id), `${id} of ${registered}`)
    said.assertRefused('authenticate again', 404, 'sso_token_not_found')
  })

test('the official Rust SDK: a session is authenticated by token and by JWT, until it is revoked', async () => {
  const { project_id } = await portcullis()
  const { made } = await loginAtAcme('saml')
  const { session_token, session_jwt, organization_id, member_id } = made
  const { member_session_id } = made.member_session
  const given = { project_id, session_token, session_jwt, organization_id, member_id }
  const said = await sdk('session', given)
  for (const name of ['authenticate by token', 'authenticate by jwt']) {
    const answer = said.answer(name)
    assert.equal(answer.member_session.member_session_id, member_session_id)
    assert.equal(answer.member.member_id, member_id)
    assert.equal(answer.organization.organization_id, organization_id)
    const left = Date.parse(answer.member_session.expires_at) - Date.now()
    assert.ok(left > 85 * 60_000 && left <= 90 * 60_000, `${left}`)
  }
  const ids = (answer: { member_sessions: { member_session_id: string }[] }) =>
    answer.member_sessions.map((each) => each.member_session_id)
  assert.ok(ids(said.answer('get')).includes(member_session_id))
  const { kid } = JSON.parse(Buffer.from(session_jwt.split('.')[0], 'base64url').toString())
  const { keys } = said.answer('get jwks')
  assert.ok(
    keys.some((key: { kid: string; alg: string }) => key.kid === kid && key.alg === 'RS256'),
  )

  const revoked = await sdk('revoke', given)
  assert.equal(revoked.answer('revoke').status_code, 200)
  revoked.assertRefused('authenticate by token', 404, 'session_not_found')
  revoked.assertRefused('authenticate by jwt', 404, 'session_not_found')
  assert.ok(!ids(revoked.answer('get')).includes(member_session_id))
})

test('the official Rust SDK: the server says what the roles of a member permit', async () => {
  const { session_token, organization_id } = (await loginAtAcme('oidc')).made
  const other_organization_id = await newOrganization('Elsewhere')
  const said = await sdk('permissions', { session_token, organization_id, other_organization_id })
  assert.deepEqual(said.answer('own data').verdict, {
    authorized: true,
    granting_roles: ['stytch_member'],
  })
  said.assertRefused('connections', 403, 'session_authorization_error')
  said.assertRefused('elsewhere', 403, 'session_authorization_tenancy_error')
})

interface Checked {
  client_id: string
  scopes: string[]
  custom_claims: Record<string, unknown>
}

test('the official Rust SDK: the JWT of a session passes the check by the JWKS, and a forged one does not', async () => {
  const { session_jwt, member_id, member_session } = (await loginAtAcme('saml')).made
  const [header, payload, signature] = session_jwt.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const forged = Buffer.from(JSON.stringify({ ...claims, scope: 'read:documents admin' }))
  const forged_jwt = `${header}.${forged.toString('base64url')}.${signature}`
  const said = await sdk('jwt', { session_jwt, forged_jwt })
  const { client_id, scopes, custom_claims } = said.value<Checked>('check')
  assert.deepEqual([client_id, scopes], [member_id, ['read:documents']])
  assert.equal(custom_claims.plan, 'pro')
  const session = custom_claims['https://stytch.com/session'] as { id: string }
  assert.equal(session.id, member_session.member_session_id)
  said.assertFailed('check another scope', /^Unauthorized$/)
  said.assertFailed('check a forged one', /InvalidSignature/)
})

test('the official Rust SDK: project and policy are decoded, and refusals are typed errors', async () => {
  const { project_id, organizations } = await portcullis()
  const [acme] = organizations
  const given = { organization_id: acme!.organization_id, unknown_organization_id: nobody }
  const said = await sdk('project', given)
  const who = said.answer('whoami')
  assert.deepEqual([who.project_id, who.name], [project_id, 'Development'])
  const { policy } = said.answer('policy')
  assert.deepEqual(roleIds(policy), ['stytch_member', 'stytch_admin'])
  assert.ok(policy.resources.length > 0)
  assert.deepEqual(said.answer('organization policy').org_policy, { roles: [] })
  said.assertRefused('unknown organization', 404, 'organization_not_found')

  const stranger = await sdk('project', given, 'secret-test-that-is-wrong')
  for (const name of ['whoami', 'policy', 'organization policy', 'unknown organization'])
    stranger.assertRefused(name, 401, 'unauthorized_credentials')
})
