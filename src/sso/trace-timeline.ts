/** The steps of a login in the order of time, as its row says them. */
import { checkFailure } from './check-words.ts'
import type { LoginTrace } from './traces.ts'

export interface TimelineStep {
  mark: 'done' | 'failed' | 'waiting' | 'missing'
  title: string
  at: Date | null
  /** How long it took; null where that is not known, or it has no length. */
  took_ms: number | null
  text: string
  hints: string[]
}

type Part = Partial<TimelineStep> & Pick<TimelineStep, 'mark' | 'title'>

const step = (part: Part): TimelineStep => ({
  at: null,
  took_ms: null,
  text: '',
  hints: [],
  ...part,
})

/** What happened and what did not, from the start to the token that the application redeemed. */
export function timelineSteps(trace: LoginTrace): TimelineStep[] {
  return [...departure(trace), ...verification(trace), ...redemption(trace)]
}

function departure(trace: LoginTrace): TimelineStep[] {
  const { initiated_by, started_at, durations, finding } = trace
  if (initiated_by === 'idp')
    return [
      step({
        mark: 'done',
        title: 'Came from the identity provider',
        at: started_at,
        text: 'No login was started here before: it began at the identity provider, or belongs to no login that is known.',
      }),
    ]
  const started = step({
    mark: 'done',
    title: 'Started',
    at: started_at,
    text: trace.tested_by
      ? 'A test login: the browser was sent to the identity provider.'
      : 'The application sent the browser here, and it went on to the identity provider.',
  })
  const away = durations.at_identity_provider_ms
  if (away === null && finding?.name !== 'exchange_never_ended')
    return [
      started,
      step({
        mark: trace.state === 'started' ? 'waiting' : 'missing',
        title: trace.state === 'started' ? 'At the identity provider' : 'Never came back',
        text: trace.state === 'started' ? 'Not back so far.' : '',
        hints: finding?.hints ?? [],
      }),
    ]
  const back = away === null ? null : new Date(started_at.getTime() + away)
  return [
    started,
    step({ mark: 'done', title: 'At the identity provider', took_ms: away }),
    step({ mark: 'done', title: 'Came back', at: back }),
  ]
}

function verification(trace: LoginTrace): TimelineStep[] {
  const { verified_at, failed_at, durations, finding } = trace
  const took_ms = durations.code_exchange_ms
  if (verified_at)
    return [step({ mark: 'done', title: 'Identity verified', at: verified_at, took_ms })]
  if (failed_at)
    return [
      step({ mark: 'failed', title: 'Refused', at: failed_at, took_ms, text: reasonOf(trace) }),
    ]
  if (finding?.name !== 'exchange_never_ended') return []
  const { what, hints } = finding
  const mark = trace.state === 'started' ? 'waiting' : 'missing'
  return [step({ mark, title: 'Exchange of the code', text: what, hints })]
}

function redemption(trace: LoginTrace): TimelineStep[] {
  const { verified_at, redeemed_at, failed_at, durations, finding } = trace
  if (!verified_at) return []
  if (trace.state === 'passed')
    return [
      step({
        mark: 'done',
        title: 'Test ended',
        text: 'A test makes no token, no member and no session.',
      }),
    ]
  const took_ms = durations.redemption_ms
  if (redeemed_at)
    return [step({ mark: 'done', title: 'Token redeemed', at: redeemed_at, took_ms })]
  if (failed_at)
    return [
      step({
        mark: 'failed',
        title: 'Refused, though verified',
        at: failed_at,
        took_ms,
        text: reasonOf(trace),
      }),
    ]
  if (finding)
    return [
      step({
        mark: 'missing',
        title: 'Token never redeemed',
        text: finding.what,
        hints: finding.hints,
      }),
    ]
  return [
    step({
      mark: 'waiting',
      title: 'Token not redeemed yet',
      text: 'The application has 5 minutes to redeem it by sso.authenticate.',
    }),
  ]
}

function reasonOf({ checks, error_type }: LoginTrace): string {
  const failed = checks.findLast((check) => check.verdict === 'fail')
  const reason = failed ? checkFailure(failed.name) : (error_type ?? 'refused')
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`
}
