/**
 * login/ holds the hosted login page of an organization: `/login/{project_slug}/{organization_slug}` lists
 * its active SSO connections, `/login/{project_slug}` asks for the organization. Plain links and a GET form;
 * the login itself begins at `/v1/public/sso/start`, which checks everything that is passed on to it.
 *
 * Slugs are names, no secrets: an unknown one answers 404, a known one shows the name of the organization and
 * of its active connections to whoever asks.
 */
import type { Hono, Context as HonoContext } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { Services } from '../context.ts'
import { ApiError } from '../http/errors.ts'
import { noteRequest } from '../http/request-log.ts'
import { organizationsOfDomain } from '../organizations/by-domain.ts'
import { normalizeDomain } from '../organizations/domains.ts'
import { isSlug } from '../organizations/names.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { findProjectBySlug, type Project } from '../projects/projects.ts'
import { tellRefusals } from '../sso/routes.ts'
import {
  chooseOrganization,
  organizationForm,
  unknownAddress,
  unknownOrganization,
} from './form-page.ts'
import { hasLogo, logoResponse } from './logo.ts'
import { loginPage, organizationPage, waysIn } from './organization-page.ts'

const formPath = '/login/:project_slug'
const pagePath = `${formPath}/:organization_slug`
const departurePath = `${pagePath}/to/:connection_id`

const cookie = 'portcullis_last_connection'
const cookieLifetimeSeconds = 180 * 24 * 60 * 60

/** What a link to the page may carry; start says what is wrong with it. */
const passed = ['login_redirect_url', 'signup_redirect_url', 'pkce_code_challenge', 'login_hint']

/** Mounts the hosted login page, the form that finds it, and a page for every other address below `/login`. */
export function mountLogin(app: Hono, services: Services): void {
  const tell = tellRefusals(services)
  for (const path of [formPath, `${formPath}/`])
    app.get(path, (c) => tell(c, () => withProject(services, c, (it) => findPage(services, c, it))))
  for (const path of [pagePath, `${pagePath}/`])
    app.get(path, (c) => tell(c, () => withOrganization(services, c, showPage)))
  app.get('/logos/:project_slug', (c) =>
    tell(c, () => withProject(services, c, (it) => logoResponse(services, it.project_logo_url))),
  )
  app.get('/logos/:project_slug/:organization_slug', (c) =>
    tell(c, () =>
      withOrganization(services, c, ({ organization }) =>
        logoResponse(services, organization.organization_logo_url),
      ),
    ),
  )
  app.get(departurePath, (c) => tell(c, () => withOrganization(services, c, goTo)))
  for (const path of ['/login', '/login/*']) {
    app.get(path, () => unknownAddress())
    app.all(path, (c) =>
      tell(c, () => {
        throw new ApiError('method_not_allowed')
      }),
    )
  }
}

interface Visit {
  services: Services
  c: HonoContext
  project: Project
  organization: OrganizationRow
}

async function withProject(
  services: Services,
  c: HonoContext,
  work: (project: Project) => Response | Promise<Response>,
): Promise<Response> {
  const slug = c.req.param('project_slug') ?? ''
  services.limits.visit(c, 'start', '/login', slug)
  const project = isSlug(slug) ? await findProjectBySlug(services, slug) : undefined
  if (project) {
    noteRequest(services, c.req.raw, { project_id: project.project_id })
    return work(project)
  }
  services.limits.visitFailed(c)
  return unknownAddress()
}

function withOrganization(
  services: Services,
  c: HonoContext,
  work: (visit: Visit) => Response | Promise<Response>,
): Promise<Response> {
  return withProject(services, c, async (project) => {
    const slug = c.req.param('organization_slug') ?? ''
    const organization = await findBySlug(services, project, slug)
    if (organization) return work({ services, c, project, organization })
    services.limits.visitFailed(c)
    return unknownOrganization(project, slug, passedOn(c))
  })
}

/** By slug alone: ids and external ids are for the application's backend. */
async function findBySlug(
  { db }: Services,
  project: Project,
  slug: string,
): Promise<OrganizationRow | undefined> {
  if (!isSlug(slug)) return undefined
  const found = await findOrganization(db, project, slug).catch((error: unknown) => {
    if (error instanceof ApiError && error.error_type === 'organization_not_found') return undefined
    throw error
  })
  return found?.organization_slug === slug ? found : undefined
}

/** The form, or where it leads once it is filled in. */
async function findPage(services: Services, c: HonoContext, project: Project): Promise<Response> {
  const wanted = (c.req.query('organization') ?? '').trim()
  if (wanted === '') {
    const logo = await hasLogo(services, project.project_logo_url)
    return organizationForm(project, passedOn(c), logo)
  }
  if (project.login_by_email && wanted.includes('@'))
    return findByEmail(services, c, project, wanted)
  if (isSlug(wanted)) return c.redirect(organizationPage(project, wanted, passedOn(c)))
  services.limits.visitFailed(c)
  return unknownOrganization(project, wanted, passedOn(c))
}

/** By the domain of an address; it goes along as `login_hint`, so that it is not typed twice. */
async function findByEmail(
  services: Services,
  c: HonoContext,
  project: Project,
  email: string,
): Promise<Response> {
  const typed = email.slice(email.lastIndexOf('@') + 1)
  const domain = email.length <= 254 ? normalizeDomain(typed) : undefined
  const query = passedOn(c)
  if (!query.has('login_hint')) query.set('login_hint', email)
  const found = domain ? await organizationsOfDomain(services.db, project.project_id, domain) : []
  const [only] = found
  if (found.length > 1) return chooseOrganization(project, found, query)
  if (only) return c.redirect(organizationPage(project, only.organization_slug, query))
  services.limits.visitFailed(c)
  return unknownOrganization(project, email, passedOn(c))
}

async function showPage(visit: Visit): Promise<Response> {
  const { services, c, project, organization } = visit
  const ways = waysIn(project, organization, getCookie(c, cookie))
  const straight = project.login_straight || c.req.query('straight') === '1'
  if (straight && ways.length === 1) return c.redirect(startURL(visit, ways[0]!.connection_id))
  const [ofOrganization, ofProject] = await Promise.all([
    hasLogo(services, organization.organization_logo_url),
    hasLogo(services, project.project_logo_url),
  ])
  const logos = { organization: ofOrganization, project: ofProject }
  return loginPage({ project, organization, ways, logos, query: passedOn(c) })
}

/** Remembers the choice in this browser, and begins the login. A connection that is not offered is refused. */
function goTo(visit: Visit): Response {
  const { services, c, project, organization } = visit
  const ways = waysIn(project, organization, getCookie(c, cookie))
  const chosen = ways.find((way) => way.connection_id === c.req.param('connection_id'))
  if (!chosen) {
    services.limits.visitFailed(c)
    return loginPage({ project, organization, ways, query: passedOn(c), gone: true })
  }
  setCookie(c, cookie, chosen.connection_id, {
    path: organizationPage(project, organization.organization_slug),
    httpOnly: true,
    sameSite: 'Lax',
    secure: services.config.base_url.startsWith('https://'),
    maxAge: cookieLifetimeSeconds,
  })
  return c.redirect(startURL(visit, chosen.connection_id))
}

function startURL({ services, c, project }: Visit, connection_id: string): string {
  const query = passedOn(c)
  query.set('connection_id', connection_id)
  query.set('public_token', project.public_tokens[0]!)
  return `${services.config.base_url}/v1/public/sso/start?${query}`
}

function passedOn(c: HonoContext): URLSearchParams {
  const query = new URL(c.req.url).searchParams
  return new URLSearchParams([...query].filter(([name]) => passed.includes(name)))
}
