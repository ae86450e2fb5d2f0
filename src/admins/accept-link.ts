/** Using a link of invitations.ts: a new administrator, or a new password. */
import type { Services } from '../context.ts'
import { type Database, statement, transaction } from '../db/connect.ts'
import { uuidv7 } from '../db/ids.ts'
import type { AdminRole } from '../db/schema-operations.ts'
import { hashToken } from '../db/secrets.ts'
import { recordAudit } from '../events/audit.ts'
import { ApiError } from '../http/errors.ts'
import { normalizeEmail } from '../members/email.ts'
import { type Admin, actorOf, adminColumns, cleanName } from './admins.ts'
import { type LinkPurpose, lockFirst } from './invitations.ts'
import { assertPassword, hashingInTurn, hashPassword } from './passwords.ts'

/** A link that can be used now. */
export interface OpenLink {
  invitation_id: string
  purpose: LinkPurpose
  /** Empty for the first administrator, who says it. */
  email_address: string
  role: AdminRole
}

const columns = 'invitation_id, purpose, email_address, role'
const isOpen = `token_hash = $1 and accepted_at is null and revoked_at is null and expires_at > $2
  and (purpose <> 'first' or not exists (select from admins where password_hash <> ''))`

/** The link of a token, or undefined where it cannot be used: unknown, used, revoked or expired. */
export async function findOpenLink(
  services: Services,
  token: string,
): Promise<OpenLink | undefined> {
  const rows = await statement<OpenLink>(
    services.db,
    `select ${columns} from admin_invitations where ${isOpen}`,
    [hashToken(token), services.now()],
  )
  return rows[0]
}

export interface Acceptance {
  token: string
  /** Read for the first administrator alone. */
  email_address?: string
  name?: string
  password: string
  address?: string
  request_id?: string
}

/**
 * Uses a link, once: makes its administrator, or sets the new password, drops the authenticator app and
 * ends all sessions. Returns the administrator, whom the caller gives a session. Throws 404 where the link
 * cannot be used, 400 for what was typed; the link stays good then.
 */
export async function acceptLink(services: Services, given: Acceptance): Promise<Admin> {
  const link = await findOpenLink(services, given.token)
  if (!link) throw linkNotFound()
  const email_address =
    link.purpose === 'first' ? normalizeEmail(given.email_address ?? '') : link.email_address
  const name = cleanName(given.name ?? '')
  assertPassword(given.password, email_address)
  const password_hash = await hashingInTurn(() => hashPassword(given.password))
  const now = services.now()
  return transaction(services.db, async (trx) => {
    if (link.purpose === 'first') await lockFirst(trx)
    const role = await use(trx, given.token, now)
    const facts = { email_address, name, role, password_hash, now }
    const admin =
      link.purpose === 'reset' ? await setPassword(trx, facts) : await insertAdmin(trx, facts)
    if (link.purpose === 'first') await revokeOtherFirst(trx, now)
    await recordAudit(trx, {
      project_id: null,
      actor: actorOf(admin),
      action: link.purpose === 'reset' ? 'admin.reset' : 'admin.create',
      target_type: 'admin',
      target_id: admin.admin_id,
      target_name: admin.email_address,
      after: { name: admin.name, role: admin.role, invitation_id: link.invitation_id },
      ...(given.address && { address: given.address }),
      ...(given.request_id && { request_id: given.request_id }),
      at: now,
    })
    return admin
  })
}

/** The error for a link that cannot be used. */
export function linkNotFound(): ApiError {
  return new ApiError('bad_request', {
    status: 404,
    message: 'This link cannot be used: it was used or revoked before, or its time is over.',
  })
}

/** Of any number of requests at once, one. */
async function use(db: Database, token: string, now: Date): Promise<AdminRole> {
  const rows = await statement<OpenLink>(
    db,
    `update admin_invitations set accepted_at = $2 where ${isOpen} returning ${columns}`,
    [hashToken(token), now],
  )
  if (!rows[0]) throw linkNotFound()
  return rows[0].role
}

interface Facts {
  email_address: string
  name: string
  role: AdminRole
  password_hash: string
  now: Date
}

async function insertAdmin(db: Database, facts: Facts): Promise<Admin> {
  const { email_address, name, role, password_hash, now } = facts
  const rows = await statement<Admin>(
    db,
    `insert into admins (admin_id, email_address, name, role, password_hash, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $6) on conflict (email_address) do nothing
     returning ${adminColumns}`,
    [`admin-${uuidv7(now.getTime())}`, email_address, name, role, password_hash, now],
  )
  if (!rows[0])
    throw new ApiError('bad_request', {
      status: 409,
      message: `${email_address} is an administrator already: sign in instead.`,
    })
  return rows[0]
}

async function setPassword(db: Database, facts: Facts): Promise<Admin> {
  const rows = await statement<Admin>(
    db,
    `update admins set password_hash = $2, totp_secret = null, totp_last_step = 0, failed_attempts = 0,
       locked_until = null, updated_at = $3
      where email_address = $1 and status = 'active' returning ${adminColumns}`,
    [facts.email_address, facts.password_hash, facts.now],
  )
  if (!rows[0]) throw linkNotFound()
  await statement(db, 'delete from admin_sessions where admin_id = $1', [rows[0].admin_id])
  return rows[0]
}

async function revokeOtherFirst(db: Database, now: Date): Promise<void> {
  await statement(
    db,
    `update admin_invitations set revoked_at = $1
      where purpose = 'first' and accepted_at is null and revoked_at is null`,
    [now],
  )
}
