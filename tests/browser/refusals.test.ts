/** Logins that are refused: what the person sees, and that nobody is sent anywhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import {
  connectOIDC,
  connectSAML,
  newOrganization,
  newSAMLConnection,
  type Stage,
  stage,
  startURL,
} from './stage.ts'
import { assertLoggedIn, assertRefused, documentOf, grace, newVisitor, signIn } from './visitor.ts'

for (const connect of [connectSAML, connectOIDC]) {
  const label = connect === connectSAML ? 'SAML' : 'OIDC'
  test(`over ${label} an unknown person is refused where no members are made by logins`, async (t) => {
    const parts = await stage()
    const settings = { sso_jit_provisioning: 'NOT_ALLOWED', email_invites: 'ALL_ALLOWED' }
    const { organization_id } = await newOrganization(parts, settings)
    const connection_id = await connect(parts, organization_id)
    const page = await (await newVisitor(t, parts)).newPage()
    await page.goto(startURL(parts, connection_id))
    await signIn(page, grace)
    const request_id = await assertRefused(page, parts, {
      error_type: 'invalid_connection_for_jit_provisioning',
      reason: /does not let this connection create members/,
      who: 'developers',
    })
    const flow = await parts.services.db
      .selectFrom('sso_flows')
      .select(['state', 'error_type'])
      .where('request_id', '=', request_id)
      .executeTakeFirst()
    assert.equal(flow?.state, 'failed', 'support finds the login by the request id of the page')
    const { members } = await parts.stytch.organizations.members.search({
      organization_ids: [organization_id],
    })
    assert.deepEqual(members, [])
  })
}

test('a response that is posted a second time is refused', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  const connection_id = await connectSAML(parts, organization_id)
  const context = await newVisitor(t, parts, { javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(startURL(parts, connection_id))
  await signIn(page, grace)
  const body = await page.content()
  await page.getByRole('button', { name: 'Continue' }).click()
  await assertLoggedIn(page, parts, organization_slug, grace)

  const second = await context.newPage()
  const replay = `${parts.idp_url}/replay`
  await second.route(replay, (route) => route.fulfill({ contentType: 'text/html', body }))
  await second.goto(replay)
  await second.getByRole('button', { name: 'Continue' }).click()
  await assertRefused(second, parts, {
    error_type: 'duplicate_saml_response',
    reason: /used|before|twice/,
    who: 'You',
  })
})

test('a token that was used is refused by the application, which says so', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  const connection_id = await connectSAML(parts, organization_id)
  const page = await (await newVisitor(t, parts)).newPage()
  let arrival = ''
  page.on('request', (request) => {
    if (request.url().includes('/authenticate?')) arrival = request.url()
  })
  await page.goto(startURL(parts, connection_id))
  await signIn(page, grace)
  await assertLoggedIn(page, parts, organization_slug, grace)

  await page.goto(arrival)
  await page.getByRole('heading', { name: 'You could not be logged in' }).waitFor()
  assert.equal(documentOf(page).status(), 400)
  const text = (await page.getByRole('main').textContent()) ?? ''
  assert.match(text, /sso_token_not_found/)
  assert.match(text, /request-id-test-/)
  await page.getByRole('link', { name: 'Start again' }).click()
  assert.equal(page.url(), `${parts.app_url}/org/${organization_slug}`)
})

/** Opens an address at which a login begins, and expects the page of a refusal. */
async function assertNotStarted(
  page: Page,
  parts: Stage,
  url: string,
  expected: Parameters<typeof assertRefused>[2],
) {
  await page.goto(url)
  assert.equal(page.url(), url)
  await assertRefused(page, parts, expected)
}

test('a start link with a wrong public token or redirect URL goes nowhere', async (t) => {
  const parts = await stage()
  const { organization_id } = await newOrganization(parts)
  const connection_id = await connectSAML(parts, organization_id)
  const page = await (await newVisitor(t, parts)).newPage()
  const public_token = 'public-token-test-00000000-0000-0000-0000-000000000000'
  await assertNotStarted(page, parts, startURL(parts, connection_id, { public_token }), {
    error_type: 'public_token_not_found',
    reason: /public_token is not known/,
    who: 'developers',
    status: 404,
  })
  const login_redirect_url = 'https://evil.test/<script>alert(1)</script>'
  await assertNotStarted(page, parts, startURL(parts, connection_id, { login_redirect_url }), {
    error_type: 'no_match_for_provided_sso_url',
    reason: /redirect URL is not registered/,
    who: 'developers',
  })
  assert.ok(!(await page.content()).includes('evil.test'))
})

test('a connection that is pending or deleted goes nowhere, also when it is deleted half way', async (t) => {
  const parts = await stage()
  const { organization_id } = await newOrganization(parts)
  const pending = await newSAMLConnection(parts, organization_id)
  const connection_id = await connectSAML(parts, organization_id)
  const context = await newVisitor(t, parts)
  const page = await context.newPage()
  await assertNotStarted(page, parts, startURL(parts, pending), {
    error_type: 'requires_active_sso_connection',
    reason: /identity provider has not been configured/,
    who: 'IT administrator',
  })

  const half_way = await context.newPage()
  await half_way.goto(startURL(parts, connection_id))
  await parts.stytch.sso.deleteConnection({ organization_id, connection_id })
  const gone = {
    error_type: 'sso_connection_not_found',
    reason: /connection/,
    who: 'developers',
    status: 404,
  } as const
  await assertNotStarted(page, parts, startURL(parts, connection_id), gone)
  await signIn(half_way, grace)
  await assertRefused(half_way, parts, gone)
})

test('a person who cancels at the identity provider reads that', async (t) => {
  const parts = await stage()
  const { organization_id } = await newOrganization(parts)
  const saml = await connectSAML(parts, organization_id)
  const oidc = await connectOIDC(parts, organization_id)
  const page = await (await newVisitor(t, parts)).newPage()
  for (const [connection_id, error_type, reason] of [
    [saml, 'failed_saml_response', /did not sign this person in/],
    [oidc, 'oidc_invalid_callback_request', /refused the login/],
  ] as const) {
    await page.goto(startURL(parts, connection_id))
    await page.getByRole('button', { name: 'Cancel' }).click()
    await assertRefused(page, parts, { error_type, reason, who: 'IT administrator' })
  }
})
