/** The API's error types with their messages: projects, organizations, members, search, sessions. */
export const badRequest = {
  bad_request: 'The request is not valid.',
  test_id_used_in_live_environment: 'An id of a test project was used with a live project.',
  live_id_used_in_test_environment: 'An id of a live project was used with a test project.',
  // organizations
  invalid_organization_id: 'The organization_id is not valid.',
  invalid_organization_name:
    'organization_name must have 1 to 128 characters, none of them a control character.',
  organization_name_missing: 'organization_name is required.',
  invalid_organization_slug:
    'organization_slug must have 2 to 128 characters: letters, digits, "-", ".", "_" or "~", at least one of them a letter or digit, and it must not begin like an id of this API.',
  organization_slug_already_used: 'The organization_slug is already used by another organization.',
  invalid_organization_external_id:
    'organization_external_id must have 1 to 128 characters: letters, digits, ".", "_", "-" or "|", and it must not begin like an id of this API.',
  organization_external_id_already_used:
    'The organization_external_id is already used by another organization.',
  organization_logo_url_too_long: 'organization_logo_url must have at most 2,000 characters.',
  too_many_domains: 'A domain list holds at most 100 domains.',
  organization_settings_invalid_domain: 'email_allowed_domains holds something that is no domain.',
  organization_settings_duplicate_domain: 'email_allowed_domains holds a domain twice.',
  organization_settings_domain_too_common:
    'email_allowed_domains cannot hold a public mail provider: anybody could join.',
  organization_settings_disposable_domain: 'email_allowed_domains cannot hold a disposable domain.',
  organization_settings_invalid_claimed_domain:
    'claimed_email_domains holds something that is no domain.',
  organization_settings_duplicate_claimed_domain: 'claimed_email_domains holds a domain twice.',
  organization_settings_claimed_domain_too_common:
    'claimed_email_domains cannot hold a public mail provider.',
  invalid_organization_auth_factor_setting:
    'sso_jit_provisioning and email_invites must be ALL_ALLOWED, RESTRICTED or NOT_ALLOWED.',
  invalid_organization_auth_factor_setting_for_email_jit_provisioning:
    'email_jit_provisioning must be RESTRICTED or NOT_ALLOWED.',
  invalid_organization_auth_factor_setting_for_oauth_tenant_jit_provisioning:
    'oauth_tenant_jit_provisioning must be RESTRICTED or NOT_ALLOWED.',
  invalid_restricted_sso_setting:
    'sso_jit_provisioning RESTRICTED needs at least one connection in sso_jit_provisioning_allowed_connections.',
  invalid_restricted_email_setting:
    'email_allowed_domains must hold at least one domain where email_jit_provisioning or email_invites is RESTRICTED.',
  invalid_restricted_oauth_tenants_setting:
    'oauth_tenant_jit_provisioning RESTRICTED needs at least one tenant in allowed_oauth_tenants.',
  invalid_organization_auth_method_settings: 'auth_methods must be ALL_ALLOWED or RESTRICTED.',
  invalid_organization_allowed_auth_methods: 'allowed_auth_methods holds an unknown method.',
  allowed_auth_methods_required_for_restricted:
    'auth_methods RESTRICTED needs at least one method in allowed_auth_methods.',
  invalid_organization_mfa_policy: 'mfa_policy must be OPTIONAL or REQUIRED_FOR_ALL.',
  invalid_organization_mfa_factor_setting: 'mfa_methods must be ALL_ALLOWED or RESTRICTED.',
  invalid_organization_allowed_mfa_methods: 'allowed_mfa_methods holds an unknown method.',
  allowed_mfa_methods_required_for_restricted:
    'mfa_methods RESTRICTED needs at least one method in allowed_mfa_methods.',
  action_not_allowed_email_domain_is_claimed:
    'The domain of this e-mail address is claimed by another organization.',
  invalid_sso_default_connection_id:
    'sso_default_connection_id must be a connection of this organization.',
  requires_active_sso_connection:
    'The connection is not active: its identity provider has not been configured completely.',
  // metadata, roles
  metadata_too_large: 'Metadata may take at most 4 KB.',
  metadata_too_many_keys: 'Metadata may have at most 20 top-level keys.',
  metadata_invalid_format: 'Metadata must be a JSON object.',
  invalid_role: 'A role_id is not known. The roles are listed by GET /v1/b2b/rbac/policy.',
  invalid_rbac_role_assignment: 'A role assignment is not valid.',
  cannot_assign_default_rbac_role_id:
    'stytch_member is held by every member and cannot be assigned.',
  rbac_invalid_domain: 'rbac_email_implicit_role_assignments holds something that is no domain.',
  rbac_domain_too_common:
    'rbac_email_implicit_role_assignments cannot hold a public mail provider.',
  // members
  invalid_email: 'The e-mail address is not valid.',
  duplicate_member_email: 'A member with this e-mail address already exists in the organization.',
  duplicate_member_external_id:
    'A member with this external_id already exists in the organization.',
  retired_member_email:
    'This e-mail address was retired by a member of the organization and cannot be used again until it is unlinked.',
  member_does_not_exist_in_organization: 'The member does not belong to this organization.',
  invalid_member_get_fields: 'Exactly one of member_id and email_address is required.',
  reactivation_email_belongs_to_another_member:
    'The e-mail address of this member is in use by another member.',
  email_unverified_for_reactivation:
    'A member can be reactivated only with a verified e-mail address.',
  no_deleted_member_found_for_reactivation: 'There is no deleted member with this id.',
  invalid_phone_number: 'The phone number must be in E.164 form, such as +15551234567.',
  duplicate_member_phone_number:
    'A member with this phone number already exists in the organization.',
  duplicate_member_phone_number_for_member:
    'The member has another phone number already, which must be deleted first.',
  default_mfa_member_missing_factor:
    'The member has not enrolled the factor that default_mfa_method names.',
  invalid_mfa_default_method: 'default_mfa_method must be sms_otp or totp.',
  // search
  user_search_invalid_cursor: 'The cursor is not one of this search.',
  user_search_invalid_operator: 'The operator must be AND.',
  search_invalid_status_filter: 'A status is not one of active, invited, pending, deleted.',
  member_search_cannot_mix_internal_and_external_member_ids:
    'member_ids must hold either ids of this API or external ids.',
  member_search_organization_ids_empty: 'organization_ids must name at least one organization.',
  // sessions
  invalid_session_token: 'The session_token is not well formed.',
  no_session_arguments: 'One of session_token and session_jwt is required.',
  too_many_session_arguments: 'Only one of session_token and session_jwt may be given.',
  no_session_revoke_arguments:
    'One of member_session_id, session_token, session_jwt and member_id is required.',
  too_many_session_revoke_arguments:
    'Only one of member_session_id, session_token, session_jwt and member_id may be given.',
  invalid_session_duration_minutes: 'session_duration_minutes must be from 5 to 527040.',
  invalid_session_duration: 'session_duration_minutes is above the maximum of this project.',
  unable_to_parse_session_jwt: 'The session_jwt could not be read.',
  jwt_invalid_audience: 'The session_jwt belongs to another project.',
  jwt_invalid_claims: 'The session_jwt lacks a claim.',
  jwt_invalid_issuer: 'The session_jwt was issued by somebody else.',
  custom_claims_too_large: 'session_custom_claims may take at most 4 KB.',
  reserved_claims_in_custom_claims:
    'session_custom_claims cannot hold a reserved claim: iss, sub, aud, exp, nbf, iat, jti.',
  stytch_claims_in_custom_claims:
    'session_custom_claims cannot hold a claim that begins with https://stytch.com/.',
  pkce_expected_code_verifier:
    'This login was started with a pkce_code_challenge: pkce_code_verifier is required.',
  pkce_did_not_expect_code_verifier:
    'This login was started without a pkce_code_challenge: pkce_code_verifier must not be given.',
  pkce_mismatch: 'The pkce_code_verifier does not belong to the pkce_code_challenge of this login.',
  invalid_pkce_code_challenge:
    'pkce_code_challenge must be the base64url SHA-256 of the verifier: 43 characters.',
  invalid_pkce_code_verifier:
    'pkce_code_verifier must have 43 to 128 characters: letters, digits, "-", ".", "_" or "~".',
} as const

type SearchName = 'organization' | 'member'
type SearchProblem =
  | 'filter_name_not_recognized'
  | 'filter_name_must_be_string'
  | 'missing_filter_name'
  | 'missing_filter_value'
  | 'expected_array_of_strings'
  | 'expected_boolean'
  | 'expected_string'
type FuzzyProblem =
  | `organization_search_${'organization_slug' | 'organization_name' | 'member_email' | 'allowed_domain'}_fuzzy_too_short`
  | `member_search_${'member_email' | 'member_mfa_phone_number'}_fuzzy_too_short`

/** The error types of the two searches: `organization_search_expected_boolean` and so on. */
export type SearchErrorType = `${SearchName}_search_${SearchProblem}` | FuzzyProblem

const searchProblems: Record<SearchProblem, string> = {
  filter_name_not_recognized: 'A filter_name is not known.',
  filter_name_must_be_string: 'A filter_name must be a string.',
  missing_filter_name: 'Every operand needs a filter_name.',
  missing_filter_value: 'Every operand needs a filter_value.',
  expected_array_of_strings: 'The filter_value must be an array of strings.',
  expected_boolean: 'The filter_value must be true or false.',
  expected_string: 'The filter_value must be a string.',
}
const fuzzy: FuzzyProblem[] = [
  'organization_search_organization_slug_fuzzy_too_short',
  'organization_search_organization_name_fuzzy_too_short',
  'organization_search_member_email_fuzzy_too_short',
  'organization_search_allowed_domain_fuzzy_too_short',
  'member_search_member_email_fuzzy_too_short',
  'member_search_member_mfa_phone_number_fuzzy_too_short',
]

export const search = Object.fromEntries([
  ...(['organization', 'member'] as const).flatMap((name) =>
    Object.entries(searchProblems).map(([problem, text]) => [`${name}_search_${problem}`, text]),
  ),
  ...fuzzy.map((name) => [name, 'A fuzzy filter_value needs at least 3 characters.']),
]) as Record<SearchErrorType, string>

/** Those whose status is not 400. */
export const byStatus = {
  401: {
    unauthorized_credentials: 'The project_id or the secret is not valid.',
    cannot_update_trusted_metadata: 'trusted_metadata cannot be changed with a member session.',
  },
  403: {
    session_authorization_error: 'The member session does not hold the permission for this call.',
    session_authorization_tenancy_error: 'The member session belongs to another organization.',
    member_cannot_update_their_email_address:
      'A member cannot change its own e-mail address with its session.',
    use_https: 'Plain http is not accepted.',
  },
  404: {
    route_not_found: 'There is no such route.',
    organization_not_found: 'The organization was not found.',
    member_not_found: 'The member was not found.',
    sso_connection_not_found: 'The connection was not found.',
    saml_connection_not_found: 'The SAML connection was not found.',
    oidc_connection_not_found: 'The OIDC connection was not found.',
    sso_token_not_found: 'The sso_token is not known, was used before, or has expired.',
    sso_verification_key_not_found: 'The verification certificate was not found.',
    sso_encryption_private_key_not_found: 'The encryption key was not found.',
    public_token_not_found: 'The public_token is not known.',
    redirect_url_not_found: 'The redirect URL was not found.',
    session_not_found: 'The session was not found: it never existed, has expired, or was revoked.',
    intermediate_session_not_found: 'The intermediate session was not found or has expired.',
    project_not_found: 'The project was not found.',
    secret_not_found: 'The secret was not found.',
  },
  405: { method_not_allowed: 'The route does not take this method.' },
  429: { too_many_requests: 'Too many requests: try again later.' },
  500: {
    internal_server_error: 'Something went wrong on our side. The request_id finds it in the log.',
  },
  503: { server_unavailable: 'The server cannot answer right now: try again in a moment.' },
} as const
