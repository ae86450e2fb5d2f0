import { type Database, statement } from '../db/connect.ts'
import type { CertificateCounts } from '../metrics.ts'
import { daysLeft, replacedSQL } from './certificates-due.ts'

/** More than these of a purpose are not counted, so that a scrape costs no more for more connections. */
const most = 10_000
const dayMs = 86_400_000

const countSQL = `
  select p.purpose, coalesce(due.first, later.first) as first, due.expired::int, due.in_7::int,
    due.in_30::int, due.in_60::int
  from unnest(array['verification', 'signing', 'encryption']) p(purpose)
    cross join lateral (
      select min(k.expires_at) as first,
        count(*) filter (where k.expires_at <= $2) as expired,
        count(*) filter (where k.expires_at > $2 and k.expires_at <= $4) as in_7,
        count(*) filter (where k.expires_at > $4 and k.expires_at <= $5) as in_30,
        count(*) filter (where k.expires_at > $5) as in_60
      from (
        select project_id, connection_id, key_id, purpose, expires_at, created_at from saml_keys
        where purpose = p.purpose and expires_at <= $3 order by expires_at desc limit $1) k
      where not ${replacedSQL}) due
    left join lateral (
      select expires_at as first from saml_keys
      where purpose = p.purpose and expires_at > $3 order by expires_at limit 1) later on true`

/**
 * How many certificates in use, of all projects, end within 60 days or have ended, and how many days the
 * first one has; those that another replaces are not counted.
 */
export async function countCertificates(db: Database, now: Date): Promise<CertificateCounts[]> {
  const ahead = (days: number) => new Date(now.getTime() + days * dayMs)
  const rows = await statement<{
    purpose: string
    first: Date | null
    expired: number
    in_7: number
    in_30: number
    in_60: number
  }>(db, countSQL, [most, now, ahead(60), ahead(7), ahead(30)])
  return rows.map(({ purpose, first, expired, in_7, in_30, in_60 }) => ({
    purpose,
    days_left: first && daysLeft(first, now),
    due: { expired, '7': in_7, '30': in_30, '60': in_60 },
  }))
}
