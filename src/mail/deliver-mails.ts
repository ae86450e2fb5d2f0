/** Sends the mails that wait, each attempt by one node, with retries further and further apart. */
import { createTransport } from 'nodemailer'
import type { Config } from '../config.ts'
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { oneLine } from '../http/one-line.ts'
import { canSendMail, openContent } from './mail.ts'

/** After so many seconds it is tried again, the first failure first; after the last one no more. */
const delays = [30, 120, 600, 3_600, 14_400, 43_200]
/** What the SMTP server refuses for good (5xx) is tried so often: it might have been its own mistake. */
const refusedAttempts = 3
/** Who has taken a mail and ended meanwhile has lost it after this time. */
const lease_ms = 300_000
/** At once: each has a connection of its own, so that none waits until its lease is over. */
const batch = 3

interface Claimed {
  mail_id: string
  to_address: string
  subject: string
  content: Buffer
  attempts: number
}

const claimSQL = `with due as (
    select mail_id from mails where state = 'waiting' and next_attempt_at <= $1
    order by next_attempt_at limit $3 for update skip locked)
  update mails m set attempts = m.attempts + 1, next_attempt_at = $2 from due
  where m.mail_id = due.mail_id
  returning m.mail_id, m.to_address, m.subject, m.content, m.attempts`

/**
 * Sends every mail that is due, and resolves when all of them have been tried. Without an SMTP server, in
 * development a mail counts as sent and stays to be read; in production it fails and says why. Several
 * nodes may do this at once.
 */
export async function deliverMails(services: Services): Promise<void> {
  for (;;) {
    const now = services.now()
    const lease = new Date(now.getTime() + lease_ms)
    const claimed = await statement<Claimed>(services.db, claimSQL, [now, lease, batch])
    await Promise.all(claimed.map((mail) => deliverMail(services, mail)))
    if (claimed.length < batch) return
  }
}

async function deliverMail(services: Services, mail: Claimed): Promise<void> {
  const { mail_id, attempts } = mail
  const failure = await send(services, mail).catch((error: Error) => error)
  const now = services.now()
  const development = services.config.mode === 'development'
  const next = failure ? nextAttempt(services.config, failure, attempts, now) : null
  const state = next ? 'waiting' : failure ? 'failed' : 'sent'
  if (failure)
    services.log.warn({ mail_id, attempts, code: codeOf(failure), state }, 'a mail was not sent')
  await statement(
    services.db,
    `update mails set state = $3, next_attempt_at = $4, last_error = $5,
       sent_at = case when $3 = 'sent' then $6::timestamptz end,
       content = case when $3 = 'sent' and not $7::boolean then ''::bytea else content end
     where mail_id = $1 and attempts = $2 and state = 'waiting'`,
    [mail_id, attempts, state, next, failure ? reasonOf(failure) : '', now, development],
  ).catch((error: unknown) => {
    // Its lease ends by itself, and it is sent again, under the same Message-ID.
    services.log.error({ err: error, mail_id }, 'the outcome of a mail was not recorded')
  })
}

async function send(services: Services, mail: Claimed): Promise<undefined> {
  const { config } = services
  if (!canSendMail(config))
    throw new Error('No SMTP server is set: set PORTCULLIS_SMTP_URL and PORTCULLIS_MAIL_FROM.')
  const content = openContent(services.cipher, mail.mail_id, mail.content)
  if (!content) throw new Error('What the mail said is no longer kept.')
  if (config.smtp_url === '') return
  await transportOf(config).sendMail({
    from: config.mail_from,
    to: { name: '', address: mail.to_address },
    subject: mail.subject,
    text: content.text,
    html: content.html,
    messageId: `<${mail.mail_id}@${new URL(config.base_url).hostname}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

function nextAttempt(config: Config, failure: Error, attempts: number, now: Date): Date | null {
  const seconds = delays[attempts - 1]
  if (seconds === undefined || !canSendMail(config)) return null
  const { responseCode = 0 } = failure as Error & { responseCode?: number }
  if (responseCode >= 500 && attempts >= refusedAttempts) return null
  return new Date(now.getTime() + seconds * 1_000 * (0.8 + Math.random() * 0.4))
}

/** What the SMTP server said, else what went wrong. */
function reasonOf(failure: Error): string {
  return oneLine(failure.message, 300)
}

function codeOf(failure: Error): unknown {
  const { code, responseCode } = failure as Error & { code?: string; responseCode?: number }
  return responseCode ?? code
}

const transports = new Map<Config, ReturnType<typeof makeTransport>>()

function transportOf(config: Config) {
  const known = transports.get(config) ?? makeTransport(config)
  transports.set(config, known)
  return known
}

function makeTransport({ smtp_url }: Config) {
  const url = new URL(smtp_url)
  const secure = url.protocol === 'smtps:'
  const [user, pass] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return createTransport({
    pool: true,
    maxConnections: batch,
    host,
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    // A password leaves this machine encrypted or not at all.
    requireTLS: user !== '' && !/^(localhost|127\..*|::1)$/.test(host),
    ...(user !== '' && { auth: { user, pass } }),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
  })
}

/** Signs in to the SMTP server without sending anything; rejects with what went wrong. */
export async function verifySMTP(config: Config): Promise<void> {
  const transport = makeTransport(config)
  try {
    await transport.verify()
  } finally {
    transport.close()
  }
}

/** Ends the kept connections to the SMTP server. */
export function closeMail({ config }: Services): void {
  transports.get(config)?.close()
  transports.delete(config)
}
