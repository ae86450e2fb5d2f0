/** Every page on Tabler: read by axe-core, on a telephone and on a desk, light and dark. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { giveTOTP, makeAdmin, password } from '../../src/admins/admins.test-kit.ts'
import { findAdmin } from '../../src/admins/admins.ts'
import { linkURL } from '../../src/admins/invitations.ts'
import { pages } from '../../src/dashboard/pages.ts'
import { guideFor } from '../../src/setup/guides.ts'
import { createSetupLink } from '../../src/setup/setup-links.ts'
import { stepsOf } from '../../src/setup/steps.ts'
import { proposedFixes } from '../../src/sso/fixes.ts'
import { createTraceLink } from '../../src/sso/trace-links.ts'
import { letIn, newStage, type Scene, scene } from './scene.ts'
import { newVisitor, signIn } from './visitor.ts'
import { assertWellMade } from './well-made.ts'

/**
 * A browser, and `look`, which inspects what it shows; what is wrong with any page is told when the test
 * ends. Without transitions: a colour half-way between two themes is nobody's.
 */
async function visitor(t: TestContext, { stage }: Pick<Scene, 'stage'>) {
  const wrong: string[] = []
  t.after(() => assert.deepEqual(wrong, []))
  const context = await newVisitor(t, stage, { reducedMotion: 'reduce' })
  context.setDefaultTimeout(20_000)
  const look = (page: Page, name: string, how?: { status?: number; briefly?: boolean }) =>
    assertWellMade(page, name, how).catch((error: unknown) => {
      wrong.push(`${name}: ${(error as Error).message}`)
    })
  return { context, look }
}

/** What pages answer for others to put into themselves, downloads, and what leads on at once. */
const notPages = [
  '/dashboard',
  '/dashboard/audit/export.csv',
  '/dashboard/audit/export.json',
  '/dashboard/projects/:project_slug/home/now',
  '/dashboard/projects/:project_slug/organizations/:organization_id/setup-links',
  '/dashboard/projects/:project_slug/logins/:flow_id/messages/:message_id',
]

type Row = Record<string, string>

/** What stands for each parameter of a path, one or several. */
async function parametersOf(made: Scene): Promise<Record<string, (Row & { as?: string })[]>> {
  const { db } = made.stage.services
  const { connections, logins, project_slug, acme } = made
  const flows = await db.selectFrom('sso_flows').select(['flow_id', 'state', 'tested_by']).execute()
  const flow = (as: string, state: string, tested: boolean) => {
    const found = flows.find((each) => each.state === state && (each.tested_by !== null) === tested)
    assert.ok(found, `a login that is ${state}`)
    return { flow_id: found.flow_id, as }
  }
  const key = await db
    .selectFrom('saml_keys')
    .select('key_id')
    .where('connection_id', '=', connections.saml)
    .where('purpose', '=', 'verification')
    .executeTakeFirstOrThrow()
  const first = async (table: 'members' | 'project_secrets' | 'events' | 'mails', id: string) => {
    const row: Record<string, unknown> = await db
      .selectFrom(table)
      .selectAll()
      .executeTakeFirstOrThrow()
    return [{ [id]: String(row[id]) }]
  }
  const failed = { flow_id: logins.test_failed }
  return {
    '': [{}],
    organization_id: [acme, made.beta].map(({ organization_id, organization_slug }) => ({
      organization_id,
      as: organization_slug,
    })),
    connection_id: (['saml', 'oidc', 'pending'] as const).map((as) => ({
      connection_id: connections[as],
      as,
    })),
    'connection_id certificate_id': [
      { connection_id: connections.saml, certificate_id: key.key_id },
    ],
    flow_id: [
      flow('redeemed', 'redeemed', false),
      flow('failed', 'failed', false),
      flow('waiting', 'started', false),
      { ...failed, as: 'test-failed' },
    ],
    'flow_id fix_id': await fixesOf(made),
    member_id: await first('members', 'member_id'),
    secret_id: await first('project_secrets', 'secret_id'),
    webhook_id: [{ webhook_id: made.webhook_id }],
    event_id: await first('events', 'event_id'),
    mail_id: await first('mails', 'mail_id'),
    admin_id: [{ admin_id: made.admin_id }],
    project_slug: [{ project_slug }],
  }
}

async function fixesOf({ stage, logins }: Scene): Promise<Row[]> {
  const { test_failed: flow_id } = logins
  const fixes = await proposedFixes(stage.services, stage.project.project_id, flow_id)
  return fixes.map(({ fix_id, kind }) => ({ flow_id, fix_id, as: kind }))
}

interface Address {
  name: string
  address: string
  briefly: boolean
}

/** The address of every page, with a name for it. */
async function addressesOf(made: Scene): Promise<Address[]> {
  const parameters = await parametersOf(made)
  const paths = pages.filter(({ method, path }) => method === 'GET' && !notPages.includes(path))
  const url = `${made.stage.app_url}/authenticate`
  const queries: Row = { 'redirect-urls/remove': `?${new URLSearchParams({ url })}` }
  const onlySAML = /\/certificates/
  return paths.flatMap(({ path }) => {
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!)
    const short = path.replace(/^\/dashboard\/?(projects\/:project_slug)?\/?/, '')
    const own = names.filter((name) => name !== 'project_slug').join(' ')
    const known = parameters[own]
    assert.ok(known, `${path}: the scene has something for ${own}`)
    return known
      .filter(({ as }) => !(as === 'oidc' && onlySAML.test(path)))
      .map(({ as, ...row }, i) => {
        const values: Row = { ...row, project_slug: made.project_slug }
        const query = queries[short] ?? ''
        const address = path.replace(/:(\w+)/g, (_, name: string) => values[name] ?? '') + query
        const name = short.replaceAll(/:\w+/g, 'one').replaceAll('/', '-') || 'home'
        // A login that went otherwise is another page; the rest differ in little.
        const briefly = i > 0 && short !== 'logins/:flow_id'
        return { name: `dashboard-${name}${as ? `-${as}` : ''}`, address, briefly }
      })
  })
}

test('every page of the dashboard', async (t) => {
  const made = await scene()
  const { context, look } = await visitor(t, made)
  await letIn(context, made.stage, made.admin_id)
  const waiting = await addressesOf(made)
  assert.ok(waiting.length > 50, `${waiting.length} pages`)
  const walk = async () => {
    const page = await context.newPage()
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await page.goto(made.stage.base_url + next.address)
      await look(page, next.name, next)
    }
  }
  await Promise.all([walk(), walk(), walk()])
})

test('what an empty project and a viewer see', async (t) => {
  const stage = await newStage()
  const { context, look } = await visitor(t, { stage })
  const { admin_id } = await makeAdmin(stage.services, { role: 'viewer' })
  await letIn(context, stage, admin_id)
  const page = await context.newPage()
  await page.goto(`${stage.base_url}/dashboard`)
  await look(page, 'empty-home')
  const base = page.url()
  for (const path of ['organizations', 'connections', 'logins', 'members', 'certificates'])
    await page.goto(`${base}/${path}`).then(() => look(page, `empty-${path}`))
  for (const path of ['roles', 'api-keys', 'webhooks', 'events', 'settings', 'redirect-urls'])
    await page.goto(`${base}/${path}`).then(() => look(page, `empty-${path}`))
  await page.goto(`${stage.base_url}/dashboard/mail`)
  await look(page, 'empty-mail')
  await page.goto(`${base}/organizations/organization-test-unknown`)
  await look(page, 'dashboard-not-found', { status: 404 })
})

test('the pages before the dashboard: signing in, the code, an invitation', async (t) => {
  const made = await scene()
  const { services, base_url } = made.stage
  const { context, look } = await visitor(t, made)
  const page = await context.newPage()
  await page.goto(`${base_url}/dashboard/sign-in`)
  await look(page, 'sign-in')
  await page.goto(linkURL(base_url, made.invitation.token))
  await look(page, 'sign-in-invitation')
  await page.goto(linkURL(base_url, 'unknown'))
  await look(page, 'sign-in-link-gone', { status: 404 })
  const somebody = await makeAdmin(services, { email_address: 'katherine@northwind.test' })
  await giveTOTP(services, somebody)
  await page.goto(`${base_url}/dashboard/sign-in`)
  await page.getByLabel('E-mail address').fill(somebody.email_address)
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await look(page, 'sign-in-refused', { status: 401 })
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('Code').waitFor()
  await look(page, 'sign-in-code')
  assert.ok((await findAdmin(services.db, somebody.admin_id))?.has_totp)
})

test('every step of the setup portal', async (t) => {
  const made = await scene()
  const { stage, acme, admin_id } = made
  const { context, look } = await visitor(t, made)
  const page = await context.newPage()
  const link = await createSetupLink(stage.services, {
    project_id: stage.project.project_id,
    organization_id: acme.organization_id,
    created_by: admin_id,
    note: 'Kim',
    lifetime_hours: 24,
  })
  await page.goto(link.url)
  await look(page, 'setup-choose')
  await page.getByRole('button', { name: 'Okta, OpenID Connect' }).click()
  for (const step of stepsAfterChoice('okta', 'oidc')) {
    await page.goto(`${stage.base_url}/setup/step/${step}`)
    await look(page, `setup-okta-oidc-${step}`, { briefly: true })
  }
  await page.goto(`${stage.base_url}/setup/step/choose`)
  await page.getByRole('button', { name: 'Another one, SAML 2.0' }).click()
  await page.goto(`${stage.base_url}/setup/step/guide-metadata`)
  await page.getByLabel('Metadata address').fill('not an address')
  await page.getByRole('button', { name: 'Check and go on' }).first().click()
  await look(page, 'setup-refused', { status: 400 })
  await page.getByLabel('Metadata address').fill(`${stage.idp_api_url}/saml/metadata`)
  await page.getByRole('button', { name: 'Check and go on' }).first().click()
  for (const step of stepsAfterChoice('generic', 'saml')) {
    await page.goto(`${stage.base_url}/setup/step/${step}`)
    await look(page, `setup-saml-${step}`)
  }
  await page.goto(`${stage.base_url}/setup/step/mapping`)
  await page.getByLabel('E-mail address').fill('no-such-attribute')
  await page.getByRole('button', { name: 'Save and go on' }).click()
  await page.goto(`${stage.base_url}/setup/step/test`)
  await page.getByRole('button', { name: 'Start a test login' }).click()
  await signIn(page, { email: 'ada.lovelace@acme.test' })
  await page.getByRole('heading', { name: 'Test again' }).waitFor()
  await look(page, 'setup-saml-test-failed')
  await page.getByRole('link', { name: 'See what has arrived' }).click()
  await page.getByRole('button', { name: 'Save and go on' }).click()
  await page.goto(`${stage.base_url}/setup/step/test`)
  await page.getByRole('button', { name: 'Start a test login' }).click()
  await signIn(page, { email: 'ada.lovelace@acme.test' })
  await page.getByText('The test login worked.').waitFor()
  await look(page, 'setup-saml-test-passed')
  await page.goto(`${stage.base_url}/setup/step/mapping`)
  await look(page, 'setup-saml-mapping-seen')
  await page.getByRole('button', { name: 'Save and go on' }).click()
  await page.getByRole('button', { name: 'Switch single sign-on on' }).click()
  await look(page, 'setup-saml-active')
  await page.goto(`${stage.base_url}/setup/${'x'.repeat(43)}`)
  await look(page, 'setup-link-gone', { status: 410 })
})

/** The steps after the choice, also those that the list of the page does not link to yet. */
function stepsAfterChoice(identity_provider: string, type: 'saml' | 'oidc'): string[] {
  return stepsOf(guideFor(identity_provider, type))
    .map(({ id }) => id)
    .filter((id) => id !== 'choose')
}

test('a trace that was shared, and the login page with logo and colour', async (t) => {
  const made = await scene()
  const { stage, admin_id, logins, project_slug, acme } = made
  const { context, look } = await visitor(t, made)
  const page = await context.newPage()
  const { token } = await createTraceLink(stage.services, {
    project_id: stage.project.project_id,
    flow_id: logins.test_failed,
    created_by: admin_id,
    valid_for_ms: 86_400_000,
  })
  await page.goto(`${stage.base_url}/trace/${token}`)
  await look(page, 'trace-shared')
  await page.goto(`${stage.base_url}/trace/${'x'.repeat(43)}`)
  await look(page, 'trace-gone', { status: 404 })
  await page.goto(`${stage.base_url}/login/${project_slug}`)
  await look(page, 'branded-login')
  await page.goto(`${stage.base_url}/login/${project_slug}/${acme.organization_slug}`)
  await look(page, 'branded-organization')
})
