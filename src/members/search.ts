import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { statement } from '../db/connect.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import {
  type Condition,
  combine,
  decodeCursor,
  parseOperands,
  ResultsMetadata,
  SearchInput,
  toPage,
} from '../http/search.ts'
import {
  Organization,
  type OrganizationRow,
  organizationColumns,
  toOrganization,
} from '../organizations/organization.ts'
import { Member, type MemberRow, memberColumns, toMember } from './member.ts'
import { memberFilters } from './search-filters.ts'

export const searchMembers = endpoint({
  method: 'POST',
  path: '/v1/b2b/organizations/members/search',
  summary: 'Search the members of organizations',
  input: SearchInput.extend({
    organization_ids: z
      .array(z.string(), 'member_search_organization_ids_empty')
      .min(1, 'member_search_organization_ids_empty')
      .max(1_000, 'must hold at most 1,000 organizations'),
  }),
  output: z.object({
    members: z.array(Member),
    organizations: z.record(z.string(), Organization),
    results_metadata: ResultsMetadata,
  }),
  permission: { resource_id: 'stytch.member', action: 'search' },
  async run({ organization_ids, query, cursor, limit }, context) {
    const search = parseOperands('member', query, memberFilters)
    const after = decodeCursor('member', cursor)
    const organizations = await findOrganizations(context, organization_ids)
    const rows = {
      project_id: context.project.project_id,
      organization_ids: [...organizations.keys()],
      condition: withoutDeleted(combine(search), query),
    }
    const [found, counted] = await Promise.all([
      searchStatement(rows, after, limit + 1).execute(context.db),
      countStatement(rows).execute(context.db),
    ])
    const { page, next_cursor } = toPage('member', found.rows, limit, (row) => row.member_id)
    const present = new Set(page.map((member) => member.organization_id))
    return {
      members: page.map((row) => toMember(row, organizations.get(row.organization_id)!)),
      organizations: Object.fromEntries(
        [...organizations]
          .filter(([organization_id]) => present.has(organization_id))
          .map(([organization_id, row]) => [organization_id, toOrganization(row)]),
      ),
      results_metadata: { total: counted.rows[0]!.total, next_cursor },
    }
  },
})

/** Which members a search is about; `m` in the condition is a row of `members`. */
export interface SearchedRows {
  project_id: string
  organization_ids: string[]
  condition: Condition
}

/** Deleted members are found only where a filter names their status. */
function withoutDeleted(
  condition: Condition,
  query: { operands?: Record<string, unknown>[] | null | undefined } | undefined,
): Condition {
  const asked = query?.operands?.some(
    ({ filter_name, filter_value }) =>
      filter_name === 'statuses' && (filter_value as string[]).includes('deleted'),
  )
  return asked ? condition : sql`m.status <> 'deleted' and ${condition}`
}

/**
 * A page in the order of ids. Each organization's part comes in that order from its index and ends after
 * `limit` rows; only the rows of the page are looked at whole.
 */
export function searchStatement(
  { project_id, organization_ids, condition }: SearchedRows,
  after: string,
  limit: number,
): RawBuilder<MemberRow> {
  const columns = sql.join(memberColumns.map((column) => sql.ref(`found.${column}`)))
  return sql`select ${columns} from (
      select part.member_id from unnest(${organization_ids}::text[]) as asked (organization_id)
      cross join lateral (
        select m.member_id from members m
        where m.project_id = ${project_id} and m.organization_id = asked.organization_id
          and m.member_id > ${after} and ${condition}
        order by m.member_id limit ${limit}
      ) part order by part.member_id limit ${limit}
    ) page
    join member_objects found on found.project_id = ${project_id} and found.member_id = page.member_id
    order by found.member_id`
}

export function countStatement(rows: SearchedRows): RawBuilder<{ total: number }> {
  return sql`select count(*)::integer as total from members m
    where m.project_id = ${rows.project_id} and m.organization_id = any(${rows.organization_ids})
      and ${rows.condition}`
}

const byReferences = `select ${organizationColumns.join(', ')} from organization_objects
  where project_id = $1 and (organization_id = any($2) or organization_slug = any($2)
    or organization_external_id = any($2))`

/**
 * The organizations that references name, each as id, then slug, then external id. Throws
 * `organization_not_found` where one names none, and `session_authorization_tenancy_error` where a member
 * session belongs to another.
 */
async function findOrganizations(
  context: Context,
  references: readonly string[],
): Promise<Map<string, OrganizationRow>> {
  const rows = await statement<OrganizationRow>(context.db, byReferences, [
    context.project.project_id,
    references,
  ])
  const found = new Map<string, OrganizationRow>()
  for (const key of ['organization_external_id', 'organization_slug', 'organization_id'] as const)
    for (const row of rows) if (row[key]) found.set(row[key], row)
  const organizations = references.map((reference) => {
    const organization = found.get(reference)
    if (!organization) throw new ApiError('organization_not_found')
    const session = context.member_session
    if (session && session.organization_id !== organization.organization_id)
      throw new ApiError('session_authorization_tenancy_error')
    return [organization.organization_id, organization] as const
  })
  return new Map(organizations)
}
