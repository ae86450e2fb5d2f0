/** Which attribute says what of a person, and which roles come of a connection and its groups. */
import type { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, emptyState, field, notice, table, time } from '../http/parts.ts'
import { updateOIDCConnection } from '../sso/oidc-connection-update.ts'
import { updateSAMLConnection } from '../sso/saml-connection-update.ts'
import { type SeenAttributes, seenAttributes } from '../sso/seen-attributes.ts'
import { ask } from './ask.ts'
import {
  connectionPage,
  mayChange,
  orAgain,
  type Shown,
  shownConnection,
} from './connection-frame.ts'
import { readRoles, rolesCards } from './connection-roles.ts'
import { saved } from './connection-save.ts'
import { postForm } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/connections/:connection_id/mapping'

export const connectionMappingPages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path,
    needs: 'viewer',
    run: async (visit) => mappingPage(visit, await shownConnection(visit)),
  }),
  projectPage({ method: 'POST', path, needs: 'editor', run: orAgain(saveMapping, mappingPage) }),
  projectPage({
    method: 'POST',
    path: `${path}/roles`,
    needs: 'editor',
    run: orAgain(saveRoles, mappingPage),
  }),
]

async function mappingPage(visit: ProjectVisit, shown: Shown, error?: ApiError): Promise<Response> {
  const { project_id, connection_id } = shown.row
  const seen = await seenAttributes(visit.services, project_id, connection_id)
  return connectionPage(visit, shown, {
    tab: 'Mapping and roles',
    error,
    body: html`${mappingCard(visit, shown, seen)}${seenCard(shown, seen)}${rolesCards(visit, shown, seen)}`,
  })
}

/** Each with what to know of it over SAML, and over OpenID Connect. */
const known = [
  ['email', 'E-mail address', 'Required.', 'Left empty: the claim email.'],
  [
    'full_name',
    'Full name',
    'Or the next two.',
    'Left empty, with the next two: the claim name, or given_name and family_name.',
  ],
  ['first_name', 'First name', '', ''],
  ['last_name', 'Last name', '', ''],
  ['groups', 'Groups', 'Needed where roles come of groups.', ''],
  [
    'idp_user_id',
    'Lasting id of the person',
    'Where NameID is transient or may be given to somebody else later.',
    'Left empty: the claim sub, which is right nearly always.',
  ],
] as const

const names: readonly string[] = known.map(([name]) => name)

function mappingCard(visit: ProjectVisit, shown: Shown, seen: SeenAttributes): Markup {
  const { row, guide, base } = shown
  const { form } = visit
  const typed = visit.c.req.method === 'POST' && form.raw('part') === 'mapping'
  const empty = Object.keys(row.attribute_mapping).length === 0
  const mapping = empty ? guide.attribute_mapping : row.attribute_mapping
  const others = Object.entries(mapping).filter(([name]) => !names.includes(name))
  const more = typed ? form.raw('more') : others.map((entry) => entry.join(' = ')).join('\n')
  const about =
    row.type === 'saml'
      ? html`The name of the attribute in the response; <code>NameID</code> stands for the NameID itself.`
      : 'The name of the claim. What is left empty is taken from the standard claims.'
  const body = html`<input type="hidden" name="part" value="mapping"><p class="text-secondary">${about}</p>
${empty && Object.keys(mapping).length > 0 ? notice('info', `These are the names that the guide for ${guide.name} uses.`, 'Nothing is mapped before you save.') : ''}
<datalist id="attributes-seen">${seen.attributes.map(({ name }) => html`<option value="${name}"></option>`)}</datalist>
${known.map(([name, label, saml, oidc]) => suggested(name, label, row.type === 'saml' ? saml : oidc, typed ? form.raw(name) : (mapping[name] ?? '')))}
${field({ name: 'more', label: 'Into trusted metadata', rows: 3, value: more, placeholder: 'department = Department', hint: 'One a line: the key of the member’s trusted_metadata, =, the name of the attribute. Written at each login.' })}
${mayChange(visit) ? html`<button class="btn btn-primary">Save mapping</button>` : ''}`
  return card('Attribute mapping', postForm(visit, `${base}/mapping`, body))
}

function suggested(name: string, label: string, hint: string, value: string): Markup {
  return html`<div class="mb-3"><label class="form-label" for="field-${name}">${label}</label>
<input class="form-control" id="field-${name}" name="${name}" value="${value}" list="attributes-seen" autocomplete="off"${hint ? html` aria-describedby="field-${name}-hint"` : ''}>${hint ? html`<div class="form-hint" id="field-${name}-hint">${hint}</div>` : ''}</div>`
}

function seenCard({ row, base }: Shown, seen: SeenAttributes): Markup {
  const mapped = new Map(Object.entries(row.attribute_mapping).map(([key, name]) => [name, key]))
  const rows = seen.attributes.map(({ name, values }) => [
    html`<code>${name}</code>`,
    html`<bdi>${values.join(', ')}</bdi>`,
    mapped.get(name) ?? '–',
  ])
  return html`<section class="card"><div class="card-header"><div><h2 class="card-title">Seen lately</h2><div class="card-subtitle">What the identity provider sent at recent logins and tests${seen.last_seen_at ? html`, the last at ${time(seen.last_seen_at)}` : ''}.</div></div></div>${
    rows.length > 0
      ? table(['Attribute', 'Values', 'Mapped to'], rows)
      : emptyState(
          'Nothing has arrived yet',
          'After a test login you see here under which names the identity provider sends what.',
          html`<a class="btn" href="${base}/test">Test the connection</a>`,
        )
  }</section>`
}

/** The mapping of the form; a name that was emptied goes. */
function typedMapping({ form }: ProjectVisit): Record<string, string> {
  const more = form
    .raw('more')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line): [string, string] => {
      const at = line.indexOf('=')
      return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    })
  return Object.fromEntries([...more, ...names.map((name) => [name, form.text(name)] as const)])
}

async function saveMapping(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { organization_id, connection_id, type } = shown.row
  const raw = { organization_id, connection_id, attribute_mapping: typedMapping(visit) }
  if (type === 'saml') await ask(visit, updateSAMLConnection, raw)
  else await ask(visit, updateOIDCConnection, raw)
  const message = 'The mapping was saved; it holds from the next login on.'
  return saved(visit, shown, { action: 'connection.mapping', at: '/mapping', message })
}

async function saveRoles(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { organization_id, connection_id } = shown.row
  const raw = { organization_id, connection_id, ...readRoles(visit) }
  await ask(visit, updateSAMLConnection, raw)
  const message = 'The roles were saved; members have them at once.'
  return saved(visit, shown, { action: 'connection.roles', at: '/mapping', message })
}
