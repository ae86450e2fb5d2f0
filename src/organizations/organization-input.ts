import { z } from 'zod'
import { MetadataInput } from './metadata.ts'
import { isExternalId, isSlug } from './names.ts'

const everyone = ['ALL_ALLOWED', 'RESTRICTED', 'NOT_ALLOWED'] as const
const methods = [
  'sso',
  'magic_link',
  'email_otp',
  'password',
  'google_oauth',
  'microsoft_oauth',
  'slack_oauth',
  'github_oauth',
  'hubspot_oauth',
] as const
const factors = ['sms_otp', 'totp'] as const

/** A list that means a set: what comes twice is kept once. */
function setOf<T extends z.ZodType>(item: T, error?: string) {
  return z.array(item, error).transform((list) => [...new Set(list)])
}

const ids = setOf(z.string().min(1).max(128)).refine((list) => list.length <= 100, {
  error: 'holds at most 100 ids',
})
const tenants = setOf(z.string().min(1).max(256)).refine((list) => list.length <= 100, {
  error: 'holds at most 100 tenants of a kind',
})

function isLogo(text: string): boolean {
  return text === '' || (/^https?:\/\//i.test(text) && URL.canParse(text))
}

/** `organization_name`: 1 to 128 characters, more than white space, no control characters. */
export const OrganizationName = z
  .string({
    error: ({ input }) =>
      input === undefined ? 'organization_name_missing' : 'invalid_organization_name',
  })
  .refine((name) => [...name].length <= 128 && name.trim() !== '' && !/\p{Cc}/u.test(name), {
    error: 'invalid_organization_name',
  })

/** The fields that `create` and `update` have in common. Rules between fields: organization-settings.ts. */
export const organizationFields = {
  organization_slug: z
    .string('invalid_organization_slug')
    .refine(isSlug, { error: 'invalid_organization_slug' }),
  organization_logo_url: z
    .string()
    .max(2_000, 'organization_logo_url_too_long')
    .refine(isLogo, { error: 'must be an http or https address, or empty' }),
  trusted_metadata: MetadataInput,
  organization_external_id: z
    .string('invalid_organization_external_id')
    .refine(isExternalId, { error: 'invalid_organization_external_id' }),
  sso_jit_provisioning: z.enum(everyone, 'invalid_organization_auth_factor_setting'),
  email_allowed_domains: z.array(
    z.string('organization_settings_invalid_domain'),
    'organization_settings_invalid_domain',
  ),
  email_jit_provisioning: z.enum(
    ['RESTRICTED', 'NOT_ALLOWED'],
    'invalid_organization_auth_factor_setting_for_email_jit_provisioning',
  ),
  email_invites: z.enum(everyone, 'invalid_organization_auth_factor_setting'),
  auth_methods: z.enum(['ALL_ALLOWED', 'RESTRICTED'], 'invalid_organization_auth_method_settings'),
  allowed_auth_methods: setOf(
    z.enum(methods, 'invalid_organization_allowed_auth_methods'),
    'invalid_organization_allowed_auth_methods',
  ),
  mfa_policy: z.enum(['OPTIONAL', 'REQUIRED_FOR_ALL'], 'invalid_organization_mfa_policy'),
  mfa_methods: z.enum(['ALL_ALLOWED', 'RESTRICTED'], 'invalid_organization_mfa_factor_setting'),
  allowed_mfa_methods: setOf(
    z.enum(factors, 'invalid_organization_allowed_mfa_methods'),
    'invalid_organization_allowed_mfa_methods',
  ),
  rbac_email_implicit_role_assignments: z
    .array(
      z.object(
        {
          domain: z.string('rbac_invalid_domain'),
          role_id: z.string('invalid_rbac_role_assignment'),
        },
        'invalid_rbac_role_assignment',
      ),
      'invalid_rbac_role_assignment',
    )
    .max(100, 'must hold at most 100 assignments'),
  oauth_tenant_jit_provisioning: z.enum(
    ['RESTRICTED', 'NOT_ALLOWED'],
    'invalid_organization_auth_factor_setting_for_oauth_tenant_jit_provisioning',
  ),
  allowed_oauth_tenants: z.partialRecord(z.enum(['slack', 'hubspot', 'github']), tenants),
  claimed_email_domains: z.array(
    z.string('organization_settings_invalid_claimed_domain'),
    'organization_settings_invalid_claimed_domain',
  ),
  first_party_connected_apps_allowed_type: z.enum(everyone),
  allowed_first_party_connected_apps: ids,
  third_party_connected_apps_allowed_type: z.enum(everyone),
  allowed_third_party_connected_apps: ids,
}

/** What `organizations.create` takes. */
export const CreateInput = z.object({
  organization_name: OrganizationName,
  ...z.object(organizationFields).partial().shape,
})

/** What `organizations.update` takes beside the reference. */
export const UpdateFields = z
  .object({
    organization_name: OrganizationName,
    ...organizationFields,
    sso_default_connection_id: z.string('invalid_sso_default_connection_id'),
    sso_jit_provisioning_allowed_connections: ids,
  })
  .partial()

/** Fields of an organization as a request gives them. */
export type OrganizationChange = z.output<typeof UpdateFields>
