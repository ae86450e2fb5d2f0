/** The frame of the pages about one connection: what they load, their heading, their tabs. */
import type { Context } from '../context.ts'
import { ApiError, errorCatalogue } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, type Content, notice, type Tone } from '../http/parts.ts'
import { inPlainNames } from '../http/plain-names.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { findOrganization } from '../organizations/organization.ts'
import { guideOf, guideValues } from '../setup/guides.ts'
import type { Guide, GuideValue } from '../setup/guides-shape.ts'
import { daysLeft } from '../sso/certificates-due.ts'
import { type MissingSetting, missingSettings } from '../sso/connection-complete.ts'
import { type ConnectionRow, connectionRow, type KeyRow, keysOf } from '../sso/connections.ts'
import { parameter } from './ask.ts'
import { dashboardPage, postForm } from './frame.ts'
import type { ProjectVisit } from './visit.ts'

/** A connection with all that its pages show of it. */
export interface Shown {
  row: ConnectionRow
  keys: KeyRow[]
  organization: OrganizationRow
  guide: Guide
  values: Readonly<Record<GuideValue, string>>
  missing: MissingSetting[]
  /** What it is called: its display name, or its guide's. */
  name: string
  /** The address of its pages. */
  base: string
}

/** Why logins over it are refused: what the error says, and its name to look for. */
export function whyRefused(error_type: string | null): Markup {
  if (!error_type) return html`–`
  const message = errorCatalogue.get(error_type)?.message
  return html`${message ? html`${inPlainNames(message)} ` : ''}<code class="small">${error_type}</code>`
}

/** The logins over a connection that were refused. */
export function refusedLogins(base: string, connection_id: string): string {
  return `${base}/logins?${new URLSearchParams({ connection: connection_id, result: 'failed' })}`
}

/** The identity providers of the wire that have no guide of their own. */
export const otherProviders: Readonly<Record<string, string>> = {
  classlink: 'ClassLink',
  cyberark: 'CyberArk',
  duo: 'Duo',
  miniorange: 'miniOrange',
  rippling: 'Rippling',
  salesforce: 'Salesforce',
}

/** What people call an identity provider. */
export function providerName(row: Parameters<typeof guideOf>[0]): string {
  return otherProviders[row.identity_provider] ?? guideOf(row).name
}

/** The connection that the address names. Throws `sso_connection_not_found`, also for another project's. */
export async function shownConnection(visit: ProjectVisit): Promise<Shown> {
  const { services, project } = visit
  const connection_id = parameter(visit, 'connection_id')
  const row = await connectionRow(services.db, project.project_id, connection_id)
  if (!row) throw new ApiError('sso_connection_not_found')
  const [keys, organization] = await Promise.all([
    keysOf(services.db, [row]),
    findOrganization(services.db, project, row.organization_id),
  ])
  return {
    row,
    keys,
    organization,
    guide: guideOf(row),
    values: guideValues(services.config, row, keys),
    missing: missingSettings(row, keys),
    name: row.display_name || providerName(row),
    base: `${visit.base}/connections/${connection_id}`,
  }
}

/** The SAML connection that the address names; throws `saml_connection_not_found` for one that is none. */
export async function samlConnection(visit: ProjectVisit): Promise<Shown> {
  const shown = await shownConnection(visit)
  if (shown.row.type !== 'saml') throw new ApiError('saml_connection_not_found')
  return shown
}

/** The context of a change that is no endpoint's. */
export function dashboardContext(visit: ProjectVisit): Context {
  return { ...visit.context, source: 'dashboard' }
}

/** The state of a connection in a word. */
export function stateBadge(
  { status, activation }: Pick<ConnectionRow, 'status' | 'activation'>,
  complete = false,
): Markup {
  if (status === 'active') return badge('active', 'green')
  if (complete && activation === 'manual') return badge('ready to activate', 'blue')
  return badge('pending', 'yellow')
}

/** Whether this visitor may change what they see. */
export function mayChange({ admin }: ProjectVisit): boolean {
  return admin.role !== 'viewer'
}

const tabs = [
  ['Setup guide', ''],
  ['Settings', '/settings'],
  ['Certificates', '/certificates'],
  ['Mapping and roles', '/mapping'],
  ['Test', '/test'],
  ['Logins', '/logins'],
  ['Danger zone', '/danger'],
] as const

export type Tab = (typeof tabs)[number][0]

/** A page about a connection; with `error` the form that it came from stands on it again. */
export function connectionPage(
  visit: ProjectVisit,
  shown: Shown,
  page: { tab: Tab; body: Content; error?: ApiError | undefined },
): Response {
  const { row, organization, missing, name, base } = shown
  return dashboardPage(visit, {
    title: name,
    tab: page.tab,
    state: stateBadge(row, missing.length === 0),
    crumbs: [
      ['Connections', `${visit.base}/connections`],
      [
        organization.organization_name,
        `${visit.base}/organizations/${organization.organization_id}`,
      ],
    ],
    actions: actions(visit, shown),
    error: page.error,
    body: html`<ul class="nav nav-tabs mb-3" aria-label="Pages of this connection">${tabs
      .filter(([label]) => label !== 'Certificates' || row.type === 'saml')
      .map(
        ([label, at]) =>
          html`<li class="nav-item"><a class="nav-link${label === page.tab ? ' active' : ''}" href="${base}${at}${guided(visit, label)}"${label === page.tab ? html` aria-current="page"` : ''}>${label}</a></li>`,
      )}</ul>${progress(shown)}${page.tab === 'Certificates' ? '' : waiting(shown)}${page.body}`,
  })
}

/** The guide that somebody chose stays chosen on the tabs that speak its provider's words. */
function guided({ c }: ProjectVisit, tab: Tab): string {
  const guide = c.req.query('guide')
  const speaks = tab === 'Setup guide' || tab === 'Settings'
  return guide && speaks ? `?${new URLSearchParams({ guide })}` : ''
}

function actions(visit: ProjectVisit, { row, missing, base }: Shown): Content {
  if (!mayChange(visit) || missing.length > 0) return ''
  const test = html`<a class="btn" href="${base}/test">Test</a>`
  if (row.status === 'active') return test
  return html`${test}${postForm(visit, `${base}/activate`, html`<button class="btn btn-primary">Activate</button>`)}`
}

const words: Record<MissingSetting, readonly [string, string]> = {
  idp_entity_id: ['the entity ID of the identity provider', '/settings'],
  idp_sso_url: ['its single sign-on address', '/settings'],
  attribute_mapping: ['the attribute mapping', '/mapping'],
  x509_certificate: ['its signing certificate', '/settings'],
  issuer: ['the issuer', '/settings'],
  client_id: ['the client id', '/settings'],
  client_secret: ['the client secret', '/settings'],
  authorization_url: ['the authorization address', '/settings'],
  token_url: ['the token address', '/settings'],
  userinfo_url: ['the userinfo address', '/settings'],
  jwks_url: ['the JWKS address', '/settings'],
}

function progress({ row, missing, base }: Shown): Markup | '' {
  if (row.status === 'active') return ''
  if (missing.length === 0)
    return notice(
      'info',
      'Everything is there, and nobody logs in over it yet.',
      'When a test login has passed, activate it with the button at the top: from then on members of the organization can use it.',
    )
  return notice(
    'warning',
    'Nobody can log in over this connection yet.',
    html`Still missing: ${missing.map((each, i) => html`${i > 0 ? ', ' : ''}<a href="${base}${words[each][1]}">${words[each][0]}</a>`)}.`,
  )
}

/** What somebody has to decide, on every page but that where it is decided. */
function waiting({ row, base }: Shown): Markup | '' {
  if (row.metadata_pending === null) return ''
  return notice(
    'warning',
    'The identity provider’s metadata have changed.',
    html`Nothing is taken of it before somebody has looked: <a href="${base}/certificates">compare and decide</a>.`,
  )
}

/** A form that may hold a file. */
export function uploadForm(visit: ProjectVisit, action: string, body: Content): Markup {
  return html`<form method="post" action="${action}" enctype="multipart/form-data"><input type="hidden" name="csrf_token" value="${visit.csrf_token}">${body}</form>`
}

/** Days left as a badge whose colour says how urgent it is. */
export function daysBadge(expires_at: Date | null, now: Date): Markup | '–' {
  if (!expires_at) return '–'
  const days = daysLeft(expires_at, now)
  const tone: Tone = days < 7 ? 'red' : days < 60 ? 'yellow' : 'green'
  if (expires_at <= now) return badge('expired', 'red')
  if (days > 730) return badge(`${Math.floor(days / 365)} years`, tone)
  return badge(days === 1 ? '1 day' : `${days} days`, tone)
}

/** What the audit says of a connection. */
export function connectionTarget({ row, name }: Shown) {
  return {
    target_type: `${row.type}_connection`,
    target_id: row.connection_id,
    organization_id: row.organization_id,
    target_name: name,
  }
}

/** Shows a page again with what went wrong, where the work of a form throws what the API would answer. */
export function orAgain(
  work: (visit: ProjectVisit, shown: Shown) => Promise<Response>,
  page: (visit: ProjectVisit, shown: Shown, error?: ApiError) => Response | Promise<Response>,
): (visit: ProjectVisit) => Promise<Response> {
  return async (visit) => {
    const shown = await shownConnection(visit)
    try {
      return await work(visit, shown)
    } catch (error) {
      if (error instanceof ApiError) return page(visit, shown, error)
      throw error
    }
  }
}
