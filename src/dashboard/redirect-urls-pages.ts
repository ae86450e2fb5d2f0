/** Redirect URLs: where members go after a login. Only what is registered here is ever redirected to. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card, checkbox, copyField, emptyState, field, table } from '../http/parts.ts'
import type { RedirectURLType } from '../projects/projects.ts'
import {
  addRedirectURL,
  listRedirectURLs,
  makeDefaultRedirectURL,
  redirectURLTypes,
  removeRedirectURL,
} from '../projects/redirect-urls.ts'
import { assertConfirmed } from './ask.ts'
import { dangerForm, dashboardPage, postForm, seeOther } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const redirectURLsPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/redirect-urls', needs: 'viewer', run: (v) => list(v) }),
  projectPage({ method: 'POST', path: '/redirect-urls', needs: 'editor', run: orList(add) }),
  projectPage({
    method: 'POST',
    path: '/redirect-urls/default',
    needs: 'editor',
    run: orList(makeDefault),
  }),
  projectPage({
    method: 'GET',
    path: '/redirect-urls/remove',
    needs: 'editor',
    run: (visit) => removal(visit),
  }),
  projectPage({ method: 'POST', path: '/redirect-urls/remove', needs: 'editor', run: remove }),
]

const star = html`<svg width="12" height="12" viewBox="0 0 24 24" fill="currentColor" aria-hidden="true"><path d="M12 2l3 6.6 7.2.8-5.4 4.8 1.5 7.1L12 17.7l-6.3 3.6 1.5-7.1L1.8 9.4 9 8.6z"/></svg>`

const uses: Record<RedirectURLType, string> = {
  LOGIN: 'Members who have logged in before',
  SIGNUP: 'Members who come for the first time',
  INVITE: 'Members who accept an invitation',
  RESET_PASSWORD: 'Members who reset their password',
  DISCOVERY: 'Members who look for their organization',
}

interface Registered {
  url: string
  types: { type: RedirectURLType; is_default: boolean }[]
}

async function registered({ services, project }: ProjectVisit): Promise<Registered[]> {
  const byURL = new Map<string, Registered>()
  for (const { url, ...type } of await listRedirectURLs(services.db, project.project_id)) {
    const entry = byURL.get(url) ?? { url, types: [] }
    entry.types.push(type)
    byURL.set(url, entry)
  }
  return [...byURL.values()]
}

async function list(visit: ProjectVisit, error?: ApiError): Promise<Response> {
  const entries = await registered(visit)
  const editor = visit.admin.role !== 'viewer'
  const rows = entries.map((entry) => [
    html`<code>${entry.url}</code>`,
    html`<ul class="list-unstyled m-0 d-flex flex-column gap-1">${redirectURLTypes.map((type) =>
      use(visit, entry, type),
    )}</ul>`,
    editor
      ? html`<a class="btn btn-sm" href="${removalPath(visit, entry.url)}" aria-label="Remove ${entry.url}">Remove</a>`
      : '',
  ])
  return dashboardPage(visit, {
    title: 'Redirect URLs',
    error,
    body: html`<section class="card"><div class="card-header"><div class="card-subtitle">After a login the browser goes to one of these, and never anywhere else. A login that names none goes to the default of its type. An identity provider’s own portal always leads to the default.</div></div>
${
  rows.length > 0
    ? table(['URL', 'Types', ''], rows)
    : emptyState(
        'No redirect URL yet',
        'No login can end before one is registered for LOGIN and one for SIGNUP. Add the address of your application that takes the token.',
      )
}</section>${editor ? addForm(visit, entries.length === 0) : ''}`,
  })
}

function use(visit: ProjectVisit, { url, types }: Registered, type: RedirectURLType): Markup | '' {
  const known = types.find((each) => each.type === type)
  if (!known) return ''
  if (known.is_default)
    return html`<li>${badge(type)} <span class="badge bg-yellow-lt">${star} default</span></li>`
  if (visit.admin.role === 'viewer' || url.includes('*')) return html`<li>${badge(type)}</li>`
  return html`<li class="d-flex gap-2 align-items-center flex-wrap">${badge(type)}${postForm(
    visit,
    `${visit.base}/redirect-urls/default`,
    html`<input type="hidden" name="url" value="${url}"><input type="hidden" name="type" value="${type}"><button class="btn btn-sm" aria-label="Make default of ${type}: ${url}">Make default</button>`,
  )}</li>`
}

function addForm(visit: ProjectVisit, first: boolean): Markup {
  const { form, project } = visit
  const typed = form.list('types')
  const chosen = typed.length > 0 ? typed : ['LOGIN', 'SIGNUP']
  const rules =
    project.environment === 'test'
      ? 'https, or http on localhost, or a scheme of your app. In test projects the left-most label may be a wildcard: https://*.example.com/authenticate.'
      : 'https, or a scheme of your app.'
  return card(
    'Add a redirect URL',
    postForm(
      visit,
      `${visit.base}/redirect-urls`,
      html`${field({
        name: 'url',
        label: 'URL',
        type: 'text',
        required: true,
        value: form.text('url') || (first ? 'http://localhost:3000/authenticate' : ''),
        placeholder: 'https://app.example.com/authenticate',
        hint: `It is matched exactly, with path and query: ${rules}`,
      })}
<fieldset class="mb-3"><legend class="form-label">Types</legend>${redirectURLTypes.map((type) =>
        checkbox(
          'types',
          html`${type} <span class="text-secondary">${uses[type]}</span>`,
          chosen.includes(type),
          type,
        ),
      )}</fieldset>
${checkbox('is_default', 'Make it the default of these types', form.flag('is_default'))}
<button class="btn btn-primary">Add redirect URL</button>`,
    ),
  )
}

/** Shows the list again with what went wrong, where the work throws. */
function orList(work: (visit: ProjectVisit) => Promise<Response>) {
  return async (visit: ProjectVisit): Promise<Response> => {
    try {
      return await work(visit)
    } catch (error) {
      if (error instanceof ApiError) return list(visit, error)
      throw error
    }
  }
}

async function add(visit: ProjectVisit): Promise<Response> {
  const { services, project, form } = visit
  if (form.list('types').length === 0)
    throw new ApiError('invalid_redirect_url_type', { message: 'Choose at least one type.' })
  const added = await addRedirectURL(services.db, {
    project_id: project.project_id,
    url: form.text('url'),
    types: form.list('types'),
    is_default: form.flag('is_default'),
  })
  return done(visit, 'redirect_url.add', added.url, { after: added }, 'The redirect URL was added.')
}

async function makeDefault(visit: ProjectVisit): Promise<Response> {
  const { services, project, form } = visit
  const [url, type] = [form.text('url'), form.text('type')]
  await makeDefaultRedirectURL(services.db, { project_id: project.project_id, url, type })
  return done(
    visit,
    'redirect_url.make_default',
    url,
    { after: { type, is_default: true } },
    `It is the default of ${type} now.`,
  )
}

async function done(
  visit: ProjectVisit,
  action: string,
  url: string,
  change: { before?: unknown; after?: unknown },
  message: string,
): Promise<Response> {
  const { services, project, base } = visit
  services.caches.drop('project', project.project_id)
  await visit.audit({
    action,
    target_type: 'redirect_url',
    target_id: url,
    target_name: url,
    ...change,
  })
  return seeOther(visit, `${base}/redirect-urls`, message)
}

function removalPath({ base }: ProjectVisit, url: string): string {
  return `${base}/redirect-urls/remove?${new URLSearchParams({ url })}`
}

async function removal(visit: ProjectVisit, error?: ApiError): Promise<Response> {
  const { url, types } = await asked(visit)
  const defaults = types.filter(({ is_default }) => is_default)
  return dashboardPage(visit, {
    title: 'Remove a redirect URL',
    crumbs: [['Redirect URLs', `${visit.base}/redirect-urls`]],
    error,
    body: card(
      'What will break',
      html`<div class="mb-3">${copyField(url)}</div>${dangerForm(visit, {
        action: removalPath(visit, url),
        name: url,
        button: 'Remove redirect URL',
        consequences: html`Logins that name it are refused, also those that have begun and are at the identity provider now. It is registered for ${listed(types)}.
${defaults.length > 0 ? html` <b>It is the default of ${listed(defaults)}</b>: afterwards there is none, and logins that name no redirect URL are refused until you choose another.` : ''}`,
      })}`,
    ),
  })
}

const listing = new Intl.ListFormat('en')

function listed(types: Registered['types']): string {
  const named = redirectURLTypes.filter((each) => types.some(({ type }) => type === each))
  return listing.format(named)
}

async function asked(visit: ProjectVisit): Promise<Registered> {
  const url = visit.c.req.query('url')
  const entry = (await registered(visit)).find((each) => each.url === url)
  if (!entry) throw new ApiError('redirect_url_not_found')
  return entry
}

async function remove(visit: ProjectVisit): Promise<Response> {
  const { services, project } = visit
  const { url, types } = await asked(visit)
  try {
    assertConfirmed(visit, url)
  } catch (error) {
    if (error instanceof ApiError) return removal(visit, error)
    throw error
  }
  await removeRedirectURL(services.db, { project_id: project.project_id, url })
  const change = { before: { url, valid_types: types } }
  return done(visit, 'redirect_url.remove', url, change, 'The redirect URL was removed.')
}
