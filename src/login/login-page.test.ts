import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, createServices, databaseURL, server, type TestProject } from '../../tests/harness.ts'
import { app_url, Browser, base_url, newSetup, type Setup, tokenOf } from '../../tests/login.ts'
import { createApp } from '../app.ts'

async function slugOf({ project_id }: TestProject): Promise<string> {
  const { services } = await server()
  const { project_slug } = await services.db
    .selectFrom('projects')
    .select('project_slug')
    .where('project_id', '=', project_id)
    .executeTakeFirstOrThrow()
  return project_slug
}

/** The address of an organization's page. */
async function pageOf({ project, organization_slug }: Setup): Promise<string> {
  return `${base_url}/login/${await slugOf(project)}/${organization_slug}`
}

/** The links that the page offers, in their order, and their texts. */
function linksOf(page: string): { href: string; text: string }[] {
  return [...page.matchAll(/<a class="way[^"]*" href="([^"]*)">(.*?)<\/a>/gs)].map(
    ([, href = '', text = '']) => ({
      href: href.replaceAll('&amp;', '&'),
      text: text
        .replaceAll(/<[^>]*>/g, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    }),
  )
}

async function textOf(url: string, status = 200, browser = new Browser()): Promise<string> {
  const response = await browser.request(url)
  const text = await response.text()
  assert.equal(response.status, status, text)
  assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
  return text
}

const update = ({ project, organization_id }: Setup, changes: Record<string, unknown>) =>
  call(project, 'PUT', `/v1/b2b/organizations/${organization_id}`, changes)

test('a page shows the active connections of its organization, and nothing of any other', async () => {
  const [setup, other] = [await newSetup(), await newSetup()]
  const sibling = await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Sibling',
  })
  for (const organization_id of [setup.organization_id, sibling.body.organization.organization_id])
    await call(setup.project, 'POST', `/v1/b2b/sso/saml/${organization_id}`, {
      display_name: 'Not finished',
    })
  const page = await textOf(await pageOf(setup))
  const path = new URL(await pageOf(setup)).pathname
  assert.deepEqual(linksOf(page), [
    { href: `${path}/to/${setup.saml}`, text: 'Continue with Test IdP (SAML)' },
    { href: `${path}/to/${setup.oidc}`, text: 'Continue with Test IdP (OIDC)' },
  ])
  assert.match(page, /<h1>Sign in to Acme<\/h1>/)
  assert.doesNotMatch(page, /Not finished|Last used/)
  assert.ok(!page.includes(other.saml))
})

test('the default connection comes first, and the one used last before it', async () => {
  const setup = await newSetup()
  const url = await pageOf(setup)
  await update(setup, { sso_default_connection_id: setup.oidc })
  const browser = new Browser()
  const names = async () => linksOf(await textOf(url, 200, browser)).map((link) => link.text)
  assert.match((await names())[0]!, /OIDC/)
  await browser.request(`${url}/to/${setup.saml}`)
  const after = await names()
  assert.match(after[0]!, /Test IdP \(SAML\) Last used$/)
  assert.doesNotMatch(after[1]!, /Last used/)
})

test('a choice is remembered in a cookie of that page alone, which scripts do not see', async () => {
  const setup = await newSetup()
  const { app } = await server()
  const url = await pageOf(setup)
  const answer = await app.request(`${url}/to/${setup.saml}`)
  assert.equal(answer.status, 302)
  const [set = '', ...more] = answer.headers.getSetCookie()
  assert.deepEqual(more, [])
  const attributes = set.split('; ')
  assert.equal(attributes[0], `portcullis_last_connection=${setup.saml}`)
  for (const wanted of ['HttpOnly', 'SameSite=Lax', `Path=${new URL(url).pathname}`])
    assert.ok(attributes.includes(wanted), set)
  assert.ok(!attributes.includes('Secure'), 'over http a Secure cookie would be lost')
})

test('over https the cookie is Secure', async () => {
  const setup = await newSetup()
  const https = 'https://sso.example.test'
  const database_url = await databaseURL()
  const app = createApp(createServices({ base_url: https, port: 0, database_url }).services)
  const { pathname } = new URL(await pageOf(setup))
  const answer = await app.request(`${https}${pathname}/to/${setup.oidc}`)
  assert.match(answer.headers.getSetCookie()[0] ?? '', /; Secure(;|$)/)
  assert.equal(new URL(answer.headers.get('location')!).origin, https)
})

test('what a link carries goes on to start, which judges it; nothing else does', async () => {
  const setup = await newSetup()
  const given = {
    login_redirect_url: app_url,
    signup_redirect_url: app_url,
    pkce_code_challenge: 'a'.repeat(43),
    login_hint: 'ada&x=<b>@acme.test',
  }
  const more = { connection_id: 'another', public_token: 'another', custom_scopes: 'groups' }
  const query = new URLSearchParams({ ...given, ...more })
  const browser = new Browser()
  const page = await textOf(`${await pageOf(setup)}?${query}`, 200, browser)
  const link = linksOf(page).find(({ href }) => href.includes(setup.oidc))!
  const to = await browser.request(new URL(link.href, base_url).href)
  const start = new URL(to.headers.get('location')!)
  assert.equal(start.origin + start.pathname, `${base_url}/v1/public/sso/start`)
  assert.deepEqual(Object.fromEntries(start.searchParams), {
    ...given,
    connection_id: setup.oidc,
    public_token: setup.project.public_token,
  })
  assert.equal((await browser.request(start.href)).status, 302)

  const wrong = new URLSearchParams({ login_redirect_url: 'https://evil.test/' })
  const refused = await browser.request(`${await pageOf(setup)}/to/${setup.oidc}?${wrong}`)
  const answer = await browser.request(refused.headers.get('location')!)
  assert.equal(answer.status, 400)
  assert.equal(answer.headers.get('location'), null)
})

test('a login from the page ends at the application', async () => {
  const setup = await newSetup()
  const browser = new Browser()
  const [link] = linksOf(await textOf(await pageOf(setup), 200, browser))
  const to = await browser.request(new URL(link!.href, base_url).href)
  const started = await browser.request(to.headers.get('location')!)
  const answer = await browser.submit(await browser.signIn(started, 'ada.lovelace@acme.test'))
  const redeemed = await call(setup.project, 'POST', '/v1/b2b/sso/authenticate', {
    sso_token: tokenOf(answer),
  })
  assert.equal(redeemed.status, 200, JSON.stringify(redeemed.body))
  assert.equal(redeemed.body.organization.organization_slug, 'acme')
})

test('straight=1 skips the page where there is one connection, and only there', async () => {
  const setup = await newSetup()
  const url = await pageOf(setup)
  assert.equal(linksOf(await textOf(`${url}?straight=1`)).length, 2)
  await call(
    setup.project,
    'DELETE',
    `/v1/b2b/sso/${setup.organization_id}/connections/${setup.oidc}`,
  )
  assert.equal(linksOf(await textOf(url)).length, 1)
  const answer = await new Browser().request(`${url}?straight=1&login_hint=ada`)
  assert.equal(answer.status, 302)
  const start = new URL(answer.headers.get('location')!)
  assert.equal(start.searchParams.get('connection_id'), setup.saml)
  assert.equal(start.searchParams.get('login_hint'), 'ada')
})

test('a connection that is not offered is refused with the others to choose from, and not remembered', async () => {
  const [setup, other] = [await newSetup(), await newSetup()]
  const url = await pageOf(setup)
  const pending = await call(setup.project, 'POST', `/v1/b2b/sso/saml/${setup.organization_id}`, {
    display_name: 'Not finished',
  })
  for (const connection_id of [
    other.saml,
    pending.body.connection.connection_id,
    'saml-connection-test-unknown',
    '%00',
  ]) {
    const browser = new Browser()
    const page = await textOf(`${url}/to/${connection_id}`, 404, browser)
    assert.match(page, /not offered here/)
    assert.equal(linksOf(page).length, 2)
    assert.equal(browser.cookies.size, 0)
  }
})

test('names are text, never markup', async () => {
  const setup = await newSetup({ organization_name: '<img src=x onerror=alert(1)> & "Co"' })
  await call(
    setup.project,
    'PUT',
    `/v1/b2b/sso/saml/${setup.organization_id}/connections/${setup.saml}`,
    { display_name: '"><script>alert(2)</script>' },
  )
  const page = await textOf(`${await pageOf(setup)}?login_hint=%22%3E%3Cscript%3E`)
  assert.doesNotMatch(page, /<img|<script/)
  assert.ok(page.includes('&lt;img src=x onerror=alert(1)&gt; &amp; &quot;Co&quot;'))
})

test('the logo is not fetched: the page shows initials and names no other server', async () => {
  const logo = 'https://cdn.example.com/logo.png'
  const setup = await newSetup({
    organization_name: 'Umbrella of Europe',
    organization_logo_url: logo,
  })
  const page = await textOf(await pageOf(setup))
  assert.match(page, /aria-hidden="true">UE</)
  assert.doesNotMatch(page, /cdn\.example\.com/)
})

test('a connection without a name is called by its identity provider, and no button says a thing twice', async () => {
  const setup = await newSetup()
  const path = `/v1/b2b/sso/saml/${setup.organization_id}/connections/${setup.saml}`
  for (const [changes, text] of [
    [{ display_name: '' }, 'single sign-on SAML'],
    [{ identity_provider: 'okta' }, 'Okta SAML'],
    [{ display_name: 'Staff' }, 'Staff Okta, SAML'],
    [{ display_name: 'okta by saml' }, 'okta by saml'],
  ] as const) {
    await call(setup.project, 'PUT', path, changes)
    assert.equal(linksOf(await textOf(await pageOf(setup)))[0]!.text, `Continue with ${text}`)
  }
})
