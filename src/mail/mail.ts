/**
 * Mail: written into a queue, sent by deliver-mails.ts to the operator's SMTP server, retried and visible
 * where that fails. What a mail says is encrypted, as it may hold a link that lets its reader in, and in
 * production it is forgotten once the mail is sent; in development it stays for a page of the dashboard.
 */
import type { Config } from '../config.ts'
import type { Services } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { uuidv7 } from '../db/ids.ts'
import type { Cipher } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'

/** A mail to one person. `kind` says what it is for: `admin_invitation`, `setup_link`. */
export interface NewMail {
  /** Null for what belongs to the server, such as its administrators. */
  project_id: string | null
  kind: string
  to: string
  subject: string
  text: string
  html: string
}

/** Whether mail can leave this server: an SMTP server is set, or it is a laptop, where mail is read here. */
export function canSendMail(config: Config): boolean {
  return config.smtp_url !== '' || config.mode === 'development'
}

/**
 * Queues a mail; give it `{ ...services, db: trx }` to queue it with a change. Throws `bad_request` for an
 * address that is not exactly one, and a subject that is no single line of at most 200 characters.
 */
export async function sendMail(services: Services, mail: NewMail): Promise<{ mail_id: string }> {
  const refuse = (message: string) => new ApiError('bad_request', { message })
  // No quotes, lists, comments or breaks: nothing that could become a second address or header.
  if (
    mail.to.length > 254 ||
    !/^[^\s\p{Cc}<>()[\]\\,;:"@]+@[^\s\p{Cc}<>()[\]\\,;:"@]+$/u.test(mail.to)
  )
    throw refuse('The e-mail address is not valid.')
  if (mail.subject.length > 200 || /[\p{Cc}\u2028\u2029]/u.test(mail.subject))
    throw refuse('The subject must be one line of at most 200 characters.')
  const now = services.now()
  const mail_id = `mail-${uuidv7(now.getTime())}`
  await statement(
    services.db,
    `insert into mails (mail_id, project_id, kind, to_address, subject, content, next_attempt_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7)`,
    [
      mail_id,
      mail.project_id,
      mail.kind,
      mail.to,
      mail.subject,
      services.cipher.encrypt(JSON.stringify({ text: mail.text, html: mail.html }), place(mail_id)),
      now,
    ],
  )
  return { mail_id }
}

const place = (mail_id: string) => ({ table: 'mails', column: 'content', row: mail_id })

/** What a mail says. */
export interface MailContent {
  text: string
  html: string
}

/** Opens what is stored of a mail; null where it was forgotten. Throws DecryptionError. */
export function openContent(cipher: Cipher, mail_id: string, content: Buffer): MailContent | null {
  if (content.length === 0) return null
  return JSON.parse(cipher.decrypt(content, place(mail_id))) as MailContent
}

/** A mail as lists show it. */
export interface Mail {
  mail_id: string
  project_id: string | null
  kind: string
  to_address: string
  subject: string
  state: 'waiting' | 'sent' | 'failed'
  attempts: number
  next_attempt_at: Date | null
  /** Why the last attempt failed; empty when it did not. */
  last_error: string
  created_at: Date
  sent_at: Date | null
}

const columns = [
  'mail_id',
  'project_id',
  'kind',
  'to_address',
  'subject',
  'state',
  'attempts',
  'next_attempt_at',
  'last_error',
  'created_at',
  'sent_at',
] as const

/** Which mails are asked for; everything that is given must hold. */
export interface MailFilter {
  /** Null: those of the server alone; not given: all. */
  project_id?: string | null | undefined
  state?: Mail['state'] | undefined
  to_address?: string | undefined
  /** The `next_cursor` of the page before. */
  cursor?: string | undefined
  /** 50 unless given. */
  limit?: number | undefined
}

/** A page of the mails, the latest first, without what they say; `next_cursor` is null on the last page. */
export async function listMails(
  db: Database,
  filter: MailFilter = {},
): Promise<{ mails: Mail[]; next_cursor: string | null }> {
  const { project_id, state, to_address, cursor, limit = 50 } = filter
  let query = db.selectFrom('mails').select(columns)
  if (project_id === null) query = query.where('project_id', 'is', null)
  else if (project_id !== undefined) query = query.where('project_id', '=', project_id)
  if (state) query = query.where('state', '=', state)
  if (to_address) query = query.where('to_address', '=', to_address)
  if (cursor) query = query.where('mail_id', '<', cursor)
  const found = await query
    .orderBy('mail_id', 'desc')
    .limit(limit + 1)
    .execute()
  const mails = found.slice(0, limit)
  return { mails, next_cursor: found.length > limit ? (mails.at(-1)?.mail_id ?? null) : null }
}

/**
 * A mail, and in development what it says: `content` is null in production, where its links are for their
 * reader alone. Throws `bad_request` with status 404 where there is none of that id.
 */
export async function readMail(
  services: Services,
  mail_id: string,
): Promise<Mail & { content: MailContent | null }> {
  const mail = await services.db
    .selectFrom('mails')
    .select([...columns, 'content'])
    .where('mail_id', '=', mail_id)
    .executeTakeFirst()
  if (!mail) throw unknown('There is no mail of this id.')
  const open = services.config.mode === 'development'
  return { ...mail, content: open ? openContent(services.cipher, mail_id, mail.content) : null }
}

/** Tries a failed mail anew. Throws `bad_request` with status 404 where there is no failed mail of that id. */
export async function retryMail(services: Services, mail_id: string): Promise<void> {
  const [retried] = await statement(
    services.db,
    `update mails set state = 'waiting', attempts = 0, next_attempt_at = $2
     where mail_id = $1 and state = 'failed' returning mail_id`,
    [mail_id, services.now()],
  )
  if (!retried) throw unknown('There is no failed mail of this id.')
}

function unknown(message: string): ApiError {
  return new ApiError('bad_request', { status: 404, message })
}
