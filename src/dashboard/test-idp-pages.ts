/** Test IdP, in development: who can sign in there, and what a connection to it needs. */
import { ApiError } from '../http/errors.ts'
import { html } from '../http/html.ts'
import { card, copyField, facts } from '../http/parts.ts'
import { developmentRun } from './development.ts'
import { dashboardPage } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const testIdPPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/test-idp', needs: 'viewer', run: page }),
]

function page(visit: ProjectVisit): Response {
  const run = developmentRun(visit.services)
  if (!run) throw new ApiError('route_not_found')
  const { test_idp_url } = run
  return dashboardPage(visit, {
    title: 'Test IdP',
    actions: html`<a class="btn btn-primary" href="${test_idp_url}">Open it</a>`,
    body: html`${card(
      'An identity provider for tests',
      html`<p>It runs beside this server in development, signs with keys of its own, and asks for no password: its page has a button for each of its people. Both connections of <code>acme</code> lead to it.</p>
<p class="m-0">Its <a href="${test_idp_url}">start page</a> lists the people with their groups, and starts logins from its side (IdP-initiated).</p>`,
    )}
${card(
  'To connect another organization to it',
  facts([
    ['SAML metadata address', copyField(`${test_idp_url}/saml/metadata`)],
    ['OpenID Connect issuer', copyField(`${test_idp_url}/oidc`)],
    [
      'Attributes',
      html`<code>email</code>, <code>firstName</code>, <code>lastName</code>, <code>displayName</code>, <code>groups</code>, <code>id</code>`,
    ],
  ]),
)}`,
  })
}
