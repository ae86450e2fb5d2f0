import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import { type Database, statement } from '../db/connect.ts'
import { endpoint } from '../http/endpoint.ts'
import {
  type Condition,
  combine,
  decodeCursor,
  type Filters,
  parseOperands,
  ResultsMetadata,
  type Search,
  SearchInput,
  toPage,
} from '../http/search.ts'
import {
  Organization,
  type OrganizationRow,
  organizationColumns,
  toOrganization,
} from './organization.ts'

const lower = (values: readonly string[]) => values.map((value) => value.toLowerCase())

const hasMember = (member: Condition): Condition => sql`exists (
  select 1 from members m
  where m.project_id = o.project_id and m.organization_id = o.organization_id
    and m.status <> 'deleted' and ${member})`

const hasConnection = (connection: Condition): Condition => sql`exists (
  select 1 from sso_connections c
  where c.project_id = o.project_id and c.organization_id = o.organization_id and ${connection})`

/** What can be searched for (backend.md section 11); `o` is the organization. */
export const organizationFilters: Filters = {
  organization_ids: {
    takes: 'strings',
    where: (ids) =>
      sql`(o.organization_id = any(${ids}) or o.organization_external_id = any(${ids}))`,
  },
  organization_slugs: {
    takes: 'strings',
    where: (slugs) => sql`o.organization_slug = any(${slugs})`,
  },
  organization_slug_fuzzy: {
    takes: 'fuzzy',
    where: (pattern) => sql`lower(o.organization_slug) like lower(${pattern})`,
  },
  organization_name_fuzzy: {
    takes: 'fuzzy',
    where: (pattern) => sql`lower(o.organization_name) like lower(${pattern})`,
  },
  member_emails: {
    takes: 'strings',
    where: (emails) => hasMember(sql`m.email_address = any(${lower(emails)})`),
  },
  member_email_fuzzy: {
    takes: 'fuzzy',
    where: (pattern) => hasMember(sql`m.email_address like ${pattern.toLowerCase()}`),
  },
  allowed_domains: {
    takes: 'strings',
    where: (domains) => sql`o.email_allowed_domains && ${lower(domains)}::text[]`,
  },
  allowed_domain_fuzzy: {
    takes: 'fuzzy',
    // A comma would match across two entries of the joined list; no domain has one.
    where: (pattern) =>
      pattern.includes(',')
        ? sql`false`
        : sql`joined_domains(o.email_allowed_domains) like ${pattern.toLowerCase()}`,
  },
  claimed_email_domains: {
    takes: 'strings',
    where: (domains) => sql`o.claimed_email_domains && ${lower(domains)}::text[]`,
  },
  has_active_sso_connection: {
    takes: 'boolean',
    where: (wanted) => {
      const active = hasConnection(sql`c.status = 'active'`)
      return wanted ? active : sql`not ${active}`
    },
  },
  sso_connection_id: {
    takes: 'string',
    where: (connection_id) => hasConnection(sql`c.connection_id = ${connection_id}`),
  },
}

export const searchOrganizations = endpoint({
  method: 'POST',
  path: '/v1/b2b/organizations/search',
  summary: 'Search organizations',
  input: SearchInput,
  output: z.object({
    organizations: z.array(Organization),
    results_metadata: ResultsMetadata,
  }),
  async run({ query, cursor, limit }, context) {
    const { project_id } = context.project
    const search = parseOperands('organization', query, organizationFilters)
    const after = decodeCursor('organization', cursor)
    const found = await matching(project_id, search, after, limit).execute(context.db)
    const { total, ids } = found.rows[0]!
    const { page, next_cursor } = toPage('organization', ids, limit, (id) => id)
    const organizations = await loadOrganizations(context.db, project_id, page)
    return {
      organizations: organizations.map(toOrganization),
      results_metadata: { total, next_cursor },
    }
  },
})

/**
 * The statement that finds how many organizations match, and the ids of a page and one more. What
 * matches is found first and by its own index (materialized): else PostgreSQL may walk through all
 * organizations in the order of their ids, hoping to meet enough that match.
 */
export function matching(
  project_id: string,
  search: Search,
  after: string,
  limit: number,
): RawBuilder<{ total: number; ids: string[] }> {
  const select = (condition: Condition) =>
    sql`select o.organization_id from organizations o where o.project_id = ${project_id} and ${condition}`
  const any = search.operator === 'OR' && search.conditions.length > 0
  const matches = any
    ? sql.join(search.conditions.map(select), sql` union `)
    : select(combine(search))
  const how = search.conditions.length > 0 ? sql`materialized` : sql`not materialized`
  return sql`with matches as ${how} (${matches})
    select (select count(*) from matches)::int as total,
      array(select organization_id from matches where organization_id > ${after}
        order by organization_id limit ${limit + 1}) as ids`
}

const byIds = `select ${organizationColumns.join(', ')} from organization_objects
  where project_id = $1 and organization_id = any($2::text[]) order by organization_id`

async function loadOrganizations(
  db: Database,
  project_id: string,
  ids: readonly string[],
): Promise<OrganizationRow[]> {
  return ids.length > 0 ? statement(db, byIds, [project_id, ids]) : []
}
