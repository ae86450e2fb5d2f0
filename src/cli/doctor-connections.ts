import { sql } from 'kysely'
import { connect, type Database, pgCode } from '../db/connect.ts'
import type { Finding } from './doctor.ts'

const listed = 20

interface Concern {
  connection_id: string
  what: string
  count: string
}

/** What an operator should know of connections: permissions for SHA-1, and metadata that cannot be read. */
export async function lookAtConnections(url: string, now: Date): Promise<Finding[]> {
  const db = connect({ url, prepared_statements: false, max_connections: 1 })
  try {
    return [
      toFinding('sha1_permissions', await sha1Permissions(db, now), {
        none: 'no connection may be signed for with SHA-1',
        some: 'may be signed for with SHA-1: have the identity provider set to SHA-256',
      }),
      toFinding('metadata', await metadataErrors(db), {
        none: 'the metadata of every connection could be read',
        some: 'cannot be refreshed from their metadata_url, so that new certificates do not arrive',
      }),
    ]
  } catch (error) {
    // The tables are missing, or older than this version: migrate brings them.
    const older = ['42P01', '42703'].includes(pgCode(error) ?? '')
    const detail = older ? 'no tables yet' : (error as Error).message
    return [{ check: 'connections', verdict: older ? 'pass' : 'fail', detail }]
  } finally {
    await db.destroy()
  }
}

async function sha1Permissions(db: Database, now: Date): Promise<Concern[]> {
  const { rows } = await sql<Concern>`
    select connection_id, 'until ' || to_char(allow_sha1_until at time zone 'UTC', 'YYYY-MM-DD') as what,
      count(*) over () as count
    from sso_connections where allow_sha1_until > ${now}
    order by allow_sha1_until, connection_id limit ${listed}`.execute(db)
  return rows
}

async function metadataErrors(db: Database): Promise<Concern[]> {
  const { rows } = await sql<Concern>`
    select connection_id, 'since ' || to_char(metadata_failing_since at time zone 'UTC', 'YYYY-MM-DD')
      || ': ' || metadata_error as what, count(*) over () as count
    from sso_connections where metadata_error <> '' and metadata_refresh <> 'off'
    order by metadata_failing_since, connection_id limit ${listed}`.execute(db)
  return rows
}

function toFinding(
  check: string,
  concerns: readonly Concern[],
  words: { none: string; some: string },
): Finding {
  const [first] = concerns
  if (!first) return { check, verdict: 'pass', detail: words.none }
  const count = Number(first.count)
  const list = concerns.map(({ connection_id, what }) => `${connection_id} ${what}`)
  if (count > listed) list.push(`and ${count - listed} more`)
  const subject = count === 1 ? '1 connection' : `${count} connections`
  return { check, verdict: 'warn', detail: `${subject} ${words.some}: ${list.join('; ')}` }
}
