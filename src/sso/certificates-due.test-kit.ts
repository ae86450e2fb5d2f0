/** For tests: connections whose certificates end when a test says so. */
import { randomBytes } from 'node:crypto'
import { server } from '../../tests/harness.ts'
import { newId } from '../db/ids.ts'
import type { CertificatePurpose } from './certificates-due.ts'
import { create, newTenant } from './connection.test-kit.ts'

type Tenant = Awaited<ReturnType<typeof newTenant>>

/** A SAML connection without certificates, ours included; in an organization that is there, or in a new one. */
export async function newOwnedConnection(tenant?: Tenant) {
  const { project, organization } = tenant ?? (await newTenant())
  const body = { display_name: 'Acme', identity_provider: 'okta' }
  const { connection_id } = await create({ project, organization }, 'saml', body)
  const { db } = (await server()).services
  const { project_id } = project
  await db.deleteFrom('saml_keys').where('connection_id', '=', connection_id).execute()
  const organizationRow = await db
    .selectFrom('organizations')
    .select(['organization_id', 'organization_name', 'organization_slug'])
    .where('project_id', '=', project_id)
    .where('organization_id', '=', organization.organization_id)
    .executeTakeFirstOrThrow()
  return {
    project,
    project_id,
    organization: { ...organization, ...organizationRow },
    connection_id,
  }
}

/** Adds certificates that end in so many days from now, each newer than the one before; returns their ids. */
export async function addCertificates(
  connection: {
    project_id: string
    organization: { organization_id: string }
    connection_id: string
  },
  purpose: CertificatePurpose,
  days: readonly number[],
  now = Date.now(),
): Promise<string[]> {
  const { db } = (await server()).services
  const keys = days.map((each, index) => ({
    project_id: connection.project_id,
    organization_id: connection.organization.organization_id,
    connection_id: connection.connection_id,
    key_id: newId(`saml-${purpose}-key`, 'test'),
    purpose,
    fingerprint: randomBytes(32).toString('hex'),
    issuer: 'CN=idp.example.com',
    expires_at: new Date(now + each * 86_400_000),
    created_at: new Date(now + index),
    updated_at: new Date(now),
  }))
  await db.insertInto('saml_keys').values(keys).execute()
  return keys.map((key) => key.key_id)
}
