import type { Check } from './checks.ts'
import type { JWKSCache } from './jwks.ts'
import type { Fetch, OIDCSettings } from './settings.ts'

export type Identity = {
  issuer: string
  subject: string
  email: string
  /** null: the provider does not say */
  email_verified: boolean | null
  name: string
  given_name: string
  family_name: string
  /** userinfo and ID token merged, the ID token winning; has no prototype */
  claims: Record<string, unknown>
  id_token: string
  access_token: string
  refresh_token?: string
  /** seconds from now, if the provider says */
  expires_in?: number
  /** granted, or the requested ones where the provider does not say */
  scopes: string[]
}

export type CallbackInput = {
  settings: OIDCSettings
  parameters: URLSearchParams
  expected: { state: string; nonce: string; code_verifier: string; redirect_uri: string }
  /** what was asked for at start */
  scopes: string[]
  now: Date
  fetch: Fetch
  keys: JWKSCache
}

/**
 * The `state` of a callback, by which the caller finds the login. Throws OIDCError
 * missing_oidc_state_param, or oidc_invalid_callback_request where it is there twice.
 */
export declare function callbackState(parameters: URLSearchParams): string

/**
 * Verifies the answer of the provider to a login (OpenID Connect Core, sections 3.1.2.5 to 3.1.3.7,
 * RFC 9207): exchanges the code, checks the ID token and reads userinfo. Every check made is
 * returned in order; a failed one throws OIDCError with those up to it.
 */
export declare function verifyCallback(
  input: CallbackInput,
): Promise<{ identity: Identity; checks: Check[] }>
