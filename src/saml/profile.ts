import type { CheckList } from './checks.ts'
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
  now: number
  skew: number
  /** the Response around the assertion; what it says may only tighten a decision */
  response: XMLElement
  response_signed: boolean
  checks: CheckList
}

export const ACS_FIX = {
  who: 'it_admin',
  what: 'In the identity provider, set the ACS URL of this application (also called reply URL, single sign-on URL, recipient or destination) to exactly the address shown as expected.',
} as const

export const TIME_FORMAT_FIX = {
  who: 'it_admin',
  what: 'The identity provider must write times in UTC, as 2026-01-31T12:00:00Z. Remove a custom template or rule that changes them.',
} as const

export const CLOCK_FIX = {
  who: 'it_admin',
  what: 'Log in again. If it happens each time, the clock of the identity provider or of this server is wrong: synchronise it (NTP).',
} as const

export const WEB_SSO_FIX = {
  who: 'it_admin',
  what: 'Set this application up in the identity provider as an ordinary SAML 2.0 web single sign-on application, without a template for another protocol or purpose.',
} as const
