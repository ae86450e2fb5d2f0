import { type Database, statement } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'

const claimedElsewhere = `select 1 from organizations
  where project_id = $1 and organization_id <> $2 and claimed_email_domains && $3::text[] limit 1`

/**
 * Throws `action_not_allowed_email_domain_is_claimed` where another organization of the project claims
 * one of these domains: its addresses belong there. Domains in their one spelling (`normalizeDomain`).
 */
export async function assertNotClaimedElsewhere(
  db: Database,
  organization: { project_id: string; organization_id: string },
  domains: readonly string[],
): Promise<void> {
  const { project_id, organization_id } = organization
  const rows = await statement(db, claimedElsewhere, [project_id, organization_id, domains])
  if (rows.length > 0) throw new ApiError('action_not_allowed_email_domain_is_claimed')
}

/** The same, and nobody else can claim a domain before the transaction ends. */
export async function claimDomains(
  trx: Database,
  organization: { project_id: string; organization_id: string },
  domains: readonly string[],
): Promise<void> {
  if (domains.length === 0) return
  await statement(trx, 'select pg_advisory_xact_lock(hashtextextended($1, 1))', [
    organization.project_id,
  ])
  await assertNotClaimedElsewhere(trx, organization, domains)
}
