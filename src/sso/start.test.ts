import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { server } from '../../tests/harness.ts'
import {
  app_url,
  Browser,
  base_url,
  connectOIDC,
  connectSAML,
  idp_url,
  newSetup,
  type Setup,
  testIdP,
} from '../../tests/login.ts'
import { hashToken } from '../db/secrets.ts'
import { pressButton } from '../test-idp/press-button.ts'
import { countRows, lastFlow } from './login.test-kit.ts'
import { authnRequest } from './saml-idp.test-kit.ts'

let setup: Setup

before(async () => {
  setup = await newSetup({ organization_external_id: 'acme-42' })
})

/** The start link with these parameters and no others. */
async function start(query: Record<string, string> | [string, string][]) {
  return new Browser().request(`${base_url}/v1/public/sso/start?${new URLSearchParams(query)}`)
}

const token = () => ({ public_token: setup.project.public_token })
const oidc = () => ({ ...token(), connection_id: setup.oidc })
const saml = () => ({ ...token(), connection_id: setup.saml })

test('a start answers 302 with the address also in its body, and writes one flow', async () => {
  const before = await countRows(setup.project)
  const response = await start(oidc())
  assert.equal(response.status, 302)
  assert.equal(response.headers.get('cache-control'), 'no-store')
  const location = response.headers.get('location')!
  const flow = await lastFlow(setup.project)
  assert.deepEqual(await response.json(), {
    status_code: 302,
    request_id: flow.request_id,
    redirect_url: location,
  })
  assert.equal(flow.state, 'started')
  assert.equal(flow.initiated_by, 'sp')
  assert.equal(flow.connection_id, setup.oidc)
  assert.equal(flow.login_redirect_url, app_url)
  assert.equal(flow.signup_redirect_url, app_url)
  assert.equal(flow.pkce_code_challenge, '')
  const state = new URL(location).searchParams.get('state')!
  assert.match(state, /^[\w-]{43}$/)
  assert.deepEqual(flow.state_hash, hashToken(state))
  assert.deepEqual(await countRows(setup.project), before)
})

test('an OIDC start asks for a code with PKCE, nonce and the scopes of connection and link', async () => {
  const query = { ...oidc(), custom_scopes: 'groups offline_access', login_hint: 'ada@acme.test' }
  const response = await start({ ...query, prompt: 'consent login' })
  const url = new URL(response.headers.get('location')!)
  assert.equal(url.origin + url.pathname, `${idp_url}/oidc/authorize`)
  const { state, nonce, code_challenge, ...rest } = Object.fromEntries(url.searchParams)
  assert.match(`${state} ${nonce} ${code_challenge}`, /^[\w-]{43} [\w-]{43} [\w-]{43}$/)
  assert.equal(new Set([state, nonce, code_challenge]).size, 3)
  assert.deepEqual(rest, {
    response_type: 'code',
    client_id: 'portcullis',
    redirect_uri: `${base_url}/v1/b2b/sso/callback/${setup.oidc}`,
    scope: 'openid email profile groups offline_access',
    code_challenge_method: 'S256',
    login_hint: 'ada@acme.test',
    prompt: 'consent login',
  })
  assert.equal((await lastFlow(setup.project)).scopes, rest.scope)
})

test("custom_scopes of the connection replace the default, those of the link are added with '+' too", async () => {
  const connection_id = await connectOIDC(setup.project, setup.organization_id, {
    custom_scopes: 'openid email',
  })
  const query = `public_token=${setup.project.public_token}&connection_id=${connection_id}`
  const url = `${base_url}/v1/public/sso/start?${query}&custom_scopes=groups+email%2Bteams`
  const response = await new Browser().request(url)
  const { searchParams } = new URL(response.headers.get('location')!)
  assert.equal(searchParams.get('scope'), 'openid email groups teams')
})

test('the provider_ twins of login_hint and prompt mean the same', async () => {
  const query = { provider_login_hint: 'ada@acme.test', provider_prompt: 'none' }
  const response = await start({ ...oidc(), ...query })
  const { searchParams } = new URL(response.headers.get('location')!)
  assert.equal(searchParams.get('login_hint'), 'ada@acme.test')
  assert.equal(searchParams.get('prompt'), 'none')
})

test('a SAML start sends a signed AuthnRequest; its ID and RelayState are those of the flow', async () => {
  const { url, xml, id, relay_state } = authnRequest(await start(saml()))
  assert.equal(url.origin + url.pathname, `${idp_url}/saml/sso`)
  assert.ok(url.searchParams.get('Signature'))
  assert.match(
    xml,
    new RegExp(`AssertionConsumerServiceURL="${base_url}/v1/b2b/sso/callback/${setup.saml}"`),
  )
  assert.doesNotMatch(xml, /ForceAuthn|Subject/)
  const flow = await lastFlow(setup.project)
  assert.equal(flow.idp_request_id, id)
  assert.deepEqual(flow.state_hash, hashToken(relay_state))
})

test('prompt=login is ForceAuthn over SAML', async () => {
  assert.match(authnRequest(await start({ ...saml(), prompt: 'login' })).xml, / ForceAuthn="true"/)
})

test('over SAML login_hint names the person, and the identity provider needs no page', async () => {
  const started = await start({ ...saml(), login_hint: 'grace.hopper@acme.test' })
  assert.match(authnRequest(started).xml, />grace.hopper@acme.test<\/saml:NameID>/)
  const page = await new Browser().request(started.headers.get('location')!)
  const text = await page.text()
  assert.match(text, /Signed in as grace.hopper@acme.test/)
  assert.match(text, /SAMLResponse/)
})

test('Microsoft Entra ID gets login_hint as a parameter: it answers a Subject with an error', async () => {
  const connection_id = await connectSAML(setup.project, setup.organization_id, {
    idp_sso_url: 'https://login.microsoftonline.com/tenant/saml2',
  })
  const { url, xml } = authnRequest(
    await start({ ...token(), connection_id, login_hint: 'ada@acme.test' }),
  )
  assert.equal(url.searchParams.get('login_hint'), 'ada@acme.test')
  assert.doesNotMatch(xml, /Subject/)
  assert.match(xml, / Destination="https:\/\/login.microsoftonline.com\/tenant\/saml2"/)
})

test('where the identity provider takes requests by HTTP-POST alone, a page posts them', async () => {
  const connection_id = await connectSAML(setup.project, setup.organization_id)
  const { services } = await server()
  await services.db
    .updateTable('sso_connections')
    .set({ idp_sso_binding: 'post' })
    .where('connection_id', '=', connection_id)
    .execute()
  services.caches.drop('connection', connection_id)
  const browser = new Browser()
  const response = await browser.start(setup, connection_id)
  const page = await response.text()
  assert.equal(response.status, 200)
  const policy = response.headers.get('content-security-policy')!
  assert.doesNotMatch(policy, /form-action|unsafe/)
  const nonce = /script-src 'nonce-([^']+)'/.exec(policy)![1]
  assert.ok(page.includes(`<script nonce="${nonce}">document.forms[0].submit()</script>`))
  assert.ok(page.includes(`<form method="post" action="${(await testIdP()).saml.sso_url}">`))
  assert.ok(response.headers.getSetCookie().length > 0)
  const answered = await browser.submit(pressButton(page, 'Continue'))
  assert.match(await answered.text(), /ada.lovelace@acme.test/)
})

test('without connection_id the default connection of the organization is taken, by any of its names', async () => {
  for (const organization_id of [setup.organization_id, 'acme', 'acme-42']) {
    await start({ ...token(), organization_id })
    assert.equal((await lastFlow(setup.project)).connection_id, setup.saml, organization_id)
  }
})
