/** Who may join an organization, how its members log in, and which roles their addresses give them. */
import { ApiError, type ErrorType } from '../http/errors.ts'
import type { Form } from '../http/form.ts'
import { html } from '../http/html.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { updateOrganization } from '../organizations/organizations.ts'
import { ask, changed } from './ask.ts'
import { seeOther } from './frame.ts'
import {
  connectionsOf,
  organizationOf,
  organizationPage,
  organizationPath,
} from './organization-frame.ts'
import { authenticationForm, joiningForm, rolesForm } from './organization-policy-forms.ts'
import { typedLines } from './search-form.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/organizations/:organization_id/policies'

export const organizationPolicies: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path, needs: 'viewer', run: (visit) => policies(visit) }),
  ...Object.entries({
    joining,
    authentication,
    'roles/add': addRole,
    'roles/remove': removeRole,
  }).map(([at, given]) =>
    projectPage({
      method: 'POST',
      path: `${path}/${at}`,
      needs: 'editor',
      run: (visit) => save(visit, given),
    }),
  ),
]

async function policies(visit: ProjectVisit, error?: ApiError): Promise<Response> {
  const organization = await organizationOf(visit)
  const connections = await connectionsOf(visit, organization)
  return organizationPage(visit, organization, 'Policies', {
    error,
    body: html`${joiningForm(visit, organization, connections)}${authenticationForm(visit, organization)}${rolesForm(visit, organization)}`,
  })
}

type Change = Record<string, unknown>

async function save(
  visit: ProjectVisit,
  given: (form: Form, organization: OrganizationRow) => Change,
): Promise<Response> {
  const { services, project, form } = visit
  const before = await organizationOf(visit)
  const { organization_id } = before
  try {
    await ask(visit, updateOrganization, { organization_id, ...given(form, before) })
  } catch (error) {
    if (error instanceof ApiError) return policies(visit, error)
    throw error
  }
  const after = await findOrganization(services.db, project, organization_id)
  await visit.audit({
    action: 'organization.update_policy',
    target_type: 'organization',
    target_id: organization_id,
    target_name: after.organization_name,
    ...changed(before, after),
  })
  return seeOther(visit, `${organizationPath(visit, organization_id)}/policies`, 'Saved.')
}

/** The API would keep the stored list; a form that shows an empty one must not seem to be obeyed. */
function assertListed(policy: string, list: readonly string[], error_type: ErrorType): void {
  if (policy === 'RESTRICTED' && list.length === 0) throw new ApiError(error_type)
}

function joining(form: Form): Change {
  const connections = form.list('sso_jit_provisioning_allowed_connections')
  const domains = typedLines(form.raw('email_allowed_domains'))
  const [sso, invites, email] = [
    'sso_jit_provisioning',
    'email_invites',
    'email_jit_provisioning',
  ].map((name) => form.text(name)) as [string, string, string]
  assertListed(sso, connections, 'invalid_restricted_sso_setting')
  assertListed(invites, domains, 'invalid_restricted_email_setting')
  assertListed(email, domains, 'invalid_restricted_email_setting')
  return {
    sso_jit_provisioning: sso,
    sso_jit_provisioning_allowed_connections: connections,
    email_allowed_domains: domains,
    email_invites: invites,
    email_jit_provisioning: email,
  }
}

function authentication(form: Form): Change {
  const methods = form.list('allowed_auth_methods')
  const factors = form.list('allowed_mfa_methods')
  assertListed(form.text('auth_methods'), methods, 'allowed_auth_methods_required_for_restricted')
  assertListed(form.text('mfa_methods'), factors, 'allowed_mfa_methods_required_for_restricted')
  return {
    auth_methods: form.text('auth_methods'),
    allowed_auth_methods: methods,
    mfa_policy: form.text('mfa_policy'),
    mfa_methods: form.text('mfa_methods'),
    allowed_mfa_methods: factors,
  }
}

function addRole(form: Form, organization: OrganizationRow): Change {
  const assignment = { domain: form.text('domain'), role_id: form.text('role_id') }
  return {
    rbac_email_implicit_role_assignments: [
      ...organization.rbac_email_implicit_role_assignments,
      assignment,
    ],
  }
}

function removeRole(form: Form, organization: OrganizationRow): Change {
  const [domain, role_id] = [form.text('domain'), form.text('role_id')]
  return {
    rbac_email_implicit_role_assignments: organization.rbac_email_implicit_role_assignments.filter(
      (each) => each.domain !== domain || each.role_id !== role_id,
    ),
  }
}
