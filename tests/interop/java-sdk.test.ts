/** Stytch's official SDK for Java, unmodified, beside `npm start`: what the calls of java-sdk/ must come to. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Member, MemberSession, Organization } from 'stytch'
import { readDevelopmentFile } from '../../src/development-file.ts'
import { newCertificate } from '../../src/sso/connection.test-kit.ts'
import { call, ssoToken, startURL } from './development-server.ts'
import { type Answer, javaCalls, server } from './java-sdk.ts'

const ada = 'ada.lovelace@acme.test'
const newSlug = () => `org-${randomBytes(6).toString('hex')}`

async function api<T = Answer>(method: string, path: string, body?: unknown): Promise<T> {
  const facts = await server()
  return call<T>(facts, method, `/v1/b2b/${path}`, body)
}

/** A new organization, made without the SDK. */
async function newOrganization(settings: Partial<Organization> = {}): Promise<Organization> {
  const fields = { organization_name: 'Globex', organization_slug: newSlug(), ...settings }
  return (await api('POST', 'organizations', fields)).organization
}

/** A login at one of the connections that the server begins with. */
async function newToken(type: 'saml' | 'oidc', who = ada): Promise<string> {
  const facts = await server()
  const connections = facts.organizations[0]?.sso_connections ?? []
  return ssoToken(connections.find((each) => each.type === type)?.start_url ?? '', who)
}

/** Without what is null, and what differs between two organizations of the same settings. */
function settingsOf({
  organization_id,
  organization_slug,
  created_at,
  updated_at,
  ...settings
}: Organization) {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null))
}

test('the official Java SDK: an organization is created, found, changed and deleted', async () => {
  const slug = newSlug()
  const calls = await javaCalls('organizations', slug)
  const created = calls.answer('create').organization
  assert.match(created.organization_id, /^organization-test-/)
  assert.deepEqual(settingsOf(created), settingsOf(await newOrganization()), 'as if without lists')
  assert.deepEqual(calls.answer('get by id').organization, created)
  assert.deepEqual(calls.answer('get by slug').organization, created)

  const updated = calls.answer('update').organization
  const { updated_at: _time, ...before } = created
  assert.deepEqual(updated, {
    ...before,
    organization_name: 'Globex Corporation',
    trusted_metadata: { tier: 'gold' },
    organization_external_id: `crm-${slug}`,
    sso_jit_provisioning: 'NOT_ALLOWED',
    email_allowed_domains: ['globex.test'],
    email_jit_provisioning: 'RESTRICTED',
    updated_at: updated.updated_at,
  })
  assert.deepEqual(calls.answer('search').organizations, [updated])
  assert.equal(calls.answer('delete').organization_id, created.organization_id)
  calls.assertRefused('get once deleted', 404, 'organization_not_found')
})

test('the official Java SDK: the empty lists that it sends unasked leave what needs its list', async () => {
  const made = await newOrganization({
    trusted_metadata: { tier: 'gold' },
    email_allowed_domains: ['globex.test'],
    email_invites: 'RESTRICTED',
    auth_methods: 'RESTRICTED',
    allowed_auth_methods: ['sso'],
    mfa_methods: 'RESTRICTED',
    allowed_mfa_methods: ['totp'],
    allowed_oauth_tenants: { slack: ['T1'] },
    claimed_email_domains: ['globex.test'],
  })
  const calls = await javaCalls('rename', made.organization_id, 'Globex Corporation')
  const path = `organizations/${made.organization_id}`
  const stored = (await api('GET', path)).organization
  assert.deepEqual(stored, {
    ...made,
    organization_name: 'Globex Corporation',
    // No setting needs these: [] empties them, whoever sends it.
    claimed_email_domains: [],
    updated_at: stored.updated_at,
  })
  assert.deepEqual(settingsOf(calls.answer('rename').organization), settingsOf(stored))
})

test('the official Java SDK: a member is created, found, changed and deleted', async () => {
  const { organization_id } = await newOrganization()
  const calls = await javaCalls('members', organization_id)
  const created = calls.answer('create').member
  const roles = (member: Member) => member.roles.map(({ role_id }) => role_id)
  assert.equal(created.email_address, 'grace.hopper+navy@acme.test')
  assert.deepEqual([created.status, created.external_id], ['active', 'crm-grace'])
  assert.deepEqual(created.untrusted_metadata, { theme: 'dark' })
  assert.deepEqual(roles(created), ['stytch_member', 'stytch_admin'])
  for (const found of ['get by id', 'get by email', 'dangerouslyGet'])
    assert.deepEqual(calls.answer(found).member, created, found)

  const renamed = calls.answer('update without roles').member
  const { updated_at } = renamed
  assert.deepEqual(renamed, { ...created, name: 'Rear Admiral Hopper', updated_at })
  const emptied = calls.answer('update with empty roles').member
  assert.deepEqual([emptied.name, roles(emptied)], ['Amazing Grace', ['stytch_member']])
  assert.deepEqual(emptied.untrusted_metadata, { theme: 'dark' })
  assert.deepEqual(calls.answer('search').members, [emptied])

  assert.equal(calls.answer('delete').member_id, created.member_id)
  calls.assertRefused('get once deleted', 404, 'member_not_found')
  assert.equal(calls.answer('dangerouslyGet once deleted').member.status, 'deleted')
})

test('the official Java SDK: a deleted member is reactivated', async () => {
  const sso_token = await newToken('oidc', 'alan.turing@acme.test')
  const { organization_id, member } = await api('POST', 'sso/authenticate', { sso_token })
  const calls = await javaCalls('reactivate', organization_id, member.member_id)
  assert.equal(calls.answer('delete').member_id, member.member_id)
  const reactivated = calls.answer('reactivate').member
  assert.deepEqual([reactivated.status, reactivated.name], ['active', 'Alan Turing'])
  assert.deepEqual(calls.answer('get').member, reactivated)
})

/** Ada's first login over a connection, by the SDK; the same token once more is refused. */
async function assertLogin(connection_id: string, organization_id: string, type: 'saml' | 'oidc') {
  const facts = await server()
  const calls = await javaCalls('login', await ssoToken(startURL(facts, connection_id), ada))
  const answer = calls.answer('sso.authenticate')
  assert.deepEqual([answer.member_authenticated, answer.reset_session], [true, false])
  assert.deepEqual([answer.member.email_address, answer.member.name], [ada, 'Ada Lovelace'])
  assert.equal(answer.member.sso_registrations[0]?.connection_id, connection_id)
  assert.equal(answer.organization.organization_id, organization_id)
  assert.deepEqual(answer.member_session.custom_claims, { plan: 'gold' })
  const [factor] = answer.member_session.authentication_factors
  assert.deepEqual([factor?.type, factor?.delivery_method], ['sso', `sso_${type}`])
  const sso = type === 'saml' ? factor?.saml_sso_factor : factor?.oidc_sso_factor
  assert.equal(sso?.provider_id, connection_id)
  assert.notEqual(sso?.external_id, '')
  calls.assertRefused('sso.authenticate again', 404, 'sso_token_not_found')
  return answer
}

test('the official Java SDK: a SAML connection that it sets up carries a login, which makes an administrator', async () => {
  const facts = await server()
  const { organization_id } = await newOrganization()
  const metadata_url = `${facts.test_idp_url}/saml/metadata`
  const args = [organization_id, metadata_url, await newCertificate()]
  const calls = await javaCalls('saml', ...args)
  const created = calls.answer('create').connection
  assert.deepEqual([created.status, created.identity_provider], ['pending', 'microsoft-entra'])

  const changed = calls.answer('update').connection
  const old = changed.verification_certificates[0]?.certificate_id
  assert.equal(changed.display_name, 'Test IdP')
  const byURL = calls.answer('updateByURL').connection
  assert.deepEqual([byURL.status, byURL.idp_entity_id], ['active', metadata_url])
  assert.deepEqual(byURL.attribute_mapping, changed.attribute_mapping)
  assert.equal(calls.answer('deleteVerificationCertificate').certificate_id, old)

  const other = calls.answer('create of another').connection.connection_id
  const ids = (answer: Answer) => answer.saml_connections.map((each) => each.connection_id).sort()
  const { connection_id } = created
  assert.deepEqual(ids(calls.answer('getConnections')), [connection_id, other].sort())
  assert.equal(calls.answer('deleteConnection').connection_id, other)
  assert.deepEqual(ids(calls.answer('getConnections once deleted')), [connection_id])

  const [stored] = (await api('GET', `sso/${organization_id}`)).saml_connections
  assert.equal(stored?.identity_provider, 'microsoft-entra')
  assert.equal(stored?.idp_entity_id, metadata_url)
  assert.deepEqual(stored?.attribute_mapping, changed.attribute_mapping, '{} changes nothing')
  assert.equal(stored?.verification_certificates.length, 1)
  assert.notEqual(stored?.verification_certificates[0]?.certificate_id, old)

  const { member, member_session } = await assertLogin(connection_id, organization_id, 'saml')
  assert.deepEqual(member_session.roles.toSorted(), ['stytch_admin', 'stytch_member'])
  const admin = member.roles.find(({ role_id }) => role_id === 'stytch_admin')
  assert.deepEqual(admin?.sources, [{ type: 'sso_connection', details: { connection_id } }])
})

test('the official Java SDK: an OIDC connection that it sets up carries a login', async () => {
  const { data_dir, ...facts } = await server()
  const { oidc_client_secret = '' } = await readDevelopmentFile(data_dir)
  const { organization_id } = await newOrganization()
  const issuer = `${facts.test_idp_url}/oidc`
  const calls = await javaCalls('oidc', organization_id, issuer, 'portcullis', oidc_client_secret)
  const created = calls.answer('create').connection
  assert.deepEqual([created.status, created.identity_provider], ['pending', 'microsoft-entra'])
  const updated = calls.answer('update').connection
  assert.deepEqual([updated.status, updated.issuer], ['active', issuer])
  assert.equal(updated.client_secret, '', 'it is never shown')
  const other = calls.answer('create of another').connection.connection_id
  assert.equal(calls.answer('deleteConnection').connection_id, other)
  assert.deepEqual(calls.answer('getConnections').oidc_connections, [updated])

  const [stored] = (await api('GET', `sso/${organization_id}`)).oidc_connections
  assert.equal(stored?.identity_provider, 'microsoft-entra')
  assert.equal(stored?.display_name, 'Test IdP')
  const { member_session } = await assertLogin(created.connection_id, organization_id, 'oidc')
  assert.deepEqual(member_session.roles, ['stytch_member'])
})

test('the official Java SDK: a session lasts by token and by JWT until it is revoked', async () => {
  const calls = await javaCalls('sessions', await newToken('oidc'))
  const login = calls.answer('login')
  const { member_session_id } = login.member_session
  const byToken = calls.answer('authenticate by token')
  const left = Date.parse(byToken.member_session.expires_at) - Date.now()
  assert.ok(left > 89 * 60_000 && left <= 90 * 60_000, `${left} ms`)
  const byJWT = calls.answer('authenticate by JWT')
  assert.equal(byToken.session_token, login.session_token)
  for (const { member_session, member, organization } of [byToken, byJWT]) {
    assert.equal(member_session.member_session_id, member_session_id)
    assert.deepEqual([member.member_id, member.email_address], [login.member_id, ada])
    assert.equal(organization.organization_slug, 'acme')
  }
  const ids = (answer: Answer) => answer.member_sessions.map((each) => each.member_session_id)
  assert.ok(ids(calls.answer('get')).includes(member_session_id))

  calls.answer('revoke')
  calls.assertRefused('authenticate by revoked token', 404, 'session_not_found')
  calls.assertRefused('authenticate by revoked JWT', 404, 'session_not_found')
  assert.ok(!ids(calls.answer('get once revoked')).includes(member_session_id))
})

test('the official Java SDK: it checks a JWT by itself, with the keys of the server', async () => {
  const calls = await javaCalls('jwt', await newToken('saml'))
  const { keys } = calls.answer('getJWKS')
  assert.ok(keys.length > 0 && keys.every((key) => key.kty === 'RSA' && key.alg === 'RS256'))
  const { member_session } = calls.answer('login')
  const local = calls.value<MemberSession>('local')
  for (const field of ['started_at', 'last_accessed_at', 'expires_at'] as const)
    assert.equal(Date.parse(local[field] ?? ''), Date.parse(member_session[field] ?? ''), field)
  assert.equal(local.member_session_id, member_session.member_session_id)
  assert.equal(local.member_id, member_session.member_id)
  assert.equal(local.organization_id, member_session.organization_id)
  assert.equal(local.organization_slug, 'acme')
  assert.deepEqual(local.roles, member_session.roles)
  assert.deepEqual(local.authentication_factors, member_session.authentication_factors)
  assert.deepEqual(calls.value<MemberSession>('local or remote'), local)
  calls.assertFailed('local, too old', /JwtTooOld/)
  calls.assertFailed('local, forged', /InvalidJwtSignatureException/)
  calls.assertRefused('local or remote, forged', 400, 'unable_to_parse_session_jwt')
  calls.answer('revoke')
  assert.deepEqual(calls.value<MemberSession>('local, revoked'), local, 'it asks nobody')
  calls.assertRefused('remote, revoked', 404, 'session_not_found')
})

test('the official Java SDK: permissions are judged by the server, and by the SDK with its policy', async () => {
  const who = 'grace.hopper@acme.test'
  const sso_token = await newToken('saml', who)
  const { organization_id, member_id } = await api('POST', 'sso/authenticate', { sso_token })
  const path = `organizations/${organization_id}/members/${member_id}`
  await api('PUT', path, { roles: ['stytch_admin'] })
  const calls = await javaCalls('permissions', await newToken('saml', who))
  const { roles } = calls.answer('policy').policy
  assert.deepEqual(
    roles.map(({ role_id }) => role_id),
    ['stytch_member', 'stytch_admin'],
  )
  assert.deepEqual(calls.answer("organization's policy").org_policy, { roles: [] })

  assert.equal(calls.answer('allowed by the server').member.member_id, member_id)
  assert.equal(calls.value<MemberSession>('allowed locally').member_id, member_id)
  calls.assertRefused('refused by the server', 403, 'session_authorization_error')
  calls.assertFailed('refused locally', /PermissionException/)
  calls.assertRefused('foreign by the server', 403, 'session_authorization_tenancy_error')
  calls.assertFailed('foreign locally', /TenancyException/)
  assert.equal(calls.answer('getConnections as admin').saml_connections.length, 1)
  calls.assertRefused('getConnections as nobody', 403, 'session_authorization_error')
})

test('the official Java SDK: a refusal is its typed error, with all five fields', async () => {
  const facts = await server()
  const { organization_id } = await newOrganization()
  const calls = await javaCalls('refusals', organization_id)
  for (const whoami of ['whoami', 'whoami at an address that ends in a slash'])
    assert.equal(calls.answer(whoami).project_id, facts.project_id)
  calls.assertRefused('wrong secret', 401, 'unauthorized_credentials')
  calls.assertRefused('unknown organization', 404, 'organization_not_found')
  calls.assertRefused('no name', 400, 'invalid_organization_name')
  calls.assertRefused('unknown token', 404, 'sso_token_not_found')
  calls.assertRefused('unknown connection', 404, 'saml_connection_not_found')
})
