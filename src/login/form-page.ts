import { html, type Markup, renderPage } from '../http/html.ts'
import type { FoundOrganization } from '../organizations/by-domain.ts'
import type { Project } from '../projects/projects.ts'
import { brandStyle, projectBrand } from './brand.ts'
import { organizationPage } from './organization-page.ts'
import { style } from './style.ts'

/** The page that asks for the organization: a GET form, which works without scripts. */
export function organizationForm(project: Project, query: URLSearchParams, logo = false): Response {
  return renderPage({
    title: `Sign in to ${project.project_name}`,
    style: style + brandStyle(project),
    body: html`${projectBrand(project, logo)}<section>
<h1>Sign in to ${project.project_name}</h1>
<p class="muted">With the account that your organization gave you.</p>
${form(project, query)}
</section>`,
  })
}

/** What stands where a project has no organization of such a slug: the form again, status 404. */
export function unknownOrganization(
  project: Project,
  slug: string,
  query: URLSearchParams,
): Response {
  return renderPage({
    title: 'Organization not found',
    status: 404,
    style: style + brandStyle(project),
    body: html`<section>
<h1>Organization not found</h1>
<p class="muted">${slug.includes('@') ? `No organization of ${project.project_name} signs in with addresses like this one.` : `${project.project_name} has no organization of this name.`} Look at the spelling, or ask whoever invited you.</p>
${form(project, query, slug)}
</section>`,
  })
}

/** The choice where an address belongs to several organizations. */
export function chooseOrganization(
  project: Project,
  found: readonly FoundOrganization[],
  query: URLSearchParams,
): Response {
  return renderPage({
    title: 'Choose your organization',
    style: style + brandStyle(project),
    body: html`<section>
<h1>Choose your organization</h1>
<ul class="ways">${found.map(({ organization_name, organization_slug }) => html`<li><a class="way" href="${organizationPage(project, organization_slug, query)}"><span class="name">${organization_name}</span></a></li>`)}</ul>
</section>`,
  })
}

function form(project: Project, query: URLSearchParams, tried?: string): Markup {
  const { project_slug, login_by_email } = project
  return html`<form method="get" action="/login/${project_slug}">
<label for="organization">${login_by_email ? 'Work e-mail or organization' : 'Organization'}</label>
<input id="organization" name="organization" value="${tried ?? ''}" required maxlength="254" autocomplete="organization" autocapitalize="none" spellcheck="false" aria-describedby="hint"${tried === undefined ? '' : html` aria-invalid="true"`}>
<p class="small muted" id="hint">${login_by_email ? html`Your address at work, or the short name of your organization, such as <code>acme</code>.` : html`Its short name, as in the address of its login page, such as <code>acme</code>.`}</p>
${[...query].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button>Continue</button>
</form>`
}

/** What stands at an address that names no project: status 404. */
export function unknownAddress(): Response {
  return renderPage({
    title: 'No login page here',
    status: 404,
    style,
    body: html`<section>
<h1>There is no login page at this address</h1>
<p>An organization’s login page is at <code>/login/APPLICATION/ORGANIZATION</code>. This address names no application that is known here.</p>
<p class="muted">Start from the application, or ask whoever gave you the link.</p>
</section>`,
  })
}
