import type { CheckList, Fix } from './checks.ts'
import { formatDuration, formatInstant } from './instants.ts'
import type { XMLElement } from './xml-tree.ts'

/** What an assertion is checked against; times are in milliseconds. */
export type Profile = {
  settings: {
    idp_entity_id: string
    acs_urls: readonly string[]
    audiences: readonly string[]
    idp_initiated_auth_disabled: boolean
  }
  in_response_to: string | null
  /** when the request left; it only helps to tell what is wrong with a clock */
  requested_at: number | null
  now: number
  skew: number
  /** the Response around the assertion; what it says may only tighten a decision */
  response: XMLElement
  response_signed: boolean
  checks: CheckList
}

/** The same, once it is known when the Assertion was issued. */
export type DatedProfile = Profile & { issued: number }

export const ACS_FIX = {
  who: 'it_admin',
  what: 'In the identity provider, set the ACS URL of this application (also called reply URL, single sign-on URL, recipient or destination) to exactly the address shown as expected.',
} as const

export const TIME_FORMAT_FIX = {
  who: 'it_admin',
  what: 'The identity provider must write times in UTC, as 2026-01-31T12:00:00Z. Remove a custom template or rule that changes them.',
} as const

/**
 * Who must act where a time does not fit, told by when the Assertion was `issued`: a clock that is ahead, one that
 * is behind (it dates an answer before its question), or an answer that took too long.
 */
export function clockFix({ issued, now, skew, requested_at }: DatedProfile): Fix {
  const dated = `it dated this answer ${formatInstant(new Date(issued))}`
  const otherwise =
    'Synchronise it (NTP); if it is right, the operator of this server must correct the clock here.'
  if (issued > now + skew) {
    const what = `The clock of the identity provider is about ${formatDuration(issued - now)} ahead: ${dated}, when it was ${formatInstant(new Date(now))} here. ${otherwise}`
    return { who: 'it_admin', what }
  }
  if (requested_at !== null && issued < requested_at - skew) {
    const what = `The clock of the identity provider is about ${formatDuration(requested_at - issued)} behind: ${dated}, but was asked at ${formatInstant(new Date(requested_at))}. ${otherwise}`
    return { who: 'it_admin', what }
  }
  return {
    who: 'it_admin',
    what: 'Log in again, without the Back button or a page that was left open. If it happens each time, the clock of the identity provider or of this server is wrong: synchronise it (NTP).',
  }
}

export const WEB_SSO_FIX = {
  who: 'it_admin',
  what: 'Set this application up in the identity provider as an ordinary SAML 2.0 web single sign-on application, without a template for another protocol or purpose.',
} as const
