/** What `npm start` adds to the dashboard: a link that signs in, and the facts of this run. */
import type { Hono } from 'hono'
import { developmentAdmin } from '../admins/admins.ts'
import { createAdminSession } from '../admins/sessions.ts'
import type { Services } from '../context.ts'
import { hashToken, sameHash } from '../db/secrets.ts'
import { html, renderPage } from '../http/html.ts'
import { keepSession } from './session-cookie.ts'

/** What development knows beside the database: addresses, and the secret that only it has in clear. */
export interface DevelopmentRun {
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
}

const known = new WeakMap<object, DevelopmentRun>()

/** The facts of this run; undefined in production. */
export function developmentRun(services: Services): DevelopmentRun | undefined {
  return known.get(services.db)
}

/** Mounts the link; `token` signs in once for as long as this process runs. */
export function mountDevelopmentLink(
  app: Hono,
  services: Services,
  { token, ...facts }: DevelopmentRun & { token: string },
): void {
  known.set(services.db, facts)
  let unused: Buffer | null = hashToken(token)
  app.get('/', (c) => c.redirect('/dashboard'))
  app.get('/dashboard', async (c) => {
    const given = c.req.query('token') ?? ''
    if (!unused || !sameHash(hashToken(given), unused)) return locked()
    unused = null
    const admin = await developmentAdmin(services)
    const session = await createAdminSession(services, admin.admin_id, {
      address: services.limits.addressOf(c),
      user_agent: c.req.header('user-agent') ?? '',
    })
    keepSession(c, services.config, session.token)
    return c.redirect('/dashboard', 303)
  })
}

function locked(): Response {
  return renderPage({
    title: 'Portcullis',
    status: 401,
    body: html`<section>
<h1>This link does not open the dashboard</h1>
<p>Use the dashboard link that <code>npm start</code> printed last. It works once, for the browser that opens it.</p>
<p class="muted">Restart the server to get a new link.</p>
</section>`,
  })
}

/** What an application sets to use this server with an official SDK. */
export function environmentBlock(
  facts: Pick<DevelopmentRun, 'project_id' | 'secret' | 'public_token' | 'base_url'>,
): string {
  return [
    `STYTCH_PROJECT_ID=${facts.project_id}`,
    `STYTCH_SECRET=${facts.secret}`,
    `STYTCH_PUBLIC_TOKEN=${facts.public_token}`,
    `STYTCH_BASE_URL=${facts.base_url}`,
  ].join('\n')
}
