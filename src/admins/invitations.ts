/**
 * Links that let somebody set a password: for one more administrator, for a new password, and for the
 * first administrator of a server. 32 random bytes; the hash is stored. They are used in accept-link.ts.
 */
import type { Services } from '../context.ts'
import { type Database, statement, transaction } from '../db/connect.ts'
import { uuidv7 } from '../db/ids.ts'
import type { AdminRole } from '../db/schema-operations.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { recordAudit } from '../events/audit.ts'
import { ApiError } from '../http/errors.ts'
import { normalizeEmail } from '../members/email.ts'
import { type Admin, type By, findAdminByEmail } from './admins.ts'

const dayMs = 86_400_000
const invitationMs = 7 * dayMs
const resetMs = dayMs
const firstMs = dayMs
const perHour = 20

export type LinkPurpose = 'first' | 'invitation' | 'reset'

/** A link that was made: its token is told this once. */
export interface NewLink {
  invitation_id: string
  email_address: string
  role: AdminRole
  token: string
  expires_at: Date
}

/** The address that is given to a person. */
export function linkURL(base_url: string, token: string): string {
  return `${base_url}/dashboard/invitation?${new URLSearchParams({ token })}`
}

/**
 * Invites somebody to become an administrator; earlier invitations to the address no longer hold. Throws
 * `invalid_email`, 409 for somebody who is one already, and `too_many_requests` where an administrator has
 * made 20 links within an hour.
 */
export async function inviteAdmin(
  db: Database,
  invite: { email_address: string; role: AdminRole; by: By; now: Date; expires_in_days?: number },
): Promise<NewLink> {
  const email_address = normalizeEmail(invite.email_address)
  const { role, by, now } = invite
  const ms = invite.expires_in_days === undefined ? invitationMs : invite.expires_in_days * dayMs
  return transaction(db, async (trx) => {
    if (await findAdminByEmail(trx, email_address))
      throw new ApiError('bad_request', {
        status: 409,
        message: `${email_address} is an administrator already. Change the role there instead.`,
      })
    await assertNotTooMany(trx, by, now)
    await revokeOpen(trx, 'invitation', email_address, now)
    return insertLink(trx, { purpose: 'invitation', email_address, role, by, now, ms })
  })
}

async function assertNotTooMany(db: Database, { actor }: By, now: Date): Promise<void> {
  if (actor.type !== 'admin') return
  const rows = await statement<{ count: number }>(
    db,
    'select count(*)::int as count from admin_invitations where invited_by = $1 and created_at > $2',
    [actor.id, new Date(now.getTime() - 3_600_000)],
  )
  if ((rows[0]?.count ?? 0) >= perHour)
    throw new ApiError('too_many_requests', {
      message: `At most ${perHour} links an hour can be made.`,
      headers: { 'retry-after': '3600' },
    })
}

/**
 * Makes a link with which an administrator sets a new password; using it drops the authenticator app and
 * ends every session. Earlier ones no longer hold.
 */
export async function createResetLink(
  db: Database,
  { admin, by, now }: { admin: Admin; by: By; now: Date },
): Promise<NewLink> {
  const { email_address, role } = admin
  if (admin.status !== 'active')
    throw new ApiError('bad_request', {
      status: 409,
      message: `${email_address} is disabled: make the administrator active first.`,
    })
  return transaction(db, async (trx) => {
    await assertNotTooMany(trx, by, now)
    await revokeOpen(trx, 'reset', email_address, now)
    return insertLink(trx, { purpose: 'reset', email_address, role, by, now, ms: resetMs })
  })
}

async function revokeOpen(
  db: Database,
  purpose: LinkPurpose,
  email_address: string,
  now: Date,
): Promise<void> {
  await statement(
    db,
    `update admin_invitations set revoked_at = $3
      where purpose = $1 and email_address = $2 and accepted_at is null and revoked_at is null`,
    [purpose, email_address, now],
  )
}

interface LinkFacts {
  purpose: LinkPurpose
  email_address: string
  role: AdminRole
  by: By
  now: Date
  ms: number
}

async function insertLink(db: Database, facts: LinkFacts): Promise<NewLink> {
  const { purpose, email_address, role, by, now } = facts
  const invitation_id = `invitation-${uuidv7(now.getTime())}`
  const token = newToken()
  const expires_at = new Date(now.getTime() + facts.ms)
  await statement(
    db,
    `insert into admin_invitations (invitation_id, token_hash, purpose, email_address, role, invited_by,
       created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [invitation_id, hashToken(token), purpose, email_address, role, by.actor.id, now, expires_at],
  )
  await recordAudit(db, {
    ...by,
    project_id: null,
    action: `admin_${purpose === 'invitation' ? 'invitation' : `${purpose}_link`}.create`,
    target_type: 'admin_invitation',
    target_id: invitation_id,
    target_name: email_address || 'first administrator',
    after: { ...(email_address && { email_address }), role, expires_at },
    at: now,
  })
  return { invitation_id, email_address, role, token, expires_at }
}

/** A link as the list shows it. */
export interface ListedLink {
  invitation_id: string
  purpose: LinkPurpose
  email_address: string
  role: AdminRole
  created_at: Date
  expires_at: Date
}

/** The links that hold, the latest first, without that of the first administrator. */
export function listInvitations(db: Database, now: Date): Promise<ListedLink[]> {
  return statement<ListedLink>(
    db,
    `select invitation_id, purpose, email_address, role, created_at, expires_at from admin_invitations
      where accepted_at is null and revoked_at is null and purpose <> 'first' and expires_at > $1
      order by created_at desc`,
    [now],
  )
}

/** Revokes a link that was not used yet; throws 404 for any other. */
export async function revokeInvitation(
  db: Database,
  { invitation_id, by, now }: { invitation_id: string; by: By; now: Date },
): Promise<void> {
  await transaction(db, async (trx) => {
    const rows = await statement<{ email_address: string }>(
      trx,
      `update admin_invitations set revoked_at = $2
        where invitation_id = $1 and accepted_at is null and revoked_at is null
        returning email_address`,
      [invitation_id, now],
    )
    if (!rows[0])
      throw new ApiError('bad_request', {
        status: 404,
        message: 'There is no such link: it was used or revoked before.',
      })
    await recordAudit(trx, {
      ...by,
      project_id: null,
      action: 'admin_invitation.revoke',
      target_type: 'admin_invitation',
      target_id: invitation_id,
      target_name: rows[0].email_address,
      at: now,
    })
  })
}

const firstLock = 7_209_150_333

/** Lets one transaction at a time decide whether this server has its first administrator. */
export async function lockFirst(db: Database): Promise<void> {
  await statement(db, 'select pg_advisory_xact_lock($1)', [firstLock])
}

/** Whether somebody can sign in with a password. */
async function hasAdmin(db: Database): Promise<boolean> {
  const rows = await statement<{ found: boolean }>(
    db,
    `select exists (select from admins where password_hash <> '') as found`,
    [],
  )
  return rows[0]?.found === true
}

/** Nodes that start within this time are one start: each prints a link, and each link works. */
const oneStartMs = 10 * 60_000

/**
 * While nobody can sign in: a fresh link that makes the first owner, good for a day. Those of earlier starts
 * are revoked, those of nodes that started within the last ten minutes are not, so that it does not
 * matter whose log is read; the first one that is used ends all others. Undefined once there is an
 * administrator.
 */
export async function firstAdminLink(services: Services): Promise<string | undefined> {
  const now = services.now()
  const link = await transaction(services.db, async (trx) => {
    await lockFirst(trx)
    if (await hasAdmin(trx)) return undefined
    await statement(
      trx,
      `update admin_invitations set revoked_at = $1 where purpose = 'first'
        and created_at < $2 and accepted_at is null and revoked_at is null`,
      [now, new Date(now.getTime() - oneStartMs)],
    )
    const by: By = { actor: { type: 'system', id: 'serve', name: 'Start of the server' } }
    return insertLink(trx, {
      purpose: 'first',
      email_address: '',
      role: 'owner',
      by,
      now,
      ms: firstMs,
    })
  })
  return link && linkURL(services.config.base_url, link.token)
}
