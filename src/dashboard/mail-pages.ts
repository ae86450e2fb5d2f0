/** `/dashboard/mail`: what this server wrote, and whether it could be sent; in development it is read here. */

import { html, type Markup } from '../http/html.ts'
import {
  badge,
  type Content,
  card,
  emptyState,
  facts,
  field,
  notice,
  pager,
  table,
  time,
} from '../http/parts.ts'
import { canSendMail, listMails, type Mail, readMail, retryMail } from '../mail/mail.ts'
import { visible } from '../sso/trace-page.ts'
import { parameter } from './ask.ts'
import { dashboardPage, postForm, seeOther } from './frame.ts'
import { type DashboardPage, serverPage, type Visit } from './visit.ts'

const path = '/dashboard/mail'

export const mailPages: readonly DashboardPage[] = [
  serverPage({ method: 'GET', path, needs: 'viewer', run: mailsPage }),
  // What a mail says may let its reader in as somebody else.
  serverPage({ method: 'GET', path: `${path}/:mail_id`, needs: 'owner', run: mailPage }),
  serverPage({ method: 'POST', path: `${path}/:mail_id/retry`, needs: 'owner', run: retry }),
]

const states = {
  waiting: badge('Waiting', 'blue'),
  sent: badge('Sent', 'green'),
  failed: badge('Failed', 'red'),
}

const kinds: Record<string, string> = {
  admin_invitation: 'Invitation of an administrator',
  admin_reset: 'New password of an administrator',
  setup_link: 'Setup link',
  certificate: 'Certificate warning',
}

function kindOf({ kind }: Mail): string {
  if (Object.hasOwn(kinds, kind)) return kinds[kind]!
  const text = kind.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

async function mailsPage(visit: Visit): Promise<Response> {
  const { c, services, admin } = visit
  const cursor = c.req.query('cursor')
  const to = (c.req.query('to') ?? '').trim()
  const state = (['waiting', 'sent', 'failed'] as const).find((s) => s === c.req.query('state'))
  const { mails, next_cursor } = await listMails(services.db, {
    state,
    to_address: to || undefined,
    cursor,
  })
  const query = { ...(to && { to }), ...(state && { state }) }
  const url = (more: Record<string, string> = {}) =>
    `${path}?${new URLSearchParams({ ...query, ...more })}`
  const rows = mails.map((mail) => [
    time(mail.created_at),
    html`<bdi>${visible(mail.to_address, 254)}</bdi>`,
    admin.role === 'owner'
      ? html`<a href="${path}/${mail.mail_id}"><bdi>${visible(mail.subject, 200)}</bdi></a>`
      : html`<bdi>${visible(mail.subject, 200)}</bdi>`,
    kindOf(mail),
    stateOf(mail),
  ])
  return dashboardPage(visit, {
    title: 'Mail',
    body: html`${about(visit)}${filters(to, state)}<section class="card">${
      rows.length > 0
        ? table(['Written', 'To', 'Subject', 'Kind', 'State'], rows)
        : emptyState(
            Object.keys(query).length > 0 ? 'No mail is like that' : 'No mail yet',
            'Invitations of administrators, setup links and warnings about certificates show up here, with what became of them.',
          )
    }${pager(next_cursor && url({ cursor: next_cursor }), cursor ? url() : null)}</section>`,
  })
}

function about({ services: { config } }: Visit): Markup | '' {
  if (config.mode === 'development' && config.smtp_url === '')
    return notice(
      'info',
      'Mail stays here.',
      'This is development: nothing leaves the machine, and every mail can be read on this page.',
    )
  if (canSendMail(config)) return ''
  return notice(
    'warning',
    'No mail can be sent.',
    html`Set <code>PORTCULLIS_SMTP_URL</code> to the address of your SMTP server. Until then pass on links by hand.`,
  )
}

function filters(to: string, state: string | undefined): Markup {
  const options = [
    ['', 'Any'],
    ['waiting', 'Waiting'],
    ['sent', 'Sent'],
    ['failed', 'Failed'],
  ] as const
  return html`<form method="get" action="${path}" class="card" role="search"><div class="card-body"><div class="filter-fields">
${field({ name: 'to', label: 'To', type: 'search', value: to, placeholder: 'name@example.com' })}
${field({ name: 'state', label: 'State', value: state ?? '', options })}</div><button class="btn">Apply</button></div></form>`
}

function stateOf({ state, attempts, last_error, next_attempt_at }: Mail): Content {
  return html`${states[state]}${last_error ? html`<div class="small"><bdi>${visible(last_error, 300)}</bdi></div>` : ''}${
    state === 'waiting' && attempts > 0
      ? html`<div class="small text-secondary">next attempt ${time(next_attempt_at)}</div>`
      : ''
  }`
}

async function mailPage(visit: Visit): Promise<Response> {
  const mail = await readMail(visit.services, parameter(visit, 'mail_id'))
  const again =
    mail.state === 'failed'
      ? postForm(
          visit,
          `${path}/${mail.mail_id}/retry`,
          html`<button class="btn btn-primary">Try again</button>`,
        )
      : ''
  return dashboardPage(visit, {
    title: visible(mail.subject, 200),
    state: states[mail.state],
    crumbs: [['Mail', path]],
    actions: again,
    body: html`${card(
      'Facts',
      facts([
        ['To', html`<bdi>${visible(mail.to_address, 254)}</bdi>`],
        ['Kind', kindOf(mail)],
        ['Written', time(mail.created_at)],
        ['Sent', time(mail.sent_at, 'not yet')],
        ['Attempts', String(mail.attempts)],
        mail.state === 'waiting' ? ['Next attempt', time(mail.next_attempt_at)] : null,
        mail.last_error
          ? ['Last error', html`<bdi>${visible(mail.last_error, 1_000)}</bdi>`]
          : null,
      ]),
    )}${content(visit, mail.content)}`,
  })
}

function content({ services }: Visit, said: { text: string; html: string } | null): Markup {
  if (!said)
    return card(
      'What it says',
      html`<p class="m-0">${
        services.config.mode === 'development'
          ? 'It is not kept any more.'
          : 'It is for its reader alone, and forgotten once it is sent. It can be read on this page in development only.'
      }</p>`,
    )
  return html`${card('What it says', html`<pre class="message" tabindex="0">${linked(services.config.base_url, said.text)}</pre>`)}
${card('As HTML', html`<details><summary>Source</summary><pre class="message mt-2" tabindex="0">${said.html.slice(0, 100_000)}</pre></details>`)}`
}

/** The text with the addresses of this server as links; no others. */
function linked(base_url: string, text: string): Content[] {
  return text
    .slice(0, 100_000)
    .split(/(https?:\/\/\S+)/)
    .map((part) =>
      URL.parse(part)?.origin === new URL(base_url).origin
        ? html`<a href="${part}">${part}</a>`
        : part,
    )
}

async function retry(visit: Visit): Promise<Response> {
  const mail_id = parameter(visit, 'mail_id')
  await retryMail(visit.services, mail_id)
  await visit.audit({ action: 'mail.retry', target_type: 'mail', target_id: mail_id })
  return seeOther(visit, `${path}/${mail_id}`, 'The mail is tried again.')
}
