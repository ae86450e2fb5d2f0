/** What the list of logins was asked for, and the form that asks. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { field } from '../http/parts.ts'
import { checkTitle, knownChecks } from '../sso/check-words.ts'
import type { LoginFilter, LoginState } from '../sso/traces.ts'
import type { ProjectVisit } from './visit.ts'

const names = [
  'organization',
  'connection',
  'email',
  'result',
  'check',
  'request',
  'since',
  'until',
] as const

/** The fields as they were filled in; empty ones are not there. */
export type LoginQuery = Partial<Record<(typeof names)[number], string>>

const states = {
  redeemed: 'Signed in',
  failed: 'Refused',
  started: 'In progress',
  verified: 'Token not used yet',
  expired: 'Never came back, or token never used',
  passed: 'Test passed',
} satisfies Record<LoginState, string>

/** The fields of the address; what is too long to be one is left out. */
export function readLoginQuery({ c }: ProjectVisit): LoginQuery {
  const given = names.map((name) => [name, (c.req.query(name) ?? '').trim()] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== '' && value.length <= 300))
}

/** The address of a list with these fields. */
export function loginsURL(
  { base }: ProjectVisit,
  query: LoginQuery,
  more: Record<string, string> = {},
): string {
  const parameters = new URLSearchParams({ ...query, ...more })
  return `${base}/logins${parameters.size > 0 ? `?${parameters}` : ''}`
}

/** The filter that the fields ask for. Throws `bad_request` for a time or a result that is none. */
export function loginFilter(query: LoginQuery): LoginFilter {
  const { organization, connection, email, result, check, request, since, until } = query
  return {
    ...(organization && { organization }),
    ...(connection && { connection_id: connection }),
    ...(email && { email }),
    ...(result && { state: stateOf(result) }),
    ...(check && { failed_check: check }),
    ...(request && { request_id: request }),
    ...(since && { since: timeOf(since) }),
    ...(until && { until: timeOf(until) }),
  }
}

function stateOf(text: string): LoginState {
  if (Object.hasOwn(states, text)) return text as LoginState
  throw new ApiError('bad_request', { message: 'There is no such result.' })
}

/** A time of the form, which is in UTC where it says nothing else. */
function timeOf(text: string): Date {
  const zoned = /(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`
  const time = new Date(/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? zoned : Number.NaN)
  if (!Number.isNaN(time.getTime())) return time
  throw new ApiError('bad_request', { message: 'A time is written as 2026-01-31T09:00.' })
}

/** The search field, and behind it the fields that narrow the list. */
export function filterForm(visit: ProjectVisit, query: LoginQuery, q: string): Markup {
  const text = (
    name: 'organization' | 'connection' | 'email' | 'request',
    label: string,
    hint: string,
  ) => field({ name, label, hint, value: query[name] ?? '' })
  const time = (name: 'since' | 'until', label: string) =>
    field({ name, label, type: 'datetime-local', value: query[name] ?? '' })
  const any = Object.keys(query).length > 0
  return html`<form method="get" action="${visit.base}/logins" role="search" class="card filter"><div class="card-body">
<div class="filter-line"><label class="visually-hidden" for="field-q">Find a login</label>
<input class="form-control" type="search" id="field-q" name="q" value="${q}" placeholder="Request id, login id or e-mail address">
<button class="btn btn-primary">Search</button></div>
<details${any ? html` open` : ''}><summary>More filters</summary><div class="filter-fields mt-3">
${text('email', 'E-mail address', 'The whole address.')}
${text('organization', 'Organization', 'Its id, slug or external id.')}
${text('connection', 'Connection', 'Its id.')}
${text('request', 'Request id', 'As the error page shows it.')}
${field({ name: 'result', label: 'Result', value: query.result ?? '', options: [['', 'Any'], ...Object.entries(states)] })}
${field({ name: 'check', label: 'Failed check', value: query.check ?? '', options: checkOptions(query.check) })}
${time('since', 'From (UTC)')}
${time('until', 'Until (UTC)')}</div>
<button class="btn">Apply</button> ${any ? html`<a class="btn btn-link" href="${visit.base}/logins">Clear all</a>` : ''}
</details></div></form>`
}

function checkOptions(chosen: string | undefined): (readonly [string, string])[] {
  const known = knownChecks()
  const other = chosen && !known.some(([name]) => name === chosen)
  return [['', 'Any'], ...(other ? [[chosen, checkTitle(chosen)] as const] : []), ...known]
}
