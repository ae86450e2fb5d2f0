import { checkAddressee } from './addressee.ts'
import { readAttributes, type SAMLAttribute } from './attributes.ts'
import type { CheckList } from './checks.ts'
import { checkConditions } from './conditions.ts'
import { formatDuration, formatInstant, parseInstant } from './instants.ts'
import { ASSERTION } from './namespaces.ts'
import {
  ACS_FIX,
  clockFix,
  type DatedProfile,
  type Profile,
  TIME_FORMAT_FIX,
  WEB_SSO_FIX,
} from './profile.ts'
import { checkConfirmation, readNameID } from './subject.ts'
import {
  attributeValue,
  childElements,
  childrenNamed,
  textContent,
  trimXML,
  type XMLElement,
} from './xml-tree.ts'

/** What the identity provider asserted; every field comes from signed bytes. */
export type SAMLIdentity = {
  issuer: string
  name_id: string
  /** '' when the NameID has no Format */
  name_id_format: string
  session_index: string | null
  attributes: readonly SAMLAttribute[]
  assertion_id: string
  in_response_to: string | null
  /** from this moment on the same assertion is refused as expired; keep its replay row until then */
  valid_until: Date
  session_not_on_or_after: Date | null
}

/** Settings may not allow more, so a replay row that is kept this much longer is kept long enough. */
export const MAX_SKEW_SECONDS = 300
const MAX_AGE = 10 * 60_000
const CHILDREN = new Set([
  'Issuer',
  'Signature',
  'Subject',
  'Conditions',
  'Advice',
  'AuthnStatement',
  'AuthzDecisionStatement',
  'AttributeStatement',
])

/** Checks a verified Assertion against the Web Browser SSO profile (Profiles 4.1.4.2, 4.1.4.3). */
export function readAssertion(assertion: XMLElement, profile: Profile): SAMLIdentity {
  const { checks } = profile
  checkVersions(assertion, profile)
  checkChildren(assertion, checks)
  const issuer = checkIssuers(assertion, profile)
  checkDestination(profile)
  const issued = checkIssueInstant(assertion, profile)
  const dated = { ...profile, issued }
  const { name_id, name_id_format } = readNameID(assertion, checks)
  const confirmation = checkConfirmation(assertion, dated)
  const { end: conditionsEnd, audiences } = checkConditions(assertion, dated)
  checkAddressee({ recipient: confirmation.recipient, audiences }, profile)
  const session = checkAuthnStatement(assertion, dated)
  const attributes = readAttributes(assertion, checks)
  const end = Math.min(confirmation.not_on_or_after, conditionsEnd, issued + MAX_AGE)
  return {
    issuer,
    name_id,
    name_id_format,
    ...session,
    attributes,
    assertion_id: attributeValue(assertion, 'ID')!,
    in_response_to: confirmation.in_response_to,
    valid_until: new Date(end + MAX_SKEW_SECONDS * 1000),
  }
}

function checkVersions(assertion: XMLElement, { response, checks }: Profile): void {
  for (const element of [response, assertion]) {
    const version = attributeValue(element, 'Version')
    if (version === '2.0') continue
    checks.fail('version', {
      error_type: 'invalid_saml_response',
      message: `The ${element.local} is not of SAML version 2.0.`,
      expected: '2.0',
      actual: version ?? 'none',
      fix: {
        who: 'it_admin',
        what: 'Set this application up in the identity provider as SAML 2.0.',
      },
    })
  }
  checks.pass('version', { actual: '2.0' })
}

function checkChildren(assertion: XMLElement, checks: CheckList): void {
  const children = childElements(assertion)
  const strange = children?.find(({ uri, local }) =>
    local === 'Signature' ? false : uri !== ASSERTION || !CHILDREN.has(local),
  )
  const twice = ['Issuer', 'Subject', 'Conditions'].find(
    (local) => childrenNamed(assertion, ASSERTION, local).length !== 1,
  )
  const problem =
    children === null
      ? 'text beside its elements'
      : strange !== undefined
        ? `an unexpected ${strange.local}`
        : twice !== undefined
          ? `not exactly one ${twice}`
          : null
  if (problem === null) {
    checks.pass('assertion_content')
    return
  }
  checks.fail('assertion_content', {
    error_type: 'invalid_saml_response',
    message: `The Assertion is not built as the sign-in profile asks: it has ${problem}.`,
    expected: 'one Issuer, one Subject, one Conditions, statements',
    actual: problem,
    fix: WEB_SSO_FIX,
  })
}

function checkIssuers(assertion: XMLElement, { settings, response, checks }: Profile): string {
  const expected = settings.idp_entity_id
  const own = childrenNamed(assertion, ASSERTION, 'Issuer')[0]!
  const outer = childrenNamed(response, ASSERTION, 'Issuer')[0]
  const found = [['issuer', own] as const, ...(outer ? [['response_issuer', outer] as const] : [])]
  for (const [name, element] of found) {
    const text = textContent(element)
    const actual = text === null ? 'markup instead of text' : trimXML(text)
    if (text !== null && actual === expected && expected !== '') {
      checks.pass(name, { expected, actual })
      continue
    }
    checks.fail(name, {
      error_type: 'invalid_saml_response',
      message: 'The message comes from another identity provider than this connection expects.',
      expected,
      actual: actual === '' ? 'none' : actual,
      fix: {
        who: 'it_admin',
        what: 'If this is your identity provider, set its entity ID (issuer) in this SSO connection to exactly what was found; a slash at the end, and upper and lower case, count.',
      },
    })
  }
  return expected
}

function checkDestination({ settings, response, response_signed, checks }: Profile): void {
  const destination = attributeValue(response, 'Destination')
  if (destination === null && !response_signed) {
    checks.skip('destination', 'the Response names none and is not signed itself')
    return
  }
  const expected = settings.acs_urls.join(' or ')
  if (destination !== null && settings.acs_urls.includes(destination)) {
    checks.pass('destination', { expected, actual: destination })
    return
  }
  checks.fail('destination', {
    error_type: 'invalid_saml_response',
    message: 'The Response was made for another address (Destination).',
    expected,
    actual: destination ?? 'none',
    fix: ACS_FIX,
  })
}

function checkIssueInstant(assertion: XMLElement, profile: Profile): number {
  const { now, skew, checks } = profile
  const text = attributeValue(assertion, 'IssueInstant') ?? ''
  const issued = parseInstant(text)
  const expected = `${formatInstant(new Date(now - MAX_AGE))} to ${formatInstant(new Date(now))} (UTC)`
  const details = { expected, actual: text === '' ? 'none' : text }
  if (issued === null) {
    return checks.fail('issue_instant', {
      ...details,
      error_type: 'invalid_saml_response',
      message: 'The Assertion does not say when it was issued.',
      fix: TIME_FORMAT_FIX,
    })
  }
  if (issued > now + skew) {
    checks.fail('issue_instant', {
      ...details,
      error_type: 'not_yet_valid_saml_response',
      message: `The Assertion was issued ${formatDuration(issued - now)} in the future.`,
      fix: clockFix({ ...profile, issued }),
    })
  }
  if (issued < now - skew - MAX_AGE) {
    checks.fail('issue_instant', {
      ...details,
      error_type: 'expired_saml_response',
      message: `The Assertion was issued ${formatDuration(now - issued)} ago.`,
      fix: clockFix({ ...profile, issued }),
    })
  }
  checks.pass('issue_instant', details)
  return issued
}

function checkAuthnStatement(
  assertion: XMLElement,
  profile: DatedProfile,
): { session_index: string | null; session_not_on_or_after: Date | null } {
  const { now, checks } = profile
  const statements = childrenNamed(assertion, ASSERTION, 'AuthnStatement')
  const [first] = statements
  if (first === undefined) {
    return checks.fail('authn_statement', {
      error_type: 'invalid_saml_response',
      message: 'The Assertion does not say that anybody has signed in.',
      expected: 'an AuthnStatement',
      actual: 'none',
      fix: WEB_SSO_FIX,
    })
  }
  checks.pass('authn_statement')
  let end: number | null = null
  for (const statement of statements) {
    const text = attributeValue(statement, 'SessionNotOnOrAfter')
    if (text === null) continue
    const time = parseInstant(text)
    if (time === null || time <= now) {
      const parsed = time !== null
      return checks.fail('session_not_on_or_after', {
        error_type: parsed ? 'expired_saml_response' : 'invalid_saml_response',
        message: parsed
          ? 'The session at the identity provider has ended already.'
          : 'The end of the session at the identity provider is not a time.',
        expected: `a time later than ${formatInstant(new Date(now))}`,
        actual: text,
        fix: parsed ? clockFix(profile) : TIME_FORMAT_FIX,
      })
    }
    end = end === null ? time : Math.min(end, time)
  }
  if (end !== null) {
    checks.pass('session_not_on_or_after', { actual: new Date(end).toISOString() })
  }
  return {
    session_index: attributeValue(first, 'SessionIndex'),
    session_not_on_or_after: end === null ? null : new Date(end),
  }
}
