/** Mounts the dashboard: every page of `pages.ts` behind session, role and the checks of a form. */

import type { Hono, Context as HonoContext } from 'hono'
import { getCookie } from 'hono/cookie'
import { may } from '../admins/admins.ts'
import { findAdminSession } from '../admins/sessions.ts'
import type { Services } from '../context.ts'
import { newId, uuidv7 } from '../db/ids.ts'
import type { AdminRole } from '../db/schema-operations.ts'
import { assertStorable } from '../http/body.ts'
import { toApiError } from '../http/envelope.ts'
import { ApiError } from '../http/errors.ts'
import { assertOwnForm, csrfTokenOf, formOf, readForm } from '../http/form.ts'
import { html } from '../http/html.ts'
import { notice } from '../http/parts.ts'
import { inPlainNames } from '../http/plain-names.ts'
import { guardPages, renderScreen } from '../http/screen.ts'
import { findProjectBySlug } from '../projects/projects.ts'
import { dashboardPage } from './frame.ts'
import { pages } from './pages.ts'
import { recentProject } from './recent-project.ts'
import { sessionCookie } from './session-cookie.ts'
import { mountSignIn, signInHere } from './sign-in.ts'
import { ownPage } from './sign-in-frame.ts'
import { mountSignInSSO } from './sign-in-sso.ts'
import { auditor, type DashboardPage, type ProjectVisit, type Visit } from './visit.ts'

const freshForMs = 60 * 60_000

/** Mounts `/dashboard` and everything below it. */
export function mountDashboard(app: Hono, services: Services): void {
  app.use('/dashboard/*', guardPages)
  mountSignIn(app, services)
  mountSignInSSO(app, services)
  for (const page of pages)
    app.on(page.method, page.path, (c, next) =>
      // `npm start` prints a link with a token; development answers it.
      page.path === '/dashboard' && c.req.query('token') !== undefined
        ? next().then(() => c.res)
        : answer(services, c, page),
    )
  // The pattern matches /dashboard itself, too.
  app.get('/dashboard/*', (c, next) =>
    c.req.path === '/dashboard' ? next().then(() => c.res) : Promise.resolve(unknownPage()),
  )
}

async function answer(services: Services, c: HonoContext, page: DashboardPage): Promise<Response> {
  const token = getCookie(c, sessionCookie(services.config)) ?? ''
  const session = token ? await findAdminSession(services, token) : undefined
  // The address that people know says at once who may come in; the others lead there.
  if (!session) return page.path === '/dashboard' ? signInHere(services) : signInFirst(c, page)
  const found = {
    services,
    c,
    admin: session.admin,
    session,
    csrf_token: csrfTokenOf(token),
    request_id: `request-id-admin-${uuidv7()}`,
    form: formOf([]),
    recent: page.scope === 'server' ? await recentProject(services, c) : undefined,
  }
  let visit: Visit | ProjectVisit = { ...found, audit: auditor(found, null) }
  try {
    assertStorable([...new URL(c.req.url).searchParams.values(), c.req.param()])
    if (page.scope === 'project') visit = await ofProject(visit)
    if (page.method === 'POST') {
      visit.form = await readForm(c.req.raw)
      assertOwnForm(services, c, visit.form, visit.csrf_token)
    }
    const needs = neededRole(visit, page)
    if (!may(session.admin.role, needs)) throw notAllowed(session.admin.role, needs)
    if (page.fresh && isStale(visit)) return confirmFirst(c, page)
    return page.scope === 'project' ? await page.run(visit as ProjectVisit) : await page.run(visit)
  } catch (cause) {
    return refusal(visit, cause)
  }
}

async function ofProject(visit: Visit): Promise<ProjectVisit> {
  const { services, c } = visit
  const project = await findProjectBySlug(services, c.req.param('project_slug') ?? '')
  if (!project) throw new ApiError('project_not_found')
  const request_id = newId('request-id', project.environment)
  const context = { ...services, project, request_id, member_session: null }
  const base = `/dashboard/projects/${project.project_slug}`
  const found = { ...visit, request_id, project, context, base }
  return { ...found, audit: auditor(found, project.project_id) }
}

/** Whoever could change a connection of the system project could sign in as any administrator. */
function neededRole(visit: Visit | ProjectVisit, page: DashboardPage): AdminRole {
  const guarded = 'project' in visit && visit.project.is_system && page.method === 'POST'
  return guarded ? 'owner' : page.needs
}

function isStale({ services, session, admin }: Visit): boolean {
  const age = services.now().getTime() - session.verified_at.getTime()
  return admin.has_password && age > freshForMs
}

function signInFirst(c: HonoContext, page: DashboardPage): Response {
  const { pathname, search } = new URL(c.req.url)
  const query =
    page.method === 'GET' ? { next: pathname + search } : { next: cameFrom(c), form: 'lost' }
  return c.redirect(`/dashboard/sign-in?${new URLSearchParams(query)}`, 303)
}

function confirmFirst(c: HonoContext, page: DashboardPage): Response {
  const { pathname, search } = new URL(c.req.url)
  const next = page.method === 'GET' ? pathname + search : cameFrom(c)
  return c.redirect(`/dashboard/confirm?${new URLSearchParams({ next })}`, 303)
}

/** The page of the dashboard that a request came from, whatever the browser says. */
function cameFrom(c: HonoContext): string {
  const url = URL.parse(c.req.header('referer') ?? '')
  return url ? ownPage(url.pathname + url.search) : '/dashboard'
}

function notAllowed(role: string, needs: string): ApiError {
  return new ApiError('bad_request', {
    status: 403,
    message: `This needs the role ${needs}; yours is ${role}. An owner can change it under Administrators.`,
  })
}

function refusal(visit: Visit, cause: unknown): Response {
  const error = toApiError(cause)
  const { log } = visit.services
  if (error.status >= 500) log.error({ err: cause, request_id: visit.request_id }, 'page failed')
  return dashboardPage(visit, {
    title: error.status === 404 ? 'Not found' : 'That did not work',
    status: error.status,
    body: html`${notice('danger', inPlainNames(error.message), html`Nothing was changed. Request id <code>${visit.request_id}</code>`)}
<p><a class="btn" href="${cameFrom(visit.c)}">Back</a></p>`,
  })
}

function unknownPage(): Response {
  return renderScreen({
    title: 'Not found',
    status: 404,
    body: html`<main class="narrow">${notice('warning', 'There is no such page.', html`<a href="/dashboard">To the dashboard</a>`)}</main>`,
  })
}
