import { html, type Markup, renderPage } from '../http/html.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import type { Project } from '../projects/projects.ts'
import { brandStyle, projectBrand } from './brand.ts'
import { style } from './style.ts'

/** A connection as the page offers it. */
export interface WayIn {
  connection_id: string
  /** What its button says. */
  name: string
  /** Whose identity provider it is, over which protocol: what the name does not say itself. */
  about: string
  /** Chosen last in this browser. */
  last_used: boolean
  /** The one that most people want: the last used, the organization's default, or the only one. */
  first: boolean
}

/**
 * The connections that members may sign in over: active ones of this organization, while it allows SSO and
 * the project has a public token; none otherwise. The last used comes first, then the default, then the
 * oldest.
 */
export function waysIn(
  project: Project,
  organization: OrganizationRow,
  last_used: string | undefined,
): WayIn[] {
  if (project.public_tokens.length === 0 || !allowsSSO(organization)) return []
  const { sso_active_connections, sso_default_connection_id } = organization
  const rank = (connection_id: string) =>
    connection_id === last_used ? 0 : connection_id === sso_default_connection_id ? 1 : 2
  const sorted = sso_active_connections.toSorted(
    (a, b) => rank(a.connection_id) - rank(b.connection_id),
  )
  return sorted.map((connection, index) => ({
    connection_id: connection.connection_id,
    ...describe(connection),
    last_used: connection.connection_id === last_used,
    first: index === 0 && (sorted.length === 1 || rank(connection.connection_id) < 2),
  }))
}

function allowsSSO({ auth_methods, allowed_auth_methods }: OrganizationRow): boolean {
  return auth_methods !== 'RESTRICTED' || allowed_auth_methods.includes('sso')
}

const providers: Record<string, string> = {
  classlink: 'ClassLink',
  cyberark: 'CyberArk',
  duo: 'Duo',
  'google-workspace': 'Google Workspace',
  jumpcloud: 'JumpCloud',
  keycloak: 'Keycloak',
  miniorange: 'miniOrange',
  'microsoft-entra': 'Microsoft Entra',
  okta: 'Okta',
  onelogin: 'OneLogin',
  pingfederate: 'PingFederate',
  rippling: 'Rippling',
  salesforce: 'Salesforce',
  shibboleth: 'Shibboleth',
}

type ActiveConnection = OrganizationRow['sso_active_connections'][number]

function describe({ connection_id, display_name, identity_provider }: ActiveConnection) {
  const provider = providers[identity_provider] ?? ''
  const name = display_name.trim() || provider || 'single sign-on'
  const protocols = connection_id.startsWith('oidc-') ? ['OpenID Connect', 'OIDC'] : ['SAML']
  const said = (text: string) => name.toLowerCase().includes(text.toLowerCase())
  const about = [said(provider) ? '' : provider, protocols.some(said) ? '' : protocols[0]]
  return { name, about: about.filter(Boolean).join(', ') }
}

/** The path of an organization's login page, with what its links carry. */
export function organizationPage(
  { project_slug }: Project,
  organization_slug: string,
  query = new URLSearchParams(),
): string {
  return withQuery(`/login/${project_slug}/${organization_slug}`, query)
}

/** A path with a query, if there is one. */
export function withQuery(path: string, query: URLSearchParams): string {
  return query.size === 0 ? path : `${path}?${query}`
}

export interface LoginPage {
  project: Project
  organization: OrganizationRow
  ways: readonly WayIn[]
  query: URLSearchParams
  /** Whether the organization's and the project's logos can be shown. */
  logos?: { organization: boolean; project: boolean }
  /** Somebody chose a connection that is not offered: status 404. */
  gone?: boolean
}

/** An organization's login page: a button for each way in, or who must act where there is none. */
export function loginPage(page: LoginPage): Response {
  const { project, organization, ways, query, gone, logos } = page
  const { organization_name, organization_slug } = organization
  return renderPage({
    title: `Sign in to ${organization_name}`,
    status: gone ? 404 : 200,
    style: style + brandStyle(project),
    body: html`${projectBrand(project, logos?.project ?? false)}<section>
${logos?.organization ? html`<p><img class="logo" src="/logos/${project.project_slug}/${organization_slug}" alt=""></p>` : html`<p class="initials" aria-hidden="true">${initials(organization_name)}</p>`}
<h1>Sign in to ${organization_name}</h1>
${gone ? html`<p class="notice" role="alert">That way to sign in is not offered here.${ways.length > 0 ? ' Choose another one.' : ''}</p>` : ''}
${ways.length > 0 ? buttons(page) : nobodyGetsIn(project, organization)}
</section>
<p class="aside"><a href="${withQuery(`/login/${project.project_slug}`, query)}">Another organization</a></p>`,
  })
}

function buttons({ project, organization, ways, query }: LoginPage): Markup {
  const here = organizationPage(project, organization.organization_slug)
  return html`<p class="muted">${ways.length > 1 ? 'Choose how to sign in. ' : ''}You go on to ${project.project_name} afterwards.</p>
<ul class="ways">${ways.map(
    (
      way,
    ) => html`<li><a class="${way.first ? 'way first' : 'way'}" href="${withQuery(`${here}/to/${way.connection_id}`, query)}">
<span><span class="name">Continue with ${way.name}</span>${way.about && html` <span class="small">${way.about}</span>`}</span>
${way.last_used ? html`<span class="tag">Last used</span>` : ''}</a></li>`,
  )}</ul>`
}

function nobodyGetsIn(project: Project, organization: OrganizationRow): Markup {
  const { organization_name } = organization
  if (!allowsSSO(organization))
    return html`<p>Single sign-on is not allowed for ${organization_name}.</p>
<p><strong>The developers of ${project.project_name}</strong> can change this: <code>sso</code> is missing among the sign-in methods of the organization.</p>`
  if (organization.sso_active_connections.length === 0)
    return html`<p>Nobody can sign in here yet: ${organization_name} has no identity provider connected.</p>
<p><strong>Your organization’s IT administrator</strong> can change this, together with the developers of ${project.project_name}: an SSO connection has to be completed.</p>`
  return html`<p>Nobody can sign in here yet: ${project.project_name} is not ready for it.</p>
<p><strong>The developers of ${project.project_name}</strong> can change this: the project has no public token.</p>`
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** In place of a logo. */
function initials(organization_name: string): string {
  const words = organization_name
    .split(/[^\p{L}\p{N}\p{M}\p{Emoji_Presentation}]+/u)
    .filter(Boolean)
  const ends = words.length > 1 ? [words[0]!, words.at(-1)!] : words
  const letters = ends.map((word) => [...graphemes.segment(word)][0]!.segment.toUpperCase())
  return letters.join('') || '•'
}
