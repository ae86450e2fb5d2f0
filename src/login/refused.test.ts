import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  call,
  createServices,
  databaseURL,
  newProject,
  server,
  type TestProject,
} from '../../tests/harness.ts'
import { base_url, newSetup } from '../../tests/login.ts'
import { createApp } from '../app.ts'
import { productionRateLimits } from '../http/rate-settings.ts'
import { pressButton } from '../test-idp/press-button.ts'

async function formOf({ project_id }: TestProject): Promise<string> {
  const { services } = await server()
  const { project_slug } = await services.db
    .selectFrom('projects')
    .select('project_slug')
    .where('project_id', '=', project_id)
    .executeTakeFirstOrThrow()
  return `${base_url}/login/${project_slug}`
}

async function visit(url: string, init: RequestInit = {}) {
  const { app } = await server()
  const response = await app.request(url, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test('the form leads to the page of an organization, with what the link carried', async () => {
  const setup = await newSetup()
  const form = await formOf(setup.project)
  for (const url of [form, `${form}/`]) {
    const shown = await visit(`${url}?login_hint=ada%26b&other=x`)
    assert.equal(shown.status, 200)
    const { action, method, fields } = pressButton(shown.text, 'Continue', {
      organization: ' acme ',
    })
    assert.equal(method, 'GET')
    const answer = await visit(`${new URL(action, base_url)}?${fields}`)
    assert.equal(answer.status, 302)
    assert.equal(
      new URL(answer.headers.get('location')!, base_url).href,
      `${form}/acme?login_hint=ada%26b`,
    )
  }
})

test('an organization that a project does not have is a 404 with the form', async () => {
  const [project, other] = [await newProject(), await newSetup({ organization_slug: 'elsewhere' })]
  const named = await call(project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Named',
    organization_external_id: 'external',
  })
  const { organization_id } = named.body.organization
  const form = await formOf(project)
  for (const name of ['elsewhere', other.organization_id, organization_id, 'external', 'Named'])
    assert.match((await notFound(`${form}/${name}`)).text, new RegExp(`value="${name}"`))
  for (const name of ['%00', '%E0%A4%A', '%3Cb%3E', '-', `${'a'.repeat(300)}`, '%2e%2e%2fx'])
    assert.doesNotMatch((await notFound(`${form}/${name}`)).text, /<b>/)
  for (const name of ['%2e%2e', '%00', '%3Cb%3E', 'with%20space'])
    assert.doesNotMatch((await notFound(`${form}?organization=${name}`)).text, /<b>/)

  async function notFound(url: string) {
    const answer = await visit(url)
    assert.equal(answer.status, 404, url)
    assert.match(answer.text, /<h1>Organization not found<\/h1>/)
    assert.match(answer.text, /<label for="organization">/)
    return answer
  }
})

test('an address that names no project is a readable 404', async () => {
  for (const path of [
    '/login',
    '/login/',
    '/login/nobody',
    '/login/nobody/acme',
    '/login/%00/acme',
  ]) {
    const answer = await visit(`${base_url}${path}`)
    assert.equal(answer.status, 404, path)
    assert.match(answer.text, /There is no login page at this address/, path)
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  }
})

test('the pages are only read', async () => {
  const setup = await newSetup()
  const form = await formOf(setup.project)
  for (const url of [form, `${form}/acme`, `${form}/acme/to/${setup.saml}`, `${base_url}/login`]) {
    const answer = await visit(url, { method: 'POST' })
    assert.equal(answer.status, 405, url)
    assert.equal(answer.headers.getSetCookie().length, 0)
  }
})

test('where nobody can sign in the page says who must act', async () => {
  const setup = await newSetup()
  const { project, organization_id } = setup
  const url = `${await formOf(project)}/acme`
  const says = async (who: RegExp, why: RegExp) => {
    const { status, text } = await visit(url)
    assert.equal(status, 200)
    assert.match(text, who)
    assert.match(text, why)
    assert.doesNotMatch(text, /class="way/)
    assert.equal((await visit(`${url}/to/${setup.saml}`)).status, 404)
    assert.equal((await visit(`${url}?straight=1`)).status, 200)
  }
  const put = (changes: Record<string, unknown>) =>
    call(project, 'PUT', `/v1/b2b/organizations/${organization_id}`, changes)

  await put({ auth_methods: 'RESTRICTED', allowed_auth_methods: ['password'] })
  await says(/<strong>The developers of A test</, /not allowed for Acme/)
  await put({ auth_methods: 'ALL_ALLOWED' })

  const { services } = await server()
  await services.db
    .deleteFrom('public_tokens')
    .where('project_id', '=', project.project_id)
    .execute()
  services.caches.drop('project', project.project_id)
  await says(/<strong>The developers of A test</, /no public token/)

  for (const connection_id of [setup.oidc, setup.saml])
    await call(project, 'DELETE', `/v1/b2b/sso/${organization_id}/connections/${connection_id}`)
  await says(/<strong>Your organization’s IT administrator</, /no identity provider connected/)
})

test('guessing slugs is limited by address, with a page that says when to try again', async () => {
  const database_url = await databaseURL()
  const { services } = createServices(
    { base_url, port: 0, database_url },
    { rate_limits: { ...productionRateLimits, failed: { count: 1, period_ms: 60_000 } } },
  )
  const app = createApp(services)
  const statuses: number[] = []
  for (let guess = 0; guess < 12; guess++)
    statuses.push((await app.request(`${base_url}/login/guess-${guess}/acme`)).status)
  assert.deepEqual(new Set(statuses.slice(0, 10)), new Set([404]))
  const answer = await app.request(`${base_url}/login/guess/acme`)
  assert.equal(answer.status, 429)
  assert.ok(Number(answer.headers.get('retry-after')) > 0)
  assert.match(await answer.text(), /You could not be signed in/)
})
