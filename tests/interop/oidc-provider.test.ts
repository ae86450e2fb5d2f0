import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { newPage } from './browser.ts'
import { describe } from './compatibility.ts'
import { ada, client, newIssuer, type OpenIDProvider, startProvider } from './oidc-provider.ts'
import { atEnd, membersOf, newOrganization, portcullis } from './portcullis.ts'

interface Connected {
  organization_id: string
  organization_slug: string
  connection_id: string
  provider: OpenIDProvider
}

/** An organization whose only connection leads to a provider of its own, of which the API is told the issuer. */
async function connect(
  options: Omit<Parameters<typeof startProvider>[1], 'redirect_uri'> = {},
  changes: { client_secret?: string; attribute_mapping?: Record<string, string> } = {},
): Promise<Connected> {
  const { stytch } = await portcullis()
  const name = 'oidc-provider'
  const notes = 'Claims come from userinfo alone; it sends `iss` on the way back.'
  describe({ name, protocol: 'OIDC', version: await installedVersion(name), notes })
  const { organization_id, organization_slug } = await newOrganization('OpenID')
  const created = await stytch.sso.oidc.createConnection({ organization_id })
  const { connection_id, redirect_url } = created.connection!
  const issuer = await newIssuer()
  const provider = await startProvider(issuer, { ...options, redirect_uri: redirect_url })
  atEnd(() => provider.stop())
  const path = { organization_id, connection_id }
  const updated = await stytch.sso.oidc.updateConnection({ ...path, issuer, ...client, ...changes })
  assert.equal(updated.warning ?? '', '')
  assert.equal(updated.connection?.status, 'active')
  assert.equal(updated.connection.authorization_url, `${issuer}/auth`)
  assert.equal(updated.connection.token_url, `${issuer}/token`)
  assert.equal(updated.connection.userinfo_url, `${issuer}/me`)
  assert.equal(updated.connection.jwks_url, `${issuer}/jwks`)
  return { organization_id, organization_slug, connection_id, provider }
}

async function installedVersion(name: string): Promise<string> {
  const manifest = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')
  return JSON.parse(manifest).devDependencies[name]
}

/** Fills in the provider's pages; returns the address of the callback that the browser then opens. */
async function signIn(page: Page, consent = true): Promise<URL> {
  const callback = page.waitForRequest((request) => request.url().includes('/sso/callback/'))
  await page.getByPlaceholder('Enter any login').fill('ada')
  await page.getByPlaceholder('and password').fill('any')
  await page.getByRole('button', { name: 'Sign-in' }).click()
  if (consent) await page.getByRole('button', { name: 'Continue' }).click()
  return new URL((await callback).url())
}

/** A login from the application's page of the organization; returns the address of the callback. */
async function logIn(page: Page, { organization_slug }: Connected): Promise<URL> {
  const { app_url } = await portcullis()
  await page.goto(`${app_url}/org/${organization_slug}`)
  return signIn(page)
}

async function assertLoggedIn(page: Page, { organization_id, ...connected }: Connected) {
  const { app_url } = await portcullis()
  await page.waitForURL(`${app_url}/org/${connected.organization_slug}`)
  await page.getByRole('heading', { name: 'Hello, Ada Lovelace' }).waitFor()
  const [member, ...others] = await membersOf(organization_id)
  assert.deepEqual(others, [])
  assert.equal(member?.email_address, 'ada.lovelace@acme.test')
  assert.equal(member.name, 'Ada Lovelace')
  const [registration] = member.sso_registrations
  assert.equal(registration?.connection_id, connected.connection_id)
  assert.equal(registration.external_id, ada.sub)
  return member
}

async function assertRefused(page: Page, error_type: string, reason: RegExp) {
  await page.getByRole('heading', { name: 'You could not be signed in' }).waitFor()
  const [request_id, shown] = await page.locator('main code').allTextContents()
  assert.match(request_id ?? '', /^request-id-test-/)
  assert.equal(shown, error_type)
  assert.match((await page.locator('main').textContent()) ?? '', reason)
}

test('oidc-provider: found by its issuer; claims in userinfo alone, iss on the way back', async () => {
  const attribute_mapping = { email: 'email', full_name: 'name', language: 'locale' }
  const connected = await connect({}, { attribute_mapping })
  const { issued, issuer } = connected.provider
  const page = await newPage()
  const callback = await logIn(page, connected)
  assert.equal(callback.searchParams.get('iss'), issuer)
  const member = await assertLoggedIn(page, connected)
  assert.deepEqual(member.trusted_metadata, { language: ada.locale })
  assert.equal(issued.length, 1)
  const { authorization, header, claims } = issued[0]!
  assert.equal(header.alg, 'RS256')
  assert.match(authorization, /^Basic /)
  assert.equal(claims.sub, ada.sub)
  for (const absent of ['email', 'email_verified', 'name']) assert.ok(!(absent in claims))
})

for (const alg of ['PS256', 'ES256', 'EdDSA'])
  test(`oidc-provider: ID tokens signed with ${alg}`, async () => {
    const connected = await connect({ alg })
    const page = await newPage()
    await logIn(page, connected)
    await assertLoggedIn(page, connected)
    assert.equal(connected.provider.issued[0]?.header.alg, alg)
  })

test('oidc-provider: the secret of the client in the form (client_secret_post)', async () => {
  const connected = await connect({ authentication: 'client_secret_post' })
  const page = await newPage()
  await logIn(page, connected)
  await assertLoggedIn(page, connected)
  assert.equal(connected.provider.issued[0]?.authorization, '')
})

test('oidc-provider: the same person again, and asked for the password again with prompt=login', async () => {
  const { app_url, base_url, public_token } = await portcullis()
  const connected = await connect()
  const { connection_id, organization_slug } = connected
  const page = await newPage()
  await logIn(page, connected)
  const first = await assertLoggedIn(page, connected)
  const start = (query: Record<string, string>) =>
    `${base_url}/v1/public/sso/start?${new URLSearchParams({ connection_id, public_token, ...query })}`
  await page.goto(start({}))
  await page.waitForURL(`${app_url}/org/${organization_slug}`)
  await page.goto(start({ prompt: 'login', login_hint: 'ada' }))
  assert.equal(await page.getByPlaceholder('Enter any login').inputValue(), 'ada')
  await signIn(page, false)
  const again = await assertLoggedIn(page, connected)
  assert.equal(again.member_id, first.member_id)
  assert.equal(connected.provider.issued.length, 3)
})

test('oidc-provider: whoever cancels there gets a page that says so', async () => {
  const { app_url } = await portcullis()
  const connected = await connect()
  const page = await newPage()
  await page.goto(`${app_url}/org/${connected.organization_slug}`)
  await page.getByRole('link', { name: 'Cancel' }).click()
  await assertRefused(page, 'oidc_invalid_callback_request', /access_denied/)
  assert.deepEqual(await membersOf(connected.organization_id), [])
})

test('oidc-provider: an address that it has not verified makes no member', async () => {
  const connected = await connect({ claims: { email_verified: false } })
  const page = await newPage()
  await logIn(page, connected)
  await assertRefused(page, 'oidc_response_unverified_email', /unverified/)
  assert.deepEqual(await membersOf(connected.organization_id), [])
})

test('oidc-provider: a wrong client secret is explained', async () => {
  const connected = await connect({}, { client_secret: 'another' })
  const page = await newPage()
  await logIn(page, connected)
  await assertRefused(page, 'oidc_auth_code_error', /client id and secret/)
  assert.deepEqual(await membersOf(connected.organization_id), [])
})
