import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { app_url, Browser, base_url, connectOIDC, newSetup, type Setup } from '../../tests/login.ts'
import { addRedirectURL } from '../projects/redirect-urls.ts'
import { flowsOf, lastFlow } from './login.test-kit.ts'

let setup: Setup

before(async () => {
  setup = await newSetup()
})

/** The start link with these parameters and no others. */
async function start(query: Record<string, string> | [string, string][]) {
  return new Browser().request(`${base_url}/v1/public/sso/start?${new URLSearchParams(query)}`)
}

/** Asserts that a start is refused, as JSON, and that no flow began. */
async function assertRefused(
  query: Record<string, string> | [string, string][],
  status: number,
  error_type: string,
) {
  const flows = await begunFlows()
  const url = `${base_url}/v1/public/sso/start?${new URLSearchParams(query)}`
  const response = await new Browser().request(url, { headers: { accept: 'application/json' } })
  const body = (await response.json()) as Record<string, string>
  assert.deepEqual([response.status, body.error_type], [status, error_type], body.error_message)
  assert.match(body.request_id!, /^request-id-test-/)
  assert.deepEqual(response.headers.getSetCookie(), [])
  assert.deepEqual(await begunFlows(), flows)
}

/** The logins that left for an identity provider; a refused start has a trace, and nothing to come back to. */
async function begunFlows() {
  return (await flowsOf(setup.project)).filter((flow) => flow.state_hash !== null)
}

const token = () => ({ public_token: setup.project.public_token })
const oidc = () => ({ ...token(), connection_id: setup.oidc })
const saml = () => ({ ...token(), connection_id: setup.saml })

test('without a default the only active connection is taken; of several none', async () => {
  const { services } = await server()
  const created = await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'B',
  })
  const { organization_id } = created.body.organization
  await assertRefused(
    { ...token(), organization_id },
    400,
    'no_sso_connection_exists_for_organization',
  )
  const only = await connectOIDC(setup.project, organization_id)
  const forgetDefault = async () => {
    await services.db
      .updateTable('organizations')
      .set({ sso_default_connection_id: null })
      .where('organization_id', '=', organization_id)
      .execute()
    services.caches.drop('organization', organization_id)
  }
  await forgetDefault()
  await start({ ...token(), organization_id })
  assert.equal((await lastFlow(setup.project)).connection_id, only)
  await connectOIDC(setup.project, organization_id)
  await forgetDefault()
  await assertRefused(
    { ...token(), organization_id },
    400,
    'indeterminate_sso_connection_for_organization',
  )
})

test('a start that names no project or no connection of it is refused', async () => {
  const other = await newSetup()
  const pending = await call(setup.project, 'POST', `/v1/b2b/sso/saml/${setup.organization_id}`, {})
  const { connection_id } = pending.body.connection
  await assertRefused({ connection_id: setup.oidc }, 400, 'public_token_required')
  const unknown = { public_token: 'public-token-test-no' }
  await assertRefused({ ...unknown, connection_id: setup.oidc }, 404, 'public_token_not_found')
  await assertRefused(token(), 400, 'missing_sso_connection_locator')
  await assertRefused(
    { ...oidc(), organization_id: 'acme' },
    400,
    'too_many_sso_connection_locators',
  )
  await assertRefused({ ...token(), organization_id: 'nobody' }, 404, 'organization_not_found')
  await assertRefused({ ...token(), connection_id: 'nothing' }, 404, 'sso_connection_not_found')
  await assertRefused({ ...token(), connection_id: other.oidc }, 404, 'sso_connection_not_found')
  await start({ public_token: other.project.public_token, organization_id: other.organization_id })
  const { organization_id } = other
  await assertRefused({ ...token(), organization_id }, 404, 'organization_not_found')
  await assertRefused({ ...token(), connection_id }, 400, 'requires_active_sso_connection')
})

test('a deleted connection starts no login', async () => {
  const connection_id = await connectOIDC(setup.project, setup.organization_id)
  assert.equal((await start({ ...token(), connection_id })).status, 302)
  await call(
    setup.project,
    'DELETE',
    `/v1/b2b/sso/${setup.organization_id}/connections/${connection_id}`,
  )
  await assertRefused({ ...token(), connection_id }, 404, 'sso_connection_not_found')
})

test('what a link says wrongly is refused', async () => {
  const bad = 'bad_request'
  await assertRefused(
    { ...oidc(), pkce_code_challenge: 'short' },
    400,
    'invalid_pkce_code_challenge',
  )
  const hex = 'x'.repeat(42)
  await assertRefused(
    { ...oidc(), pkce_code_challenge: `${hex}=` },
    400,
    'invalid_pkce_code_challenge',
  )
  const both = 'oidc_prompt_none_must_be_exclusive'
  await assertRefused({ ...oidc(), prompt: 'none login' }, 400, both)
  await assertRefused({ ...saml(), prompt: 'login none' }, 400, both)
  await assertRefused({ ...oidc(), login_hint: 'a\0b' }, 400, bad)
  await assertRefused({ ...saml(), login_hint: 'a\u0001b' }, 400, bad)
  await assertRefused({ ...saml(), login_hint: 'a'.repeat(1025) }, 400, bad)
  await assertRefused({ ...oidc(), custom_scopes: 'a"b' }, 400, bad)
  await assertRefused([...Object.entries(oidc()), ['connection_id', setup.oidc]], 400, bad)
  await assertRefused({ ...oidc(), public_token: 'a\0' }, 400, bad)
})

test('redirect URLs are the default ones or registered ones of their type, exactly', async () => {
  const { services } = await server()
  const { project_id } = setup.project
  const add = (url: string, types: string[]) =>
    addRedirectURL(services.db, { project_id, url, types })
  await add('https://app.example.com/login?tenant=1', ['LOGIN'])
  await add('https://app.example.com/invite', ['INVITE'])
  services.caches.drop('project', project_id)
  const login_redirect_url = 'https://app.example.com/login?tenant=1'
  await start({ ...oidc(), login_redirect_url })
  const flow = await lastFlow(setup.project)
  assert.equal(flow.login_redirect_url, login_redirect_url)
  assert.equal(flow.signup_redirect_url, app_url)
  const with_login = (url: string) => ({ ...oidc(), login_redirect_url: url })
  await assertRefused(
    with_login('https://app.example.com/login?tenant=2'),
    400,
    'query_params_do_not_match',
  )
  await assertRefused(
    with_login('https://evil.example/login'),
    400,
    'no_match_for_provided_sso_url',
  )
  await assertRefused(with_login('https://app.example.com/invite'), 400, 'invalid_login_sso_url')
  await assertRefused(with_login('javascript:alert(1)'), 400, 'no_match_for_provided_sso_url')
  await assertRefused(
    { ...oidc(), signup_redirect_url: login_redirect_url },
    400,
    'invalid_signup_sso_url',
  )
})

test('a project without redirect URLs, or without a default, starts no login', async () => {
  const { services } = await server()
  const { project } = await newSetup()
  const { project_id } = project
  const refusal = async (type: string, is_default: boolean | null) => {
    await services.db.deleteFrom('redirect_urls').where('project_id', '=', project_id).execute()
    for (const each of ['LOGIN', 'SIGNUP'])
      if (each !== type || is_default !== null)
        await services.db
          .insertInto('redirect_urls')
          .values({ project_id, url: app_url, type: each as 'LOGIN', is_default: each !== type })
          .execute()
    services.caches.drop('project', project_id)
    const rows = await services.db
      .selectFrom('sso_connections')
      .select('connection_id')
      .where('project_id', '=', project_id)
      .execute()
    const query = { public_token: project.public_token, connection_id: rows[0]!.connection_id }
    const url = `${base_url}/v1/public/sso/start?${new URLSearchParams(query)}`
    const response = await new Browser().request(url, { headers: { accept: 'application/json' } })
    return ((await response.json()) as { error_type: string }).error_type
  }
  assert.equal(await refusal('LOGIN', null), 'no_login_redirect_urls_set')
  assert.equal(await refusal('LOGIN', false), 'no_default_login_redirect_url_set')
  assert.equal(await refusal('SIGNUP', null), 'no_signup_redirect_urls_set')
  assert.equal(await refusal('SIGNUP', false), 'no_default_signup_redirect_url_set')
})

test('a browser sees a page where a start is refused, without a redirect', async () => {
  const url = `${base_url}/v1/public/sso/start?public_token=nobody`
  const response = await new Browser().request(url, { headers: { accept: 'text/html' } })
  const text = await response.text()
  assert.equal(response.status, 404)
  assert.match(response.headers.get('content-type')!, /^text\/html/)
  assert.match(text, /public_token_not_found/)
  assert.match(text, /request-id-test-/)
})

test('HEAD and other methods start nothing', async () => {
  const flows = await flowsOf(setup.project)
  for (const method of ['HEAD', 'POST', 'PUT']) {
    const url = `${base_url}/v1/public/sso/start?${new URLSearchParams(oidc())}`
    const response = await new Browser().request(url, { method })
    assert.equal(response.status, 405, method)
  }
  assert.equal((await flowsOf(setup.project)).length, flows.length)
})
