/** For tests: an OpenID provider in this process that says whatever a test tells it to. */
import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { call, inProcess, type TestProject } from '../../tests/harness.ts'
import type { Submission } from '../test-idp/press-button.ts'

const client = { client_id: 'client', client_secret: 'a-client-secret' }

/** What the provider says about one login; what is not given is as an honest provider has it. */
export interface Said {
  claims?: Record<string, unknown>
  /** Added to those of the ID token; undefined leaves one out. */
  userinfo?: Record<string, unknown>
  userinfo_status?: number
  token_status?: number
  /** Replaces what the browser brings back, or adds to it; undefined leaves one out. */
  parameters?: Record<string, string | undefined>
  issued_at?: Date
}

const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', use: 'sig', alg: 'RS256' }

export const ada = {
  sub: 'ada-1',
  email: 'ada@acme.test',
  email_verified: true as unknown,
  name: 'Ada Lovelace',
}

/** A provider at an origin of its own; `connect` makes an active connection at it. */
export function newProvider() {
  const issuer = `https://op-${randomBytes(6).toString('hex')}.example`
  const app = new Hono()
  inProcess.set(issuer, app)
  const codes = new Map<string, Said & { nonce: string }>()
  const tokens = new Map<string, Said>()
  const seen = { exchanges: 0, forms: [] as URLSearchParams[] }

  app.get('/jwks', (c) => c.json({ keys: [jwk] }))
  app.post('/token', async (c) => {
    const form = new URLSearchParams(await c.req.text())
    seen.exchanges += 1
    seen.forms.push(form)
    const said = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    if (!said || said.token_status) return c.json({ error: 'invalid_grant' }, 400)
    const access_token = randomBytes(16).toString('hex')
    tokens.set(access_token, said)
    const id_token = await sign(issuer, said)
    return c.json({ access_token, token_type: 'Bearer', id_token, expires_in: 300 })
  })
  app.get('/userinfo', (c) => {
    const said = tokens.get(c.req.header('authorization')?.slice('Bearer '.length) ?? '')
    if (!said || said.userinfo_status) return c.json({ error: 'no' }, 500)
    const sub = 'claims' in said ? (said.claims?.sub ?? ada.sub) : ada.sub
    return c.json({ sub, ...said.userinfo })
  })

  return {
    issuer,
    seen,
    /** What the browser brings to the callback after a start. */
    answer(started: Response, said: Said = {}): Submission {
      const asked = new URL(started.headers.get('location')!).searchParams
      const code = randomBytes(16).toString('hex')
      codes.set(code, { ...said, nonce: asked.get('nonce')! })
      const given = { code, state: asked.get('state')!, ...said.parameters }
      const fields = new URLSearchParams()
      for (const [name, value] of Object.entries(given))
        if (value !== undefined) fields.set(name, value)
      return { action: asked.get('redirect_uri')!, method: 'GET', fields }
    },
    async connect(project: TestProject, organization_id: string, changes = {}): Promise<string> {
      const path = `/v1/b2b/sso/oidc/${organization_id}`
      const created = await call(project, 'POST', path, {})
      const { connection_id } = created.body.connection
      const updated = await call(project, 'PUT', `${path}/connections/${connection_id}`, {
        ...client,
        issuer,
        authorization_url: `${issuer}/authorize`,
        token_url: `${issuer}/token`,
        userinfo_url: `${issuer}/userinfo`,
        jwks_url: `${issuer}/jwks`,
        ...changes,
      })
      if (updated.body.connection.status !== 'active') throw new Error('the connection is pending')
      return connection_id
    },
  }
}

export type Provider = ReturnType<typeof newProvider>

function sign(issuer: string, said: Said & { nonce: string }): Promise<string> {
  const iat = Math.floor((said.issued_at ?? new Date()).getTime() / 1000)
  const claims = {
    iss: issuer,
    aud: client.client_id,
    iat,
    exp: iat + 300,
    nonce: said.nonce,
    ...ada,
    ...said.claims,
  }
  const given = Object.entries(claims).filter(([, value]) => value !== undefined)
  return new SignJWT(Object.fromEntries(given))
    .setProtectedHeader({ alg: 'RS256', kid: jwk.kid })
    .sign(privateKey)
}
