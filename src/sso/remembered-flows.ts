/**
 * The logins that this process has sent away lately, so that the answer of the identity provider need not
 * wait for a row that was written here. Nothing is decided by it: what was remembered is given out once, and
 * the statement that ends the flow takes it only if its row is still waiting.
 */
import type { Services } from '../context.ts'
import { hashToken } from '../db/secrets.ts'
import type { Connection } from './connections.ts'
import type { NewFlow, StartedFlow } from './flow.ts'

const maxFlows = 10_000

interface Remembered {
  project_id: string
  connection_id: string
  flow: StartedFlow
}

const remembered = new WeakMap<Services, Map<string, Remembered>>()

/** Remembers a flow whose row has been written. Beyond 10,000 the oldest is forgotten. */
export function rememberFlow(
  services: Services,
  { project_id, connection_id }: Connection,
  flow: NewFlow,
  started_at: Date,
): void {
  const flows = remembered.get(services) ?? new Map<string, Remembered>()
  remembered.set(services, flows)
  const [oldest] = flows.keys()
  if (oldest !== undefined && flows.size >= maxFlows) flows.delete(oldest)
  const { cookie, state, ...rest } = flow
  const cookie_hash = hashToken(cookie)
  flows.set(keyOf(state), {
    project_id,
    connection_id,
    flow: { ...rest, state: 'started', cookie_hash, started_at },
  })
}

/** The flow of a RelayState on this connection, once; undefined where this process does not know it. */
export function recallFlow(
  services: Services,
  { project_id, connection_id }: Connection,
  state: string,
): StartedFlow | undefined {
  const flows = remembered.get(services)
  const key = keyOf(state)
  const found = flows?.get(key)
  if (found?.connection_id !== connection_id || found.project_id !== project_id) return undefined
  flows?.delete(key)
  return found.flow
}

/** Who reads the memory of a process shall not find what finishes a login. */
function keyOf(state: string): string {
  return hashToken(state).toString('base64url')
}
