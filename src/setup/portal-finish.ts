/** The last steps: who people are by what the test brought, and switching the connection on. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, emptyState, facts, field, notice, table } from '../http/parts.ts'
import { activateConnection } from '../sso/connection-switches.ts'
import { updateOIDCConnection } from '../sso/oidc-connection-update.ts'
import { updateSAMLConnection } from '../sso/saml-connection-update.ts'
import { type SeenAttributes, seenAttributes } from '../sso/seen-attributes.ts'
import { portalPage, setupForm } from './portal-frame.ts'
import { hasPassedTest } from './portal-test.ts'
import { ask, auditSetup, type Chosen, type SetupVisit } from './portal-visit.ts'
import { recordProgress } from './setup-links.ts'

const known = [
  [
    'email',
    'E-mail address',
    /^(e?mail|email_?address|.*\/(emailaddress|mail)|urn:oid:0\.9\.2342\.19200300\.100\.1\.3)$/i,
  ],
  [
    'full_name',
    'Full name',
    /^(displayname|name|full_?name|cn|.*\/displayname|urn:oid:2\.16\.840\.1\.113730\.3\.1\.241)$/i,
  ],
  ['first_name', 'First name', /^(first_?name|given_?name|.*\/givenname|urn:oid:2\.5\.4\.42)$/i],
  [
    'last_name',
    'Last name',
    /^(last_?name|family_?name|sn|surname|.*\/surname|urn:oid:2\.5\.4\.4)$/i,
  ],
  [
    'groups',
    'Groups',
    /^(groups?|memberof|.*\/groups|urn:oid:1\.3\.6\.1\.4\.1\.5923\.1\.5\.1\.1)$/i,
  ],
] as const

/** What the present mapping would better be, by the names that have arrived. */
export function proposedMapping(
  mapping: Readonly<Record<string, string>>,
  seen: Pick<SeenAttributes, 'attributes'>,
): Record<string, string> {
  const names = seen.attributes.map(({ name }) => name)
  if (names.length === 0) return { ...mapping }
  const proposed: Record<string, string> = {}
  for (const [key, , pattern] of known) {
    const present = mapping[key]
    const found = names.find((name) => pattern.test(name))
    const chosen = present && names.includes(present) ? present : (found ?? '')
    if (chosen) proposed[key] = chosen
  }
  if (!proposed.email && names.includes('NameID')) proposed.email = 'NameID'
  const others = Object.entries(mapping).filter(([key]) => !known.some(([each]) => each === key))
  return { ...Object.fromEntries(others), ...proposed }
}

/** The page on attributes, filled in from the first response that was seen. */
export async function mappingPage(
  visit: SetupVisit,
  chosen: Chosen,
  error?: ApiError,
): Promise<Response> {
  const { row } = chosen
  const seen = await seenAttributes(visit.services, row.project_id, row.connection_id)
  const stored = row.attribute_mapping as Record<string, string>
  const proposed = row.type === 'saml' ? proposedMapping(stored, seen) : stored
  const differs = known.some(([key]) => (proposed[key] ?? '') !== (stored[key] ?? ''))
  const typed = visit.form.raw('email') !== ''
  return portalPage(visit, {
    step: 'mapping',
    title: 'Check who people are',
    error,
    body: html`<p>Your identity provider names what it sends in its own way. Here it is said which of them is a person’s e-mail address, name and groups.</p>
${arrived(seen)}
${differs && !typed ? notice('info', 'Filled in from what has arrived.', 'Look through it and save it.') : ''}
${card(
  'What is what',
  setupForm(
    visit,
    '/setup/mapping',
    html`<datalist id="attributes-seen">${seen.attributes.map(({ name }) => html`<option value="${name}"></option>`)}</datalist>
${known.map(([key, label]) => field({ name: key, label, value: typed ? visit.form.raw(key) : (proposed[key] ?? ''), ...(key === 'email' && row.type === 'saml' && { required: true }), hint: hintOf(seen, typed ? visit.form.raw(key) : (proposed[key] ?? '')) }))}
<button class="btn btn-primary">Save and go on</button>`,
  ),
)}`,
  })
}

function hintOf({ attributes }: SeenAttributes, name: string): Markup | string {
  const values = attributes.find((each) => each.name === name)?.values
  if (values) return html`Has arrived, such as <bdi>${values[0]?.slice(0, 120)}</bdi>`
  return name && attributes.length > 0 ? 'Has not arrived under this name.' : ''
}

function arrived({ attributes }: SeenAttributes): Markup {
  if (attributes.length === 0)
    return html`<section class="card">${emptyState('Nothing has arrived yet', 'After a test login you see here what your identity provider sends, and the fields below fill themselves.', html`<a class="btn" href="/setup/step/test">Test the login</a>`)}</section>`
  return html`<section class="card"><div class="card-header"><h2 class="card-title">What has arrived</h2></div>${table(
    ['Name', 'Values'],
    attributes.map(({ name, values }) => [
      html`<code>${name}</code>`,
      html`<bdi>${values.join(', ')}</bdi>`,
    ]),
  )}</section>`
}

/** Saves the mapping of the form. */
export async function saveMapping(visit: SetupVisit, { row }: Chosen): Promise<void> {
  const { organization_id, connection_id, type } = row
  const attribute_mapping = Object.fromEntries(
    known.map(([key]) => [key, visit.form.text(key)] as const),
  )
  const others = Object.entries(row.attribute_mapping as Record<string, string>)
  const kept = Object.fromEntries(others.filter(([key]) => !(key in attribute_mapping)))
  const raw = {
    organization_id,
    connection_id,
    attribute_mapping: { ...kept, ...attribute_mapping },
  }
  if (type === 'saml') await ask(visit, updateSAMLConnection, raw)
  else await ask(visit, updateOIDCConnection, raw)
  const target = { type: `${type}_connection`, id: connection_id }
  await auditSetup(visit, 'connection.mapping', target, attribute_mapping)
}

/** The last page: what will be switched on, or that it is. */
export async function activatePage(
  visit: SetupVisit,
  chosen: Chosen,
  error?: ApiError,
): Promise<Response> {
  const { row, guide, missing } = chosen
  const { project_name } = visit.project
  const tested = await hasPassedTest(visit, chosen)
  const ready = missing.length === 0 && tested
  const body =
    row.status === 'active'
      ? html`${notice('success', 'Single sign-on is on.', `Your people can sign in to ${project_name} with ${guide.name} from now on. You can close this page.`)}`
      : html`${card(
          'Switch it on',
          html`${facts([
            ['Identity provider', guide.name],
            [
              row.type === 'saml' ? 'Entity ID' : 'Issuer',
              html`<code>${(row.type === 'saml' ? row.idp_entity_id : row.issuer) || '–'}</code>`,
            ],
            ['Test login', tested ? 'passed' : 'not passed yet'],
          ])}
<p class="mt-3">From then on your people can sign in to ${project_name} over it.</p>
${
  ready
    ? setupForm(
        visit,
        '/setup/activate',
        html`<button class="btn btn-primary">Switch single sign-on on</button>`,
      )
    : notice(
        'warning',
        'Not yet.',
        html`A test login must have passed first, so that nobody is locked out. <a href="/setup/step/test">Test the login</a>`,
      )
}`,
        )}`
  return portalPage(visit, { step: 'activate', title: 'Switch it on', error, body })
}

/** Switches the connection on. Throws `bad_request` unless a test has passed. */
export async function activate(visit: SetupVisit, chosen: Chosen): Promise<Response> {
  const { services, link, c } = visit
  if (!(await hasPassedTest(visit, chosen)))
    throw new ApiError('bad_request', { message: 'A test login must have passed first.' })
  const { project_id, connection_id, type } = chosen.row
  await activateConnection(services, project_id, connection_id)
  await auditSetup(visit, 'connection.activate', { type: `${type}_connection`, id: connection_id })
  await recordProgress(services, link, { step: 'activate', completed: true })
  return c.redirect('/setup/step/activate', 303)
}
