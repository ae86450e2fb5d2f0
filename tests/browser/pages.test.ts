/** Every page: it fits a telephone, reads well in light and dark, and loads nothing from elsewhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertGoodLooks } from './appearance.ts'
import {
  connectOIDC,
  connectSAML,
  connectSAMLByPost,
  newOrganization,
  type Stage,
  stage,
  startURL,
} from './stage.ts'
import { documentOf, newVisitor } from './visitor.ts'

/** A long name and address: where a page breaks, it breaks on these. */
const somebody = {
  email: 'wolfeschlegelsteinhausenbergerdorff.hubert.blaine@a-rather-long-subdomain.acme.test',
  name: 'Hubert Blaine Wolfeschlegelsteinhausenbergerdorff',
}

async function look(page: Page, name: string, status = 200): Promise<void> {
  const response = documentOf(page)
  assert.equal(response.status(), status, name)
  const policy = response.headers()['content-security-policy'] ?? ''
  assert.match(policy, /default-src 'none'/, name)
  assert.match(policy, /frame-ancestors 'none'/, name)
  assert.match(policy, /base-uri 'none'/, name)
  assert.doesNotMatch(policy, /unsafe/, name)
  assert.equal(response.headers()['x-content-type-options'], 'nosniff', name)
  await assertGoodLooks(page, name)
}

/** Without scripts, so that pages which post by themselves stay; all others have none. */
const options = { javaScriptEnabled: false }

async function openSignIn(page: Page, parts: Stage, connection_id: string): Promise<void> {
  await page.goto(startURL(parts, connection_id))
  for (const summary of await page.locator('summary').all()) await summary.click()
}

async function signInAsSomebody(page: Page): Promise<void> {
  await page.getByLabel('E-mail address').fill(somebody.email)
  await page.getByLabel('Name (optional)').fill(somebody.name)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

test('the pages of the server', async (t) => {
  const parts = await stage()
  const { organization_id } = await newOrganization(parts)
  const saml = await connectSAML(parts, organization_id)
  const by_post = await connectSAMLByPost(parts, organization_id)
  const page = await (await newVisitor(t, parts, options)).newPage()

  await page.goto(startURL(parts, by_post))
  await look(page, 'server-post')
  await page.goto(startURL(parts, 'saml-connection-test-unknown'))
  await look(page, 'server-refused-at-start', 404)
  await page.goto(startURL(parts, saml))
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await look(page, 'server-refused', 400)
  await page.reload()
  await look(page, 'server-refused-again', 400)
  await page.goto(`${parts.base_url}/errors/organization_not_found`)
  await look(page, 'server-error-type')
  await page.goto(`${parts.base_url}/errors/no_such_error`)
  await look(page, 'server-error-type-unknown', 404)
})

test('the pages of the test identity provider', async (t) => {
  const parts = await stage()
  const { organization_id } = await newOrganization(parts)
  const saml = await connectSAML(parts, organization_id)
  const oidc = await connectOIDC(parts, organization_id)
  const page = await (await newVisitor(t, parts, options)).newPage()

  await page.goto(parts.idp_url)
  await look(page, 'idp-home')
  await openSignIn(page, parts, oidc)
  await look(page, 'idp-sign-in-oidc')
  await openSignIn(page, parts, saml)
  await look(page, 'idp-sign-in-saml')
  await signInAsSomebody(page)
  await look(page, 'idp-post')
  await page.goto(`${parts.idp_url}/saml/launch`)
  await look(page, 'idp-error', 400)
})

test('the pages of the example application', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  await connectSAML(parts, organization_id)
  const oidc = await connectOIDC(parts, organization_id)
  const nobody = await newOrganization(parts)
  const page = await (await newVisitor(t, parts, options)).newPage()

  await page.goto(parts.app_url)
  await look(page, 'app-home')
  await page.goto(`${parts.app_url}/org/${organization_slug}`)
  await look(page, 'app-login')
  await page.goto(`${parts.app_url}/org/${nobody.organization_slug}`)
  await look(page, 'app-login-without-connections')
  await page.goto(`${parts.app_url}/org/${'unknown'.repeat(12)}`)
  await look(page, 'app-unknown-organization', 404)
  await page.goto(`${parts.app_url}/authenticate?stytch_token_type=sso&token=${'x'.repeat(43)}`)
  await look(page, 'app-token-refused', 400)
  await page.goto(`${parts.app_url}/authenticate?stytch_token_type=magic_links&token=x`)
  await look(page, 'app-other-token-type', 400)
  await openSignIn(page, parts, oidc)
  await signInAsSomebody(page)
  await page.locator('summary').click()
  await look(page, 'app-member')
  await page.goto(parts.app_url)
  await look(page, 'app-home-logged-in')
})
