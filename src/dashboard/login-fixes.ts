/** Fixes that a failed test login proposes: looked at on a page of their own, and confirmed there. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, checkbox, copyField, facts, notice, time } from '../http/parts.ts'
import { applyFix, type ProposedFix, proposedFixes } from '../sso/fixes.ts'
import { visible } from '../sso/trace-page.ts'
import type { LoginTrace } from '../sso/traces.ts'
import { parameter } from './ask.ts'
import { dashboardPage, postForm, seeOther } from './frame.ts'
import { loginOf } from './login-of.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/logins/:flow_id/fixes/:fix_id'

export const loginFixPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path, needs: 'editor', run: (visit) => fixPage(visit) }),
  projectPage({ method: 'POST', path, needs: 'editor', fresh: true, run: apply }),
]

const titles: Record<ProposedFix['kind'], string> = {
  certificate: 'Trust one more certificate',
  issuer: 'Accept another entity ID',
  metadata: 'Change over to another identity provider',
  nameid_format: 'Ask for no NameID format',
}

/** What stands on the page of a test login that failed for something that could be changed here. */
export async function fixesCard(visit: ProjectVisit, trace: LoginTrace): Promise<Markup | ''> {
  const { services, project, admin, base } = visit
  if (!trace.tested_by || trace.state !== 'failed' || admin.role === 'viewer') return ''
  const fixes = await proposedFixes(services, project.project_id, trace.flow_id)
  if (fixes.length === 0) return ''
  return card(
    fixes.length === 1 ? 'A fix on this side' : 'Fixes on this side',
    html`<p>Instead of a change at the identity provider, the connection can take over what this test presented. Nothing changes before you have looked at it and confirmed it.</p>
${fixes.map((fix) => html`<p class="mb-2"><a class="btn btn-primary" href="${base}/logins/${trace.flow_id}/fixes/${fix.fix_id}">${titles[fix.kind]}…</a></p>`)}`,
  )
}

async function find(visit: ProjectVisit): Promise<{ trace: LoginTrace; fix: ProposedFix }> {
  const { services, project } = visit
  const trace = await loginOf(visit, parameter(visit, 'flow_id'))
  const fixes = await proposedFixes(services, project.project_id, trace.flow_id)
  const fix = fixes.find(({ fix_id }) => fix_id === parameter(visit, 'fix_id'))
  if (fix) return { trace, fix }
  throw new ApiError('bad_request', {
    status: 404,
    message:
      'This fix is not possible any more: the connection has changed, or the response of the test is no longer kept. Try the connection again.',
  })
}

async function fixPage(visit: ProjectVisit, error?: ApiError): Promise<Response> {
  const { trace, fix } = await find(visit)
  const { base } = visit
  const here = `${base}/logins/${trace.flow_id}`
  return dashboardPage(visit, {
    title: titles[fix.kind],
    crumbs: [
      ['Logins', `${base}/logins`],
      ['The test', here],
    ],
    error,
    body: html`${notice('warning', 'Before you confirm', visible(fix.warning, 2_000))}
${card(
  'What would change',
  facts([
    [
      'Connection',
      html`<a href="${base}/connections/${trace.connection_id}"><bdi>${visible(trace.connection_display_name || trace.connection_id, 128)}</bdi></a>`,
    ],
    ['It has', html`<code><bdi>${visible(fix.current, 1_000) || 'none'}</bdi></code>`],
    ['It would have', html`<code><bdi>${visible(fix.proposed, 1_000)}</bdi></code>`],
  ]),
)}
${certificate(fix)}
${card(
  'Confirm',
  postForm(
    visit,
    `${here}/fixes/${fix.fix_id}`,
    html`${checkbox('compared', fix.fingerprint ? 'I have compared the fingerprint with the one that the identity provider shows.' : 'I have compared the new value with the one that the identity provider shows.', false)}
<button class="btn btn-primary">${titles[fix.kind]}</button> <a class="btn btn-link" href="${here}">Leave it as it is</a>`,
  ),
)}`,
  })
}

function certificate({ certificate }: ProposedFix): Markup | '' {
  if (!certificate) return ''
  const { fingerprint, subject, issuer, not_before, not_after } = certificate
  const grouped = fingerprint.toUpperCase().replace(/(..)(?=.)/g, '$1:')
  return card(
    'The certificate',
    facts([
      ['SHA-256 fingerprint', copyField(grouped, 'Copy fingerprint')],
      ['Subject', html`<bdi>${visible(subject, 300)}</bdi>`],
      ['Issuer', html`<bdi>${visible(issuer, 300)}</bdi>`],
      ['Valid from', time(not_before)],
      ['Valid until', time(not_after)],
    ]),
  )
}

async function apply(visit: ProjectVisit): Promise<Response> {
  const { services, project, form, base } = visit
  const { trace, fix } = await find(visit)
  try {
    if (!form.flag('compared'))
      throw new ApiError('bad_request', {
        message: 'Nothing was changed: compare the values, and tick the box to say that you have.',
      })
    await applyFix(services, project.project_id, trace.flow_id, fix.fix_id)
  } catch (error) {
    if (error instanceof ApiError) return fixPage(visit, error)
    throw error
  }
  await visit.audit({
    action: `connection.fix_${fix.kind}`,
    target_type: 'connection',
    target_id: trace.connection_id,
    organization_id: trace.organization_id,
    target_name: trace.connection_display_name ?? '',
    before: { value: fix.current },
    after: { value: fix.proposed, fingerprint: fix.fingerprint, flow_id: trace.flow_id },
  })
  return seeOther(
    visit,
    `${base}/logins/${trace.flow_id}/replay`,
    'The connection was changed. Below is what this login would come to now; try the connection again to be sure.',
  )
}
