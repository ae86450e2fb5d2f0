import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { newPage } from './browser.ts'
import { describe, type Provider } from './compatibility.ts'
import { prepared } from './downloads.ts'
import { prepareLemonLDAP, startLemonLDAP } from './lemonldap.ts'
import {
  ada,
  assertLoggedIn,
  assertRefused,
  connectOIDC,
  connectSAML,
  encryption,
  logIn,
  redirectRequest,
  signatures,
  typePassword,
} from './logins.ts'

const version = prepared(prepareLemonLDAP)
let started: ReturnType<typeof startLemonLDAP> | undefined

const notes: Record<Provider['protocol'], string> = {
  SAML: 'With `RSA_SHA512` it makes digests with SHA-384. Its groups are one attribute with several values.',
  OIDC: 'E-mail and groups come from userinfo alone, without `email_verified`; `aud` is a list.',
}

async function lemonLDAP(protocol: Provider['protocol']) {
  started ??= version().then(startLemonLDAP)
  const idp = await started
  const name = `LemonLDAP::NG ${protocol}`
  describe({ name, protocol, version: await version(), notes: notes[protocol] })
  return idp
}

const attribute_mapping = {
  email: 'mail',
  first_name: 'firstName',
  last_name: 'lastName',
  groups: 'memberOf',
  idp_user_id: 'uid',
}
const groups = { groups: ada.groups, groups_name: 'memberOf' }

/** An organization connected over SAML, and the address where a login begins at the provider. */
async function connect(
  name: string,
  options: Record<string, unknown> = {},
  changes: Record<string, unknown> = {},
) {
  const idp = await lemonLDAP('SAML')
  let launch_url = ''
  const encrypted = 'samlSPMetaDataOptionsEncryptionMode' in options
  const connected = await connectSAML(name, {
    async register({ metadata }) {
      launch_url = idp.launchURL(await idp.registerSAML({ metadata, options }))
      return idp.saml_metadata_url
    },
    attribute_mapping,
    encryption: encrypted,
    changes,
  })
  return { connected, launch_url, idp }
}

for (const [method, expected] of [
  ['RSA_SHA256', 'rsa-sha256 sha256'],
  ['RSA_SHA384', 'rsa-sha384 sha384'],
  ['RSA_SHA512', 'rsa-sha512 sha384'],
] as const)
  test(`LemonLDAP::NG SAML: ${expected}, as xmlsec1 signs`, async () => {
    const options = { samlSPMetaDataOptionsSignatureMethod: method }
    const { connected } = await connect(method, options)
    const login = await logIn(connected, typePassword)
    const signed = signatures(login.xml)
    assert.ok(signed.length > 0)
    for (const one of signed) assert.ok(one.endsWith(` ${expected}`), one)
    await assertLoggedIn(login, { ...groups, external_id: ada.email })
  })

test('LemonLDAP::NG SAML: messages not signed, the assertion is still', async () => {
  const { connected } = await connect('Assertion', { samlSPMetaDataOptionsSignSSOMessage: 0 })
  const login = await logIn(connected, typePassword)
  assert.deepEqual(signatures(login.xml), ['Assertion rsa-sha256 sha256'])
  await assertLoggedIn(login, groups)
})

test('LemonLDAP::NG SAML: it wants our requests signed (Redirect), and finds that they are', async () => {
  const { connected, idp } = await connect('Signed requests')
  const changed = new URL(await redirectRequest(connected))
  changed.searchParams.set('RelayState', 'another')
  const page = await newPage()
  await page.goto(String(changed))
  await typePassword(page)
  // It checks the signature only when it knows who asks.
  await page
    .getByText(/signature/i)
    .first()
    .waitFor()
  await page.context().close()
  assert.match(idp.output(), /signature/i)
  await assertLoggedIn(await logIn(connected, typePassword))
})

test('LemonLDAP::NG SAML: a login that begins there (IdP-initiated)', async () => {
  const { connected, launch_url } = await connect('IdP-initiated')
  const login = await logIn(connected, typePassword, launch_url)
  assert.doesNotMatch(login.xml, /InResponseTo/)
  await assertLoggedIn(login, groups)
})

test('LemonLDAP::NG SAML: RSA-SHA1: refused', async () => {
  const options = { samlSPMetaDataOptionsSignatureMethod: 'RSA_SHA1' }
  const { connected } = await connect('SHA-1', options)
  await assertRefused(await logIn(connected, typePassword), 'invalid_signature_saml_response')
})

test('LemonLDAP::NG SAML: encrypted: AES-128-CBC in a signed response, as Lasso encrypts', async () => {
  const options = { samlSPMetaDataOptionsEncryptionMode: 'assertion' }
  const { connected } = await connect('Encrypted', options)
  const login = await logIn(connected, typePassword)
  assert.deepEqual(encryption(login.xml), ['aes128-cbc', 'rsa-oaep-mgf1p'])
  await assertLoggedIn(login, groups)
})

const claims = { email: 'email', full_name: 'name', groups: 'groups' }

/** An organization connected over OpenID Connect, and a login there. */
async function loginOIDC(name: string, options: Record<string, unknown> = {}) {
  const idp = await lemonLDAP('OIDC')
  let client = { client_id: '', client_secret: '', redirect_uri: '' }
  const connected = await connectOIDC(name, {
    async register(redirect_uri) {
      const facts = await idp.registerOIDC(redirect_uri, options)
      client = { ...facts, redirect_uri }
      return facts
    },
    changes: { attribute_mapping: claims, custom_scopes: 'openid email profile groups' },
  })
  return { ...(await logIn(connected, typePassword)), client, issuer: idp.issuer }
}

interface Client {
  client_id: string
  client_secret: string
  redirect_uri: string
}

/** The claims of an ID token that the session of this browser at the provider gets for the same client. */
async function idTokenOf(
  page: Page,
  { client_id, client_secret, redirect_uri }: Client,
  issuer: string,
) {
  const asked = {
    client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'openid email profile groups',
  }
  const url = `${issuer}oauth2/authorize?${new URLSearchParams(asked)}`
  const answer = await page.request.get(url, { maxRedirects: 0 })
  const code = new URL(answer.headers().location ?? '').searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, redirect_uri, client_id, client_secret }
  const body = new URLSearchParams(form)
  const tokens = await fetch(`${issuer}oauth2/token`, { method: 'POST', body })
  const { id_token } = (await tokens.json()) as { id_token: string }
  const [, payload = ''] = id_token.split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
}

test('LemonLDAP::NG OIDC: found by its issuer; e-mail and groups from userinfo alone, aud as a list', async () => {
  const login = await loginOIDC('OpenID')
  assert.ok(new URL(login.callback.url()).searchParams.has('session_state'))
  const { page } = login
  await page.waitForURL(`**/org/${login.organization_slug}`)
  const claims = await idTokenOf(page, login.client, login.issuer)
  assert.deepEqual(claims.aud, [login.client.client_id])
  for (const absent of ['email', 'name', 'groups']) assert.ok(!(absent in claims), absent)
  await assertLoggedIn(login, { external_id: ada.user, groups: ada.groups })
})

test('LemonLDAP::NG OIDC: ID tokens signed with RS512, PKCE required', async () => {
  const login = await loginOIDC('RS512', {
    oidcRPMetaDataOptionsIDTokenSignAlg: 'RS512',
    oidcRPMetaDataOptionsRequirePKCE: 1,
  })
  await assertLoggedIn(login)
})

test('LemonLDAP::NG OIDC: ID tokens signed with the client secret (HS256): refused', async () => {
  const login = await loginOIDC('HS256', { oidcRPMetaDataOptionsIDTokenSignAlg: 'HS256' })
  await assertRefused(login, 'oidc_auth_code_error', /HS256/)
})
