/** A browser without scripts, and an organization with connections at the test identity provider. */

import type { Hono } from 'hono'
import { addRedirectURL } from '../src/projects/redirect-urls.ts'
import { pressButton, type Submission } from '../src/test-idp/press-button.ts'
import { createTestIdP } from '../src/test-idp/test-idp.ts'
import { call, inProcess, newProject, server, type TestProject } from './harness.ts'

export const base_url = 'http://localhost:4000'
export const idp_url = 'http://localhost:4001'
export const app_url = 'http://localhost:3000/authenticate'

let idp: ReturnType<typeof createTestIdP> | undefined

/** The test identity provider of this run, in process. */
export function testIdP() {
  idp ??= createTestIdP({ base_url: idp_url, service_base_url: base_url }).then((made) => {
    inProcess.set(idp_url, made.app)
    return made
  })
  return idp
}

export interface Setup {
  project: TestProject
  organization_id: string
  organization_slug: string
  saml: string
  oidc: string
}

/** A project with redirect URLs, an organization, and an active connection of each kind. */
export async function newSetup(organization: Record<string, unknown> = {}): Promise<Setup> {
  const project = await newProject()
  const { services } = await server()
  const types = ['LOGIN', 'SIGNUP']
  await addRedirectURL(services.db, { project_id: project.project_id, url: app_url, types })
  const created = await call(project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Acme',
    organization_slug: 'acme',
    ...organization,
  })
  const { organization_id, organization_slug } = created.body.organization
  const saml = await connectSAML(project, organization_id)
  const oidc = await connectOIDC(project, organization_id)
  return { project, organization_id, organization_slug, saml, oidc }
}

export const samlMapping = {
  email: 'email',
  first_name: 'firstName',
  last_name: 'lastName',
  groups: 'groups',
  idp_user_id: 'id',
}

/** An active SAML connection at the test identity provider; returns its id. */
export async function connectSAML(
  project: TestProject,
  organization_id: string,
  changes: Record<string, unknown> = {},
): Promise<string> {
  const { saml } = await testIdP()
  const path = `/v1/b2b/sso/saml/${organization_id}`
  const created = await call(project, 'POST', path, { display_name: 'Test IdP (SAML)' })
  const { connection_id } = created.body.connection
  await call(project, 'PUT', `${path}/connections/${connection_id}`, {
    idp_entity_id: saml.entity_id,
    idp_sso_url: saml.sso_url,
    x509_certificate: saml.certificate,
    attribute_mapping: samlMapping,
    ...changes,
  })
  return connection_id
}

/** An active OIDC connection at the test identity provider; returns its id. */
export async function connectOIDC(
  project: TestProject,
  organization_id: string,
  changes: Record<string, unknown> = {},
): Promise<string> {
  const { oidc } = await testIdP()
  const path = `/v1/b2b/sso/oidc/${organization_id}`
  const created = await call(project, 'POST', path, { display_name: 'Test IdP (OIDC)' })
  const { connection_id } = created.body.connection
  await call(project, 'PUT', `${path}/connections/${connection_id}`, {
    client_id: oidc.client_id,
    client_secret: oidc.client_secret,
    issuer: oidc.issuer,
    authorization_url: `${oidc.issuer}/authorize`,
    token_url: `${oidc.issuer}/token`,
    userinfo_url: `${oidc.issuer}/userinfo`,
    jwks_url: `${oidc.issuer}/jwks`,
    ...changes,
  })
  return connection_id
}

/** A browser: cookies of the application, redirects followed only when asked. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly #app: Hono | undefined

  /** Of the application of this run, or of another one. */
  constructor(app?: Hono) {
    this.#app = app
  }

  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const app = url.startsWith(idp_url)
      ? (await testIdP()).app
      : (this.#app ?? (await server()).app)
    const headers = new Headers(init.headers)
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    if (cookie !== '' && !url.startsWith(idp_url)) headers.set('cookie', cookie)
    const response = await app.request(url, { ...init, headers })
    for (const header of response.headers.getSetCookie()) {
      const [pair = ''] = header.split(';')
      const equals = pair.indexOf('=')
      if (!url.startsWith(idp_url)) this.cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
    }
    return response
  }

  /** From the start link to the identity provider's page. */
  async start(
    setup: Setup,
    connection_id: string,
    query: Record<string, string> = {},
  ): Promise<Response> {
    const parameters = new URLSearchParams({
      public_token: setup.project.public_token,
      connection_id,
      ...query,
    })
    return this.request(`${base_url}/v1/public/sso/start?${parameters}`)
  }

  /**
   * Signs in at the identity provider that `started` leads to, with what is typed into its form; returns
   * what would be sent to the callback.
   */
  async signIn(
    started: Response,
    who: string,
    typed: Record<string, string> = {},
  ): Promise<Submission> {
    const location = started.headers.get('location') ?? ''
    const page = await this.request(location)
    const button = pressButton(await page.text(), who, typed)
    const answer = await this.submit({ ...button, action: new URL(button.action, location).href })
    const redirected = answer.headers.get('location')
    if (redirected) return { method: 'GET', action: redirected, fields: new URLSearchParams() }
    return pressButton(await answer.text(), 'Continue')
  }

  /** Submits a form as a browser would. */
  async submit(
    { action, method, fields }: Submission,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    if (method === 'POST') return this.request(action, { method, body: fields, headers })
    const query = fields.toString()
    return this.request(query === '' ? action : `${action}?${query}`, { headers })
  }

  /** A whole login; returns the answer of the callback. */
  async login(
    setup: Setup,
    connection_id: string,
    who: string,
    query: Record<string, string> = {},
  ): Promise<Response> {
    const answer = await this.signIn(await this.start(setup, connection_id, query), who)
    return this.submit(answer)
  }
}

/** The token in the address that a callback redirected to. */
export function tokenOf(response: Response): string {
  const location = response.headers.get('location')
  if (!location) throw new Error(`no redirect: ${response.status}`)
  return new URL(location).searchParams.get('token') ?? ''
}
