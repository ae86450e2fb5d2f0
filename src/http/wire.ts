/** Schemas that every subject uses to say what stands on the wire. */
import { z } from 'zod'

/**
 * A moment on the wire: RFC 3339, UTC, whole seconds. `run` gives a Date, or the text of one where the
 * row came out of PostgreSQL as JSON.
 */
export const Timestamp = z
  .union([z.date(), z.string()])
  .transform((moment) => `${new Date(moment).toISOString().slice(0, 19)}Z`)
  .meta({ type: 'string', format: 'date-time' })

/** Metadata and claims: a JSON object of anything. */
export const JSONObject = z.record(z.string(), z.unknown())

/** A boolean of a query string, as the SDKs write it (`true`, `True`, `1`). */
export const QueryBoolean = z
  .union([z.boolean(), z.string()])
  .transform((value) => value === true || /^(true|1)$/i.test(String(value)))
  .meta({ type: 'boolean' })

/**
 * An enumeration whose members the Java and Rust SDKs write without their hyphens: takes both
 * spellings, gives the one with. Throws the named error type for anything else.
 */
export function hyphenated<const T extends string>(values: readonly T[], error_type: string) {
  const spellings = new Map<string, T>(
    values.flatMap((value) => [
      [value, value] as const,
      [value.replaceAll('-', ''), value] as const,
    ]),
  )
  return z
    .string()
    .transform((value, context): T => {
      const known = spellings.get(value)
      if (known) return known
      context.issues.push({ code: 'custom', message: error_type, input: value })
      return z.NEVER
    })
    .meta({ enum: [...spellings.keys()] })
}
