/** A login from the hosted login page of an organization, in a real browser. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findProject } from '../../src/projects/projects.ts'
import { assertGoodLooks } from './appearance.ts'
import { connectOIDC, connectSAML, newOrganization, type Stage, stage } from './stage.ts'
import { assertLoggedIn, documentOf, grace, newVisitor, signIn } from './visitor.ts'

async function formURL({ base_url, services, project }: Stage): Promise<string> {
  const { project_slug } = await findProject(services, project.project_id)
  return `${base_url}/login/${project_slug}`
}

test('a person finds the organization, signs in, and is shown that way first the next time', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  await connectSAML(parts, organization_id)
  await connectOIDC(parts, organization_id)
  const page = await (await newVisitor(t, parts, { javaScriptEnabled: false })).newPage()
  const form = await formURL(parts)

  await page.goto(form)
  await assertGoodLooks(page, 'login-form')
  await page.getByLabel('Organization').fill('nobody-here')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Organization not found' }).waitFor()
  assert.equal(documentOf(page).status(), 404)
  await assertGoodLooks(page, 'login-organization-unknown')
  await page.getByLabel('Organization').fill(organization_slug)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'Sign in to Acme' }).waitFor()
  assert.equal(page.url(), `${form}/${organization_slug}`)
  await assertGoodLooks(page, 'login-organization')
  await page.getByRole('link', { name: 'Continue with Acme OIDC' }).click()
  await signIn(page, grace)
  await assertLoggedIn(page, parts, organization_slug, grace)

  await page.goto(`${form}/${organization_slug}`)
  const first = page.getByRole('listitem').first()
  assert.match((await first.textContent()) ?? '', /Acme OIDC.*Last used/s)
  await assertGoodLooks(page, 'login-organization-again')
})

test('long names fit, and an organization without a connection says who must act', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  const organization_name =
    'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
  await parts.stytch.organizations.update({ organization_id, organization_name })
  const page = await (await newVisitor(t, parts, { javaScriptEnabled: false })).newPage()
  const form = await formURL(parts)

  await page.goto(`${form}/${organization_slug}`)
  assert.match((await page.locator('strong').textContent()) ?? '', /IT administrator/)
  await assertGoodLooks(page, 'login-organization-empty')
  const connection_id = await connectSAML(parts, organization_id)
  await parts.stytch.sso.saml.updateConnection({
    organization_id,
    connection_id,
    display_name: organization_name,
    identity_provider: 'microsoft-entra',
  })
  await page.goto(`${form}/${organization_slug}/to/${connection_id}x`)
  assert.equal(documentOf(page).status(), 404)
  await assertGoodLooks(page, 'login-organization-long')
  await page.goto(`${parts.base_url}/login/no-such-project`)
  assert.equal(documentOf(page).status(), 404)
  await assertGoodLooks(page, 'login-address-unknown')
})
