/** Members over all organizations of the project. */
import type { MemberStatus } from '../db/schema.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, type Content, emptyState, pager, type Tone, table, time } from '../http/parts.ts'
import { type MemberRow, toMember } from '../members/member.ts'
import { searchProjectMembers } from '../members/search-project.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { dashboardPage } from './frame.ts'
import { organizationPath } from './organization-frame.ts'
import { searchForm } from './search-form.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const membersPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/members', needs: 'viewer', run: list }),
]

const statuses = ['active', 'invited', 'pending', 'deleted'] as const satisfies MemberStatus[]

/** What was asked of a list of members, by its address. */
export function memberSearch({ c }: ProjectVisit, action: string) {
  const q = (c.req.query('q') ?? '').trim()
  const status = statuses.find((each) => each === c.req.query('status'))
  const cursor = c.req.query('cursor') || undefined
  const at = (more: Record<string, string>) =>
    `${action}?${new URLSearchParams({ ...(q && { q }), ...(status && { status }), ...more })}`
  return {
    q,
    status,
    cursor,
    form: searchForm({
      action,
      label: 'E-mail address or a part of it',
      q,
      filters: [
        {
          name: 'status',
          label: 'Status',
          value: status ?? '',
          options: [['', 'All but deleted'], ...statuses.map((s): [string, string] => [s, s])],
        },
      ],
    }),
    pages: (next_cursor: string | null) =>
      pager(next_cursor ? at({ cursor: next_cursor }) : null, cursor ? at({}) : null),
    /** What stands where nothing was found. */
    nothing: (otherwise: Markup) =>
      q || status
        ? emptyState(
            'Nobody found',
            'Parts of an address are found from three characters on. Deleted members are shown only by their status.',
            html`<a class="btn" href="${action}">All members</a>`,
          )
        : otherwise,
  }
}

const tones: Record<string, Tone> = {
  active: 'green',
  invited: 'blue',
  pending: 'yellow',
  deleted: 'red',
}

/** Whether a member can log in. */
export function memberStatus(status: string): Markup {
  return badge(status, tones[status])
}

/** A member as a row of a list: address, name, status, roles. */
export function memberCells(
  { base }: ProjectVisit,
  member: { member_id: string; email_address: string; name: string; status: string },
  roles: readonly { role_id: string }[],
): Content[] {
  const given = roles.filter(({ role_id }) => role_id !== 'stytch_member')
  return [
    html`<a href="${base}/members/${member.member_id}">${member.email_address}</a>`,
    member.name || '–',
    memberStatus(member.status),
    given.length > 0 ? html`${given.map(({ role_id }) => html`<code>${role_id}</code> `)}` : '–',
  ]
}

async function list(visit: ProjectVisit): Promise<Response> {
  const search = memberSearch(visit, `${visit.base}/members`)
  const { members, next_cursor } = await searchProjectMembers(visit.context, {
    email: search.q,
    ...(search.status && { status: search.status }),
    cursor: search.cursor,
    limit: 25,
  })
  const row = ({ member, organization }: { member: MemberRow; organization: OrganizationRow }) => {
    const [email, ...rest] = memberCells(visit, member, toMember(member, organization).roles)
    const path = organizationPath(visit, organization.organization_id)
    return [
      email,
      html`<a href="${path}">${organization.organization_name}</a>`,
      ...rest,
      time(member.created_at),
    ]
  }
  return dashboardPage(visit, {
    title: 'Members',
    body: html`<section class="card"><div class="card-header">${search.form}</div>
${
  members.length > 0
    ? table(['E-mail', 'Organization', 'Name', 'Status', 'Roles', 'Created'], members.map(row))
    : next_cursor
      ? html`<p class="card-body mb-0">None on this page.</p>`
      : search.nothing(
          emptyState(
            'No member yet',
            html`Members appear with their first login, where their organization allows it, or are made by the API or on the page of an <a href="${visit.base}/organizations">organization</a>.`,
          ),
        )
}${search.pages(next_cursor)}</section>`,
  })
}
