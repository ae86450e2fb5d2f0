/**
 * Setup links: how a customer's IT admin connects the identity provider of their organization without an
 * account. A link is 256 bits, for one organization, ends by itself, and may be revoked; it opens until it has
 * done its work, because link scanners of mail programs open it first. A browser that opens it gets a session.
 */
import type { Services } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'

/** A link as the dashboard lists it and the portal works on it. */
export interface SetupLink {
  project_id: string
  organization_id: string
  setup_link_id: string
  /** The connection that it makes, once one is chosen, or that it was made for. */
  connection_id: string | null
  /** The guide that was chosen: `okta`, `adfs`. */
  identity_provider: string
  /** The furthest step that was reached. */
  step: string
  /** What the vendor wrote down for themselves, such as who got it. */
  note: string
  created_by: string
  created_at: Date
  expires_at: Date
  opened_at: Date | null
  last_seen_at: Date | null
  completed_at: Date | null
  revoked_at: Date | null
}

export interface NewSetupLink {
  project_id: string
  organization_id: string
  /** For an existing connection: to finish or to mend it. */
  connection_id?: string
  created_by: string
  note: string
  /** 1 to 720; 168, a week, is usual. */
  lifetime_hours: number
}

const columns = `l.project_id, l.organization_id, l.setup_link_id, l.connection_id, l.identity_provider, l.step,
  l.note, l.created_by, l.created_at, l.expires_at, l.opened_at, l.last_seen_at, l.completed_at, l.revoked_at`

const sessionHours = 12

/** Makes a link; its address is shown once. Throws `bad_request`, `sso_connection_not_found`. */
export async function createSetupLink(
  { db, config, now }: Services,
  link: NewSetupLink,
): Promise<{ setup_link_id: string; url: string; expires_at: Date }> {
  const { project_id, organization_id, connection_id = null, lifetime_hours } = link
  if (!Number.isInteger(lifetime_hours) || lifetime_hours < 1 || lifetime_hours > 720)
    throw new ApiError('bad_request', { message: 'A setup link lasts from 1 hour to 30 days.' })
  if (link.note.length > 200)
    throw new ApiError('bad_request', { message: 'The note has at most 200 characters.' })
  const token = newToken()
  const at = now()
  const expires_at = new Date(at.getTime() + lifetime_hours * 3_600_000)
  const setup_link_id = newId('setup-link', environmentOf(project_id))
  const made = await statement(
    db,
    `insert into setup_links (project_id, organization_id, setup_link_id, token_hash, connection_id, note,
       created_by, created_at, expires_at)
     select $1, $2, $3, $4, $5::text, $6, $7, $8, $9 where $5::text is null or exists (
       select 1 from sso_connections where project_id = $1 and organization_id = $2 and connection_id = $5)
     returning setup_link_id`,
    [
      project_id,
      organization_id,
      setup_link_id,
      hashToken(token),
      connection_id,
      link.note,
      link.created_by,
      at,
      expires_at,
    ],
  )
  if (!made[0]) throw new ApiError('sso_connection_not_found')
  return { setup_link_id, url: `${config.base_url}/setup/${token}`, expires_at }
}

/** The links of an organization, the newest first, at most 50. */
export function listSetupLinks(
  db: Database,
  project_id: string,
  organization_id: string,
): Promise<SetupLink[]> {
  return statement<SetupLink>(
    db,
    `select ${columns} from setup_links l where l.project_id = $1 and l.organization_id = $2
     order by l.setup_link_id desc limit 50`,
    [project_id, organization_id],
  )
}

/** Closes a link and every browser that opened it. Throws `bad_request` for one that is not there or closed. */
export async function revokeSetupLink(
  { db, now }: Services,
  project_id: string,
  organization_id: string,
  setup_link_id: string,
): Promise<void> {
  const rows = await statement(
    db,
    `update setup_links set revoked_at = $4 where project_id = $1 and organization_id = $2
       and setup_link_id = $3 and revoked_at is null returning setup_link_id`,
    [project_id, organization_id, setup_link_id, now()],
  )
  if (!rows[0])
    throw new ApiError('bad_request', {
      message: 'This setup link is not there, or revoked already.',
    })
}

const isOpen = 'l.revoked_at is null and l.expires_at > $2'

/** Gives a browser that holds the link a session of at most 12 hours; undefined for a link that is not open. */
export async function openSetupLink(
  { db, now }: Services,
  token: string,
): Promise<{ session_token: string } | undefined> {
  const session_token = newToken()
  const at = now()
  const until = new Date(at.getTime() + sessionHours * 3_600_000)
  const rows = await statement(
    db,
    `with opened as (
       update setup_links l set opened_at = coalesce(l.opened_at, $2), last_seen_at = $2
       where l.token_hash = $1 and ${isOpen} and l.completed_at is null
       returning l.project_id, l.setup_link_id, l.expires_at)
     insert into setup_sessions (session_hash, project_id, setup_link_id, created_at, expires_at)
     select $3, project_id, setup_link_id, $2, least(expires_at, $4) from opened returning 1 as made`,
    [hashToken(token), at, hashToken(session_token), until],
  )
  return rows[0] ? { session_token } : undefined
}

/** The link of a browser's session; undefined where either has ended or the link was revoked. */
export async function findSetupSession(
  { db, now }: Services,
  session_token: string,
): Promise<SetupLink | undefined> {
  const [link] = await statement<SetupLink>(
    db,
    `select ${columns} from setup_sessions s join setup_links l
       on l.project_id = s.project_id and l.setup_link_id = s.setup_link_id
     where s.session_hash = $1 and s.expires_at > $2 and ${isOpen}`,
    [hashToken(session_token), now()],
  )
  return link
}

type Progress = Partial<Pick<SetupLink, 'connection_id' | 'identity_provider' | 'step'>>

/** Writes how far the link's work is, for both sides to see; a link that was closed meanwhile stays as it is. */
export async function recordProgress(
  { db, now }: Services,
  link: SetupLink,
  { completed, ...progress }: Progress & { completed?: boolean },
): Promise<SetupLink> {
  const next = { ...link, ...progress }
  const at = now()
  const completed_at = completed ? at : link.completed_at
  await statement(
    db,
    `update setup_links set connection_id = $3, identity_provider = $4, step = $5, last_seen_at = $6,
       completed_at = $7 where project_id = $1 and setup_link_id = $2 and revoked_at is null`,
    [
      link.project_id,
      link.setup_link_id,
      next.connection_id,
      next.identity_provider,
      next.step,
      at,
      completed_at,
    ],
  )
  return { ...next, completed_at, last_seen_at: at }
}
