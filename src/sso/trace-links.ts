/** Links that show one login's trace to somebody without an account, such as a customer's IT admin. */
import type { Services } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'
import { getLogin } from './login-trace.ts'
import type { LoginTrace } from './traces.ts'

/** A link as the page of its login lists it; its token is stored nowhere. */
export interface TraceLink {
  trace_link_id: string
  flow_id: string
  created_by: string
  created_at: Date
  expires_at: Date
  revoked_at: Date | null
}

export interface NewTraceLink {
  project_id: string
  flow_id: string
  /** Who gives it away: the id of an administrator. */
  created_by: string
  /** How long it is good for: an hour to 30 days. */
  valid_for_ms: number
}

const [hourMs, longestMs] = [3_600_000, 30 * 24 * 3_600_000]
const maxLinks = 20

/**
 * Makes a link to one login and returns it with its token, which is told this once. Throws `bad_request`
 * for another time than an hour to 30 days, and where the login has 20 open links.
 */
export async function createTraceLink(
  services: Services,
  { project_id, flow_id, created_by, valid_for_ms }: NewTraceLink,
): Promise<TraceLink & { token: string }> {
  if (!(valid_for_ms >= hourMs && valid_for_ms <= longestMs))
    throw new ApiError('bad_request', { message: 'A link is good for an hour to 30 days.' })
  const now = services.now()
  const token = newToken()
  const rows = await statement<TraceLink>(
    services.db,
    `insert into trace_links (project_id, trace_link_id, flow_id, token_hash, created_by, created_at, expires_at)
     select $1, $2, $3, $4, $5, $6, $7
     where exists (select 1 from sso_flows where project_id = $1 and flow_id = $3)
       and (select count(*) from trace_links where project_id = $1 and flow_id = $3
              and revoked_at is null and expires_at > $6) < ${maxLinks}
     returning trace_link_id, flow_id, created_by, created_at, expires_at, revoked_at`,
    [
      project_id,
      newId('trace-link', environmentOf(project_id)),
      flow_id,
      hashToken(token),
      created_by,
      now,
      new Date(now.getTime() + valid_for_ms),
    ],
  )
  if (!rows[0])
    throw new ApiError('bad_request', {
      message: `The login is gone, or it has ${maxLinks} open links: revoke one first.`,
    })
  return { ...rows[0], token }
}

/** The links of a login that still open it, the newest first. */
export function listTraceLinks(
  db: Database,
  { project_id, flow_id, now }: { project_id: string; flow_id: string; now: Date },
): Promise<TraceLink[]> {
  return statement<TraceLink>(
    db,
    `select trace_link_id, flow_id, created_by, created_at, expires_at, revoked_at from trace_links
     where project_id = $1 and flow_id = $2 and revoked_at is null and expires_at > $3
     order by trace_link_id desc limit ${maxLinks}`,
    [project_id, flow_id, now],
  )
}

/** Closes a link of a login for good; returns whether it was open. */
export async function revokeTraceLink(
  db: Database,
  link: { project_id: string; flow_id: string; trace_link_id: string; now: Date },
): Promise<boolean> {
  const rows = await statement(
    db,
    `update trace_links set revoked_at = $4
     where project_id = $1 and flow_id = $2 and trace_link_id = $3 and revoked_at is null returning 1 as revoked`,
    [link.project_id, link.flow_id, link.trace_link_id, link.now],
  )
  return rows.length > 0
}

/** What a link opens: a login, or why it opens none. */
export type SharedTrace =
  | { state: 'open'; project_id: string; expires_at: Date; login: LoginTrace }
  | { state: 'expired' | 'revoked' | 'gone' }

/** What the token of a link opens; undefined for a token that never was one. */
export async function findSharedTrace(
  services: Services,
  token: string,
): Promise<SharedTrace | undefined> {
  if (!/^[\w-]{43}$/.test(token)) return undefined
  const [link] = await statement<TraceLink & { project_id: string }>(
    services.db,
    'select project_id, flow_id, expires_at, revoked_at from trace_links where token_hash = $1',
    [hashToken(token)],
  )
  if (!link) return undefined
  const now = services.now()
  if (link.revoked_at) return { state: 'revoked' }
  if (link.expires_at <= now) return { state: 'expired' }
  const { project_id, expires_at } = link
  const login = await getLogin(services.db, project_id, link.flow_id, now)
  return login ? { state: 'open', project_id, expires_at, login } : { state: 'gone' }
}
