/**
 * Signing in to the dashboard over SSO: a login as every application makes it, with PKCE, in the system
 * project. Whoever it turns out to be gets in as the administrator with that e-mail address, if there is one.
 */
import { createHash } from 'node:crypto'
import type { Hono, Context as HonoContext } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { actorOf, findAdminByEmail } from '../admins/admins.ts'
import type { Services } from '../context.ts'
import { uuidv7 } from '../db/ids.ts'
import { newToken } from '../db/secrets.ts'
import { recordAudit } from '../events/audit.ts'
import { toApiError } from '../http/envelope.ts'
import { ApiError } from '../http/errors.ts'
import { html } from '../http/html.ts'
import type { Project } from '../projects/projects.ts'
import { addRedirectURL } from '../projects/redirect-urls.ts'
import { findSystemProject } from '../projects/system-project.ts'
import { authenticateSSO } from '../sso/authenticate.ts'
import { getConnections } from '../sso/connection-list.ts'
import { contextOf } from '../sso/connection-switches.ts'
import { administratorsOf } from './admins-sso-organization.ts'
import { cookieName, cookieOptions } from './cookies.ts'
import { outsidePage, startSession } from './sign-in-frame.ts'

const start = '/dashboard/sign-in/sso'
const verifierLifetimeSeconds = 30 * 60

/** Of the cookie that binds a login to the browser that began it. */
function verifierCookie({ config }: Services): string {
  return cookieName(config, 'portcullis_dashboard_sso')
}

/** Where a login of an administrator returns to. */
export function returnURL({ config }: Services): string {
  return `${config.base_url}${start}/return`
}

/** Mounts both ends of the login. */
export function mountSignInSSO(app: Hono, services: Services): void {
  app.get(start, (c) => tell(services, c, () => begin(services, c)))
  app.get(`${start}/return`, (c) => tell(services, c, () => finish(services, c)))
}

async function tell(
  services: Services,
  c: HonoContext,
  work: () => Promise<Response>,
): Promise<Response> {
  try {
    services.limits.visit(c, 'start', start, 'dashboard')
    return await work()
  } catch (cause) {
    const error = toApiError(cause)
    const request_id = `request-id-admin-${uuidv7()}`
    if (error.status >= 500) services.log.error({ err: cause, request_id }, 'page failed')
    else services.limits.visitFailed(c)
    return outsidePage({
      title: 'You could not be signed in',
      error,
      body: html`<p>Request id <code>${request_id}</code></p><p class="mb-0"><a class="btn" href="/dashboard/sign-in">Back to sign-in</a></p>`,
    })
  }
}

/** The active connection of the administrators' organization: its default, or the first. */
export async function administratorsConnection(
  services: Services,
  project: Project,
): Promise<string | undefined> {
  const organization = await administratorsOf(services, project)
  const { organization_id, sso_default_connection_id } = organization
  const context = contextOf(services, project.project_id)
  const found = await getConnections.run({ organization_id }, context)
  const active = [...found.saml_connections, ...found.oidc_connections].filter(
    ({ status }) => status === 'active',
  )
  const standard = active.find(({ connection_id }) => connection_id === sso_default_connection_id)
  return (standard ?? active[0])?.connection_id
}

/** Whether the sign-in page has anything to offer beside the password. */
export async function offersSSO(services: Services): Promise<boolean> {
  const project = await findSystemProject(services)
  if (!project) return false
  const connection_id = await administratorsConnection(services, project).catch(() => undefined)
  return connection_id !== undefined
}

async function begin(services: Services, c: HonoContext): Promise<Response> {
  const project = await findSystemProject(services)
  const connection_id = project && (await administratorsConnection(services, project))
  if (!project || !connection_id)
    throw new ApiError('bad_request', {
      message: 'Single sign-on is not set up for administrators: sign in with your password.',
    })
  const url = returnURL(services)
  // The address of this server may have changed since.
  for (const type of ['LOGIN', 'SIGNUP'] as const)
    if (!project.redirect_urls.some((each) => each.url === url && each.type === type))
      await addRedirectURL(services.db, { project_id: project.project_id, url, types: [type] })
  const verifier = newToken()
  const options = cookieOptions(services.config)
  setCookie(c, verifierCookie(services), verifier, { ...options, maxAge: verifierLifetimeSeconds })
  const query = new URLSearchParams({
    connection_id,
    public_token: project.public_tokens[0] ?? '',
    login_redirect_url: url,
    signup_redirect_url: url,
    pkce_code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  })
  return c.redirect(`${services.config.base_url}/v1/public/sso/start?${query}`, 303)
}

async function finish(services: Services, c: HonoContext): Promise<Response> {
  const project = await findSystemProject(services)
  const verifier = getCookie(c, verifierCookie(services))
  deleteCookie(c, verifierCookie(services), cookieOptions(services.config))
  if (!project || !verifier)
    throw new ApiError('bad_request', {
      message: 'This browser did not begin this login. Start again at the sign-in page.',
    })
  const context = contextOf(services, project.project_id)
  const { member, member_authenticated } = await authenticateSSO.run(
    { sso_token: c.req.query('token') ?? '', pkce_code_verifier: verifier },
    context,
  )
  if (!member_authenticated)
    throw new ApiError('bad_request', {
      status: 403,
      message:
        'The organization of the administrators requires a second factor, which is not asked for here: sign in with password and code, or let the identity provider ask for it.',
    })
  const admin = await findAdminByEmail(services.db, member.email_address)
  if (admin?.status !== 'active')
    throw new ApiError('bad_request', {
      status: 403,
      message: `${member.email_address} is no administrator of this server. An owner can invite that address.`,
    })
  await startSession({ services, c }, admin)
  await recordAudit(services.db, {
    project_id: null,
    actor: actorOf(admin),
    action: 'admin.sign_in',
    target_type: 'admin',
    target_id: admin.admin_id,
    target_name: admin.email_address,
    after: { method: 'sso' },
    address: services.limits.addressOf(c),
    request_id: context.request_id,
    at: services.now(),
  })
  return c.redirect('/dashboard', 303)
}
