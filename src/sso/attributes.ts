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
  /** Names that were sent with something that is no text, or with a pointer to where the values are. */
  unreadable: ReadonlySet<string>
  mapping: Readonly<Record<string, string>>
  checks: Check[]
  /** Value of the pseudo attribute `NameID`. */
  name_id: string
  errors: { email: ErrorType; groups: ErrorType; other: ErrorType }
}

const known = new Set(['email', 'full_name', 'first_name', 'last_name', 'groups', 'idp_user_id'])

/** Reads mapped attributes; refuses what would have to be guessed, with LoginError. */
export function createAttributeReader(source: Source) {
  const { checks } = source

  function all(name: string): readonly SentAttribute[] {
    return source.attributes.filter((attribute) => attribute.name === name)
  }

  /** Refuses a mapped attribute that was sent, but cannot be read. */
  function requireReadable(key: string, name: string, error_type: ErrorType): void {
    if (!source.unreadable.has(name)) return
    checks.push({
      name: `attribute_${key}`,
      verdict: 'fail',
      expected: `plain text in ${name}`,
      actual: 'something else, or a link to where the values are',
      fix: {
        who: 'it_admin',
        what: `Send ${name} as plain text, or have ${key} in the attribute mapping of this connection name another attribute. Shibboleth puts an element into eduPersonTargetedID: use the NameID in its place.`,
      },
    })
    throw new LoginError(
      error_type,
      checks,
      `The identity provider sent no plain text for ${name}: its value cannot be told.`,
    )
  }

  /** The one value of a single-valued mapping, or undefined where it is absent or empty. */
  function single(key: string, error_type: ErrorType): string | undefined {
    const name = source.mapping[key]
    if (name === undefined) return undefined
    if (name === 'NameID') return source.name_id
    requireReadable(key, name, error_type)
    const sent = all(name)
    const values = sent.flatMap((attribute) => attribute.values)
    if (sent.length <= 1 && values.length <= 1) return values[0] === '' ? undefined : values[0]
    const times =
      sent.length > 1 ? `${sent.length} attributes of that name` : `${values.length} values`
    checks.push({
      name: `attribute_${key}`,
      verdict: 'fail',
      expected: `one value of ${name}`,
      actual: `${times}: ${values.join(', ')}`.slice(0, 200),
      fix: {
        who: 'it_admin',
        what: `Send exactly one value for the attribute ${name}, or have ${key} in the attribute mapping of this connection name an attribute that has one.`,
      },
    })
    throw new LoginError(
      error_type,
      checks,
      `The identity provider sent ${times} for ${name}: which one is meant cannot be told.`,
    )
  }

  return { single, all, requireReadable }
}

const longest = 1_024

/**
 * The groups, where the mapping has a key for them; elements of one name add up. Refuses what cannot be
 * read: the person would get in without the roles that their groups give, and nobody would know why.
 */
export function readGroups(source: Source): string[] {
  const { checks, errors, mapping, unreadable } = source
  const name = mapping.groups
  if (name === undefined) return []
  const sent = createAttributeReader(source).all(name)
  const groups = [...new Set(sent.flatMap((attribute) => attribute.values))].filter(Boolean)
  const odd = groups.find((group) => group.length > longest || /\p{Cc}/u.test(group))
  if (!unreadable.has(name) && odd === undefined) {
    const actual = groups.join(', ').slice(0, 500) || 'none'
    checks.push({ name: 'groups', verdict: 'pass', expected: name, actual })
    return groups
  }
  checks.push({
    name: 'groups',
    verdict: 'fail',
    expected: `a list of names or ids in ${name}`,
    actual: odd === undefined ? 'no list of them (or a link to it)' : `${odd.slice(0, 100)}…`,
    fix: {
      who: 'it_admin',
      what: `Send the groups as a list of plain text in ${name}. Microsoft Entra ID sends a link instead where a person has more than 150 (OIDC: 200): let it send only the groups assigned to the application.`,
    },
  })
  throw new LoginError(
    errors.groups,
    checks,
    'The groups that the identity provider sent could not be read.',
  )
}

/**
 * Refuses a subject that is too long to be one (it is a key of the database), and notes where it comes
 * from otherwise.
 */
export function checkSubject({ checks, errors }: Source, subject: string, from: string): string {
  const fits = Buffer.byteLength(subject) <= longest
  checks.push({
    name: 'subject',
    verdict: fits ? 'pass' : 'fail',
    expected: from,
    actual: fits ? subject.slice(0, 200) : `${subject.length} characters`,
    ...(!fits && {
      fix: { who: 'it_admin' as const, what: `Send an identifier of at most ${longest} bytes.` },
    }),
  })
  if (fits) return subject
  throw new LoginError(errors.other, checks, 'The identifier of the person is too long.')
}

/** The full name where it is mapped and sent, else first and last name, else what stands beside the mapping. */
export function readName(source: Source, otherwise = ''): string {
  const { single } = createAttributeReader(source)
  const { other } = source.errors
  const full_name = single('full_name', other)
  const parts = [single('first_name', other), single('last_name', other)].filter(Boolean)
  const name = (full_name ?? (parts.join(' ') || otherwise)).trim().slice(0, longest).toWellFormed()
  source.checks.push({
    name: 'name',
    verdict: name === '' ? 'skip' : 'pass',
    actual: name.slice(0, 200) || 'none was sent',
  })
  return name
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
    const names = new Set(source.attributes.map((attribute) => attribute.name))
    const missing = names.has(name)
      ? 'empty'
      : `absent; present are: ${[...names].join(', ') || 'none'}`
    checks.push({
      name: 'email',
      verdict: 'fail',
      expected: `an e-mail address in ${name}`,
      actual: (value ?? missing).slice(0, 300),
      fix: { who: 'it_admin', what: emailFix(source, name, value) },
    })
    throw new LoginError(errors.email, checks)
  }
}

/** What to do about a missing or malformed address, naming what holds one. */
function emailFix(
  { attributes, name_id }: Source,
  name: string,
  value: string | undefined,
): string {
  const candidates = [
    ...attributes
      .filter(({ values }) => values.length === 1)
      .map((one) => [one.name, one.values[0]!]),
    ['NameID', name_id],
  ] as const
  const holders = candidates
    .filter(([holder, text]) => holder !== name && /^[^@\s]+@[^@\s]+$/.test(text))
    .map(([holder]) => holder)
  const other =
    holders.length > 0
      ? `have email in the attribute mapping of this connection name what holds an address: ${holders.join(' or ').slice(0, 300)}`
      : 'have email in the attribute mapping of this connection name an attribute that holds one'
  const problem =
    value === undefined
      ? `Give the person an e-mail address at the identity provider and send it as ${name}`
      : `Send the e-mail address of the person as ${name}, which holds something else (such as a user name)`
  return `${problem}, or ${other}.`
}

const maxMetadata = { keys: 20, bytes: 4_096 }

/**
 * The keys of the mapping that go to trusted metadata, with their values: a string, or a list of them.
 * One that cannot be read refuses: what is stored of it would stay, and be taken for what was sent.
 * What would not fit into metadata is left out, and the trace says so.
 */
export function readTrustedMetadata(source: Source): Record<string, unknown> {
  const { all, requireReadable } = createAttributeReader(source)
  let metadata: Record<string, unknown> = {}
  for (const [key, name] of Object.entries(source.mapping)) {
    if (known.has(key)) continue
    if (name !== 'NameID') requireReadable(key, name, source.errors.other)
    const values = name === 'NameID' ? [source.name_id] : all(name).flatMap((each) => each.values)
    if (values.length === 0) continue
    const more = { ...metadata, [key]: values.length === 1 ? values[0] : values }
    const fits =
      Object.keys(more).length <= maxMetadata.keys &&
      Buffer.byteLength(JSON.stringify(more)) <= maxMetadata.bytes
    if (fits) metadata = more
    else
      source.checks.push({
        name: 'trusted_metadata',
        verdict: 'skip',
        expected: `at most ${maxMetadata.keys} keys and ${maxMetadata.bytes} bytes`,
        actual: `${key} is left out: it would be too much`,
      })
  }
  return metadata
}

/** What was sent, by name, for `sso_attributes`: every value a list of strings. */
export function sentAttributes(attributes: readonly SentAttribute[]): Record<string, string[]> {
  const sent = new Map<string, string[]>()
  for (const { name, values } of attributes) sent.set(name, [...(sent.get(name) ?? []), ...values])
  return Object.fromEntries(sent)
}
