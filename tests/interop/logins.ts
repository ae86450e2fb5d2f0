/** Connections to foreign identity providers, made by the public API alone, and logins in a browser. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { Page, Request } from 'playwright-core'
import { newPage } from './browser.ts'
import { membersOf, newOrganization, portcullis } from './portcullis.ts'

/** The person whom every provider is told about. */
export const ada = {
  user: 'ada',
  password: 'Secret-of-Ada-1815',
  email: 'Ada.Lovelace@acme.test',
  first_name: 'Ada',
  last_name: 'Lovelace',
  groups: ['engineering', 'portal admins'],
}

export interface Connected {
  type: 'saml' | 'oidc'
  organization_id: string
  organization_slug: string
  connection_id: string
}

interface SP {
  entity_id: string
  acs_url: string
  metadata_url: string
  /** The metadata that the provider imports. */
  metadata: string
}

interface SAMLOptions {
  /** Tells the provider about us; returns the address of its metadata. */
  register(sp: SP): Promise<string>
  attribute_mapping: Record<string, string>
  /** Give the connection a key for encrypted assertions before the provider reads our metadata. */
  encryption?: boolean
  changes?: Record<string, unknown>
}

/** An organization whose only connection leads to the provider; each side knows the other by its metadata. */
export async function connectSAML(name: string, options: SAMLOptions): Promise<Connected> {
  const { base_url, stytch } = await portcullis()
  const { organization_id, organization_slug } = await newOrganization(name.slice(0, 100))
  const created = await stytch.sso.saml.createConnection({ organization_id })
  const { connection_id, acs_url, audience_uri } = created.connection!
  const path = { organization_id, connection_id }
  if (options.encryption) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const saml_encryption_private_key = privateKey.export({ type: 'pkcs8', format: 'pem' })
    await stytch.sso.saml.updateConnection({
      ...path,
      saml_encryption_private_key: String(saml_encryption_private_key),
    })
  }
  const sp_metadata_url = `${base_url}/v1/public/sso/saml/metadata/${connection_id}`
  const metadata_url = await options.register({
    entity_id: audience_uri,
    acs_url,
    metadata_url: sp_metadata_url,
    metadata: await (await fetch(sp_metadata_url)).text(),
  })
  await stytch.sso.saml.updateByURL({ ...path, metadata_url })
  const { attribute_mapping } = options
  const roles = [{ role_id: 'stytch_admin', group: 'portal admins' }]
  const { connection } = await stytch.sso.saml.updateConnection({
    ...path,
    attribute_mapping,
    ...('groups' in attribute_mapping && { saml_group_implicit_role_assignments: roles }),
    ...options.changes,
  })
  assert.equal(connection?.status, 'active')
  return { type: 'saml', organization_id, organization_slug, connection_id }
}

interface OIDCOptions {
  /** Tells the provider about us; returns what it wants us to know of it. */
  register(redirect_url: string): Promise<{
    issuer: string
    client_id: string
    client_secret: string
  }>
  changes?: Record<string, unknown>
}

/** An organization whose only connection leads to the provider, of which the API is told the issuer. */
export async function connectOIDC(name: string, options: OIDCOptions): Promise<Connected> {
  const { stytch } = await portcullis()
  const { organization_id, organization_slug } = await newOrganization(name.slice(0, 100))
  const created = await stytch.sso.oidc.createConnection({ organization_id })
  const { connection_id, redirect_url } = created.connection!
  const facts = await options.register(redirect_url)
  const path = { organization_id, connection_id }
  const changes = { ...facts, ...options.changes }
  const updated = await stytch.sso.oidc.updateConnection({ ...path, ...changes })
  assert.equal(updated.warning ?? '', '')
  assert.equal(updated.connection?.status, 'active')
  return { type: 'oidc', organization_id, organization_slug, connection_id }
}

export interface Login extends Connected {
  page: Page
  /** What the browser brought back from the provider. */
  callback: Request
  /** The Response (SAML), decoded. */
  xml: string
}

/** A browser's way from the application's page (or `begin_url`) to the provider, and what it brings back. */
export async function logIn(
  connected: Connected,
  signIn: (page: Page) => Promise<unknown>,
  begin_url?: string,
): Promise<Login> {
  const { app_url } = await portcullis()
  const page = await newPage()
  const called = page.waitForRequest((request) => request.url().includes('/sso/callback/'))
  // Where signing in fails there is no callback; what failed is then more telling.
  called.catch(() => {})
  await page.goto(begin_url ?? `${app_url}/org/${connected.organization_slug}`)
  await signIn(page)
  const callback = await called.catch(async (error: unknown) => {
    const shown = await page.locator('body').textContent()
    throw new Error(`The provider did not send the browser back: ${shown}`, { cause: error })
  })
  const fields = new URLSearchParams(callback.postData() ?? '')
  const xml = Buffer.from(fields.get('SAMLResponse') ?? '', 'base64').toString()
  return { ...connected, page, callback, xml }
}

/** Fills in a sign-in page that has one field for the name, one for the password, and a button. */
export async function typePassword(page: Page, user = ada.user, password = ada.password) {
  await page.locator('input[name=username], input[name=user], input[name=login]').first().fill(user)
  await page.locator('input[type=password]').first().fill(password)
  await page.locator('input[type=password]').first().press('Enter')
}

interface Expected {
  external_id?: string
  groups?: readonly string[]
  /** The attribute or claim that holds them. */
  groups_name?: string
}

/** Fails unless the login ended at the application, as Ada, who became a member by it; closes the browser. */
export async function assertLoggedIn(login: Login, expected: Expected = {}) {
  const { page, connection_id, organization_id } = login
  const { app_url } = await portcullis()
  try {
    await page.waitForURL(`${app_url}/org/${login.organization_slug}`)
    await page.getByRole('heading', { name: 'Hello, Ada Lovelace' }).waitFor()
  } catch {
    assert.fail(`not logged in: ${await page.locator('body').textContent()}\n${login.xml}`)
  }
  await page.context().close()
  const [member, ...others] = await membersOf(organization_id)
  assert.deepEqual(others, [])
  assert.equal(member?.email_address, ada.email.toLowerCase())
  assert.equal(member.email_address_verified, true)
  assert.equal(member.name, 'Ada Lovelace')
  const [registration] = member.sso_registrations
  assert.equal(registration?.connection_id, connection_id)
  if (expected.external_id) assert.equal(registration.external_id, expected.external_id)
  const groups: unknown = registration.sso_attributes?.[expected.groups_name ?? 'groups']
  if (expected.groups)
    assert.deepEqual(Array.isArray(groups) ? groups.toSorted() : groups, expected.groups)
  const admin = member.roles.find(({ role_id }) => role_id === 'stytch_admin')
  if (login.type === 'saml' && expected.groups)
    assert.deepEqual(
      admin?.sources.map(({ type }) => type),
      ['sso_connection_group'],
    )
  return { member, registration }
}

/** Fails unless the login was refused with a page that says why, and nobody became a member; closes the browser. */
export async function assertRefused(login: Login, error_type: string, reason = /./) {
  const { page, organization_id } = login
  const { app_url, base_url } = await portcullis()
  const text = page.locator('main')
  await Promise.any([
    page.getByRole('heading', { name: 'You could not be signed in' }).waitFor(),
    page.waitForURL(`${app_url}/**`),
  ]).catch(async () => assert.fail(`no answer: ${await page.locator('body').textContent()}`))
  assert.ok(page.url().startsWith(`${base_url}/`), `it was let in: ${page.url()}\n${login.xml}`)
  const [request_id, shown] = await text.locator('code').allTextContents()
  assert.match(request_id ?? '', /^request-id-test-/)
  const explained = (await text.textContent()) ?? ''
  assert.equal(shown, error_type, `${explained}\n${login.xml}`)
  assert.match(explained, reason)
  assert.equal((await (await login.callback.response())?.allHeaders())?.location, undefined)
  await page.context().close()
  assert.deepEqual(await membersOf(organization_id), [])
}

/** Which elements of a Response carry a signature, with the names of its algorithm and its digest. */
export function signatures(xml: string): string[] {
  const found = [...xml.matchAll(/<(?:\w+:)?Signature[ >].*?<\/(?:\w+:)?Signature>/gs)]
  const algorithm = (text: string, element: string) =>
    new RegExp(`${element}\\b[^>]*?Algorithm=["'][^"'#]*#([^"']+)`).exec(text)?.[1]
  return found.map(({ 0: signature, index }) => {
    const place = /<(?:\w+:)?Assertion[ >]/.test(xml.slice(0, index)) ? 'Assertion' : 'Response'
    return `${place} ${algorithm(signature, 'SignatureMethod')} ${algorithm(signature, 'DigestMethod')}`
  })
}

/** The algorithms of an encrypted Response, in their order: content, key, and the hashes of the key's. */
export function encryption(xml: string): string[] {
  const data = /<(?:\w+:)?EncryptedAssertion.*<\/(?:\w+:)?EncryptedAssertion>/s.exec(xml)?.[0] ?? ''
  return [...data.matchAll(/Algorithm=["'][^"'#]*#([^"']+)/g)].map(([, name = '']) => name)
}

/** The address at the provider that a login of this connection is sent to (HTTP-Redirect). */
export async function redirectRequest({ connection_id }: Connected): Promise<string> {
  const { base_url, public_token } = await portcullis()
  const query = new URLSearchParams({ connection_id, public_token })
  const url = `${base_url}/v1/public/sso/start?${query}`
  const response = await fetch(url, { redirect: 'manual' })
  return response.headers.get('location') ?? ''
}
