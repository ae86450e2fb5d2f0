/** Every endpoint by the official Node SDK, as an application's backend calls it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { B2BClient } from 'stytch'
import { newCertificate } from '../../src/sso/connection.test-kit.ts'
import { testIdP } from '../login.ts'
import { calls, methodIds } from './calls.ts'
import { newClient } from './sdk.ts'
import { email_address, newMember, newSSOToken, newTenant, type Tenant } from './tenant.ts'
import type { MethodId } from './types.ts'

type Scenario = (client: B2BClient, tenant: Tenant) => Promise<void>

const organizations = {
  async 'debug.whoami'(client, { project }) {
    const { project_id, name } = await client.debug.whoami()
    assert.deepEqual([project_id, name], [project.project_id, 'A test'])
  },
  async 'organizations.create'(client) {
    const { organization } = await client.organizations.create({
      organization_name: 'Globex',
      organization_slug: 'globex',
      organization_external_id: 'crm|7',
      trusted_metadata: { tier: 'silver' },
      sso_jit_provisioning: 'NOT_ALLOWED',
      email_invites: 'ALL_ALLOWED',
      email_allowed_domains: ['globex.test'],
    })
    assert.match(organization.organization_id, /^organization-test-/)
    assert.deepEqual(organization.trusted_metadata, { tier: 'silver' })
    assert.equal(organization.sso_jit_provisioning, 'NOT_ALLOWED')
    const got = await client.organizations.get({ organization_id: 'crm|7' })
    assert.deepEqual(got.organization, organization)
  },
  async 'organizations.get'(client, tenant) {
    const { organization_id, organization_slug, organization_external_id } = tenant
    for (const reference of [organization_id, organization_slug, organization_external_id]) {
      const { organization } = await client.organizations.get({ organization_id: reference })
      assert.equal(organization.organization_id, organization_id)
      assert.deepEqual(
        organization.sso_active_connections.map((each) => each.connection_id).sort(),
        [tenant.saml, tenant.oidc].sort(),
      )
    }
  },
  async 'organizations.update'(client, { organization_id, session_token, session_jwt }) {
    for (const authorization of [{}, { session_token }, { session_jwt }]) {
      const organization_name = `Acme ${Object.keys(authorization)}`
      const { organization } = await client.organizations.update(
        { organization_id, organization_name },
        { authorization },
      )
      assert.equal(organization.organization_name, organization_name)
    }
  },
  async 'organizations.delete'(client) {
    const { organization } = await client.organizations.create({ organization_name: 'Gone' })
    const { organization_id } = organization
    const deleted = await client.organizations.delete({ organization_id })
    assert.equal(deleted.organization_id, organization_id)
    assert.equal(deleted.status_code, 200)
  },
  async 'organizations.search'(client, { organization_id, organization_slug }) {
    const operands = [{ filter_name: 'organization_slugs', filter_value: [organization_slug] }]
    const found = await client.organizations.search({ query: { operator: 'AND', operands } })
    assert.deepEqual(
      found.organizations.map((each) => each.organization_id),
      [organization_id],
    )
    assert.equal(found.results_metadata.total, 1)
  },
  async 'rbac.policy'(client) {
    const { policy } = await client.rbac.policy()
    assert.deepEqual(
      policy?.roles.map((role) => role.role_id),
      ['stytch_member', 'stytch_admin'],
    )
  },
  async 'rbac.organizations.getOrgPolicy'(client, { organization_id }) {
    const { org_policy } = await client.rbac.organizations.getOrgPolicy({ organization_id })
    assert.deepEqual(org_policy, { roles: [] })
  },
} satisfies Partial<Record<MethodId, Scenario>>

const members = {
  async 'organizations.members.create'(client, { organization_id }) {
    const { member, organization } = await client.organizations.members.create({
      organization_id,
      email_address: 'Grace.Hopper+navy@acme.test',
      name: 'Grace Hopper',
      external_id: 'crm|grace',
      roles: ['stytch_admin'],
      untrusted_metadata: { theme: 'dark' },
    })
    assert.equal(member.email_address, 'grace.hopper+navy@acme.test')
    assert.deepEqual([member.status, member.is_admin], ['active', true])
    assert.equal(organization.organization_id, organization_id)
  },
  async 'organizations.members.get'(client, tenant) {
    const { organization_id, member_id, member_external_id } = tenant
    for (const by of [{ member_id }, { member_id: member_external_id }, { email_address }]) {
      const { member } = await client.organizations.members.get({ organization_id, ...by })
      assert.equal(member.member_id, member_id)
      assert.equal(member.sso_registrations[0]?.connection_id, tenant.saml)
    }
  },
  async 'organizations.members.dangerouslyGet'(client, tenant) {
    const member_id = await newMember(tenant)
    const { organization_id } = tenant
    await client.organizations.members.delete({ organization_id, member_id })
    const request = { member_id, include_deleted: true }
    const { member } = await client.organizations.members.dangerouslyGet(request)
    assert.equal(member.status, 'deleted')
  },
  async 'organizations.members.update'(client, { organization_id, member_id, session_token }) {
    const { member } = await client.organizations.members.update(
      { organization_id, member_id, untrusted_metadata: { theme: 'light' } },
      { authorization: { session_token } },
    )
    assert.deepEqual(member.untrusted_metadata, { theme: 'light' })
  },
  async 'organizations.members.delete'(client, tenant) {
    const request = { organization_id: tenant.organization_id, member_id: await newMember(tenant) }
    const deleted = await client.organizations.members.delete(request)
    assert.equal(deleted.member_id, request.member_id)
  },
  async 'organizations.members.reactivate'(client, tenant) {
    const { params } = await calls['organizations.members.reactivate'](tenant)
    const { member } = await client.organizations.members.reactivate(
      params as { organization_id: string; member_id: string },
    )
    assert.deepEqual([member.member_id, member.status], [params?.member_id, 'active'])
  },
  async 'organizations.members.search'(client, { organization_id, member_id }) {
    const operands = [{ filter_name: 'member_emails', filter_value: [email_address] }]
    const found = await client.organizations.members.search({
      organization_ids: [organization_id],
      query: { operator: 'OR', operands },
    })
    assert.deepEqual(
      found.members.map((member) => member.member_id),
      [member_id],
    )
    assert.deepEqual(Object.keys(found.organizations), [organization_id])
  },
  async 'sessions.get'(client, { organization_id, member_id, member_session_id }) {
    const { member_sessions } = await client.sessions.get({ organization_id, member_id })
    assert.ok(member_sessions.some((each) => each.member_session_id === member_session_id))
  },
  async 'sessions.authenticate'(client, { session_token, session_jwt, member_session_id }) {
    for (const by of [{ session_token }, { session_jwt }]) {
      const answer = await client.sessions.authenticate({ ...by, session_duration_minutes: 90 })
      assert.equal(answer.member_session.member_session_id, member_session_id)
      const left = Date.parse(answer.member_session.expires_at) - Date.now()
      assert.ok(left > 89 * 60_000 && left <= 90 * 60_000)
    }
  },
  async 'sessions.revoke'(client, tenant) {
    const sso_token = await newSSOToken(tenant)
    const { session_token } = await client.sso.authenticate({ sso_token })
    assert.equal((await client.sessions.revoke({ session_token })).status_code, 200)
    await assert.rejects(client.sessions.authenticate({ session_token }))
  },
  async 'sessions.getJWKS'(client, { project }) {
    const { keys } = await client.sessions.getJWKS({ project_id: project.project_id })
    assert.ok(keys.length > 0 && keys.every((key) => key.kty === 'RSA' && key.alg === 'RS256'))
  },
} satisfies Partial<Record<MethodId, Scenario>>

const sso = {
  async 'sso.authenticate'(client, tenant) {
    const answer = await client.sso.authenticate({
      sso_token: await newSSOToken(tenant),
      session_duration_minutes: 30,
      session_custom_claims: { plan: 'pro' },
    })
    assert.equal(answer.member_id, tenant.member_id)
    assert.equal(answer.member_authenticated, true)
    const [factor] = answer.member_session?.authentication_factors ?? []
    assert.equal(factor?.delivery_method, 'sso_saml')
    assert.equal(factor?.saml_sso_factor?.provider_id, tenant.saml)
    const local = await client.sessions.authenticateJwtLocal({ session_jwt: answer.session_jwt })
    assert.deepEqual(local.custom_claims, { plan: 'pro' })
  },
  async 'sso.getConnections'(client, { organization_id, saml, oidc }) {
    const found = await client.sso.getConnections({ organization_id })
    assert.ok(found.saml_connections.some((each) => each.connection_id === saml))
    assert.ok(found.oidc_connections.some((each) => each.connection_id === oidc))
    assert.deepEqual(found.external_connections, [])
  },
  async 'sso.deleteConnection'(client, { organization_id }) {
    const { connection } = await client.sso.oidc.createConnection({ organization_id })
    const { connection_id } = connection!
    const deleted = await client.sso.deleteConnection({ organization_id, connection_id })
    assert.equal(deleted.connection_id, connection_id)
  },
  async 'sso.oidc.createConnection'(client, { organization_id }) {
    const { connection } = await client.sso.oidc.createConnection({
      organization_id,
      display_name: 'Entra',
      identity_provider: 'microsoft-entra',
    })
    assert.deepEqual(
      [connection?.status, connection?.identity_provider],
      ['pending', 'microsoft-entra'],
    )
  },
  async 'sso.oidc.updateConnection'(client, { organization_id }) {
    const { oidc } = await testIdP()
    const { connection } = await client.sso.oidc.createConnection({ organization_id })
    const updated = await client.sso.oidc.updateConnection({
      organization_id,
      connection_id: connection!.connection_id,
      issuer: oidc.issuer,
      client_id: oidc.client_id,
      client_secret: oidc.client_secret,
    })
    assert.equal(updated.connection?.status, 'active', 'the issuer says the rest')
    assert.equal(updated.connection?.client_secret, '')
    assert.equal(updated.warning ?? null, null)
  },
  async 'sso.saml.createConnection'(client, { organization_id }) {
    const { connection } = await client.sso.saml.createConnection({
      organization_id,
      display_name: 'Workspace',
      identity_provider: 'google-workspace',
    })
    assert.equal(connection?.identity_provider, 'google-workspace')
    assert.match(connection?.signing_certificates[0]?.certificate ?? '', /BEGIN CERTIFICATE/)
  },
  async 'sso.saml.updateConnection'(client, { organization_id }) {
    const { saml } = await testIdP()
    const { connection } = await client.sso.saml.createConnection({ organization_id })
    const updated = await client.sso.saml.updateConnection({
      organization_id,
      connection_id: connection!.connection_id,
      idp_entity_id: saml.entity_id,
      idp_sso_url: saml.sso_url,
      x509_certificate: saml.certificate,
      attribute_mapping: { email: 'email', full_name: 'name' },
    })
    assert.equal(updated.connection?.status, 'active')
    assert.equal(updated.connection?.verification_certificates.length, 1)
  },
  async 'sso.saml.updateByURL'(client, { organization_id }) {
    const { saml } = await testIdP()
    const { connection } = await client.sso.saml.createConnection({ organization_id })
    const updated = await client.sso.saml.updateByURL({
      organization_id,
      connection_id: connection!.connection_id,
      metadata_url: saml.metadata_url,
    })
    assert.equal(updated.connection?.idp_entity_id, saml.entity_id)
    assert.equal(updated.connection?.idp_sso_url, saml.sso_url)
  },
  async 'sso.saml.deleteVerificationCertificate'(
    client,
    { organization_id, saml, certificate_id },
  ) {
    const added = await client.sso.saml.updateConnection({
      organization_id,
      connection_id: saml,
      x509_certificate: await newCertificate(),
    })
    const another = added.connection?.verification_certificates.find(
      (each) => each.certificate_id !== certificate_id,
    )
    const deleted = await client.sso.saml.deleteVerificationCertificate({
      organization_id,
      connection_id: saml,
      certificate_id: another!.certificate_id,
    })
    assert.equal(deleted.certificate_id, another!.certificate_id)
  },
} satisfies Partial<Record<MethodId, Scenario>>

const scenarios: Record<MethodId, Scenario> = { ...organizations, ...members, ...sso }

test('every endpoint answers the SDK', async (t) => {
  const tenant = await newTenant()
  const client = await newClient(tenant.project)
  for (const id of methodIds) await t.test(id, () => scenarios[id](client, tenant))
})
