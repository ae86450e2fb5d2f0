import { sql } from 'kysely'
import { type Config, ConfigError, readProductionConfig } from '../config.ts'
import { connect, pgCode } from '../db/connect.ts'
import { countKeyUse, findUnreadable } from '../db/encrypted-columns.ts'
import { type Cipher, createCipher } from '../db/secrets.ts'
import { verifySMTP } from '../mail/deliver-mails.ts'
import type { Command } from './command.ts'
import { lookAtConnections } from './doctor-connections.ts'

export interface Finding {
  check: string
  /** `warn` is for what works, but should not stay: the command does not fail then. */
  verdict: 'pass' | 'warn' | 'fail'
  detail: string
}

/** `portcullis doctor`: looks at the settings of `serve` and at the database, and says what is wrong. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'Look at the settings of serve and at its database, and say what is wrong',
  async run() {
    const findings: Finding[] = []
    try {
      const config = readProductionConfig(process.env)
      findings.push({ check: 'settings', verdict: 'pass', detail: 'complete' })
      findings.push(await lookAtMail(config))
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      findings.push({ check: 'settings', verdict: 'fail', detail: error.message })
    }
    const url = process.env.DATABASE_URL
    if (url) findings.push(await lookAtDatabase('database', url), ...(await lookAtClock(url)))
    const listenURL = process.env.PORTCULLIS_DATABASE_LISTEN_URL
    if (listenURL) findings.push(await lookAtDatabase('database_listen', listenURL))
    const cipher = cipherOf(process.env.PORTCULLIS_ENCRYPTION_KEYS)
    const reached = findings.some(
      ({ check, verdict }) => check === 'database' && verdict === 'pass',
    )
    if (url && cipher && reached) findings.push(await lookAtKeys(url, cipher))
    if (url && reached) findings.push(...(await lookAtConnections(url, new Date())))
    return { findings }
  },
  text(result) {
    const signs = { pass: '✓', warn: '!', fail: '✗' }
    return (result as { findings: Finding[] }).findings
      .map(({ check, verdict, detail }) => `${signs[verdict]} ${check}: ${detail}\n`)
      .join('')
  },
  failed: (result) =>
    (result as { findings: Finding[] }).findings.some((finding) => finding.verdict === 'fail'),
}

/** Whether the SMTP server takes mail from us, as far as can be told without sending any. */
async function lookAtMail(config: Config): Promise<Finding> {
  const check = 'mail'
  if (config.smtp_url === '')
    return {
      check,
      verdict: 'warn',
      detail:
        'PORTCULLIS_SMTP_URL is not set: invitations, setup links and warnings of certificates are not mailed',
    }
  try {
    await verifySMTP(config)
    return { check, verdict: 'pass', detail: 'the SMTP server answers and takes the password' }
  } catch (error) {
    return { check, verdict: 'fail', detail: (error as Error).message }
  }
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

/**
 * Whether this machine's clock agrees with the database's: identity providers' answers are good for minutes,
 * and those of a node whose clock is off are refused. Nothing where the database does not answer.
 */
async function lookAtClock(url: string): Promise<Finding[]> {
  const db = connect({ url, prepared_statements: false, max_connections: 1 })
  try {
    const asked_at = Date.now()
    const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db)
    const here = (asked_at + Date.now()) / 2
    const seconds = Math.round((here - rows[0]!.now.getTime()) / 1_000)
    const off = Math.abs(seconds)
    const verdict = off > 60 ? 'fail' : off > 5 ? 'warn' : 'pass'
    const which = seconds > 0 ? 'ahead of' : 'behind'
    const detail =
      verdict === 'pass'
        ? "agrees with the database's"
        : `this machine is ${off} seconds ${which} the database: logins are refused where clocks differ by minutes; set both by NTP`
    return [{ check: 'clock', verdict, detail }]
  } catch {
    return []
  } finally {
    await db.destroy()
  }
}

/** The ring, where it can be used: what is wrong with it stands among the settings. */
function cipherOf(keyRing: string | undefined): Cipher | undefined {
  try {
    return createCipher(keyRing ?? '')
  } catch {
    return undefined
  }
}

/** Whether the ring reads what is stored: a value of each column and key is tried. */
async function lookAtKeys(url: string, cipher: Cipher): Promise<Finding> {
  const check = 'encryption_keys'
  const db = connect({ url, prepared_statements: false, max_connections: 1 })
  try {
    const uses = await countKeyUse(db)
    const lacking = uses.filter(({ key_id }) => !cipher.key_ids.includes(key_id))
    const problems = lacking.map(
      ({ column, key_id, values }) =>
        `the ring has no key "${key_id}", which ${values} of ${column} were encrypted with`,
    )
    problems.push(...(await findUnreadable(db, cipher)).map(({ reason }) => reason))
    if (problems.length > 0) return { check, verdict: 'fail', detail: problems.join('; ') }
    const outdated = uses.filter(({ key_id }) => key_id !== cipher.key_ids[0])
    const left = outdated.reduce((sum, { values }) => sum + values, 0)
    const detail =
      left > 0 ? `, ${left} values not with the first key: keys rotate --encryption` : ''
    return { check, verdict: 'pass', detail: `the ring reads what is stored${detail}` }
  } catch (error) {
    const empty = pgCode(error) === '42P01'
    const detail = empty ? 'no tables yet' : (error as Error).message
    return { check, verdict: empty ? 'pass' : 'fail', detail }
  } finally {
    await db.destroy()
  }
}
