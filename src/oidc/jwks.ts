/** The keys of one connection, kept by the caller from login to login. Make one with `createJWKSCache`. */
export type JWKSCache = {
  jwks_url: string
  keys: JSONWebKey[] | null
  /** milliseconds since 1970, as all times here */
  fetched_at: number
  failed_at: number | null
  tried_at: number
  unknown_kid_at: number
  pending: Promise<JSONWebKey[]> | null
}

export type JSONWebKey = { kty: string; kid?: string; use?: string; alg?: string; crv?: string }

/** An empty cache. It holds one connection's keys; a changed `jwks_url` empties it by itself. */
export function createJWKSCache(): JWKSCache {
  return {
    jwks_url: '',
    keys: null,
    fetched_at: 0,
    failed_at: null,
    tried_at: 0,
    unknown_kid_at: 0,
    pending: null,
  }
}
