import type { Services } from '../context.ts'
import { errorBody } from '../http/envelope.ts'
import type { ApiError } from '../http/errors.ts'
import { html, renderPage } from '../http/html.ts'
import type { Refusal } from './callback.ts'
import { type Check, LoginError } from './flow.ts'

const people = {
  it_admin: 'Your organization’s IT administrator',
  developer: 'The developers of the application',
  operator: 'The operator of this sign-in service',
}

/**
 * What a browser sees of a login that was refused: the reason in plain words, who must act, the request
 * id; the error envelope where the request asks for JSON. Never a redirect.
 */
export function refusalResponse(services: Services, request: Request, refusal: Refusal): Response {
  const { error, request_id } = refusal
  if (wantsJSON(request))
    return Response.json(errorBody(services.config.base_url, request_id, error), {
      status: error.status,
      headers: { 'cache-control': 'no-store', ...error.headers },
    })
  const failed = error instanceof LoginError ? refusedBy(error.checks) : []
  return renderPage({
    title: 'Sign-in did not work',
    status: error.status,
    ...(error.headers && { headers: error.headers }),
    body: html`<section>
<h1>You could not be signed in</h1>
<p class="notice">${error.message}</p>
${whoMustAct(error, failed)}
</section>
<section>
<h2>For whoever helps you</h2>
<dl>
<dt>Request id</dt><dd><code>${request_id}</code></dd>
<dt>Error</dt><dd><code>${error.error_type}</code></dd>
${failed.map(
  (check) => html`<dt>Check</dt><dd>${check.name.replaceAll('_', ' ')}</dd>
${check.expected ? html`<dt>Expected</dt><dd><code>${check.expected}</code></dd>` : ''}
${check.actual ? html`<dt>Found</dt><dd><code>${foundOnPage(check)}</code></dd>` : ''}`,
)}
</dl>
</section>`,
  })
}

/** The checks that failed, the last one of each name: it is the one that decided. */
function refusedBy(checks: readonly Check[]): Check[] {
  const last = new Map(checks.map((check) => [check.name, check]))
  return [...last.values()].filter(({ verdict }) => verdict === 'fail')
}

/**
 * What was found, as the page shows it. The redirect URL of a link is the word of whoever made the link:
 * it stands in the trace, and here only where its host is this computer or one that is registered.
 */
function foundOnPage({ name, expected = '', actual = '' }: Check): string {
  const url = name === 'redirect_url' ? URL.parse(actual.split(', ')[0]!) : null
  if (!url) return actual
  // A URL holds no spaces, so that these words are ours.
  const registered =
    actual.includes(', registered with the type ') ||
    expected.split(/[\s,]+/).some((text) => URL.parse(text)?.host === url.host)
  const local = /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)
  return url.host !== '' && (registered || local)
    ? actual
    : 'an address of another host, which the trace of this request names'
}

/** What fails when a person goes back, reloads, waits or changes browsers: another try mends it. */
export const mendedByAnotherTry = new Set(['browser', 'flow', 'used_once'])

/** Refused before there were checks, and yet nothing that the application's developers did. */
const ofITAdmin = new Set<string>([
  'requires_active_sso_connection',
  'no_sso_connection_exists_for_organization',
])

function whoMustAct(error: ApiError, failed: readonly Check[]) {
  if (error.error_type === 'too_many_requests')
    return html`<p><strong>You</strong> can mend this: wait that long, then reload this page, or start again from the application.</p>`
  if (failed.some((check) => mendedByAnotherTry.has(check.name)))
    return html`<p><strong>You</strong> can mend this: start again from the application, and stay in one browser until you are signed in.</p>
<p class="muted">If it happens again, pass on the request id below to your organization’s IT administrator.</p>`
  const fix = failed.findLast((check) => check.fix)?.fix
  if (fix)
    return html`<p><strong>${people[fix.who]}</strong> can mend this: ${fix.what}</p>
<p class="muted">Pass on this page or the request id below. Then start again from the application.</p>`
  const admin = ofITAdmin.has(error.error_type) ? people.it_admin : people.developer
  const who = error.status >= 500 ? people.operator : admin
  return html`<p><strong>${who}</strong> can mend this. Pass on the request id below, then start again from the application.</p>`
}

function wantsJSON(request: Request): boolean {
  const accept = request.headers.get('accept') ?? ''
  return accept.includes('application/json') && !accept.includes('text/html')
}
