// An OpenID provider on loopback that says whatever a test tells it to, signed as told.
import { createHmac, createPublicKey, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { verifyCallback } from './callback.ts'
import type { Check, OIDCErrorType } from './checks.ts'
import { OIDCError } from './checks.ts'
import { createJWKSCache, type JWKSCache } from './jwks.ts'
import type { Fetch, OIDCSettings } from './settings.ts'

export const now = new Date('2026-11-23T12:00:00Z')
export const seconds = now.getTime() / 1000
export const client_secret = 'secret ~.-_:/+% of the client'

export type SigningKey = { alg: string; privateKey: CryptoKey; jwk: JWK }

/** A key pair for one algorithm, its public half as it stands in a JWKS. */
export async function makeKey(alg: string, kid?: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), use: 'sig', alg, ...(kid ? { kid } : {}) }
  return { alg, privateKey, jwk }
}

type Answer = { status?: number; type?: string; headers?: Record<string, string>; body: unknown }

/** What the provider says; a test replaces any of it. */
export type Script = {
  key: SigningKey
  header: Record<string, unknown>
  claims: Record<string, unknown>
  /** replaces the signed token */
  id_token: string | undefined
  token: Answer | undefined
  token_extra: Record<string, unknown>
  userinfo: Answer
  jwks: Answer
}

export type Provider = {
  issuer: string
  script: Script
  settings: OIDCSettings
  fetch: Fetch
  keys: JWKSCache
  /** by path, with headers and form */
  seen: { path: string; headers: IncomingMessage['headers']; form: URLSearchParams }[]
  close(): Promise<void>
}

/** Starts an honest provider; we reach it by this `fetch`. */
export async function startProvider(key: SigningKey, fetch: Fetch): Promise<Provider> {
  const server = createServer((request, response) => void handle(provider, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: Provider = {
    issuer,
    script: {} as Script,
    settings: {} as OIDCSettings,
    fetch,
    keys: createJWKSCache(),
    seen: [],
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  resetProvider(provider, key)
  return provider
}

/** Back to an honest provider that nobody has asked yet. */
export function resetProvider(provider: Provider, key: SigningKey): void {
  const { issuer } = provider
  provider.seen = []
  provider.keys = createJWKSCache()
  provider.settings = {
    connection_id: 'oidc-connection-test-1',
    issuer,
    client_id: 'client',
    client_secret,
    authorization_url: `${issuer}/authorize`,
    token_url: `${issuer}/token`,
    userinfo_url: `${issuer}/userinfo`,
    jwks_url: `${issuer}/jwks`,
    custom_scopes: '',
    provider: null,
  }
  provider.script = {
    key,
    header: key.jwk.kid === undefined ? {} : { kid: key.jwk.kid },
    claims: {
      iss: issuer,
      sub: 'ada-1',
      aud: 'client',
      exp: seconds + 300,
      iat: seconds,
      nonce: 'the-nonce',
      email: 'ada@example.com',
      name: 'Ada Lovelace',
    },
    id_token: undefined,
    token: undefined,
    token_extra: {},
    userinfo: { body: { sub: 'ada-1', email_verified: true } },
    jwks: { body: { keys: [key.jwk] } },
  }
}

async function handle(provider: Provider, request: IncomingMessage, response: ServerResponse) {
  let text = ''
  for await (const chunk of request) text += chunk
  const path = request.url ?? ''
  provider.seen.push({ path, headers: request.headers, form: new URLSearchParams(text) })
  const { script } = provider
  const answers: Record<string, () => Promise<Answer> | Answer> = {
    '/token': async () => script.token ?? { body: await tokens(script) },
    '/userinfo': () => script.userinfo,
    '/jwks': () => script.jwks,
  }
  const answer = (await answers[path]?.()) ?? { status: 404, body: {} }
  response.writeHead(answer.status ?? 200, {
    'content-type': answer.type ?? 'application/json',
    ...answer.headers,
  })
  response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
}

async function tokens(script: Script) {
  return {
    access_token: 'access-token',
    token_type: 'Bearer',
    id_token: script.id_token ?? (await sign(script)),
    ...script.token_extra,
  }
}

/** The script's claims (or others), signed with its key and header. */
export function sign({ key, header, claims }: Script, others = claims): Promise<string> {
  const defined = Object.fromEntries(
    Object.entries(others).filter(([, value]) => value !== undefined),
  )
  const protectedHeader = { alg: key.alg, ...header }
  return new SignJWT(defined).setProtectedHeader(protectedHeader).sign(key.privateKey)
}

/** A token of an algorithm that is none, or HMAC keyed with the public key of the provider. */
export function forge(script: Script, alg: 'none' | 'HS256'): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg, ...script.header })}.${part(script.claims)}`
  if (alg === 'none') return `${signed}.`
  const key = createPublicKey({ key: script.key.jwk as never, format: 'jwk' })
  const secret = key.export({ type: 'spki', format: 'pem' })
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

export type Attempt = { parameters?: Record<string, string> | URLSearchParams; at?: Date }

/** One callback, with a fresh code, at the provider's settings. */
export function logIn(provider: Provider, { parameters, at = now }: Attempt = {}) {
  return verifyCallback({
    settings: provider.settings,
    parameters: new URLSearchParams(
      parameters ?? { state: 'the-state', code: `code-${randomBytes(8).toString('hex')}` },
    ),
    expected: {
      state: 'the-state',
      nonce: 'the-nonce',
      code_verifier: 'the-verifier-of-at-least-43-characters-00000000',
      redirect_uri: 'https://sso.example.com/v1/b2b/sso/callback/oidc-connection-test-1',
    },
    scopes: ['openid', 'email', 'profile'],
    now: at,
    fetch: provider.fetch,
    keys: provider.keys,
  })
}

/** The refusal of a login: its type and its last check, which failed and says who must act. */
export async function refused(
  login: Promise<unknown>,
): Promise<{ error_type: OIDCErrorType; check: Check; checks: readonly Check[]; message: string }> {
  const error = await login.then(
    () => new Error('the login was accepted'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof OIDCError)) throw error
  const check = error.checks.at(-1)
  if (check?.verdict !== 'fail' || !check.fix || check.expected === undefined) {
    throw new Error(`no failed check with expected and fix: ${JSON.stringify(error.checks)}`)
  }
  return { error_type: error.error_type, check, checks: error.checks, message: error.message }
}
