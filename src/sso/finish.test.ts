import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { app_url, Browser, newSetup, type Setup } from '../../tests/login.ts'
import { addRedirectURL, removeRedirectURL } from '../projects/redirect-urls.ts'
import { arrive, countRows, enter, lastFlow } from './login.test-kit.ts'
import { connectIdP, respond } from './saml-idp.test-kit.ts'

async function newTenant(...urls: string[]) {
  const setup = await newSetup()
  await register(setup, ...urls)
  return { setup, saml: await connectIdP(setup.project, setup.organization_id) }
}

async function register(setup: Setup, ...urls: string[]) {
  const { services } = await server()
  const { project_id } = setup.project
  for (const url of urls)
    await addRedirectURL(services.db, { project_id, url, types: ['LOGIN', 'SIGNUP'] })
  services.caches.drop('project', project_id)
}

/** Where a login ends that was begun with these redirect URLs. */
async function landing(setup: Setup, saml: string, query: Record<string, string>) {
  const browser = new Browser()
  const response = await browser.submit(respond(saml, await browser.start(setup, saml, query)))
  assert.equal(response.status, 303, await response.clone().text())
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(response.headers.get('referrer-policy'), 'no-referrer')
  return response.headers.get('location')!
}

const token = '[\\w-]{43}'
const ours = `stytch_token_type=sso&token=${token}&slug=acme`
const escaped = (text: string) => text.replaceAll(/[.?+*]/g, '\\$&')

test('somebody new lands at the signup URL, a member at the login URL', async () => {
  const login_redirect_url = 'https://app.example.com/login'
  const signup_redirect_url = 'https://app.example.com/signup'
  const { setup, saml } = await newTenant(login_redirect_url, signup_redirect_url)
  const urls = { login_redirect_url, signup_redirect_url }
  assert.ok((await landing(setup, saml, urls)).startsWith(`${signup_redirect_url}?`))
  await enter(setup, saml)
  assert.ok((await landing(setup, saml, urls)).startsWith(`${login_redirect_url}?`))
  assert.ok((await landing(setup, saml, {})).startsWith(`${app_url}?`))
})

test("the URL's own query stays as it is; our parameters are added, and set where it has them", async () => {
  const cases = [
    ['https://app.example.com/cb', `https://app.example.com/cb?${ours}`],
    ['https://app.example.com/cb?', `https://app.example.com/cb?${ours}`],
    [
      'https://app.example.com/a?tenant=a%20b+c&flag',
      `https://app.example.com/a?tenant=a%20b+c&flag&${ours}`,
    ],
    [
      'https://app.example.com/b?token=x&a=1&token=y',
      `https://app.example.com/b?token=${token}&a=1&stytch_token_type=sso&slug=acme`,
    ],
    ['slack://callback/path?x=1', `slack://callback/path?x=1&${ours}`],
    ['com.example.app:/cb', `com.example.app:/cb?${ours}`],
  ] as const
  const { setup, saml } = await newTenant(...cases.map(([url]) => url))
  await enter(setup, saml)
  for (const [login_redirect_url, expected] of cases) {
    const location = await landing(setup, saml, { login_redirect_url })
    const pattern = new RegExp(`^${escaped(expected).replaceAll(escaped(token), token)}$`)
    assert.match(location, pattern)
  }
})

test('a wildcard lands at the host that was asked for', async () => {
  const { setup, saml } = await newTenant('https://*.example.com/cb')
  await enter(setup, saml)
  const login_redirect_url = 'https://one.example.com/cb'
  const location = await landing(setup, saml, { login_redirect_url })
  assert.ok(location.startsWith('https://one.example.com/cb?'))
})

test('a redirect URL that was removed during the login gets no token', async () => {
  const login_redirect_url = 'https://app.example.com/login'
  const { setup, saml } = await newTenant(login_redirect_url)
  await enter(setup, saml)
  const { services } = await server()
  const { project_id } = setup.project
  const browser = new Browser()
  const started = await browser.start(setup, saml, { login_redirect_url })
  await removeRedirectURL(services.db, { project_id, url: login_redirect_url })
  services.caches.drop('project', project_id)
  const response = await browser.submit(respond(saml, started), { accept: 'application/json' })
  const body = (await response.json()) as { error_type: string }
  assert.deepEqual([response.status, body.error_type], [400, 'no_match_for_provided_sso_url'])
  const flow = await lastFlow(setup.project)
  assert.deepEqual([flow.state, flow.token_hash], ['failed', null])
  const failed = flow.checks.at(-1)
  assert.deepEqual([failed?.name, failed?.fix?.who], ['redirect_url', 'developer'])
})

test('a login whose connection was deleted or is pending again does not arrive, and leaves nothing', async () => {
  const { setup, saml } = await newTenant()
  const { services } = await server()
  const browser = new Browser()
  const submission = respond(saml, await browser.start(setup, saml))
  const before = await countRows(setup.project)
  const submit = async () => {
    services.caches.drop('connection', saml)
    const response = await browser.submit(submission, { accept: 'application/json' })
    const { error_type } = (await response.json()) as { error_type: string }
    return `${response.status} ${error_type}`
  }
  const set = (status: 'active' | 'pending') =>
    services.db
      .updateTable('sso_connections')
      .set({ status })
      .where('connection_id', '=', saml)
      .execute()
  await set('pending')
  assert.equal(await submit(), '400 requires_active_sso_connection')
  await set('active')
  const { organization_id } = setup
  await call(setup.project, 'DELETE', `/v1/b2b/sso/${organization_id}/connections/${saml}`)
  assert.equal(await submit(), '404 sso_connection_not_found')
  assert.deepEqual(await countRows(setup.project), before)
})

test('an address that no connection can have is answered as an unknown one', async () => {
  const { app } = await server()
  for (const id of ['unknown', '%00', '%ff', 'a%20b', 'x'.repeat(500)]) {
    const url = `/v1/b2b/sso/callback/${id}`
    const headers = { accept: 'application/json' }
    const response = await app.request(url, { method: 'POST', headers, body: 'SAMLResponse=x' })
    const { error_type } = (await response.json()) as { error_type: string }
    assert.equal(`${response.status} ${error_type}`, '404 sso_connection_not_found', id)
  }
})

test('a form that is too large or no UTF-8 is refused before it is read', async () => {
  const { setup, saml } = await newTenant()
  const { app } = await server()
  const post = async (body: string | Uint8Array<ArrayBuffer>) => {
    const headers = { accept: 'application/json' }
    const url = `/v1/b2b/sso/callback/${saml}`
    const response = await app.request(url, { method: 'POST', headers, body })
    const { error_type } = (await response.json()) as { error_type: string }
    return `${response.status} ${error_type}`
  }
  assert.equal(await post(`SAMLResponse=${'x'.repeat(500_000)}`), '413 bad_request')
  assert.equal(await post(new Uint8Array([0x53, 0xff])), '400 bad_request')
  assert.equal((await arrive(setup, saml)).status, 303)
})
