/**
 * A server with a database of its own in which there is something to see on each page: organizations,
 * connections of both kinds, logins that went well and badly, a test with its fix, events, mail, links.
 */
import assert from 'node:assert/strict'
import type { BrowserContext } from 'playwright-core'
import { makeAdmin, newServer } from '../../src/admins/admins.test-kit.ts'
import { changeAdmin } from '../../src/admins/admins.ts'
import { inviteAdmin } from '../../src/admins/invitations.ts'
import { createAdminSession } from '../../src/admins/sessions.ts'
import { createApp } from '../../src/app.ts'
import { mountDevelopmentLink } from '../../src/dashboard/development.ts'
import { sessionCookie } from '../../src/dashboard/session-cookie.ts'
import { deliverDue } from '../../src/events/deliver.ts'
import { createWebhook } from '../../src/events/webhooks.ts'
import { deliverMails } from '../../src/mail/deliver-mails.ts'
import { sendMail } from '../../src/mail/mail.ts'
import { mailBody } from '../../src/mail/mail-body.ts'
import { changeProjectSettings } from '../../src/projects/project-settings.ts'
import { findProject } from '../../src/projects/projects.ts'
import { createSetupLink } from '../../src/setup/setup-links.ts'
import { createTestIdP } from '../../src/test-idp/test-idp.ts'
import { browser } from './chromium.ts'
import {
  connectOIDC,
  connectSAML,
  createStage,
  newSAMLConnection,
  openPort,
  type Stage,
  startURL,
} from './stage.ts'

export type Scene = Awaited<ReturnType<typeof build>>

let built: Promise<Scene> | undefined

/** The scene of this run, built when first asked for. */
export function scene(): Promise<Scene> {
  built ??= build()
  return built
}

/** A stage of its own on a fresh database; its application only says that somebody came. */
export async function newStage(mode: 'development' | 'production' = 'development') {
  const [service, idp, app] = await Promise.all([openPort(), openPort(), openPort()])
  const base_url = `http://sp.localhost:${service.port}`
  const { services } = await newServer({ mode, base_url })
  const stage = await createStage(
    {
      base_url,
      idp_url: `http://idp.localhost:${idp.port}`,
      app_url: `http://localhost:${app.port}`,
      api_url: `http://127.0.0.1:${service.port}`,
      idp_api_url: `http://127.0.0.1:${idp.port}`,
    },
    services,
  )
  service.answer(stage.app.fetch)
  idp.answer(stage.idp.app.fetch)
  app.answer(
    () =>
      new Response('<!doctype html><title>Here</title><link rel="icon" href="data:,">', {
        headers: { 'content-type': 'text/html' },
      }),
  )
  return { ...stage, service }
}

/** Lets a browser in as an administrator. */
export async function letIn(context: BrowserContext, { services, base_url }: Stage, id: string) {
  const from = { address: '127.0.0.1', user_agent: 'Chromium' }
  const { token } = await createAdminSession(services, id, from)
  await context.addCookies([
    { name: sessionCookie(services.config), value: token, url: base_url, httpOnly: true },
  ])
}

/** A certificate that belongs to another identity provider. */
export async function anotherCertificate({ idp_url, base_url }: Stage): Promise<string> {
  const other = await createTestIdP({ base_url: idp_url, service_base_url: base_url })
  return other.saml.certificate
}

async function build() {
  const stage = await newStage()
  const { services, project } = stage
  const { project_id } = project
  const admin = await makeAdmin(services, { email_address: 'mary.jackson@northwind.test' })
  const { admin_id } = admin
  const by = { actor: { type: 'admin' as const, id: admin_id, name: 'Mary Jackson' } }
  await changeAdmin(services, { admin_id, name: 'Mary Jackson' }, by)
  await makeAdmin(services, { email_address: 'viewer@northwind.test', role: 'viewer' })
  const now = services.now()
  const email_address = 'dorothy.vaughan@northwind.test'
  const invitation = await inviteAdmin(services.db, { email_address, role: 'editor', by, now })
  const { webhook } = await addWebhook(stage)
  const organizations = await addOrganizations(stage)
  const [acme, beta] = organizations as [Organization, Organization]
  const saml = await connectSAML(stage, acme.organization_id)
  const oidc = await connectOIDC(stage, acme.organization_id)
  const broken = await connectSAML(stage, beta.organization_id)
  const pending = await newSAMLConnection(stage, beta.organization_id)
  await breakCertificate(stage, beta.organization_id, broken)
  const logins = await signPeopleIn(stage, admin_id, { saml, oidc, broken })
  const link = { project_id, created_by: admin_id, lifetime_hours: 168 }
  const setup = await createSetupLink(services, {
    ...link,
    organization_id: beta.organization_id,
    note: 'Kim at Beta IT',
  })
  await addMail(stage, setup.url)
  await deliverDue(services)
  const { project_slug } = await findProject(services, project_id)
  await addBrand(stage)
  const start_url = startURL(stage, saml)
  const app = createApp(services)
  mountDevelopmentLink(app, services, {
    ...project,
    base_url: stage.base_url,
    app_url: stage.app_url,
    test_idp_url: stage.idp_url,
    organizations: [
      { ...acme, sso_connections: [{ connection_id: saml, type: 'saml', start_url }] },
    ],
    token: 'unused',
  })
  stage.service.answer(app.fetch)
  return {
    stage,
    admin_id,
    invitation,
    webhook_id: webhook.webhook_id,
    project_slug,
    acme,
    beta,
    connections: { saml, oidc, broken, pending },
    logins,
    setup_url: setup.url,
  }
}

interface Organization {
  organization_id: string
  organization_slug: string
}

const names = [
  'Acme',
  'Beta Logistics',
  'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
  ...Array.from({ length: 28 }, (_, i) => `Customer ${i + 1}`),
]

async function addOrganizations({ stytch }: Stage): Promise<Organization[]> {
  const made: Organization[] = []
  for (const organization_name of names) {
    const organization_slug = organization_name.toLowerCase().replaceAll(/\W+/g, '-').slice(0, 40)
    const { organization } = await stytch.organizations.create({
      organization_name,
      organization_slug,
    })
    made.push(organization)
  }
  const { organization_id } = made[0]!
  for (let i = 0; i < 12; i++)
    await stytch.organizations.members.create({
      organization_id,
      email_address: `employee.${i}@acme.test`,
      name: `Employee ${i}`,
    })
  return made
}

async function breakCertificate(stage: Stage, organization_id: string, connection_id: string) {
  const { saml } = stage.stytch.sso
  const { connection } = await saml.updateConnection({
    organization_id,
    connection_id,
    x509_certificate: await anotherCertificate(stage),
  })
  const [first] = connection!.verification_certificates as { certificate_id: string }[]
  const { certificate_id } = first!
  await saml.deleteVerificationCertificate({ organization_id, connection_id, certificate_id })
}

/** Real logins in a browser: one redeemed, one per failure, tests that pass and fail, one that never came back. */
async function signPeopleIn(
  stage: Stage,
  admin_id: string,
  { saml, oidc, broken }: Record<'saml' | 'oidc' | 'broken', string>,
) {
  const context = await (await browser()).newContext()
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  await letIn(context, stage, admin_id)
  const base = `${stage.base_url}/dashboard/projects/${(await findProject(stage.services, stage.project.project_id)).project_slug}`
  for (const [connection_id, who] of [
    [saml, 'ada.lovelace@acme.test'],
    [oidc, 'grace.hopper@acme.test'],
    [broken, 'ada.lovelace@acme.test'],
  ] as const) {
    await page.goto(startURL(stage, connection_id))
    await page.getByRole('button', { name: who }).click()
    await page.waitForURL(/authenticate|callback/)
    const token = new URL(page.url()).searchParams.get('token')
    if (token) await stage.stytch.sso.authenticate({ sso_token: token })
  }
  for (const connection_id of [saml, broken]) {
    await page.goto(`${base}/connections/${connection_id}/test`)
    await page.getByRole('button', { name: 'Start a test login' }).click()
    await page.getByRole('button', { name: 'ada.lovelace@acme.test' }).click()
    await page.waitForURL(/flow_id=/)
  }
  const test_failed = new URL(page.url()).searchParams.get('flow_id')
  assert.ok(test_failed)
  await page.goto(startURL(stage, oidc))
  await context.close()
  return { test_failed }
}

async function addWebhook({ services, project }: Stage) {
  const port = await openPort()
  port.answer(() => new Response('no such receiver', { status: 404 }))
  const { project_id } = project
  const url = `http://127.0.0.1:${port.port}/hooks/portcullis`
  return createWebhook(services, { project_id, url, description: 'Provisioning' })
}

async function addMail(stage: Stage, url: string): Promise<void> {
  const { services, project } = stage
  await sendMail(services, {
    project_id: project.project_id,
    kind: 'setup_link',
    to: 'kim@beta.test',
    subject: 'Set up single sign-on to Northwind for Beta Logistics',
    ...mailBody({
      title: 'Single sign-on to Northwind',
      paragraphs: ['You are asked to connect the identity provider of Beta Logistics.'],
      action: { label: 'Set up single sign-on', url },
      footer: 'Treat this link as a password.',
    }),
  })
  await deliverMails(services)
}

const logo =
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQMAAACQp+OdAAAABlBMVEX///96H6L5JvKiAAAAZ0lEQVR42s3RsQ3AIAxE0TOioGQERmEzMhqjMAIlBcIp4kvjBXD1BF9yYVF8E3AFoIqmaBoAdNcMYhLLNZs4hPpdD9ENlV9lGPJkswyJTdyGcNioQfyK/6UShciuSUQkgmsEgNxxuBdj9RZ1IehBdQAAAABJRU5ErkJggg=='

async function addBrand({ services, project }: Stage): Promise<void> {
  const port = await openPort()
  const picture = Buffer.from(logo, 'base64')
  port.answer(() => new Response(picture, { headers: { 'content-type': 'image/png' } }))
  await changeProjectSettings(services, project.project_id, {
    project_name: 'Northwind',
    project_logo_url: `http://127.0.0.1:${port.port}/logo.png`,
    project_color: '#7a1fa2',
    login_straight: false,
    login_by_email: true,
  })
}
