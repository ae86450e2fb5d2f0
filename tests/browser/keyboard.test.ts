/** The login without a mouse: every step is reached by Tab, in sight, and done by Enter. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { makeAdmin, password } from '../../src/admins/admins.test-kit.ts'
import { findProject } from '../../src/projects/projects.ts'
import {
  connectOIDC,
  connectSAML,
  connectSAMLByPost,
  newOrganization,
  stage,
  startURL,
} from './stage.ts'
import { ada, assertLoggedIn, newVisitor } from './visitor.ts'

const focusRing = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
  return outlineStyle === 'none' ? 0 : parseFloat(outlineWidth)
})()`

/** Presses Tab until `target` has the focus; on the way everything that has it must show it. */
async function tabTo(page: Page, target: Locator, presses: number): Promise<void> {
  await target.waitFor()
  await page.waitForLoadState() // with its stylesheet
  for (let press = 0; press < presses; press++) {
    await page.keyboard.press('Tab')
    const focused = page.locator(':focus')
    assert.equal(await focused.count(), 1, 'something has the focus')
    const ring = Number(await page.evaluate(focusRing))
    assert.ok(ring >= 2, `no visible focus: ${await focused.textContent()}`)
    if ((await target.and(focused).count()) === 1) return
  }
  assert.fail(`${target} is not reached by ${presses} presses of Tab`)
}

test('a login from the application and out again by keyboard alone', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  await connectSAML(parts, organization_id)
  await connectOIDC(parts, organization_id)
  const page = await (await newVisitor(t, parts)).newPage()

  await page.goto(parts.app_url)
  await tabTo(page, page.getByLabel('Organization'), 2)
  await page.keyboard.type(organization_slug)
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('link', { name: 'Acme SAML' }), 2)
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: ada.email }), 1)
  await page.keyboard.press('Enter')
  await assertLoggedIn(page, parts, organization_slug)
  await tabTo(page, page.getByRole('button', { name: 'Log out' }), 3)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Log in with your organization' }).waitFor()
})

test('somebody who is not on the list signs in by keyboard', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  const connection_id = await connectOIDC(parts, organization_id)
  const page = await (await newVisitor(t, parts)).newPage()
  await page.goto(startURL(parts, connection_id))
  await tabTo(page, page.getByText('Sign in as someone else'), 5)
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByLabel('E-mail address'), 1)
  await page.keyboard.type('katherine.johnson@acme.test')
  await page.keyboard.press('Enter')
  const katherine = { name: 'Katherine Johnson', email: 'katherine.johnson@acme.test' }
  await assertLoggedIn(page, parts, organization_slug, katherine)
})

test('where scripts are off the first Tab reaches the button that goes on', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  const connection_id = await connectSAMLByPost(parts, organization_id)
  const page = await (await newVisitor(t, parts, { javaScriptEnabled: false })).newPage()
  await page.goto(startURL(parts, connection_id))
  await tabTo(page, page.getByRole('button', { name: 'Continue' }), 1)
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: ada.email }), 1)
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: 'Continue' }), 1)
  await page.keyboard.press('Enter')
  await assertLoggedIn(page, parts, organization_slug)
})

test('an administrator signs in, skips the menu and makes an organization by keyboard', async (t) => {
  const parts = await stage()
  const admin = await makeAdmin(parts.services)
  const { project_slug } = await findProject(parts.services, parts.project.project_id)
  const page = await (await newVisitor(t, parts)).newPage()
  await page.goto(`${parts.base_url}/dashboard/projects/${project_slug}/organizations/new`)
  await tabTo(page, page.getByLabel('E-mail address'), 2)
  await page.keyboard.type(admin.email_address)
  await tabTo(page, page.getByLabel('Password'), 1)
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'New organization' }).waitFor()

  const skip = page.getByRole('link', { name: 'Skip to content' })
  await tabTo(page, skip, 1)
  assert.ok((await skip.boundingBox())!.x >= 0, 'it is seen while it has the focus')
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByLabel('Name'), 2)
  await page.keyboard.type('By keyboard')
  await tabTo(page, page.getByLabel('Slug'), 1)
  await page.keyboard.type('!')
  await page.keyboard.press('Enter')
  const wrong = page.locator('input[aria-invalid=true]')
  await wrong.waitFor()
  assert.equal(await page.evaluate('document.activeElement.name'), 'organization_slug')
  assert.match((await wrong.getAttribute('aria-describedby')) ?? '', /^wrong-field /)
  assert.match((await page.locator('#wrong-field').textContent()) ?? '', /^The slug must have/)
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('by-keyboard')
  await page.keyboard.press('Enter')
  await page.getByText('The organization was created').waitFor()
  await tabTo(page, page.getByRole('link', { name: 'Home', exact: true }).first(), 3)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
})
