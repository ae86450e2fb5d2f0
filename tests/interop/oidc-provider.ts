/** npm's oidc-provider, a certified OpenID provider, with its own sign-in and consent pages. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
// @ts-expect-error it comes without types
import Provider from 'oidc-provider'
import { freePort } from './command.ts'

/** A host of its own: cookies ignore ports. */
const host = '127.0.0.3'

const signingKeys: Record<string, () => KeyObject> = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  EdDSA: () => generateKeyPairSync('ed25519').privateKey,
}

export const client = {
  client_id: 'portcullis',
  client_secret: 'a-secret~of.the_client:with/escapes',
}

/** The person who signs in as `ada`. */
export const ada = {
  sub: 'ada',
  email: 'Ada.Lovelace@acme.test',
  email_verified: true,
  name: 'Ada Lovelace',
  given_name: 'Ada',
  family_name: 'Lovelace',
  locale: 'en-GB',
}

interface Options {
  redirect_uri: string
  alg?: keyof typeof signingKeys
  /** The one way to authenticate that it offers its clients; several by default. */
  authentication?: 'client_secret_basic' | 'client_secret_post'
  /** What the provider says of Ada otherwise. */
  claims?: Record<string, unknown>
}

interface Issued {
  /** The Authorization header of the request for it. */
  authorization: string
  header: Record<string, unknown>
  claims: Record<string, unknown>
}

/** What is used of the context of Koa, the provider's framework. */
interface TokenExchange {
  path: string
  body?: { id_token?: string }
  get(header: string): string
}

export interface OpenIDProvider {
  issuer: string
  /** The ID tokens that it has issued. */
  issued: Issued[]
  stop(): Promise<void>
}

/** Where it will be: the issuer has to be known before the client is. */
export async function newIssuer(): Promise<string> {
  return `http://${host}:${await freePort(host)}`
}

/** Starts it at `issuer`. It gives claims in userinfo alone, sends `iss`, and requires PKCE: its own defaults. */
export async function startProvider(issuer: string, options: Options): Promise<OpenIDProvider> {
  const { redirect_uri, alg = 'RS256', authentication = 'client_secret_basic' } = options
  const jwk = {
    ...signingKeys[alg]!().export({ format: 'jwk' }),
    use: 'sig',
    alg,
    kid: `the-${alg}`,
  }
  const provider = quietly(
    () =>
      new Provider(issuer, {
        clients: [
          {
            ...client,
            redirect_uris: [redirect_uri],
            token_endpoint_auth_method: authentication,
            id_token_signed_response_alg: alg,
          },
        ],
        jwks: { keys: [jwk] },
        enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] },
        ...(options.authentication && { clientAuthMethods: [options.authentication] }),
        pkce: { required: () => true },
        cookies: { keys: ['a key of the test'] },
        claims: {
          email: ['email', 'email_verified'],
          profile: ['name', 'given_name', 'family_name', 'locale'],
        },
        ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
        findAccount: (_context: unknown, id: string) => ({
          accountId: id,
          claims: () => ({ ...ada, ...options.claims, sub: id }),
        }),
      }),
  )
  const issued: OpenIDProvider['issued'] = []
  provider.use(async (context: TokenExchange, next: () => Promise<void>) => {
    await next()
    const token = context.path === '/token' ? context.body?.id_token : undefined
    const [header, claims] = (token ?? '').split('.').map(decode)
    if (header && claims)
      issued.push({ authorization: context.get('authorization'), header, claims })
  })
  const server: Server = provider.listen(Number(new URL(issuer).port), host)
  await once(server, 'listening')
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { issuer, issued, stop }
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}

/** It warns, at length, that it is set up for development. */
function quietly<T>(work: () => T): T {
  const { warn } = console
  console.warn = () => {}
  try {
    return work()
  } finally {
    console.warn = warn
  }
}
