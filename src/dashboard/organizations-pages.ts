/** Organizations: the customers of the application. The list, and a new one. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card, emptyState, field, pager, table, time } from '../http/parts.ts'
import { createOrganization } from '../organizations/organizations.ts'
import { searchOrganizations } from '../organizations/search.ts'
import { ask } from './ask.ts'
import { dashboardPage, postForm, seeOther } from './frame.ts'
import { organizationPath } from './organization-frame.ts'
import { searchForm, typedLines } from './search-form.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const organizationsPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/organizations', needs: 'viewer', run: list }),
  projectPage({
    method: 'GET',
    path: '/organizations/new',
    needs: 'editor',
    run: (visit) => newOrganization(visit),
  }),
  projectPage({ method: 'POST', path: '/organizations', needs: 'editor', run: create }),
]

const pageSize = 25

async function list(visit: ProjectVisit): Promise<Response> {
  const { base, c, admin } = visit
  const q = (c.req.query('q') ?? '').trim()
  const cursor = c.req.query('cursor') || undefined
  const { organizations, results_metadata } = await ask(visit, searchOrganizations, {
    cursor,
    limit: pageSize,
    query: queryOf(q),
  })
  const { total, next_cursor } = results_metadata
  const rows = organizations.map((organization) => {
    const active = organization.sso_active_connections.length
    return [
      html`<a href="${organizationPath(visit, organization.organization_id)}">${organization.organization_name}</a>`,
      html`<code>${organization.organization_slug}</code>`,
      active > 0 ? badge(active === 1 ? '1 active' : `${active} active`, 'green') : badge('none'),
      time(organization.created_at),
    ]
  })
  const search = (at: Record<string, string>) =>
    `${base}/organizations?${new URLSearchParams({ ...(q && { q }), ...at })}`
  return dashboardPage(visit, {
    title: 'Organizations',
    actions:
      admin.role === 'viewer'
        ? ''
        : html`<a class="btn btn-primary" href="${base}/organizations/new">New organization</a>`,
    body: html`<section class="card"><div class="card-header">${searchForm({
      action: `${base}/organizations`,
      label: 'Name, slug, id or a member’s e-mail address',
      q,
    })}</div>
${rows.length > 0 ? table(['Name', 'Slug', 'Connections', 'Created'], rows) : nothing(visit, q)}
${rows.length > 0 ? html`<div class="card-footer text-secondary">${total === 1 ? '1 organization' : `${total} organizations`}${q ? ' found' : ''}, oldest first${q && q.length < 3 ? '. Parts of names are found from three characters on.' : ''}</div>` : ''}
${pager(next_cursor ? search({ cursor: next_cursor }) : null, cursor ? search({}) : null)}</section>`,
  })
}

/** The search of the API: anything that the text may be, parts of a name from three characters on. */
function queryOf(q: string): Record<string, unknown> | undefined {
  if (q === '') return undefined
  const filter = (filter_name: string, filter_value: unknown) => ({ filter_name, filter_value })
  const operands = [filter('organization_slugs', [q]), filter('organization_ids', [q])]
  if (q.includes('@')) operands.push(filter('member_emails', [q]))
  if ([...q].length >= 3)
    operands.push(filter('organization_name_fuzzy', q), filter('organization_slug_fuzzy', q))
  return { operator: 'OR', operands }
}

function nothing({ base }: ProjectVisit, q: string): Markup {
  if (q)
    return emptyState(
      'Nothing found',
      `No organization answers to “${q}”. Parts of names are found from three characters on.`,
      html`<a class="btn" href="${base}/organizations">All organizations</a>`,
    )
  return emptyState(
    'No organization yet',
    'An organization is one customer of your application, with its members, its identity providers and its rules. Create the first, then connect its identity provider.',
  )
}

function newOrganization(visit: ProjectVisit, error?: ApiError): Response {
  const { base, form } = visit
  const typed = (name: string) => ({ name, value: form.text(name) })
  return dashboardPage(visit, {
    title: 'New organization',
    crumbs: [['Organizations', `${base}/organizations`]],
    error,
    body: card(
      'Details',
      postForm(
        visit,
        `${base}/organizations`,
        html`${field({ ...typed('organization_name'), label: 'Name', required: true, hint: 'As its members know it.' })}
${field({ ...typed('organization_slug'), label: 'Slug', hint: 'Part of the address of its login page. Made of the name where you leave it empty.' })}
${field({ ...typed('organization_logo_url'), label: 'Logo URL', type: 'url', placeholder: 'https://' })}
${field({ ...typed('organization_external_id'), label: 'External id', hint: 'Your own id of this customer; the API then answers to it as well.' })}
${field({ name: 'email_allowed_domains', value: form.raw('email_allowed_domains'), label: 'Allowed e-mail domains', rows: 2, hint: 'One a line, such as acme.com. Whoever comes over SSO for the first time becomes a member with any address, until Policies restricts that to some connections and these domains.' })}
<button class="btn btn-primary">Create organization</button>`,
      ),
    ),
  })
}

async function create(visit: ProjectVisit): Promise<Response> {
  const { form } = visit
  const given = (name: string) => form.text(name) || undefined
  const domains = typedLines(form.raw('email_allowed_domains'))
  try {
    const { organization } = await ask(visit, createOrganization, {
      organization_name: form.text('organization_name'),
      organization_slug: given('organization_slug'),
      organization_logo_url: given('organization_logo_url'),
      organization_external_id: given('organization_external_id'),
      email_allowed_domains: domains.length > 0 ? domains : undefined,
    })
    const { organization_id, organization_name, organization_slug } = organization
    await visit.audit({
      action: 'organization.create',
      target_type: 'organization',
      target_id: organization_id,
      target_name: organization_name,
      after: { organization_name, organization_slug, email_allowed_domains: domains },
    })
    const path = organizationPath(visit, organization_id)
    return seeOther(
      visit,
      `${path}/sso`,
      'The organization was created. Now connect its identity provider.',
    )
  } catch (error) {
    if (error instanceof ApiError) return newOrganization(visit, error)
    throw error
  }
}
