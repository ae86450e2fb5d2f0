/**
 * Replay: what a kept response would lead to by the connection's present settings, with the clock of the
 * moment at which it arrived. Nothing is written, burnt or sent, and no token is made.
 */
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { environmentOf } from '../db/ids.ts'
import type { ErrorType } from '../http/errors.ts'
import { findOrganization } from '../organizations/organization.ts'
import { SAMLError } from '../saml/checks.ts'
import type { Identity } from './attributes.ts'
import { type Candidates, candidatesSQL, candidatesValues } from './candidates.ts'
import { freshConnection } from './connection-fresh.ts'
import type { Connection } from './connections.ts'
import { inWordsOf } from './fix-words.ts'
import { type Check, LoginError } from './flow.ts'
import { type StoredMessage, storedMessages } from './messages.ts'
import { admit } from './provisioning.ts'
import { readClaims } from './replay-oidc.ts'
import { toLoginError, toSAMLIdentity, verifyForConnection } from './saml-identity.ts'
import { findTriedFlow, type TriedFlow } from './tried-flow.ts'

/** What a replay came to. */
export interface Replay {
  /** `pass`: this login would get in now; `unknown`: that cannot be told, for `reason`. */
  verdict: 'pass' | 'fail' | 'unknown'
  reason: string | null
  /** Of a replay that fails. */
  error_type: ErrorType | null
  checks: Check[]
  /** Who it would be, where the checks get so far. */
  identity: Identity | null
  /** The moment at which the response arrived: the clock of the replay. */
  at: Date | null
}

/** Looks at the kept response of a login again. Changes nothing, however often it is called. */
export async function replayLogin(
  services: Services,
  project_id: string,
  flow_id: string,
): Promise<Replay> {
  const flow = await findTriedFlow(services.db, project_id, flow_id)
  if (!flow) return cannotTell('There is no such login.')
  const messages = await storedMessages(services, project_id, flow_id)
  const found = await freshConnection(services, project_id, flow.connection_id)
  if (!found) return cannotTell('The connection was deleted meanwhile.')
  const { connection } = found
  const response = messages.find((message) => message.kind === 'response')
  if (!response) return cannotTell(nothingKept)
  const replay: Replay = {
    verdict: 'pass',
    reason: null,
    error_type: null,
    checks: [],
    identity: null,
    at: response.recorded_at,
  }
  try {
    checkConnection(connection, flow, replay.checks)
    if (response.format === 'saml') replaySAML(services, connection, flow, response, replay)
    else readClaims({ connection, flow, messages, replay })
    if (replay.identity === null) return replay
    await admitNow(services, connection, replay.identity, replay.checks)
    if (replay.reason !== null) replay.verdict = 'unknown'
    return replay
  } catch (error) {
    if (!(error instanceof LoginError)) throw error
    const checks = inWordsOf(connection, replay.checks)
    return { ...replay, checks, verdict: 'fail', reason: null, error_type: error.error_type }
  }
}

const nothingKept =
  'No response of this login is kept: that is done for a day, for test logins and while the debug switch of the connection is on.'

function cannotTell(reason: string): Replay {
  return { verdict: 'unknown', reason, error_type: null, checks: [], identity: null, at: null }
}

/** One that waits for activation can be tried, but its members could not log in. */
function checkConnection({ status }: Connection, flow: TriedFlow, checks: Check[]): void {
  const name = 'connection'
  if (status === 'active') {
    checks.push({ name, verdict: 'pass', expected: 'active', actual: status })
    return
  }
  const actual = 'pending: members log in once it is activated'
  checks.push({ name, verdict: flow.tested_by ? 'skip' : 'fail', expected: 'active', actual })
  if (!flow.tested_by) throw new LoginError('requires_active_sso_connection', checks)
}

function replaySAML(
  services: Services,
  connection: Connection,
  flow: TriedFlow,
  response: StoredMessage,
  replay: Replay,
): void {
  const { checks } = replay
  try {
    const verified = verifyForConnection(services, connection, {
      saml_response: response.content,
      in_response_to: flow.idp_request_id || null,
      requested_at: flow.idp_request_id ? flow.started_at : null,
      now: response.recorded_at,
    })
    checks.push(...verified.checks)
    replay.identity = toSAMLIdentity(connection, verified.identity, checks)
    checks.push({ name: 'used_once', verdict: 'skip', actual: 'a replay uses nothing up' })
  } catch (error) {
    if (!(error instanceof SAMLError)) throw error
    checks.push(...error.checks)
    throw toLoginError(error, checks)
  }
}

/** Whether this person would get in now; reads, and writes nothing. */
async function admitNow(
  services: Services,
  connection: Connection,
  identity: Identity,
  checks: Check[],
): Promise<void> {
  const { project_id, organization_id } = connection
  const project = { project_id, environment: environmentOf(project_id) }
  const organization = await findOrganization(services.db, project, organization_id)
  const rows = await statement<Candidates>(
    services.db,
    `select ${candidatesSQL}`,
    candidatesValues(connection, identity),
  )
  admit({ organization, connection, identity, candidates: rows[0]!, checks })
}
