import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { createApp } from '../app.ts'
import {
  assertRefused,
  create,
  createActive,
  newTenant,
  provider,
  serveLocally,
  sso,
  update,
} from './connection.test-kit.ts'
import { findConnectionAnywhere } from './connections.ts'

/** A provider that answers discovery; what it says can be changed, and how often it was asked is counted. */
async function newProvider(changes: Record<string, unknown> = {}) {
  const asked = { times: 0 }
  const document: Record<string, unknown> = {}
  const issuer = await serveLocally((request, response) => {
    asked.times++
    if (request.url !== '/.well-known/openid-configuration')
      return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
  })
  const urls = {
    authorization_url: `${issuer}/authorize`,
    token_url: `${issuer}/token`,
    userinfo_url: `${issuer}/userinfo`,
    jwks_url: `${issuer}/jwks`,
  }
  Object.assign(document, {
    issuer,
    authorization_endpoint: urls.authorization_url,
    token_endpoint: urls.token_url,
    userinfo_endpoint: urls.userinfo_url,
    jwks_uri: urls.jwks_url,
    token_endpoint_auth_methods_supported: ['client_secret_post'],
    ...changes,
  })
  return { issuer, urls, document, asked }
}

const client = { client_id: 'portcullis', client_secret: 'a-client-secret' }

test('a new OIDC connection is pending and holds every field', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'oidc', { display_name: 'Entra' })
  const { connection_id, ...others } = connection
  assert.match(connection_id, /^oidc-connection-test-[0-9a-f-]{36}$/)
  assert.deepEqual(others, {
    organization_id: owner.organization.organization_id,
    status: 'pending',
    display_name: 'Entra',
    identity_provider: 'generic',
    redirect_url: `http://localhost:4000/v1/b2b/sso/callback/${connection_id}`,
    client_id: '',
    client_secret: '',
    issuer: '',
    authorization_url: '',
    token_url: '',
    userinfo_url: '',
    jwks_url: '',
    custom_scopes: '',
    attribute_mapping: {},
  })
})

test('the issuer and the client are enough: discovery finds the addresses', async () => {
  const [owner, idp] = [await newTenant(), await newProvider()]
  const connection = await create(owner, 'oidc')
  const { body } = await update(owner, connection, { issuer: idp.issuer, ...client })
  assert.deepEqual(body.connection, {
    ...connection,
    ...idp.urls,
    issuer: idp.issuer,
    client_id: client.client_id,
    client_secret: '',
    status: 'active',
  })
  assert.equal(body.warning, null)
  const { services } = await server()
  const found = await findConnectionAnywhere(services, connection.connection_id)
  assert.deepEqual(found.provider, {
    token_endpoint_auth_methods: ['client_secret_post'],
    authorization_response_iss_parameter_supported: false,
  })
  assert.equal(found.client_secret, client.client_secret)
})

test('addresses in the request win over what discovery says', async () => {
  const [owner, idp] = [await newTenant(), await newProvider()]
  const connection = await create(owner, 'oidc')
  const token_url = 'https://gateway.example.com/token'
  const body = { issuer: idp.issuer, ...client, token_url }
  const answer = await update(owner, connection, body)
  assert.equal(answer.body.connection.token_url, token_url)
  assert.equal(answer.body.connection.jwks_url, idp.urls.jwks_url)
  await update(owner, connection, { ...body, issuer: idp.issuer, display_name: 'x' })
  assert.equal(idp.asked.times, 1)
})

test('a discovery that fails saves what was given, and the warning says why', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'oidc')
  const complete = await update(owner, connection, provider)
  assert.equal(complete.status, 200)
  assert.match(complete.body.warning, /Discovery failed/)
  const { client_secret: _, ...visible } = provider
  assert.deepEqual(complete.body.connection, {
    ...connection,
    ...visible,
    status: 'active',
  })
  const incomplete = await update(owner, await create(owner, 'oidc'), {
    issuer: provider.issuer,
    ...client,
  })
  assert.match(incomplete.body.warning, /Discovery failed/)
  assert.equal(incomplete.body.connection.status, 'pending')
  assert.equal(incomplete.body.connection.issuer, provider.issuer)
})

test('discovery is tried again with the same issuer while addresses are missing', async () => {
  const [owner, idp] = [await newTenant(), await newProvider({ issuer: 'https://wrong.example' })]
  const connection = await create(owner, 'oidc')
  const body = { issuer: idp.issuer, ...client }
  const failed = await update(owner, connection, body)
  assert.match(failed.body.warning, /calls itself "?https:\/\/wrong\.example/)
  assert.equal(failed.body.connection.status, 'pending')
  idp.document.issuer = idp.issuer
  const found = await update(owner, connection, body)
  assert.deepEqual([found.body.warning, found.body.connection.status], [null, 'active'])
})

test('the addresses of one issuer never serve another', async () => {
  const { services } = await server()
  const [owner, idp] = [await newTenant(), await newProvider()]
  const connection = await create(owner, 'oidc')
  await update(owner, connection, { issuer: idp.issuer, ...client })
  const moved = await update(owner, connection, { issuer: provider.issuer })
  assert.match(moved.body.warning, /Discovery failed/)
  const { status, issuer, token_url, jwks_url } = moved.body.connection
  assert.deepEqual([status, issuer, token_url, jwks_url], ['pending', provider.issuer, '', ''])
  const found = await findConnectionAnywhere(services, connection.connection_id)
  assert.equal(found.provider, null)
  const organization = await services.db
    .selectFrom('organizations')
    .select('sso_default_connection_id')
    .where('project_id', '=', owner.project.project_id)
    .executeTakeFirstOrThrow()
  assert.equal(organization.sso_default_connection_id, null)
  const back = await update(owner, connection, { issuer: idp.issuer })
  assert.equal(back.body.connection.status, 'active')
})

test('a provider without a userinfo endpoint needs one from the request, and the warning says so', async () => {
  const [owner, idp] = [await newTenant(), await newProvider({ userinfo_endpoint: undefined })]
  const connection = await create(owner, 'oidc')
  const without = await update(owner, connection, { issuer: idp.issuer, ...client })
  assert.match(without.body.warning, /userinfo_url/)
  assert.equal(without.body.connection.status, 'pending')
  const { userinfo_url } = provider
  const complete = await update(owner, connection, { userinfo_url })
  assert.deepEqual([complete.body.warning, complete.body.connection.status], [null, 'active'])
})

test('a connection is active as soon as nothing is missing, in whatever order it comes', async () => {
  const owner = await newTenant()
  for (const last of Object.keys(provider) as (keyof typeof provider)[]) {
    const connection = await create(owner, 'oidc')
    const { [last]: lacking, ...others } = provider
    const pending = await update(owner, connection, others)
    assert.equal(pending.body.connection.status, 'pending', last)
    const active = await update(owner, connection, { [last]: lacking })
    assert.equal(active.body.connection.status, 'active', last)
  }
})

test('the client secret is never answered, and an empty one was not given', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const connection = await createActive(owner, 'oidc')
  const answer = await update(owner, connection, { client_secret: '', attribute_mapping: {} })
  assert.deepEqual(answer.body.connection, connection)
  const listed = JSON.stringify((await sso(owner, 'GET', '{}')).body)
  assert.ok(!listed.includes(provider.client_secret))
  const found = await findConnectionAnywhere(services, connection.connection_id)
  assert.equal(found.client_secret, provider.client_secret)
})

test('scopes and mapping are replaced, and scopes can be emptied', async () => {
  const owner = await newTenant()
  const connection = await createActive(owner, 'oidc')
  const changes = {
    display_name: 'Entra',
    identity_provider: 'microsoft-entra',
    custom_scopes: 'openid email profile groups',
    attribute_mapping: { department: 'dept' },
  }
  const changed = await update(owner, connection, changes)
  assert.deepEqual(changed.body.connection, { ...connection, ...changes })
  const emptied = await update(owner, connection, { custom_scopes: '', attribute_mapping: {} })
  assert.deepEqual(emptied.body.connection, { ...connection, ...changes, custom_scopes: '' })
})

const tenants = ['common', 'organizations', 'consumers', '{tenantid}']
const refusals: [Record<string, unknown>, string][] = [
  ...tenants.map((tenant): [Record<string, unknown>, string] => [
    { issuer: `https://login.microsoftonline.com/${tenant}/v2.0` },
    'oidc_connection_issuer_url_invalid_format',
  ]),
  [{ issuer: 'idp.example' }, 'oidc_connection_issuer_url_invalid_format'],
  [{ issuer: 'https://idp.example/?tenant=1' }, 'oidc_connection_issuer_url_invalid_format'],
  [{ issuer: '' }, 'oidc_connection_issuer_required'],
  [{ client_id: ' ' }, 'oidc_connection_client_id_required'],
  [{ authorization_url: '' }, 'oidc_connection_authorization_url_required'],
  [{ token_url: '' }, 'oidc_connection_token_url_required'],
  [{ jwks_url: '' }, 'oidc_connection_jwks_url_required'],
  [
    { authorization_url: 'javascript:alert(1)' },
    'oidc_connection_authorization_url_invalid_format',
  ],
  [{ token_url: 'ftp://idp.example' }, 'oidc_connection_token_url_invalid_format'],
  [{ userinfo_url: '' }, 'oidc_connection_userinfo_url_invalid_format'],
  [{ jwks_url: 'https://me:pw@idp.example' }, 'oidc_connection_jwks_url_invalid_format'],
  [{ client_secret: 'x'.repeat(2_049) }, 'client_secret_too_long'],
  [{ custom_scopes: 'openid "email"' }, 'bad_request'],
  [{ attribute_mapping: { department: { a: 'b' } } }, 'bad_request'],
]

test('what an OIDC connection cannot be is refused, and nothing of the request is written', async () => {
  const owner = await newTenant()
  const connection = await createActive(owner, 'oidc')
  for (const [body, error_type] of refusals) {
    const answer = await update(owner, connection, { display_name: 'changed', ...body })
    assertRefused(answer, 400, error_type)
  }
  const common = await update(owner, connection, refusals[0]![0])
  assert.match(common.body.error_message, /TENANT_ID/)
  assert.deepEqual((await sso(owner, 'GET', '{}')).body.oidc_connections, [connection])
})

test('in production issuer and addresses are https, whatever discovery says', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const connection = await create(owner, 'oidc')
  const issuer = 'https://idp.example.com'
  const document = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: 'http://idp.example.com/token',
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
  }
  const app = createApp({
    ...services,
    config: { ...services.config, mode: 'production' },
    fetch: async () => Response.json(document),
  })
  const put = async (body: unknown) => {
    const path = `oidc/${owner.organization.organization_id}/connections/${connection.connection_id}`
    const response = await app.request(`/v1/b2b/sso/${path}`, {
      method: 'PUT',
      headers: { authorization: owner.project.authorization },
      body: JSON.stringify(body),
    })
    return (await response.json()) as Record<string, string>
  }
  const plainIssuer = await put({ issuer: 'http://idp.example.com' })
  assert.equal(plainIssuer.error_type, 'oidc_connection_issuer_url_invalid_format')
  const plainToken = await put({ token_url: document.token_endpoint })
  assert.equal(plainToken.error_type, 'oidc_connection_token_url_invalid_format')
  const discovered = await put({ issuer, ...client })
  assert.match(discovered.warning!, /token_endpoint|token_url/)
  const [stored] = (await sso(owner, 'GET', '{}')).body.oidc_connections
  assert.deepEqual([stored.token_url, stored.jwks_url, stored.status], ['', '', 'pending'])
})
