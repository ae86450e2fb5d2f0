/** An IT admin's way through a setup link, from empty to active, with the provider's own pages beside it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { newPage } from './browser.ts'
import { realm } from './keycloak.test-kit.ts'
import { registerSAML } from './keycloak.ts'
import { ada, type Connected, logIn, typePassword } from './logins.ts'
import { membersOf, newOrganization, portcullis } from './portcullis.ts'
import { simpleSAMLphp } from './simplesamlphp.test-kit.ts'

let signedIn: Promise<Page> | undefined

/** The vendor's window: the link of `npm start` opens once. */
function vendor(): Promise<Page> {
  signedIn ??= (async () => {
    const { dashboard_url } = await portcullis()
    const page = await newPage()
    await page.goto(dashboard_url)
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
    return page
  })()
  return signedIn
}

/** The vendor makes a link; the answer is the address, and the vendor's window watches. */
async function newLink(organization_id: string) {
  const page = await vendor()
  const { base_url } = await portcullis()
  const project = /\/dashboard\/projects\/[^/]+/.exec(page.url())?.[0]
  await page.goto(`${base_url}${project}/organizations/${organization_id}/sso`)
  await page.getByRole('button', { name: 'Create setup link' }).click()
  const link = (await page.locator('.copy code').textContent()) ?? ''
  await page.getByRole('link', { name: 'Back to SSO' }).click()
  return { link, progress: page.locator('#setup-links tbody tr').first() }
}

interface Provider {
  name: string
  /** Its button on the first page. */
  choice: string
  /** What the page calls the address of its metadata. */
  metadata_label: string
  /** Tells the provider about us, by the address of our metadata; returns the address of its own. */
  register(sp_metadata_url: string): Promise<string>
  password: string
  /** The attribute with the e-mail address, where the guide's names are not those that arrive. */
  email_attribute?: string
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).first().click()
}

/** Presses the button and signs in, where the provider does not know the browser already. */
async function testLogin(page: Page, password: string): Promise<void> {
  const back = /\/setup\/step\/test\?flow_id=/
  assert.doesNotMatch(page.url(), back)
  await press(page, 'Start a test login')
  const asked = page.locator('input[type=password]').first().waitFor()
  const known = page.waitForURL(back)
  if (await Promise.any([asked.then(() => true), known.then(() => false)]))
    await typePassword(page, ada.user, password)
  await page.waitForURL(back)
}

async function setUp(provider: Provider): Promise<Connected> {
  const { organization_id, organization_slug } = await newOrganization(`Link ${provider.name}`)
  const { link, progress } = await newLink(organization_id)
  const admin = await newPage()
  await admin.goto(link)
  await progress.getByText('being worked on').waitFor()
  await press(admin, provider.choice)
  const sp_metadata_url = (await admin.locator('.copy code').first().textContent()) ?? ''
  assert.match(sp_metadata_url, /\/saml\/metadata\/saml-connection-test-/)
  const metadata_url = await provider.register(sp_metadata_url)
  const metadata = admin.getByLabel(provider.metadata_label)
  while ((await metadata.count()) === 0) await press(admin, 'Done, go on')
  await metadata.fill(metadata_url)
  await press(admin, 'Check and go on')
  while (!admin.url().endsWith('/step/test')) await press(admin, 'Done, go on')
  await progress.getByText('Test the login').waitFor()

  await testLogin(admin, provider.password)
  if (provider.email_attribute) {
    await progress.getByText('Refused').waitFor()
    await admin.getByRole('link', { name: 'See what has arrived' }).click()
    const email = admin.getByLabel('E-mail address')
    assert.equal(await email.inputValue(), provider.email_attribute)
    await press(admin, 'Save and go on')
    await admin.locator('#content').getByRole('link', { name: 'Test the login' }).click()
    await testLogin(admin, provider.password)
  }
  await admin.getByText('The test login worked.').waitFor()
  await progress.getByText('Test passed').waitFor()
  assert.deepEqual(await membersOf(organization_id), [], 'a test makes nobody a member')
  await admin.getByRole('link', { name: 'Go on: check who people are' }).click()
  await press(admin, 'Save and go on')
  await press(admin, 'Switch single sign-on on')
  await admin.getByText('Single sign-on is on.').waitFor()
  await progress.getByText('switched on').waitFor()
  const connection_id = /saml-connection-test-[\w-]+/.exec(sp_metadata_url)![0]
  await admin.context().close()
  return { type: 'saml', organization_id, organization_slug, connection_id }
}

async function assertUsable(connected: Connected, password: string): Promise<void> {
  const { app_url } = await portcullis()
  const { page } = await logIn(connected, (at) => typePassword(at, ada.user, password))
  await page.waitForURL(`${app_url}/org/${connected.organization_slug}`)
  await page.getByRole('heading', { name: 'Hello, Ada Lovelace' }).waitFor()
  await page.context().close()
  const [member] = await membersOf(connected.organization_id)
  assert.equal(member?.email_address, ada.email.toLowerCase())
}

test('a setup link leads an IT admin of Keycloak from empty to active', async () => {
  const at = await realm()
  const connected = await setUp({
    name: 'Keycloak',
    choice: 'Keycloak, SAML 2.0',
    metadata_label: 'SAML 2.0 Identity Provider Metadata',
    password: ada.password,
    async register(sp_metadata_url) {
      await registerSAML(at, await (await fetch(sp_metadata_url)).text())
      return at.saml_metadata_url
    },
  })
  await assertUsable(connected, ada.password)
})

test('a setup link leads an IT admin of SimpleSAMLphp, whose attributes have other names, from empty to active', async () => {
  const idp = await simpleSAMLphp()
  const connected = await setUp({
    name: 'SimpleSAMLphp',
    choice: 'Another one, SAML 2.0',
    metadata_label: 'Metadata address',
    password: 'secret',
    email_attribute: 'mail',
    async register(sp_metadata_url) {
      await idp.configure({ sp_metadata_urls: [sp_metadata_url] })
      return idp.metadata_url
    },
  })
  await assertUsable(connected, 'secret')
})
