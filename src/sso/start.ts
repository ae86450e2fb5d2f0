import { createHash } from 'node:crypto'
import { html } from 'hono/html'
import type { Services } from '../context.ts'
import { looksLikeId, newId } from '../db/ids.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { ApiError, isErrorType } from '../http/errors.ts'
import { renderPage } from '../http/html.ts'
import { authorizationURL } from '../oidc/authorization.ts'
import { OIDCError } from '../oidc/checks.ts'
import { requestedScopes } from '../oidc/settings.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { findProjectByPublicToken, type Project } from '../projects/projects.ts'
import { matchRedirectURL } from '../projects/redirect-urls.ts'
import { buildAuthnRequest, postForm, redirectURL } from '../saml/authn-request.ts'
import { cachedOrganization } from './cached-organization.ts'
import { type Connection, callbackURL, findConnection } from './connections.ts'
import { bindBrowser } from './cookies.ts'
import { type NewFlow, startFlow } from './flow.ts'

/** The nonce of a login: bound to its state and to the browser, so that nothing of it is stored. */
export function deriveNonce(cookie: string, state: string): string {
  return derive('nonce', cookie, state)
}

/** The PKCE verifier towards the provider (RFC 7636): only the browser's cookie and its state lead to it. */
export function deriveCodeVerifier(cookie: string, state: string): string {
  return derive('code_verifier', cookie, state)
}

function derive(what: string, cookie: string, state: string): string {
  return createHash('sha256').update(`${what}\n${cookie}\n${state}`).digest('base64url')
}

/**
 * `GET /v1/public/sso/start` (backend.md section 4): finds project, connection and redirect URLs, writes
 * the flow, and sends the browser to the identity provider: 302, or a page that posts where the provider
 * takes AuthnRequests by HTTP-POST alone. Throws ApiError.
 */
export async function startLogin(services: Services, request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams
  const project = await projectOf(services, query)
  const connection = await locateConnection(services, project, query)
  if (connection.status !== 'active') throw new ApiError('requires_active_sso_connection')
  const login_redirect_url = matchRedirectURL(
    project,
    'LOGIN',
    parameter(query, 'login_redirect_url'),
  )
  const signup_redirect_url = matchRedirectURL(
    project,
    'SIGNUP',
    parameter(query, 'signup_redirect_url'),
  )
  const pkce_code_challenge = parameter(query, 'pkce_code_challenge') ?? ''
  if (pkce_code_challenge !== '' && !/^[A-Za-z0-9_-]{43}$/.test(pkce_code_challenge))
    throw new ApiError('invalid_pkce_code_challenge')
  const cookie = bindBrowser(services.config, request)
  const departure: Departure = {
    services,
    connection,
    cookie,
    flow: {
      flow_id: newId('sso-flow', project.environment),
      request_id: newId('request-id', project.environment),
      state: newToken(),
      cookie: cookie.value,
      pkce_code_challenge,
      login_redirect_url,
      signup_redirect_url,
    },
    custom_scopes: parameter(query, 'custom_scopes') ?? '',
    login_hint: loginHint(query),
    prompts: prompts(query),
  }
  return connection.type === 'saml' ? departSAML(departure) : departOIDC(departure)
}

interface Departure {
  services: Services
  connection: Connection
  cookie: ReturnType<typeof bindBrowser>
  flow: Omit<NewFlow, 'idp_request_id' | 'scopes'>
  custom_scopes: string
  login_hint: string | undefined
  prompts: string[]
}

const maxHint = 1_024

function loginHint(query: URLSearchParams): string | undefined {
  const hint = parameter(query, 'login_hint') ?? parameter(query, 'provider_login_hint')
  if (hint && (hint.length > maxHint || /[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(hint)))
    throw new ApiError('bad_request', {
      message: `login_hint is a line of text of at most ${maxHint} characters.`,
    })
  return hint
}

/** The values of `prompt` (OpenID Connect Core 3.1.2.1); over SAML `login` alone means something. */
function prompts(query: URLSearchParams): string[] {
  const given = parameter(query, 'prompt') ?? parameter(query, 'provider_prompt') ?? ''
  const values = given.split(/\s+/).filter(Boolean)
  if (values.includes('none') && values.length > 1)
    throw new ApiError('oidc_prompt_none_must_be_exclusive')
  return values
}

async function departSAML(departure: Departure): Promise<Response> {
  const { services, connection, flow, login_hint } = departure
  if (!connection.signing_key)
    throw new Error(`connection ${connection.connection_id} has no signing key`)
  const acs_url = callbackURL(services.config.base_url, connection.connection_id)
  const entra = isEntra(connection)
  const authnRequest = buildAuthnRequest({
    idp_sso_url: connection.idp_sso_url,
    audience_uri: acs_url,
    // Where answers go during a migration: the application forwards them here (SDK, alternative_acs_url).
    acs_url: connection.alternative_acs_url || acs_url,
    nameid_format: connection.nameid_format,
    force_authn: departure.prompts.includes('login'),
    now: services.now(),
    ...(login_hint !== undefined && !entra && { subject_name_id: login_hint }),
  })
  const key = { relay_state: flow.state, private_key: connection.signing_key.private_key }
  if (connection.idp_sso_binding === 'post') {
    const form = postForm(authnRequest, { ...key, certificate: connection.signing_key.certificate })
    await startFlow(services, connection, { ...flow, idp_request_id: authnRequest.id, scopes: '' })
    return withCookies(postPage(form), departure)
  }
  const idp_sso_url = entra ? withHint(connection.idp_sso_url, login_hint) : connection.idp_sso_url
  const url = redirectURL({ ...authnRequest, idp_sso_url }, key)
  await startFlow(services, connection, { ...flow, idp_request_id: authnRequest.id, scopes: '' })
  return redirectTo(url, departure)
}

/** Microsoft Entra ID answers a Subject with an error, and takes `login_hint` beside the SAMLRequest. */
function isEntra({ identity_provider, idp_sso_url }: Connection): boolean {
  const microsoft = URL.parse(idp_sso_url)?.hostname === 'login.microsoftonline.com'
  return microsoft || identity_provider === 'microsoft-entra'
}

function withHint(idp_sso_url: string, login_hint: string | undefined): string {
  const url = new URL(idp_sso_url)
  if (login_hint !== undefined) url.searchParams.set('login_hint', login_hint)
  return url.href
}

async function departOIDC(departure: Departure): Promise<Response> {
  const { services, connection, flow, cookie } = departure
  const scopes = requestedScopes(connection, departure.custom_scopes)
  const url = toAuthorizationURL({
    settings: connection,
    redirect_uri: callbackURL(services.config.base_url, connection.connection_id),
    state: flow.state,
    nonce: deriveNonce(cookie.value, flow.state),
    code_challenge: hashToken(deriveCodeVerifier(cookie.value, flow.state)).toString('base64url'),
    scopes,
    login_hint: departure.login_hint,
    prompt: departure.prompts.join(' '),
  })
  await startFlow(services, connection, { ...flow, idp_request_id: '', scopes: scopes.join(' ') })
  return redirectTo(url.href, departure)
}

function toAuthorizationURL(input: Parameters<typeof authorizationURL>[0]): URL {
  try {
    return authorizationURL(input)
  } catch (error) {
    if (!(error instanceof OIDCError) || !isErrorType(error.error_type)) throw error
    throw new ApiError(error.error_type, { message: error.message })
  }
}

function redirectTo(url: string, departure: Departure): Response {
  const body = { status_code: 302, request_id: departure.flow.request_id, redirect_url: url }
  return withCookies(
    Response.json(body, { status: 302, headers: { location: url, 'cache-control': 'no-store' } }),
    departure,
  )
}

function withCookies(response: Response, departure: Departure): Response {
  for (const header of departure.cookie.headers) response.headers.append('set-cookie', header)
  return response
}

function postPage(form: ReturnType<typeof postForm>): Response {
  return renderPage({
    title: 'Signing in',
    script: 'document.forms[0].submit()',
    body: html`<section>
<h1>Signing you in</h1>
<p class="muted">You are being sent to your organization's sign-in page.</p>
<form method="post" action="${form.action}">
<input type="hidden" name="SAMLRequest" value="${form.SAMLRequest}">
<input type="hidden" name="RelayState" value="${form.RelayState}">
<button type="submit">Continue</button>
</form>
</section>`,
  })
}

async function projectOf(services: Services, query: URLSearchParams): Promise<Project> {
  const public_token = parameter(query, 'public_token')
  if (!public_token) throw new ApiError('public_token_required')
  return findProjectByPublicToken(services, public_token)
}

async function locateConnection(
  services: Services,
  project: Project,
  query: URLSearchParams,
): Promise<Connection> {
  const connection_id = parameter(query, 'connection_id')
  const reference = parameter(query, 'organization_id')
  if (connection_id && reference) throw new ApiError('too_many_sso_connection_locators')
  if (connection_id) return findConnection(services, project, connection_id)
  if (!reference) throw new ApiError('missing_sso_connection_locator')
  const organization = await locateOrganization(services, project, reference)
  const active = organization.sso_active_connections
  const chosen =
    organization.sso_default_connection_id ??
    (active.length === 1 ? active[0]?.connection_id : undefined)
  if (chosen) return findConnection(services, project, chosen)
  throw new ApiError(
    active.length === 0
      ? 'no_sso_connection_exists_for_organization'
      : 'indeterminate_sso_connection_for_organization',
  )
}

/** By id from the cache, so that a start takes one statement; by slug or external id from the database. */
async function locateOrganization(
  services: Services,
  project: Project,
  reference: string,
): Promise<OrganizationRow> {
  return looksLikeId(reference)
    ? cachedOrganization(services, { ...project, organization_id: reference })
    : findOrganization(services.db, project, reference)
}

/** A query parameter that may be given once; an empty one counts as not given. */
function parameter(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  if (values.length > 1)
    throw new ApiError('bad_request', { message: `${name} may be given only once.` })
  const [value] = values
  if (value?.includes('\0'))
    throw new ApiError('bad_request', { message: `${name} holds a NUL character.` })
  return value === '' ? undefined : value
}
