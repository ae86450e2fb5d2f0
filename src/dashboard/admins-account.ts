/** Your account: what administrators change of their own. */
import { changeAdmin } from '../admins/admins.ts'
import { changePassword, enrolTOTP, removeTOTP } from '../admins/credentials.ts'
import { endAdminSessions, listAdminSessions } from '../admins/sessions.ts'
import { type Enrolment, proposedTOTP, proposeTOTP } from '../admins/totp.ts'
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card, copyField, facts, field } from '../http/parts.ts'
import { sessionsCard } from './admins-one.ts'
import { byVisitor, roleBadge } from './admins-pages.ts'
import { dashboardPage, postForm, seeOther } from './frame.ts'
import { codeField } from './sign-in.ts'
import { startSession } from './sign-in-frame.ts'
import { type DashboardPage, serverPage, type Visit } from './visit.ts'

const path = '/dashboard/account'
const totpPath = `${path}/authenticator`

type Again = (visit: Visit, error?: ApiError) => Response | Promise<Response>

export const accountPages: readonly DashboardPage[] = [
  serverPage({ method: 'GET', path, needs: 'viewer', run: (visit) => account(visit) }),
  serverPage({ method: 'GET', path: totpPath, needs: 'viewer', run: (visit) => enrolment(visit) }),
  own('/name', rename, account),
  own('/password', newPassword, account),
  own('/sessions', endOthers, account),
  own('/authenticator', enrol, enrolment),
  own('/authenticator/remove', remove, account),
]

/** A change of one's own; one that is refused shows its page again. */
function own(
  action: string,
  work: (visit: Visit) => Promise<Response>,
  again: Again,
): DashboardPage {
  return serverPage({
    method: 'POST',
    path: path + action,
    needs: 'viewer',
    async run(visit) {
      try {
        return await work(visit)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (error.status === 401) visit.services.limits.callFailed(visit.c, 'dashboard')
        return again(visit, error)
      }
    },
  })
}

async function account(visit: Visit, error?: ApiError): Promise<Response> {
  const { admin, services } = visit
  const sessions = await listAdminSessions(services, admin.admin_id)
  return dashboardPage(visit, {
    title: 'Your account',
    state: roleBadge(admin),
    error,
    body: html`${card(
      'You',
      html`${facts([['E-mail address', admin.email_address]])}<div class="mt-3">${postForm(visit, `${path}/name`, html`${field({ name: 'name', label: 'Name', autocomplete: 'name', value: admin.name, hint: 'It stands beside what you change.' })}<button class="btn btn-primary">Save</button>`)}</div>`,
    )}${admin.has_password ? html`${passwordCard(visit)}${totpCard(visit)}` : card('Password', html`<p class="mb-0">You have none: the dashboard link that <code>npm start</code> prints signs you in, on this machine alone.</p>`)}
${sessionsCard(visit, sessions, `${path}/sessions`, 'Sign out everywhere else')}`,
  })
}

function passwordCard(visit: Visit): Markup {
  return card(
    'Password',
    postForm(
      visit,
      `${path}/password`,
      html`<input type="hidden" name="username" autocomplete="username" value="${visit.admin.email_address}">
${field({ name: 'current_password', label: 'Present password', type: 'password', required: true, autocomplete: 'current-password' })}
${field({ name: 'new_password', label: 'New password', type: 'password', required: true, autocomplete: 'new-password', hint: 'At least 12 characters. You are signed out everywhere else.' })}
<button class="btn btn-primary">Change password</button>`,
    ),
  )
}

function totpCard(visit: Visit): Markup {
  if (!visit.admin.has_totp)
    return card(
      html`Authenticator app ${badge('off', 'yellow')}`,
      html`<p>With an app such as Aegis, 1Password or Google Authenticator your password alone opens nothing: a code is asked for, too.</p><a class="btn btn-primary" href="${totpPath}">Set up</a>`,
    )
  return card(
    html`Authenticator app ${badge('on', 'green')}`,
    html`<p>A code is asked for at each sign-in. To move to another phone, remove the app and set it up again. You have lost the phone? An owner can make you a link under Administrators, and so can <code>portcullis admin reset</code>.</p>
${postForm(visit, `${totpPath}/remove`, html`${field({ name: 'password', label: 'Your password', type: 'password', required: true, autocomplete: 'current-password' })}${codeField('The six digits that the app shows now.')}<button class="btn btn-outline-danger">Remove the app</button>`)}`,
  )
}

function enrolment(visit: Visit, error?: ApiError): Response {
  const { services, admin, form } = visit
  if (admin.has_totp || !admin.has_password) return seeOther(visit, path)
  const kept = error && proposedTOTP(services, admin, form.raw('sealed'))
  const proposal = kept ?? proposeTOTP(services, admin)
  return dashboardPage(visit, {
    title: 'Set up your authenticator app',
    crumbs: [['Your account', path]],
    error,
    body: card('Two steps', enrolmentForm(visit, proposal)),
  })
}

function enrolmentForm(visit: Visit, { svg, secret, uri, sealed }: Enrolment): Markup {
  const picture = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
  return html`<p><b>1.</b> Scan this picture with the app.</p>
<p><img src="${picture}" alt="QR code of the key that stands below" width="220" height="220"></p>
<p>Or <a href="${uri}">open it in an app on this device</a>, or type this key (time-based, SHA-1, six digits):</p>
<div class="mb-4">${copyField(secret)}</div>
<p><b>2.</b> Type the code that it shows now, and your password.</p>
${postForm(
  visit,
  totpPath,
  html`<input type="hidden" name="sealed" value="${sealed}">
${codeField('Six digits. From now on one is asked for at each sign-in.')}
${field({ name: 'password', label: 'Your password', type: 'password', required: true, autocomplete: 'current-password' })}
<button class="btn btn-primary">Turn on</button> <a class="btn" href="${path}">Cancel</a>`,
)}`
}

function from({ services, c, request_id }: Visit) {
  services.limits.call(c, path, 'dashboard')
  return { address: services.limits.addressOf(c), request_id }
}

async function rename(visit: Visit): Promise<Response> {
  const { admin_id } = visit.admin
  await changeAdmin(visit.services, { admin_id, name: visit.form.text('name') }, byVisitor(visit))
  return seeOther(visit, path, 'Your name was saved.')
}

async function newPassword(visit: Visit): Promise<Response> {
  const { services, admin, form } = visit
  await changePassword(services, admin, {
    ...from(visit),
    current_password: form.raw('current_password'),
    new_password: form.raw('new_password'),
  })
  await startSession(visit, admin)
  return seeOther(visit, path, 'Your password was changed. You are signed out everywhere else.')
}

async function enrol(visit: Visit): Promise<Response> {
  const { services, admin, form } = visit
  await enrolTOTP(services, admin, {
    ...from(visit),
    sealed: form.raw('sealed'),
    code: form.text('totp'),
    password: form.raw('password'),
  })
  await startSession(visit, admin)
  return seeOther(visit, path, 'The authenticator app is set up. You are signed out elsewhere.')
}

async function remove(visit: Visit): Promise<Response> {
  const { services, admin, form } = visit
  await removeTOTP(services, admin, {
    ...from(visit),
    password: form.raw('password'),
    code: form.text('totp'),
  })
  await startSession(visit, admin)
  return seeOther(visit, path, 'The authenticator app was removed.')
}

async function endOthers(visit: Visit): Promise<Response> {
  const { services, admin, session } = visit
  const ended = await endAdminSessions(services, admin.admin_id, session.session_hash)
  await visit.audit({
    action: 'admin.sessions_end',
    target_type: 'admin',
    target_id: admin.admin_id,
    target_name: admin.email_address,
    after: { ended },
  })
  return seeOther(visit, path, 'You are signed out everywhere else.')
}
