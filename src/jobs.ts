/**
 * What runs by itself: what logins did to members is recorded, and webhooks and mails go out, every few
 * seconds; every minute old rows are deleted and metadata of identity providers read again, and who must
 * know is warned of certificates that end.
 */
import { sql } from 'kysely'
import type { Services } from './context.ts'
import { type Database, statement, transaction } from './db/connect.ts'
import { deliverDue } from './events/deliver.ts'
import { closeMail, deliverMails } from './mail/deliver-mails.ts'
import { deleteExpiredSessions } from './sessions/session.ts'
import { warnOfCertificates } from './sso/certificates-due-warnings.ts'
import { recordMemberChanges } from './sso/member-events.ts'
import { refreshDueMetadata } from './sso/metadata-refresh.ts'

const second = 1_000
const day = 86_400_000
const batch = 1_000
const lock = 7_209_150_332

interface Job {
  every: number
  /** What is logged where it fails. One that fails keeps no other from running. */
  failure: string
  run(services: Services): Promise<unknown>
}

const jobs: Job[] = [
  { every: 2 * second, failure: 'changes of members were not recorded', run: recordMemberChanges },
  { every: 2 * second, failure: 'webhooks were not sent', run: deliverDue },
  { every: 2 * second, failure: 'mails were not sent', run: deliverMails },
  { every: 60 * second, failure: 'old rows were not deleted', run: deleteOldRows },
  { every: 60 * second, failure: 'metadata were not refreshed', run: refreshDueMetadata },
  { every: 60 * second, failure: 'nobody was warned of certificates', run: warnOfCertificates },
]

/** Starts the jobs; `stop` waits for those under way. */
export function startJobs(services: Services): { stop(): Promise<void> } {
  const running = new Map<Job, Promise<void>>()
  const timers = jobs.map((job) =>
    setInterval(() => {
      if (running.has(job)) return
      const run = runJob(services, job).finally(() => running.delete(job))
      running.set(job, run)
    }, job.every).unref(),
  )
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(running.values())
      closeMail(services)
    },
  }
}

/** Runs every job once. What another node is at is left to it. */
export async function runJobs(services: Services): Promise<void> {
  await Promise.all(jobs.map((job) => runJob(services, job)))
}

async function runJob(services: Services, { run, failure }: Job): Promise<void> {
  try {
    await run(services)
  } catch (error) {
    services.log.warn({ err: error }, `${failure}: it is tried again soon`)
  }
}

/** What of a table has had its time: rows whose `column` is older than that many days, or the retention. */
const old: [table: string, column: string, days: number | 'retention'][] = [
  ['intermediate_sessions', 'expires_at', 0],
  ['saml_replays', 'expires_at', 0],
  ['admin_sessions', 'expires_at', 0],
  ['setup_sessions', 'expires_at', 0],
  ['sso_flow_messages', 'expires_at', 0],
  // Somebody who opens one that has expired is told so for a month.
  ['trace_links', 'expires_at', 30],
  ['admin_invitations', 'expires_at', 30],
  ['sso_flows', 'started_at', 'retention'],
  ['events', 'at', 'retention'],
  ['webhook_deliveries', 'created_at', 'retention'],
  ['mails', 'created_at', 'retention'],
]

/** Deletes what has had its time, in small batches, by one node at a time. */
async function deleteOldRows(services: Services): Promise<void> {
  const now = services.now()
  const retention = services.config.flow_retention_days
  const tasks = old.map(([table, column, days]) => (db: Database) => {
    const age = (days === 'retention' ? retention : days) * day
    return deleteOld(db, table, column, new Date(now.getTime() - age))
  })
  for (const task of [(db: Database) => deleteExpiredSessions(db, now, batch), ...tasks])
    while ((await asOnlyNode(services, task)) === batch);
}

function asOnlyNode(services: Services, task: (db: Database) => Promise<number>): Promise<number> {
  return transaction(services.db, async (trx) => {
    const got = await sql<{ locked: boolean }>`
      select pg_try_advisory_xact_lock(${sql.lit(lock)}) as locked`.execute(trx)
    return got.rows[0]?.locked ? task(trx) : 0
  })
}

async function deleteOld(
  db: Database,
  table: string,
  column: string,
  before: Date,
): Promise<number> {
  const rows = await statement(
    db,
    `delete from ${table} where ctid = any(array(
       select ctid from ${table} where ${column} < $1 order by ${column} limit $2)) returning 1 as deleted`,
    [before, batch],
  )
  return rows.length
}
