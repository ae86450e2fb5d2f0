/** Members of all organizations of a project, for people who look for one and know no organization. */
import { sql } from 'kysely'
import type { Context } from '../context.ts'
import { statement } from '../db/connect.ts'
import type { MemberStatus } from '../db/schema.ts'
import { type Condition, decodeCursor, encodeCursor, likePattern, toPage } from '../http/search.ts'
import { type OrganizationRow, organizationColumns } from '../organizations/organization.ts'
import { asInAddress } from './email.ts'
import { type MemberRow, memberColumns } from './member.ts'
import { memberFilters } from './search-filters.ts'

export interface ProjectMembers {
  /** In the order in which they were made. */
  members: { member: MemberRow; organization: OrganizationRow }[]
  /** Null at the end. A page may be short, even empty, and yet have one: statuses are looked for in a part at a time. */
  next_cursor: string | null
}

/** How many members one statement looks at for a status, which no index serves. */
const scanned = 5_000

/**
 * A page of the members of a project: by their address, or a part of it of three characters or more (a
 * shorter text is a whole address), and by status; deleted ones only where asked for. Throws
 * `user_search_invalid_cursor`.
 */
export async function searchProjectMembers(
  { db, project }: Pick<Context, 'db' | 'project'>,
  filter: { email?: string; status?: MemberStatus; cursor?: string | undefined; limit: number },
): Promise<ProjectMembers> {
  const { project_id } = project
  const after = decodeCursor('member', filter.cursor)
  const status = filter.status ? sql`m.status = ${filter.status}` : sql`m.status <> 'deleted'`
  const email = filter.email ? byEmail(filter.email) : undefined
  // By address what matches is found first and by its own index; else in the order of the primary key.
  const rows = email
    ? sql`with matches as materialized (
          select m.member_id, m.status from members m where m.project_id = ${project_id} and ${email})
        select m.member_id, ${status} as matches from matches m where m.member_id > ${after}
        order by m.member_id`
    : sql`select m.member_id, ${status} as matches from members m
        where m.project_id = ${project_id} and m.member_id > ${after}
        order by m.member_id limit ${sql.lit(scanned)}`
  const found = await sql<{ ids: string[]; looked_at: number; last_id: string | null }>`
    with scanned as (${rows})
    select array(select member_id from scanned where matches order by member_id
        limit ${filter.limit + 1}) as ids,
      (select count(*)::int from scanned) as looked_at, (select max(member_id) from scanned) as last_id
  `.execute(db)
  const { ids, looked_at, last_id } = found.rows[0]!
  const { page, next_cursor } = toPage('member', ids, filter.limit, (id) => id)
  const more = !email && looked_at === scanned && last_id !== null
  const end = more ? encodeCursor('member', last_id) : null
  return { members: await load(db, project_id, page), next_cursor: next_cursor ?? end }
}

function byEmail(email: string): Condition {
  const text = asInAddress(email.trim())
  return [...text].length < 3
    ? memberFilters.member_emails.where([text])
    : memberFilters.member_email_fuzzy.where(likePattern(text))
}

async function load(
  db: Context['db'],
  project_id: string,
  ids: readonly string[],
): Promise<ProjectMembers['members']> {
  if (ids.length === 0) return []
  const members = await statement<MemberRow>(
    db,
    `select ${memberColumns.join(', ')} from member_objects
      where project_id = $1 and member_id = any($2::text[]) order by member_id`,
    [project_id, ids],
  )
  const organizations = await statement<OrganizationRow>(
    db,
    `select ${organizationColumns.join(', ')} from organization_objects
      where project_id = $1 and organization_id = any($2::text[])`,
    [project_id, [...new Set(members.map((member) => member.organization_id))]],
  )
  const byId = new Map(organizations.map((row) => [row.organization_id, row]))
  return members.flatMap((member) => {
    const organization = byId.get(member.organization_id)
    return organization ? [{ member, organization }] : []
  })
}
