/**
 * A login's trace as parts of a page: what happened in a sentence, the steps in time, the checks. The
 * dashboard, the page for an IT administrator and the setup portal show the same.
 */
import { html, type Markup } from '../http/html.ts'
import { badge, type Content, type Tone, time } from '../http/parts.ts'
import { checkFailure, checkTitle, people, verdicts } from './check-words.ts'
import type { Check } from './flow.ts'
import { mendedByAnotherTry } from './refusal-page.ts'
import { timelineSteps } from './trace-timeline.ts'
import type { LoginSummary, LoginTrace } from './traces.ts'

const longest = 400

/**
 * Text from outside as it can be shown: bounded, and with what has no width or turns the direction of
 * writing in sight as its code point, since that is what makes two values differ that look alike.
 */
export function visible(text: string, length = longest): string {
  const short = text.length > length ? `${text.slice(0, length).toWellFormed()}…` : text
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    /[\n\t ]/.test(character)
      ? ' '
      : `⟨U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A value of a check, isolated from the direction of the text around it. */
function shown(text: string | undefined): Content {
  if (text === undefined || text === '') return html`<span class="text-secondary">–</span>`
  return html`<code><bdi>${visible(text)}</bdi></code>`
}

type Result = Pick<LoginSummary, 'state' | 'verified_at'>

/** How a login ended, in two or three words. */
export function resultOf({ state, verified_at }: Result): { text: string; tone: Tone } {
  if (state === 'redeemed') return { text: 'Signed in', tone: 'green' }
  if (state === 'passed') return { text: 'Test passed', tone: 'green' }
  if (state === 'failed') return { text: 'Refused', tone: 'red' }
  if (state === 'started') return { text: 'In progress', tone: 'blue' }
  if (state === 'verified') return { text: 'Token not used yet', tone: 'blue' }
  return { text: verified_at ? 'Token never used' : 'Never came back', tone: 'yellow' }
}

/** The same as a badge. */
export function resultBadge(login: Result): Markup {
  const { text, tone } = resultOf(login)
  return badge(text, tone)
}

/** The check that ended a login, if one did. */
export function failedCheck(checks: readonly Check[]): Check | undefined {
  return checks.findLast((check) => check.verdict === 'fail')
}

type Sentence = { tone: 'success' | 'danger' | 'warning' | 'info'; what: string }

function sentenceOf(trace: LoginTrace): Sentence {
  const { state, finding, durations, error_type } = trace
  const who = whoOf(trace)
  const took = durations.total_ms === null ? '' : ` in ${durationText(durations.total_ms)}`
  if (state === 'redeemed') return { tone: 'success', what: `${who} signed in${took}.` }
  if (state === 'passed')
    return { tone: 'success', what: `The test passed: ${who} would have signed in${took}.` }
  if (state === 'verified')
    return {
      tone: 'info',
      what: `${who} was verified${took}. The application has not redeemed the token yet.`,
    }
  if (finding) return { tone: state === 'started' ? 'info' : 'warning', what: finding.what }
  const failed = failedCheck(trace.checks)
  const reason = failed ? checkFailure(failed.name) : `the login was refused (${error_type ?? ''})`
  return { tone: 'danger', what: `${who} could not be signed in: ${reason}.` }
}

/** By what the identity provider said of them last. */
function whoOf({ email_address, checks }: LoginTrace): string {
  const named = checks.find(({ name, verdict }) => name === 'name_id' && verdict === 'pass')
  return visible(email_address ?? named?.actual ?? 'Somebody', 254)
}

/** What happened, who must act and what they do: the box at the top of a trace. */
export function traceHeadline(trace: LoginTrace): Markup {
  const { tone, what } = sentenceOf(trace)
  const failed = trace.state === 'failed' ? failedCheck(trace.checks) : undefined
  return html`<section class="trace-headline alert alert-${tone}" aria-label="What happened">
<p class="trace-what">${what}</p>
${failed ? html`<dl class="facts">${compared(failed)}${whoActs(failed)}</dl>` : ''}
${trace.state === 'failed' && !failed ? html`<p>Pass on the request id <code>${trace.request_id}</code> to the operator of this server.</p>` : ''}
${trace.finding ? html`<p><strong>Who must act:</strong> ${capital(people[trace.finding.who])}</p>` : ''}
</section>`
}

function compared({ expected, actual }: Check): Markup {
  return html`${expected ? html`<dt>Expected</dt><dd>${shown(expected)}</dd>` : ''}${actual ? html`<dt>Got</dt><dd>${shown(actual)}</dd>` : ''}`
}

function whoActs({ name, fix }: Check): Markup | '' {
  if (mendedByAnotherTry.has(name))
    return html`<dt>Who must act</dt><dd><strong>The person who signs in</strong></dd><dt>What to do</dt><dd>Start again from the application, and stay in one browser until signed in.</dd>`
  if (!fix) return ''
  return html`<dt>Who must act</dt><dd><strong>${capital(people[fix.who])}</strong></dd><dt>What to do</dt><dd>${visible(fix.what, 1_000)}</dd>`
}

/** Every check in order, each with its verdict as a word, what was expected and what came. */
export function checksPart(checks: readonly Check[]): Markup {
  if (checks.length === 0)
    return html`<p class="text-secondary m-0">Nothing was checked: no answer of the identity provider came here.</p>`
  const count = (verdict: Check['verdict']) => checks.filter((c) => c.verdict === verdict).length
  const counted = [
    `${count('pass')} passed`,
    ...(count('fail') > 0 ? [`${count('fail')} failed`] : []),
    ...(count('skip') > 0 ? [`${count('skip')} noted`] : []),
  ]
  return html`<p class="text-secondary">${counted.join(', ')}</p>
<table class="table table-sm stack checks"><thead><tr><th scope="col">Verdict</th><th scope="col">Check</th><th scope="col">Expected</th><th scope="col">Got</th></tr></thead>
<tbody>${checks.map(checkRows)}</tbody></table>`
}

function checkRows(check: Check): Markup {
  const { name, verdict, expected, actual } = check
  const { mark, word } = verdicts[verdict]
  const acts = verdict === 'fail' ? whoActs(check) : ''
  return html`<tr class="check check-${verdict}"><td><span class="verdict verdict-${verdict}"><span aria-hidden="true">${mark}</span> ${word}</span></td>
<td>${checkTitle(name)}</td>
<td${expected ? html` data-label="Expected"` : ''}>${expected ? shown(expected) : ''}</td>
<td${actual ? html` data-label="Got"` : ''}>${actual ? shown(actual) : ''}</td></tr>
${acts ? html`<tr class="check check-fail"><td colspan="4"><dl class="facts">${acts}</dl></td></tr>` : ''}`
}

const stepMarks = { done: '✓', failed: '✗', waiting: '…', missing: '–' }
const stepWords = { done: 'Done', failed: 'Failed', waiting: 'Waiting', missing: 'Did not happen' }

/** The steps of a login in time, with how long each took; hints where it stopped on the way. */
export function timelinePart(trace: LoginTrace): Markup {
  return html`<ol class="timeline-steps">${timelineSteps(trace).map(
    (
      step,
    ) => html`<li class="step-${step.mark}"><span class="step-mark" aria-hidden="true">${stepMarks[step.mark]}</span>
<div><p class="step-title"><strong>${step.title}</strong> <span class="visually-hidden">(${stepWords[step.mark]})</span>
${step.took_ms === null ? '' : html`<span class="badge bg-secondary-lt">${durationText(step.took_ms)}</span>`}</p>
${step.at ? html`<p class="text-secondary m-0">${time(step.at)}</p>` : ''}
${step.text ? html`<p class="m-0">${step.text}</p>` : ''}
${step.hints.length > 0 ? html`<p class="mt-2 mb-1">Look at these, the likeliest first:</p><ul>${step.hints.map((hint) => html`<li>${visible(hint, 1_000)}</li>`)}</ul>` : ''}</div></li>`,
  )}</ol>`
}

/** Milliseconds as people say them. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}

/** The whole of it: headline, what a reader may do about it (`remedy`), steps, checks. */
export function traceBody(trace: LoginTrace, remedy: Content = ''): Markup {
  return html`${traceHeadline(trace)}${remedy}
<section class="card"><div class="card-header"><h2 class="card-title">Steps</h2></div><div class="card-body">${timelinePart(trace)}</div></section>
<section class="card"><div class="card-header"><h2 class="card-title">Checks</h2></div><div class="card-body">${checksPart(trace.checks)}</div></section>`
}
