/**
 * Administrators of the dashboard: who they are and what their role allows. They belong to the server,
 * not to a project. Their links stand in invitations.ts, signing in in sign-in.ts, sessions in sessions.ts.
 */
import type { Services } from '../context.ts'
import { type Database, statement, transaction } from '../db/connect.ts'
import { uuidv7 } from '../db/ids.ts'
import type { AdminRole } from '../db/schema-operations.ts'
import { type Actor, recordAudit } from '../events/audit.ts'
import { ApiError } from '../http/errors.ts'

export interface Admin {
  admin_id: string
  email_address: string
  name: string
  role: AdminRole
  status: 'active' | 'disabled'
  has_totp: boolean
  has_password: boolean
  created_at: Date
}

/** Who does something to administrators, and from where: what the audit says of it. */
export interface By {
  actor: Actor
  address?: string
  request_id?: string
}

/** What of a row of `admins` is told; `admins` must stand in the statement under its own name. */
export const adminColumns = `admins.admin_id, admins.email_address, admins.name, admins.role, admins.status,
  admins.totp_secret is not null as has_totp, admins.password_hash <> '' as has_password, admins.created_at`

const rank: Record<AdminRole, number> = { viewer: 1, editor: 2, owner: 3 }

/** Whether a role allows what needs `needs`: an owner may all, an editor what a viewer may, and changes. */
export function may(role: AdminRole, needs: AdminRole): boolean {
  return rank[role] >= rank[needs]
}

/** Whether a text names a role. */
export function isAdminRole(text: string): text is AdminRole {
  return Object.hasOwn(rank, text)
}

/** The administrator as the audit names whoever acts. */
export function actorOf(admin: Pick<Admin, 'admin_id' | 'name' | 'email_address'>): Actor {
  return { type: 'admin', id: admin.admin_id, name: admin.name || admin.email_address }
}

/** All administrators, the oldest first. */
export function listAdmins(db: Database): Promise<Admin[]> {
  return statement<Admin>(db, `select ${adminColumns} from admins order by admin_id`, [])
}

/** One administrator, or undefined. */
export async function findAdmin(db: Database, admin_id: string): Promise<Admin | undefined> {
  const rows = await statement<Admin>(
    db,
    `select ${adminColumns} from admins where admin_id = $1`,
    [admin_id],
  )
  return rows[0]
}

/** The administrator with a normalised e-mail address, or undefined. */
export async function findAdminByEmail(
  db: Database,
  email_address: string,
): Promise<Admin | undefined> {
  const rows = await statement<Admin>(
    db,
    `select ${adminColumns} from admins where email_address = $1`,
    [email_address],
  )
  return rows[0]
}

export interface AdminChange {
  admin_id: string
  name?: string
  role?: AdminRole
  status?: 'active' | 'disabled'
}

/**
 * Changes name, role or status and returns the administrator. Who is disabled loses all sessions, and with
 * the owner's role go the invitations that were not accepted yet. Refused (409) where nobody would be left
 * who is an active owner and can sign in; throws 404 for an unknown administrator.
 */
export async function changeAdmin(services: Services, change: AdminChange, by: By): Promise<Admin> {
  return transaction(services.db, async (trx) => {
    const before = await findAdmin(trx, change.admin_id)
    if (!before) throw adminNotFound()
    const after = await update(services, trx, change)
    if (!after) throw new ApiError('bad_request', { status: 409, message: lastOwner })
    if (after.status === 'disabled')
      await statement(trx, 'delete from admin_sessions where admin_id = $1', [after.admin_id])
    if (after.status === 'disabled' || !may(after.role, 'owner'))
      await statement(
        trx,
        `update admin_invitations set revoked_at = $2
          where invited_by = $1 and accepted_at is null and revoked_at is null`,
        [after.admin_id, services.now()],
      )
    await recordAudit(trx, {
      ...by,
      project_id: null,
      action: 'admin.update',
      target_type: 'admin',
      target_id: after.admin_id,
      target_name: after.email_address,
      before: changeable(before),
      after: changeable(after),
      at: services.now(),
    })
    return after
  })
}

const lastOwner =
  'This is the last owner who can sign in: make somebody else an owner before this one stops being one.'

/** The error for an administrator who is not there. */
export function adminNotFound(): ApiError {
  return new ApiError('bad_request', {
    status: 404,
    message: 'There is no such administrator.',
  })
}

/**
 * The owners' rows are locked in the same statement, so that two owners who demote each other at once
 * are looked at one after the other. In development the owner without a password signs in by link.
 */
async function update(
  services: Services,
  db: Database,
  { admin_id, name, role, status }: AdminChange,
): Promise<Admin | undefined> {
  const rows = await statement<Admin>(
    db,
    `with owners as materialized (
       select admin_id from admins
        where role = 'owner' and status = 'active' and (password_hash <> '' or $6)
        order by admin_id for update)
     update admins set name = coalesce($2, name), role = coalesce($3, role),
         status = coalesce($4, status), updated_at = $5
      where admin_id = $1
        and ((coalesce($3, role) = 'owner' and coalesce($4, status) = 'active')
          or exists (select from owners where owners.admin_id <> $1)
          or not exists (select from owners where owners.admin_id = $1))
      returning ${adminColumns}`,
    [
      admin_id,
      name === undefined ? null : cleanName(name),
      role ?? null,
      status ?? null,
      services.now(),
      services.config.mode === 'development',
    ],
  )
  return rows[0]
}

/** A person's name as it is stored; throws for what is too long or holds control characters. */
export function cleanName(text: string): string {
  // Composing takes time with the square of the marks.
  const name = text.length > 1_000 ? text : text.normalize('NFC').trim()
  if (name.length > 1_000 || [...name].length > 100 || /\p{C}/u.test(name))
    throw new ApiError('bad_request', {
      message: 'A name has at most 100 characters, none of them a control character.',
    })
  return name
}

function changeable({ name, role, status }: Admin) {
  return { name, role, status }
}

const developer = 'developer@localhost'

/**
 * The owner whom the link that `npm start` prints signs in, made when first asked for. Throws in
 * production, where nobody has such a link.
 */
export async function developmentAdmin(services: Services): Promise<Admin> {
  if (services.config.mode !== 'development')
    throw new Error('The development administrator exists in development alone.')
  const now = services.now()
  await statement(
    services.db,
    `insert into admins (admin_id, email_address, name, role, created_at, updated_at)
     values ($1, $2, 'Developer', 'owner', $3, $3)
     on conflict (email_address) do update set role = 'owner', status = 'active'
       where admins.role <> 'owner' or admins.status <> 'active'`,
    [`admin-${uuidv7(now.getTime())}`, developer, now],
  )
  const found = await findAdminByEmail(services.db, developer)
  if (!found) throw new Error('The development administrator is not there.')
  return found
}
