// oidc/ is the OpenID Connect relying party: settings, `now` and `fetch` in; an identity and the
// checks that led to it out. It knows no database, no clock, no log and no other folder.

/** Who must act on a failed check, and what they do, in plain words. */
export type Fix = { who: 'it_admin' | 'developer' | 'operator'; what: string }

/** One step of the verification, as the login trace, the error page and the API show it. */
export type Check = {
  name: string
  verdict: 'pass' | 'fail' | 'skip'
  expected?: string
  actual?: string
  fix?: Fix
}

/**
 * Which `error_type` of the wire contract stands for what.
 *
 * | error_type                                  | when                                                         |
 * |---------------------------------------------|--------------------------------------------------------------|
 * | oidc_invalid_callback_request               | the browser's request: repeated, oversized or unexpected     |
 * |                                             | parameters, neither code nor error, `iss` wrong or missing   |
 * | missing_oidc_state_param                    | no `state`                                                   |
 * | unsolicited_oidc_response                   | `state` or `nonce` belongs to another login                  |
 * | oidc_user_not_assigned_to_app_in_idp        | `error=` whose description says so (Okta, Entra)             |
 * | oidc_auth_code_error                        | any other `error=`, a failed exchange, and everything that   |
 * |                                             | is wrong with the ID token itself (key, signature, alg, iss, |
 * |                                             | aud, azp, at_hash, issued in the future)                     |
 * | expired_oidc_response                       | `exp` passed, or `iat` more than ten minutes ago             |
 * | oidc_response_subject_missing               | no `sub` in the ID token                                     |
 * | oidc_invalid_userinfo                       | userinfo unreachable, malformed or refused                   |
 * | oidc_response_subject_mismatch              | userinfo answers for another `sub`                           |
 * | oidc_response_email_missing                 | neither ID token nor userinfo has an e-mail address          |
 * | oidc_response_name_missing                  | neither has a name                                           |
 * | oidc_prompt_none_must_be_exclusive          | start: `prompt=none` with other values                       |
 * | oidc_connection_issuer_url_invalid_format   | saving: the issuer cannot be one                             |
 * | oidc_connection_authorization_url_invalid_format | start: the stored URL is no http(s) URL                 |
 * | oidc_discovery_failed                       | saving: not on the wire, the caller answers it as `warning`  |
 *
 * `email_verified: false` is no error here: the identity says it and the caller decides.
 */
export type OIDCErrorType =
  | 'oidc_invalid_callback_request'
  | 'missing_oidc_state_param'
  | 'unsolicited_oidc_response'
  | 'oidc_user_not_assigned_to_app_in_idp'
  | 'oidc_auth_code_error'
  | 'expired_oidc_response'
  | 'oidc_response_subject_missing'
  | 'oidc_invalid_userinfo'
  | 'oidc_response_subject_mismatch'
  | 'oidc_response_email_missing'
  | 'oidc_response_name_missing'
  | 'oidc_prompt_none_must_be_exclusive'
  | 'oidc_connection_issuer_url_invalid_format'
  | 'oidc_connection_authorization_url_invalid_format'
  | 'oidc_discovery_failed'

/** A refusal: its `error_type`, a sentence without secrets, and the checks up to the failed one. */
export class OIDCError extends Error {
  readonly error_type: OIDCErrorType
  readonly checks: Check[]

  constructor(error_type: OIDCErrorType, message: string, checks: Check[] = []) {
    super(message)
    this.name = 'OIDCError'
    this.error_type = error_type
    this.checks = checks
  }
}
