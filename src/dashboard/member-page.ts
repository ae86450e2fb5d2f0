/** A member: who it is, where its roles come from, how it logs in, its sessions. */
import { html, type Markup } from '../http/html.ts'
import {
  badge,
  card,
  checkbox,
  copyField,
  emptyState,
  facts,
  field,
  notice,
  table,
  time,
} from '../http/parts.ts'
import { dangerForm, dashboardPage, type Frame, postForm } from './frame.ts'
import type { LoadedMember } from './member-pages.ts'
import { memberStatus } from './members-pages.ts'
import { organizationPath } from './organization-frame.ts'
import { roleBoxes } from './organization-members.ts'
import type { ProjectVisit } from './visit.ts'

/** The page of a member. */
export function memberPage(
  visit: ProjectVisit,
  loaded: LoadedMember,
  error?: Frame['error'],
): Response {
  const { member, organization } = loaded
  const organizationAt = organizationPath(visit, organization.organization_id)
  const deleted = member.status === 'deleted'
  const editor = visit.admin.role !== 'viewer'
  return dashboardPage(visit, {
    title: member.email_address,
    state: memberStatus(member.status),
    crumbs: [
      ['Organizations', `${visit.base}/organizations`],
      [organization.organization_name, organizationAt],
      ['Members', `${organizationAt}/members`],
    ],
    error,
    body: html`${deleted ? comeBack(visit, loaded, editor) : ''}
${about(visit, loaded)}
${rolesPart(visit, loaded, editor && !deleted)}
${registrations(visit, loaded)}
${sessionsPart(visit, loaded, editor)}
${metadata(loaded)}
${editor && !deleted ? html`${details(visit, loaded)}${removal(visit, loaded)}` : ''}`,
  })
}

function at({ base }: ProjectVisit, { member }: LoadedMember): string {
  return `${base}/members/${member.member_id}`
}

function comeBack(visit: ProjectVisit, loaded: LoadedMember, editor: boolean): Markup {
  return notice(
    'warning',
    'This member is deleted and cannot log in.',
    editor
      ? postForm(
          visit,
          `${at(visit, loaded)}/reactivate`,
          html`<p>Reactivated, it has its old roles and registrations again.</p><button class="btn">Reactivate</button>`,
        )
      : '',
  )
}

function about(visit: ProjectVisit, { member, organization }: LoadedMember): Markup {
  const logins = `${visit.base}/logins?${new URLSearchParams({ email: member.email_address, organization: organization.organization_id })}`
  const retired = member.retired_email_addresses.map(({ email_address }) => email_address)
  return card(
    'Facts',
    facts([
      ['Member id', copyField(member.member_id)],
      [
        'Organization',
        html`<a href="${organizationPath(visit, organization.organization_id)}">${organization.organization_name}</a>`,
      ],
      ['Name', member.name || '–'],
      [
        'E-mail address',
        html`${member.email_address} ${member.email_address_verified ? badge('verified', 'green') : badge('not verified', 'yellow')}`,
      ],
      retired.length > 0 ? ['Former addresses', retired.join(', ')] : null,
      ['External id', member.external_id ? copyField(member.external_id) : '–'],
      member.is_breakglass
        ? ['Break-glass', 'may log in by other ways where the organization asks for SSO']
        : null,
      ['Second factor', member.mfa_enrolled ? 'enrolled' : 'not enrolled'],
      ['Created', time(member.created_at)],
      ['Changed', time(member.updated_at)],
      ['Logins', html`<a href="${logins}">Logins with this address</a>`],
    ]),
  )
}

type Source = LoadedMember['member']['roles'][number]['sources'][number]

function source({ base }: ProjectVisit, { type, details = {} }: Source): Markup {
  const connection = () =>
    html`<a href="${base}/connections/${details.connection_id}">a connection</a>`
  if (type === 'email_assignment') return html`by the domain ${details.email_domain}`
  if (type === 'sso_connection') return html`by ${connection()}, in its sessions`
  if (type === 'sso_connection_group')
    return html`by the group <code>${details.group}</code> of ${connection()}, in its sessions`
  return html`directly`
}

function rolesPart(visit: ProjectVisit, loaded: LoadedMember, editor: boolean): Markup {
  const { member, direct_roles } = loaded
  const rows = member.roles.map(({ role_id, sources }) => [
    html`<code>${role_id}</code>`,
    role_id === 'stytch_member'
      ? 'everybody has it'
      : html`<ul class="list-unstyled m-0">${sources.map((each) => html`<li>${source(visit, each)}</li>`)}</ul>`,
  ])
  return html`<section class="card"><div class="card-header"><h2 class="card-title">Roles</h2><div class="card-actions"><a href="${visit.base}/roles">What they permit</a></div></div>
${table(['Role', 'Where it comes from'], rows)}
${
  editor
    ? html`<div class="card-footer">${postForm(visit, `${at(visit, loaded)}/roles`, html`${roleBoxes(direct_roles, 'Given directly')}<button class="btn">Save roles</button>`)}</div>`
    : ''
}</section>`
}

function registrations({ base }: ProjectVisit, { member, connections }: LoadedMember): Markup {
  const rows = member.sso_registrations.map((registration) => [
    html`<a href="${base}/connections/${registration.connection_id}">${connections.get(registration.connection_id) ?? registration.connection_id}</a>`,
    html`<code>${registration.external_id}</code>`,
    html`<details><summary>${Object.keys(registration.sso_attributes).length} attributes</summary><pre class="mt-2">${JSON.stringify(registration.sso_attributes, null, 2)}</pre></details>`,
  ])
  return html`<section class="card"><div class="card-header"><h2 class="card-title">SSO registrations</h2></div>
${
  rows.length > 0
    ? table(['Connection', 'Known there as', 'Attributes at the last login'], rows)
    : emptyState(
        'Never logged in over SSO',
        'The first login over a connection ties this member to the person at the identity provider.',
      )
}</section>`
}

function sessionsPart(visit: ProjectVisit, loaded: LoadedMember, editor: boolean): Markup {
  const { sessions, connections } = loaded
  const here = `${at(visit, loaded)}/sessions`
  const rows = sessions.map((session) => [
    time(session.started_at),
    time(session.last_accessed_at),
    time(session.expires_at),
    session.authentication_factors
      .map(({ type, saml_sso_factor, oidc_sso_factor }) => {
        const id = (saml_sso_factor ?? oidc_sso_factor)?.provider_id
        return id ? (connections.get(id) ?? id) : type
      })
      .join(', '),
    editor
      ? postForm(
          visit,
          `${here}/${session.member_session_id}/revoke`,
          html`<button class="btn btn-sm" aria-label="Revoke the session that started at ${new Date(session.started_at).toISOString()}">Revoke</button>`,
        )
      : '',
  ])
  return html`<section class="card"><div class="card-header"><h2 class="card-title">Sessions</h2>${
    editor && rows.length > 0
      ? html`<div class="card-actions">${postForm(visit, `${here}/revoke`, html`<button class="btn btn-sm btn-outline-danger">Revoke all</button>`)}</div>`
      : ''
  }</div>
${rows.length > 0 ? table(['Started', 'Last used', 'Expires', 'Logged in over', ''], rows) : emptyState('No session', 'This member is not logged in anywhere.')}
<div class="card-footer text-secondary">A revoked session is refused at once by the API; a session JWT that an application verifies by itself lives up to five minutes longer.</div></section>`
}

function metadata({ member }: LoadedMember): Markup {
  const show = (value: object) =>
    Object.keys(value).length > 0 ? html`<pre>${JSON.stringify(value, null, 2)}</pre>` : '–'
  return card(
    'Metadata',
    facts([
      ['Trusted', show(member.trusted_metadata)],
      ['Untrusted', show(member.untrusted_metadata)],
    ]),
  )
}

function details(visit: ProjectVisit, loaded: LoadedMember): Markup {
  const { member } = loaded
  const again = visit.form.raw('details') !== ''
  const value = (name: 'email_address' | 'name' | 'external_id') =>
    again ? visit.form.text(name) : (member[name] ?? '')
  return card(
    'Edit',
    postForm(
      visit,
      at(visit, loaded),
      html`<input type="hidden" name="details" value="1">
${field({ name: 'email_address', label: 'E-mail address', type: 'email', required: true, value: value('email_address'), hint: 'The old address stays reserved for this member.' })}
${field({ name: 'name', label: 'Name', value: value('name'), autocomplete: 'off' })}
${field({ name: 'external_id', label: 'External id', value: value('external_id') })}
${checkbox('is_breakglass', 'Break-glass: may log in by other ways where the organization asks for SSO', again ? visit.form.flag('is_breakglass') : member.is_breakglass)}
<button class="btn btn-primary">Save</button>`,
    ),
  )
}

function removal(visit: ProjectVisit, loaded: LoadedMember): Markup {
  const { member, sessions } = loaded
  return card(
    'Danger zone',
    dangerForm(visit, {
      action: `${at(visit, loaded)}/delete`,
      name: member.email_address,
      button: 'Delete member',
      consequences: html`${sessions.length > 0 ? html`<b>${sessions.length === 1 ? 'Its session ends' : `Its ${sessions.length} sessions end`}</b>, and the` : 'The'} member cannot log in any more, nor come back over SSO, until you reactivate it here. Its former addresses become free.`,
    }),
  )
}
