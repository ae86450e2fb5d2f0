/** Roles: what each permits, and where members get them from. */
import { html } from '../http/html.ts'
import { badge, card, table } from '../http/parts.ts'
import { defaultResources } from '../rbac/resources.ts'
import { defaultRoles, type Role } from '../rbac/roles.ts'
import { dashboardPage } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const rolesPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/roles', needs: 'viewer', run: roles }),
]

/** The roles that can be given to members; `stytch_member` everybody has. */
export function assignableRoles(): readonly Role[] {
  return defaultRoles.filter(({ role_id }) => role_id !== 'stytch_member')
}

function roles(visit: ProjectVisit): Response {
  const { base } = visit
  const actionsOf = (resource_id: string, actions: readonly string[]) =>
    actions.includes('*')
      ? html`every action`
      : html`${actions.map((action) => html`<code>${action}</code> `)} of ${resource_id}`
  return dashboardPage(visit, {
    title: 'Roles',
    body: html`${defaultRoles.map(
      (role) =>
        html`<section class="card"><div class="card-header"><div><h2 class="card-title"><code>${role.role_id}</code> ${role.role_id === 'stytch_member' ? badge('everybody') : ''}</h2><div class="card-subtitle">${role.description}</div></div></div>
${table(
  ['Resource', 'Permits'],
  role.permissions.map(({ resource_id, actions }) => [
    html`<code>${resource_id}</code>`,
    actionsOf(resource_id, actions),
  ]),
)}</section>`,
    )}
${card(
  'Who gets a role',
  html`<ul>
<li><b>A member</b>, directly: on the page of the <a href="${base}/members">member</a>.</li>
<li><b>A domain</b>: every member with an address of it, by the Policies of the <a href="${base}/organizations">organization</a>.</li>
<li><b>A connection</b>: everybody who logs in over it, in those sessions; on the page of the <a href="${base}/connections">connection</a>.</li>
<li><b>A group</b> at the identity provider: whoever it says is in the group, in sessions over that connection; on the same page.</li>
</ul><p class="mb-0">The page of a member says of each of its roles where it comes from.</p>`,
)}
<section class="card"><div class="card-header"><div><h2 class="card-title">Resources and actions</h2><div class="card-subtitle">What the API asks for when a call carries a member’s session. A call with the secret alone may do everything.</div></div></div>
${table(
  ['Resource', 'Actions'],
  defaultResources.map(({ resource_id, description, actions }) => [
    html`<code>${resource_id}</code><div class="text-secondary">${description}</div>`,
    html`<details><summary>${actions.length} actions</summary><ul class="list-unstyled m-0 mt-1">${actions.map((action) => html`<li><code>${action}</code>${action === '*' ? ' every action' : ''}</li>`)}</ul></details>`,
  ]),
)}</section>`,
  })
}
