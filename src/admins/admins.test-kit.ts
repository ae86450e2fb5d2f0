/** A server of its own for tests about administrators: "the last owner" is said of a whole database. */
import { randomBytes, scryptSync } from 'node:crypto'
import { TOTP } from 'otpauth'
import { createServices, databaseURL } from '../../tests/harness.ts'
import { createApp } from '../app.ts'
import type { Config } from '../config.ts'
import type { Services } from '../context.ts'
import { connect, statement } from '../db/connect.ts'
import { uuidv7 } from '../db/ids.ts'
import { migrate } from '../db/migrate.ts'
import type { AdminRole } from '../db/schema-operations.ts'
import { listAudit } from '../events/audit.ts'
import type { Admin, By } from './admins.ts'
import { findAdmin } from './admins.ts'
import { encryptTOTPSecret } from './totp.ts'

export const password = 'correct horse battery staple'
export const by: By = { actor: { type: 'cli', id: 'cli', name: 'portcullis' } }

const open: (() => Promise<void>)[] = []

/** A production server with an empty database of its own, and a clock that can be moved. */
export async function newServer(overrides: Partial<Config> = {}) {
  const url = new URL(await databaseURL())
  const name = `admins_${randomBytes(6).toString('hex')}`
  const outer = connect({ url: url.href, prepared_statements: false, max_connections: 1 })
  await statement(outer, `create database ${name}`, [])
  await outer.destroy()
  url.pathname = `/${name}`
  const facts = { base_url: 'https://sso.example.com', port: 4000, database_url: url.href }
  const made = createServices(facts, { mode: 'production', ...overrides })
  // The tests run one after the other, and none needs more servers of its own than these.
  open.push(made.close)
  if (open.length > 6) await open.shift()!()
  await migrate(made.services.db)
  return { ...made, app: () => createApp(made.services) }
}

// Of parameters that cost nothing: the first sign-in that succeeds replaces it.
const digest = scryptSync(password, 'salt', 32, { N: 16, r: 1, p: 1 })
const hash = `$scrypt$ln=4,r=1,p=1$c2FsdA$${digest.toString('base64url')}`

/** An administrator with `password`. */
export async function makeAdmin(
  { db, now }: Services,
  facts: { role?: AdminRole; email_address?: string } = {},
): Promise<Admin> {
  const admin_id = `admin-${uuidv7()}`
  const { role = 'owner', email_address = `${admin_id}@example.com` } = facts
  await statement(
    db,
    `insert into admins (admin_id, email_address, name, role, password_hash, created_at, updated_at)
     values ($1, $2, 'Test', $3, $4, $5, $5)`,
    [admin_id, email_address, role, hash, now()],
  )
  return (await findAdmin(db, admin_id))!
}

/** Gives an administrator an authenticator app; returns the app. */
export async function giveTOTP({ db, cipher, now }: Services, { admin_id }: Admin) {
  const totp = new TOTP({})
  const { base32 } = totp.secret
  await statement(db, 'update admins set totp_secret = $2 where admin_id = $1', [
    admin_id,
    encryptTOTPSecret(cipher, admin_id, base32),
  ])
  return {
    /** The code that it shows, or showed `ago` milliseconds ago. */
    code: (ago = 0) => totp.generate({ timestamp: now().getTime() - ago }),
  }
}

/** What the audit says of a target, the latest first. */
export async function auditOf({ db }: Services, target_id: string) {
  const { entries } = await listAudit(db, { target_id })
  return entries
}

/** How many of several promises were kept, and the statuses of the errors of the others. */
export async function settle(work: Promise<unknown>[]) {
  const settled = await Promise.allSettled(work)
  const failed = settled.filter((each) => each.status === 'rejected')
  return {
    kept: settled.length - failed.length,
    statuses: [...new Set(failed.map(({ reason }) => reason.status ?? String(reason)))],
  }
}
