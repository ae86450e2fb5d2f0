/** What runs by itself: old rows are deleted, metadata of identity providers read again. */
import { sql } from 'kysely'
import type { Services } from './context.ts'
import { type Database, statement, transaction } from './db/connect.ts'
import { deleteExpiredSessions } from './sessions/session.ts'
import { refreshDueMetadata } from './sso/metadata-refresh.ts'

const everyMs = 60_000
const batch = 1_000
const lock = 7_209_150_332

/** The jobs, each with what is logged where it fails. One that fails keeps no other from running. */
const jobs: [failure: string, job: (services: Services) => Promise<unknown>][] = [
  ['old rows were not deleted', deleteOldRows],
  ['metadata were not refreshed', refreshDueMetadata],
]

/** Starts the jobs, every minute; `stop` waits for those under way. */
export function startJobs(services: Services): { stop(): Promise<void> } {
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= runJobs(services).finally(() => {
      running = undefined
    })
  }, everyMs)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}

/** Runs every job once. What another node is at is left to it. */
export async function runJobs(services: Services): Promise<void> {
  await Promise.all(
    jobs.map(([failure, job]) =>
      job(services).catch((error) =>
        services.log.warn({ err: error }, `${failure}: it is tried again in a minute`),
      ),
    ),
  )
}

/** Deletes what has had its time, in small batches, by one node at a time. */
async function deleteOldRows(services: Services): Promise<void> {
  const now = services.now()
  const oldest = new Date(now.getTime() - services.config.flow_retention_days * 86_400_000)
  const tasks = [
    (db: Database) => deleteExpiredSessions(db, now, batch),
    (db: Database) => deleteOld(db, 'intermediate_sessions', 'expires_at', now),
    (db: Database) => deleteOld(db, 'saml_replays', 'expires_at', now),
    (db: Database) => deleteOld(db, 'sso_flows', 'started_at', oldest),
  ]
  for (const task of tasks) while ((await asOnlyNode(services, task)) === batch);
}

function asOnlyNode(services: Services, task: (db: Database) => Promise<number>): Promise<number> {
  return transaction(services.db, async (trx) => {
    const got = await sql<{ locked: boolean }>`
      select pg_try_advisory_xact_lock(${sql.lit(lock)}) as locked`.execute(trx)
    return got.rows[0]?.locked ? task(trx) : 0
  })
}

type Old = ['intermediate_sessions' | 'saml_replays', 'expires_at'] | ['sso_flows', 'started_at']

async function deleteOld(
  db: Database,
  ...[table, column, before]: [...Old, Date]
): Promise<number> {
  const rows = await statement(
    db,
    `delete from ${table} where ctid = any(array(
       select ctid from ${table} where ${column} < $1 order by ${column} limit $2)) returning 1 as deleted`,
    [before, batch],
  )
  return rows.length
}
