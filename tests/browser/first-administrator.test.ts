/** From a server without administrators to several of them, in real browsers. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { newServer } from '../../src/admins/admins.test-kit.ts'
import { firstAdminLink } from '../../src/admins/invitations.ts'
import { assertAccessible } from './axe.ts'
import { openPort } from './stage.ts'
import { documentOf, newVisitor } from './visitor.ts'

const password = 'a gravel path in umber'

/** A server of its own that listens, and browsers for it. */
async function open(t: TestContext) {
  const port = await openPort()
  const base_url = `http://sp.localhost:${port.port}`
  const made = await newServer({ mode: 'development', base_url })
  port.answer(made.app().fetch)
  const addresses = { base_url, idp_url: base_url, app_url: base_url, api_url: '', idp_api_url: '' }
  return { ...made, base_url, visit: async () => (await newVisitor(t, addresses)).newPage() }
}

/** On a telephone; dashboard-pages.test.ts looks at the same pages in every width and colour. */
async function assertUsable(page: Page, name: string): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 })
  const wide = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  assert.equal(wide, 0, `${name} scrolls sideways`)
  await assertAccessible(page, name)
  await page.setViewportSize({ width: 1280, height: 844 })
}

async function signIn(page: Page, base_url: string, email: string): Promise<void> {
  await page.goto(`${base_url}/dashboard/sign-in`)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor()
}

/** Goes to a page by the menu beside it. */
async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name, exact: true }).first().click()
  await heading(page, name)
}

/** Opens the link of the first start, and chooses a password that is taken. */
async function becomeFirst(ada: Page, link: string): Promise<void> {
  await ada.goto(link)
  await assertUsable(ada, 'the first administrator')
  await ada.getByLabel('E-mail address').fill('ada@example.com')
  await ada.getByLabel('Your name').fill('Ada Lovelace')
  await ada.getByLabel('Password').fill('password1234')
  await ada.getByRole('button', { name: 'Make account' }).click()
  await ada.getByRole('alert').getByText('among the first').waitFor()
  assert.equal(await ada.getByLabel('Your name').inputValue(), 'Ada Lovelace')
  await ada.getByLabel('Password').fill(password)
  await ada.getByRole('button', { name: 'Make account' }).click()
  await heading(ada, 'Projects')
}

/** Invites an editor, who comes by the link that the page shows. */
async function invite(ada: Page, grace: Page): Promise<void> {
  await goTo(ada, 'Administrators')
  await assertUsable(ada, 'administrators')
  await ada.getByLabel('E-mail address').fill('grace@example.com')
  await ada.getByLabel('Role').selectOption('editor')
  await ada.getByRole('button', { name: 'Invite', exact: true }).click()
  const invitation = (await ada.locator('.copy code').textContent()) ?? ''
  await assertUsable(ada, 'an invitation')
  await grace.goto(invitation)
  await assertUsable(grace, 'what an invitation leads to')
  assert.equal(await grace.getByLabel('E-mail address').inputValue(), 'grace@example.com')
  await grace.getByLabel('Password').fill(password)
  await grace.getByRole('button', { name: 'Make account' }).click()
  await heading(grace, 'Projects')
  await goTo(grace, 'Administrators')
  assert.equal(await grace.getByRole('button', { name: 'Invite', exact: true }).count(), 0)
}

/** Sets up an authenticator app by the key below the picture; returns what it shows next. */
async function enrol(grace: Page): Promise<string> {
  await goTo(grace, 'Your account')
  await assertUsable(grace, 'your account')
  await grace.getByRole('link', { name: 'Set up' }).click()
  await heading(grace, 'Set up your authenticator app')
  assert.ok((await grace.getByRole('img', { name: 'QR code' }).boundingBox())!.width > 150)
  await assertUsable(grace, 'authenticator app')
  const key = (await grace.locator('.copy code').textContent()) ?? ''
  const app = new TOTP({ secret: Secret.fromBase32(key) })
  const timestamp = Date.now()
  await grace.getByLabel('Code').fill(app.generate({ timestamp }))
  await grace.getByLabel('Your password').fill(password)
  await grace.getByRole('button', { name: 'Turn on' }).click()
  await grace.getByRole('status').getByText('is set up').waitFor()
  return app.generate({ timestamp: timestamp + 30_000 })
}

test('the first administrator comes by the link and invites another, who signs in with a code', async (t) => {
  const { services, base_url, visit } = await open(t)
  const [ada, grace, late] = [await visit(), await visit(), await visit()]
  await ada.goto(`${base_url}/dashboard`)
  await heading(ada, 'Sign in')
  await assertUsable(ada, 'sign-in')
  const link = (await firstAdminLink(services)) ?? ''
  await becomeFirst(ada, link)
  await late.goto(link)
  assert.equal(documentOf(late).status(), 404)
  await assertUsable(late, 'a link that was used')
  await invite(ada, grace)
  const code = await enrol(grace)
  await grace.getByRole('button', { name: 'Sign out', exact: true }).first().click()
  await heading(grace, 'Sign in')
  await signIn(grace, base_url, 'grace@example.com')
  await heading(grace, 'Your code')
  await assertUsable(grace, 'a code')
  await grace.getByLabel('Code').fill(code)
  await grace.getByRole('button', { name: 'Sign in' }).click()
  await heading(grace, 'Projects')

  await goTo(ada, 'Administrators')
  await ada.getByRole('link', { name: 'grace@example.com' }).click()
  await assertUsable(ada, 'an administrator')
  await ada.getByLabel('to confirm').fill('grace@example.com')
  await ada.getByRole('button', { name: 'Disable administrator' }).click()
  await heading(ada, 'Administrators')
  await grace.reload()
  await heading(grace, 'Sign in')
  await goTo(ada, 'Audit log')
  for (const name of ['admin.create', 'admin_invitation.create', 'admin.totp_enrol'])
    assert.ok(await ada.getByRole('link', { name, exact: true }).first().isVisible(), name)
  await ada.getByText('Changed: status').click()
  await assertUsable(ada, 'audit log')
})
