import { firstAdminLink } from '../admins/invitations.ts'
import { readProductionConfig } from '../config.ts'
import type { Services } from '../context.ts'
import { findForeign } from '../db/encrypted-columns.ts'
import { listen } from '../http/listen.ts'
import { describeRateLimits } from '../http/rate-settings.ts'
import { malformedBody, type Running, startServices } from '../server.ts'
import { within } from '../within.ts'
import type { Command } from './command.ts'

const graceMs = 25_000
/** Both together stay below the 30 seconds after which Kubernetes kills. */
const closeMs = 4_000

/** `portcullis serve`: production. Nothing is seeded; every setting comes from the environment. */
export const serve: Command = {
  name: 'serve',
  summary: 'Run the server in production, with settings from the environment',
  help: `DATABASE_URL                      PostgreSQL 15 or newer (required)
PORTCULLIS_BASE_URL               public https address (required)
PORTCULLIS_ENCRYPTION_KEYS        key ring id:base64[,id:base64], the first encrypts (required)
PORTCULLIS_HOST, PORTCULLIS_PORT  where it listens (0.0.0.0, 4000)
PORTCULLIS_DATABASE_LISTEN_URL    a direct connection for LISTEN, behind pgbouncer
PORTCULLIS_PREPARED_STATEMENTS    off behind pgbouncer in transaction mode (on)
PORTCULLIS_ALLOWED_PRIVATE_HOSTS  on-premises identity providers that may be reached
PORTCULLIS_TRUSTED_PROXIES        addresses and ranges of proxies whose X-Forwarded-For is believed
PORTCULLIS_RATE_LIMITS            off, or a list that changes some of these (name=off: none; /s, /m, /h):
${describeRateLimits()}
PORTCULLIS_FLOW_RETENTION_DAYS    how long finished and failed logins are kept (30)
PORTCULLIS_SMTP_URL               smtp:// or smtps:// address that mail leaves by (without it, none does)
PORTCULLIS_MAIL_FROM              whom mail is from, required with it
PORTCULLIS_LOG_LEVEL, PORTCULLIS_METRICS_TOKEN`,
  async run() {
    const config = readProductionConfig(process.env)
    const running = await startServices(config)
    const malformed = (status: number) => malformedBody(config.base_url, status)
    const address = { hosts: config.hosts, port: config.port, malformed }
    const listener = await refuseForeignKeys(running.services)
      .then(() => listen({ what: 'the server', option: 'PORTCULLIS_PORT', ...address }))
      .catch(async (error) => {
        await running.close()
        throw error
      })
    const asked = askedToEnd()
    listener.answer(running.app.fetch)
    running.services.log.info({ port: listener.port, base_url: config.base_url }, 'listening')
    const link = await firstAdminLink(running.services)
    // Not through the log, which masks what it must not tell.
    if (link) process.stdout.write(firstAdmin(link))
    await asked
    running.services.log.info('ending: requests under way are answered first')
    await listener.close(graceMs)
    await closeInTime(running)
    return undefined
  },
}

/** Every login would fail, and new secrets would be stored under a key that no other node has. */
async function refuseForeignKeys({ db, cipher }: Services): Promise<void> {
  const foreign = await findForeign(db, cipher)
  if (foreign)
    throw new Error(
      `PORTCULLIS_ENCRYPTION_KEYS opens none of the keys that this database holds: ${foreign.reason}. Give it the ring that the other nodes have, or the backup of this database came with; portcullis doctor lists what is lacking.`,
    )
}

/** A database that hangs keeps no process from ending. */
async function closeInTime(running: Running): Promise<void> {
  try {
    await within(closeMs, running.close())
  } catch (err) {
    running.services.log.warn({ err }, 'ended without an answer of the database')
    process.exit(1)
  }
}

function firstAdmin(link: string): string {
  return `There is no administrator yet. This link makes the first one, once, within a day:\n\n  ${link}\n\n`
}

function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
