/**
 * The calendar of certificates: those of identity providers, which verify, and our own, which sign requests
 * and decrypt assertions, with how long they last and whether another one stands beside them.
 */
import { type Database, statement } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'

export type CertificatePurpose = 'verification' | 'signing' | 'encryption'

/** A certificate that ends soon, or has ended. */
export interface DueCertificate {
  organization_id: string
  organization_name: string
  organization_slug: string
  connection_id: string
  display_name: string
  identity_provider: string
  connection_status: 'pending' | 'active'
  certificate_id: string
  purpose: CertificatePurpose
  fingerprint: string
  issuer: string
  expires_at: Date
  /** Whole days; below zero for one that has ended. */
  days_left: number
  /** Another of the same purpose lasts longer and is valid: then this one's end is no emergency. */
  replaced: boolean
}

interface Query {
  /** 60 unless given; those that have ended are always among them. */
  within_days?: number
  /** 50 unless given. */
  limit?: number
  /** `next_cursor` of the page before. */
  cursor?: string
  /** Leaves out those that are replaced. */
  urgent?: boolean
}

const dayMs = 86_400_000
/** How many rows one statement looks at when it leaves some out. */
const scanned = 500

/**
 * Tells of a certificate `k` whether another does its work; `$2` is now. Of our own it is the newest that
 * is in use, whichever lasts longest.
 */
export const replacedSQL = `exists (
  select 1 from saml_keys other
  where other.project_id = k.project_id and other.connection_id = k.connection_id
    and other.purpose = k.purpose and other.expires_at > greatest(k.expires_at, $2)
    and (k.purpose = 'verification' or (other.created_at, other.key_id) > (k.created_at, k.key_id)))`

/** Joins the connection `c` and the organization `o` of a certificate `k`, one by one: never a whole table. */
export const whereItIsSQL = `
  cross join lateral (
    select display_name, identity_provider, status from sso_connections
    where project_id = k.project_id and connection_id = k.connection_id limit 1) c
  cross join lateral (
    select organization_name, organization_slug from organizations
    where project_id = k.project_id and organization_id = k.organization_id limit 1) o`

const listSQL = `
  with due as materialized (
    select project_id, organization_id, connection_id, key_id, purpose, fingerprint, issuer,
      expires_at, created_at
    from saml_keys
    where project_id = $1 and expires_at < $3 and (expires_at, key_id) > ($4::timestamptz, $5)
    order by expires_at, key_id limit $6)
  select k.organization_id, o.organization_name, o.organization_slug, k.connection_id, c.display_name,
    c.identity_provider, c.status as connection_status, k.key_id as certificate_id, k.purpose,
    k.fingerprint, k.issuer, k.expires_at, ${replacedSQL} as replaced
  from due k
    ${whereItIsSQL}
  order by k.expires_at, k.key_id`

/**
 * A page of the certificates of a project that end within some days, the first to end first. Where some are
 * left out a page may be short, even empty, and yet have a `next_cursor`. Throws `user_search_invalid_cursor`.
 */
export async function certificatesDue(
  db: Database,
  project_id: string,
  now: Date,
  { within_days = 60, limit = 50, cursor, urgent = false }: Query = {},
): Promise<{ certificates: DueCertificate[]; next_cursor: string | null }> {
  const scan = urgent ? scanned : limit
  const [after, key_id] = cursor === undefined ? ['-infinity', ''] : decodeCursor(cursor)
  const end = new Date(now.getTime() + within_days * dayMs)
  const rows = await statement<Omit<DueCertificate, 'days_left'>>(db, listSQL, [
    project_id,
    now,
    end,
    after,
    key_id,
    scan + 1,
  ])
  const looked = rows.slice(0, scan)
  const found = urgent ? looked.filter((row) => !row.replaced) : looked
  const certificates = found.slice(0, limit)
  const last = found.length > limit ? certificates.at(-1) : looked.at(-1)
  const more = rows.length > scan || found.length > limit
  return {
    certificates: certificates.map((row) => ({ ...row, days_left: daysLeft(row.expires_at, now) })),
    next_cursor: more && last ? encodeCursor(last) : null,
  }
}

/** Whole days until then, counted down: 0 on the last day, below zero afterwards. */
export function daysLeft(expires_at: Date, now: Date): number {
  return Math.floor((expires_at.getTime() - now.getTime()) / dayMs)
}

function encodeCursor(row: { expires_at: Date; certificate_id: string }): string {
  return Buffer.from(`${row.expires_at.toISOString()} ${row.certificate_id}`).toString('base64url')
}

function decodeCursor(cursor: string): [expires_at: string, key_id: string] {
  const text = Buffer.from(cursor, 'base64url').toString()
  const [, at = '', key_id = ''] = /^([-\d]{10}T[\d:.]{12}Z) ([\w-]{1,100})$/.exec(text) ?? []
  if (Number.isNaN(Date.parse(at))) throw new ApiError('user_search_invalid_cursor')
  return [at, key_id]
}
