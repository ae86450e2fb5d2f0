/** Every endpoint but those of SSO by the official Node SDK, as an application's backend calls it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calls } from './calls.ts'
import { newClient, type Scenario } from './sdk.ts'
import { email_address, newMember, newSSOToken, newTenant } from './tenant.ts'
import type { MethodId } from './types.ts'

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

const scenarios: Record<Exclude<MethodId, `sso.${string}`>, Scenario> = {
  ...organizations,
  ...members,
}

test('every endpoint but those of SSO answers the SDK', async (t) => {
  const tenant = await newTenant()
  const client = await newClient(tenant.project)
  for (const [id, scenario] of Object.entries(scenarios))
    await t.test(id, () => scenario(client, tenant))
})
