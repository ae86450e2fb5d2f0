import * as oauth from 'oauth4webapi'
import { allowedAlgorithms } from './algorithms.ts'
import { Trail } from './checks.ts'
import type { JWKSCache } from './jwks.ts'
import type { Fetch, OIDCSettings } from './settings.ts'

export type CallbackInput = {
  settings: OIDCSettings
  parameters: URLSearchParams
  expected: { state: string; nonce: string; code_verifier: string; redirect_uri: string }
  /** what was asked for at start */
  scopes: string[]
  now: Date
  fetch: Fetch
  keys: JWKSCache
  /** Where the caller reads e-mail address or name from other claims, those two may be absent here. */
  mapped?: { email: boolean; name: boolean }
  /** Told what the provider says as soon as it is read, verified or not: for the caller to show. */
  onRead?: (what: 'id_token' | 'userinfo', content: unknown) => void
}

/** One login under verification: the input, its trail, and both sides as the library wants them. */
export type Login = CallbackInput & {
  trail: Trail
  as: oauth.AuthorizationServer
  client: oauth.Client
}

// The library's own tolerance for exp and nbf; id-token-claims.ts is stricter where it matters.
const LIBRARY_TOLERANCE_SECONDS = 300

/** Begins the verification of a login. Settings and `now` decide, never the clock or discovery. */
export function beginLogin(input: CallbackInput): Login {
  const { settings, now } = input
  const clockSkew = Math.floor(now.getTime() / 1000) - Math.floor(Date.now() / 1000)
  return {
    ...input,
    trail: new Trail(),
    as: {
      issuer: settings.issuer,
      token_endpoint: settings.token_url,
      userinfo_endpoint: settings.userinfo_url,
      jwks_uri: settings.jwks_url,
      authorization_response_iss_parameter_supported:
        settings.provider?.authorization_response_iss_parameter_supported === true,
      id_token_signing_alg_values_supported: [...allowedAlgorithms],
      userinfo_signing_alg_values_supported: [...allowedAlgorithms],
    },
    client: {
      client_id: settings.client_id,
      [oauth.clockSkew]: clockSkew,
      [oauth.clockTolerance]: LIBRARY_TOLERANCE_SECONDS,
    },
  }
}

/** How the library sends: by the caller's `fetch`, which alone decides on plain http. */
export function sendBy(fetch: Fetch) {
  return {
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: fetch as (
      url: string,
      init: oauth.CustomFetchOptions<string, unknown>,
    ) => Promise<Response>,
  }
}
