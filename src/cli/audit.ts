/** What commands leave in the audit log: that it was done by command, not by whom the machine knows. */
import { hostname, userInfo } from 'node:os'
import type { Database } from '../db/connect.ts'
import { type Actor, recordAudit } from '../events/audit.ts'

/** The actor of every command: the account that ran it, on which machine. */
export function commandActor(): Actor {
  return { type: 'cli', id: 'cli', name: `portcullis (${accountName()}@${hostname()})` }
}

function accountName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}

interface CommandChange {
  project_id: string | null
  organization_id?: string
  action: string
  target_type: string
  target_id: string
  target_name?: string
  after?: unknown
}

/** Writes what a command has changed; `after` holds no secrets. */
export function auditCommand(db: Database, change: CommandChange): Promise<void> {
  return recordAudit(db, { ...change, actor: commandActor(), at: new Date() })
}
