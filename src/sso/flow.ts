/**
 * One login is one row of `sso_flows`, and this is the map of its states:
 *
 *     started --> verified --> redeemed        started: sent to the identity provider
 *        |            |                        verified: it came back and was believed; the app has a token
 *        +--> failed <+                        redeemed: the app has exchanged the token
 *        |            |
 *        +------------+--> passed              passed: a test login (test-login.ts) that would have got in
 *
 * A row that stays `started` for more than 30 minutes or `verified` for more than 5 counts as expired.
 * Every arrow is one conditional statement, so that it happens once, over any number of nodes. A login
 * that begins at the identity provider starts its row as `verified`. Steps (start, callback,
 * authenticate) never call one another; they meet in this row.
 */
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { hashToken } from '../db/secrets.ts'
import { newEventId } from '../events/events.ts'
import { ApiError, type ErrorType } from '../http/errors.ts'
import type { Connection } from './connections.ts'
import { endedColumns, loginEventSQL } from './login-events.ts'
import { rememberFlow } from './remembered-flows.ts'

export const startedForMs = 30 * 60_000
export const verifiedForMs = 5 * 60_000

/** One thing that was looked at in a login; the trace, the error page and the API are made of these. */
export interface Check {
  name: string
  verdict: 'pass' | 'fail' | 'skip'
  expected?: string
  actual?: string
  fix?: { who: 'it_admin' | 'developer' | 'operator'; what: string }
}

/** A login that was refused: what the browser is told, and the checks that led there. */
export class LoginError extends ApiError {
  readonly checks: readonly Check[]
  /** Whether a flow says so already. */
  recorded = false
  /** By which a trace of its own is found, where it has one. */
  request_id: string | undefined

  constructor(error_type: ErrorType, checks: readonly Check[], message?: string) {
    super(error_type, {
      ...(message !== undefined && { message }),
      details: { checks: checks.filter((check) => check.verdict === 'fail') },
    })
    this.checks = checks
  }
}

/**
 * Checks as JSON that PostgreSQL takes: what was shortened may end in half of a surrogate pair, and NUL
 * has no place in text.
 */
export function storedChecks(checks: readonly Check[]): string {
  const json = JSON.stringify(checks)
  // How JSON writes those two; hardly any login has them, and a replacer costs more than all the rest.
  if (!/\\u(?:0000|d[89a-f])/.test(json)) return json
  return JSON.stringify(checks, (_name, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : value,
  )
}

/** What a callback needs of the row that its state names. */
export interface StartedFlow {
  flow_id: string
  request_id: string
  /** `arrived`: its authorization code is being exchanged. */
  state: 'started' | 'arrived' | 'verified' | 'redeemed' | 'failed' | 'passed'
  cookie_hash: Buffer
  idp_request_id: string
  scopes: string
  pkce_code_challenge: string
  login_redirect_url: string
  signup_redirect_url: string
  /** Who tries the connection; null: an ordinary login. `login_redirect_url` is then a path of this server. */
  tested_by: string | null
  started_at: Date
}

const startedColumns = `flow_id, request_id, cookie_hash, idp_request_id, scopes,
  pkce_code_challenge, login_redirect_url, signup_redirect_url, tested_by, started_at`

/** The row that a RelayState or an OIDC `state` names on this connection, in whatever state it is. */
export async function findFlow(
  services: Services,
  connection: Connection,
  state: string,
): Promise<StartedFlow | undefined> {
  const rows = await statement<StartedFlow>(
    services.db,
    `select ${startedColumns},
       case when state = 'started' and arrived_at is not null then 'arrived' else state end as state
     from sso_flows where project_id = $1 and state_hash = $2 and connection_id = $3`,
    [connection.project_id, hashToken(state), connection.connection_id],
  )
  return rows[0]
}

/**
 * The waiting row of an OIDC `state`, taken by the browser that holds its cookie: the first to come takes
 * it, so that a code is exchanged once and a reloaded callback cannot spoil the login. Otherwise undefined.
 */
export async function takeFlow(
  services: Services,
  connection: Connection,
  state: string,
  cookies: readonly string[],
): Promise<StartedFlow | undefined> {
  const rows = await statement<StartedFlow>(
    services.db,
    `update sso_flows set arrived_at = $4
     where project_id = $1 and state_hash = $2 and connection_id = $3 and state = 'started'
       and arrived_at is null and cookie_hash = any($5)
     returning state, ${startedColumns}`,
    [
      connection.project_id,
      hashToken(state),
      connection.connection_id,
      services.now(),
      cookies.map(hashToken),
    ],
  )
  return rows[0]
}

export interface NewFlow {
  flow_id: string
  request_id: string
  state: string
  cookie: string
  idp_request_id: string
  scopes: string
  pkce_code_challenge: string
  login_redirect_url: string
  signup_redirect_url: string
  tested_by: string | null
}

/** Writes the row of a login that leaves for the identity provider. */
export async function startFlow(
  services: Services,
  connection: Connection,
  flow: NewFlow,
): Promise<void> {
  const started_at = services.now()
  await statement(
    services.db,
    `insert into sso_flows (project_id, organization_id, connection_id, flow_id, state, initiated_by,
       request_id, state_hash, cookie_hash, idp_request_id, scopes, pkce_code_challenge,
       login_redirect_url, signup_redirect_url, tested_by, started_at)
     values ($1, $2, $3, $4, 'started', 'sp', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      connection.project_id,
      connection.organization_id,
      connection.connection_id,
      flow.flow_id,
      flow.request_id,
      hashToken(flow.state),
      hashToken(flow.cookie),
      flow.idp_request_id,
      flow.scopes,
      flow.pkce_code_challenge,
      flow.login_redirect_url,
      flow.signup_redirect_url,
      flow.tested_by,
      started_at,
    ],
  )
  rememberFlow(services, connection, flow, started_at)
}

/**
 * Moves a flow to `failed` with its checks; nothing else is written of a failed login. Only a row that
 * is in one of `from` moves; `adding` keeps the checks that it has before those of the error.
 */
export async function failFlow(
  services: Services,
  project_id: string,
  flow_id: string,
  error: LoginError,
  {
    from = ['started'],
    adding = false,
  }: { from?: ('started' | 'verified')[]; adding?: boolean } = {},
): Promise<void> {
  await statement(
    services.db,
    `with failed as (
       update sso_flows set state = 'failed', failed_at = $3, error_type = $4, token_hash = null,
         checks = case when $8::boolean then checks || $5::jsonb else $5::jsonb end
       where project_id = $1 and flow_id = $2 and state = any($6)
       returning tested_by, ${endedColumns}),
     ended as (select ${endedColumns} from failed where tested_by is null),
     ${loginEventSQL('failed', '$7')}
     select flow_id from ended`,
    [
      project_id,
      flow_id,
      services.now(),
      error.error_type,
      storedChecks(error.checks),
      from,
      newEventId(project_id),
      adding,
    ],
  )
  error.recorded = true
}

/** Ends a test login, with the checks of admission, as one that would have got in. */
export async function passFlow(
  services: Services,
  project_id: string,
  flow_id: string,
  checks: readonly Check[],
): Promise<void> {
  await statement(
    services.db,
    `update sso_flows set state = 'passed', checks = $3
     where project_id = $1 and flow_id = $2 and state = 'verified' and tested_by is not null`,
    [project_id, flow_id, storedChecks(checks)],
  )
}

interface Suppression {
  written_at: number
  suppressed: number
}

const anonymous = new WeakMap<Services, Map<string, Suppression>>()

/** Counts a failure of this connection that comes within a second of the last one written. */
function isSuppressed(last: Suppression | undefined, now: Date): boolean {
  if (!last || Math.abs(now.getTime() - last.written_at) >= 1_000) return false
  last.suppressed += 1
  return true
}

/**
 * Writes a failed row for a callback that belongs to no flow, or a start that was refused (`sp`): one a
 * second for a connection and kind at most, the others are counted in the next row, so that nobody can
 * fill the table by posting. Says whether the
 * failure has a row.
 */
export async function recordAnonymousFailure(
  services: Services,
  connection: Connection,
  { request_id, flow_id }: { request_id: string; flow_id: string },
  error: LoginError,
  initiated_by: 'sp' | 'idp' = 'idp',
): Promise<boolean> {
  if (error.recorded) return true
  const now = services.now()
  const known = anonymous.get(services) ?? new Map<string, Suppression>()
  anonymous.set(services, known)
  const kind = `${initiated_by} ${connection.connection_id}`
  const last = known.get(kind)
  if (isSuppressed(last, now)) return false
  if (known.size > 10_000) known.clear()
  known.set(kind, { written_at: now.getTime(), suppressed: 0 })
  await statement(
    services.db,
    `with ended as (
       insert into sso_flows (project_id, organization_id, connection_id, flow_id, state, initiated_by,
         request_id, error_type, checks, suppressed_count, started_at, failed_at)
       values ($1, $2, $3, $4, 'failed', $11, $5, $6, $7, $8, $9, $9)
       returning ${endedColumns}),
     ${loginEventSQL('failed', '$10')}
     select flow_id from ended`,
    [
      connection.project_id,
      connection.organization_id,
      connection.connection_id,
      flow_id,
      request_id,
      error.error_type,
      storedChecks(error.checks),
      last?.suppressed ?? 0,
      now,
      newEventId(connection.project_id),
      initiated_by,
    ],
  )
  return true
}
