/** The logins that this process has sent away lately: their answers need not wait for their rows. */
import type { Services } from '../context.ts'
import { hashToken } from '../db/secrets.ts'
import type { Connection } from './connections.ts'
import type { NewFlow, StartedFlow } from './flow.ts'
import { createMemory } from './remembered.ts'

interface Remembered {
  project_id: string
  connection_id: string
  flow: StartedFlow
}

const memory = createMemory<Remembered>(10_000)

/** Remembers a flow whose row has been written. */
export function rememberFlow(
  services: Services,
  { project_id, connection_id }: Connection,
  { cookie, state, ...flow }: NewFlow,
  started_at: Date,
): void {
  const cookie_hash = hashToken(cookie)
  memory.remember(services, state, {
    project_id,
    connection_id,
    flow: { ...flow, state: 'started', cookie_hash, started_at },
  })
}

/** The flow of a RelayState on this connection, once; undefined where this process does not know it. */
export function recallFlow(
  services: Services,
  { project_id, connection_id }: Connection,
  state: string,
): StartedFlow | undefined {
  const isMine = (found: Remembered) =>
    found.project_id === project_id && found.connection_id === connection_id
  return memory.recall(services, state, isMine)?.flow
}
