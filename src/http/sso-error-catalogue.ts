/** The API's error types with their messages: connections, start, callback, provisioning. */
export const connection = {
  invalid_sso_idp: 'identity_provider is not known.',
  invalid_display_name: 'display_name must have at most 128 characters.',
  too_many_sso_connections: 'An organization holds at most 50 connections.',
  too_many_sso_verification_certificates:
    'A connection holds at most 5 verification certificates: delete one first.',
  too_many_encryption_certificates:
    'A connection holds at most 5 encryption keys: delete one first.',
  cannot_delete_default_sso_connection:
    'The default connection cannot be deleted while the organization has other active connections: choose another default first.',
  cannot_delete_last_sso_verification_key:
    'The last verification certificate of an active connection cannot be deleted.',
  invalid_x509_certificate: 'x509_certificate is not usable.',
  invalid_idp_entity_id: 'idp_entity_id must have 1 to 1,024 characters.',
  saml_connection_idp_sso_url_required: 'idp_sso_url is required.',
  saml_connection_idp_sso_url_invalid_format: 'idp_sso_url is not a URL.',
  saml_connection_idp_sso_url_not_https:
    'The single sign-on URL (idp_sso_url) must be an https address.',
  saml_connection_attribute_mapping_required: 'attribute_mapping is required.',
  saml_connection_email_mapping_required: 'attribute_mapping must map email.',
  saml_connection_name_mapping_required:
    'attribute_mapping must map full_name, or first_name and last_name.',
  saml_connection_no_nested_keys_in_attribute_mapping:
    'attribute_mapping holds attribute names as strings: no nested values.',
  saml_connection_attribute_mapping_missing_groups_key:
    'Group role assignments need a groups key in attribute_mapping.',
  saml_connection_metadata_invalid_format: 'The metadata lacks something that a connection needs.',
  invalid_saml_metadata_url: 'The metadata could not be read from this address.',
  invalid_xml_from_saml_metadata_url: 'What metadata_url answers is not SAML metadata.',
  saml_signing_private_key_invalid: 'signing_private_key is not usable.',
  saml_signing_private_key_format_not_supported:
    'signing_private_key must be a PKCS#1 or PKCS#8 RSA key in PEM form.',
  private_key_too_long: 'A private key may take at most 10,000 characters.',
  client_secret_too_long: 'client_secret may have at most 2,048 characters.',
  oidc_connection_issuer_required: 'issuer cannot be empty.',
  oidc_connection_client_id_required: 'client_id cannot be empty.',
  oidc_connection_authorization_url_required: 'authorization_url cannot be empty.',
  oidc_connection_token_url_required: 'token_url cannot be empty.',
  oidc_connection_jwks_url_required: 'jwks_url cannot be empty.',
  oidc_connection_issuer_url_invalid_format: 'issuer is not usable.',
  oidc_connection_authorization_url_invalid_format: 'authorization_url must be an https address.',
  oidc_connection_token_url_invalid_format: 'token_url must be an https address.',
  oidc_connection_userinfo_url_invalid_format: 'userinfo_url must be an https address.',
  oidc_connection_jwks_url_invalid_format: 'jwks_url must be an https address.',
  sso_connection_organization_mismatch: 'The connection belongs to another organization.',
  // start
  public_token_required: 'public_token is required.',
  missing_sso_connection_locator: 'One of connection_id and organization_id is required.',
  too_many_sso_connection_locators: 'Only one of connection_id and organization_id may be given.',
  no_sso_connection_exists_for_organization: 'The organization has no active SSO connection.',
  indeterminate_sso_connection_for_organization:
    'The organization has several active SSO connections and no default one: pass connection_id.',
  no_match_for_provided_sso_url: 'The redirect URL is not registered with this project.',
  query_params_do_not_match:
    'The redirect URL is registered with another query: query parameters must match exactly.',
  invalid_login_sso_url: 'login_redirect_url is not registered with the type LOGIN.',
  invalid_signup_sso_url: 'signup_redirect_url is not registered with the type SIGNUP.',
  no_login_redirect_urls_set: 'This project has no redirect URL of the type LOGIN.',
  no_default_login_redirect_url_set: 'This project has no default redirect URL of the type LOGIN.',
  no_signup_redirect_urls_set: 'This project has no redirect URL of the type SIGNUP.',
  no_default_signup_redirect_url_set:
    'This project has no default redirect URL of the type SIGNUP.',
  oidc_prompt_none_must_be_exclusive: 'prompt=none cannot be combined with another prompt.',
  // redirect URLs
  duplicate_redirect_url: 'This redirect URL is already registered.',
  invalid_redirect_url_type:
    'A redirect URL type is one of LOGIN, SIGNUP, INVITE, RESET_PASSWORD, DISCOVERY.',
  redirect_url_must_use_https:
    'The redirect URL must use https; plain http is for loopback and *.localhost in test projects.',
  redirect_url_cannot_use_protocol: 'The redirect URL cannot use this scheme.',
  no_wildcards_in_live_redirect_url: 'A live project cannot have a wildcard in a redirect URL.',
  redirect_url_with_wildcard_cannot_be_default:
    'A redirect URL with a wildcard cannot be a default.',
  invalid_url: 'The URL is not valid.',
} as const

export const samlCallback = {
  missing_saml_response: 'The identity provider sent no SAMLResponse.',
  invalid_xml_saml_response: 'The SAMLResponse is not well-formed XML.',
  invalid_saml_response: 'The SAMLResponse is not valid.',
  xml_validation_saml_unknown_error:
    'The SAMLResponse does not have the form that SAML prescribes.',
  failed_saml_response: 'The identity provider did not sign the member in.',
  missing_signature_saml_response: 'The SAMLResponse is not signed.',
  invalid_signature_saml_response: 'The signature of the SAMLResponse is not valid.',
  saml_certificate_mismatch:
    'The SAMLResponse was signed with a certificate that is not registered with this connection.',
  invalid_audience_saml_response: 'The SAMLResponse was made for somebody else.',
  expired_saml_response: 'The SAMLResponse has expired.',
  not_yet_valid_saml_response: 'The SAMLResponse is not valid yet.',
  duplicate_saml_response: 'This SAMLResponse has been used before.',
  unsolicited_saml_response: 'The SAMLResponse does not answer a login that was started here.',
  saml_idp_initiated_auth_disabled:
    'This connection does not accept logins that start at the identity provider.',
  missing_saml_relay_state: 'The identity provider sent no RelayState.',
  missing_saml_csrf_cookie:
    'The browser did not send the cookie that was set when the login began.',
  saml_csrf_cookie_mismatch: 'This login was started in another browser.',
  invalid_saml_response_email: 'The SAMLResponse holds no usable e-mail address.',
  invalid_saml_response_groups: 'The groups of the SAMLResponse could not be read.',
  saml_group_role_assignment_does_not_contain_member_group:
    'None of the groups of the member is assigned a role.',
} as const

export const oidcCallback = {
  oidc_invalid_callback_request: 'The identity provider did not complete the login.',
  missing_oidc_state_param: 'The identity provider sent no state.',
  missing_oidc_csrf_cookie:
    'The browser did not send the cookie that was set when the login began.',
  oidc_csrf_cookie_mismatch: 'This login was started in another browser.',
  unsolicited_oidc_response: 'The answer does not belong to a login that was started here.',
  expired_oidc_response: 'The login took too long or the ID token has expired.',
  oidc_auth_code_error: 'The identity provider did not exchange the authorization code.',
  oidc_invalid_userinfo:
    'The userinfo endpoint of the identity provider did not answer as it must.',
  oidc_response_subject_missing: 'The ID token holds no subject.',
  oidc_response_subject_mismatch: 'The userinfo answer is about somebody else.',
  oidc_response_email_missing: 'The identity provider sent no e-mail address.',
  oidc_response_name_missing: 'The identity provider sent no name.',
  oidc_response_unverified_email:
    'The identity provider says that the e-mail address is not verified.',
  oidc_user_not_assigned_to_app_in_idp:
    'The identity provider says that this person is not assigned to the application.',
} as const

export const policy = {
  action_available_only_for_active_members: 'This can be done only for an active member.',
  member_session_member_id_mismatch: 'The session belongs to another member.',
  invalid_connection_for_jit_provisioning:
    'The organization does not let this connection create members.',
  email_jit_provisioning_not_allowed:
    'The organization does not create members when they first sign in.',
  invalid_email_for_jit_provisioning:
    'The domain of this e-mail address is not one that the organization accepts.',
  operation_restricted_by_organization_auth_methods:
    'The organization does not allow SSO as a login method.',
  operation_restricted_by_organization_mfa_methods:
    'The organization does not allow this second factor.',
} as const
