/** The pages of the example. What goes into `html` is escaped, unless it came out of `html`. */

/** HTML that is safe to send: only `html` makes it. */
class Markup {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

type Value = Markup | string | Value[]

function html(strings: TemplateStringsArray, ...values: Value[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(render)))
}

function render(value: Value): string {
  if (value instanceof Markup) return value.source
  if (Array.isArray(value)) return value.map(render).join('')
  return value.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function page(title: string, body: Markup): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Express example</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><a href="/">Express example</a></header>
<main>
${body}
</main>
<footer>Enterprise SSO by Portcullis, with the official <code>stytch</code> package for Node.</footer>
</body>
</html>
`.source
}

interface Organization {
  organization_name: string
  organization_slug: string
}

/** The start page: where a visitor names the organization; `current` is the one logged in to. */
export function homePage(current?: Organization): string {
  const intro = current
    ? html`<h2>Another organization</h2>`
    : html`<h1>Log in with your organization</h1>
<p>This application lets the members of an organization in through the organization’s own identity provider.</p>`
  const loggedIn = current
    ? html`<section>
<h1>You are logged in to ${current.organization_name}</h1>
<p><a class="button" href="/org/${encodeURIComponent(current.organization_slug)}">Continue</a></p>
</section>`
    : ''
  return page(
    'Log in',
    html`${loggedIn}
<section>
${intro}
<form action="/org">
<label for="slug">Organization</label>
<input id="slug" name="slug" placeholder="acme" required autocomplete="organization" autocapitalize="none" spellcheck="false">
<button type="submit" class="${current ? 'quiet' : 'button'}">Continue</button>
</form>
</section>`,
  )
}

interface Connection {
  display_name: string
  start_url: string
}

/** An organization's login page, where it has no connection or several to choose from. */
export function loginPage(organization: Organization, connections: Connection[]): string {
  const { organization_name } = organization
  return page(
    `Log in to ${organization_name}`,
    html`<section>
<h1>Log in to ${organization_name}</h1>
${
  connections.length === 0
    ? html`<p>${organization_name} has no active SSO connection yet. Its IT administrator can set one up.</p>`
    : html`<p>Choose how to log in.</p>
<ul class="choices">${connections.map(
        ({ display_name, start_url }) =>
          html`<li><a class="button" href="${start_url}">${display_name || 'Single sign-on'}</a></li>`,
      )}</ul>`
}
<p class="muted"><a href="/">Another organization</a></p>
</section>`,
  )
}

interface Session {
  member: { name: string; email_address: string; roles: { role_id: string }[] }
  member_session: { expires_at: string }
  organization: Organization
}

/** What a member sees who is logged in. */
export function memberPage(session: Session, claims: unknown): string {
  const { member, member_session, organization } = session
  const { name, email_address, roles } = member
  const { expires_at } = member_session
  return page(
    organization.organization_name,
    html`<section>
<p class="muted">Logged in to ${organization.organization_name}</p>
<h1>Hello, ${name || email_address}</h1>
<dl>
<div><dt>Name</dt><dd>${name || '(none)'}</dd></div>
<div><dt>E-mail</dt><dd>${email_address}</dd></div>
<div><dt>Roles</dt><dd>${roles.map(({ role_id }) => html`<code>${role_id}</code> `)}</dd></div>
<div><dt>Organization</dt><dd>${organization.organization_name} <code>${organization.organization_slug}</code></dd></div>
<div><dt>Session until</dt><dd><time datetime="${expires_at}">${expires_at.slice(0, 16).replace('T', ' ')} UTC</time></dd></div>
</dl>
<details><summary>Claims of the session JWT</summary><pre>${JSON.stringify(claims, null, 2)}</pre></details>
<form method="post" action="/logout"><button type="submit" class="quiet">Log out</button></form>
</section>`,
  )
}

/** What to tell somebody for whom it went otherwise than hoped. */
export interface Message {
  title: string
  message: string
  details?: Record<string, string>
}

/** A page that tells it, and where to go from there. */
export function messagePage(content: Message & { link: { href: string; label: string } }): string {
  const { title, message, details, link } = content
  return page(
    title,
    html`<section>
<h1>${title}</h1>
<p>${message}</p>
${
  details
    ? html`<dl>${Object.entries(details).map(
        ([term, value]) => html`<div><dt>${term}</dt><dd><code>${value}</code></dd></div>`,
      )}</dl>
`
    : ''
}<p><a class="button" href="${link.href}">${link.label}</a></p>
</section>`,
  )
}
