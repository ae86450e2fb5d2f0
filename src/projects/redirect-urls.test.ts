import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newProject, server } from '../../tests/harness.ts'
import type { Environment } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'
import { findProject } from './projects.ts'
import {
  addRedirectURL,
  checkRedirectURL,
  listRedirectURLs,
  matchRedirectURL,
  removeRedirectURL,
} from './redirect-urls.ts'

async function errorOf(work: () => unknown): Promise<string> {
  try {
    await work()
    return 'accepted'
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error))
    return error.error_type
  }
}

/** A project in which these are registered for LOGIN. */
async function projectWith(urls: string[], environment: Environment = 'test') {
  const { services } = await server()
  const { project_id } = await newProject(environment)
  for (const url of urls) await addRedirectURL(services.db, { project_id, url, types: ['LOGIN'] })
  services.caches.drop('project', project_id)
  return findProject(services, project_id)
}

const registrable: [string, string, string][] = [
  ['https://app.example.com/cb', 'accepted', 'accepted'],
  ['https://app.example.com:8443/cb?a=b', 'accepted', 'accepted'],
  ['slack://callback/path', 'accepted', 'accepted'],
  ['com.example.app:/cb', 'accepted', 'accepted'],
  ['http://localhost:3000/cb', 'accepted', 'redirect_url_must_use_https'],
  ['http://app.localhost:3000/cb', 'accepted', 'redirect_url_must_use_https'],
  ['http://127.0.0.1:3000/cb', 'accepted', 'redirect_url_must_use_https'],
  ['http://127.1.2.3/cb', 'accepted', 'redirect_url_must_use_https'],
  ['http://[::1]:3000/cb', 'accepted', 'redirect_url_must_use_https'],
  ['http://app.example.com/cb', ...both('redirect_url_must_use_https')],
  ['http://127.0.0.1.evil.example/cb', ...both('redirect_url_must_use_https')],
  ['http://localhost.evil.example/cb', ...both('redirect_url_must_use_https')],
  ['javascript:alert(1)', ...both('redirect_url_cannot_use_protocol')],
  ['JavaScript:alert(1)', ...both('redirect_url_cannot_use_protocol')],
  ['data:text/html,x', ...both('redirect_url_cannot_use_protocol')],
  ['blob:https://a.example/1', ...both('redirect_url_cannot_use_protocol')],
  ['file:///etc/passwd', ...both('redirect_url_cannot_use_protocol')],
  ['vbscript:x', ...both('redirect_url_cannot_use_protocol')],
  ['java\nscript:alert(1)', ...both('invalid_url')],
  ['/relative', ...both('invalid_url')],
  ['https://user@app.example.com/cb', ...both('invalid_url')],
  ['https://app.example.com/cb#fragment', ...both('invalid_url')],
  [`https://app.example.com/${'x'.repeat(2048)}`, ...both('invalid_url')],
  ['https://*.example.com/cb', 'accepted', 'no_wildcards_in_live_redirect_url'],
  ['https://a*.example.com/cb', 'invalid_url', 'no_wildcards_in_live_redirect_url'],
  ['https://app.*.com/cb', 'invalid_url', 'no_wildcards_in_live_redirect_url'],
  ['https://*.com/cb', 'invalid_url', 'no_wildcards_in_live_redirect_url'],
  ['https://app.example.com/*', 'invalid_url', 'no_wildcards_in_live_redirect_url'],
  ['http://*.localhost/cb', 'invalid_url', 'redirect_url_must_use_https'],
]

function both(error_type: string): [string, string] {
  return [error_type, error_type]
}

test('what can be registered, in a test project and in a live one', async () => {
  for (const [url, inTest, inLive] of registrable) {
    const results = [
      await errorOf(() => checkRedirectURL('project-test-1', url)),
      await errorOf(() => checkRedirectURL('project-live-1', url)),
    ]
    assert.deepEqual(results, [inTest, inLive], url)
  }
})

const unknown = 'no_match_for_provided_sso_url'
const matches: [registered: string, given: string, result: string][] = [
  ['https://app.example.com/cb', 'https://app.example.com/cb', 'accepted'],
  ['https://app.example.com/cb', 'https://APP.example.com:443/cb', 'accepted'],
  ['https://app.example.com/cb', 'https://app.example.com/cb/', unknown],
  ['https://app.example.com/cb', 'https://app.example.com/cb/../evil', unknown],
  ['https://app.example.com/cb', 'https://app.example.com/CB', unknown],
  ['https://app.example.com/cb', 'https://app.example.com:8443/cb', unknown],
  ['https://app.example.com/cb', 'http://app.example.com/cb', unknown],
  ['https://app.example.com/cb', 'https://app.example.com/cb#x', unknown],
  ['https://app.example.com/cb', 'https://user@app.example.com/cb', unknown],
  ['https://app.example.com/cb', 'https://:pw@app.example.com/cb', unknown],
  ['https://app.example.com/cb', 'https://app.example.com.evil.example/cb', unknown],
  ['https://app.example.com/cb', 'https://app.example.com@evil.example/cb', unknown],
  ['https://app.example.com/cb', 'https://app.example.com/cb?extra=1', 'query_params_do_not_match'],
  ['https://app.example.com/cb?a=1&b=2', 'https://app.example.com/cb?a=1&b=2', 'accepted'],
  [
    'https://app.example.com/cb?a=1&b=2',
    'https://app.example.com/cb?b=2&a=1',
    'query_params_do_not_match',
  ],
  ['https://app.example.com/cb?a=1', 'https://app.example.com/cb', 'query_params_do_not_match'],
  ['https://example.com/cb', 'https://www.example.com/cb', 'accepted'],
  ['https://www.example.com/cb', 'https://example.com/cb', 'accepted'],
  ['https://example.com/cb', 'https://www.www.example.com/cb', unknown],
  ['http://localhost/cb', 'http://www.localhost/cb', unknown],
  ['slack://x/cb', 'slack://www.x/cb', unknown],
  ['slack://x/cb', 'slack://x/cb', 'accepted'],
  ['com.example.app:/cb', 'com.example.app:/cb', 'accepted'],
  ['com.example.app:/cb', 'com.example.app:/other', unknown],
  ['https://*.example.com/cb', 'https://one.example.com/cb', 'accepted'],
  ['https://*.example.com/cb', 'https://two.one.example.com/cb', unknown],
  ['https://*.example.com/cb', 'https://example.com/cb', unknown],
  ['https://*.example.com/cb', 'https://evilexample.com/cb', unknown],
  ['https://*.example.com/cb', 'https://one.example.com/cb?x=1', 'query_params_do_not_match'],
  ['https://*.example.com/cb', 'https://*.example.com/cb', 'invalid_login_sso_url'],
  ['https://*.example.com/cb', 'https://%2a.example.com/cb', 'invalid_login_sso_url'],
  ['https://app.example.com/cb', 'https://app.example.com/cb\n', 'invalid_login_sso_url'],
  ['https://app.example.com/cb', 'not a url', 'invalid_login_sso_url'],
]

test('a redirect URL is matched exactly; www. and a whole left-most label are the only latitude', async () => {
  const projects = new Map<string, Awaited<ReturnType<typeof projectWith>>>()
  for (const [registered, given, expected] of matches) {
    const project = projects.get(registered) ?? (await projectWith([registered]))
    projects.set(registered, project)
    const result = await errorOf(() => {
      const url = matchRedirectURL(project, 'LOGIN', given)
      assert.equal(url, new URL(given).href)
    })
    assert.equal(result, expected, `${registered} <- ${given}`)
  }
})

test('the first URL of a type is its default, unless it has a wildcard or nobody wants that', async () => {
  const { services } = await server()
  const { project_id } = await newProject()
  const add = (url: string, more = {}) =>
    addRedirectURL(services.db, { project_id, url, types: ['LOGIN', 'SIGNUP'], ...more })
  const defaults = async () =>
    (await listRedirectURLs(services.db, project_id)).filter((row) => row.is_default)
  await add('https://*.example.com/cb')
  await add('https://a.example.com/cb', { do_not_promote_defaults: true })
  assert.deepEqual(await defaults(), [])
  const first = await add('https://b.example.com/cb')
  assert.deepEqual(first.valid_types, [
    { type: 'LOGIN', is_default: true },
    { type: 'SIGNUP', is_default: true },
  ])
  await add('https://c.example.com/cb')
  assert.deepEqual(
    [...new Set((await defaults()).map((row) => row.url))],
    ['https://b.example.com/cb'],
  )
  await add('https://d.example.com/cb', { is_default: true })
  assert.deepEqual(
    [...new Set((await defaults()).map((row) => row.url))],
    ['https://d.example.com/cb'],
  )
})

test('what is wrong with a registration has a name', async () => {
  const { services } = await server()
  const { project_id } = await newProject()
  const add = (url: string, types: string[], more = {}) =>
    errorOf(() => addRedirectURL(services.db, { project_id, url, types, ...more }))
  const url = 'https://app.example.com/cb'
  assert.equal(await add(url, ['LOGIN']), 'accepted')
  assert.equal(await add(url, ['SIGNUP', 'LOGIN']), 'duplicate_redirect_url')
  assert.equal(await add(url, ['LOGOUT']), 'invalid_redirect_url_type')
  assert.equal(await add(url, []), 'invalid_redirect_url_type')
  const wildcard = 'https://*.example.com/cb'
  assert.equal(
    await add(wildcard, ['LOGIN'], { is_default: true }),
    'redirect_url_with_wildcard_cannot_be_default',
  )
  const remove = (which: string) =>
    errorOf(() => removeRedirectURL(services.db, { project_id, url: which }))
  assert.equal(await remove('https://other.example.com/'), 'redirect_url_not_found')
  assert.equal(await remove(url), 'accepted')
  assert.deepEqual(await listRedirectURLs(services.db, project_id), [])
})
