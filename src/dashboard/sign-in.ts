/** Signing in to the dashboard: password, then a code where an authenticator app is enrolled. */
import type { Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { findAdminSession } from '../admins/sessions.ts'
import { signIn, signInWithCode } from '../admins/sign-in.ts'
import type { Services } from '../context.ts'
import type { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { field, notice } from '../http/parts.ts'
import { sessionCookie } from './session-cookie.ts'
import {
  answerOutside,
  type OutsideForm,
  outsidePage,
  ownPage,
  startSession,
} from './sign-in-frame.ts'
import { mountInvitation } from './sign-in-invitation.ts'
import { offersSSO } from './sign-in-sso.ts'

/** Mounts `/dashboard/sign-in` and `/dashboard/invitation`. */
export function mountSignIn(app: Hono, services: Services): void {
  app.get('/dashboard/sign-in', async (c) => {
    const next = ownPage(c.req.query('next') ?? '')
    const token = getCookie(c, sessionCookie(services.config))
    if (token && (await findAdminSession(services, token))) return c.redirect(next, 303)
    const lost = c.req.query('form') === 'lost'
    return signInPage(services, { next, lost, sso: await offersSSO(services) })
  })
  app.post('/dashboard/sign-in', (c) =>
    answerOutside(services, c, withPassword, async ({ form }, error) =>
      signInPage(services, {
        sso: await offersSSO(services),
        next: ownPage(form.raw('next')),
        email_address: form.text('email_address'),
        error,
      }),
    ),
  )
  app.post('/dashboard/sign-in/code', (c) =>
    answerOutside(services, c, withCode, ({ form }, error) =>
      codePage({ next: ownPage(form.raw('next')), pending: form.raw('pending'), error }),
    ),
  )
  mountInvitation(app, services)
}

/** The page in place of the dashboard, status 401. */
export async function signInHere(services: Services): Promise<Response> {
  const page = { next: '/dashboard', sso: await offersSSO(services), status: 401 }
  return signInPage(services, page)
}

async function withPassword(outside: OutsideForm): Promise<Response> {
  const { services, c, form, address, request_id } = outside
  const next = ownPage(form.raw('next'))
  const { admin, pending } = await signIn(services, {
    email_address: form.text('email_address'),
    password: form.raw('password'),
    address,
    request_id,
  })
  if (!admin) return codePage({ next, pending })
  await startSession(outside, admin)
  return c.redirect(next, 303)
}

async function withCode(outside: OutsideForm): Promise<Response> {
  const { services, c, form, address, request_id } = outside
  const given = { pending: form.raw('pending'), totp: form.text('totp') }
  const admin = await signInWithCode(services, { ...given, address, request_id })
  await startSession(outside, admin)
  return c.redirect(ownPage(form.raw('next')), 303)
}

function signInPage(
  { config }: Services,
  page: {
    next: string
    sso: boolean
    status?: number
    email_address?: string
    error?: ApiError
    /** Whether a form was sent whose session had ended. */
    lost?: boolean
  },
): Response {
  const local = config.mode === 'development'
  return outsidePage({
    title: 'Sign in',
    ...(page.status && { status: page.status }),
    error: page.error,
    body: html`${page.lost ? notice('warning', 'Your session had ended: nothing was changed.', 'Sign in and send the form again. The back button of the browser may still have what you typed.') : ''}
${local ? notice('info', 'On your own machine no password is needed.', html`Open the dashboard link that <code>npm start</code> printed last: it works once, a restart prints a new one. Administrators whom you invited sign in here.`) : ''}
<form method="post" action="/dashboard/sign-in"><input type="hidden" name="next" value="${page.next}">
${field({ name: 'email_address', label: 'E-mail address', type: 'email', required: true, autocomplete: 'username', value: page.email_address ?? '' })}
${field({ name: 'password', label: 'Password', type: 'password', required: true, autocomplete: 'current-password' })}
<button class="btn btn-primary w-100">Sign in</button></form>
${page.sso ? html`<a class="btn w-100 mt-3" href="/dashboard/sign-in/sso">Sign in with single sign-on</a>` : ''}
<p class="form-hint mt-3 mb-0">Forgotten password, lost phone? Another owner can make you a link under Administrators, and so can whoever runs this server: <code>portcullis admin reset --email ADDRESS</code></p>`,
  })
}

function codePage(page: { next: string; pending: string; error?: ApiError }): Response {
  return outsidePage({
    title: 'Your code',
    error: page.error,
    body: html`<form method="post" action="/dashboard/sign-in/code">
<input type="hidden" name="next" value="${page.next}"><input type="hidden" name="pending" value="${page.pending}">
${codeField('The six digits that your authenticator app shows now. Each code works once.')}
<button class="btn btn-primary w-100">Sign in</button></form>
<p class="mt-3 mb-0"><a href="/dashboard/sign-in?${new URLSearchParams({ next: page.next })}">Start again</a></p>`,
  })
}

/** The field for a code of an authenticator app. */
export function codeField(hint: string): Markup {
  return html`<div class="mb-3"><label class="form-label required" for="field-totp">Code</label>
<input class="form-control" type="text" id="field-totp" name="totp" required inputmode="numeric" autocomplete="one-time-code" aria-describedby="field-totp-hint">
<div class="form-hint" id="field-totp-hint">${hint}</div></div>`
}
