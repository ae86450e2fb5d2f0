import { type Context, Hono } from 'hono'
import { TestIdPError } from './error.ts'
import { ExpiringMap } from './expiring-map.ts'
import { type OIDCGrant, tokenRoutes } from './oidc-token.ts'
import { refuseForeignURL, type TestIdPSettings } from './settings.ts'
import { chosenUser, signInPage } from './sign-in-page.ts'
import { findUser, type TestIdPUser } from './users.ts'

const FLOW_LIFETIME_MS = 30 * 60 * 1000
const CODE_LIFETIME_MS = 60 * 1000

/** An authorization request that was found acceptable. */
interface OIDCFlow {
  redirect_uri: string
  state: string | null
  nonce: string | null
  scope: string[]
  code_challenge: string | null
}

/** What the routes of authorization share: requests under way, and codes not yet redeemed. */
interface Authorization {
  settings: TestIdPSettings
  flows: ExpiringMap<OIDCFlow>
  grants: ExpiringMap<OIDCGrant>
}

/** The OpenID Connect half: discovery, code flow with PKCE, token, userinfo, keys. */
export function oidcRoutes(settings: TestIdPSettings): Hono {
  const routes = new Hono()
  const authorization: Authorization = {
    settings,
    flows: new ExpiringMap(FLOW_LIFETIME_MS, settings.now),
    grants: new ExpiringMap(CODE_LIFETIME_MS, settings.now),
  }
  routes.get('/.well-known/openid-configuration', (c) => c.json(discovery(settings)))
  routes.get('/jwks', (c) => c.json({ keys: [settings.keys.oidc.public_jwk] }))
  routes.get('/authorize', (c) => authorize(c, authorization, new URL(c.req.url).searchParams))
  routes.post('/authorize', async (c) =>
    authorize(c, authorization, new URLSearchParams(await c.req.text())),
  )
  routes.post('/sign-in', async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const flow = authorization.flows.get(form.get('flow') ?? '')
    if (!flow) throw new TestIdPError('This login has expired. Begin it again at the application.')
    if (form.get('action') === 'cancel') {
      return sendError(c, settings, flow, ['access_denied', 'The user cancelled the login'])
    }
    return sendCode(c, authorization, flow, chosenUser(settings.users, form))
  })
  routes.route('/', tokenRoutes(settings, authorization.grants))
  return routes
}

function authorize(c: Context, authorization: Authorization, query: URLSearchParams) {
  const { settings } = authorization
  const redirect_uri = checkedRedirectURI(settings, query)
  const flow: OIDCFlow = {
    redirect_uri,
    state: query.get('state'),
    nonce: query.get('nonce'),
    scope: (query.get('scope') ?? '').split(' '),
    code_challenge: query.get('code_challenge'),
  }
  const prompt = (query.get('prompt') ?? '').split(' ').filter(Boolean)
  const refusal = refusalOf(flow, query, prompt)
  if (refusal) return sendError(c, settings, flow, refusal)

  const hint = query.get('login_hint') ?? undefined
  const user = hint === undefined ? undefined : findUser(settings.users, hint)
  if (user && !prompt.includes('login') && !prompt.includes('select_account')) {
    return sendCode(c, authorization, flow, user)
  }
  if (prompt.includes('none')) {
    const why = 'login_hint names nobody who could be signed in without a page'
    return sendError(c, settings, flow, ['login_required', why])
  }
  return showUsers(c, authorization, flow, query)
}

function showUsers(
  c: Context,
  authorization: Authorization,
  flow: OIDCFlow,
  query: URLSearchParams,
) {
  return signInPage(c, {
    action: '/oidc/sign-in',
    flow: authorization.flows.add(flow),
    application: new URL(flow.redirect_uri).host,
    users: authorization.settings.users,
    hint: query.get('login_hint') ?? undefined,
    facts: {
      Protocol: 'OpenID Connect',
      'Client ID': query.get('client_id') ?? undefined,
      'Redirect URI': flow.redirect_uri,
      Scope: flow.scope.join(' '),
      State: flow.state ?? undefined,
      Nonce: flow.nonce ?? undefined,
      PKCE: flow.code_challenge ? 'S256' : 'not used',
      Prompt: query.get('prompt') ?? undefined,
    },
  })
}

// Until client and redirect URI are known to be right, errors must not be sent to it (RFC 6749, 4.1.2.1).
function checkedRedirectURI(settings: TestIdPSettings, query: URLSearchParams): string {
  const names = [...query.keys()]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice) throw new TestIdPError(`The parameter ${twice} is given more than once.`)
  const client_id = query.get('client_id')
  if (client_id !== settings.oidc.client_id) {
    throw new TestIdPError(
      `The client_id is ${client_id ?? 'missing'}. The only client here is ${settings.oidc.client_id}.`,
    )
  }
  const redirect_uri = query.get('redirect_uri') ?? ''
  refuseForeignURL(settings, 'redirect_uri', redirect_uri)
  if (redirect_uri.includes('#')) throw new TestIdPError('The redirect_uri has a fragment.')
  return redirect_uri
}

type Refusal = [error: string, description: string]

function refusalOf(flow: OIDCFlow, query: URLSearchParams, prompt: string[]): Refusal | undefined {
  const mode = query.get('response_mode')
  if (query.has('request')) return ['request_not_supported', 'Request objects are not supported']
  if (query.has('request_uri')) return ['request_uri_not_supported', 'request_uri is not supported']
  if (query.get('response_type') !== 'code') {
    return ['unsupported_response_type', 'Only response_type=code is supported']
  }
  if (mode && mode !== 'query') return ['invalid_request', 'Only response_mode=query is supported']
  if (!flow.scope.includes('openid')) return ['invalid_scope', 'The scope must include openid']
  if (flow.code_challenge && query.get('code_challenge_method') !== 'S256') {
    return ['invalid_request', 'Only code_challenge_method=S256 is supported']
  }
  if (prompt.includes('none') && prompt.length > 1) {
    return ['invalid_request', 'prompt=none goes with no other value']
  }
  return undefined
}

function sendCode(c: Context, authorization: Authorization, flow: OIDCFlow, user: TestIdPUser) {
  const { settings, grants } = authorization
  const { redirect_uri, nonce, scope, code_challenge } = flow
  const auth_time = settings.now()
  const code = grants.add({ redirect_uri, nonce, scope, code_challenge, user, auth_time })
  return send(c, settings, flow, { code })
}

function sendError(c: Context, settings: TestIdPSettings, flow: OIDCFlow, refusal: Refusal) {
  const [error, error_description] = refusal
  return send(c, settings, flow, { error, error_description })
}

function send(
  c: Context,
  settings: TestIdPSettings,
  flow: OIDCFlow,
  parameters: Record<string, string>,
) {
  const url = new URL(flow.redirect_uri)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  if (flow.state !== null) url.searchParams.set('state', flow.state)
  url.searchParams.set('iss', settings.oidc.issuer) // RFC 9207
  c.header('Cache-Control', 'no-store')
  return c.redirect(url.href, 303)
}

function discovery(settings: TestIdPSettings) {
  const { issuer } = settings.oidc
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: ['none', 'login', 'select_account'],
    scopes_supported: ['openid', 'email', 'profile'],
    claims_supported: [
      ...['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'at_hash', 'email'],
      ...['email_verified', 'name', 'given_name', 'family_name', 'department', 'groups'],
    ],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    authorization_response_iss_parameter_supported: true,
  }
}
