import type { Fetch, OIDCProvider } from './settings.ts'

export type Discovery = {
  issuer: string
  authorization_url: string
  token_url: string
  /** empty where the provider has none */
  userinfo_url: string
  jwks_url: string
  provider: OIDCProvider
}

/** Throws OIDCError oidc_connection_issuer_url_invalid_format, saying what to enter instead. */
export declare function validateIssuer(issuer: string): void

/**
 * Reads `{issuer}/.well-known/openid-configuration`. Throws OIDCError:
 * oidc_connection_issuer_url_invalid_format, or oidc_discovery_failed with a sentence for the
 * `warning` of the API.
 */
export declare function discover(input: { issuer: string; fetch: Fetch }): Promise<Discovery>
