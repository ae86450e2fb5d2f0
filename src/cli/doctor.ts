import { sql } from 'kysely'
import { ConfigError, readProductionConfig } from '../config.ts'
import { connect } from '../db/connect.ts'
import type { Command } from './command.ts'

interface Finding {
  check: string
  verdict: 'pass' | 'fail'
  detail: string
}

/** `portcullis doctor`: looks at the settings of `serve` and at the database, and says what is wrong. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'Look at the settings of serve and at its database, and say what is wrong',
  async run() {
    const findings: Finding[] = []
    try {
      readProductionConfig(process.env)
      findings.push({ check: 'settings', verdict: 'pass', detail: 'complete' })
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      findings.push({ check: 'settings', verdict: 'fail', detail: error.message })
    }
    const url = process.env.DATABASE_URL
    if (url) findings.push(await lookAtDatabase('database', url))
    const listenURL = process.env.PORTCULLIS_DATABASE_LISTEN_URL
    if (listenURL) findings.push(await lookAtDatabase('database_listen', listenURL))
    return { findings }
  },
  failed: (result) =>
    (result as { findings: Finding[] }).findings.some((finding) => finding.verdict === 'fail'),
}

async function lookAtDatabase(check: string, url: string): Promise<Finding> {
  const db = connect({ url, prepared_statements: false, max_connections: 1 })
  try {
    const { rows } = await sql<{ version: string; synchronous_commit: string; fsync: string }>`
      select current_setting('server_version') as version, current_setting('fsync') as fsync,
        current_setting('synchronous_commit') as synchronous_commit`.execute(db)
    const row = rows[0]!
    const durable = row.fsync === 'on' && row.synchronous_commit !== 'off'
    const recent = Number.parseInt(row.version, 10) >= 15
    return {
      check,
      verdict: durable && recent ? 'pass' : 'fail',
      detail: `PostgreSQL ${row.version}, fsync ${row.fsync}, synchronous_commit ${row.synchronous_commit}${recent ? '' : ': 15 or newer is needed'}`,
    }
  } catch (error) {
    return { check, verdict: 'fail', detail: (error as Error).message }
  } finally {
    await db.destroy()
  }
}
