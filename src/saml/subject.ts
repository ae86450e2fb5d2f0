import { CheckList, SAMLError } from './checks.ts'
import { formatDuration, parseInstant } from './instants.ts'
import { ASSERTION } from './namespaces.ts'
import {
  ACS_FIX,
  clockFix,
  type DatedProfile,
  type Profile,
  TIME_FORMAT_FIX,
  WEB_SSO_FIX,
} from './profile.ts'
import { attributeValue, childrenNamed, textContent, trimXML, type XMLElement } from './xml-tree.ts'

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer'
const MAX_NAME_ID = 1024

/** The NameID of the Subject: text only, not empty (Core 2.4.1). */
export function readNameID(
  assertion: XMLElement,
  checks: CheckList,
): { name_id: string; name_id_format: string } {
  const subject = childrenNamed(assertion, ASSERTION, 'Subject')[0]!
  const nameIDs = childrenNamed(subject, ASSERTION, 'NameID')
  const [element] = nameIDs
  const text = element === undefined || nameIDs.length > 1 ? null : textContent(element)
  const name_id = text === null ? '' : trimXML(text)
  if (element === undefined || name_id === '' || name_id.length > MAX_NAME_ID) {
    const encrypted = childrenNamed(subject, ASSERTION, 'EncryptedID').length > 0
    return checks.fail('name_id', {
      error_type: 'invalid_saml_response',
      message: encrypted
        ? 'The NameID is encrypted, which is not supported.'
        : 'The Assertion does not name the person who signed in (NameID).',
      expected: `one NameID with 1 to ${MAX_NAME_ID} characters of text`,
      actual: encrypted
        ? 'an EncryptedID'
        : name_id === ''
          ? 'none'
          : `${name_id.length} characters`,
      fix: {
        who: 'it_admin',
        what: 'In the identity provider, send the e-mail address or user id of the person as NameID (Name ID, subject), unencrypted, and check that this person has one.',
      },
    })
  }
  const name_id_format = attributeValue(element, 'Format') ?? ''
  checks.pass('name_id', { actual: name_id })
  return { name_id, name_id_format }
}

/** The bearer confirmation that a Subject was accepted by. */
export type Confirmation = {
  recipient: string
  not_on_or_after: number
  in_response_to: string | null
}

/**
 * At least one bearer SubjectConfirmation must hold in full: Recipient, times, InResponseTo. Other
 * methods are ignored. Where none holds, the first says why (Profiles 4.1.4.2).
 */
export function checkConfirmation(assertion: XMLElement, profile: DatedProfile): Confirmation {
  const { checks } = profile
  const subject = childrenNamed(assertion, ASSERTION, 'Subject')[0]!
  const all = childrenNamed(subject, ASSERTION, 'SubjectConfirmation')
  const bearers = all.filter((one) => attributeValue(one, 'Method') === BEARER)
  if (bearers.length === 0) {
    return checks.fail('subject_confirmation', {
      error_type: 'invalid_saml_response',
      message: 'The Assertion may not be used by the browser that brought it (no bearer).',
      expected: BEARER,
      actual: all.map((one) => attributeValue(one, 'Method') ?? 'none').join(' ') || 'none',
      fix: WEB_SSO_FIX,
    })
  }
  checks.pass('subject_confirmation', { actual: BEARER })
  let first: SAMLError | null = null
  for (const bearer of bearers) {
    const attempt = new CheckList()
    try {
      const confirmation = checkBearer(bearer, profile, attempt)
      checks.checks.push(...attempt.checks)
      return confirmation
    } catch (error) {
      if (!(error instanceof SAMLError)) throw error
      first ??= error
    }
  }
  checks.checks.push(...first!.checks)
  throw new SAMLError(first!.error_type, first!.message, checks.checks)
}

function checkBearer(bearer: XMLElement, profile: DatedProfile, checks: CheckList): Confirmation {
  const found = childrenNamed(bearer, ASSERTION, 'SubjectConfirmationData')
  const data = found.length === 1 ? found[0]! : null
  const { acs_urls } = profile.settings
  const recipient = data === null ? null : attributeValue(data, 'Recipient')
  const expected = acs_urls.join(' or ')
  if (data === null || recipient === null || !acs_urls.includes(recipient)) {
    return checks.fail('recipient', {
      error_type: 'invalid_saml_response',
      message: 'The Assertion was made for another address (Recipient).',
      expected,
      actual: recipient ?? 'none',
      fix: ACS_FIX,
    })
  }
  checks.pass('recipient', { expected, actual: recipient })
  const not_on_or_after = checkTimes(data, profile, checks)
  const in_response_to = checkInResponseTo(data, profile, checks)
  return { recipient, not_on_or_after, in_response_to }
}

function checkTimes(data: XMLElement, profile: DatedProfile, checks: CheckList): number {
  const { now, skew } = profile
  const text = attributeValue(data, 'NotOnOrAfter')
  const end = text === null ? null : parseInstant(text)
  const notBefore = attributeValue(data, 'NotBefore')
  const expected = `NotOnOrAfter later than ${new Date(now - skew).toISOString()}, no NotBefore`
  const actual = notBefore === null ? (text ?? 'none') : `NotBefore ${notBefore}`
  if (end === null || notBefore !== null) {
    return checks.fail('confirmation_not_on_or_after', {
      error_type: 'invalid_saml_response',
      message: 'The bearer confirmation does not say how long it may be used.',
      expected,
      actual,
      fix: TIME_FORMAT_FIX,
    })
  }
  if (now >= end + skew) {
    checks.fail('confirmation_not_on_or_after', {
      error_type: 'expired_saml_response',
      message: `The bearer confirmation expired ${formatDuration(now - end)} ago.`,
      expected,
      actual,
      fix: clockFix(profile),
    })
  }
  checks.pass('confirmation_not_on_or_after', { expected, actual })
  return end
}

/** Both copies of InResponseTo must be the stored ID, or both be absent when there is none. */
function checkInResponseTo(
  data: XMLElement,
  { settings, in_response_to, response }: Profile,
  checks: CheckList,
): string | null {
  const inner = attributeValue(data, 'InResponseTo')
  const outer = attributeValue(response, 'InResponseTo')
  const actual =
    inner === outer ? (inner ?? 'none') : `${outer ?? 'none'}, signed ${inner ?? 'none'}`
  if (inner !== in_response_to || outer !== in_response_to) {
    checks.fail('in_response_to', {
      error_type: 'unsolicited_saml_response',
      message:
        in_response_to === null
          ? 'The Response answers a request that is not open in this browser.'
          : 'The Response does not answer the request that this login began with.',
      expected: in_response_to ?? 'none',
      actual,
      fix: {
        who: 'it_admin',
        what: 'Begin the login again at the application, in one browser, and do not use the Back button or a bookmark of the sign-in page. If it happens each time, the identity provider does not repeat the ID of the request (InResponseTo).',
      },
    })
  }
  if (in_response_to === null && settings.idp_initiated_auth_disabled) {
    checks.fail('in_response_to', {
      error_type: 'saml_idp_initiated_auth_disabled',
      message: 'Logins that begin at the identity provider are switched off for this connection.',
      expected: 'a login that began at the application',
      actual: 'a login that began at the identity provider',
      fix: {
        who: 'it_admin',
        what: 'Begin the login at the application. To allow the tile in the dashboard of the identity provider, switch on IdP-initiated login for this connection.',
      },
    })
  }
  checks.pass('in_response_to', { expected: in_response_to ?? 'none', actual })
  return in_response_to
}
