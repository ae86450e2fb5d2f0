/**
 * What administrators change of their own: password and authenticator app. Each change ends every session,
 * this one too: the caller starts a new one for the browser that asked.
 */
import type { Services } from '../context.ts'
import { type Database, statement, transaction } from '../db/connect.ts'
import { type NewAuditEntry, recordAudit } from '../events/audit.ts'
import { ApiError } from '../http/errors.ts'
import { type Admin, actorOf } from './admins.ts'
import { assertPassword, hashingInTurn, hashPassword } from './passwords.ts'
import { type From, provePassword, signIn } from './sign-in.ts'
import { encryptTOTPSecret, openProposal, stepOf } from './totp.ts'

/**
 * Sets a new password. Throws `unauthorized_credentials` for a wrong present one, 400 for a new one that
 * is refused, 409 for the development administrator, who has none.
 */
export async function changePassword(
  services: Services,
  admin: Admin,
  given: From & { current_password: string; new_password: string },
): Promise<void> {
  assertHasPassword(admin)
  assertPassword(given.new_password, admin.email_address)
  await provePassword(services, admin.admin_id, given.current_password, given)
  const hash = await hashingInTurn(() => hashPassword(given.new_password))
  await change(services, admin, given, 'admin.password_change', (trx) =>
    statement(
      trx,
      `update admins set password_hash = $2, updated_at = $3
        where admin_id = $1 and status = 'active' returning 1 as changed`,
      [admin.admin_id, hash, services.now()],
    ),
  )
}

/**
 * Enrols the authenticator app that a proposal was shown to, once its code proves it. Throws 400 for a
 * wrong code or a proposal that is too old, and `unauthorized_credentials` for a wrong password.
 */
export async function enrolTOTP(
  services: Services,
  admin: Admin,
  given: From & { sealed: string; code: string; password: string },
): Promise<void> {
  assertHasPassword(admin)
  const secret = openProposal(services, admin, given.sealed)
  const step = secret && stepOf(secret, given.code, services.now())
  if (!secret || !step)
    throw new ApiError('bad_request', {
      message: 'The code does not fit: scan the QR code again and type the code shown now.',
    })
  await provePassword(services, admin.admin_id, given.password, given)
  const stored = encryptTOTPSecret(services.cipher, admin.admin_id, secret)
  await change(services, admin, given, 'admin.totp_enrol', (trx) =>
    statement(
      trx,
      `update admins set totp_secret = $2, totp_last_step = $3, updated_at = $4
        where admin_id = $1 and status = 'active' and totp_secret is null returning 1 as changed`,
      [admin.admin_id, stored, step, services.now()],
    ),
  )
}

/** Removes the authenticator app; takes the password and a code of it. Throws as `signIn` does. */
export async function removeTOTP(
  services: Services,
  admin: Admin,
  given: From & { password: string; code: string },
): Promise<void> {
  const { email_address } = admin
  await signIn(services, {
    ...given,
    email_address,
    password: given.password,
    totp: given.code,
  })
  await change(services, admin, given, 'admin.totp_remove', (trx) =>
    statement(
      trx,
      `update admins set totp_secret = null, totp_last_step = 0, updated_at = $2
        where admin_id = $1 and totp_secret is not null returning 1 as changed`,
      [admin.admin_id, services.now()],
    ),
  )
}

function assertHasPassword(admin: Admin): void {
  if (!admin.has_password)
    throw new ApiError('bad_request', {
      status: 409,
      message: 'This administrator has no password: the link that npm start prints signs in.',
    })
}

async function change(
  services: Services,
  admin: Admin,
  { address, request_id }: From,
  action: string,
  work: (trx: Database) => Promise<unknown[]>,
): Promise<void> {
  const entry: NewAuditEntry = {
    project_id: null,
    actor: actorOf(admin),
    action,
    target_type: 'admin',
    target_id: admin.admin_id,
    target_name: admin.email_address,
    ...(address && { address }),
    ...(request_id && { request_id }),
    at: services.now(),
  }
  await transaction(services.db, async (trx) => {
    const changed = await work(trx)
    if (changed.length === 0)
      throw new ApiError('bad_request', {
        status: 409,
        message: 'Somebody else changed this in the meantime: reload the page.',
      })
    await statement(trx, 'delete from admin_sessions where admin_id = $1', [admin.admin_id])
    await recordAudit(trx, entry)
  })
}
