/** What people do with the dashboard and the setup portal from beginning to end, in real browsers. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { makeAdmin, password } from '../../src/admins/admins.test-kit.ts'
import { firstAdminLink } from '../../src/admins/invitations.ts'
import { findProject } from '../../src/projects/projects.ts'
import { anotherCertificate, letIn, newStage } from './scene.ts'
import {
  connectSAML,
  newOrganization,
  type Organization,
  type Stage,
  stage,
  startURL,
} from './stage.ts'
import { ada, assertLoggedIn, assertRefused, newVisitor, signIn } from './visitor.ts'

/** The vendor's window on the project, as an owner. */
async function vendor(t: TestContext, parts: Stage) {
  const { admin_id } = await makeAdmin(parts.services)
  const context = await newVisitor(t, parts)
  await letIn(context, parts, admin_id)
  const { project_slug } = await findProject(parts.services, parts.project.project_id)
  const base = `${parts.base_url}/dashboard/projects/${project_slug}`
  return { page: await context.newPage(), base }
}

async function member(t: TestContext, parts: Stage): Promise<Page> {
  return (await newVisitor(t, parts)).newPage()
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click()
}

/** The box that says what the last form did. */
async function told(page: Page, text: string): Promise<void> {
  await page.getByRole('status').filter({ hasText: text }).first().waitFor()
}

/** Follows a link of the page itself, such as one of its tabs. */
async function follow(page: Page, name: string): Promise<void> {
  await page.locator('#content').getByRole('link', { name, exact: true }).first().click()
}

/** Follows a link of the menu beside the page. */
async function goTo(page: Page, name: string): Promise<void> {
  const menu = page.getByRole('navigation', { name: 'Main' })
  await menu.getByRole('link', { name, exact: true }).first().click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
}

async function loginAtApplication(page: Page, parts: Stage, slug: string): Promise<void> {
  await page.goto(`${parts.app_url}/org/${slug}`)
  await signIn(page, ada)
  await assertLoggedIn(page, parts, slug)
}

test('in production the first start’s link makes the first owner, who from then on signs in with a code', async (t) => {
  const parts = await newStage('production')
  const page = await (await newVisitor(t, parts)).newPage()
  const link = await firstAdminLink(parts.services)
  assert.ok(link)
  await page.goto(link)
  await page.getByLabel('E-mail address').fill('mary@northwind.test')
  await page.getByLabel('Your name').fill('Mary Jackson')
  await page.getByLabel('Password').fill(password)
  await press(page, 'Make account and sign in')
  await goTo(page, 'Your account')
  assert.equal(await firstAdminLink(parts.services), undefined, 'the next start prints none')
  await follow(page, 'Set up')
  const key = (await page.locator('.copy code').textContent()) ?? ''
  const authenticator = new TOTP({ secret: Secret.fromBase32(key) })
  const now = Date.now()
  await page.getByLabel('Code').fill(authenticator.generate({ timestamp: now }))
  await page.getByLabel('Your password').fill(password)
  await press(page, 'Turn on')
  await told(page, 'The authenticator app is set up')
  await press(page, 'Sign out')

  await page.getByLabel('E-mail address').fill('mary@northwind.test')
  await page.getByLabel('Password').fill(password)
  await press(page, 'Sign in')
  await page.getByLabel('Code').fill('000000')
  await press(page, 'Sign in')
  await page.getByRole('alert').waitFor()
  // The code that set it up is used: the next one counts, which is good already.
  await page.getByLabel('Code').fill(authenticator.generate({ timestamp: now + 30_000 }))
  await press(page, 'Sign in')
  await page.getByRole('navigation', { name: 'Main' }).getByText('Mary Jackson').first().waitFor()
})

test('an organization and its connection are made in the dashboard, tested, activated, and used from the application', async (t) => {
  const parts = await stage()
  const { page, base } = await vendor(t, parts)
  const slug = `northwind-${Date.now().toString(36)}`
  await page.goto(base)
  await goTo(page, 'Organizations')
  await follow(page, 'New organization')
  await page.getByLabel('Name').fill('Northwind')
  await page.getByLabel('Slug').fill(slug)
  await press(page, 'Create organization')
  await told(page, 'The organization was created')

  await page.getByLabel('Name').fill('Northwind SSO')
  await page.getByLabel('Identity provider and protocol').selectOption('generic saml')
  await press(page, 'Create connection')
  await told(page, 'The connection was created')
  await page.getByText('Nobody can log in over this connection yet.').waitFor()
  await follow(page, 'Settings')
  await page.getByLabel('Metadata address').fill(`${parts.idp_api_url}/saml/metadata`)
  await press(page, 'Read the metadata')
  await page.getByText('Everything is there, and nobody logs in over it yet.').waitFor()

  await follow(page, 'Test')
  await press(page, 'Start a test login')
  await signIn(page, ada)
  await page.getByText(`The test passed: ${ada.email} would have signed in`).waitFor()
  const early = await member(t, parts)
  await early.goto(`${parts.app_url}/org/${slug}`)
  assert.equal(new URL(early.url()).origin, parts.app_url, 'no login before it is active')

  await press(page, 'Activate')
  await told(page, 'The connection is active')
  await loginAtApplication(await member(t, parts), parts, slug)
  await follow(page, 'Logins')
  await page.getByRole('row', { name: ada.email }).filter({ hasText: 'Signed in' }).waitFor()
})

/** Puts a certificate in the place of the one that the identity provider signs with. */
async function replaceCertificate(parts: Stage, { organization_id }: Organization, id: string) {
  const target = { organization_id, connection_id: id }
  const { saml } = parts.stytch.sso
  const x509_certificate = await anotherCertificate(parts)
  const { connection } = await saml.updateConnection({ ...target, x509_certificate })
  const [old] = connection!.verification_certificates
  const certificate_id = old!.certificate_id
  await saml.deleteVerificationCertificate({ ...target, certificate_id })
}

test('a login that fails for its certificate is found by its request id, explained, and mended from a test', async (t) => {
  const parts = await stage()
  const organization = await newOrganization(parts)
  const connection_id = await connectSAML(parts, organization.organization_id)
  await replaceCertificate(parts, organization, connection_id)
  const person = await member(t, parts)
  await person.goto(startURL(parts, connection_id))
  await signIn(person, ada)
  const request_id = await assertRefused(person, parts, {
    error_type: 'saml_certificate_mismatch',
    reason: /certificate that this connection does not trust/,
    who: 'IT administrator',
  })

  const { page, base } = await vendor(t, parts)
  await page.goto(base)
  await goTo(page, 'Logins')
  await page.getByLabel('Find a login').fill(request_id)
  await press(page, 'Search')
  await page.waitForLoadState()
  if (!/sso-flow/.test(page.url())) await page.locator('#logins-table tbody a').first().click()
  const cause = page.getByRole('region', { name: 'What happened' })
  await cause.getByText('Who must act').waitFor()
  assert.match((await cause.textContent()) ?? '', /certificate/i)
  assert.equal(await page.getByText('Apply this fix').count(), 0, 'no fix from an ordinary login')

  await page.goto(`${base}/connections/${connection_id}/test`)
  await press(page, 'Start a test login')
  await signIn(page, ada)
  await page.getByRole('heading', { name: /Trust the certificate/ }).waitFor()
  const { fingerprint256: fingerprint } = new X509Certificate(parts.idp.saml.certificate)
  await page.getByText(fingerprint).first().waitFor()
  await press(page, 'Apply this fix')
  await page.getByRole('alert').getByText('Nothing was changed').waitFor()
  await page.getByLabel('I have compared the fingerprint').check()
  await press(page, 'Apply this fix')
  await told(page, 'The fix was applied')

  await person.goto(startURL(parts, connection_id))
  await signIn(person, ada)
  await assertLoggedIn(person, parts, organization.organization_slug)
})

test('an IT admin goes from an empty link to an active connection while the vendor watches', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  const { page, base } = await vendor(t, parts)
  await page.goto(`${base}/organizations/${organization_id}/sso`)
  await page.getByLabel('Note for yourselves').fill('Kim at Acme IT')
  await press(page, 'Create setup link')
  const link = (await page.locator('.copy code').textContent()) ?? ''
  await follow(page, 'Back to SSO')
  const progress = page.locator('#setup-links tbody tr').filter({ hasText: 'Kim at Acme IT' })
  await progress.getByText('not opened yet').waitFor()
  await page.evaluate('window.neverReloaded = true')

  const admin = await member(t, parts)
  await admin.goto(link)
  await progress.getByText('being worked on').waitFor()
  await press(admin, 'Microsoft Entra ID, SAML 2.0')
  const metadata = admin.getByLabel('App Federation Metadata Url')
  while ((await metadata.count()) === 0) await press(admin, 'Done, go on')
  await progress.getByText(/metadata/i).waitFor()
  await metadata.fill(`${parts.idp_api_url}/saml/metadata`)
  await admin.getByRole('button', { name: 'Check and go on' }).first().click()
  while (!admin.url().endsWith('/step/test')) await press(admin, 'Done, go on')
  await press(admin, 'Start a test login')
  await signIn(admin, ada)
  await admin.getByText('could not be signed in').first().waitFor()
  await progress.getByText('Refused').waitFor()
  await progress.getByText('email', { exact: true }).waitFor()
  await follow(admin, 'See what has arrived')
  // The names of what was seen stand in place of those that Microsoft Entra ID has.
  assert.equal(await admin.getByLabel('E-mail address').inputValue(), 'email')
  await press(admin, 'Save and go on')
  await follow(admin, 'Test the login')
  await press(admin, 'Start a test login')
  await signIn(admin, ada)
  await admin.getByText('The test login worked.').waitFor()
  await follow(admin, 'Go on: check who people are')
  await press(admin, 'Save and go on')
  await press(admin, 'Switch single sign-on on')
  await admin.getByText('Single sign-on is on.').waitFor()
  await progress.getByText('switched on').waitFor()
  assert.equal(await page.evaluate('window.neverReloaded'), true, 'the vendor saw it all live')

  await loginAtApplication(await member(t, parts), parts, organization_slug)
  await admin.goto(link)
  await admin.getByRole('heading', { level: 1 }).waitFor()
  assert.equal(await admin.getByRole('button').count(), 0, 'the link has done its work')
})

test('a secret is made, shown once, used, and refused as soon as it is revoked', async (t) => {
  const parts = await stage()
  const { page, base } = await vendor(t, parts)
  await page.goto(base)
  await goTo(page, 'API keys')
  await press(page, 'Create secret')
  await told(page, 'Copy it now')
  const secret = (await page.getByRole('status').locator('.copy code').textContent()) ?? ''
  assert.match(secret, /^secret-test-/)
  await page.goto(`${base}/api-keys`)
  assert.ok(!(await page.content()).includes(secret), 'it is shown once')

  const use = async () => {
    const credentials = Buffer.from(`${parts.project.project_id}:${secret}`).toString('base64')
    const answer = await fetch(`${parts.api_url}/v1/b2b/organizations/search`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
      body: '{}',
    })
    return { status: answer.status, body: (await answer.json()) as { error_type?: string } }
  }
  assert.equal((await use()).status, 200)
  const last_four = secret.slice(-4)
  await page.getByRole('link', { name: `…${last_four}`, exact: true }).click()
  const revoke = page.getByRole('button', { name: 'Revoke secret' })
  await page.getByLabel('to confirm').fill('abcd')
  assert.ok(await revoke.isDisabled(), 'not without its last four characters')
  await page.getByLabel('to confirm').fill(last_four)
  await revoke.click()
  await page.getByRole('heading', { level: 1, name: 'API keys' }).waitFor()
  assert.equal(await page.getByRole('link', { name: `…${last_four}`, exact: true }).count(), 0)
  const refused = await use()
  assert.equal(refused.status, 401)
  assert.equal(refused.body.error_type, 'unauthorized_credentials')
})
