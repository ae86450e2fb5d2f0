import { type Database, statement } from '../db/connect.ts'
import type { Check } from './flow.ts'

/** What a replay, a fix and the mapping page need of a login's row. */
export interface TriedFlow {
  flow_id: string
  connection_id: string
  state: string
  tested_by: string | null
  idp_request_id: string
  started_at: Date
  checks: Check[]
}

export const triedColumns =
  'flow_id, connection_id, state, tested_by, idp_request_id, started_at, checks'

/** The row of a project's login; undefined where there is none. */
export async function findTriedFlow(
  db: Database,
  project_id: string,
  flow_id: string,
): Promise<TriedFlow | undefined> {
  const rows = await statement<TriedFlow>(
    db,
    `select ${triedColumns} from sso_flows where project_id = $1 and flow_id = $2`,
    [project_id, flow_id],
  )
  return rows[0]
}

/** Whether a check of that name held. */
export function hasPassed({ checks }: Pick<TriedFlow, 'checks'>, name: string): boolean {
  return checks.some((check) => check.name === name && check.verdict === 'pass')
}
