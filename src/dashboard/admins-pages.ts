/** The administrators of this server: who they are, and inviting more. */
import type { Admin, By } from '../admins/admins.ts'
import { actorOf, isAdminRole, listAdmins, may } from '../admins/admins.ts'
import {
  inviteAdmin,
  type ListedLink,
  linkURL,
  listInvitations,
  type NewLink,
  revokeInvitation,
} from '../admins/invitations.ts'
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card, copyField, field, notice, table, time } from '../http/parts.ts'
import { canSendMail, sendMail } from '../mail/mail.ts'
import { mailBody } from '../mail/mail-body.ts'
import { parameter } from './ask.ts'
import { dashboardPage, postForm, seeOther } from './frame.ts'
import { type DashboardPage, serverPage, type Visit } from './visit.ts'

const path = '/dashboard/admins'

export const adminsPages: readonly DashboardPage[] = [
  serverPage({ method: 'GET', path, needs: 'viewer', run: (visit) => list(visit) }),
  serverPage({ method: 'POST', path: `${path}/invite`, needs: 'owner', fresh: true, run: invite }),
  serverPage({
    method: 'POST',
    path: `${path}/invitations/:invitation_id/revoke`,
    needs: 'owner',
    run: revoke,
  }),
]

/** This administrator as the one who does something, for the audit. */
export function byVisitor({ services, c, admin, request_id }: Visit): By {
  return { actor: actorOf(admin), address: services.limits.addressOf(c), request_id }
}

/** What each role may do, as a choice. */
export const roleOptions = [
  ['viewer', 'Viewer: looks at everything'],
  ['editor', 'Editor: changes organizations, connections, members'],
  ['owner', 'Owner: everything, also secrets and administrators'],
] as const

async function list(visit: Visit, more: { error?: ApiError; link?: NewLink } = {}) {
  const { services, admin } = visit
  const owner = may(admin.role, 'owner')
  const [admins, invitations] = await Promise.all([
    listAdmins(services.db),
    owner ? listInvitations(services.db, services.now()) : [],
  ])
  return dashboardPage(visit, {
    title: 'Administrators',
    actions: html`<a class="btn" href="/dashboard/admins/sso">Single sign-on</a>`,
    error: more.error,
    body: html`${more.link ? newLink(visit, more.link) : ''}
<section class="card">${table(
      ['Name', 'E-mail address', 'Role', 'Second factor', 'Since'],
      admins.map((each) => rowOf(each, admin)),
    )}</section>
${invitations.length > 0 ? openLinks(visit, invitations) : ''}
${owner ? inviteForm(visit, more.error) : ''}`,
  })
}

function rowOf(each: Admin, self: Admin): Markup[] {
  const name = each.name || each.email_address
  return [
    html`<a href="${path}/${each.admin_id}">${name}</a>${each.admin_id === self.admin_id ? ' (you)' : ''}`,
    html`${each.email_address}`,
    html`${roleBadge(each)} ${each.status === 'disabled' ? badge('disabled', 'red') : ''}`,
    each.has_totp ? badge('on', 'green') : badge('off', 'yellow'),
    time(each.created_at),
  ]
}

/** The role as a badge. */
export function roleBadge({ role }: Pick<Admin, 'role'>): Markup {
  return badge(role, role === 'owner' ? 'blue' : 'secondary')
}

function openLinks(visit: Visit, links: ListedLink[]): Markup {
  const rows = links.map((link) => [
    html`${link.email_address}`,
    html`${link.purpose === 'reset' ? 'New password' : html`Invitation as ${roleBadge(link)}`}`,
    time(link.created_at),
    time(link.expires_at),
    postForm(
      visit,
      `${path}/invitations/${link.invitation_id}/revoke`,
      html`<button class="btn btn-sm" aria-label="Revoke the link of ${link.email_address}">Revoke</button>`,
    ),
  ])
  return html`<section class="card"><div class="card-header"><h2 class="card-title">Links not used yet</h2></div>
${table(['For', 'What', 'Made', 'Ends', ''], rows)}</section>`
}

function inviteForm(visit: Visit, error?: ApiError): Markup {
  const { form, services } = visit
  const mail = canSendMail(services.config)
    ? 'They get a mail with a link, which you see too.'
    : 'You get a link to hand on: no mail server is set (PORTCULLIS_SMTP_URL).'
  return card(
    'Invite an administrator',
    postForm(
      visit,
      `${path}/invite`,
      html`${field({ name: 'email_address', label: 'E-mail address', type: 'email', required: true, autocomplete: 'off', value: error ? form.text('email_address') : '', hint: mail })}
${field({ name: 'role', label: 'Role', options: roleOptions, value: error ? form.text('role') : 'viewer' })}
<button class="btn btn-primary">Invite</button>`,
    ),
  )
}

/** A link that was made just now, for whoever made it. */
export function newLink({ services }: Visit, link: NewLink): Markup {
  const url = linkURL(services.config.base_url, link.token)
  const mailed = canSendMail(services.config)
  return html`${notice(
    'success',
    `The link for ${link.email_address}`,
    html`<p>It works once, until ${time(link.expires_at)}, and is shown on this page only. ${mailed ? 'It was also mailed.' : 'Hand it on yourself.'} Whoever opens it first becomes ${link.email_address}.</p>${copyField(url)}`,
  )}`
}

async function invite(visit: Visit): Promise<Response> {
  const { services, form, admin } = visit
  try {
    const role = form.text('role')
    if (!isAdminRole(role)) throw new ApiError('bad_request', { message: 'Choose a role.' })
    const link = await inviteAdmin(services.db, {
      email_address: form.text('email_address'),
      role,
      by: byVisitor(visit),
      now: services.now(),
    })
    await mailLink(visit, link, {
      kind: 'admin_invitation',
      title: 'You are invited to a dashboard',
      paragraphs: [
        `${admin.name || admin.email_address} invited you to the dashboard of ${services.config.base_url} as ${role}.`,
        'The link works once, within seven days.',
      ],
      label: 'Make your account',
    })
    return list(visit, { link })
  } catch (error) {
    if (error instanceof ApiError) return list(visit, { error })
    throw error
  }
}

/** Mails a link to whom it is for, where this server can send mail. */
export async function mailLink(
  { services }: Visit,
  link: NewLink,
  words: { kind: string; title: string; paragraphs: string[]; label: string },
): Promise<void> {
  const { kind, title, paragraphs, label } = words
  if (!canSendMail(services.config)) return
  const url = linkURL(services.config.base_url, link.token)
  const footer =
    'If you did not expect this mail, do not open the link, and tell who runs the server.'
  await sendMail(services, {
    project_id: null,
    kind,
    to: link.email_address,
    subject: `Portcullis: ${title.charAt(0).toLowerCase()}${title.slice(1)}`,
    ...mailBody({ title, paragraphs, action: { label, url }, footer }),
  })
}

async function revoke(visit: Visit): Promise<Response> {
  const { services } = visit
  const invitation_id = parameter(visit, 'invitation_id')
  await revokeInvitation(services.db, {
    invitation_id,
    by: byVisitor(visit),
    now: services.now(),
  })
  return seeOther(visit, path, 'The link was revoked.')
}
