/** The dashboard of `npm start`: the link that it prints, and the facts of its run on Home. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../../src/app.ts'
import { environmentBlock, mountDevelopmentLink } from '../../src/dashboard/development.ts'
import { newStage } from './scene.ts'
import { connectOIDC, connectSAML, newOrganization, startURL } from './stage.ts'
import { ada, documentOf, newVisitor, signIn } from './visitor.ts'
import { assertWellMade } from './well-made.ts'

/** A server of its own with one project, as `npm start` seeds it, and the link that it prints. */
async function started() {
  const stage = await newStage()
  const organization = await newOrganization(stage)
  const saml = await connectSAML(stage, organization.organization_id)
  const oidc = await connectOIDC(stage, organization.organization_id)
  const facts = {
    ...stage.project,
    base_url: stage.base_url,
    app_url: stage.app_url,
    test_idp_url: stage.idp_url,
    organizations: [
      {
        ...organization,
        sso_connections: [
          { connection_id: saml, type: 'saml', start_url: startURL(stage, saml) },
          { connection_id: oidc, type: 'oidc', start_url: startURL(stage, oidc) },
        ],
      },
    ],
  }
  const app = createApp(stage.services)
  mountDevelopmentLink(app, stage.services, { ...facts, token: 'only-once' })
  stage.service.answer(app.fetch)
  return { stage, facts, link: `${stage.base_url}/dashboard?token=only-once` }
}

test('the link opens the dashboard once, for the browser that used it, and for no other', async (t) => {
  const { stage, link } = await started()
  const page = await (await newVisitor(t, stage)).newPage()
  const stranger = await (await newVisitor(t, stage)).newPage()

  await stranger.goto(stage.base_url)
  await stranger.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
  await stranger.goto(`${stage.base_url}/dashboard?token=wrong`)
  assert.equal(documentOf(stranger).status(), 401, 'a wrong token neither opens nor uses the link')
  await page.goto(link)
  await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
  assert.ok(!page.url().includes('token'), 'the token does not stay in the address')
  await stranger.goto(link)
  assert.equal(documentOf(stranger).status(), 401)
  await stranger.getByRole('heading', { name: 'This link does not open the dashboard' }).waitFor()
  await stranger.goto(`${stage.base_url}/dashboard`)
  await stranger.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
})

test('Home has what an application needs, and ticks the steps of the first login while it happens', async (t) => {
  const { stage, facts, link } = await started()
  const context = await newVisitor(t, stage, { reducedMotion: 'reduce' })
  const home = await context.newPage()
  await home.goto(link)
  await assertWellMade(home, 'home-development')
  await home.setViewportSize({ width: 1280, height: 844 })
  assert.equal(await home.locator('pre').textContent(), environmentBlock(facts))
  for (const value of [facts.project_id, facts.public_token])
    assert.ok(await home.getByRole('button', { name: `Copy ${value}` }).isVisible())
  for (const name of ['example application', 'test identity provider'])
    assert.ok(await home.getByRole('link', { name }).isVisible())
  const done = (count: number) => home.getByText(`${count} of 7 steps done`).waitFor()
  await done(4)
  await home.evaluate('window.neverReloaded = true')

  const page = await context.newPage()
  const { href } = new URL(
    (await home.getByRole('link', { name: 'Sign in over SAML' }).getAttribute('href'))!,
  )
  await page.goto(href)
  await home.bringToFront()
  await done(5)
  await signIn(page, ada)
  await page.waitForURL(/token=/)
  await done(6)
  const token = new URL(page.url()).searchParams.get('token')!
  await stage.stytch.sso.authenticate({ sso_token: token })
  await home.getByText('The first login', { exact: true }).waitFor({ state: 'detached' })
  await home.getByRole('row', { name: ada.email }).filter({ hasText: 'Signed in' }).waitFor()
  assert.equal(await home.evaluate('window.neverReloaded'), true, 'it updates itself')
})

test('the hosted login page is one press away from Home', async (t) => {
  const { stage, link } = await started()
  const page = await (await newVisitor(t, stage)).newPage()
  await page.goto(link)
  await page.getByRole('link', { name: 'hosted login page' }).click()
  await page.getByRole('heading', { name: 'Sign in to Acme' }).waitFor()
})
