/** What the claims of an OpenID provider say about a person, by the settings of a connection. */
import { normalizeEmail } from '../members/email.ts'
import type { Identity as OIDCIdentity } from '../oidc/identity.ts'
import {
  checkSubject,
  createAttributeReader,
  type Identity,
  readEmail,
  readGroups,
  readName,
  readTrustedMetadata,
  type SentAttribute,
} from './attributes.ts'
import type { Connection } from './connections.ts'
import type { Check } from './flow.ts'

const errors = {
  email: 'oidc_response_email_missing',
  groups: 'oidc_invalid_callback_request',
  other: 'oidc_invalid_callback_request',
} as const

/** Which claims the connection reads from elsewhere, so that the usual ones may be absent. */
export function mappedClaims({ attribute_mapping }: Pick<Connection, 'attribute_mapping'>) {
  const { email, full_name, first_name, last_name } = attribute_mapping
  return { email: !!email, name: !!(full_name || first_name || last_name) }
}

/**
 * Maps claims to who the person is: `sub` or the mapped idp_user_id, e-mail, name, groups, metadata. Throws
 * LoginError.
 */
export function toOIDCIdentity(
  connection: Connection,
  oidc: Pick<OIDCIdentity, 'claims' | 'subject' | 'email' | 'email_verified' | 'name'>,
  checks: Check[],
): Identity {
  const source = {
    ...toAttributes(oidc.claims),
    mapping: connection.attribute_mapping,
    checks,
    name_id: oidc.subject,
    errors,
  }
  const { single } = createAttributeReader(source)
  const { email } = connection.attribute_mapping
  const email_address = readEmail(source, email ? single('email', errors.email) : oidc.email)
  const mapped = single('idp_user_id', errors.other)
  const from = mapped === undefined ? 'sub' : 'the mapped idp_user_id'
  return {
    name: readName(source, oidc.name),
    groups: readGroups(source),
    subject: checkSubject(source, mapped ?? oidc.subject, from),
    external_id: oidc.subject,
    email_address,
    email_verified:
      oidc.email === '' || isAbout(oidc.email, email_address) ? oidc.email_verified : null,
    sso_attributes: aboutThePerson(oidc.claims),
    trusted_metadata: readTrustedMetadata(source),
    session_not_on_or_after: null,
  }
}

/**
 * Claims of the one ID token and its session, not of the person: RFC 7519 section 4.1, OpenID Connect Core
 * sections 2, 3.1.3.6 and 3.3.2.11, Front-Channel Logout section 3; the last line is Entra's and Keycloak's.
 */
const ofTheToken = new Set([
  ...['exp', 'nbf', 'iat', 'jti', 'auth_time', 'nonce', 'at_hash', 'c_hash', 's_hash', 'sid'],
  ...['aio', 'rh', 'uti', 'session_state'],
])

/** The claims that say the same at the next login, unless something about the person has changed. */
export function aboutThePerson(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !ofTheToken.has(name)))
}

/** Whether `email_verified` speaks of this address: a mapping may have taken it from another claim. */
function isAbout(email: string, email_address: string): boolean {
  try {
    return normalizeEmail(email) === email_address
  } catch {
    return false
  }
}

/**
 * Claims as attributes: text, numbers, booleans and lists of them; nothing nested. A claim that is
 * somewhere else (OpenID Connect Core 5.6.2, as Entra ID does with many groups) cannot be read, nor can a
 * number of more digits than JSON.parse keeps: two people's would be the same (RFC 8259, section 6).
 */
function toAttributes(claims: Readonly<Record<string, unknown>>) {
  const attributes: SentAttribute[] = []
  const unreadable = new Set(Object.keys((claims._claim_names as object | null) ?? {}))
  for (const [name, value] of Object.entries(claims)) {
    const values = [value].flat().filter((each) => each !== null)
    if (values.every(isReadable)) attributes.push({ name, values: values.map(String) })
    else unreadable.add(name)
  }
  return { attributes, unreadable }
}

function isReadable(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER
  return typeof value !== 'object'
}
