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
 * Which `error_type` of the wire contract stands for what. The line is drawn where the bad data came
 * from: the browser's request, the token endpoint's answer, the userinfo endpoint's.
 *
 * | error_type                                       | when                                          |
 * |--------------------------------------------------|-----------------------------------------------|
 * | oidc_invalid_callback_request                    | repeated or unexpected parameters, neither    |
 * |                                                  | code nor error, `iss` wrong or missing, or    |
 * |                                                  | any `error=` but the next                     |
 * | oidc_user_not_assigned_to_app_in_idp             | an `error=` whose description says so         |
 * | missing_oidc_state_param                         | no `state`                                    |
 * | unsolicited_oidc_response                        | `state` or `nonce` belongs to another login   |
 * | oidc_auth_code_error                             | the exchange failed, or the ID token that it  |
 * |                                                  | gave is wrong: malformed, alg, key, signature,|
 * |                                                  | iss, aud, azp, at_hash, from the future       |
 * | expired_oidc_response                            | `exp` is past, or `iat` over ten minutes ago  |
 * | oidc_response_subject_missing                    | no usable `sub` in the ID token               |
 * | oidc_invalid_userinfo                            | userinfo unreachable, refused or malformed    |
 * | oidc_response_subject_mismatch                   | userinfo is about another `sub`               |
 * | oidc_response_email_missing                      | neither source has an e-mail address          |
 * | oidc_response_name_missing                       | neither source has a name                     |
 * | oidc_prompt_none_must_be_exclusive               | start: `prompt=none` beside other values      |
 * | oidc_connection_authorization_url_invalid_format | start: the stored URL cannot be used          |
 * | oidc_connection_issuer_url_invalid_format        | saving: the issuer cannot be one              |
 * | oidc_discovery_failed                            | saving: not on the wire, the API answers it   |
 * |                                                  | as `warning`                                  |
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
  readonly checks: readonly Check[]

  constructor(error_type: OIDCErrorType, message: string, checks: readonly Check[] = []) {
    super(message)
    this.name = 'OIDCError'
    this.error_type = error_type
    this.checks = checks
  }
}

/** A check with the verdict still open, and the refusal that follows where it does not hold. */
export type Rule = Omit<Check, 'verdict'> & {
  holds: boolean
  error_type: OIDCErrorType
  message: string
  fix: Fix
}

/** The checks of one login as they are made. */
export class Trail {
  readonly checks: Check[] = []

  /** Records a check that passed. */
  pass(name: string, expected?: string, actual?: string): void {
    this.checks.push({ name, verdict: 'pass', ...present({ expected, actual }) })
  }

  /** Records a check that did not apply, and why. */
  skip(name: string, actual: string): void {
    this.checks.push({ name, verdict: 'skip', actual })
  }

  /** Records a check that failed without ending the login. */
  fail(check: Omit<Check, 'verdict'>): void {
    this.checks.push({ verdict: 'fail', ...check })
  }

  /** Records the check that ends the login and gives the error to throw. */
  refusal(error_type: OIDCErrorType, message: string, check: Omit<Check, 'verdict'>): OIDCError {
    this.fail(check)
    return new OIDCError(error_type, message, this.checks)
  }

  /** Records the check; throws its refusal where it does not hold. */
  require({ holds, error_type, message, fix, name, expected, actual }: Rule): void {
    if (!holds) {
      throw this.refusal(error_type, message, { name, ...present({ expected, actual }), fix })
    }
    this.pass(name, expected, actual)
  }
}

function present(fields: { expected: string | undefined; actual: string | undefined }) {
  return {
    ...(fields.expected === undefined ? {} : { expected: fields.expected }),
    ...(fields.actual === undefined ? {} : { actual: fields.actual }),
  }
}

/** A foreign value as text for a check: one line, at most 200 characters. */
export function shown(value: unknown): string {
  if (value === undefined) return 'absent'
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value)
  const line = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
  return line.length > 200 ? `${line.slice(0, 200)}...` : line
}
