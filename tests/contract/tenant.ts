/** An organization where nothing is missing, and how each endpoint is called about it. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { retireAddress } from '../../src/members/addresses.ts'
import { addRedirectURL } from '../../src/projects/redirect-urls.ts'
import { call, newProject, server, type TestProject } from '../harness.ts'
import { app_url, Browser, connectOIDC, connectSAML, type Setup, tokenOf } from '../login.ts'

export interface Tenant extends Setup {
  organization_external_id: string
  member_id: string
  member_external_id: string
  member_session_id: string
  session_token: string
  session_jwt: string
  /** Of a verification certificate of the SAML connection. */
  certificate_id: string
}

export const email_address = 'ada.lovelace@acme.test'

/**
 * An organization with every setting, active connections of both kinds, and an admin who signed in over
 * SAML. Its slug and external ids are the same in every project; a second one in a project needs others.
 */
export async function newTenant(
  changes: Record<string, unknown> = {},
  given?: TestProject,
): Promise<Tenant> {
  const project = given ?? (await newProject())
  const { services } = await server()
  if (!given)
    await addRedirectURL(services.db, {
      project_id: project.project_id,
      url: app_url,
      types: ['LOGIN', 'SIGNUP'],
    })
  const { organization_id, organization_slug, organization_external_id } = (
    await must(project, 'POST', '/v1/b2b/organizations', { ...everySetting, ...changes })
  ).organization
  const saml = await connectSAML(project, organization_id, {
    saml_connection_implicit_role_assignments: [{ role_id: 'stytch_admin' }],
    saml_group_implicit_role_assignments: [{ role_id: 'stytch_admin', group: 'it' }],
    saml_encryption_private_key: privateKeys[0],
  })
  const oidc = await connectOIDC(project, organization_id)
  const path = `/v1/b2b/organizations/${organization_id}`
  await must(project, 'PUT', path, { sso_jit_provisioning_allowed_connections: [saml] })
  const { member_id } = await must(project, 'POST', `${path}/members`, everyField)
  await retireAddress(
    services.db,
    { ...project, organization_id, member_id, email_address: 'ada.byron@acme.test' },
    new Date(),
  )
  const setup = { project, organization_id, organization_slug, saml, oidc }
  const session = await must(project, 'POST', '/v1/b2b/sso/authenticate', {
    sso_token: await newSSOToken(setup),
    session_custom_claims: { plan: 'pro' },
  })
  const connections = await must(project, 'GET', `/v1/b2b/sso/${organization_id}`)
  return {
    ...setup,
    organization_external_id,
    member_id,
    member_external_id: everyField.external_id,
    member_session_id: session.member_session.member_session_id,
    session_token: session.session_token,
    session_jwt: session.session_jwt,
    certificate_id: connections.saml_connections[0].verification_certificates[0].certificate_id,
  }
}

const everySetting = {
  organization_name: 'Acme',
  organization_slug: 'acme',
  organization_external_id: 'crm|42',
  organization_logo_url: 'https://acme.test/logo.svg',
  trusted_metadata: { tier: 'gold' },
  email_allowed_domains: ['acme.test'],
  email_jit_provisioning: 'RESTRICTED',
  auth_methods: 'RESTRICTED',
  allowed_auth_methods: ['sso'],
  mfa_methods: 'RESTRICTED',
  allowed_mfa_methods: ['totp'],
  rbac_email_implicit_role_assignments: [{ domain: 'acme.test', role_id: 'stytch_admin' }],
  allowed_oauth_tenants: { slack: ['T1'] },
  claimed_email_domains: ['acme.test'],
  allowed_first_party_connected_apps: ['app-1'],
  allowed_third_party_connected_apps: ['app-2'],
}

const everyField = {
  email_address,
  external_id: 'crm|ada',
  name: 'Ada Lovelace',
  roles: ['stytch_admin'],
  trusted_metadata: { team: 'engines' },
  untrusted_metadata: { theme: 'dark' },
  mfa_phone_number: '+15005550006',
}

const privateKeys = [1, 2].map(() => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
})

/** An RSA key as PEM that the SAML connection of a tenant does not have. */
export const anotherPrivateKey = privateKeys[1]!

/** The one-time token of a login of the member. */
export async function newSSOToken(setup: Setup): Promise<string> {
  return tokenOf(await new Browser().login(setup, setup.saml, email_address))
}

/** Another member of the organization; its id. */
export async function newMember({ project, organization_id }: Tenant): Promise<string> {
  const body = { email_address: `${randomUUID()}@acme.test` }
  const path = `/v1/b2b/organizations/${organization_id}/members`
  return (await must(project, 'POST', path, body)).member_id
}

/** The answer of a call that must be good. */
export async function must(project: TestProject, method: string, path: string, body?: unknown) {
  const answer = await call(project, method, path, body)
  assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
  return answer.body
}
