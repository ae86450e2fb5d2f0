/** Who may have which e-mail address in an organization. */
import { type Database, statement } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'
import { assertNotClaimedElsewhere } from '../organizations/claimed-domains.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { emailDomain } from './email.ts'

const retiredByAnother = `select 1 from retired_emails
  where project_id = $1 and organization_id = $2 and email_address = $3 and member_id <> $4`

/**
 * Throws `action_not_allowed_email_domain_is_claimed` where another organization claims the domain, and
 * `retired_member_email` where another member has retired the address. Call it after the member was
 * written, in the same transaction: the unique index has then waited for a member that gives the address
 * up, and its retirement is seen.
 */
export async function assertAddressAllowed(
  trx: Database,
  organization: OrganizationRow,
  { member_id, email_address }: { member_id: string; email_address: string },
): Promise<void> {
  await assertNotClaimedElsewhere(trx, organization, [emailDomain(email_address)])
  const { project_id, organization_id } = organization
  const retired = await statement(trx, retiredByAnother, [
    project_id,
    organization_id,
    email_address,
    member_id,
  ])
  if (retired.length > 0) throw new ApiError('retired_member_email')
}

/**
 * Notes that a member has given up an address, so that no other member of the organization gets it until
 * it is unlinked or the member is deleted.
 */
export async function retireAddress(
  trx: Database,
  member: { project_id: string; organization_id: string; member_id: string; email_address: string },
  retired_at: Date,
): Promise<void> {
  await trx
    .insertInto('retired_emails')
    .values({
      project_id: member.project_id,
      organization_id: member.organization_id,
      member_id: member.member_id,
      email_id: newId('email', environmentOf(member.project_id)),
      email_address: member.email_address,
      retired_at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Takes an address of a member's own back into use: it is not a retired one any more. */
export async function unretireAddress(
  trx: Database,
  member: { project_id: string; member_id: string },
  email_address: string,
): Promise<void> {
  await trx
    .deleteFrom('retired_emails')
    .where('project_id', '=', member.project_id)
    .where('member_id', '=', member.member_id)
    .where('email_address', '=', email_address)
    .execute()
}
