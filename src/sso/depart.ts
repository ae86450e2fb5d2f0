/** The way from here to the identity provider, for both protocols. */
import { createHash } from 'node:crypto'
import type { Services } from '../context.ts'
import { hashToken } from '../db/secrets.ts'
import { ApiError, isErrorType } from '../http/errors.ts'
import { html, renderPage } from '../http/html.ts'
import { authorizationURL } from '../oidc/authorization.ts'
import { OIDCError } from '../oidc/checks.ts'
import { requestedScopes } from '../oidc/settings.ts'
import { buildAuthnRequest, postForm, redirectURL } from '../saml/authn-request.ts'
import { type Connection, callbackURL } from './connections.ts'
import type { bindBrowser } from './cookies.ts'
import { type NewFlow, startFlow } from './flow.ts'
import { keepMessages } from './messages.ts'

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

/** A login that is about to leave. */
export interface Departure {
  services: Services
  connection: Connection
  cookie: ReturnType<typeof bindBrowser>
  flow: Omit<NewFlow, 'idp_request_id' | 'scopes'>
  custom_scopes: string
  login_hint: string | undefined
  prompts: string[]
}

/** Writes the flow, and sends the browser away with cookies set. Throws ApiError. */
export function depart(departure: Departure): Promise<Response> {
  return departure.connection.type === 'saml' ? departSAML(departure) : departOIDC(departure)
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
    await keepRequest(departure, 'xml', Buffer.from(form.SAMLRequest, 'base64').toString())
    return withCookies(postPage(form), departure)
  }
  const idp_sso_url = entra ? withHint(connection.idp_sso_url, login_hint) : connection.idp_sso_url
  const url = redirectURL({ ...authnRequest, idp_sso_url }, key)
  await startFlow(services, connection, { ...flow, idp_request_id: authnRequest.id, scopes: '' })
  await keepRequest(departure, 'xml', authnRequest.xml)
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
  await keepRequest(departure, 'url', withoutState(url))
  return redirectTo(url.href, departure)
}

async function keepRequest(
  { services, connection, flow }: Departure,
  format: 'xml' | 'url',
  content: string,
): Promise<void> {
  await keepMessages(services, connection, flow, [{ kind: 'request', format, content }])
}

/** With its cookie, the state would finish the login. */
function withoutState(url: URL): string {
  const shown = new URL(url)
  shown.searchParams.set('state', '(removed)')
  return shown.href
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
<p class="muted">You are being sent to your organization’s sign-in page.</p>
<form method="post" action="${form.action}">
<input type="hidden" name="SAMLRequest" value="${form.SAMLRequest}">
<input type="hidden" name="RelayState" value="${form.RelayState}">
<button type="submit">Continue</button>
</form>
</section>`,
  })
}
