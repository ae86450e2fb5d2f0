/** For tests: organizations by the API, and what belongs to them written to the database. */
import assert from 'node:assert/strict'
import { call, server, type TestProject } from '../../tests/harness.ts'
import { newId } from '../db/ids.ts'

export const path = '/v1/b2b/organizations'

/** Makes an organization; returns it as the API answers. */
export async function create(project: TestProject, fields: Record<string, unknown> = {}) {
  const answer = await call(project, 'POST', path, { organization_name: 'Acme', ...fields })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.organization
}

/** Updates an organization; returns it as the API answers. */
export async function update(
  project: TestProject,
  organization: { organization_id: string },
  fields: Record<string, unknown>,
) {
  const answer = await call(project, 'PUT', `${path}/${organization.organization_id}`, fields)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.organization
}

/** Status and error type of an attempt to make an organization. */
export async function errorOfCreate(project: TestProject, fields: Record<string, unknown>) {
  const answer = await call(project, 'POST', path, { organization_name: 'Acme', ...fields })
  return `${answer.status} ${answer.body.error_type}`
}

/** Status and error type of an attempt to update one. */
export async function errorOfUpdate(
  project: TestProject,
  organization: { organization_id: string },
  fields: Record<string, unknown>,
) {
  const answer = await call(project, 'PUT', `${path}/${organization.organization_id}`, fields)
  return `${answer.status} ${answer.body.error_type}`
}

/** Adds a connection; returns its id. */
export async function addConnection(
  project: TestProject,
  { organization_id }: { organization_id: string },
  status: 'pending' | 'active' = 'active',
): Promise<string> {
  const { services } = await server()
  const connection_id = newId('saml-connection', 'test')
  const now = new Date()
  await services.db
    .insertInto('sso_connections')
    .values({
      project_id: project.project_id,
      organization_id,
      connection_id,
      type: 'saml',
      status,
      display_name: 'Okta',
      identity_provider: 'okta',
      created_at: now,
      updated_at: now,
    })
    .execute()
  return connection_id
}

/** Adds a member; returns its id. */
export async function addMember(
  project: TestProject,
  { organization_id }: { organization_id: string },
  email_address: string,
  status: 'active' | 'deleted' = 'active',
): Promise<string> {
  const { services } = await server()
  const member_id = newId('member', 'test')
  const now = new Date()
  await services.db
    .insertInto('members')
    .values({
      project_id: project.project_id,
      organization_id,
      member_id,
      email_address,
      status,
      created_at: now,
      updated_at: now,
    })
    .execute()
  return member_id
}
