/** One interface a table, in the order of the migrations. Column names are the wire's names. */
import type { ColumnType, Generated } from 'kysely'
import type { OperationsSchema } from './schema-operations.ts'
import type { MemberObjects, OrganizationObjects } from './schema-views.ts'

type Json<T> = ColumnType<T, string, string>
type JsonDefault<T> = ColumnType<T, string | undefined, string>

export interface RoleAssignment {
  role_id: string
}
export interface GroupRoleAssignment extends RoleAssignment {
  group: string
}
export interface EmailRoleAssignment extends RoleAssignment {
  domain: string
}

export interface Projects {
  project_id: string
  project_name: string
  project_slug: string
  created_at: Generated<Date>
  project_logo_url: Generated<string>
  project_color: Generated<string>
  login_straight: Generated<boolean>
  login_by_email: Generated<boolean>
  is_system: Generated<boolean>
}

export interface ProjectSecrets {
  project_id: string
  secret_id: string
  secret_hash: Buffer
  last_four: string
  created_at: Generated<Date>
  expires_at: Date | null
  last_used_at: Date | null
}

export interface PublicTokens {
  public_token: string
  project_id: string
  created_at: Generated<Date>
}

export interface RedirectURLs {
  project_id: string
  url: string
  type: 'LOGIN' | 'SIGNUP' | 'INVITE' | 'RESET_PASSWORD' | 'DISCOVERY'
  is_default: Generated<boolean>
  created_at: Generated<Date>
}

export interface SigningKeys {
  project_id: string
  key_id: string
  public_jwk: Json<Record<string, string>>
  private_key: Buffer
  signs_from: Date
  created_at: Generated<Date>
}

export interface Organizations {
  project_id: string
  organization_id: string
  organization_name: string
  organization_slug: string
  organization_logo_url: Generated<string>
  organization_external_id: string | null
  trusted_metadata: JsonDefault<Record<string, unknown>>
  sso_default_connection_id: string | null
  sso_jit_provisioning: string
  sso_jit_provisioning_allowed_connections: Generated<string[]>
  email_allowed_domains: Generated<string[]>
  email_jit_provisioning: string
  email_invites: string
  auth_methods: string
  allowed_auth_methods: Generated<string[]>
  mfa_policy: string
  mfa_methods: string
  allowed_mfa_methods: Generated<string[]>
  rbac_email_implicit_role_assignments: JsonDefault<EmailRoleAssignment[]>
  oauth_tenant_jit_provisioning: string
  allowed_oauth_tenants: JsonDefault<Record<string, unknown>>
  claimed_email_domains: Generated<string[]>
  first_party_connected_apps_allowed_type: string
  allowed_first_party_connected_apps: Generated<string[]>
  third_party_connected_apps_allowed_type: string
  allowed_third_party_connected_apps: Generated<string[]>
  created_at: Date
  updated_at: Date
}

export type MemberStatus = 'pending' | 'invited' | 'active' | 'deleted'

export interface Members {
  project_id: string
  organization_id: string
  member_id: string
  email_address: string
  email_address_verified: Generated<boolean>
  status: MemberStatus
  name: Generated<string>
  external_id: string | null
  is_breakglass: Generated<boolean>
  mfa_enrolled: Generated<boolean>
  mfa_phone_number: Generated<string>
  mfa_phone_number_verified: Generated<boolean>
  default_mfa_method: Generated<string>
  roles: Generated<string[]>
  trusted_metadata: JsonDefault<Record<string, unknown>>
  untrusted_metadata: JsonDefault<Record<string, unknown>>
  created_at: Date
  updated_at: Date
}

export interface RetiredEmails {
  project_id: string
  organization_id: string
  member_id: string
  email_id: string
  email_address: string
  retired_at: Date
}

export type ConnectionType = 'saml' | 'oidc'

export interface SSOConnections {
  project_id: string
  organization_id: string
  connection_id: string
  type: ConnectionType
  status: Generated<'pending' | 'active'>
  display_name: Generated<string>
  identity_provider: Generated<string>
  attribute_mapping: JsonDefault<Record<string, string>>
  idp_entity_id: Generated<string>
  idp_sso_url: Generated<string>
  idp_sso_binding: Generated<'redirect' | 'post'>
  nameid_format: Generated<string>
  alternative_audience_uri: Generated<string>
  alternative_acs_url: Generated<string>
  idp_initiated_auth_disabled: Generated<boolean>
  allow_gateway_callback: Generated<boolean>
  allow_aes_cbc: Generated<boolean>
  allow_sha1_until: Date | null
  saml_connection_implicit_role_assignments: JsonDefault<RoleAssignment[]>
  saml_group_implicit_role_assignments: JsonDefault<GroupRoleAssignment[]>
  issuer: Generated<string>
  client_id: Generated<string>
  client_secret: Buffer | null
  authorization_url: Generated<string>
  token_url: Generated<string>
  userinfo_url: Generated<string>
  jwks_url: Generated<string>
  custom_scopes: Generated<string>
  activation: Generated<'automatic' | 'manual'>
  metadata_url: Generated<string>
  metadata_refresh: Generated<'off' | 'approve' | 'automatic'>
  metadata_checked_at: Date | null
  metadata_error: Generated<string>
  metadata_pending: ColumnType<unknown, string | null, string | null>
  metadata_due_at: Date | null
  metadata_failures: Generated<number>
  metadata_failing_since: Date | null
  metadata_last: ColumnType<unknown, string | null, string | null>
  debug_until: Date | null
  provider: JsonDefault<Record<string, unknown>>
  created_at: Date
  updated_at: Date
}

export interface SAMLKeys {
  project_id: string
  organization_id: string
  connection_id: string
  key_id: string
  purpose: 'verification' | 'signing' | 'encryption'
  certificate: Generated<string>
  private_key: Buffer | null
  fingerprint: Generated<string>
  issuer: Generated<string>
  expires_at: Date | null
  warning_stage: Generated<number>
  created_at: Date
  updated_at: Date
}

export interface SSORegistrations {
  project_id: string
  organization_id: string
  connection_id: string
  subject: string
  registration_id: string
  member_id: string
  external_id: string
  sso_attributes: JsonDefault<Record<string, unknown>>
  groups: Generated<string[]>
  created_at: Date
  updated_at: Date
}

/** A factor as it stands on the wire (backend.md section 6). */
export interface AuthenticationFactor {
  type: string
  delivery_method: string
  last_authenticated_at: string
  created_at: string
  updated_at: string
  saml_sso_factor?: { id: string; provider_id: string; external_id: string }
  oidc_sso_factor?: { id: string; provider_id: string; external_id: string }
}

export interface Sessions {
  project_id: string
  organization_id: string
  member_id: string
  member_session_id: string
  token_hash: Buffer
  started_at: Date
  last_accessed_at: Date
  expires_at: Date
  authentication_factors: Json<AuthenticationFactor[]>
  custom_claims: JsonDefault<Record<string, unknown>>
}

export interface IntermediateSessions {
  project_id: string
  organization_id: string
  member_id: string
  token_hash: Buffer
  authentication_factors: Json<AuthenticationFactor[]>
  created_at: Date
  expires_at: Date
}

export interface SSOFlows {
  project_id: string
  organization_id: string
  connection_id: string
  flow_id: string
  state: 'started' | 'verified' | 'redeemed' | 'failed' | 'passed'
  initiated_by: 'sp' | 'idp'
  request_id: string
  state_hash: Buffer | null
  cookie_hash: Buffer | null
  idp_request_id: Generated<string>
  scopes: Generated<string>
  pkce_code_challenge: Generated<string>
  login_redirect_url: Generated<string>
  signup_redirect_url: Generated<string>
  token_hash: Buffer | null
  identity: ColumnType<unknown, string | null, string | null>
  checks: JsonDefault<unknown[]>
  error_type: string | null
  suppressed_count: Generated<number>
  tested_by: string | null
  member_id: string | null
  member_change: 'create' | 'update' | null
  member_session_id: string | null
  started_at: Date
  arrived_at: Date | null
  verified_at: Date | null
  redeemed_at: Date | null
  failed_at: Date | null
}

export interface SAMLReplays {
  project_id: string
  connection_id: string
  assertion_id: string
  expires_at: Date
}

export interface Schema extends OperationsSchema {
  projects: Projects
  project_secrets: ProjectSecrets
  public_tokens: PublicTokens
  redirect_urls: RedirectURLs
  signing_keys: SigningKeys
  organizations: Organizations
  members: Members
  retired_emails: RetiredEmails
  sso_connections: SSOConnections
  saml_keys: SAMLKeys
  sso_registrations: SSORegistrations
  sessions: Sessions
  intermediate_sessions: IntermediateSessions
  sso_flows: SSOFlows
  saml_replays: SAMLReplays
  organization_objects: OrganizationObjects
  member_objects: MemberObjects
}
