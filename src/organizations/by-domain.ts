/** Organizations that an e-mail address belongs to by its domain. */
import { type Database, statement } from '../db/connect.ts'

export interface FoundOrganization {
  organization_name: string
  organization_slug: string
}

/**
 * The organizations that list the domain among `email_allowed_domains` and have an active SSO connection, at
 * most 10. By the domain alone: the answer tells nobody who is a member.
 */
export function organizationsOfDomain(
  db: Database,
  project_id: string,
  domain: string,
): Promise<FoundOrganization[]> {
  return statement<FoundOrganization>(
    db,
    `select o.organization_name, o.organization_slug from organizations o
     where o.project_id = $1 and o.email_allowed_domains && array[$2]
       and exists (select 1 from sso_connections c where c.project_id = o.project_id
         and c.organization_id = o.organization_id and c.status = 'active')
     order by o.organization_name limit 10`,
    [project_id, domain.toLowerCase()],
  )
}
