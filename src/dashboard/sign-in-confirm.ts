/** Within a session: giving the password once more where something needs it, and signing out. */
import { getCookie } from 'hono/cookie'
import { endAdminSession } from '../admins/sessions.ts'
import { signIn } from '../admins/sign-in.ts'
import { ApiError } from '../http/errors.ts'
import { html } from '../http/html.ts'
import { card, field } from '../http/parts.ts'
import { dashboardPage, postForm } from './frame.ts'
import { dropSession, sessionCookie } from './session-cookie.ts'
import { codeField } from './sign-in.ts'
import { ownPage, startSession } from './sign-in-frame.ts'
import { type DashboardPage, serverPage, type Visit } from './visit.ts'

const path = '/dashboard/confirm'

export const signInPages: readonly DashboardPage[] = [
  serverPage({ method: 'GET', path, needs: 'viewer', run: (visit) => confirmPage(visit) }),
  serverPage({ method: 'POST', path, needs: 'viewer', run: confirm }),
  serverPage({ method: 'POST', path: '/dashboard/sign-out', needs: 'viewer', run: signOut }),
]

async function confirm(visit: Visit): Promise<Response> {
  const { services, admin, form, c, request_id } = visit
  const next = ownPage(form.raw('next'))
  try {
    services.limits.call(c, path, 'dashboard')
    await signIn(services, {
      email_address: admin.email_address,
      password: form.raw('password'),
      totp: form.text('totp'),
      address: services.limits.addressOf(c),
      request_id,
    })
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.status === 401) services.limits.callFailed(c, 'dashboard')
    return confirmPage(visit, error)
  }
  await startSession(visit, admin)
  return c.redirect(next, 303)
}

function confirmPage(visit: Visit, error?: ApiError): Response {
  const { admin, form, c } = visit
  const next = ownPage(error ? form.raw('next') : (c.req.query('next') ?? ''))
  return dashboardPage(visit, {
    title: 'Is it still you?',
    error,
    body: card(
      'Your password, once more',
      html`<p>What you are about to do needs a password that was given within the last hour. Nothing was changed yet: afterwards you are back on the page, to do it again.</p>
${postForm(
  visit,
  path,
  html`<input type="hidden" name="next" value="${next}"><input type="hidden" name="username" autocomplete="username" value="${admin.email_address}">
${field({ name: 'password', label: 'Password', type: 'password', required: true, autocomplete: 'current-password' })}
${admin.has_totp ? codeField('The six digits that your authenticator app shows now.') : ''}
<button class="btn btn-primary">Go on</button> <a class="btn" href="${next}">Cancel</a>`,
)}`,
    ),
  })
}

async function signOut(visit: Visit): Promise<Response> {
  const { services, admin, c } = visit
  await endAdminSession(services, getCookie(c, sessionCookie(services.config)) ?? '')
  await visit.audit({
    action: 'admin.sign_out',
    target_type: 'admin',
    target_id: admin.admin_id,
    target_name: admin.email_address,
  })
  dropSession(c, services.config)
  return c.redirect('/dashboard/sign-in', 303)
}
