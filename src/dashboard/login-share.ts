/** “Share this trace”: links for somebody without an account, shown once, with an end, revocable. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, copyField, field, notice, table, time } from '../http/parts.ts'
import { createTraceLink, listTraceLinks, revokeTraceLink } from '../sso/trace-links.ts'
import type { LoginTrace } from '../sso/traces.ts'
import { parameter } from './ask.ts'
import { postForm, seeOther } from './frame.ts'
import { loginOf } from './login-of.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

type ShowLogin = (
  visit: ProjectVisit,
  trace: LoginTrace,
  more: { above?: Markup; error?: ApiError },
) => Promise<Response>

const validities = [
  ['24', '1 day'],
  ['168', '7 days'],
  ['720', '30 days'],
] as const

/** The forms' actions; `show` is the page that they end on. */
export function loginSharePages(show: ShowLogin): readonly DashboardPage[] {
  return [
    projectPage({
      method: 'POST',
      path: '/logins/:flow_id/share',
      needs: 'editor',
      run: (visit) => share(visit, show),
    }),
    projectPage({
      method: 'POST',
      path: '/logins/:flow_id/share/:trace_link_id/revoke',
      needs: 'editor',
      run: revoke,
    }),
  ]
}

async function share(visit: ProjectVisit, show: ShowLogin): Promise<Response> {
  const { services, project, admin, form } = visit
  const trace = await loginOf(visit, parameter(visit, 'flow_id'))
  try {
    const hours = Number(validities.find(([value]) => value === form.text('valid_for'))?.[0])
    const link = await createTraceLink(services, {
      project_id: project.project_id,
      flow_id: trace.flow_id,
      created_by: admin.admin_id,
      valid_for_ms: hours * 3_600_000,
    })
    const { trace_link_id, expires_at } = link
    await visit.audit({
      action: 'trace_link.create',
      target_type: 'login',
      target_id: trace.flow_id,
      organization_id: trace.organization_id,
      after: { trace_link_id, expires_at },
    })
    const url = `${services.config.base_url}/trace/${link.token}`
    return show(visit, trace, {
      above: notice(
        'success',
        'The link is ready. It is shown this once.',
        html`<p>Whoever has it sees this login alone, until ${time(expires_at)}.</p>${copyField(url, 'Copy link')}`,
      ),
    })
  } catch (error) {
    if (error instanceof ApiError) return show(visit, trace, { error })
    throw error
  }
}

async function revoke(visit: ProjectVisit): Promise<Response> {
  const { services, project, base } = visit
  const { flow_id, organization_id } = await loginOf(visit, parameter(visit, 'flow_id'))
  const trace_link_id = parameter(visit, 'trace_link_id')
  const { project_id } = project
  const now = services.now()
  if (!(await revokeTraceLink(services.db, { project_id, flow_id, trace_link_id, now })))
    throw new ApiError('bad_request', {
      status: 404,
      message: 'This login has no open link of that id: it was revoked before, or never made.',
    })
  await visit.audit({
    action: 'trace_link.revoke',
    target_type: 'login',
    target_id: flow_id,
    organization_id,
    before: { trace_link_id },
  })
  return seeOther(visit, `${base}/logins/${flow_id}`, 'The link opens nothing any more.')
}

/** What stands on the page of a login; nothing for somebody who may not give links away. */
export async function shareCard(
  visit: ProjectVisit,
  { flow_id }: LoginTrace,
): Promise<Markup | ''> {
  const { services, project, admin, base } = visit
  if (admin.role === 'viewer') return ''
  const { project_id } = project
  const now = services.now()
  const links = await listTraceLinks(services.db, { project_id, flow_id, now })
  const here = `${base}/logins/${flow_id}/share`
  const rows = links.map((link) => [
    time(link.created_at),
    time(link.expires_at),
    postForm(
      visit,
      `${here}/${link.trace_link_id}/revoke`,
      html`<button class="btn btn-sm">Revoke</button>`,
    ),
  ])
  return card(
    'Share this trace',
    html`<p>A link for the customer’s IT administrator, who needs no account: what happened, the steps, the checks. Without ids of members and sessions, other logins, or raw messages.</p>
${postForm(visit, here, html`<div class="form-line">${field({ name: 'valid_for', label: 'The link is good for', value: '168', options: validities })}<button class="btn btn-primary mb-3">Make a link</button></div>`)}
${rows.length > 0 ? html`<h3 class="mt-3">Open links</h3>${table(['Made', 'Good until', ''], rows)}` : ''}`,
  )
}
