/** What the pages before the dashboard share: their frame, and how a browser gets its session. */
import type { Context as HonoContext } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Admin } from '../admins/admins.ts'
import { createAdminSession, endAdminSession } from '../admins/sessions.ts'
import type { Services } from '../context.ts'
import { uuidv7 } from '../db/ids.ts'
import { toApiError } from '../http/envelope.ts'
import type { ApiError } from '../http/errors.ts'
import { assertOwnOrigin, type Form, readForm } from '../http/form.ts'
import { html } from '../http/html.ts'
import { type Content, notice } from '../http/parts.ts'
import { brand, renderScreen, windowTitle } from '../http/screen.ts'
import { keepSession, sessionCookie } from './session-cookie.ts'

/** A page for somebody who is not signed in. */
export function outsidePage(page: {
  title: string
  body: Content
  status?: number
  error?: ApiError | undefined
}): Response {
  const { title, body, error } = page
  return renderScreen({
    title: windowTitle(title, error !== undefined),
    status: page.status ?? error?.status ?? 200,
    ...(error?.headers && { headers: { ...error.headers } }),
    body: html`<main class="narrow">${brand('/dashboard')}
<section class="card mt-3"><div class="card-body"><h1 class="h2 mb-3">${title}</h1>
${error ? notice('danger', error.message) : ''}${body}</div></section></main>`,
  })
}

/** A form that came from a page of this server, and whence. */
export interface OutsideForm {
  services: Services
  c: HonoContext
  form: Form
  address: string
  request_id: string
}

/**
 * Answers a form of somebody who is not signed in: its Origin and the limits of the address come first.
 * A refusal counts against the address and shows `again`.
 */
export async function answerOutside(
  services: Services,
  c: HonoContext,
  work: (outside: OutsideForm) => Promise<Response>,
  again: (outside: OutsideForm, error: ApiError) => Response | Promise<Response>,
): Promise<Response> {
  const address = services.limits.addressOf(c)
  const outside = {
    services,
    c,
    form: noForm,
    address,
    request_id: `request-id-admin-${uuidv7()}`,
  }
  try {
    services.limits.call(c, c.req.path, dashboard)
    assertOwnOrigin(services, c)
    outside.form = await readForm(c.req.raw, outsideFormLimit)
    return await work(outside)
  } catch (cause) {
    const error = toApiError(cause)
    if (error.status >= 500)
      services.log.error({ err: cause, request_id: outside.request_id }, 'page failed')
    if (error.status === 401 || error.status === 404) services.limits.callFailed(c, dashboard)
    return again(outside, error)
  }
}

const dashboard = 'dashboard'
/** An address, a password and what they came with; nobody uploads anything here. */
const outsideFormLimit = 32 * 1024
const noForm: Form = { text: () => '', raw: () => '', list: () => [], flag: () => false }

/**
 * Gives a browser a new session, in place of the one that it had: what it brought along is never taken
 * over (session fixation).
 */
export async function startSession(
  { services, c }: { services: Services; c: HonoContext },
  admin: Admin,
): Promise<void> {
  const old = getCookie(c, sessionCookie(services.config))
  if (old) await endAdminSession(services, old)
  const { token } = await createAdminSession(services, admin.admin_id, {
    address: services.limits.addressOf(c),
    user_agent: c.req.header('user-agent') ?? '',
  })
  keepSession(c, services.config, token)
}

/** Where to go on: a page of the dashboard, whatever an address or a form says. */
export function ownPage(next: string): string {
  const base = 'http://dashboard.invalid'
  const url = URL.parse(next, base)
  const own = url?.origin === base && /^\/dashboard(\/|$)/.test(url.pathname)
  const before = /^\/dashboard\/(sign-(in|out)|confirm|invitation)/
  return own && !before.test(url.pathname) ? url.pathname + url.search : '/dashboard'
}
