/** An organization connected to SimpleSAMLphp, and logins there in a browser. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { describe } from './compatibility.ts'
import { atEnd, membersOf, newOrganization, portcullis } from './portcullis.ts'
import { ada, type SimpleSAMLphp, startSimpleSAMLphp } from './simplesamlphp.ts'

const mapping = {
  email: 'mail',
  first_name: 'givenName',
  last_name: 'sn',
  groups: 'groups',
  idp_user_id: 'uid',
  department: 'ou',
}
const oidMapping = {
  ...mapping,
  email: 'urn:oid:0.9.2342.19200300.100.1.3',
  first_name: 'urn:oid:2.5.4.42',
  last_name: 'urn:oid:2.5.4.4',
  idp_user_id: 'urn:oid:0.9.2342.19200300.100.1.1',
  department: 'urn:oid:2.5.4.11',
}

const itAdmin = 'Your organization’s IT administrator'

let started: Promise<SimpleSAMLphp> | undefined

/** The provider of this run, started when first asked for. */
export function simpleSAMLphp(): Promise<SimpleSAMLphp> {
  started ??= startSimpleSAMLphp().then((idp) => {
    atEnd(() => idp.stop())
    describe({
      name: 'SimpleSAMLphp',
      protocol: 'SAML',
      version: idp.version,
      notes: 'It reads our metadata at every login.',
    })
    return idp
  })
  return started
}

export interface Connected {
  organization_id: string
  organization_slug: string
  connection_id: string
  entity_id: string
  sp_metadata_url: string
}

/** An organization whose only connection leads to SimpleSAMLphp; each side knows the other by its metadata. */
export async function connect(
  name: string,
  variant: Omit<Parameters<SimpleSAMLphp['configure']>[0], 'sp_metadata_urls'> = {},
  changes: { idp_initiated_auth_disabled?: boolean; saml_encryption_private_key?: string } = {},
): Promise<Connected> {
  const { base_url, stytch } = await portcullis()
  const idp = await simpleSAMLphp()
  const { organization_id, organization_slug } = await newOrganization(name)
  const { connection } = await stytch.sso.saml.createConnection({
    organization_id,
    display_name: 'SimpleSAMLphp',
  })
  const { connection_id } = connection!
  const sp_metadata_url = `${base_url}/v1/public/sso/saml/metadata/${connection_id}`
  await idp.configure({ ...variant, sp_metadata_urls: [sp_metadata_url] })
  await stytch.sso.saml.updateByURL({
    organization_id,
    connection_id,
    metadata_url: idp.metadata_url,
  })
  const updated = await stytch.sso.saml.updateConnection({
    organization_id,
    connection_id,
    attribute_mapping: variant.oid_names ? oidMapping : mapping,
    saml_group_implicit_role_assignments: [{ role_id: 'stytch_admin', group: 'portal admins' }],
    ...changes,
  })
  assert.equal(updated.connection?.status, 'active')
  const entity_id = updated.connection.audience_uri
  return { organization_id, organization_slug, connection_id, entity_id, sp_metadata_url }
}

/** Fills in SimpleSAMLphp's own page; returns the SAMLResponse that the browser then posts. */
export async function signIn(page: Page): Promise<string> {
  const posted = page.waitForRequest((request) => request.url().includes('/sso/callback/'))
  await page.fill('#username', 'ada')
  await page.fill('#password', 'secret')
  await page.click('#submit_button, button[type=submit], input[type=submit]')
  const fields = new URLSearchParams((await posted).postData() ?? '')
  return Buffer.from(fields.get('SAMLResponse') ?? '', 'base64').toString()
}

/** A login from the application's page of the organization to its logged-in view. */
export async function logIn(page: Page, { organization_slug }: Connected): Promise<string> {
  const { app_url } = await portcullis()
  await page.goto(`${app_url}/org/${organization_slug}`)
  const response = await signIn(page)
  await page.waitForURL(`${app_url}/org/${organization_slug}`)
  return response
}

export async function assertLoggedIn(page: Page, { organization_id, connection_id }: Connected) {
  await page.getByRole('heading', { name: 'Hello, Ada Lovelace' }).waitFor()
  const shown = (await page.locator('dl').first().textContent()) ?? ''
  assert.match(shown, /ada\.lovelace@acme\.test/)
  assert.match(shown, /stytch_admin/)
  const [member, ...others] = await membersOf(organization_id)
  assert.deepEqual(others, [])
  assert.equal(member?.email_address, 'ada.lovelace@acme.test')
  assert.equal(member.email_address_verified, true)
  assert.equal(member.name, 'Ada Lovelace')
  assert.deepEqual(member.trusted_metadata, { department: ada.ou })
  const [registration] = member.sso_registrations
  assert.equal(registration?.connection_id, connection_id)
  assert.equal(registration.external_id, ada.mail)
  assert.deepEqual(registration.sso_attributes?.groups, ada.groups)
  const admin = member.roles.find(({ role_id }) => role_id === 'stytch_admin')
  assert.deepEqual(
    admin?.sources.map(({ type, details }) => [type, details]),
    [['sso_connection_group', { connection_id, group: 'portal admins' }]],
  )
}

export async function assertRefused(page: Page, error_type: string) {
  await page.getByRole('heading', { name: 'You could not be signed in' }).waitFor()
  const [request_id, shown] = await page.locator('main code').allTextContents()
  assert.match(request_id ?? '', /^request-id-test-/)
  assert.equal(shown, error_type)
  assert.equal(await page.locator('main p strong').textContent(), itAdmin)
}

/** Which elements of a Response carry a signature, with its algorithm and its digest. */
export function signatures(xml: string): string[][] {
  const found = [...xml.matchAll(/<ds:Signature .*?<\/ds:Signature>/gs)]
  return found.map(({ 0: signature, index }) => [
    xml.slice(0, index).includes('<saml:Assertion ') ? 'Assertion' : 'Response',
    /SignatureMethod Algorithm="([^"]+)"/.exec(signature)?.[1] ?? '',
    /DigestMethod Algorithm="([^"]+)"/.exec(signature)?.[1] ?? '',
  ])
}
