/**
 * The parts of a login on the host names that a browser knows them by: server, test identity provider,
 * example application. sp.localhost, idp.localhost and localhost are three sites to a browser. Servers
 * reach each other at 127.0.0.1, because Node resolves no *.localhost.
 */
import { randomBytes } from 'node:crypto'
import type { Hono } from 'hono'
import { B2BClient } from 'stytch'
import { createApp } from '../../src/app.ts'
import type { Services } from '../../src/context.ts'
import { type Listener, listen } from '../../src/http/listen.ts'
import { createProject } from '../../src/projects/projects.ts'
import { addRedirectURL } from '../../src/projects/redirect-urls.ts'
import { createPublicToken, createSecret } from '../../src/projects/secrets.ts'
import { createTestIdP, type TestIdP } from '../../src/test-idp/test-idp.ts'
import { atEnd, createServices, databaseURL, server } from '../harness.ts'
import { startExample } from './example.ts'

/** Where each part is, for browsers; `api_url` and `idp_api_url` are for servers. */
export interface Addresses {
  base_url: string
  idp_url: string
  app_url: string
  api_url: string
  idp_api_url: string
}

export interface Stage extends Addresses {
  app: Hono
  services: Services
  idp: TestIdP
  project: { project_id: string; secret: string; public_token: string }
  /** The official SDK, as the backend of an application uses it. */
  stytch: B2BClient
}

let started: Promise<Stage> | undefined

/** The stage over http, started when first asked for, with the Express example as application. */
export function stage(): Promise<Stage> {
  started ??= start()
  return started
}

async function start(): Promise<Stage> {
  const [service, idp, app] = await Promise.all([openPort(), openPort(), openPort()])
  await app.close(0)
  const made = await createStage({
    base_url: `http://sp.localhost:${service.port}`,
    idp_url: `http://idp.localhost:${idp.port}`,
    app_url: `http://localhost:${app.port}`,
    api_url: `http://127.0.0.1:${service.port}`,
    idp_api_url: `http://127.0.0.1:${idp.port}`,
  })
  service.answer(made.app.fetch)
  idp.answer(made.idp.app.fetch)
  await startExample(made)
  return made
}

/** A free port of 127.0.0.1, closed when the run ends. */
export async function openPort(): Promise<Listener> {
  const listener = await listen({ what: 'a test', option: '', hosts: ['127.0.0.1'], port: 0 })
  atEnd(() => listener.close(0))
  return listener
}

/**
 * Server, identity provider and a project for such addresses; the caller puts them on sockets. On the
 * database of this run unless other services are given.
 */
export async function createStage(addresses: Addresses, own?: Services): Promise<Stage> {
  const { base_url, idp_url, app_url, api_url } = addresses
  const services = own ?? (await servicesAt(base_url))
  const project = await createProjectWithURLs(services, app_url)
  return {
    ...addresses,
    services,
    project,
    app: createApp(services),
    idp: await createTestIdP({ base_url: idp_url, service_base_url: base_url }),
    stytch: new B2BClient({
      project_id: project.project_id,
      secret: project.secret,
      env: api_url,
    }),
  }
}

async function servicesAt(base_url: string): Promise<Services> {
  await server() // migrates the database
  return createServices({ base_url, port: 0, database_url: await databaseURL() }).services
}

/** New members come to another address than known ones; both are the defaults of their type. */
async function createProjectWithURLs({ db }: Services, app_url: string) {
  const { project_id } = await createProject(db, {
    project_name: 'Browser tests',
    project_slug: `browser-${randomBytes(8).toString('hex')}`,
    environment: 'test',
  })
  const authenticate = `${app_url}/authenticate`
  await addRedirectURL(db, { project_id, url: `${authenticate}?new=yes`, types: ['SIGNUP'] })
  await addRedirectURL(db, { project_id, url: authenticate, types: ['LOGIN', 'SIGNUP'] })
  const { secret } = await createSecret(db, { project_id })
  const { public_token } = await createPublicToken(db, { project_id })
  return { project_id, secret, public_token }
}

export interface Organization {
  organization_id: string
  organization_slug: string
}

/** An organization of this test's own, with a slug that no other has. */
export async function newOrganization(
  { stytch }: Stage,
  settings: { sso_jit_provisioning?: string; email_invites?: string } = {},
): Promise<Organization> {
  const { organization } = await stytch.organizations.create({
    organization_name: 'Acme',
    organization_slug: `acme-${randomBytes(4).toString('hex')}`,
    ...settings,
  })
  return organization
}

const samlMapping = {
  email: 'email',
  first_name: 'firstName',
  last_name: 'lastName',
  groups: 'groups',
  idp_user_id: 'id',
}

/** A SAML connection that nobody has configured yet; returns its id. */
export async function newSAMLConnection({ stytch }: Stage, organization_id: string) {
  const display_name = 'Acme SAML'
  const created = await stytch.sso.saml.createConnection({ organization_id, display_name })
  return created.connection!.connection_id
}

/** An active SAML connection at the identity provider of this stage; returns its id. */
export async function connectSAML(stage: Stage, organization_id: string): Promise<string> {
  const connection_id = await newSAMLConnection(stage, organization_id)
  const { entity_id, sso_url, certificate } = stage.idp.saml
  await stage.stytch.sso.saml.updateConnection({
    organization_id,
    connection_id,
    idp_entity_id: entity_id,
    idp_sso_url: sso_url,
    x509_certificate: certificate,
    attribute_mapping: samlMapping,
  })
  return connection_id
}

/** An active SAML connection by metadata that offers HTTP-POST alone for AuthnRequests. */
export async function connectSAMLByPost(stage: Stage, organization_id: string): Promise<string> {
  const connection_id = await newSAMLConnection(stage, organization_id)
  const answer = await fetch(`${stage.idp_api_url}/saml/metadata`)
  const metadata = (await answer.text()).replace(
    /<md:SingleSignOnService[^>]*HTTP-Redirect[^>]*>(<\/md:SingleSignOnService>)?/,
    '',
  )
  const port = await openPort()
  port.answer(() => new Response(metadata, { headers: { 'content-type': 'application/xml' } }))
  const { sso } = stage.stytch
  const attribute_mapping = samlMapping
  await sso.saml.updateConnection({ organization_id, connection_id, attribute_mapping })
  const metadata_url = `http://127.0.0.1:${port.port}/metadata`
  await sso.saml.updateByURL({ organization_id, connection_id, metadata_url })
  return connection_id
}

/** An active OIDC connection at the identity provider of this stage; returns its id. */
export async function connectOIDC(stage: Stage, organization_id: string): Promise<string> {
  const { oidc } = stage.stytch.sso
  const display_name = 'Acme OIDC'
  const created = await oidc.createConnection({ organization_id, display_name })
  const { connection_id } = created.connection!
  const { issuer, client_id, client_secret } = stage.idp.oidc
  const provider = `${stage.idp_api_url}/oidc`
  await oidc.updateConnection({
    organization_id,
    connection_id,
    client_id,
    client_secret,
    issuer,
    authorization_url: `${issuer}/authorize`,
    token_url: `${provider}/token`,
    userinfo_url: `${provider}/userinfo`,
    jwks_url: `${provider}/jwks`,
  })
  return connection_id
}

/** The address at which an application begins a login. */
export function startURL(
  { base_url, project }: Stage,
  connection_id: string,
  changes: Record<string, string> = {},
): string {
  const { public_token } = project
  const query = new URLSearchParams({ connection_id, public_token, ...changes })
  return `${base_url}/v1/public/sso/start?${query}`
}
