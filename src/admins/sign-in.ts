/**
 * Signing in: password, then a code where an authenticator app is enrolled. Whatever is wrong, the answer
 * is the same and takes as long. Every attempt is counted before it is looked at, so that a hundred at
 * once are no more than a hundred in a row.
 */
import type { Services } from '../context.ts'
import { type Database, statement, transaction } from '../db/connect.ts'
import { hashToken } from '../db/secrets.ts'
import { recordAudit } from '../events/audit.ts'
import { ApiError } from '../http/errors.ts'
import { normalizeEmail } from '../members/email.ts'
import { type Admin, actorOf, adminColumns } from './admins.ts'
import { hashingInTurn, hashPassword, isOutdated, verifyPassword } from './passwords.ts'
import { seal, unseal } from './sealed.ts'
import { stepOfStored } from './totp.ts'

/** Where an attempt comes from, for the audit. */
export interface From {
  address?: string
  request_id?: string
}

export interface Credentials extends From {
  email_address: string
  password: string
  totp?: string
}

/** Who signed in; or what the form of the code must bring back within five minutes. */
export type SignIn = { admin: Admin; pending?: never } | { admin?: never; pending: string }

interface Attempt {
  admin_id: string
  email_address: string
  password_hash: string
  totp_secret: Buffer | null
  /** Until when this attempt has closed the account, should it fail. */
  locked_until: Date | null
}

const pendingMs = 5 * 60_000
const freeAttempts = 5

/**
 * Signs an administrator in. Throws `unauthorized_credentials` (401) with one message for everything that
 * can be wrong, a locked account included, and `too_many_requests` where the server is busy with
 * others. With an authenticator app enrolled and no `totp` given, `pending` asks for it.
 */
export async function signIn(services: Services, given: Credentials): Promise<SignIn> {
  const email_address = spelling(given.email_address)
  const { attempt, hash } = await hashingInTurn(async () => {
    const attempt = email_address ? await takeAttempt(services, { email_address }) : undefined
    const right = await verifyPassword(given.password, attempt?.password_hash)
    if (!attempt || !right) throw await refusal(services, attempt, given)
    const { password_hash, totp_secret } = attempt
    const ends = !totp_secret || given.totp !== undefined
    const renew = ends && isOutdated(password_hash)
    return { attempt, hash: renew ? await hashPassword(given.password) : password_hash }
  })
  const { admin_id, totp_secret } = attempt
  if (!totp_secret) return { admin: await finish(services, attempt, { hash, from: given }) }
  if (given.totp === undefined) {
    await giveBack(services, attempt)
    const password = fingerprint(attempt)
    return { pending: seal(services, 'sign_in', { admin_id, password }, pendingMs) }
  }
  const step = stepOfStored(services, { admin_id, totp_secret }, given.totp)
  return { admin: await finish(services, attempt, { hash, step: step ?? 0, from: given }) }
}

/** The second step: the code that belongs to what `signIn` returned as `pending`. */
export async function signInWithCode(
  services: Services,
  given: From & { pending: string; totp: string },
): Promise<Admin> {
  const opened = unseal<{ admin_id: string; password: string }>(services, 'sign_in', given.pending)
  const attempt = opened && (await takeAttempt(services, { admin_id: opened.admin_id }))
  const { admin_id, totp_secret = null } = attempt ?? {}
  if (!attempt || !admin_id || !totp_secret || opened.password !== fingerprint(attempt))
    throw await refusal(services, attempt, given)
  const step = stepOfStored(services, { admin_id, totp_secret }, given.totp)
  return finish(services, attempt, { hash: attempt.password_hash, step: step ?? 0, from: given })
}

/** Throws unless this is the administrator's password; for changes within a session that holds. */
export async function provePassword(
  services: Services,
  admin_id: string,
  password: string,
  from: From = {},
): Promise<void> {
  await hashingInTurn(async () => {
    const attempt = await takeAttempt(services, { admin_id })
    if (!attempt || !(await verifyPassword(password, attempt.password_hash)))
      throw await refusal(services, attempt, from)
  })
  await statement(
    services.db,
    'update admins set failed_attempts = 0, locked_until = null where admin_id = $1',
    [admin_id],
  )
}

/** What a password hash is recognised by: a pending sign-in ends when the password changes. */
function fingerprint({ password_hash }: Attempt): string {
  return hashToken(password_hash).toString('base64url')
}

function spelling(text: string): string | undefined {
  try {
    return normalizeEmail(text)
  } catch {
    return undefined
  }
}

/**
 * Counts an attempt, unless the account is locked: after five it is, for 30 seconds, then twice as long
 * after each, up to an hour, until a sign-in has succeeded.
 */
async function takeAttempt(
  { db, now }: Services,
  who: { admin_id?: string; email_address?: string },
): Promise<Attempt | undefined> {
  const rows = await statement<Attempt>(
    db,
    `update admins set failed_attempts = failed_attempts + 1,
       locked_until = case when failed_attempts + 1 >= $4 then $3::timestamptz
         + interval '30 seconds' * least(power(2, least(failed_attempts + 1 - $4, 7)), 120) end
      where (admin_id = $1 or email_address = $2) and status = 'active' and password_hash <> ''
        and (locked_until is null or locked_until <= $3)
      returning admin_id, email_address, password_hash, totp_secret, locked_until`,
    [who.admin_id ?? null, who.email_address ?? null, now(), freeAttempts],
  )
  return rows[0]
}

/** The password was right, and the code is an attempt of its own; what others have counted stays. */
async function giveBack({ db }: Services, attempt: Attempt): Promise<void> {
  await statement(
    db,
    `update admins set failed_attempts = greatest(failed_attempts - 1, 0),
       locked_until = case when locked_until is distinct from $2 then locked_until end
      where admin_id = $1`,
    [attempt.admin_id, attempt.locked_until],
  )
}

/** One statement: the same password and secret as were looked at, and the step of the code not used yet. */
async function finish(
  services: Services,
  attempt: Attempt,
  proved: { hash: string; step?: number; from: From },
): Promise<Admin> {
  const { address, request_id } = proved.from
  const admin = await transaction(services.db, async (trx) => {
    const found = await settle(trx, attempt, proved)
    if (!found) return undefined
    await recordAudit(trx, {
      project_id: null,
      actor: actorOf(found),
      action: 'admin.sign_in',
      target_type: 'admin',
      target_id: found.admin_id,
      target_name: found.email_address,
      ...(address && { address }),
      ...(request_id && { request_id }),
      at: services.now(),
    })
    return found
  })
  if (!admin) throw await refusal(services, attempt, proved.from)
  return admin
}

async function settle(
  db: Database,
  attempt: Attempt,
  { hash, step }: { hash: string; step?: number },
): Promise<Admin | undefined> {
  const rows = await statement<Admin>(
    db,
    `update admins set failed_attempts = 0, locked_until = null, password_hash = $3,
         totp_last_step = coalesce($4, totp_last_step)
      where admin_id = $1 and status = 'active' and password_hash = $2
        and totp_secret is not distinct from $5
        and (totp_secret is null or totp_last_step < coalesce($4::integer, 0))
      returning ${adminColumns}`,
    [attempt.admin_id, attempt.password_hash, hash, step ?? null, attempt.totp_secret],
  )
  return rows[0]
}

/** The one error; the audit knows of attempts on administrators that there are. */
async function refusal(
  services: Services,
  attempt: Attempt | undefined,
  { address, request_id }: From,
): Promise<ApiError> {
  if (attempt)
    await recordAudit(services.db, {
      project_id: null,
      actor: { type: 'system', id: 'sign-in', name: 'Sign-in page' },
      action: 'admin.sign_in_failed',
      target_type: 'admin',
      target_id: attempt.admin_id,
      target_name: attempt.email_address,
      ...(address && { address }),
      ...(request_id && { request_id }),
      at: services.now(),
    })
  return new ApiError('unauthorized_credentials', {
    message:
      'That did not match: the e-mail address, the password or the code is wrong, or the code was used before. After several wrong attempts an account is closed for a while, up to an hour.',
  })
}
