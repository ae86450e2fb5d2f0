/** For tests: organizations to hang connections on, certificates, and an identity provider's addresses. */
import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Answer,
  atEnd,
  call,
  newProject,
  server,
  type TestProject,
} from '../../tests/harness.ts'
import { createSigningCertificate } from '../saml/certificates.ts'
import { addOrganization } from '../sessions/session.test-kit.ts'

/** A project with one organization. */
export async function newTenant() {
  const { services } = await server()
  const project = await newProject()
  return { project, organization: await addOrganization(services, project.project_id) }
}

/** A certificate like those of identity providers, as PEM. */
export async function newCertificate(now = new Date()): Promise<string> {
  return (await createSigningCertificate({ common_name: 'idp.example.com', now })).certificate
}

/** A mapping that a SAML connection can be active with. */
export const mapping = { email: 'NameID', first_name: 'firstName', last_name: 'lastName' }

/** What a SAML connection needs besides a certificate. */
export const idp = {
  idp_entity_id: 'https://idp.example.com/metadata',
  idp_sso_url: 'https://idp.example.com/sso',
  attribute_mapping: mapping,
}

/** What an OIDC connection needs, with an issuer that cannot be reached. */
export const provider = {
  issuer: 'http://127.0.0.1:9/unreachable',
  client_id: 'portcullis',
  client_secret: 'a-client-secret',
  authorization_url: 'https://idp.example.com/authorize',
  token_url: 'https://idp.example.com/token',
  userinfo_url: 'https://idp.example.com/userinfo',
  jwks_url: 'https://idp.example.com/jwks',
}

interface Owner {
  project: TestProject
  organization: { organization_id: string }
}

/** Calls an endpoint below the organization: `sso(owner, 'POST', 'saml/{}', body)`, `{}` being its id. */
export function sso(owner: Owner, method: string, path: string, body?: unknown): Promise<Answer> {
  const { organization_id } = owner.organization
  return call(owner.project, method, `/v1/b2b/sso/${path.replace('{}', organization_id)}`, body)
}

/** A new connection as answered. */
export async function create(owner: Owner, type: 'saml' | 'oidc', body = {}) {
  const answer = await sso(owner, 'POST', `${type}/{}`, body)
  assert.equal(answer.status, 200, answer.body.error_message)
  return answer.body.connection
}

/** Updates a connection, and answers as the API did. */
export function update(
  owner: Owner,
  connection: { connection_id: string },
  body: unknown,
): Promise<Answer> {
  const type = connection.connection_id.slice(0, 4)
  return sso(owner, 'PUT', `${type}/{}/connections/${connection.connection_id}`, body)
}

/** A connection that is active. */
export async function createActive(owner: Owner, type: 'saml' | 'oidc' = 'saml') {
  const connection = await create(owner, type)
  const body = type === 'saml' ? { ...idp, x509_certificate: await newCertificate() } : provider
  const answer = await update(owner, connection, body)
  assert.equal(answer.body.connection?.status, 'active', answer.body.error_message)
  return answer.body.connection
}

/** Asserts that a call was refused, and how. */
export function assertRefused(answer: Answer, status: number, error_type: string): void {
  assert.deepEqual([answer.status, answer.body.error_type], [status, error_type])
}

/** A server on 127.0.0.1 until the run ends; its address. */
export async function serveLocally(listener: RequestListener): Promise<string> {
  const local = createServer(listener)
  await new Promise<void>((resolve) => local.listen(0, '127.0.0.1', resolve))
  atEnd(async () => {
    local.closeAllConnections()
    await new Promise((resolve) => local.close(resolve))
  })
  return `http://127.0.0.1:${(local.address() as AddressInfo).port}`
}
