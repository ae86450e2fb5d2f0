/** What a refusal tells beyond the protocol: how two values differ, and where to change them. */
import type { Connection } from './connections.ts'
import { type Check, LoginError } from './flow.ts'
import { whereItIs } from './idp-words.ts'
import { knownProvider } from './known-provider.ts'

type Named = Pick<
  Connection,
  'type' | 'identity_provider' | 'idp_sso_url' | 'issuer' | 'connection_id'
>

/** The error with its failed checks as `inWordsOf` has them. */
export function explained(connection: Named, error: LoginError): LoginError {
  if (error.recorded) return error
  return new LoginError(error.error_type, inWordsOf(connection, error.checks), error.message)
}

/**
 * The checks of a login, with the fix of each that failed in the words of the connection's identity
 * provider, and a sentence on how what was expected and what was found differ.
 */
export function inWordsOf(connection: Named, checks: readonly Check[]): Check[] {
  return checks.map((check) => {
    if (check.verdict !== 'fail' || check.fix?.who !== 'it_admin') return check
    const parts = [check.fix.what, difference(check), where(connection, check)]
    const what = parts.filter((part) => part !== undefined).join(' ')
    return { ...check, fix: { ...check.fix, what } }
  })
}

const refusedClient = /invalid_client|unauthorized_client|AADSTS70002|AADSTS7000\d\d/
const refusedPerson =
  /RequestDenied|UnknownPrincipal|AADSTS50105|not assigned|does not have access/i

function where(connection: Named, { name, actual = '' }: Check): string | undefined {
  // Only some answers of the token endpoint are about the client.
  if (name === 'token_exchange' && !refusedClient.test(actual)) return undefined
  const { type, identity_provider } = connection
  const idp_address = type === 'saml' ? connection.idp_sso_url : connection.issuer
  const answered = name === 'status' || name === 'provider_response'
  return whereItIs(knownProvider({ identity_provider, idp_address }), type, {
    name,
    assignment: answered && refusedPerson.test(actual),
    name_id: answered && actual.includes('InvalidNameIDPolicy'),
  })
}

const compared = new Set([
  ...['issuer', 'response_issuer', 'destination', 'recipient', 'own_address', 'audience'],
  ...['id_token_issuer', 'issuer_parameter'],
])

const guid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
const callback = /\/v1\/b2b\/sso\/callback\/((?:saml|oidc)-connection-[\w-]+)/

/** In what alone two names of one thing differ, where that can be told. */
function difference({ name, expected = '', actual = '' }: Check): string | undefined {
  if (!compared.has(name)) return undefined
  const other = callback.exec(actual)?.[1]
  if (other && !expected.includes(other))
    return `What was found is the address of another connection of this server, ${other.slice(0, 80)}.`
  const candidates = expected.split(' or ')
  for (const [same, sentence] of likenesses)
    if (candidates.some((candidate) => same(candidate) === same(actual))) return sentence
  return undefined
}

type Likeness = [same: (text: string) => string, sentence: string]

const likenesses: Likeness[] = [
  [(text) => text.replace(/\/$/, ''), 'The two differ in the slash at the end alone.'],
  [(text) => text.toLowerCase(), 'The two differ in upper and lower case alone.'],
  [(text) => text.replace(/^https?:/, ''), 'The two differ in http and https alone.'],
  [
    (text) => text.replace(guid, ''),
    'The two name different tenants or applications: the person may have signed in at another one.',
  ],
  [
    (text) => {
      const { pathname, search } = URL.parse(text) ?? { pathname: '', search: '' }
      return pathname.length > 1 ? pathname + search : text
    },
    'The two differ in the host alone.',
  ],
]
