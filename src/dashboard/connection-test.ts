/** Trying a connection: a whole login that ends without a session, and what is to be learnt from it. */
import type { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card, emptyState, field, table, time } from '../http/parts.ts'
import { renderPart } from '../http/screen.ts'
import { setDebug } from '../sso/connection-switches.ts'
import { getLogin } from '../sso/login-trace.ts'
import { startTestLogin } from '../sso/test-login.ts'
import { resultBadge, traceBody, visible } from '../sso/trace-page.ts'
import { type LoginTrace, listLogins } from '../sso/traces.ts'
import { fixesPart } from './connection-fixes.ts'
import {
  connectionPage,
  connectionTarget,
  mayChange,
  orAgain,
  type Shown,
  shownConnection,
} from './connection-frame.ts'
import { saved } from './connection-save.ts'
import { postForm } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/connections/:connection_id/test'

export const connectionTestPages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path,
    needs: 'viewer',
    run: async (visit) => testPage(visit, await shownConnection(visit)),
  }),
  projectPage({ method: 'POST', path, needs: 'editor', run: orAgain(start, testPage) }),
  projectPage({
    method: 'POST',
    path: `${path}/debug`,
    needs: 'editor',
    run: orAgain(debug, testPage),
  }),
]

/** The page; with `flow_id` in its address it shows how that test went. */
export async function testPage(
  visit: ProjectVisit,
  shown: Shown,
  error?: ApiError,
): Promise<Response> {
  const flow_id = visit.c.req.query('flow_id') ?? visit.form.text('flow_id')
  const trace = flow_id ? await testOf(visit, shown, flow_id) : undefined
  const result = trace ? await resultPart(visit, shown, trace) : ''
  if (visit.c.req.header('hx-request') === 'true' && result) return renderPart(result)
  return connectionPage(visit, shown, {
    tab: 'Test',
    error,
    body: html`${result}${startCard(visit, shown, trace !== undefined)}${await earlier(visit, shown)}${debugCard(visit, shown)}`,
  })
}

/** A test of this connection; undefined for every other login. */
export async function testOf(
  { services }: ProjectVisit,
  { row }: Shown,
  flow_id: string,
): Promise<LoginTrace | undefined> {
  if (!/^sso-flow-[\w-]{1,80}$/.test(flow_id)) return undefined
  const trace = await getLogin(services.db, row.project_id, flow_id, services.now())
  return trace?.connection_id === row.connection_id && trace.tested_by !== null ? trace : undefined
}

async function resultPart(visit: ProjectVisit, shown: Shown, trace: LoginTrace): Promise<Markup> {
  const { base } = shown
  const waiting = trace.state === 'started'
  const refresh = waiting
    ? html` hx-get="${base}/test?flow_id=${trace.flow_id}" hx-trigger="every 2s" hx-swap="outerHTML"`
    : ''
  const next =
    trace.state === 'passed'
      ? html`<p><a href="${base}/mapping">See which attributes and groups arrived</a>, or read <a href="${visit.base}/logins/${trace.flow_id}">the whole trace with its messages</a>.</p>`
      : html`<p><a href="${visit.base}/logins/${trace.flow_id}">The whole trace with its messages</a></p>`
  return html`<div id="test-result"${refresh}>${traceBody(trace, await fixesPart(visit, shown, trace))}${waiting ? '' : next}</div>`
}

function startCard(
  visit: ProjectVisit,
  { base, missing, organization }: Shown,
  again: boolean,
): Markup {
  if (missing.length > 0)
    return card(
      'Try it',
      emptyState(
        'Not yet',
        'It can be tried as soon as nothing is missing, also before it is active.',
        html`<a class="btn" href="${base}">Setup guide</a>`,
      ),
    )
  if (!mayChange(visit))
    return card('Try it', html`<p class="m-0">Editors and owners can start a test login.</p>`)
  return card(
    again ? 'Try it again' : 'Try it',
    html`<p>You go to the identity provider as a member of ${organization.organization_name} would, and come back here. Every check is shown; nobody becomes a member and no session begins, also where the connection is in use.</p>
${postForm(visit, `${base}/test`, html`<button class="btn btn-primary">Start a test login</button>`)}
<p class="text-secondary mt-3 mb-0">You need an account at that identity provider. If you have none, send the customer’s IT admin a <a href="${visit.base}/organizations/${organization.organization_id}/sso">setup link</a>: the test can be started from it.</p>`,
  )
}

async function start(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { services, c, admin } = visit
  const { project_id, connection_id } = shown.row
  const begun = await startTestLogin(
    services,
    { project_id, connection_id },
    { tested_by: admin.admin_id, return_url: `${shown.base}/test`, request: c.req.raw },
  )
  await visit.audit({ ...connectionTarget(shown), action: 'connection.test' })
  // What follows a form is a GET, whatever the browser makes of 302.
  return begun.status === 302 ? new Response(null, { status: 303, headers: begun.headers }) : begun
}

async function earlier(visit: ProjectVisit, { row, base }: Shown): Promise<Markup | ''> {
  const { services } = visit
  const { project_id, connection_id } = row
  const filter = { connection_id, tested_by: 'anybody', limit: 10 }
  const { logins: tests } = await listLogins(services.db, project_id, filter, services.now())
  if (tests.length === 0) return ''
  return html`<section class="card"><div class="card-header"><h2 class="card-title">Earlier tests</h2></div>${table(
    ['When', 'Who', 'Result'],
    tests.map((test) => [
      html`<a href="${base}/test?flow_id=${test.flow_id}">${time(test.started_at)}</a>`,
      test.email_address ? html`<bdi>${visible(test.email_address, 254)}</bdi>` : '–',
      html`${resultBadge(test)}${test.error_type ? html` <code>${test.error_type}</code>` : ''}`,
    ]),
  )}</section>`
}

const hours = [
  ['1', 'for 1 hour'],
  ['4', 'for 4 hours'],
  ['24', 'for 24 hours'],
] as const

function debugCard(visit: ProjectVisit, { row, base }: Shown): Markup {
  const on = row.debug_until && row.debug_until > visit.services.now()
  const change = on
    ? html`<input type="hidden" name="hours" value="0"><button class="btn">Stop keeping messages</button>`
    : html`${field({ name: 'hours', label: 'Keep them', value: '1', options: hours })}<button class="btn">Keep messages</button>`
  return html`<div id="debug">${card(
    html`Messages of logins ${on ? badge('being kept', 'yellow') : badge('not kept')}`,
    html`<p>The raw requests and responses of tests are kept for a day, encrypted, for editors and owners to read. With this switch those of all logins over this connection are: they hold what the identity provider says of people.${on ? html` It ends by itself at ${time(row.debug_until)}.` : ''}</p>${mayChange(visit) ? postForm(visit, `${base}/test/debug`, change) : ''}`,
  )}</div>`
}

async function debug(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { services, form } = visit
  const { project_id, connection_id } = shown.row
  const asked = Number(form.text('hours') || Number.NaN)
  const until = asked === 0 ? null : new Date(services.now().getTime() + asked * 3_600_000)
  await setDebug(services, project_id, connection_id, until)
  const message = until ? 'Messages are kept from now on.' : 'Messages are not kept any more.'
  return saved(visit, shown, { action: 'connection.debug', at: '/test', message })
}
