/** Setup links of an organization: how its IT admin connects the identity provider without an account. */
import { html, type Markup } from '../http/html.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import type { ProjectVisit } from './visit.ts'

/** The part of an organization's page that lists, creates and revokes its setup links. */
export function setupLinksPart(
  _visit: ProjectVisit,
  _organization: OrganizationRow,
): Promise<Markup> {
  return Promise.resolve(html``)
}
