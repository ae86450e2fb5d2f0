/** What requests say about connections, and what may be said. */
import { z } from 'zod'
import type { Config } from '../config.ts'
import { ApiError, type ErrorType } from '../http/errors.ts'
import { hyphenated } from '../http/wire.ts'

/** The identity providers that a connection can name; they choose instructions, never trust. */
export const IdentityProvider = hyphenated(
  [
    'classlink',
    'cyberark',
    'duo',
    'generic',
    'google-workspace',
    'jumpcloud',
    'keycloak',
    'miniorange',
    'microsoft-entra',
    'okta',
    'onelogin',
    'pingfederate',
    'rippling',
    'salesforce',
    'shibboleth',
  ],
  'invalid_sso_idp',
)

export const DisplayName = z.string().max(128, 'invalid_display_name')

/** What every create takes. */
export const NewConnection = z.object({
  organization_id: z.string(),
  display_name: DisplayName.optional(),
  identity_provider: IdentityProvider.optional(),
})

/** The path of every endpoint about one connection. */
export const connectionPath = { organization_id: z.string(), connection_id: z.string() }

const maxURL = 2_048

/**
 * What is wrong with an address that customers enter, or null: it must be https without a user name;
 * plain http is for development and for hosts that the operator has allowed.
 */
export function urlProblem(config: Config, text: string): 'malformed' | 'not_https' | null {
  const url = URL.parse(text)
  // A URL parser drops line breaks and tabs, reads a backslash as a slash, and https:x/y as https://x/y,
  // which a browser takes for a path of the page that it is on.
  const plain = /^(?!https?:(?!\/\/))[^\s\\\p{Cc}\p{Cf}]+$/iu.test(text)
  if (!url || !plain || text.length > maxURL || url.username || url.password) return 'malformed'
  if (url.protocol === 'https:') return null
  if (url.protocol !== 'http:') return 'not_https'
  const listed =
    config.allowed_private_hosts.includes(url.host) ||
    config.allowed_private_hosts.includes(url.hostname)
  return config.mode === 'development' || listed ? null : 'not_https'
}

const maxEntries = 50
const maxKey = 128
const maxName = 512

/**
 * An attribute mapping as it is stored: our field to the identity provider's name. Entries with an empty
 * name are left out; undefined for `{}`, which means not given. Throws `nested` for a name that is no
 * string, `bad_request` for what is too large.
 */
export function readAttributeMapping(
  given: Record<string, unknown> | undefined,
  nested: ErrorType,
): Record<string, string> | undefined {
  const entries = Object.entries(given ?? {})
  if (entries.length === 0) return undefined
  const mapping: [string, string][] = []
  for (const [key, name] of entries) {
    if (typeof name !== 'string')
      throw new ApiError(nested, {
        message: `attribute_mapping.${key.slice(0, maxKey)} must be the name of an attribute as a string: no nested values.`,
      })
    if (key === '' || key === '__proto__' || key.length > maxKey || name.length > maxName)
      throw new ApiError('bad_request', {
        message: `A key of attribute_mapping has 1 to ${maxKey} characters, the name that it maps to at most ${maxName}.`,
      })
    if (name.trim() !== '') mapping.push([key, name])
  }
  if (mapping.length > maxEntries)
    throw new ApiError('bad_request', {
      message: `attribute_mapping can have at most ${maxEntries} keys.`,
    })
  return Object.fromEntries(mapping)
}

/** Leaves out what was not given, so that the rest can be written. */
export function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

/** The issuer that somebody means who pasted the address of its discovery document. */
export function issuerOf(text: string): string {
  return text.trim().replace(/\/\.well-known\/openid-configuration\/?$/, '')
}
