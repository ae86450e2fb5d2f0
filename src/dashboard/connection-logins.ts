/** The last logins over a connection. */
import { html, type Markup } from '../http/html.ts'
import { badge, emptyState, pager, table, time } from '../http/parts.ts'
import { resultBadge, visible } from '../sso/trace-page.ts'
import { type LoginSummary, listLogins } from '../sso/traces.ts'
import { connectionPage, shownConnection } from './connection-frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const connectionLoginsPages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path: '/connections/:connection_id/logins',
    needs: 'viewer',
    run: list,
  }),
]

async function list(visit: ProjectVisit): Promise<Response> {
  const { services, c } = visit
  const shown = await shownConnection(visit)
  const { project_id, connection_id } = shown.row
  const cursor = c.req.query('cursor')
  const filter = { connection_id, limit: 25, ...(cursor && { cursor }) }
  const { logins, next_cursor } = await listLogins(services.db, project_id, filter, services.now())
  const here = `${shown.base}/logins`
  const all = `${visit.base}/logins?${new URLSearchParams({ connection: connection_id })}`
  const next = next_cursor && `${here}?${new URLSearchParams({ cursor: next_cursor })}`
  return connectionPage(visit, shown, {
    tab: 'Logins',
    body: html`<section class="card"><div class="card-header"><h2 class="card-title">Last logins</h2><div class="card-actions"><a href="${all}">Search and follow them live</a></div></div>${
      logins.length > 0
        ? rows(visit, logins)
        : emptyState(
            'Nobody has logged in over it yet',
            'Every attempt appears here, also those that the identity provider never sent back.',
            html`<a class="btn" href="${shown.base}/test">Test the connection</a>`,
          )
    }${pager(next, cursor ? here : null)}</section>`,
  })
}

function rows({ base }: ProjectVisit, logins: readonly LoginSummary[]): Markup {
  return table(
    ['When', 'Who', 'Result', 'Failed check'],
    logins.map((login) => [
      html`<a href="${base}/logins/${login.flow_id}">${time(login.started_at)}</a>`,
      login.email_address ? html`<bdi>${visible(login.email_address, 254)}</bdi>` : 'not known',
      html`${resultBadge(login)}${login.tested_by ? html` ${badge('test')}` : ''}`,
      login.state === 'failed' ? html`<code>${login.failed_check ?? login.error_type}</code>` : '–',
    ]),
  )
}
