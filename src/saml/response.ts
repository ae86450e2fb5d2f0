// The SAML protocol: bytes, settings and `now` go in; an identity and the checks come out.
// Nothing here reads a clock, a file, a socket or another folder of the server.
import type { KeyObject } from 'node:crypto'
import { type Check, SAMLError } from './checks.ts'

/** A certificate of the identity provider that the connection trusts, its public key already read. */
export type PinnedKey = { certificate_id: string; fingerprint: string; key: KeyObject }

/** What the connection says about the identity provider and about itself. */
export type ResponseSettings = {
  idp_entity_id: string
  /** acs_url, and alternative_acs_url if there is one */
  acs_urls: readonly string[]
  /** audience_uri, and alternative_audience_uri if there is one */
  audiences: readonly string[]
  keys: readonly PinnedKey[]
  idp_initiated_auth_disabled: boolean
  /** default 60, at most 300 */
  clock_skew_seconds?: number
}

/** Input of {@link verifyResponse}. */
export type ResponseInput = {
  /** the form field SAMLResponse, as it came */
  saml_response: string
  settings: ResponseSettings
  /** the ID of the AuthnRequest that this browser was sent away with; null when there is none */
  in_response_to: string | null
  now: Date
}

/** One <Attribute> element, in document order; the caller decides what several of one name mean. */
export type SAMLAttribute = {
  name: string
  name_format: string | null
  friendly_name: string | null
  values: readonly string[]
}

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
  /** the last moment at which the same assertion would still be accepted; keep its replay row until then */
  valid_until: Date
  session_not_on_or_after: Date | null
}

/**
 * Verifies a SAML Response that came by HTTP-POST. Returns the identity and every check made;
 * throws SAMLError with the checks so far, the last of which failed. Core 2.0, Profiles 4.1.4.
 */
export function verifyResponse(_input: ResponseInput): {
  identity: SAMLIdentity
  checks: readonly Check[]
} {
  throw new SAMLError('invalid_saml_response', 'not built yet')
}
