/** What a caller may say about a session: how long it lives and which claims it carries. */
import { z } from 'zod'
import { ApiError } from '../http/errors.ts'
import { JSONObject } from '../http/wire.ts'

/** `session_duration_minutes` in a request; `sessionDuration` looks at its range. */
export const SessionDurationMinutes = z.number({ error: 'invalid_session_duration_minutes' })

/** `session_custom_claims` in a request; `mergeClaims` looks into it. */
export const SessionCustomClaims = JSONObject

const defaultMinutes = 60
const minMinutes = 5
const maxMinutes = 527_040 // 366 days

/**
 * How many minutes a session lives: the given number or 60. Throws `invalid_session_duration_minutes`
 * for anything but a whole number from 5 to 527040.
 */
export function sessionDuration(minutes: number | undefined): number {
  if (minutes === undefined) return defaultMinutes
  if (!Number.isInteger(minutes) || minutes < minMinutes || minutes > maxMinutes)
    throw new ApiError('invalid_session_duration_minutes')
  return minutes
}

type Claims = Readonly<Record<string, unknown>>

const reserved = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])
const maxBytes = 4_096

/**
 * The custom claims of a session after a request: given ones over stored ones, key by key in nested
 * objects too, `null` deletes a key, no claims or an empty object change nothing. Throws
 * `reserved_claims_in_custom_claims`, `stytch_claims_in_custom_claims`, and `custom_claims_too_large`
 * where the result takes more than 4 KB.
 */
export function mergeClaims(stored: Claims, given: Claims | undefined): Record<string, unknown> {
  if (given === undefined || Object.keys(given).length === 0) return { ...stored }
  for (const name of Object.keys(given)) {
    if (reserved.has(name)) throw new ApiError('reserved_claims_in_custom_claims')
    if (/^https:\/\/stytch\.com(\/|$)/i.test(name))
      throw new ApiError('stytch_claims_in_custom_claims')
  }
  const merged = merge(stored, given)
  if (Buffer.byteLength(JSON.stringify(merged)) > maxBytes)
    throw new ApiError('custom_claims_too_large')
  return merged
}

function merge(stored: Claims, given: Claims): Record<string, unknown> {
  // A map, so that a key like "__proto__" is a key.
  const merged = new Map(Object.entries(stored))
  for (const [name, value] of Object.entries(given)) {
    if (value === null) merged.delete(name)
    else if (isObject(value)) {
      const before = merged.get(name)
      merged.set(name, merge(isObject(before) ? before : {}, value))
    } else merged.set(name, value)
  }
  return Object.fromEntries(merged)
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
