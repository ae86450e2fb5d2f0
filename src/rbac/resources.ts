/** Something that roles permit actions on. */
export interface Resource {
  resource_id: string
  description: string
  actions: string[]
}

const everything = '*'

/**
 * The resources that every project has, with every action that a member session can be asked for
 * (backend.md section 10).
 */
export const defaultResources: readonly Resource[] = [
  {
    resource_id: 'stytch.organization',
    description: 'The organization and its settings.',
    actions: [
      everything,
      'update.info.name',
      'update.info.slug',
      'update.info.logo-url',
      'update.settings.allowed-auth-methods',
      'update.settings.allowed-mfa-methods',
      'update.settings.mfa-policy',
      'update.settings.email-jit-provisioning',
      'update.settings.email-invites',
      'update.settings.allowed-domains',
      'update.settings.default-sso-connection',
      'update.settings.sso-jit-provisioning',
      'update.settings.implicit-roles',
      'update.settings.oauth-tenant-jit-provisioning',
      'update.settings.allowed-oauth-tenants',
      'delete',
    ],
  },
  {
    resource_id: 'stytch.member',
    description: 'All members of the organization.',
    actions: [
      everything,
      'create',
      'search',
      'update.info.name',
      'update.info.email',
      'update.info.untrusted-metadata',
      'update.info.mfa-phone',
      'update.info.delete.mfa-phone',
      'update.info.delete.mfa-totp',
      'update.info.delete.password',
      'update.info.unlink.retired-email',
      'update.settings.is-breakglass',
      'update.settings.mfa-enrolled',
      'update.settings.default-mfa-method',
      'update.settings.roles',
      'get.connected-apps',
      'revoke.connected-app',
      'revoke-sessions',
      'delete',
    ],
  },
  {
    resource_id: 'stytch.self',
    description: 'The member who is logged in.',
    actions: [
      everything,
      'update.info.name',
      'update.info.email',
      'update.info.untrusted-metadata',
      'update.info.mfa-phone',
      'update.info.delete.mfa-phone',
      'update.info.delete.mfa-totp',
      'update.info.delete.password',
      'update.info.unlink.retired-email',
      'update.settings.mfa-enrolled',
      'update.settings.default-mfa-method',
      'get.connected-apps',
      'revoke.connected-app',
      'delete',
    ],
  },
  {
    resource_id: 'stytch.sso',
    description: 'The SSO connections of the organization.',
    actions: [everything, 'get', 'create', 'update', 'delete'],
  },
  {
    resource_id: 'stytch.scim',
    description: 'The SCIM connection of the organization.',
    actions: [everything, 'get', 'create', 'update', 'delete'],
  },
  {
    resource_id: 'stytch.custom-org-roles',
    description: 'Roles that the organization defines for itself.',
    actions: [everything, 'get', 'create', 'update', 'delete'],
  },
]
