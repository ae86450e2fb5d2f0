/** Requests as the official Python, Java, Rust and Go SDKs send them, over a bare socket. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Call, calls, methodIds } from './calls.ts'
import { contractOf, violations } from './contract.ts'
import { exchange, type RawRequest } from './raw-http.ts'
import { writers } from './sdk-requests.ts'
import { newTenant, type Tenant } from './tenant.ts'
import { endpointOf } from './types.ts'

for (const [language, write] of Object.entries(writers))
  test(`every endpoint answers the ${language} SDK`, async (t) => {
    const tenant = await newTenant()
    for (const id of methodIds)
      await t.test(id, async () => {
        const request = write(id, await calls[id](tenant), tenant.project)
        const { status, body, headers, text } = await exchange(request)
        assert.equal(status, 200, `${JSON.stringify(request)} ${text}`)
        assert.equal(headers.get('content-encoding'), null)
        assert.deepEqual(violations(body, contractOf(endpointOf[id]).response, id), [])
      })
  })

/** A request with a JSON body, or without one, as a project. */
function as(tenant: Tenant, method: string, target: string, body?: unknown): RawRequest {
  const headers = {
    Authorization: tenant.project.authorization,
    'Content-Type': 'application/json',
  }
  return { method, target, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
}

const at = (tenant: Tenant) => `/v1/b2b/organizations/${tenant.organization_id}`

test('a body on GET is ignored, whatever it is', async () => {
  const tenant = await newTenant()
  for (const body of ['{}', 'null', '[]', '{"organization_id":"other"}', '{broken', '\xff\0'])
    assert.equal((await exchange({ ...as(tenant, 'GET', at(tenant)), body })).status, 200, body)
})

test('a DELETE is taken with {}, with path parameters, with null and with no body', async () => {
  const tenant = await newTenant()
  for (const body of [undefined, '', '{}', 'null', '{"connection_id":"x"}']) {
    const { params } = await calls['sso.deleteConnection'](tenant)
    const target = `/v1/b2b/sso/${params?.organization_id}/connections/${params?.connection_id}`
    const request = as(tenant, 'DELETE', target)
    const answer = await exchange(body === undefined ? request : { ...request, body })
    assert.equal(answer.status, 200, `${body} ${answer.text}`)
    assert.equal(answer.body.connection_id, params?.connection_id)
  }
})

/** Every field that the endpoint takes in its body, with the same value. */
function everyField(id: keyof typeof endpointOf, value: unknown): Record<string, unknown> {
  return Object.fromEntries(contractOf(endpointOf[id]).body.map(({ name }) => [name, value]))
}

test('null means not given: an update of nothing but nulls changes nothing', async () => {
  const tenant = await newTenant()
  const { organization_id, member_id, saml, oidc } = tenant
  const updates = [
    ['organizations.update', at(tenant), 'organization'],
    ['organizations.members.update', `${at(tenant)}/members/${member_id}`, 'member'],
    [
      'sso.saml.updateConnection',
      `/v1/b2b/sso/saml/${organization_id}/connections/${saml}`,
      'connection',
    ],
    [
      'sso.oidc.updateConnection',
      `/v1/b2b/sso/oidc/${organization_id}/connections/${oidc}`,
      'connection',
    ],
  ] as const
  for (const [id, target, name] of updates) {
    const before = await exchange(as(tenant, 'PUT', target, {}))
    const after = await exchange(as(tenant, 'PUT', target, everyField(id, null)))
    assert.equal(after.status, 200, after.text)
    const { updated_at: _, ...changed } = after.body[name]
    const { updated_at: __, ...expected } = before.body[name]
    assert.deepEqual(changed, expected, id)
  }
})

test('null beside the one that is given is not a second one', async () => {
  const { project, session_token, session_jwt, ...tenant } = await newTenant()
  const owner = { ...tenant, project, session_token, session_jwt }
  const by = { session_token: null, session_jwt: null }
  for (const given of [{ session_token }, { session_jwt }]) {
    const body = { ...everyField('sessions.authenticate', null), ...by, ...given }
    const answer = await exchange(as(owner, 'POST', '/v1/b2b/sessions/authenticate', body))
    assert.equal(answer.status, 200, answer.text)
  }
  const none = await exchange(as(owner, 'POST', '/v1/b2b/sessions/authenticate', by))
  assert.equal(none.body.error_type, 'no_session_arguments')
  const revoked = { ...by, member_id: null, member_session_id: tenant.member_session_id }
  assert.equal((await exchange(as(owner, 'POST', '/v1/b2b/sessions/revoke', revoked))).status, 200)
})

test('the path decides, whatever stands for its parameters in query or body', async () => {
  const tenant = await newTenant()
  const others = `organization_id=other&organization_id=&member_id=${tenant.member_id}`
  const got = await exchange(as(tenant, 'GET', `${at(tenant)}/member?${others}`))
  assert.equal(got.body.organization?.organization_id, tenant.organization_id, got.text)
  const body = { organization_id: 'other', organization_name: 'Acme Two' }
  const updated = await exchange(as(tenant, 'PUT', at(tenant), body))
  assert.equal(updated.body.organization.organization_name, 'Acme Two')
  for (const organization_id of [7, null, ['x'], { a: 1 }])
    assert.equal((await exchange(as(tenant, 'PUT', at(tenant), { organization_id }))).status, 200)
})

test('paths are percent-decoded, and what is raw in them is taken', async () => {
  const tenant = await newTenant()
  const encoded = tenant.organization_id.replaceAll('-', '%2D')
  for (const reference of [
    encoded,
    encoded.toLowerCase(),
    'crm|42',
    'crm%7C42',
    'crm%7c42',
    'acme',
  ]) {
    const answer = await exchange(as(tenant, 'GET', `/v1/b2b/organizations/${reference}`))
    assert.equal(answer.body.organization?.organization_id, tenant.organization_id, reference)
  }
})

test('booleans of a query come as true, True and 1, a lone ? and unknown numbers are taken', async () => {
  const tenant = await newTenant()
  const { params } = (await calls['organizations.members.reactivate'](tenant)) as Required<Call>
  const target = `/v1/b2b/organizations/members/dangerously_get/${params.member_id}`
  for (const value of ['true', 'True', 'TRUE', '1']) {
    const answer = await exchange(as(tenant, 'GET', `${target}?include_deleted=${value}&n=7.0`))
    assert.equal(answer.body.member?.status, 'deleted', value)
  }
  for (const value of [
    '?',
    '?include_deleted=false',
    '?include_deleted=False',
    '?include_deleted=',
  ])
    assert.equal((await exchange(as(tenant, 'GET', target + value))).status, 404, value)
})

test('identity providers and locales are taken without their hyphens', async () => {
  const tenant = await newTenant()
  const spellings = {
    googleworkspace: 'google-workspace',
    microsoftentra: 'microsoft-entra',
    'google-workspace': 'google-workspace',
    'microsoft-entra': 'microsoft-entra',
    okta: 'okta',
  }
  for (const [identity_provider, expected] of Object.entries(spellings)) {
    const target = `/v1/b2b/sso/oidc/${tenant.organization_id}`
    const answer = await exchange(as(tenant, 'POST', target, { identity_provider }))
    assert.equal(answer.body.connection?.identity_provider, expected, answer.text)
  }
  for (const locale of ['ptbr', 'pt-br', 'deDE', 'zhHans', 'en']) {
    const { body } = await calls['sso.authenticate'](tenant)
    const request = as(tenant, 'POST', '/v1/b2b/sso/authenticate', { ...body, locale })
    assert.equal((await exchange(request)).status, 200, locale)
  }
})

test('//v1 is /v1, for every method', async () => {
  const tenant = await newTenant()
  for (const slashes of ['/', '//', '///'])
    for (const [method, status] of [
      ['GET', 200],
      ['PUT', 200],
      ['PATCH', 405],
    ] as const) {
      const answer = await exchange(as(tenant, method, `${slashes}${at(tenant).slice(1)}`, {}))
      assert.equal(answer.status, status, `${method} ${slashes} ${answer.text}`)
    }
})

test('an empty map means not given', async () => {
  const tenant = await newTenant()
  const { organization_id, member_id, saml, session_token } = tenant
  const maps = { trusted_metadata: {}, untrusted_metadata: {}, allowed_oauth_tenants: {} }
  const organization = await exchange(as(tenant, 'PUT', at(tenant), maps))
  assert.deepEqual(organization.body.organization.trusted_metadata, { tier: 'gold' })
  assert.deepEqual(organization.body.organization.allowed_oauth_tenants, { slack: ['T1'] })
  const member = await exchange(as(tenant, 'PUT', `${at(tenant)}/members/${member_id}`, maps))
  assert.deepEqual(member.body.member.trusted_metadata, { team: 'engines' })
  assert.deepEqual(member.body.member.untrusted_metadata, { theme: 'dark' })
  const target = `/v1/b2b/sso/saml/${organization_id}/connections/${saml}`
  const connection = await exchange(as(tenant, 'PUT', target, { attribute_mapping: {} }))
  assert.equal(connection.body.connection.attribute_mapping.email, 'email')
  const session = await exchange(
    as(tenant, 'POST', '/v1/b2b/sessions/authenticate', {
      session_token,
      session_custom_claims: {},
    }),
  )
  assert.deepEqual(session.body.member_session.custom_claims, { plan: 'pro' })
})

test('an empty list empties, except where an empty one is invalid: then the stored list stays', async () => {
  const tenant = await newTenant()
  const before = (await exchange(as(tenant, 'GET', at(tenant)))).body.organization
  const lists = Object.fromEntries(
    Object.entries(before).filter(([, value]) => Array.isArray(value) && value.length > 0),
  )
  const names = Object.keys(lists).filter((name) => name !== 'sso_active_connections')
  const empty = Object.fromEntries(names.map((name) => [name, []]))
  const answer = await exchange(as(tenant, 'PUT', at(tenant), empty))
  assert.equal(answer.status, 200, answer.text)
  // With these the policy beside it is RESTRICTED, which needs an entry.
  const stay = ['email_allowed_domains', 'allowed_auth_methods', 'allowed_mfa_methods']
  for (const name of names)
    assert.deepEqual(answer.body.organization[name], stay.includes(name) ? lists[name] : [], name)
})

test('the JWKS is public: no credentials, wrong ones and two slashes are all the same', async () => {
  const tenant = await newTenant()
  const target = `/v1/b2b/sessions/jwks/${tenant.project.project_id}`
  const answers = await Promise.all([
    exchange({ method: 'GET', target }),
    exchange({ method: 'GET', target: `/${target}` }),
    exchange({ method: 'GET', target, headers: { Authorization: 'Basic d3Jvbmc6d3Jvbmc=' } }),
    exchange({ method: 'GET', target, headers: { Authorization: 'Bearer x' }, body: 'null' }),
  ])
  for (const { status, body, headers } of answers) {
    assert.equal(status, 200)
    assert.deepEqual(body.keys, answers[0]?.body.keys)
    const maxAge = Number(headers.get('cache-control')?.match(/max-age=(\d+)/)?.[1])
    assert.ok(maxAge > 0 && maxAge <= 900)
    for (const key of body.keys) {
      const names = ['alg', 'e', 'key_ops', 'kid', 'kty', 'n', 'use', 'x5c', 'x5tS256']
      assert.deepEqual(Object.keys(key).sort(), names)
      assert.deepEqual([key.kty, key.use, key.alg], ['RSA', 'sig', 'RS256'])
      assert.deepEqual([key.x5c, key.x5tS256, key.key_ops], [[], '', ['verify']])
      assert.ok(Buffer.from(key.n, 'base64url').length >= 256)
    }
  }
})

test('answers are JSON, and not compressed unless asked', async () => {
  const tenant = await newTenant()
  for (const encoding of [{}, { 'Accept-Encoding': 'identity' }]) {
    const request = as(tenant, 'GET', at(tenant))
    const answer = await exchange({ ...request, headers: { ...request.headers, ...encoding } })
    assert.equal(answer.headers.get('content-encoding'), null)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
    assert.equal(answer.body.status_code, 200)
  }
})
