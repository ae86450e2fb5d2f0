/**
 * Kept messages: what was sent to an identity provider and what came back, encrypted, for a day, only for
 * test logins and while the connection's debug switch is on (connection-switches.ts). Never a code, an
 * access token or a secret of ours.
 */
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { type CipherPlace, DecryptionError } from '../db/secrets.ts'
import type { Connection } from './connections.ts'

export type MessageKind = 'request' | 'response' | 'id_token' | 'userinfo'

/** A message on its way; `saml`: the form field SAMLResponse as it was received. */
export interface NewMessage {
  kind: MessageKind
  format: 'saml' | 'xml' | 'url' | 'json'
  content: string
}

/** A message as it was kept. */
export interface StoredMessage extends NewMessage {
  message_id: string
  /** What was longer than is kept ends early. */
  truncated: boolean
  recorded_at: Date
  expires_at: Date
}

const keptForMs = 24 * 3_600_000
const longest = 400 * 1024
/** Of ordinary logins, for one connection and process: the public can begin logins. */
const budget = { bytes: 20 * 1024 * 1024, period_ms: 3_600_000 }

/** Whether the messages of a login over this connection are kept now. */
export function keepsMessages(
  services: Services,
  { debug_until }: Pick<Connection, 'debug_until'>,
  flow: { tested_by: string | null } | null,
): boolean {
  return Boolean(flow?.tested_by) || (debug_until !== null && debug_until > services.now())
}

const spent = new WeakMap<Services, Map<string, { since: number; bytes: number }>>()

/** Whether a connection may keep so much more of ordinary logins; a day's worth must not fill the disk. */
function isWithinBudget(services: Services, connection_id: string, bytes: number): boolean {
  const now = services.now().getTime()
  const known = spent.get(services) ?? new Map<string, { since: number; bytes: number }>()
  spent.set(services, known)
  const last = known.get(connection_id)
  const current = last && now - last.since < budget.period_ms ? last : { since: now, bytes: 0 }
  if (known.size > 10_000) known.clear()
  known.set(connection_id, current)
  if (current.bytes + bytes > budget.bytes) return false
  current.bytes += bytes
  return true
}

/** Names a kept message for the cipher. */
function messagePlace(message_id: string): CipherPlace {
  return { table: 'sso_flow_messages', column: 'content', row: message_id }
}

/** Keeps the messages of a login, if they are to be kept; otherwise writes nothing. */
export async function keepMessages(
  services: Services,
  connection: Connection,
  flow: { flow_id: string; tested_by: string | null },
  messages: readonly NewMessage[],
): Promise<void> {
  if (!keepsMessages(services, connection, flow)) return
  const now = services.now()
  for (const { kind, format, content } of messages) {
    const kept = content.slice(0, longest)
    if (!flow.tested_by && !isWithinBudget(services, connection.connection_id, kept.length)) return
    const message_id = newId('message', environmentOf(connection.project_id))
    const stored = JSON.stringify({
      format,
      content: kept,
      truncated: kept.length < content.length,
    })
    await statement(
      services.db,
      `insert into sso_flow_messages
         (project_id, flow_id, message_id, kind, content, recorded_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        connection.project_id,
        flow.flow_id,
        message_id,
        kind,
        services.cipher.encrypt(stored, messagePlace(message_id)),
        now,
        new Date(now.getTime() + keptForMs),
      ],
    )
  }
}

interface MessageRow {
  message_id: string
  kind: MessageKind
  content: Buffer
  recorded_at: Date
  expires_at: Date
}

/** The messages kept of a login as they were received, oldest first; none once their day is over. */
export async function storedMessages(
  services: Services,
  project_id: string,
  flow_id: string,
): Promise<StoredMessage[]> {
  const rows = await statement<MessageRow>(
    services.db,
    `select message_id, kind, content, recorded_at, expires_at from sso_flow_messages
      where project_id = $1 and flow_id = $2 and expires_at > $3 order by message_id`,
    [project_id, flow_id, services.now()],
  )
  return rows.flatMap(({ content, ...row }) => {
    try {
      const text = services.cipher.decrypt(content, messagePlace(row.message_id))
      return [{ ...row, ...JSON.parse(text) } as StoredMessage]
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error
      services.log.warn({ err: error }, 'a kept message cannot be read')
      return []
    }
  })
}
