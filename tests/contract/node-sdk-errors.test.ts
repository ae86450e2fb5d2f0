/** What the official Node SDK throws, of every endpoint. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { B2BClient } from 'stytch'
import { methodIds } from './calls.ts'
import { listening } from './listening.ts'
import { assertThrows, newClient } from './sdk.ts'
import { email_address, newTenant, type Tenant } from './tenant.ts'
import type { MethodId } from './types.ts'

type Refusal = [
  status_code: number,
  error_type: string,
  call: (client: B2BClient, tenant: Tenant) => Promise<unknown>,
]

const nobody = 'organization-test-01890000-0000-7000-8000-000000000000'
const member_id = 'member-test-01890000-0000-7000-8000-000000000000'
const connection_id = 'saml-connection-test-01890000-0000-7000-8000-000000000000'
const oidc_id = 'oidc-connection-test-01890000-0000-7000-8000-000000000000'

const refusals: Record<MethodId, Refusal> = {
  'debug.whoami': [
    401,
    'unauthorized_credentials',
    async (_, { project }) => {
      const env = (await listening()).url
      const { project_id } = project
      return new B2BClient({ project_id, secret: 'secret-test-wrong', env }).debug.whoami()
    },
  ],
  'organizations.create': [
    400,
    'organization_slug_already_used',
    ({ organizations }, { organization_slug }) =>
      organizations.create({ organization_name: 'Acme', organization_slug }),
  ],
  'organizations.get': [
    404,
    'organization_not_found',
    ({ organizations }) => organizations.get({ organization_id: nobody }),
  ],
  'organizations.update': [
    400,
    'invalid_organization_slug',
    ({ organizations }, { organization_id }) =>
      organizations.update({ organization_id, organization_slug: 'not a slug' }),
  ],
  'organizations.delete': [
    404,
    'organization_not_found',
    ({ organizations }) => organizations.delete({ organization_id: 'nobody/at all' }),
  ],
  'organizations.search': [
    400,
    'organization_search_filter_name_not_recognized',
    ({ organizations }) =>
      organizations.search({
        query: { operator: 'AND', operands: [{ filter_name: 'shoe_size', filter_value: 43 }] },
      }),
  ],
  'organizations.members.create': [
    400,
    'duplicate_member_email',
    ({ organizations }, { organization_id }) =>
      organizations.members.create({ organization_id, email_address }),
  ],
  'organizations.members.get': [
    404,
    'member_not_found',
    ({ organizations }, { organization_id }) =>
      organizations.members.get({ organization_id, member_id }),
  ],
  'organizations.members.dangerouslyGet': [
    404,
    'member_not_found',
    ({ organizations }) => organizations.members.dangerouslyGet({ member_id }),
  ],
  'organizations.members.update': [
    400,
    'invalid_role',
    ({ organizations }, { organization_id, member_id }) =>
      organizations.members.update({ organization_id, member_id, roles: ['captain'] }),
  ],
  'organizations.members.delete': [
    404,
    'member_not_found',
    ({ organizations }, { organization_id }) =>
      organizations.members.delete({ organization_id, member_id }),
  ],
  'organizations.members.reactivate': [
    404,
    'member_not_found',
    ({ organizations }, { organization_id }) =>
      organizations.members.reactivate({ organization_id, member_id }),
  ],
  'organizations.members.search': [
    400,
    'member_search_organization_ids_empty',
    ({ organizations }) => organizations.members.search({ organization_ids: [] }),
  ],
  'rbac.policy': [
    401,
    'unauthorized_credentials',
    async () => {
      const env = (await listening()).url
      return new B2BClient({ project_id: 'project-test-0', secret: 'x', env }).rbac.policy()
    },
  ],
  'rbac.organizations.getOrgPolicy': [
    404,
    'organization_not_found',
    ({ rbac }) => rbac.organizations.getOrgPolicy({ organization_id: nobody }),
  ],
  'sessions.get': [
    404,
    'member_not_found',
    ({ sessions }, { organization_id }) => sessions.get({ organization_id, member_id }),
  ],
  'sessions.authenticate': [
    403,
    'session_authorization_error',
    ({ sessions }, { session_token, organization_id }) =>
      sessions.authenticate({
        session_token,
        authorization_check: { organization_id, resource_id: 'documents', action: 'shred' },
      }),
  ],
  'sessions.revoke': [400, 'no_session_revoke_arguments', ({ sessions }) => sessions.revoke({})],
  'sessions.getJWKS': [
    404,
    'project_not_found',
    ({ sessions }) => sessions.getJWKS({ project_id: 'project-test-0' }),
  ],
  'sso.authenticate': [
    404,
    'sso_token_not_found',
    ({ sso }) => sso.authenticate({ sso_token: 'never-issued' }),
  ],
  'sso.getConnections': [
    403,
    'session_authorization_error',
    ({ sso }, { organization_id }) =>
      sso.getConnections({ organization_id }, { authorization: { session_token: 'not-one' } }),
  ],
  'sso.deleteConnection': [
    404,
    'sso_connection_not_found',
    ({ sso }, { organization_id }) => sso.deleteConnection({ organization_id, connection_id }),
  ],
  'sso.oidc.createConnection': [
    400,
    'invalid_sso_idp',
    ({ sso }, { organization_id }) =>
      sso.oidc.createConnection({ organization_id, identity_provider: 'myspace' }),
  ],
  'sso.oidc.updateConnection': [
    404,
    'oidc_connection_not_found',
    ({ sso }, { organization_id }) =>
      sso.oidc.updateConnection({ organization_id, connection_id: oidc_id }),
  ],
  'sso.saml.createConnection': [
    404,
    'organization_not_found',
    ({ sso }) => sso.saml.createConnection({ organization_id: nobody }),
  ],
  'sso.saml.updateConnection': [
    400,
    'invalid_x509_certificate',
    ({ sso }, { organization_id, saml }) =>
      sso.saml.updateConnection({
        organization_id,
        connection_id: saml,
        x509_certificate: 'not a certificate',
      }),
  ],
  'sso.saml.updateByURL': [
    404,
    'saml_connection_not_found',
    ({ sso }, { organization_id }) =>
      sso.saml.updateByURL({ organization_id, connection_id, metadata_url: 'https://a.test/m' }),
  ],
  'sso.saml.deleteVerificationCertificate': [
    400,
    'cannot_delete_last_sso_verification_key',
    ({ sso }, { organization_id, saml, certificate_id }) =>
      sso.saml.deleteVerificationCertificate({
        organization_id,
        connection_id: saml,
        certificate_id,
      }),
  ],
  'sso.saml.deleteEncryptionPrivateKey': [
    404,
    'sso_encryption_private_key_not_found',
    ({ sso }, { organization_id, saml }) =>
      sso.saml.deleteEncryptionPrivateKey({
        organization_id,
        connection_id: saml,
        private_key_id: 'saml-encryption-key-test-0',
      }),
  ],
}

test('every endpoint throws a StytchError with five fields', async (t) => {
  const tenant = await newTenant()
  const client = await newClient(tenant.project)
  for (const id of methodIds) {
    const [status_code, error_type, call] = refusals[id]
    await t.test(`${id}: ${status_code} ${error_type}`, async () => {
      await assertThrows(call(client, tenant), status_code, error_type)
    })
  }
})

test('the request id of an error is of that request alone', async () => {
  const tenant = await newTenant()
  const { organizations } = await newClient(tenant.project)
  const thrown = await Promise.all(
    Array.from({ length: 8 }, () =>
      assertThrows(organizations.get({ organization_id: nobody }), 404, 'organization_not_found'),
    ),
  )
  assert.equal(new Set(thrown.map((error) => error.request_id)).size, 8)
})
