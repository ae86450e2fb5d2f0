/** How each endpoint is called about a tenant so that it answers well. */
import { randomUUID } from 'node:crypto'
import { newCertificate } from '../../src/sso/connection.test-kit.ts'
import { type Answer, call, server, type TestProject } from '../harness.ts'
import { samlMapping, testIdP } from '../login.ts'
import {
  anotherPrivateKey,
  email_address,
  must,
  newMember,
  newSSOToken,
  type Tenant,
} from './tenant.ts'
import { endpointOf, type MethodId } from './types.ts'

export interface Call {
  params?: Record<string, string>
  query?: Record<string, string>
  body?: Record<string, unknown>
}

type Calls = Record<MethodId, (tenant: Tenant) => Call | Promise<Call>>

const organization = ({ organization_id }: Tenant) => ({ organization_id })
const member = ({ organization_id, member_id }: Tenant) => ({ organization_id, member_id })
const saml = ({ organization_id, saml }: Tenant) => ({ organization_id, connection_id: saml })

async function spareMember(tenant: Tenant, deleted: boolean) {
  const { organization_id, project } = tenant
  const member_id = await newMember(tenant)
  const path = `/v1/b2b/organizations/${organization_id}/members/${member_id}`
  if (!deleted) return { organization_id, member_id }
  // Without a verified address a member is not reactivated.
  await (await server()).services.db
    .updateTable('members')
    .set({ email_address_verified: true })
    .where('member_id', '=', member_id)
    .execute()
  await must(project, 'DELETE', path)
  return { organization_id, member_id }
}

async function spareSession(tenant: Tenant): Promise<string> {
  const body = { sso_token: await newSSOToken(tenant) }
  return (await must(tenant.project, 'POST', '/v1/b2b/sso/authenticate', body)).session_token
}

async function spareConnection({ project, organization_id }: Tenant) {
  const made = await must(project, 'POST', `/v1/b2b/sso/oidc/${organization_id}`, {})
  return { organization_id, connection_id: made.connection.connection_id as string }
}

async function spareCertificate(tenant: Tenant) {
  const { organization_id, connection_id } = saml(tenant)
  const path = `/v1/b2b/sso/saml/${organization_id}/connections/${connection_id}`
  const body = { x509_certificate: await newCertificate() }
  const { connection } = await must(tenant.project, 'PUT', path, body)
  const { certificate_id } = connection.verification_certificates.find(
    (each: { certificate_id: string }) => each.certificate_id !== tenant.certificate_id,
  )
  return { organization_id, connection_id, certificate_id: certificate_id as string }
}

async function spareEncryptionKey(tenant: Tenant) {
  const { organization_id, connection_id } = saml(tenant)
  const path = `/v1/b2b/sso/saml/${organization_id}/connections/${connection_id}`
  const body = { saml_encryption_private_key: anotherPrivateKey }
  const { connection } = await must(tenant.project, 'PUT', path, body)
  const { private_key_id } = connection.encryption_private_keys[0]
  return { organization_id, connection_id, private_key_id: private_key_id as string }
}

async function spareOrganization({ project }: Tenant) {
  const body = { organization_name: 'Spare' }
  const made = await must(project, 'POST', '/v1/b2b/organizations', body)
  return { organization_id: made.organization.organization_id as string }
}

/** What a call deletes or redeems it makes for itself, so that every call can be made again. */
export const calls: Calls = {
  'debug.whoami': () => ({}),
  'organizations.create': () => ({ body: { organization_name: 'New' } }),
  'organizations.get': (tenant) => ({ params: organization(tenant) }),
  'organizations.update': (tenant) => ({
    params: organization(tenant),
    body: { organization_name: 'Acme', sso_default_connection_id: tenant.saml },
  }),
  'organizations.delete': async (tenant) => ({ params: await spareOrganization(tenant) }),
  'organizations.search': (tenant) => ({
    body: {
      query: {
        operator: 'AND',
        operands: [
          { filter_name: 'organization_slugs', filter_value: [tenant.organization_slug] },
          { filter_name: 'organization_ids', filter_value: [tenant.organization_id] },
        ],
      },
    },
  }),
  'organizations.members.create': (tenant) => ({
    params: organization(tenant),
    body: { email_address: `${randomUUID()}@acme.test` },
  }),
  'organizations.members.get': ({ organization_id, member_id }) => ({
    params: { organization_id },
    query: { member_id },
  }),
  'organizations.members.dangerouslyGet': ({ member_id }) => ({ params: { member_id } }),
  'organizations.members.update': (tenant) => ({
    params: member(tenant),
    // Java's SDK empties the roles, which would end the session.
    body: { name: 'Ada Lovelace', preserve_existing_sessions: true },
  }),
  'organizations.members.delete': async (tenant) => ({ params: await spareMember(tenant, false) }),
  'organizations.members.reactivate': async (tenant) => ({
    params: await spareMember(tenant, true),
    body: {},
  }),
  'organizations.members.search': ({ organization_id }) => ({
    body: { organization_ids: [organization_id] },
  }),
  'rbac.policy': () => ({}),
  'rbac.organizations.getOrgPolicy': (tenant) => ({ params: organization(tenant) }),
  'sessions.get': (tenant) => ({ query: member(tenant) }),
  'sessions.authenticate': ({ session_token, organization_id }) => ({
    body: {
      session_token,
      authorization_check: { organization_id, resource_id: 'stytch.sso', action: 'create' },
    },
  }),
  'sessions.revoke': async (tenant) => ({ body: { session_token: await spareSession(tenant) } }),
  'sessions.getJWKS': ({ project }) => ({ params: { project_id: project.project_id } }),
  'sso.authenticate': async (tenant) => ({ body: { sso_token: await newSSOToken(tenant) } }),
  'sso.getConnections': (tenant) => ({ params: organization(tenant) }),
  'sso.deleteConnection': async (tenant) => ({ params: await spareConnection(tenant) }),
  'sso.oidc.createConnection': (tenant) => ({
    params: organization(tenant),
    body: { identity_provider: 'microsoft-entra' },
  }),
  'sso.oidc.updateConnection': (tenant) => ({
    params: { organization_id: tenant.organization_id, connection_id: tenant.oidc },
    body: { display_name: 'Test IdP' },
  }),
  'sso.saml.createConnection': (tenant) => ({
    params: organization(tenant),
    body: { identity_provider: 'google-workspace' },
  }),
  'sso.saml.updateConnection': (tenant) => ({
    params: saml(tenant),
    body: { display_name: 'Test IdP', attribute_mapping: samlMapping },
  }),
  'sso.saml.updateByURL': async (tenant) => ({
    params: saml(tenant),
    body: { metadata_url: (await testIdP()).saml.metadata_url },
  }),
  'sso.saml.deleteVerificationCertificate': async (tenant) => ({
    params: await spareCertificate(tenant),
  }),
  'sso.saml.deleteEncryptionPrivateKey': async (tenant) => ({
    params: await spareEncryptionKey(tenant),
  }),
}

/** The other ways to name what a call is about. */
export const otherCalls: Partial<Record<MethodId, (tenant: Tenant) => Call[]>> = {
  'organizations.update': (tenant) => [
    {
      params: organization(tenant),
      body: {
        sso_jit_provisioning: 'RESTRICTED',
        sso_jit_provisioning_allowed_connections: [tenant.saml],
      },
    },
  ],
  'organizations.members.get': ({ organization_id }) => [
    { params: { organization_id }, query: { email_address } },
  ],
  'sessions.authenticate': ({ session_jwt }) => [{ body: { session_jwt } }],
  'sessions.revoke': ({ member_session_id, session_jwt, member_id }) => [
    { body: { member_session_id } },
    { body: { session_jwt } },
    { body: { member_id } },
  ],
}

/** All ways to call an endpoint about a tenant. */
export async function everyCall(id: MethodId, tenant: Tenant): Promise<Call[]> {
  return [await calls[id](tenant), ...(otherCalls[id]?.(tenant) ?? [])]
}

/** The names of all calls, in the order of `src/api.ts`. */
export const methodIds = Object.keys(endpointOf) as MethodId[]

/** The path and query of a call, percent-encoded unless told otherwise. */
export function pathOf(
  id: MethodId,
  { params = {}, query = {} }: Call,
  encode: (text: string) => string = encodeURIComponent,
): string {
  const path = endpointOf[id].path.replace(/:(\w+)/g, (_, name) => encode(params[name] ?? ''))
  const search = new URLSearchParams(query).toString()
  return search === '' ? path : `${path}?${search}`
}

/** Makes a call in process as a project. */
export function send(
  project: TestProject,
  id: MethodId,
  made: Call,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return call(project, endpointOf[id].method, pathOf(id, made), made.body, headers)
}
