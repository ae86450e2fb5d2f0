import assert from 'node:assert/strict'
import { test } from 'node:test'
import { discover, validateIssuer } from './discovery.ts'

const document = {
  issuer: 'https://idp.example/tenant',
  authorization_endpoint: 'https://idp.example/authorize',
  token_endpoint: 'https://idp.example/token',
  userinfo_endpoint: 'https://idp.example/userinfo',
  jwks_uri: 'https://keys.example/jwks',
  token_endpoint_auth_methods_supported: ['client_secret_post', 5],
  authorization_response_iss_parameter_supported: true,
}

function serving(body: unknown, status = 200) {
  const asked: string[] = []
  const fetch = async (url: string) => {
    asked.push(url)
    return Response.json(body, { status })
  }
  return { fetch, asked }
}

test('discovery gives the endpoints and what the provider can do', async () => {
  const { fetch, asked } = serving(document)
  assert.deepEqual(await discover({ issuer: document.issuer, fetch }), {
    issuer: 'https://idp.example/tenant',
    authorization_url: 'https://idp.example/authorize',
    token_url: 'https://idp.example/token',
    userinfo_url: 'https://idp.example/userinfo',
    jwks_url: 'https://keys.example/jwks',
    provider: {
      token_endpoint_auth_methods: ['client_secret_post'],
      authorization_response_iss_parameter_supported: true,
    },
  })
  assert.deepEqual(asked, ['https://idp.example/tenant/.well-known/openid-configuration'])
})

test('an issuer that ends in a slash is asked without a second one and kept as it is', async () => {
  const issuer = 'https://idp.example/'
  const { fetch, asked } = serving({ ...document, issuer, userinfo_endpoint: undefined })
  const found = await discover({ issuer, fetch })
  assert.deepEqual([found.issuer, found.userinfo_url], [issuer, ''])
  assert.deepEqual(asked, ['https://idp.example/.well-known/openid-configuration'])
})

test('a provider that calls itself otherwise is refused, with what to enter', async () => {
  const { fetch } = serving({ ...document, issuer: 'https://idp.example/' })
  await assert.rejects(discover({ issuer: 'https://idp.example', fetch }), {
    error_type: 'oidc_discovery_failed',
    message: /calls itself https:\/\/idp\.example\/\. Enter the issuer exactly so/,
  })
})

test('endpoints that are missing or not https are refused', async () => {
  const changes = [
    { authorization_endpoint: 'javascript:alert(1)' },
    { authorization_endpoint: 'http://idp.example/authorize' },
    { token_endpoint: undefined },
    { token_endpoint: 'http://idp.example/token' },
    { userinfo_endpoint: 'ftp://idp.example/' },
    { userinfo_endpoint: 5 },
    { jwks_uri: 'file:///etc/passwd' },
  ]
  for (const change of changes) {
    const { fetch } = serving({ ...document, ...change })
    const message = new RegExp(`^Discovery failed: ${Object.keys(change)[0]} is`)
    const expected = { error_type: 'oidc_discovery_failed', message }
    await assert.rejects(discover({ issuer: document.issuer, fetch }), expected)
  }
})

test('a provider on plain http, if the fetch reaches it, may name endpoints on plain http', async () => {
  const issuer = 'http://127.0.0.1:4001'
  const { fetch } = serving({ ...document, issuer, jwks_uri: `${issuer}/jwks` })
  assert.equal((await discover({ issuer, fetch })).jwks_url, `${issuer}/jwks`)
})

test('discovery that fails says why, in the words of the guarded fetch alone', async () => {
  const outbound = Object.assign(new Error('idp.corp resolves to 10.1.2.3'), {
    name: 'OutboundError',
    code: 'blocked_address',
  })
  const failures: [fetch: () => Promise<Response>, message: RegExp][] = [
    [async () => Response.json({}, { status: 404 }), /answered with status 404/],
    [async () => new Response('<html>'), /did not answer with a JSON object/],
    [() => Promise.reject(outbound), /resolves to 10\.1\.2\.3/],
    [() => Promise.reject(new Error('secret')), /^Discovery failed: the request failed\.$/],
  ]
  for (const [fetch, message] of failures) {
    const expected = { error_type: 'oidc_discovery_failed', message }
    await assert.rejects(discover({ issuer: document.issuer, fetch }), expected)
  }
})

test('what cannot be an issuer is refused before anything is requested', async () => {
  const issuers = ['', 'idp.example', 'ftp://idp.example', 'https://idp.example?x', 'https://i.e/#']
  for (const issuer of [...issuers, 'https://user:password@idp.example', 'https://i.e/?']) {
    const { fetch, asked } = serving(document)
    const error_type = 'oidc_connection_issuer_url_invalid_format'
    await assert.rejects(discover({ issuer, fetch }), { error_type })
    assert.deepEqual(asked, [])
  }
})

test('an issuer of many tenants is refused, with what to enter', () => {
  const microsoft = 'https://login.microsoftonline.com'
  const shared = ['common', 'organizations', 'consumers', 'COMMON', '{tenantid}', '%7Btenantid%7D']
  const expected = {
    error_type: 'oidc_connection_issuer_url_invalid_format',
    message: /login\.microsoftonline\.com\/TENANT_ID\/v2\.0/,
  }
  for (const tenant of [...shared, 'c%6Fmmon', '9188040d-6c67-4c5b-b112-36a304b66dad']) {
    assert.throws(() => validateIssuer(`${microsoft}/${tenant}/v2.0`), expected, tenant)
  }
  assert.throws(() => validateIssuer('https://sts.windows.net/common/'), expected)
  assert.throws(() => validateIssuer('https://login.microsoftonline.us/common/v2.0'), expected)
  validateIssuer(`${microsoft}/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0`)
  validateIssuer('https://idp.example/common')
})

test('a tenant that answers for many is refused', async () => {
  const issuer = 'https://login.microsoftonline.com/contoso/v2.0'
  const { fetch } = serving({
    ...document,
    issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
  })
  const error_type = 'oidc_connection_issuer_url_invalid_format'
  await assert.rejects(discover({ issuer, fetch }), { error_type })
})
