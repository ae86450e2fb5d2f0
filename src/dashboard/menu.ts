/** The menu beside every page of the dashboard; beside those of the server, with the project visited last. */
import { html, type Markup } from '../http/html.ts'
import type { ProjectVisit, Visit } from './visit.ts'

const ofProject = [
  ['Home', ''],
  ['Organizations', '/organizations'],
  ['Connections', '/connections'],
  ['Logins', '/logins'],
  ['Members', '/members'],
  ['Roles', '/roles'],
  ['Redirect URLs', '/redirect-urls'],
  ['API keys', '/api-keys'],
  ['Certificates', '/certificates'],
  ['Webhooks', '/webhooks'],
  ['Event log', '/events'],
  ['Settings', '/settings'],
] as const

const ofServer = [
  ['Projects', '/dashboard/projects'],
  ['Administrators', '/dashboard/admins'],
  ['Audit log', '/dashboard/audit'],
  ['Mail', '/dashboard/mail'],
] as const

/** The links that this visitor has, the present one marked. */
export function menuOf(visit: Visit | ProjectVisit): Markup {
  const { c, admin, services } = visit
  const { path } = c.req
  const link = (label: string, href: string, here: boolean) =>
    html`<li><a href="${href}"${here ? html` aria-current="page"` : ''}>${label}</a></li>`
  const within = (href: string) => path === href || path.startsWith(`${href}/`)
  const shown = 'project' in visit ? visit.project : visit.recent
  const base = `/dashboard/projects/${shown?.project_slug}`
  const project = shown
    ? html`<p class="menu-title">${shown.project_name}</p><ul class="menu mt-0">
${ofProject.map(([label, at]) => link(label, base + at, at === '' ? path === base : within(base + at)))}
${services.config.mode === 'development' ? link('Test IdP', `${base}/test-idp`, within(`${base}/test-idp`)) : ''}
</ul>`
    : ''
  const server = html`<p class="menu-title">Server</p><ul class="menu mt-0">${ofServer.map(([label, href]) => link(label, href, within(href) && !path.startsWith('/dashboard/projects/')))}</ul>`
  const account = html`<p class="menu-title">${admin.name || admin.email_address}</p><ul class="menu mt-0">
${link('Your account', '/dashboard/account', within('/dashboard/account'))}
<li><form method="post" action="/dashboard/sign-out"><input type="hidden" name="csrf_token" value="${visit.csrf_token}"><button class="btn btn-link">Sign out</button></form></li></ul>`
  const all = html`${project}${server}${account}`
  return html`<div class="d-none d-lg-block">${all}</div><details class="d-lg-none menu-toggle"><summary class="btn btn-sm mt-1">Menu</summary>${all}</details>`
}
