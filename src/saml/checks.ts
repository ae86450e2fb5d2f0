/** One thing that was looked at while a message was verified, in the order in which it was looked at. */
export type Check = {
  name: string
  verdict: 'pass' | 'fail' | 'skip'
  expected?: string
  actual?: string
  fix?: Fix
}

/** Who must act on a failed check, and what to do, in words that this person understands. */
export type Fix = { who: 'it_admin' | 'developer' | 'operator'; what: string }

/** The wire's error types that this folder can end with; each failed check has exactly one. */
export type SAMLErrorType =
  | 'missing_saml_response'
  | 'invalid_xml_saml_response'
  | 'xml_validation_saml_unknown_error'
  | 'invalid_saml_response'
  | 'failed_saml_response'
  | 'missing_signature_saml_response'
  | 'invalid_signature_saml_response'
  | 'saml_certificate_mismatch'
  | 'invalid_audience_saml_response'
  | 'expired_saml_response'
  | 'not_yet_valid_saml_response'
  | 'unsolicited_saml_response'
  | 'saml_idp_initiated_auth_disabled'
  | 'invalid_xml_from_saml_metadata_url'
  | 'saml_connection_metadata_invalid_format'
  | 'invalid_x509_certificate'

/** A refusal: the reason in plain words, its error type, and all checks up to the one that failed. */
export class SAMLError extends Error {
  readonly error_type: SAMLErrorType
  readonly checks: readonly Check[]

  constructor(error_type: SAMLErrorType, message: string, checks: readonly Check[] = []) {
    super(message)
    this.name = 'SAMLError'
    this.error_type = error_type
    this.checks = checks
  }
}

/** Why a check failed: the wire's error type, a sentence for people, and who can mend it how. */
export type Failure = {
  error_type: SAMLErrorType
  message: string
  expected?: string
  actual?: string
  fix: Fix
}

/** Collects the checks of one message in order; the first that fails ends it by throwing. */
export class CheckList {
  readonly checks: Check[] = []

  pass(name: string, details: Details = {}): void {
    this.checks.push(quoted({ name, verdict: 'pass' }, details))
  }

  skip(name: string, actual: string): void {
    this.checks.push(quoted({ name, verdict: 'skip' }, { actual }))
  }

  fail(name: string, failure: Failure): never {
    const { error_type, message, fix } = failure
    this.checks.push(quoted({ name, verdict: 'fail', fix }, failure))
    throw new SAMLError(error_type, printable(message, MAX_MESSAGE), this.checks)
  }
}

type Details = { expected?: string; actual?: string }

function quoted(check: Check, { expected, actual }: Details): Check {
  if (expected !== undefined) check.expected = printable(expected, MAX_EXPECTED)
  if (actual !== undefined) check.actual = printable(actual)
  return check
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
const MAX_PRINTED = 200
// what is expected is the connection's own: five fingerprints, or two addresses
const MAX_EXPECTED = 500
const MAX_MESSAGE = 400

/** Text from outside, fit to be shown: no control or direction characters, and short. */
export function printable(text: string, length: number = MAX_PRINTED): string {
  const short = text.length > 4 * length ? text.slice(0, 4 * length) : text
  const clean = /^[\x20-\x7e]*$/.test(short) ? short : short.replace(UNPRINTABLE, '')
  return clean.length > length ? `${clean.slice(0, length - 1)}…` : clean
}
