/** The forms of an organization's policies. */
import { html, type Markup } from '../http/html.ts'
import { card, checkbox, field, notice, table } from '../http/parts.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { postForm } from './frame.ts'
import { type ListedConnection, organizationPath } from './organization-frame.ts'
import { assignableRoles } from './roles-pages.ts'
import type { ProjectVisit } from './visit.ts'

/** A form as the visitor may use it: without its button, and closed, for a viewer. */
function formFor(visit: ProjectVisit, action: string, fields: Markup): Markup {
  return visit.admin.role === 'viewer'
    ? html`<fieldset disabled>${fields}</fieldset>`
    : postForm(visit, action, html`${fields}<button class="btn btn-primary">Save</button>`)
}

/** What was typed into the form of this name, or what is stored. */
function current({ form }: ProjectVisit, organization: OrganizationRow, which: string) {
  const again = form.raw('which') === which
  return {
    text: (name: keyof OrganizationRow) => (again ? form.text(name) : `${organization[name]}`),
    list: (name: keyof OrganizationRow) =>
      again ? form.list(name) : (organization[name] as string[]),
    which: html`<input type="hidden" name="which" value="${which}">`,
  }
}

function boxes(
  name: string,
  legend: string,
  options: readonly (readonly [value: string, label: string])[],
  chosen: readonly string[],
): Markup {
  return html`<fieldset class="mb-3"><legend class="form-label">${legend}</legend>${
    options.length > 0
      ? options.map(([value, label]) => checkbox(name, label, chosen.includes(value), value))
      : html`<p class="text-secondary">None yet.</p>`
  }</fieldset>`
}

/** Who becomes a member: over SSO, by invitation, by address. */
export function joiningForm(
  visit: ProjectVisit,
  organization: OrganizationRow,
  connections: readonly ListedConnection[],
): Markup {
  const { text, list, which } = current(visit, organization, 'joining')
  const domains =
    visit.form.raw('which') === 'joining'
      ? visit.form.raw('email_allowed_domains')
      : organization.email_allowed_domains.join('\n')
  const fields = html`${which}${field({
    name: 'sso_jit_provisioning',
    label: 'People who come over SSO for the first time',
    value: text('sso_jit_provisioning'),
    options: [
      ['ALL_ALLOWED', 'become members'],
      ['RESTRICTED', 'become members over the connections below, with an allowed domain'],
      ['NOT_ALLOWED', 'are refused'],
    ],
  })}
${boxes(
  'sso_jit_provisioning_allowed_connections',
  'Connections that may make members',
  connections.map(({ connection_id, name }) => [connection_id, name] as const),
  list('sso_jit_provisioning_allowed_connections'),
)}
${field({ name: 'email_allowed_domains', label: 'Allowed e-mail domains', value: domains, rows: 3, hint: 'One a line. Where people become members over the connections below only, they need an address of one of these domains; where everybody becomes a member, any address will do. A connection cannot take over members of another domain in either case. Empty: any domain.' })}
${field({
  name: 'email_invites',
  label: 'Invitations by e-mail',
  value: text('email_invites'),
  options: [
    ['ALL_ALLOWED', 'to any address'],
    ['RESTRICTED', 'to addresses of the allowed domains'],
    ['NOT_ALLOWED', 'are off'],
  ],
})}
${field({
  name: 'email_jit_provisioning',
  label: 'People who prove an address by e-mail',
  value: text('email_jit_provisioning'),
  options: [
    ['RESTRICTED', 'become members with an address of the allowed domains'],
    ['NOT_ALLOWED', 'are refused'],
  ],
})}`
  const action = `${organizationPath(visit, organization.organization_id)}/policies/joining`
  return card('Who may join', formFor(visit, action, fields))
}

const methods = [
  ['sso', 'SSO (SAML and OpenID Connect)'],
  ['magic_link', 'Magic link by e-mail'],
  ['email_otp', 'One-time code by e-mail'],
  ['password', 'Password'],
  ['google_oauth', 'Google'],
  ['microsoft_oauth', 'Microsoft'],
  ['slack_oauth', 'Slack'],
  ['github_oauth', 'GitHub'],
  ['hubspot_oauth', 'HubSpot'],
] as const

/** The first and the second factor. */
export function authenticationForm(visit: ProjectVisit, organization: OrganizationRow): Markup {
  const { text, list, which } = current(visit, organization, 'authentication')
  const locked = organization.mfa_policy === 'REQUIRED_FOR_ALL'
  const fields = html`${which}${field({
    name: 'auth_methods',
    label: 'Ways to log in',
    value: text('auth_methods'),
    options: [
      ['ALL_ALLOWED', 'all that the application offers'],
      ['RESTRICTED', 'only those below'],
    ],
  })}
${boxes('allowed_auth_methods', 'Allowed ways', methods, list('allowed_auth_methods'))}
${field({
  name: 'mfa_policy',
  label: 'Second factor',
  value: text('mfa_policy'),
  options: [
    ['OPTIONAL', 'for members who have enrolled one'],
    ['REQUIRED_FOR_ALL', 'for everybody'],
  ],
  hint: 'Where it is required, a login over SSO alone yields an intermediate session, and no member session before the second factor.',
})}
${field({
  name: 'mfa_methods',
  label: 'Kinds of second factor',
  value: text('mfa_methods'),
  options: [
    ['ALL_ALLOWED', 'all'],
    ['RESTRICTED', 'only those below'],
  ],
})}
${boxes(
  'allowed_mfa_methods',
  'Allowed kinds',
  [
    ['sms_otp', 'Code by SMS'],
    ['totp', 'Authenticator app (TOTP)'],
  ],
  list('allowed_mfa_methods'),
)}`
  const action = `${organizationPath(visit, organization.organization_id)}/policies/authentication`
  return card(
    'How members log in',
    html`${locked ? notice('warning', 'A second factor is required of everybody.', 'Members who have none enrolled get no session.') : ''}${formFor(visit, action, fields)}`,
  )
}

/** Roles that come with the domain of an address. */
export function rolesForm(visit: ProjectVisit, organization: OrganizationRow): Markup {
  const action = `${organizationPath(visit, organization.organization_id)}/policies/roles`
  const editor = visit.admin.role !== 'viewer'
  const assignments = organization.rbac_email_implicit_role_assignments
  const rows = assignments.map(({ domain, role_id }) => [
    domain,
    html`<code>${role_id}</code>`,
    editor
      ? postForm(
          visit,
          `${action}/remove`,
          html`<input type="hidden" name="domain" value="${domain}"><input type="hidden" name="role_id" value="${role_id}"><button class="btn btn-sm" aria-label="Remove ${role_id} of ${domain}">Remove</button>`,
        )
      : '',
  ])
  const roles = assignableRoles().map(({ role_id }): [string, string] => [role_id, role_id])
  return html`<section class="card"><div class="card-header"><div><h2 class="card-title">Roles by e-mail domain</h2>
<div class="card-subtitle">Every member with an address of the domain holds the role. Roles by connection and by group are on the page of the <a href="${organizationPath(visit, organization.organization_id)}/sso">connection</a>.</div></div></div>
${rows.length > 0 ? table(['Domain', 'Role', ''], rows) : html`<div class="card-body text-secondary">No role comes with a domain.</div>`}
${
  editor
    ? html`<div class="card-footer">${postForm(
        visit,
        `${action}/add`,
        html`<div class="row g-2"><div class="col-12 col-md">${field({ name: 'domain', label: 'Domain', required: true, value: visit.form.text('domain'), placeholder: 'acme.com' })}</div>
<div class="col-12 col-md">${field({ name: 'role_id', label: 'Role', value: visit.form.text('role_id'), options: roles })}</div></div><button class="btn">Add role</button>`,
      )}</div>`
    : ''
}</section>`
}
