/** One administrator: role, sessions, a new password, and disabling. */
import {
  type Admin,
  adminNotFound,
  changeAdmin,
  findAdmin,
  isAdminRole,
  may,
} from '../admins/admins.ts'
import { createResetLink, type NewLink } from '../admins/invitations.ts'
import { endAdminSessions, type ListedSession, listAdminSessions } from '../admins/sessions.ts'
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card, facts, field, table, time } from '../http/parts.ts'
import { byVisitor, mailLink, newLink, roleBadge, roleOptions } from './admins-pages.ts'
import { assertConfirmed, parameter } from './ask.ts'
import { dangerForm, dashboardPage, postForm, seeOther } from './frame.ts'
import { type DashboardPage, serverPage, type Visit } from './visit.ts'

const path = '/dashboard/admins/:admin_id'

export const adminPages: readonly DashboardPage[] = [
  serverPage({ method: 'GET', path, needs: 'viewer', run: (visit) => adminPage(visit) }),
  ...(
    [
      ['role', changeRole],
      ['disable', disable],
      ['enable', enable],
      ['sessions', endSessions],
      ['reset', reset],
    ] as const
  ).map(([action, work]) =>
    serverPage({
      method: 'POST',
      path: `${path}/${action}`,
      needs: 'owner',
      fresh: true,
      run: orAgain(work),
    }),
  ),
]

async function load(visit: Visit): Promise<Admin> {
  const found = await findAdmin(visit.services.db, parameter(visit, 'admin_id'))
  if (!found) throw adminNotFound()
  return found
}

function orAgain(work: (visit: Visit, admin: Admin) => Promise<Response>) {
  return async (visit: Visit): Promise<Response> => {
    const admin = await load(visit)
    try {
      return await work(visit, admin)
    } catch (error) {
      if (error instanceof ApiError) return adminPage(visit, { error })
      throw error
    }
  }
}

async function adminPage(visit: Visit, more: { error?: ApiError; link?: NewLink } = {}) {
  const admin = await load(visit)
  const owner = may(visit.admin.role, 'owner')
  const here = `/dashboard/admins/${admin.admin_id}`
  const sessions = owner ? await listAdminSessions(visit.services, admin.admin_id) : []
  return dashboardPage(visit, {
    title: admin.name || admin.email_address,
    crumbs: [['Administrators', '/dashboard/admins']],
    state: html`${roleBadge(admin)} ${admin.status === 'disabled' ? badge('disabled', 'red') : ''}`,
    error: more.error,
    body: html`${more.link ? newLink(visit, more.link) : ''}${card(
      'Facts',
      facts([
        ['E-mail address', admin.email_address],
        ['Password', admin.has_password ? 'set' : 'none: signs in by the link of npm start'],
        ['Authenticator app', admin.has_totp ? badge('on', 'green') : badge('off', 'yellow')],
        ['Since', time(admin.created_at)],
        [
          'What they did',
          html`<a href="/dashboard/audit?${new URLSearchParams({ actor: admin.admin_id })}">Audit log</a>`,
        ],
      ]),
    )}${owner ? controls(visit, admin, sessions, here) : ''}`,
  })
}

function controls(visit: Visit, admin: Admin, sessions: ListedSession[], here: string): Markup {
  const roleForm = postForm(
    visit,
    `${here}/role`,
    html`${field({ name: 'role', label: 'Role', options: roleOptions, value: admin.role, hint: 'It counts from their next click.' })}
<button class="btn btn-primary">Change role</button>`,
  )
  const resetForm = postForm(
    visit,
    `${here}/reset`,
    html`<p>For a forgotten password or a lost phone: a link, good once within a day, with which they set a new password. Using it drops the authenticator app and ends their sessions; until then nothing changes.</p><button class="btn">Make a link</button>`,
  )
  return html`${card('Role', roleForm)}${sessionsCard(visit, sessions, `${here}/sessions`, 'End all sessions')}
${admin.has_password && admin.status === 'active' ? card('New password', resetForm) : ''}${card('Danger zone', statusForm(visit, admin, here))}`
}

function statusForm(visit: Visit, admin: Admin, here: string): Markup {
  if (admin.status === 'disabled')
    return postForm(
      visit,
      `${here}/enable`,
      html`<p>Disabled: cannot sign in. What they did stays in the audit log.</p><button class="btn">Make active again</button>`,
    )
  return dangerForm(visit, {
    action: `${here}/disable`,
    name: admin.email_address,
    button: 'Disable administrator',
    consequences:
      'They are signed out everywhere at once and cannot sign in any more; invitations that they made and nobody used are revoked. They can be made active again.',
  })
}

/** Where an administrator is signed in, with a button that ends it. */
export function sessionsCard(
  visit: Visit,
  sessions: ListedSession[],
  action: string,
  label: string,
): Markup {
  const rows = sessions.map((session) => [
    html`${browserOf(session.user_agent)}${session.session_hash.equals(visit.session.session_hash) ? html` ${badge('this one', 'green')}` : ''}`,
    html`<code>${session.address}</code>`,
    time(session.started_at),
    time(session.last_seen_at),
  ])
  const end = postForm(visit, action, html`<button class="btn">${label}</button>`)
  return html`<section class="card"><div class="card-header"><h2 class="card-title">Sessions</h2></div>
${rows.length > 0 ? html`${table(['Browser', 'Address', 'Began', 'Last used'], rows)}<div class="card-body">${end}</div>` : html`<div class="card-body">Signed in nowhere.</div>`}</section>`
}

/** What a browser is called, from what it says of itself. */
export function browserOf(user_agent: string): string {
  const name = (
    [
      ['Edge', /\bEdg\//],
      ['Opera', /\bOPR\//],
      ['Firefox', /\bFirefox\//],
      ['Chrome', /\b(Headless)?Chrome\//],
      ['Safari', /\bSafari\//],
    ] as const
  ).find(([, pattern]) => pattern.test(user_agent))?.[0]
  const system = (
    [
      ['Android', /Android/],
      ['iOS', /iPhone|iPad/],
      ['Windows', /Windows/],
      ['macOS', /Mac OS X|Macintosh/],
      ['Linux', /Linux/],
    ] as const
  ).find(([, pattern]) => pattern.test(user_agent))?.[0]
  if (!name) return user_agent.slice(0, 60) || 'unknown'
  return system ? `${name} on ${system}` : name
}

async function changeRole(visit: Visit, admin: Admin): Promise<Response> {
  const role = visit.form.text('role')
  if (!isAdminRole(role)) throw new ApiError('bad_request', { message: 'Choose a role.' })
  const { admin_id } = admin
  await changeAdmin(visit.services, { admin_id, role }, byVisitor(visit))
  return seeOther(visit, `/dashboard/admins/${admin_id}`, `The role is ${role} now.`)
}

async function disable(visit: Visit, { admin_id, email_address }: Admin): Promise<Response> {
  assertConfirmed(visit, email_address)
  await changeAdmin(visit.services, { admin_id, status: 'disabled' }, byVisitor(visit))
  return seeOther(visit, '/dashboard/admins', `${email_address} was disabled.`)
}

async function enable(visit: Visit, { admin_id }: Admin): Promise<Response> {
  await changeAdmin(visit.services, { admin_id, status: 'active' }, byVisitor(visit))
  return seeOther(visit, `/dashboard/admins/${admin_id}`, 'The administrator is active again.')
}

async function endSessions(visit: Visit, admin: Admin): Promise<Response> {
  const { admin_id, email_address } = admin
  const ended = await endAdminSessions(visit.services, admin_id)
  await visit.audit({
    action: 'admin.sessions_end',
    target_type: 'admin',
    target_id: admin_id,
    target_name: email_address,
    after: { ended },
  })
  return seeOther(visit, `/dashboard/admins/${admin_id}`, 'All sessions were ended.')
}

async function reset(visit: Visit, admin: Admin): Promise<Response> {
  const { services } = visit
  const by = byVisitor(visit)
  const link = await createResetLink(services.db, { admin, by, now: services.now() })
  await mailLink(visit, link, {
    kind: 'admin_reset',
    title: 'Set a new password',
    paragraphs: [
      `${visit.admin.name || visit.admin.email_address} made you a link to set a new password for the dashboard of ${services.config.base_url}.`,
      'Using it drops your authenticator app and signs you out everywhere. It works once, within a day.',
    ],
    label: 'Set a new password',
  })
  return adminPage(visit, { link })
}
