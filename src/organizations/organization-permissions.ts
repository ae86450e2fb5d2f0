import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '../http/errors.ts'
import type { OrganizationRow } from './organization.ts'
import type { OrganizationChange } from './organization-input.ts'

/** What a member session must hold on `stytch.organization` to change a field (backend.md section 10). */
const actions: Readonly<Record<string, string>> = {
  organization_name: 'update.info.name',
  organization_slug: 'update.info.slug',
  organization_logo_url: 'update.info.logo-url',
  sso_default_connection_id: 'update.settings.default-sso-connection',
  sso_jit_provisioning: 'update.settings.sso-jit-provisioning',
  sso_jit_provisioning_allowed_connections: 'update.settings.sso-jit-provisioning',
  email_allowed_domains: 'update.settings.allowed-domains',
  email_jit_provisioning: 'update.settings.email-jit-provisioning',
  email_invites: 'update.settings.email-invites',
  auth_methods: 'update.settings.allowed-auth-methods',
  allowed_auth_methods: 'update.settings.allowed-auth-methods',
  mfa_policy: 'update.settings.mfa-policy',
  mfa_methods: 'update.settings.allowed-mfa-methods',
  allowed_mfa_methods: 'update.settings.allowed-mfa-methods',
  rbac_email_implicit_role_assignments: 'update.settings.implicit-roles',
  oauth_tenant_jit_provisioning: 'update.settings.oauth-tenant-jit-provisioning',
  allowed_oauth_tenants: 'update.settings.allowed-oauth-tenants',
}

/** Fields that no permission covers: they are the application's, not the organization's. */
const projectOnly = [
  'organization_external_id',
  'claimed_email_domains',
  'first_party_connected_apps_allowed_type',
  'allowed_first_party_connected_apps',
  'third_party_connected_apps_allowed_type',
  'allowed_third_party_connected_apps',
] as const

/** The actions that an update by a member session needs: one for each field that is given. */
export function updateActions(input: Readonly<Record<string, unknown>>): string[] {
  const needed = Object.keys(input)
    .filter((name) => Object.hasOwn(actions, name) && input[name] !== undefined)
    .map((name) => actions[name]!)
  return [...new Set(needed)]
}

/**
 * Refuses what no member session may change, whatever its roles: `cannot_update_trusted_metadata`, and
 * `session_authorization_error` for the fields that only the project's own secret can change. A value
 * that is stored already changes nothing and passes (the Java SDK sends empty lists unasked).
 */
export function assertMemberMayChange(given: OrganizationChange, stored: OrganizationRow): void {
  if (Object.keys(given.trusted_metadata ?? {}).length > 0)
    throw new ApiError('cannot_update_trusted_metadata')
  const refused = projectOnly.find(
    (name) => given[name] !== undefined && !isDeepStrictEqual(given[name], stored[name]),
  )
  if (refused)
    throw new ApiError('session_authorization_error', {
      message: `${refused} cannot be changed with a member session.`,
    })
}
