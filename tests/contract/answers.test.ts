/** Every answer against the wire contract: what the Python, Java and Rust SDKs refuse to do without. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api } from '../../src/api.ts'
import { call, newProject, server } from '../harness.ts'
import { calls, methodIds, send } from './calls.ts'
import { contractOf, fieldsOf, violations } from './contract.ts'
import { must, newTenant } from './tenant.ts'
import { endpointOf } from './types.ts'

test('every endpoint of the API is in the suite, under the name that the SDK has for it', () => {
  assert.deepEqual(
    methodIds,
    api.map((endpoint) => contractOf(endpoint).id),
  )
  for (const endpoint of Object.values(endpointOf)) assert.ok(api.includes(endpoint))
})

test('every endpoint takes all that the contract has for it', () => {
  for (const id of methodIds) {
    const { path_params, query_params, body } = contractOf(endpointOf[id])
    for (const { name } of [...path_params, ...query_params, ...body])
      assert.ok(name in endpointOf[id].input.shape, `${id} ${name}`)
  }
})

test('every answer has every required field of the contract, in its type', async (t) => {
  const tenant = await newTenant()
  const seen = new Set<string>()
  for (const id of methodIds)
    await t.test(id, async () => {
      const { status, body, headers } = await send(tenant.project, id, await calls[id](tenant))
      assert.equal(status, 200, JSON.stringify(body))
      assert.equal(body.status_code, 200)
      assert.match(body.request_id, /^request-id-test-[0-9a-f-]{36}$/)
      assert.match(headers.get('content-type') ?? '', /^application\/json\b/)
      const { response } = contractOf(endpointOf[id])
      assert.deepEqual(violations(body, response, id, '', seen), [])
    })
  const met = [...seen].filter((name) => name !== '').sort()
  assert.deepEqual(met, objects, 'each object of the contract that is served was looked into')
})

/** The objects that answers hold when nothing is missing. */
const objects = [
  'ActiveSSOConnection',
  'AuthenticationFactor',
  'AuthorizationVerdict',
  'B2BOrganizationsResultsMetadata',
  'EmailImplicitRoleAssignment',
  'EncryptionPrivateKey',
  'JWK',
  'Member',
  'MemberRole',
  'MemberRoleSource',
  'MemberSession',
  'OIDCConnection',
  'OrgPolicy',
  'Organization',
  'Policy',
  'PolicyResource',
  'PolicyRole',
  'PolicyRolePermission',
  'RetiredEmail',
  'SAMLConnection',
  'SAMLConnectionImplicitRoleAssignment',
  'SAMLGroupImplicitRoleAssignment',
  'SAMLSSOFactor',
  'SSORegistration',
  'X509Certificate',
]

/** Fields that have a value from the start. */
const always: Record<string, string[]> = {
  Organization: [
    'organization_id',
    'organization_name',
    'organization_slug',
    'sso_jit_provisioning',
    'email_jit_provisioning',
    'email_invites',
    'auth_methods',
    'mfa_policy',
    'mfa_methods',
    'oauth_tenant_jit_provisioning',
    'first_party_connected_apps_allowed_type',
    'third_party_connected_apps_allowed_type',
  ],
  Member: ['organization_id', 'member_id', 'email_address', 'status', 'roles'],
  SAMLConnection: [
    'organization_id',
    'connection_id',
    'status',
    'identity_provider',
    'acs_url',
    'audience_uri',
    'signing_certificates',
    'nameid_format',
  ],
  OIDCConnection: [
    'organization_id',
    'connection_id',
    'status',
    'identity_provider',
    'redirect_url',
  ],
}

const emptyOf = (type: string) =>
  type === 'boolean' ? false : type === 'string' ? '' : type.endsWith('[]') ? [] : {}

test('what nobody has set is "" or [] or false in an answer, and an optional field is null', async () => {
  const project = await newProject()
  const { organization } = await must(project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Bare',
  })
  const { organization_id } = organization
  const path = `/v1/b2b/organizations/${organization_id}/members`
  const { member } = await must(project, 'POST', path, { email_address: 'bare@acme.test' })
  const saml = await must(project, 'POST', `/v1/b2b/sso/saml/${organization_id}`, {})
  const oidc = await must(project, 'POST', `/v1/b2b/sso/oidc/${organization_id}`, {})
  const objects = {
    Organization: organization,
    Member: member,
    SAMLConnection: saml.connection,
    OIDCConnection: oidc.connection,
  }
  for (const [name, value] of Object.entries(objects)) {
    for (const { name: field, type, optional } of fieldsOf.get(name)!) {
      if (optional) assert.notEqual(value[field], '', `${name}.${field}`)
      else if (always[name]!.includes(field)) assert.notDeepEqual(value[field], emptyOf(type))
      else assert.deepEqual(value[field], emptyOf(type), `${name}.${field}`)
    }
  }
})

test('searches that find nothing answer with empty lists and a total of 0', async () => {
  const project = await newProject()
  const { organization } = await must(project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Empty',
  })
  const operands = [{ filter_name: 'organization_slugs', filter_value: ['nobody'] }]
  const found = await must(project, 'POST', '/v1/b2b/organizations/search', { query: { operands } })
  assert.deepEqual([found.organizations, found.results_metadata.total], [[], 0])
  const members = await must(project, 'POST', '/v1/b2b/organizations/members/search', {
    organization_ids: [organization.organization_id],
  })
  assert.deepEqual([members.members, members.organizations], [[], {}])
  assert.equal(members.results_metadata.total, 0)
})

test('an error has the five fields of the contract, its address opens, and no oauth names', async () => {
  const project = await newProject()
  const { status, body } = await call(project, 'GET', '/v1/b2b/organizations/nobody')
  assert.equal(status, 404)
  assert.deepEqual(Object.keys(body).sort(), [
    'error_message',
    'error_type',
    'error_url',
    'request_id',
    'status_code',
  ])
  assert.equal(body.error_url, 'http://localhost:4000/errors/organization_not_found')
  const page = await (await server()).app.request(body.error_url)
  assert.equal(page.status, 200)
  assert.match(await page.text(), /organization_not_found/)
})
