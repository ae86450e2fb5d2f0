import { ApiError, type ErrorType } from '../http/errors.ts'
import { assertAssignable } from '../rbac/roles.ts'
import { type DomainErrors, parseDomain, parseDomains } from './domains.ts'
import type { OrganizationRow } from './organization.ts'
import type { OrganizationChange } from './organization-input.ts'

/** Columns of an organization with new values. */
export type ChangedColumns = Partial<Omit<OrganizationRow, 'sso_active_connections'>>

/** What decides about the validity of a change: the settings as they are. */
export type Settings = Pick<
  OrganizationRow,
  | 'sso_jit_provisioning'
  | 'sso_jit_provisioning_allowed_connections'
  | 'email_allowed_domains'
  | 'email_jit_provisioning'
  | 'email_invites'
  | 'auth_methods'
  | 'allowed_auth_methods'
  | 'mfa_policy'
  | 'mfa_methods'
  | 'allowed_mfa_methods'
  | 'oauth_tenant_jit_provisioning'
  | 'allowed_oauth_tenants'
  | 'first_party_connected_apps_allowed_type'
  | 'third_party_connected_apps_allowed_type'
>

const authenticationSettings = [
  'sso_jit_provisioning',
  'email_jit_provisioning',
  'email_allowed_domains',
  'auth_methods',
  'allowed_auth_methods',
  'oauth_tenant_jit_provisioning',
  'allowed_oauth_tenants',
  'mfa_policy',
  'mfa_methods',
  'allowed_mfa_methods',
] as const

/**
 * The settings of a new organization before its own are applied (backend.md section 9). `email_invites`
 * is ALL_ALLOWED, and NOT_ALLOWED as soon as another authentication setting is given.
 */
export function defaultSettings(given: OrganizationChange): Settings {
  const chosen = authenticationSettings.some((name) => given[name] && !isEmpty(given[name]))
  return {
    sso_jit_provisioning: 'ALL_ALLOWED',
    sso_jit_provisioning_allowed_connections: [],
    email_allowed_domains: [],
    email_jit_provisioning: 'NOT_ALLOWED',
    email_invites: chosen ? 'NOT_ALLOWED' : 'ALL_ALLOWED',
    auth_methods: 'ALL_ALLOWED',
    allowed_auth_methods: [],
    mfa_policy: 'OPTIONAL',
    mfa_methods: 'ALL_ALLOWED',
    allowed_mfa_methods: [],
    oauth_tenant_jit_provisioning: 'NOT_ALLOWED',
    allowed_oauth_tenants: {},
    first_party_connected_apps_allowed_type: 'ALL_ALLOWED',
    third_party_connected_apps_allowed_type: 'ALL_ALLOWED',
  }
}

interface RestrictedList {
  list: keyof Settings & keyof OrganizationChange
  policies: readonly (keyof Settings & keyof OrganizationChange)[]
  error_type: ErrorType
}

/** Lists that must not be empty while one of their policies is RESTRICTED. */
const restrictedLists: readonly RestrictedList[] = [
  {
    list: 'sso_jit_provisioning_allowed_connections',
    policies: ['sso_jit_provisioning'],
    error_type: 'invalid_restricted_sso_setting',
  },
  {
    list: 'email_allowed_domains',
    policies: ['email_jit_provisioning', 'email_invites'],
    error_type: 'invalid_restricted_email_setting',
  },
  {
    list: 'allowed_auth_methods',
    policies: ['auth_methods'],
    error_type: 'allowed_auth_methods_required_for_restricted',
  },
  {
    list: 'allowed_mfa_methods',
    policies: ['mfa_methods'],
    error_type: 'allowed_mfa_methods_required_for_restricted',
  },
  {
    list: 'allowed_oauth_tenants',
    policies: ['oauth_tenant_jit_provisioning'],
    error_type: 'invalid_restricted_oauth_tenants_setting',
  },
]

const allowedDomains: DomainErrors = {
  invalid: 'organization_settings_invalid_domain',
  common: 'organization_settings_domain_too_common',
  disposable: 'organization_settings_disposable_domain',
  duplicate: 'organization_settings_duplicate_domain',
}
const claimedDomains: DomainErrors = {
  invalid: 'organization_settings_invalid_claimed_domain',
  common: 'organization_settings_claimed_domain_too_common',
  disposable: 'organization_settings_disposable_domain',
  duplicate: 'organization_settings_duplicate_claimed_domain',
}
const roleDomains = {
  invalid: 'rbac_invalid_domain',
  common: 'rbac_domain_too_common',
  disposable: 'rbac_domain_too_common',
} as const

/**
 * The columns that a request changes, valid together with the settings as they are. An empty list
 * empties the stored one, except while a RESTRICTED policy needs it: then the stored list stays. An
 * empty map changes nothing. Throws the error types of backend.md section 9. What depends on other rows
 * (connections, names, claims) and on the stored metadata is not looked at here.
 */
export function changedSettings(
  stored: Settings,
  { trusted_metadata: _, ...given }: OrganizationChange,
  options: { creating: boolean },
): ChangedColumns {
  const changes: ChangedColumns = { ...defined(given) }
  if (given.email_allowed_domains)
    changes.email_allowed_domains = parseDomains(given.email_allowed_domains, allowedDomains)
  if (given.claimed_email_domains)
    changes.claimed_email_domains = parseDomains(given.claimed_email_domains, claimedDomains)
  if (given.rbac_email_implicit_role_assignments)
    changes.rbac_email_implicit_role_assignments = roleAssignments(
      given.rbac_email_implicit_role_assignments,
    )
  if (isEmpty(given.allowed_oauth_tenants)) delete changes.allowed_oauth_tenants
  for (const rule of restrictedLists) keepRestrictedList(stored, changes, rule, options)
  assertSomebodyCanJoin(stored, changes)
  return changes
}

function roleAssignments(given: readonly { domain: string; role_id: string }[]) {
  assertAssignable(given.map((assignment) => assignment.role_id))
  const assignments = given.map(({ domain, role_id }) => ({
    domain: parseDomain(domain, roleDomains),
    role_id,
  }))
  return [...new Map(assignments.map((each) => [JSON.stringify(each), each])).values()]
}

function keepRestrictedList(
  stored: Settings,
  changes: ChangedColumns,
  { list, policies, error_type }: RestrictedList,
  { creating }: { creating: boolean },
): void {
  const after = { ...stored, ...changes }
  if (!policies.some((policy) => after[policy] === 'RESTRICTED')) return
  if (list in changes && isEmpty(changes[list])) delete changes[list]
  // A new organization has no connections yet that could be listed, and nobody gets in by an empty list.
  if (creating && list === 'sso_jit_provisioning_allowed_connections') return
  const turned = policies.some(
    (policy) => changes[policy] === 'RESTRICTED' && stored[policy] !== 'RESTRICTED',
  )
  if (turned && isEmpty({ ...stored, ...changes }[list])) throw new ApiError(error_type)
}

function assertSomebodyCanJoin(stored: Settings, changes: ChangedColumns): void {
  const ways = ['sso_jit_provisioning', 'email_jit_provisioning', 'email_invites'] as const
  const after = { ...stored, ...changes }
  if (ways.some((way) => way in changes) && ways.every((way) => after[way] === 'NOT_ALLOWED'))
    throw new ApiError('invalid_organization_auth_factor_setting', {
      message: `${ways.join(', ')} cannot all be NOT_ALLOWED: nobody could join the organization.`,
    })
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((entry) => isEmpty(entry))
  )
}

/** Without the keys whose value is undefined. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}
