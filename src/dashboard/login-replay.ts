/** “Would this login pass now?”: the kept response against the connection's present settings, beside what was. */
import { html, type Markup } from '../http/html.ts'
import { type Content, card, notice, time } from '../http/parts.ts'
import { checkTitle, verdicts } from '../sso/check-words.ts'
import type { Check } from '../sso/flow.ts'
import { type Replay, replayLogin } from '../sso/replay.ts'
import { failedCheck, traceHeadline, visible } from '../sso/trace-page.ts'
import type { LoginTrace } from '../sso/traces.ts'
import { parameter } from './ask.ts'
import { dashboardPage } from './frame.ts'
import { loginOf } from './login-of.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const loginReplayPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/logins/:flow_id/replay', needs: 'viewer', run: replayPage }),
]

async function replayPage(visit: ProjectVisit): Promise<Response> {
  const { services, project, base } = visit
  const trace = await loginOf(visit, parameter(visit, 'flow_id'))
  const replay = await replayLogin(services, project.project_id, trace.flow_id)
  const here = `${base}/logins/${trace.flow_id}`
  return dashboardPage(visit, {
    title: 'Would this login pass now?',
    crumbs: [
      ['Logins', `${base}/logins`],
      ['The login', here],
    ],
    actions: html`<a class="btn" href="${here}/replay">Try again</a>`,
    body: html`${verdictNotice(replay)}
<p class="text-secondary">The kept response was looked at again with the settings that the connection has now${replay.at ? html`, and the time at which it arrived, ${time(replay.at)}` : ''}. Nothing was changed, and nobody was signed in.</p>
${card('What it was then', traceHeadline(trace))}
${replay.checks.length > 0 ? comparison(trace, replay) : ''}`,
  })
}

function verdictNotice({ verdict, reason, checks }: Replay): Markup {
  if (verdict === 'pass') return notice('success', 'Yes: this login would pass now.')
  if (verdict === 'unknown') return notice('info', 'That cannot be told.', reason)
  const failed = failedCheck(checks)
  return notice(
    'danger',
    'No: this login would be refused now, too.',
    failed &&
      html`${checkTitle(failed.name)}: expected ${value(failed.expected)}, got ${value(failed.actual)}. ${failed.fix ? visible(failed.fix.what, 1_000) : ''}`,
  )
}

function value(text: string | undefined): Content {
  return text
    ? html`<code><bdi>${visible(text)}</bdi></code>`
    : html`<span class="text-secondary">–</span>`
}

/** Both verdicts of each check; what only one of them has stands alone. */
function comparison({ checks }: LoginTrace, replay: Replay): Markup {
  const rows = paired(checks, replay.checks)
  return card(
    'Then and now',
    html`<table class="table table-sm stack compared"><thead><tr><th scope="col">Check</th><th scope="col">Then</th><th scope="col">Now</th></tr></thead>
<tbody>${rows.map(({ name, before, now }) => {
      const differs = before && now && before.verdict !== now.verdict
      return html`<tr${differs ? html` class="differs"` : ''}><td>${checkTitle(name)}${differs ? html` <span class="badge bg-secondary-lt">changed</span>` : ''}</td>${verdictCell('Then', before)}${verdictCell('Now', now)}</tr>`
    })}</tbody></table>`,
  )
}

function verdictCell(label: string, check: Check | undefined): Markup {
  if (!check)
    return html`<td data-label="${label}"><span class="text-secondary">not looked at</span></td>`
  const { mark, word } = verdicts[check.verdict]
  return html`<td data-label="${label}"><span class="verdict verdict-${check.verdict}"><span aria-hidden="true">${mark}</span> ${word}</span>${
    check.verdict === 'pass'
      ? ''
      : html`<br>expected ${value(check.expected)}<br>got ${value(check.actual)}`
  }</td>`
}

interface Pair {
  name: string
  before?: Check
  now?: Check
}

function paired(before: readonly Check[], now: readonly Check[]): Pair[] {
  const left = [...now]
  const pairs = before.map((check): Pair => {
    const at = left.findIndex(({ name }) => name === check.name)
    const same = at < 0 ? undefined : left.splice(at, 1)[0]
    return { name: check.name, before: check, ...(same && { now: same }) }
  })
  return [...pairs, ...left.map((check): Pair => ({ name: check.name, now: check }))]
}

/** The way there, on the page of a login whose response is kept. */
export function replayLink({ base }: ProjectVisit, { flow_id }: LoginTrace): Markup {
  return html`<a class="btn" href="${base}/logins/${flow_id}/replay">Would this login pass now?</a>`
}
