/** `/logins`: every login of the project, newest first, as it happens. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { type Content, emptyState, notice, pager, time } from '../http/parts.ts'
import { renderPart } from '../http/screen.ts'
import { checkTitle } from '../sso/check-words.ts'
import { getLogin } from '../sso/login-trace.ts'
import { durationText, resultBadge, visible } from '../sso/trace-page.ts'
import { type LoginPage, type LoginSummary, listLogins } from '../sso/traces.ts'
import { dashboardPage } from './frame.ts'
import { loginTracePages } from './login-trace.ts'
import {
  filterForm,
  type LoginQuery,
  loginFilter,
  loginsURL,
  readLoginQuery,
} from './logins-filter.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const loginsPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/logins', needs: 'viewer', run: loginsPage }),
  ...loginTracePages,
]

async function loginsPage(visit: ProjectVisit): Promise<Response> {
  const { c } = visit
  const q = (c.req.query('q') ?? '').trim().slice(0, 300)
  const query = readLoginQuery(visit)
  if (q !== '') return found(visit, q, query)
  return list(visit, query)
}

/** What the search field was given: one login by its id, or the logins of an e-mail address. */
async function found(visit: ProjectVisit, q: string, query: LoginQuery): Promise<Response> {
  const { c, services, project, base } = visit
  if (/^[^\s@]+@[^\s@]+$/.test(q)) return c.redirect(loginsURL(visit, { ...query, email: q }), 303)
  const login = /^(request-id|sso-flow)-[\w-]{1,80}$/.test(q)
    ? await getLogin(services.db, project.project_id, q, services.now())
    : undefined
  if (login) return c.redirect(`${base}/logins/${login.flow_id}`, 303)
  return dashboardPage(visit, {
    title: 'Logins',
    body: html`${filterForm(visit, query, q)}<section class="card">${emptyState(
      'No login was found',
      html`Nothing here is called <bdi>${visible(q, 120)}</bdi>. The search knows request ids as error pages show them (<code>request-id-…</code>), login ids (<code>sso-flow-…</code>) and whole e-mail addresses. Logins are kept for ${services.config.flow_retention_days} days.`,
      html`<a class="btn" href="${base}/logins">All logins</a>`,
    )}</section>`,
  })
}

async function list(visit: ProjectVisit, query: LoginQuery): Promise<Response> {
  const { c, services, project } = visit
  const cursor = c.req.query('cursor')
  const live = !cursor && c.req.query('live') !== 'off'
  const part = c.req.header('hx-request') === 'true'
  let page: LoginPage = { logins: [], next_cursor: null }
  let error: ApiError | undefined
  try {
    const filter = { ...loginFilter(query), ...(cursor && { cursor }) }
    page = await listLogins(services.db, project.project_id, filter, services.now())
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    error = cause
  }
  const shown = liveTable(visit, query, page, live)
  if (part && !error) return renderPart(shown)
  return dashboardPage(visit, {
    title: 'Logins',
    error,
    actions: cursor ? '' : liveSwitch(visit, query, live),
    body: html`${filterForm(visit, query, '')}${error ? '' : shown}`,
  })
}

function liveSwitch(visit: ProjectVisit, query: LoginQuery, live: boolean): Markup {
  return live
    ? html`<a class="btn" href="${loginsURL(visit, query, { live: 'off' })}"><span class="status-dot status-dot-animated bg-green me-2" aria-hidden="true"></span>Live: on <span class="visually-hidden">, switch off</span></a>`
    : html`<a class="btn" href="${loginsURL(visit, query)}"><span class="status-dot bg-secondary me-2" aria-hidden="true"></span>Live: off <span class="visually-hidden">, switch on</span></a>`
}

/** The table; the first page asks for itself again every few seconds and merges what is new. */
function liveTable(
  visit: ProjectVisit,
  query: LoginQuery,
  { logins, next_cursor }: LoginPage,
  live: boolean,
): Markup {
  const cursor = visit.c.req.query('cursor')
  const refresh = live
    ? html` hx-get="${loginsURL(visit, query)}" hx-trigger="every 4s" hx-swap="outerMorph"`
    : ''
  const next = next_cursor && loginsURL(visit, query, { cursor: next_cursor })
  return html`<section class="card" id="logins-table" aria-label="Logins"${refresh}>${
    logins.length > 0 ? loginTable(visit, logins) : nothing(visit, query, next !== null)
  }${pager(next, cursor ? loginsURL(visit, query) : null)}</section>`
}

const columns = ['When', 'Who', 'Organization', 'Connection', 'Result', 'Took']

function loginTable(visit: ProjectVisit, logins: readonly LoginSummary[]): Markup {
  return html`<table class="table table-vcenter card-table stack"><thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${logins.map(
    (login) =>
      html`<tr id="${login.flow_id}">${cellsOf(visit, login).map((cell, i) => html`<td data-label="${columns[i]}">${cell}</td>`)}</tr>`,
  )}</tbody></table>`
}

function cellsOf({ base }: ProjectVisit, login: LoginSummary): Content[] {
  const { flow_id, organization_id, organization_slug, connection_id, failed_check } = login
  const connection = login.connection_display_name || connection_id
  return [
    html`<a href="${base}/logins/${flow_id}">${time(login.started_at)}</a>`,
    login.email_address
      ? html`<bdi>${visible(login.email_address, 254)}</bdi>`
      : html`<span class="text-secondary">not known</span>`,
    organization_slug
      ? html`<a href="${base}/organizations/${organization_id}">${organization_slug}</a>`
      : html`<span class="text-secondary">deleted</span>`,
    login.connection_type
      ? html`<a href="${base}/connections/${connection_id}"><bdi>${visible(connection, 128)}</bdi></a>`
      : html`<span class="text-secondary">deleted</span>`,
    html`${resultBadge(login)}${login.tested_by && login.state !== 'passed' ? html` <span class="badge bg-secondary-lt">test</span>` : ''}${
      login.state === 'failed' && failed_check
        ? html`<div class="small text-secondary">${checkTitle(failed_check)}</div>`
        : ''
    }`,
    html`<span class="nowrap">${took(login)}</span>`,
  ]
}

function took({ started_at, verified_at, redeemed_at, failed_at }: LoginSummary): string {
  const end = redeemed_at ?? failed_at ?? verified_at
  return end ? durationText(end.getTime() - started_at.getTime()) : '–'
}

function nothing({ base }: ProjectVisit, query: LoginQuery, more: boolean): Markup {
  if (more)
    return notice(
      'info',
      'None so far',
      'Older logins were not looked at yet: go on to the next page.',
    )
  if (Object.keys(query).length > 0)
    return emptyState(
      'No login is like that',
      'All filters must hold together. Take one away, or choose a longer time.',
      html`<a class="btn" href="${base}/logins">All logins</a>`,
    )
  return emptyState(
    'Nobody has signed in yet',
    'Every login shows up here while it happens, with each check that it passed or failed. Try a connection, or send somebody to the login page of an organization.',
    html`<a class="btn btn-primary" href="${base}/connections">Connections</a>`,
  )
}
