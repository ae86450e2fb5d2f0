import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
// @ts-expect-error it comes without types
import Provider from 'oidc-provider'
import { guardedFetch } from '../http/fetch.ts'
import { authorizationURL } from './authorization.ts'
import { verifyCallback } from './callback.ts'
import { discover } from './discovery.ts'
import { createJWKSCache } from './jwks.ts'
import type { OIDCSettings } from './settings.ts'

const redirect_uri = 'https://sso.example.com/callback'
const client_secret = 'a-secret~of.the_client:with/escapes'
const code_verifier = 'a-verifier-of-at-least-43-characters-0000000000'

/** Starts npm's oidc-provider, an implementation of its own, on a free port. */
async function startProvider() {
  const socket = createServer()
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve))
  const { port } = socket.address() as AddressInfo
  await new Promise((resolve) => socket.close(resolve))
  const issuer = `http://127.0.0.1:${port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'client', client_secret, redirect_uris: [redirect_uri] }],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: 'Ada' }),
    }),
  })
  const server: Server = provider.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return { issuer, server }
}

/** Follows the provider's pages, filling in login and consent, to the address of the callback. */
async function browse(start: URL): Promise<URL> {
  const cookies = new Map<string, string>()
  let url = start
  let form: URLSearchParams | undefined
  for (let step = 0; step < 20; step += 1) {
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      ...(form ? { body: form } : {}),
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      redirect: 'manual',
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = cookie.split(';')[0]!.split(/=(.*)/)
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location) {
      url = new URL(location, url)
      form = undefined
      if (url.href.startsWith(redirect_uri)) return url
      continue
    }
    const page = await response.text()
    url = new URL(/action="([^"]+)"/.exec(page)![1]!, url)
    const prompt = /name="prompt" value="(\w+)"/.exec(page)![1]!
    form = new URLSearchParams({ prompt, login: 'ada', password: 'x' })
  }
  throw new Error('the provider never came back')
}

test('a login at oidc-provider, found by discovery, gives the identity', async (t) => {
  for (const level of ['info', 'warn'] as const) t.mock.method(console, level, () => {})
  const { issuer, server } = await startProvider()
  const outbound = guardedFetch({ allowed_private_hosts: [], development: true })
  try {
    const found = await discover({ issuer, fetch: outbound })
    const settings: OIDCSettings = {
      ...found,
      connection_id: 'oidc-connection-test-1',
      client_id: 'client',
      client_secret,
      custom_scopes: '',
    }
    const scopes = ['openid', 'email', 'profile']
    const code_challenge = createHash('sha256').update(code_verifier).digest('base64url')
    const start = { settings, redirect_uri, state: 'the-state', nonce: 'the-nonce', scopes }
    const callback = await browse(authorizationURL({ ...start, code_challenge }))
    const input = {
      settings,
      parameters: callback.searchParams,
      expected: { state: 'the-state', nonce: 'the-nonce', code_verifier, redirect_uri },
      scopes,
      now: new Date(),
      fetch: outbound,
      keys: createJWKSCache(),
    }
    const { identity, checks } = await verifyCallback(input)
    assert.deepEqual(
      [identity.subject, identity.email, identity.email_verified, identity.name],
      ['ada', 'ada@example.com', true, 'Ada'],
    )
    const passed = checks.filter(({ verdict }) => verdict === 'pass').map(({ name }) => name)
    assert.ok(passed.includes('issuer_parameter'), 'the provider announces and sends iss')

    // The provider takes a code once, whatever we do.
    await assert.rejects(verifyCallback(input), { error_type: 'oidc_auth_code_error' })
  } finally {
    await outbound.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})
