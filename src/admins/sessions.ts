/** Sessions of administrators: a token in a cookie, its hash in the table. */
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { type Admin, adminColumns } from './admins.ts'

/** A session that holds, and whose it is. */
export interface AdminSession {
  admin: Admin
  session_hash: Buffer
  /** When its administrator last proved who they are. */
  verified_at: Date
  started_at: Date
}

const hour = 3_600_000
const absoluteMs = 12 * hour
const idleMs = 2 * hour
const seenEveryMs = 60_000

/**
 * Starts a session for an active administrator and returns its token, which is stored nowhere. Every
 * proof of who somebody is ends in a session of its own: no token that a browser had before is taken over.
 */
export async function createAdminSession(
  services: Services,
  admin_id: string,
  from: { address: string; user_agent: string },
): Promise<{ token: string; expires_at: Date }> {
  const token = newToken()
  const now = services.now()
  const expires_at = new Date(now.getTime() + absoluteMs)
  await statement(
    services.db,
    `insert into admin_sessions (session_hash, admin_id, address, user_agent, started_at, verified_at,
       last_seen_at, expires_at) values ($1, $2, $3, $4, $5, $5, $5, $6)`,
    [hashToken(token), admin_id, from.address, cleanAgent(from.user_agent), now, expires_at],
  )
  return { token, expires_at }
}

/** What a browser says of itself, cut to what a list can show. */
function cleanAgent(user_agent: string): string {
  return user_agent.toWellFormed().replaceAll('\0', '').slice(0, 300)
}

type Row = Admin & { session_hash: Buffer; verified_at: Date; started_at: Date }

/**
 * The session of a token, or undefined: unknown, ended, older than 12 hours, unused for 2, or of an
 * administrator who is disabled. Notes at most once a minute that it was used.
 */
export async function findAdminSession(
  services: Services,
  token: string,
): Promise<AdminSession | undefined> {
  const now = services.now()
  const rows = await statement<Row>(
    services.db,
    `with found as (
       select ${adminColumns}, session.session_hash, session.verified_at, session.started_at
         from admin_sessions session join admins using (admin_id)
        where session.session_hash = $1 and session.expires_at > $2 and session.last_seen_at > $3
          and admins.status = 'active'),
     seen as (
       update admin_sessions set last_seen_at = $2
        where session_hash = $1 and last_seen_at <= $4 and exists (select from found))
     select * from found`,
    [
      hashToken(token),
      now,
      new Date(now.getTime() - idleMs),
      new Date(now.getTime() - seenEveryMs),
    ],
  )
  if (!rows[0]) return undefined
  const { session_hash, verified_at, started_at, ...admin } = rows[0]
  return { admin, session_hash, verified_at, started_at }
}

/** Ends the session of a token, if there is one. */
export async function endAdminSession(services: Services, token: string): Promise<void> {
  await statement(services.db, 'delete from admin_sessions where session_hash = $1', [
    hashToken(token),
  ])
}

/** Ends all sessions of an administrator but the one of `except`; returns how many. */
export async function endAdminSessions(
  services: Pick<Services, 'db'>,
  admin_id: string,
  except?: Buffer,
): Promise<number> {
  const rows = await statement(
    services.db,
    `delete from admin_sessions where admin_id = $1 and ($2::bytea is null or session_hash <> $2)
     returning 1 as ended`,
    [admin_id, except ?? null],
  )
  return rows.length
}

/** A session as a list shows it. */
export interface ListedSession {
  session_hash: Buffer
  address: string
  user_agent: string
  started_at: Date
  last_seen_at: Date
}

/** The sessions of an administrator that hold, the one used last first. */
export function listAdminSessions(services: Services, admin_id: string): Promise<ListedSession[]> {
  const now = services.now()
  return statement<ListedSession>(
    services.db,
    `select session_hash, address, user_agent, started_at, last_seen_at from admin_sessions
      where admin_id = $1 and expires_at > $2 and last_seen_at > $3 order by last_seen_at desc`,
    [admin_id, now, new Date(now.getTime() - idleMs)],
  )
}
