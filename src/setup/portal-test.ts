/** The test: a whole login that ends here, its trace, and the fixes that it proposes. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, checkbox, facts, notice, time } from '../http/parts.ts'
import { renderPart } from '../http/screen.ts'
import { applyFix, type ProposedFix, proposedFixes } from '../sso/fixes.ts'
import { getLogin } from '../sso/login-trace.ts'
import { startTestLogin } from '../sso/test-login.ts'
import { failedCheck, traceBody, visible } from '../sso/trace-page.ts'
import { type LoginTrace, listLogins } from '../sso/traces.ts'
import { portalPage, setupForm } from './portal-frame.ts'
import { auditSetup, type Chosen, type SetupVisit } from './portal-visit.ts'
import { lastTest } from './progress.ts'

/** The page, with the last test of this link or the one in the address. */
export async function testPage(
  visit: SetupVisit,
  chosen: Chosen,
  error?: ApiError,
): Promise<Response> {
  const trace = await lastTest(visit.services, visit.link, visit.c.req.query('flow_id'))
  const result = trace ? await resultPart(visit, chosen, trace) : html``
  if (visit.c.req.header('hx-request') === 'true') return renderPart(result)
  // After a failed one it can be tried again right below what to do, not after the whole trace.
  const again = trace?.state === 'failed' ? '' : startCard(visit, trace)
  const last = chosen.missing.length > 0 ? unready(chosen) : again
  return portalPage(visit, {
    step: 'test',
    title: 'Test the login',
    error,
    body: html`${visit.c.req.query('fixed') ? notice('success', 'The fix was applied.', 'The test below is the one before it: test again.') : ''}${result}${last}`,
  })
}

/** What is missing, as the guides call it; the other addresses come with the issuer. */
const words: Readonly<Record<string, string>> = {
  idp_entity_id: 'the entity ID',
  idp_sso_url: 'the single sign-on address',
  x509_certificate: 'the signing certificate',
  attribute_mapping: 'the names of the attributes',
  issuer: 'the issuer',
  client_id: 'the client ID',
  client_secret: 'the client secret',
}

function unready({ guide, missing }: Chosen): Markup {
  const step = guide.steps.find(({ input }) => input)
  const derived = missing.includes('issuer') ? missing.filter((each) => each in words) : missing
  const named = derived.map((each) => words[each] ?? each.replaceAll('_', ' '))
  return notice(
    'warning',
    'Something is missing before it can be tested.',
    html`Still to come: ${named.join(', ')}.${step ? html` <a href="/setup/step/guide-${step.id}">${step.title}</a>` : ''}`,
  )
}

async function resultPart(visit: SetupVisit, chosen: Chosen, trace: LoginTrace): Promise<Markup> {
  const waiting = trace.state === 'started'
  const refresh = waiting
    ? html` hx-get="/setup/step/test" hx-trigger="every 2s" hx-swap="outerHTML"`
    : ''
  const next =
    trace.state === 'failed'
      ? html`${unnamed(trace)}${await fixes(visit, chosen, trace)}${chosen.missing.length === 0 ? startCard(visit, trace) : ''}`
      : ''
  return html`<div id="test-result"${refresh}>${trace.state === 'passed' ? passed() : ''}${traceBody(trace, next)}</div>`
}

function passed(): Markup {
  return html`${notice('success', 'The test login worked.', 'Nobody was signed in anywhere by it.')}
<p><a class="btn btn-primary" href="/setup/step/mapping">Go on: check who people are</a></p>`
}

/** Where the answer was believed, and only what it says of the person goes by other names than expected. */
function unnamed(trace: LoginTrace): Markup | '' {
  const failed = failedCheck(trace.checks)
  if (!failed || !/^(email|name|groups|subject|attribute_\w+)$/.test(failed.name)) return ''
  return html`${notice('info', 'Your identity provider’s answer was believed.', 'Only the names of what it sends are others. Say which of them is what, then test again.')}
<p><a class="btn btn-primary" href="/setup/step/mapping">See what has arrived</a></p>`
}

function startCard(visit: SetupVisit, trace: LoginTrace | undefined): Markup {
  return card(
    trace ? 'Test again' : 'Try it yourself',
    html`<p>You sign in at your identity provider as one of your people would, and come back here. Every check is shown. Nobody else is touched: the connection is not switched on by a test.</p>
${setupForm(visit, '/setup/test', html`<button class="btn btn-primary">Start a test login</button>`)}`,
  )
}

/** Sends the browser to the identity provider; it comes back to the page. */
export async function startTest(visit: SetupVisit, { row }: Chosen): Promise<Response> {
  const { services, c, link } = visit
  const { project_id, connection_id, type } = row
  const begun = await startTestLogin(
    services,
    { project_id, connection_id },
    { tested_by: link.setup_link_id, return_url: '/setup/step/test', request: c.req.raw },
  )
  await auditSetup(visit, 'connection.test', { type: `${type}_connection`, id: connection_id })
  return begun
}

const titles: Record<ProposedFix['kind'], string> = {
  certificate: 'Trust the certificate that this response was signed with',
  issuer: 'Take the entity ID that this response names',
  metadata: 'Take entity ID and certificate of this response',
  nameid_format: 'Ask for no NameID format',
}

async function fixes(visit: SetupVisit, { row }: Chosen, trace: LoginTrace): Promise<Markup> {
  const proposed = await proposedFixes(visit.services, row.project_id, trace.flow_id)
  return html`${proposed.map((fix) => fixCard(visit, trace.flow_id, fix))}`
}

function fixCard(visit: SetupVisit, flow_id: string, fix: ProposedFix): Markup {
  const { certificate, fingerprint } = fix
  const grouped = (fingerprint?.match(/../g) ?? []).join(':').toUpperCase()
  return card(
    html`This may mend it: ${titles[fix.kind]}`,
    html`${facts([
      ['Now', html`<code><bdi>${visible(fix.current, 1_200)}</bdi></code>`],
      ['Then', html`<code><bdi>${visible(fix.proposed, 1_200)}</bdi></code>`],
      fingerprint ? ['Fingerprint (SHA-256)', html`<code>${grouped}</code>`] : null,
      certificate ? ['Issued to', html`<bdi>${visible(certificate.subject, 300)}</bdi>`] : null,
      certificate
        ? ['Valid', html`${time(certificate.not_before)} to ${time(certificate.not_after)}`]
        : null,
    ])}<div class="mt-3">${notice('warning', 'Before you confirm', fix.warning)}</div>
${setupForm(
  visit,
  '/setup/fix',
  html`<input type="hidden" name="flow_id" value="${flow_id}"><input type="hidden" name="fix_id" value="${fix.fix_id}">
${checkbox('confirmed', 'I have compared this with my identity provider’s own page', false)}<button class="btn btn-primary">Apply this fix</button>`,
)}`,
  )
}

/** Applies a confirmed fix of a test of this link. Throws `bad_request` for everything else. */
export async function applySetupFix(visit: SetupVisit, chosen: Chosen): Promise<Response> {
  const { services, form, link, c } = visit
  const flow_id = form.text('flow_id')
  const trace = await getLogin(services.db, link.project_id, flow_id, services.now())
  const own =
    trace?.tested_by === link.setup_link_id && trace.connection_id === chosen.row.connection_id
  if (!own) throw new ApiError('bad_request', { message: 'That is no test of this link.' })
  if (!form.flag('confirmed'))
    throw new ApiError('bad_request', {
      message: 'Nothing was changed: tick that you have compared it with your identity provider.',
    })
  const fix = await applyFix(services, link.project_id, flow_id, form.text('fix_id'))
  await auditSetup(
    visit,
    `connection.fix_${fix.kind}`,
    { type: `${chosen.row.type}_connection`, id: chosen.row.connection_id },
    { proposed: fix.proposed, fingerprint: fix.fingerprint },
  )
  return c.redirect('/setup/step/test?fixed=1', 303)
}

/** Whether the connection has passed a test of this link: what activation asks for. */
export async function hasPassedTest(visit: SetupVisit, chosen: Chosen): Promise<boolean> {
  const { services, link } = visit
  const { connection_id } = chosen.row
  const filter = {
    connection_id,
    state: 'passed' as const,
    tested_by: link.setup_link_id,
    limit: 1,
  }
  const { logins } = await listLogins(services.db, link.project_id, filter, services.now())
  return logins.length > 0
}
