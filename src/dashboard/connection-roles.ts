/** Roles that come of a connection: for all who log in over it, and for the groups that it sends. */
import { html, type Markup } from '../http/html.ts'
import { card, checkbox, notice } from '../http/parts.ts'
import type { SeenAttributes } from '../sso/seen-attributes.ts'
import { mayChange, type Shown } from './connection-frame.ts'
import { postForm } from './frame.ts'
import { assignableRoles } from './roles-pages.ts'
import type { ProjectVisit } from './visit.ts'

/** The cards about roles: what is assigned, and the groups that were seen with how many members have them. */
export function rolesCards(visit: ProjectVisit, shown: Shown, seen: SeenAttributes): Markup {
  const { row, base } = shown
  if (row.type === 'oidc')
    return card(
      'Roles',
      html`<p class="m-0">Roles by connection and group are for SAML connections alone, as on the API. Over OpenID Connect members get roles from their e-mail domain or directly.</p>`,
    )
  const everybody = row.saml_connection_implicit_role_assignments.map(({ role_id }) => role_id)
  const body = html`<fieldset class="mb-3"><legend class="form-label">Everybody who logs in over this connection has</legend>${assignableRoles().map(
    ({ role_id, description }) =>
      checkbox(
        'connection_role',
        html`<code>${role_id}</code> <span class="text-secondary">${description}</span>`,
        everybody.includes(role_id),
        role_id,
      ),
  )}</fieldset>
<h3>By group</h3>${notes(shown, seen)}${groupTable(shown, seen)}${newGroup(seen)}
${mayChange(visit) ? html`<button class="btn btn-primary">Save roles</button>` : ''}`
  return card('Roles', postForm(visit, `${base}/mapping/roles`, body))
}

function notes({ row, guide }: Shown, { notes, counted }: SeenAttributes): Markup {
  const entra = guide.identity_provider === 'microsoft-entra'
  return html`${row.attribute_mapping.groups ? '' : notice('info', 'No attribute is mapped to groups.', 'Map it above first: without it nobody has a role by a group.')}${
    notes.includes('group_ids')
      ? notice(
          'warning',
          'The groups arrive as object ids, not as names.',
          entra
            ? 'Entra sends ids unless the group claim’s source attribute is “Cloud-only group display names” or “sAMAccountName”. Assign roles to the ids, or change the claim.'
            : 'Assign roles to the ids, or let the identity provider send names.',
        )
      : ''
  }${
    notes.includes('group_overage')
      ? notice(
          'danger',
          'A person in too many groups sends a link in place of the list.',
          'Entra does so for more than 150 groups (OpenID Connect: 200). Let it send only the groups assigned to the application.',
        )
      : ''
  }<p class="text-secondary">Groups are compared to the letter. ${counted > 0 ? `Counted over ${counted === 1 ? 'the one member' : `${counted} members`} who logged in over this connection.` : ''}</p>`
}

const tokenOf = (role_id: string, group: string) => `${role_id} ${encodeURIComponent(group)}`

function groupTable({ row }: Shown, seen: SeenAttributes): Markup | '' {
  const assigned = row.saml_group_implicit_role_assignments
  const counts = new Map(seen.groups.map(({ group, members }) => [group, members]))
  const groups = [...new Set([...assigned.map(({ group }) => group), ...counts.keys()])]
  if (groups.length === 0) return ''
  const has = (role_id: string, group: string) =>
    assigned.some((each) => each.role_id === role_id && each.group === group)
  return html`<table class="table table-vcenter stack"><thead><tr><th scope="col">Group</th><th scope="col">Members</th><th scope="col">Roles</th></tr></thead><tbody>${groups.map(
    (group) =>
      html`<tr><td data-label="Group"><code><bdi>${group}</bdi></code></td><td data-label="Members">${counts.get(group) ?? 'not seen'}</td><td data-label="Roles">${assignableRoles().map(
        ({ role_id }) =>
          checkbox(
            'group_role',
            html`<code>${role_id}</code><span class="visually-hidden"> for ${group}</span>`,
            has(role_id, group),
            tokenOf(role_id, group),
          ),
      )}</td></tr>`,
  )}</tbody></table>`
}

function newGroup({ groups }: SeenAttributes): Markup {
  return html`<div class="row g-2 mb-3"><div class="col-12 col-md-6"><label class="form-label" for="field-new_group">Another group</label>
<input class="form-control" id="field-new_group" name="new_group" list="groups-seen" autocomplete="off"><datalist id="groups-seen">${groups.map(({ group }) => html`<option value="${group}"></option>`)}</datalist></div>
<div class="col-12 col-md-6"><label class="form-label" for="field-new_role">has the role</label><select class="form-select" id="field-new_role" name="new_role">${assignableRoles().map(({ role_id }) => html`<option>${role_id}</option>`)}</select></div></div>`
}

/** The assignments of the form, as the API takes them. */
export function readRoles({ form }: ProjectVisit) {
  const ticked = form.list('group_role').map((text) => {
    const at = text.indexOf(' ')
    return { role_id: text.slice(0, at), group: decoded(text.slice(at + 1)) }
  })
  const group = form.text('new_group')
  const added = group ? [{ role_id: form.text('new_role'), group }] : []
  const all = [...ticked, ...added]
  const once = new Map(all.map((each) => [tokenOf(each.role_id, each.group), each]))
  return {
    saml_connection_implicit_role_assignments: form
      .list('connection_role')
      .map((role_id) => ({ role_id })),
    saml_group_implicit_role_assignments: [...once.values()],
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
