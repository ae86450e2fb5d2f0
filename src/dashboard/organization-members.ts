/** The members of an organization, and a new one. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, checkbox, emptyState, field, table, time } from '../http/parts.ts'
import { createMember } from '../members/create.ts'
import { searchMembers } from '../members/search.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { ask } from './ask.ts'
import { postForm, seeOther } from './frame.ts'
import { memberCells, memberSearch } from './members-pages.ts'
import { organizationOf, organizationPage, organizationPath } from './organization-frame.ts'
import { assignableRoles } from './roles-pages.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/organizations/:organization_id/members'

export const organizationMembers: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path, needs: 'viewer', run: list }),
  projectPage({
    method: 'GET',
    path: `${path}/new`,
    needs: 'editor',
    run: async (visit) => newMember(visit, await organizationOf(visit)),
  }),
  projectPage({ method: 'POST', path, needs: 'editor', run: create }),
]

async function list(visit: ProjectVisit): Promise<Response> {
  const organization = await organizationOf(visit)
  const { organization_id } = organization
  const here = `${organizationPath(visit, organization_id)}/members`
  const search = memberSearch(visit, here)
  const { members, results_metadata } = await ask(visit, searchMembers, {
    organization_ids: [organization_id],
    cursor: search.cursor,
    limit: 25,
    query: { operator: 'AND', operands: operandsOf(search) },
  })
  const rows = members.map((member) => [
    ...memberCells(visit, member, member.roles),
    time(member.created_at),
  ])
  const { total, next_cursor } = results_metadata
  const add =
    visit.admin.role === 'viewer'
      ? ''
      : html`<a class="btn btn-primary" href="${here}/new">New member</a>`
  return organizationPage(visit, organization, 'Members', {
    body: html`<section class="card"><div class="card-header d-flex flex-wrap gap-2"><div class="flex-fill">${search.form}</div>${add}</div>
${
  rows.length > 0
    ? table(['E-mail', 'Name', 'Status', 'Roles', 'Created'], rows)
    : search.nothing(
        emptyState(
          'No member yet',
          'Members appear with their first login over SSO, where the policies allow it. Who must exist before is made here, or by the API.',
        ),
      )
}
${rows.length > 0 ? html`<div class="card-footer text-secondary">${total === 1 ? '1 member' : `${total} members`}</div>` : ''}
${search.pages(next_cursor)}</section>`,
  })
}

function operandsOf({ q, status }: ReturnType<typeof memberSearch>) {
  const short = [...q].length < 3
  return [
    ...(q === ''
      ? []
      : [
          {
            filter_name: short ? 'member_emails' : 'member_email_fuzzy',
            filter_value: short ? [q] : q,
          },
        ]),
    ...(status ? [{ filter_name: 'statuses', filter_value: [status] }] : []),
  ]
}

function newMember(visit: ProjectVisit, organization: OrganizationRow, error?: ApiError): Response {
  const { form } = visit
  const here = `${organizationPath(visit, organization.organization_id)}/members`
  return organizationPage(visit, organization, 'Members', {
    error,
    body: card(
      'New member',
      postForm(
        visit,
        here,
        html`${field({ name: 'email_address', label: 'E-mail address', type: 'email', required: true, value: form.text('email_address'), hint: 'Whoever the organization’s identity provider names with this address logs in as this member.' })}
${field({ name: 'name', label: 'Name', value: form.text('name'), autocomplete: 'off' })}
${field({ name: 'external_id', label: 'External id', value: form.text('external_id'), hint: 'Your own id of this person; the API then answers to it as well.' })}
${roleBoxes(form.list('roles'))}
${checkbox('pending', 'Pending until the first login', form.flag('pending'))}
<button class="btn btn-primary">Create member</button> <a class="btn" href="${here}">Cancel</a>`,
      ),
    ),
  })
}

/** The roles that can be given to a member directly. */
export function roleBoxes(chosen: readonly string[], legend = 'Roles'): Markup {
  return html`<fieldset class="mb-3"><legend class="form-label">${legend}</legend>${assignableRoles().map(
    ({ role_id, description }) =>
      checkbox(
        'roles',
        html`<code>${role_id}</code> <span class="text-secondary">${description}</span>`,
        chosen.includes(role_id),
        role_id,
      ),
  )}</fieldset>`
}

async function create(visit: ProjectVisit): Promise<Response> {
  const { form, base } = visit
  const organization = await organizationOf(visit)
  const { organization_id, organization_name } = organization
  try {
    const { member, member_id } = await ask(visit, createMember, {
      organization_id,
      email_address: form.text('email_address'),
      name: form.text('name') || undefined,
      external_id: form.text('external_id') || undefined,
      roles: form.list('roles'),
      create_member_as_pending: form.flag('pending'),
    })
    const { email_address, name, status } = member
    await visit.audit({
      action: 'member.create',
      target_type: 'member',
      target_id: member_id,
      organization_id,
      target_name: email_address,
      after: { organization_name, email_address, name, status, roles: form.list('roles') },
    })
    return seeOther(visit, `${base}/members/${member_id}`, 'The member was created.')
  } catch (error) {
    if (error instanceof ApiError) return newMember(visit, organization, error)
    throw error
  }
}
