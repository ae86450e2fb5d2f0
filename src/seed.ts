/**
 * The development project: what `npm start` needs to be there. Ids and secrets are made once and kept in
 * `dev.json` of the data folder; what depends on the addresses of this run is written anew at each start.
 */
import type { Context, Services } from './context.ts'
import { newId } from './db/ids.ts'
import { hashToken, newToken } from './db/secrets.ts'
import type { DevelopmentFile } from './development-file.ts'
import { createOrganization } from './organizations/organizations.ts'
import { createProject } from './projects/projects.ts'
import { addRedirectURL, redirectURLTypes, removeRedirectURL } from './projects/redirect-urls.ts'
import { createPublicToken, createSecret } from './projects/secrets.ts'
import { createOIDCConnection } from './sso/oidc-connection-create.ts'
import { updateOIDCConnection } from './sso/oidc-connection-update.ts'
import { createSAMLConnection } from './sso/saml-connection-create.ts'
import { updateSAMLConnection } from './sso/saml-connection-update.ts'
import type { TestIdP } from './test-idp/test-idp.ts'

const environment = 'test' as const

/** What the seed is about: the file with the stable facts, and the addresses of this run. */
export interface SeedInput {
  file: DevelopmentFile
  /** The example application's redirect URL. */
  redirect_url: string
  idp: TestIdP
}

/** Makes or mends the development project; returns the file with what was added to it. */
export async function seed(services: Services, input: SeedInput): Promise<DevelopmentFile> {
  const file = await seedProject(services, input)
  const context: Context = {
    ...services,
    project: { project_id: file.project_id, environment },
    request_id: newId('request-id', environment),
    member_session: null,
  }
  const organization_id = await seedOrganization(context)
  const saml_connection_id = await seedSAML(context, organization_id, file, input.idp)
  const oidc_connection_id = await seedOIDC(context, organization_id, file, input.idp)
  return { ...file, organization_id, saml_connection_id, oidc_connection_id }
}

async function seedProject(services: Services, { file, redirect_url }: SeedInput) {
  const { db } = services
  const project_id = file.project_id ?? newId('project', environment)
  const secret = file.secret ?? `secret-${environment}-${newToken()}`
  const public_token = file.public_token ?? newId('public-token', environment)
  const has = async (table: 'projects' | 'public_tokens') =>
    (
      await db
        .selectFrom(table)
        .select('project_id')
        .where('project_id', '=', project_id)
        .limit(1)
        .execute()
    ).length > 0
  if (!(await has('projects'))) {
    const project_slug = `development-${project_id.slice(-6)}`
    await createProject(db, { project_id, project_name: 'Development', project_slug, environment })
  }
  const known = await db
    .selectFrom('project_secrets')
    .select('secret_hash')
    .where('project_id', '=', project_id)
    .execute()
  if (!known.some((row) => row.secret_hash.equals(hashToken(secret))))
    await createSecret(db, { project_id, secret })
  if (!(await has('public_tokens'))) await createPublicToken(db, { project_id, public_token })
  await seedRedirectURL(services, project_id, file.redirect_url, redirect_url)
  return { ...file, project_id, secret, public_token, redirect_url }
}

/** The registered redirect URL follows the port of the example application. */
async function seedRedirectURL(
  services: Services,
  project_id: string,
  before: string | undefined,
  now: string,
) {
  const { db } = services
  const registered = await db
    .selectFrom('redirect_urls')
    .select('url')
    .where('project_id', '=', project_id)
    .execute()
  const urls = registered.map((row) => row.url)
  if (before !== undefined && before !== now && urls.includes(before))
    await removeRedirectURL(db, { project_id, url: before })
  if (!urls.includes(now))
    await addRedirectURL(db, { project_id, url: now, types: redirectURLTypes, is_default: true })
}

async function seedOrganization(context: Context): Promise<string> {
  const row = await context.db
    .selectFrom('organizations')
    .select('organization_id')
    .where('project_id', '=', context.project.project_id)
    .where('organization_slug', '=', 'acme')
    .executeTakeFirst()
  if (row) return row.organization_id
  const input = createOrganization.input.parse({
    organization_name: 'Acme',
    organization_slug: 'acme',
  })
  const { organization } = await createOrganization.run(input, context)
  return organization.organization_id
}

async function exists(context: Context, connection_id: string): Promise<boolean> {
  const row = await context.db
    .selectFrom('sso_connections')
    .select('connection_id')
    .where('project_id', '=', context.project.project_id)
    .where('connection_id', '=', connection_id)
    .executeTakeFirst()
  return row !== undefined
}

const samlMapping = {
  email: 'email',
  first_name: 'firstName',
  last_name: 'lastName',
  groups: 'groups',
  idp_user_id: 'id',
  department: 'department',
}

async function seedSAML(
  context: Context,
  organization_id: string,
  file: DevelopmentFile,
  { saml }: TestIdP,
) {
  let connection_id = file.saml_connection_id ?? ''
  const isNew = !(await exists(context, connection_id))
  if (isNew) {
    const input = createSAMLConnection.input.parse({
      organization_id,
      display_name: 'Test IdP (SAML)',
    })
    const created = await createSAMLConnection.run(input, context)
    connection_id = created.connection.connection_id
  }
  const changes = {
    organization_id,
    connection_id,
    idp_entity_id: saml.entity_id,
    idp_sso_url: saml.sso_url,
    x509_certificate: saml.certificate,
    ...(isNew && { attribute_mapping: samlMapping }),
  }
  await updateSAMLConnection.run(updateSAMLConnection.input.parse(changes), context)
  return connection_id
}

async function seedOIDC(
  context: Context,
  organization_id: string,
  file: DevelopmentFile,
  { oidc }: TestIdP,
) {
  let connection_id = file.oidc_connection_id ?? ''
  if (!(await exists(context, connection_id))) {
    const input = createOIDCConnection.input.parse({
      organization_id,
      display_name: 'Test IdP (OIDC)',
    })
    const created = await createOIDCConnection.run(input, context)
    connection_id = created.connection.connection_id
  }
  const { issuer, client_id, client_secret } = oidc
  const changes = { organization_id, connection_id, issuer, client_id, client_secret }
  await updateOIDCConnection.run(updateOIDCConnection.input.parse(changes), context)
  return connection_id
}
