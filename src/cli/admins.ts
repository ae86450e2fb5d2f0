import { type Admin, type By, findAdminByEmail, isAdminRole, listAdmins } from '../admins/admins.ts'
import { createResetLink, inviteAdmin, linkURL, type NewLink } from '../admins/invitations.ts'
import type { Database } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'
import { normalizeEmail } from '../members/email.ts'
import { commandActor } from './audit.ts'
import { type Command, required, UsageError, type Values } from './command.ts'
import { withDatabase } from './database.ts'

const by: By = { actor: commandActor() }

const baseURL = { 'base-url': { type: 'string' } } as const
const baseURLHelp =
  '--base-url  where the link leads (PORTCULLIS_BASE_URL, else http://localhost:4000)'

/** `portcullis admin list`. */
export const listAdminsCommand: Command = {
  name: 'admin list',
  summary: 'List the administrators of the dashboard',
  run: () => withDatabase(async ({ db }) => ({ admins: await listAdmins(db) })),
  text(result) {
    const { admins } = result as { admins: Admin[] }
    if (admins.length === 0)
      return 'No administrator yet. Make one with: portcullis admin invite --email ADDRESS --role owner\n'
    return admins.map(lineOf).join('')
  },
}

function lineOf({ email_address, name, role, status, has_password, has_totp }: Admin): string {
  const second = has_totp ? 'password and code' : has_password ? 'password' : 'no password'
  const cells = [
    email_address.padEnd(32),
    role.padEnd(6),
    status.padEnd(8),
    second.padEnd(17),
    name,
  ]
  return `${cells.join('  ').trimEnd()}\n`
}

/** `portcullis admin invite`: prints the link; nothing is mailed. */
export const inviteAdminCommand: Command = {
  name: 'admin invite',
  summary: 'Make a link with which somebody becomes an administrator',
  options: {
    email: { type: 'string' },
    role: { type: 'string' },
    'expires-in-days': { type: 'string' },
    ...baseURL,
  },
  help: `--email            whose it is; earlier invitations of the address no longer hold
--role             owner (everything), editor (changes) or viewer (looks)
--expires-in-days  how long the link can be used, 1 to 30 (7)
${baseURLHelp}
Whoever has the link becomes the administrator: hand it on with care. It is shown this once and works once.`,
  run: (values) =>
    withDatabase(async ({ db }) => {
      const role = required(values, 'role')
      if (!isAdminRole(role)) throw new UsageError('--role is owner, editor or viewer.')
      const email_address = required(values, 'email')
      const expires_in_days = readDays(values['expires-in-days'])
      const now = new Date()
      const invite = { email_address, role, by, now }
      const link = await inviteAdmin(db, {
        ...invite,
        ...(expires_in_days !== undefined && { expires_in_days }),
      })
      return shown(link, values)
    }),
  text: linkText,
}

/** `portcullis admin reset`: for who has lost a password or an authenticator app. */
export const resetAdminCommand: Command = {
  name: 'admin reset',
  summary:
    'Make a link with which an administrator sets a new password, without the authenticator app',
  options: { email: { type: 'string' }, ...baseURL },
  help: `--email     whose password it is
${baseURLHelp}
The link works once, within a day. When it is used, the authenticator app is dropped and every session of the
administrator ends; until then nothing changes.`,
  run: (values) =>
    withDatabase(async ({ db }) => {
      const admin = await adminOf(db, values)
      return shown(await createResetLink(db, { admin, by, now: new Date() }), values)
    }),
  text: linkText,
}

async function adminOf(db: Database, values: Values): Promise<Admin> {
  const email_address = normalizeEmail(required(values, 'email'))
  const admin = await findAdminByEmail(db, email_address)
  if (!admin)
    throw new ApiError('bad_request', {
      message: `There is no administrator ${email_address}. See: portcullis admin list`,
    })
  return admin
}

function readDays(value: Values[string]): number | undefined {
  if (value === undefined) return undefined
  const days = Number(value)
  if (!Number.isInteger(days) || days < 1 || days > 30)
    throw new UsageError('--expires-in-days is a whole number from 1 to 30.')
  return days
}

function shown({ invitation_id, email_address, role, token, expires_at }: NewLink, values: Values) {
  const given = values['base-url'] || process.env.PORTCULLIS_BASE_URL || 'http://localhost:4000'
  const url = linkURL(String(given).replace(/\/+$/, ''), token)
  return { invitation_id, email_address, role, url, expires_at }
}

function linkText(result: object): string {
  const { email_address, role, url, expires_at } = result as ReturnType<typeof shown>
  return `${url}\n\nFor ${email_address} (${role}), once, until ${expires_at.toISOString()}.\n`
}
