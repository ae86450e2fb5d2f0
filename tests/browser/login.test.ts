/** Logins that succeed, from an application's page to its logged-in view, in a real browser. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  connectOIDC,
  connectSAML,
  connectSAMLByPost,
  newOrganization,
  stage,
  startURL,
} from './stage.ts'
import { assertLoggedIn, documentOf, grace, newVisitor, signIn } from './visitor.ts'

for (const [label, name] of [
  ['SAML', 'Acme SAML'],
  ['OIDC', 'Acme OIDC'],
] as const) {
  test(`a person chooses ${label} at the application, signs in, and is logged in until they log out`, async (t) => {
    const parts = await stage()
    const { organization_id, organization_slug } = await newOrganization(parts)
    await connectSAML(parts, organization_id)
    await connectOIDC(parts, organization_id)
    const page = await (await newVisitor(t, parts)).newPage()

    await page.goto(`${parts.app_url}/org/${organization_slug}`)
    await page.getByRole('link', { name }).click()
    await signIn(page, grace)
    await assertLoggedIn(page, parts, organization_slug, grace)

    await page.getByRole('button', { name: 'Log out' }).click()
    await page.goto(`${parts.app_url}/org/${organization_slug}`)
    await page.getByRole('heading', { name: 'Log in to Acme' }).waitFor()
  })
}

test('an organization with one connection goes straight to its identity provider', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  await connectSAML(parts, organization_id)
  const page = await (await newVisitor(t, parts)).newPage()
  await page.goto(`${parts.app_url}/org/${organization_slug}`)
  assert.equal(new URL(page.url()).origin, parts.idp_url)
  await signIn(page, grace)
  await assertLoggedIn(page, parts, organization_slug, grace)
})

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'by itself' : 'by its button where scripts are off'
  test(`the page that posts to the identity provider goes on ${how}`, async (t) => {
    const parts = await stage()
    const { organization_id, organization_slug } = await newOrganization(parts)
    const connection_id = await connectSAMLByPost(parts, organization_id)
    const page = await (await newVisitor(t, parts, { javaScriptEnabled })).newPage()

    await page.goto(startURL(parts, connection_id))
    if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Who is signing in?' }).waitFor()
    assert.equal(documentOf(page).request().method(), 'POST')
    await signIn(page, grace)
    if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click()
    await assertLoggedIn(page, parts, organization_slug, grace)
  })
}

test('a login can begin at the identity provider', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  const connection_id = await connectSAML(parts, organization_id)
  const page = await (await newVisitor(t, parts)).newPage()

  await page.goto(parts.idp_url)
  const acs_url = `${parts.base_url}/v1/b2b/sso/callback/${connection_id}`
  await page.getByLabel('Assertion consumer service').fill(acs_url)
  await page.getByLabel('RelayState').fill('https://evil.test/')
  await page.getByRole('button', { name: 'Choose who signs in' }).click()
  await signIn(page, grace)
  await assertLoggedIn(page, parts, organization_slug, grace)
})

for (const connect of [connectSAML, connectOIDC]) {
  const label = connect === connectSAML ? 'SAML' : 'OIDC'
  test(`over ${label} a new member comes to the signup URL, a known one to the login URL`, async (t) => {
    const parts = await stage()
    const { organization_id, organization_slug } = await newOrganization(parts)
    const connection_id = await connect(parts, organization_id)
    const page = await (await newVisitor(t, parts)).newPage()
    const arrivals: URL[] = []
    page.on('request', (request) => {
      const url = new URL(request.url())
      if (url.pathname === '/authenticate') arrivals.push(url)
    })
    for (let login = 0; login < 2; login++) {
      await page.goto(startURL(parts, connection_id))
      await signIn(page, grace)
      await assertLoggedIn(page, parts, organization_slug, grace)
    }
    const seen = arrivals.map(({ searchParams }) => [
      searchParams.get('new'),
      searchParams.get('stytch_token_type'),
      searchParams.get('slug'),
    ])
    assert.deepEqual(seen, [
      ['yes', 'sso', organization_slug],
      [null, 'sso', organization_slug],
    ])
  })
}

test('a session that is revoked shows the login page at the next load', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  await connectSAML(parts, organization_id)
  const connection_id = await connectOIDC(parts, organization_id)
  const page = await (await newVisitor(t, parts)).newPage()
  await page.goto(startURL(parts, connection_id))
  await signIn(page, grace)
  await assertLoggedIn(page, parts, organization_slug, grace)

  const { member } = await parts.stytch.organizations.members.get({
    organization_id,
    email_address: grace.email,
  })
  await parts.stytch.sessions.revoke({ member_id: member.member_id })
  await page.reload()
  await page.getByRole('heading', { name: 'Log in to Acme' }).waitFor()
})
