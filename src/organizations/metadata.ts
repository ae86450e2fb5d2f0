import { z } from 'zod'
import { ApiError } from '../http/errors.ts'

const maxKeys = 20
const maxBytes = 4_096

/** Metadata or custom data in a request: a JSON object, `metadata_invalid_format` for anything else. */
export const MetadataInput = z.record(z.string(), z.unknown(), 'metadata_invalid_format')

/**
 * The metadata after an update: top-level keys of the change replace those that are there, null deletes
 * one, an empty change changes nothing. Throws `metadata_too_many_keys` beyond 20 top-level keys and
 * `metadata_too_large` beyond 4 KB of JSON. To lose no concurrent change, read the old value in the
 * transaction that writes the new one, with the row locked.
 */
export function mergeMetadata(
  stored: Readonly<Record<string, unknown>>,
  change: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = new Map(Object.entries(stored))
  for (const [key, value] of Object.entries(change))
    if (value === null) merged.delete(key)
    else merged.set(key, value)
  const result = Object.fromEntries(merged)
  if (merged.size > maxKeys) throw new ApiError('metadata_too_many_keys')
  if (Buffer.byteLength(JSON.stringify(result)) > maxBytes) throw new ApiError('metadata_too_large')
  return result
}
