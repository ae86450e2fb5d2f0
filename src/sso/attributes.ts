import { ApiError, type ErrorType } from '../http/errors.ts'
import { normalizeEmail } from '../members/email.ts'
import { type Check, LoginError } from './flow.ts'

/** What an identity provider asserted, after the connection's attribute mapping. Stored in the flow. */
export interface Identity {
  /** Stable name of the person at this connection: the key of the registration. */
  subject: string
  /** `external_id` on the wire: NameID (SAML) or `sub` (OIDC). */
  external_id: string
  email_address: string
  /** False only where the provider says so; null where it says nothing. */
  email_verified: boolean | null
  name: string
  groups: string[]
  /** What the provider sent, by name: lists of strings for SAML. */
  sso_attributes: Record<string, unknown>
  /** Mapped keys that go to `trusted_metadata` at each login. */
  trusted_metadata: Record<string, unknown>
  /** The moment at which the provider wants its session, and so ours, to end. */
  session_not_on_or_after: string | null
}

/** One attribute as it was sent; several of one name may follow one another. */
export interface SentAttribute {
  name: string
  values: readonly string[]
}

interface Source {
  attributes: readonly SentAttribute[]
  mapping: Readonly<Record<string, string>>
  checks: Check[]
  /** Value of the pseudo attribute `NameID`. */
  name_id: string
  errors: { email: ErrorType; groups: ErrorType; other: ErrorType }
}

const known = new Set(['email', 'full_name', 'first_name', 'last_name', 'groups', 'idp_user_id'])

/** Reads mapped attributes; refuses what would have to be guessed. */
export function createAttributeReader(source: Source) {
  const { checks, errors } = source

  function all(name: string): readonly SentAttribute[] {
    return source.attributes.filter((attribute) => attribute.name === name)
  }

  /** The one value of a single-valued mapping, or undefined where it is absent or empty. */
  function single(key: string, error_type: ErrorType): string | undefined {
    const name = source.mapping[key]
    if (name === undefined) return undefined
    if (name === 'NameID') return source.name_id
    const sent = all(name)
    const values = sent.flatMap((attribute) => attribute.values)
    if (sent.length <= 1 && values.length <= 1) return values[0] === '' ? undefined : values[0]
    const times =
      sent.length > 1 ? `${sent.length} attributes of that name` : `${values.length} values`
    checks.push({
      name: `attribute_${key}`,
      verdict: 'fail',
      expected: `one value of ${name}`,
      actual: times,
      fix: { who: 'it_admin', what: `Send exactly one value for the attribute ${name}.` },
    })
    throw new LoginError(
      error_type,
      checks,
      `The identity provider sent ${times} for ${name}: which one is meant cannot be told.`,
    )
  }

  /** All values of a list-valued mapping; elements of one name add up. */
  function list(key: string): string[] {
    const name = source.mapping[key]
    if (name === undefined) return []
    return [...new Set(all(name).flatMap((attribute) => attribute.values))].filter((v) => v !== '')
  }

  return { single, list, mapsTo: (key: string) => source.mapping[key], other: errors.other }
}

/**
 * The e-mail address that the mapping names, in stored form. Refuses a missing or malformed one, saying
 * which attributes were there.
 */
export function readEmail(source: Source, value: string | undefined): string {
  const { checks, mapping, errors } = source
  const name = mapping.email ?? 'email'
  try {
    if (value === undefined) throw new ApiError('invalid_email')
    const email_address = normalizeEmail(value)
    checks.push({ name: 'email', verdict: 'pass', expected: name, actual: email_address })
    return email_address
  } catch {
    const present = [...new Set(source.attributes.map((attribute) => attribute.name))].join(', ')
    const actual = value === undefined ? `absent; present are: ${present || 'none'}` : value
    checks.push({
      name: 'email',
      verdict: 'fail',
      expected: `an e-mail address in ${name}`,
      actual: actual.slice(0, 300),
      fix: {
        who: 'it_admin',
        what: `Send the e-mail address of the person as ${name}, or change the attribute mapping of this connection.`,
      },
    })
    throw new LoginError(errors.email, checks)
  }
}

/** The keys of the mapping that go to trusted metadata, with their values: a string, or a list of them. */
export function readTrustedMetadata(source: Source): Record<string, unknown> {
  const entries: [string, unknown][] = []
  for (const [key, name] of Object.entries(source.mapping)) {
    if (known.has(key)) continue
    const values = source.attributes.filter((a) => a.name === name).flatMap((a) => a.values)
    if (values.length > 0) entries.push([key, values.length === 1 ? values[0] : values])
  }
  return Object.fromEntries(entries)
}

/** What was sent, by name, for `sso_attributes`: every value a list of strings. */
export function sentAttributes(attributes: readonly SentAttribute[]): Record<string, string[]> {
  const sent = new Map<string, string[]>()
  for (const { name, values } of attributes) sent.set(name, [...(sent.get(name) ?? []), ...values])
  return Object.fromEntries(sent)
}
