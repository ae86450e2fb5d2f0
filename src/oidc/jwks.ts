import { algorithmFits, type JOSEHeader } from './algorithms.ts'
import { shown } from './checks.ts'
import { AnswerError, fetchJSON, isObject } from './requests.ts'
import type { Fetch } from './settings.ts'

const FRESH_MS = 5 * 60_000
const COOLDOWN_MS = 60_000
const STALE_MS = 10 * 60_000
const MAX_BYTES = 64 * 1024
const MAX_KEYS = 50

export type JSONWebKey = {
  kty: string
  kid?: unknown
  use?: unknown
  alg?: unknown
  crv?: unknown
  key_ops?: unknown
}

/**
 * The keys of one connection, kept by the caller from login to login and opaque to it. Times are
 * milliseconds since 1970.
 */
export type JWKSCache = {
  jwks_url: string
  keys: JSONWebKey[] | null
  fetched_at: number
  tried_at: number
  /** the first failure since the last success */
  failed_at: number | null
  unknown_kid_at: number
  pending: Promise<void> | null
}

/** An empty cache for one connection; it empties itself when the connection's `jwks_url` changes. */
export function createJWKSCache(): JWKSCache {
  return {
    jwks_url: '',
    keys: null,
    fetched_at: Number.NEGATIVE_INFINITY,
    tried_at: Number.NEGATIVE_INFINITY,
    failed_at: null,
    unknown_kid_at: Number.NEGATIVE_INFINITY,
    pending: null,
  }
}

type KeyRequest = { jwks_url: string; header: JOSEHeader; now: Date; fetch: Fetch }

/**
 * The keys that can have signed a token with this header: normally one, none if the provider
 * publishes none, several if the token names no `kid`. Keys are fetched anew after five minutes,
 * and for an unknown `kid` at once, then not again for a minute. When a fetch fails, the keys that
 * are there serve for ten more minutes; after that, or without any, it rejects.
 */
export async function findKeys(cache: JWKSCache, request: KeyRequest): Promise<JSONWebKey[]> {
  if (cache.jwks_url !== request.jwks_url) {
    Object.assign(cache, createJWKSCache(), { jwks_url: request.jwks_url })
  }
  const now = request.now.getTime()
  const old = now - cache.fetched_at >= FRESH_MS && !restsAfterFailure(cache, now)
  if (old) {
    try {
      await refresh(cache, request)
    } catch (error) {
      if (!servesStale(cache, now)) throw error
    }
  }
  const found = matching(cache, request.header)
  const mayRefetch = cache.pending !== null || now - cache.unknown_kid_at >= COOLDOWN_MS
  if (found.length > 0 || old || !mayRefetch) return found
  cache.unknown_kid_at = now
  await refresh(cache, request)
  return matching(cache, request.header)
}

/** Which keys a provider publishes, for people: at most ten, by `kid` and algorithm. */
export function publishedKeys({ keys }: JWKSCache): string {
  const names = (keys ?? [])
    .slice(0, 10)
    .map(
      ({ kid, alg, kty }) =>
        `${kid === undefined ? 'no kid' : `kid ${shown(kid)}`} (${shown(alg ?? kty)})`,
    )
  return names.join(', ') || 'none'
}

function servesStale(cache: JWKSCache, now: number): boolean {
  return cache.keys !== null && cache.failed_at !== null && now - cache.failed_at <= STALE_MS
}

function restsAfterFailure(cache: JWKSCache, now: number): boolean {
  return servesStale(cache, now) && now - cache.tried_at < COOLDOWN_MS
}

function matching(cache: JWKSCache, header: JOSEHeader): JSONWebKey[] {
  return (cache.keys ?? []).filter(
    (key) =>
      (header.kid === undefined || key.kid === header.kid) &&
      (key.use === undefined || key.use === 'sig') &&
      (key.key_ops === undefined ||
        (Array.isArray(key.key_ops) && key.key_ops.includes('verify'))) &&
      algorithmFits(header.alg, key),
  )
}

/** Fetches once for all that wait at the same time. */
function refresh(cache: JWKSCache, request: KeyRequest): Promise<void> {
  if (cache.pending !== null) return cache.pending
  const { jwks_url } = request
  const now = request.now.getTime()
  const current = () => cache.jwks_url === jwks_url
  cache.tried_at = now
  const pending = fetchKeys(request)
    .then(
      (keys) => {
        if (current()) Object.assign(cache, { keys, fetched_at: now, failed_at: null })
      },
      (error: unknown) => {
        if (current()) cache.failed_at ??= now
        throw error
      },
    )
    .finally(() => {
      if (cache.pending === pending) cache.pending = null
    })
  cache.pending = pending
  return pending
}

async function fetchKeys({ jwks_url, fetch }: KeyRequest): Promise<JSONWebKey[]> {
  const { keys } = await fetchJSON(fetch, jwks_url, MAX_BYTES)
  if (!Array.isArray(keys)) throw new AnswerError(`${jwks_url} holds no list of keys`)
  if (keys.length > MAX_KEYS) {
    throw new AnswerError(`${jwks_url} holds ${keys.length} keys, more than ${MAX_KEYS}`)
  }
  return keys.filter((key): key is JSONWebKey => isObject(key) && typeof key.kty === 'string')
}
