/** Warnings of certificates that end: 60, 30 and 7 days before, and when they have ended, each once. */
import type { Transaction } from 'kysely'
import type { Services } from '../context.ts'
import { statement, transaction } from '../db/connect.ts'
import type { Schema } from '../db/schema.ts'
import { recordEvent } from '../events/events.ts'
import { type DueCertificate, daysLeft, replacedSQL, whereItIsSQL } from './certificates-due.ts'
import { mailWarnings } from './certificates-due-mail.ts'

/** A warning that is due: of which certificate, and of which of the four. */
export interface CertificateWarning extends DueCertificate {
  project_id: string
  warning: '60_days' | '30_days' | '7_days' | 'expired'
}

const batch = 200
const lock = 7_209_150_333
const dayMs = 86_400_000
const warnings = ['60_days', '30_days', '7_days', 'expired'] as const

// The latest warning that is due stands for those before it, as where a certificate is added that ends soon.
const claimSQL = `
  with due as (
    select project_id, connection_id, key_id from saml_keys
    where (warning_stage = 0 and expires_at <= $3) or (warning_stage = 1 and expires_at <= $4)
      or (warning_stage = 2 and expires_at <= $5) or (warning_stage = 3 and expires_at <= $2)
    limit $1 for no key update),
  k as (
    update saml_keys s set warning_stage = case when s.expires_at <= $2 then 4
        when s.expires_at <= $5 then 3 when s.expires_at <= $4 then 2 else 1 end
    from due
    where s.project_id = due.project_id and s.connection_id = due.connection_id and s.key_id = due.key_id
    returning s.project_id, s.organization_id, s.connection_id, s.key_id, s.purpose, s.fingerprint,
      s.issuer, s.expires_at, s.created_at, s.warning_stage)
  select k.project_id, k.organization_id, o.organization_name, o.organization_slug, k.connection_id,
    c.display_name, c.identity_provider, c.status as connection_status, k.key_id as certificate_id,
    k.purpose, k.fingerprint, k.issuer, k.expires_at, k.warning_stage, ${replacedSQL} as replaced
  from k
    ${whereItIsSQL}
  order by k.project_id, k.expires_at, k.key_id`

/**
 * Sends the warnings that are due: an event for each certificate, a mail to each administrator. Nodes take
 * turns, so that the certificates of a project come in one mail; a warning and the mark that it was sent are
 * one transaction. Returns how many.
 */
export async function warnOfCertificates(services: Services): Promise<number> {
  let count = 0
  let sent: CertificateWarning[]
  do {
    sent = await transaction(services.db, (trx) => warn(services, trx))
    count += sent.length
  } while (sent.length === batch)
  return count
}

async function warn(services: Services, trx: Transaction<Schema>): Promise<CertificateWarning[]> {
  await statement(trx, 'select pg_advisory_xact_lock($1)', [lock])
  const now = services.now()
  const ahead = (days: number) => new Date(now.getTime() + days * dayMs)
  const rows = await statement<
    Omit<CertificateWarning, 'days_left' | 'warning'> & { warning_stage: number }
  >(trx, claimSQL, [batch, now, ahead(60), ahead(30), ahead(7)])
  const due = rows.map(({ warning_stage, ...row }) => ({
    ...row,
    days_left: daysLeft(row.expires_at, now),
    warning: warnings[warning_stage - 1]!,
  }))
  for (const { project_id, ...certificate } of due)
    await recordEvent(trx, {
      project_id,
      event_type:
        certificate.warning === 'expired' ? 'certificate.expired' : 'certificate.expiring',
      organization_id: certificate.organization_id,
      object_id: certificate.certificate_id,
      data: certificate,
      request_id: '',
      at: now,
    })
  await mailWarnings({ ...services, db: trx }, due)
  return due
}
