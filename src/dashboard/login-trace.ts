/** `/logins/{flow_id}`: one login with everything that is known of it. */
import type { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { type Content, card, copyField, facts, time } from '../http/parts.ts'
import { renderPart } from '../http/screen.ts'
import { durationText, resultBadge, traceBody, visible } from '../sso/trace-page.ts'
import type { LoginTrace } from '../sso/traces.ts'
import { parameter } from './ask.ts'
import { dashboardPage } from './frame.ts'
import { fixesCard, loginFixPages } from './login-fixes.ts'
import { loginMessagePages, messagesCard } from './login-messages.ts'
import { loginOf } from './login-of.ts'
import { loginReplayPages } from './login-replay.ts'
import { loginSharePages, shareCard } from './login-share.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const loginTracePages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path: '/logins/:flow_id',
    needs: 'viewer',
    run: async (visit) => loginPage(visit, await loginOf(visit, parameter(visit, 'flow_id'))),
  }),
  ...loginReplayPages,
  ...loginFixPages,
  ...loginMessagePages,
  ...loginSharePages(loginPage),
]

/** The page of a login; `above` stands before everything else, such as a link that is shown once. */
export async function loginPage(
  visit: ProjectVisit,
  trace: LoginTrace,
  { above, error }: { above?: Content; error?: ApiError } = {},
): Promise<Response> {
  const part = visit.c.req.header('hx-request') === 'true'
  // Nothing is put in place of what somebody reads, unless it says something else.
  if (part && visit.c.req.query('was') === trace.state) return new Response(null, { status: 204 })
  const live = await liveTrace(visit, trace)
  if (part) return renderPart(live)
  return dashboardPage(visit, {
    title: titleOf(trace),
    crumbs: [['Logins', `${visit.base}/logins`]],
    error,
    body: html`${above ?? ''}${live}${await shareCard(visit, trace)}`,
  })
}

function titleOf({ email_address, connection_display_name }: LoginTrace): string {
  if (email_address) return `Login of ${visible(email_address, 254)}`
  return connection_display_name ? `Login over ${visible(connection_display_name, 128)}` : 'Login'
}

/** What changes while the login goes on; until it has ended it asks for itself again. */
async function liveTrace(visit: ProjectVisit, trace: LoginTrace): Promise<Markup> {
  const waiting = trace.state === 'started' || trace.state === 'verified'
  const here = `${visit.base}/logins/${trace.flow_id}`
  const refresh = waiting
    ? html` hx-get="${here}?was=${trace.state}" hx-trigger="every 2s" hx-swap="outerHTML"`
    : ''
  return html`<div id="trace"${refresh}>${
    waiting
      ? html`<p class="text-secondary"><span class="status-dot status-dot-animated bg-green me-2" aria-hidden="true"></span> This page follows the login by itself.</p>`
      : ''
  }${traceBody(trace, await fixesCard(visit, trace))}${card('Facts', factsOf(visit, trace))}${await messagesCard(visit, trace)}</div>`
}

function factsOf({ base }: ProjectVisit, trace: LoginTrace): Markup {
  const { organization_id, organization_slug, connection_id, connection_type } = trace
  const { durations, subject, external_id, member_id, member_session_id } = trace
  const connection = trace.connection_display_name || connection_id
  return facts([
    ['Result', resultBadge(trace)],
    ['Started', time(trace.started_at)],
    ['Started by', startedBy(trace)],
    durations.total_ms === null ? null : ['Took', durationText(durations.total_ms)],
    [
      'Organization',
      organization_slug
        ? html`<a href="${base}/organizations/${organization_id}">${organization_slug}</a>`
        : html`deleted <code>${organization_id}</code>`,
    ],
    [
      'Connection',
      connection_type
        ? html`<a href="${base}/connections/${connection_id}"><bdi>${visible(connection, 128)}</bdi></a> <span class="text-secondary">${connection_type === 'saml' ? 'SAML' : 'OpenID Connect'}, ${trace.identity_provider ?? ''}</span>`
        : html`deleted <code>${connection_id}</code>`,
    ],
    trace.email_address
      ? ['E-mail address', html`<bdi>${visible(trace.email_address, 254)}</bdi>`]
      : null,
    trace.name ? ['Name', html`<bdi>${visible(trace.name, 200)}</bdi>`] : null,
    subject ? ['Subject', html`<code><bdi>${visible(subject, 300)}</bdi></code>`] : null,
    external_id && external_id !== subject
      ? ['NameID', html`<code><bdi>${visible(external_id, 300)}</bdi></code>`]
      : null,
    member_id
      ? ['Member', html`<a href="${base}/members/${member_id}"><code>${member_id}</code></a>`]
      : null,
    member_session_id ? ['Session', html`<code>${member_session_id}</code>`] : null,
    trace.error_type ? ['Error', html`<code>${trace.error_type}</code>`] : null,
    trace.suppressed_count > 0
      ? ['Others like it', `${trace.suppressed_count} right before, of which no trace was kept`]
      : null,
    ['Request id', copyField(trace.request_id, 'Copy request id')],
    ['Login id', copyField(trace.flow_id, 'Copy login id')],
  ])
}

function startedBy({ initiated_by, tested_by }: LoginTrace): string {
  if (tested_by?.startsWith('setup-link-')) return 'A test over a setup link'
  if (tested_by) return 'A test by an administrator'
  if (initiated_by === 'sp') return 'The application'
  return 'The identity provider, or no login that is known'
}
