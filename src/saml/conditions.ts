import type { CheckList } from './checks.ts'
import { formatDuration, parseInstant } from './instants.ts'
import { ASSERTION } from './namespaces.ts'
import { clockFix, type DatedProfile, type Profile, TIME_FORMAT_FIX } from './profile.ts'
import {
  attributeValue,
  childElements,
  childrenNamed,
  textContent,
  trimXML,
  type XMLElement,
} from './xml-tree.ts'

const UNDERSTOOD = new Set(['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'])

/** Checks the one Conditions element (Core 2.5); returns its NotOnOrAfter in milliseconds and its Audiences. */
export function checkConditions(
  assertion: XMLElement,
  profile: DatedProfile,
): { end: number; audiences: (string | null)[][] } {
  const conditions = childrenNamed(assertion, ASSERTION, 'Conditions')[0]!
  const end = checkWindow(conditions, profile)
  checkKnown(conditions, profile.checks)
  return { end, audiences: checkAudience(conditions, profile) }
}

function checkWindow(conditions: XMLElement, profile: DatedProfile): number {
  const { now, skew, checks } = profile
  const fromText = attributeValue(conditions, 'NotBefore')
  const endText = attributeValue(conditions, 'NotOnOrAfter')
  const from = fromText === null ? Number.NEGATIVE_INFINITY : parseInstant(fromText)
  const end = endText === null ? null : parseInstant(endText)
  const expected = `a window that includes ${new Date(now).toISOString()}`
  const actual = `${fromText ?? 'any time'} to ${endText ?? 'any time'}`
  if (from === null || end === null) {
    return checks.fail('conditions', {
      error_type: 'invalid_saml_response',
      message: 'The Assertion does not say from when and until when it is valid.',
      expected,
      actual,
      fix: TIME_FORMAT_FIX,
    })
  }
  if (now < from - skew) {
    checks.fail('conditions', {
      error_type: 'not_yet_valid_saml_response',
      message: `The Assertion becomes valid in ${formatDuration(from - now)}.`,
      expected,
      actual,
      fix: clockFix(profile),
    })
  }
  if (now >= end + skew) {
    checks.fail('conditions', {
      error_type: 'expired_saml_response',
      message: `The Assertion expired ${formatDuration(now - end)} ago.`,
      expected,
      actual,
      fix: clockFix(profile),
    })
  }
  checks.pass('conditions', { expected, actual })
  return end
}

// A condition that is not understood makes the assertion indeterminate (Core 2.5.1.1).
function checkKnown(conditions: XMLElement, checks: CheckList): void {
  const children = childElements(conditions)
  const unknown = children?.find(({ uri, local }) => uri !== ASSERTION || !UNDERSTOOD.has(local))
  if (children !== null && unknown === undefined) {
    checks.pass('known_conditions')
    return
  }
  checks.fail('known_conditions', {
    error_type: 'invalid_saml_response',
    message: 'The Assertion carries a condition that this server does not know.',
    expected: [...UNDERSTOOD].join(', '),
    actual: unknown?.local ?? 'text',
    fix: {
      who: 'it_admin',
      what: 'Remove the custom condition from the assertions for this application in the identity provider.',
    },
  })
}

/** There is an AudienceRestriction, and each one names us (Core 2.5.1.4); returns the Audiences of each. */
function checkAudience(conditions: XMLElement, { settings, checks }: Profile): (string | null)[][] {
  const restrictions = childrenNamed(conditions, ASSERTION, 'AudienceRestriction')
  const lists = restrictions.map((restriction) =>
    childrenNamed(restriction, ASSERTION, 'Audience').map((audience) => {
      const text = textContent(audience)
      return text === null ? null : trimXML(text)
    }),
  )
  const names = (list: (string | null)[]) =>
    list.some((audience) => audience !== null && settings.audiences.includes(audience))
  const expected = settings.audiences.join(' or ')
  const actual = lists.map((list) => list.map((one) => one ?? 'markup').join(', ')).join(' and ')
  if (lists.length > 0 && lists.every(names)) {
    checks.pass('audience', { expected, actual })
    return lists
  }
  return checks.fail('audience', {
    error_type: 'invalid_audience_saml_response',
    message: 'The Assertion was made for another application (Audience).',
    expected,
    actual: actual === '' ? 'none' : actual,
    fix: {
      who: 'it_admin',
      what: 'In the identity provider, set the entity ID of this application (also called audience, audience URI, SP entity ID or identifier) to exactly the value shown as expected.',
    },
  })
}
