import type { Services } from '../context.ts'
import type { ErrorType } from '../http/errors.ts'
import type { Connection } from './connections.ts'
import { checkBinding } from './cookies.ts'
import { type Check, LoginError, type StartedFlow, startedForMs } from './flow.ts'
import type { NewMessage } from './messages.ts'

/** One answer of an identity provider on its way through the checks. */
export interface Arrival {
  request_id: string
  checks: Check[]
  /** What came, to be kept where that is wanted (messages.ts). */
  messages: NewMessage[]
  /** The id of the row where the answer belongs to none that was started. */
  flow_id: string
  /** The flow that the answer belongs to, once the browser has proved that it is its own. */
  flow: StartedFlow | null
}

/** What each way to miss the own flow is called on the wire. */
export interface FlowErrors {
  missing_cookie: ErrorType
  cookie_mismatch: ErrorType
  /** The flow has ended with a token. */
  used: ErrorType
  /** The flow has failed. */
  failed: ErrorType
  expired: ErrorType
}

const became = {
  arrived: 'is being finished',
  verified: 'has ended with a token',
  redeemed: 'has ended with a session',
  failed: 'has failed',
  passed: 'was a test, and has ended',
}

const fix = {
  who: 'it_admin',
  what: 'Start the login again in one browser, from the application.',
} as const

/**
 * Makes the flow this arrival's: the browser must be the one that started it, the flow must be waiting,
 * for at most 30 minutes. Throws LoginError; a flow of another browser stays untouched.
 */
export function claimFlow(
  services: Services,
  request: Request,
  flow: StartedFlow,
  arrival: Arrival,
  errors: FlowErrors,
): void {
  const { checks } = arrival
  const refuse = (
    error_type: ErrorType,
    check: Omit<Check, 'verdict' | 'fix'>,
    message?: string,
  ) => {
    checks.push({ verdict: 'fail', ...check, fix })
    throw new LoginError(error_type, checks, message)
  }
  const browser = { name: 'browser', expected: 'the browser that started the login' }
  const binding = checkBinding(services.config, request, flow.cookie_hash)
  if (binding === 'missing')
    refuse(errors.missing_cookie, { ...browser, actual: 'a browser without its cookie' })
  if (binding === 'mismatch')
    refuse(errors.cookie_mismatch, { ...browser, actual: 'another browser' })
  checks.push({ ...browser, verdict: 'pass' })
  if (flow.state !== 'started')
    refuse(flow.state === 'failed' ? errors.failed : errors.used, {
      name: 'flow',
      expected: 'a login that is waiting',
      actual: `a login that ${became[flow.state]}`,
    })
  arrival.flow = flow
  const age = services.now().getTime() - flow.started_at.getTime()
  if (age > startedForMs)
    refuse(
      errors.expired,
      {
        name: 'flow',
        expected: 'at most 30 minutes from start to callback',
        actual: `${Math.round(age / 60_000)} minutes`,
      },
      'The login took longer than 30 minutes.',
    )
  checks.push({ name: 'flow', verdict: 'pass', actual: `started ${Math.round(age / 1000)} s ago` })
}

/**
 * Refuses what comes back over a connection that is not active, unless it belongs to a test login. Throws
 * LoginError.
 */
export function requireActive(
  connection: Connection,
  flow: StartedFlow | null,
  { checks }: Arrival,
): void {
  if (connection.status === 'active' || flow?.tested_by) return
  checks.push({
    name: 'connection',
    verdict: 'fail',
    expected: 'active',
    actual: 'pending: it can be tried, and nobody logs in over it',
    fix: {
      who: 'it_admin',
      what: 'Activate the connection, then start the login again from the application.',
    },
  })
  throw new LoginError('requires_active_sso_connection', checks)
}
