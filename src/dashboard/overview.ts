/**
 * `/dashboard` of development: one page with what is needed to begin. It opens by the single-use token
 * that `npm start` prints, and shows nothing otherwise.
 */
import { randomBytes } from 'node:crypto'
import type { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { Services } from '../context.ts'
import { hashToken, sameHash } from '../db/secrets.ts'
import { html, renderPage } from '../http/html.ts'
import { findProject } from '../projects/projects.ts'
import { listRedirectURLs } from '../projects/redirect-urls.ts'

const cookie = 'portcullis_dashboard'

export interface OverviewFacts {
  base_url: string
  test_idp_url: string
  app_url: string
  project_id: string
  secret: string
  public_token: string
  organizations: {
    organization_id: string
    organization_slug: string
    sso_connections: { connection_id: string; type: string; start_url: string }[]
  }[]
  /** Opens the page once; the browser then has a cookie. */
  token: string
}

/** Mounts the page; `facts.token` works once for as long as this process runs. */
export function mountOverview(app: Hono, services: Services, facts: OverviewFacts): void {
  let token: Buffer | null = hashToken(facts.token)
  let session: Buffer | null = null
  app.get('/', (c) => c.redirect('/dashboard'))
  app.get('/dashboard', async (c) => {
    const given = c.req.query('token')
    if (given !== undefined && token && sameHash(hashToken(given), token)) {
      token = null
      const value = randomBytes(32).toString('base64url')
      session = hashToken(value)
      setCookie(c, cookie, value, { httpOnly: true, sameSite: 'Lax', path: '/dashboard' })
      return c.redirect('/dashboard', 303)
    }
    const value = getCookie(c, cookie)
    if (!value || !session || !sameHash(hashToken(value), session)) return locked()
    return overview(services, facts)
  })
}

function locked(): Response {
  return renderPage({
    title: 'Portcullis',
    status: 401,
    body: html`<section>
<h1>This page is locked</h1>
<p>Open it with the dashboard link that <code>npm start</code> printed last. The link works once, for the browser that opens it.</p>
<p class="muted">Restart the server to get a new link.</p>
</section>`,
  })
}

async function overview(services: Services, facts: OverviewFacts): Promise<Response> {
  const urls = await listRedirectURLs(services.db, facts.project_id)
  const { project_slug } = await findProject(services, facts.project_id)
  const byURL = Map.groupBy(urls, (row) => row.url)
  return renderPage({
    title: 'Portcullis',
    wide: true,
    body: html`<h1>Portcullis is running</h1>
<section>
<h2>Try a login</h2>
${facts.organizations.map(
  (
    organization,
  ) => html`<p class="muted">Organization <code>${organization.organization_slug}</code></p>
<ul class="plain">${organization.sso_connections.map(
    (
      connection,
    ) => html`<li><a class="button" href="${connection.start_url}">Sign in over ${connection.type.toUpperCase()}</a>
<p class="small muted">${connection.connection_id}</p></li>`,
  )}</ul>
<p>All of them are on its <a href="/login/${project_slug}/${organization.organization_slug}">hosted login page</a>.</p>`,
)}
<p class="muted">Or begin at the <a href="${facts.app_url}">example application</a>; the people who can sign in are at the <a href="${facts.test_idp_url}">test identity provider</a>.</p>
</section>
<section>
<h2>Project</h2>
<dl>
<dt>Project id</dt><dd><code>${facts.project_id}</code></dd>
<dt>Public token</dt><dd><code>${facts.public_token}</code></dd>
${facts.organizations.map(
  (organization) =>
    html`<dt>Organization id</dt><dd><code>${organization.organization_id}</code></dd>`,
)}
</dl>
</section>
<section>
<h2>Redirect URLs</h2>
<ul class="plain">${[...byURL].map(
      ([url, rows]) =>
        html`<li><code>${url}</code><br><span class="small muted">${rows.map((row) => `${row.type}${row.is_default ? ' (default)' : ''}`).join(', ')}</span></li>`,
    )}</ul>
</section>
<section>
<h2>Environment for the Stytch SDKs</h2>
<pre>${environmentBlock(facts)}</pre>
</section>`,
  })
}

/** What an application sets to use this server with an official SDK. */
export function environmentBlock(facts: OverviewFacts | Omit<OverviewFacts, 'token'>): string {
  return [
    `STYTCH_PROJECT_ID=${facts.project_id}`,
    `STYTCH_SECRET=${facts.secret}`,
    `STYTCH_PUBLIC_TOKEN=${facts.public_token}`,
    `STYTCH_BASE_URL=${facts.base_url}`,
  ].join('\n')
}
