import { shown, type Trail } from './checks.ts'
import type { Tokens } from './exchange.ts'
import type { Login } from './login.ts'

type Claims = Record<string, unknown>

export type Identity = {
  issuer: string
  subject: string
  /** empty only where the caller maps another claim */
  email: string
  /** null: the provider does not say */
  email_verified: boolean | null
  /** empty only where the caller maps other claims */
  name: string
  /** empty where the provider does not say */
  given_name: string
  family_name: string
  /** userinfo and ID token merged, the ID token winning; has no prototype */
  claims: Record<string, unknown>
  id_token: string
  access_token: string
  refresh_token?: string
  /** seconds from now, if the provider says */
  expires_in?: number
  /** granted, or the requested ones where the provider does not say */
  scopes: string[]
}

/** Who logged in, from verified claims. Throws OIDCError where an e-mail address or a name is missing. */
export function makeIdentity(
  login: Pick<Login, 'trail' | 'settings' | 'mapped' | 'scopes'>,
  tokens: Tokens,
  userinfo: Claims,
): Identity {
  const { trail, settings } = login
  const claims = merge(tokens.claims, userinfo)
  checkText(trail, claims)
  const email = emailOf(trail, claims, login.mapped?.email)
  const given_name = text(claims.given_name)
  const family_name = text(claims.family_name)
  return {
    issuer: settings.issuer,
    subject: String(tokens.claims.sub),
    email,
    email_verified: checkVerified(trail, email, [tokens.claims, userinfo]),
    name: nameOf(trail, claims, login.mapped?.name),
    given_name,
    family_name,
    claims,
    id_token: tokens.id_token,
    access_token: tokens.access_token,
    ...(tokens.refresh_token === undefined ? {} : { refresh_token: tokens.refresh_token }),
    ...(tokens.expires_in === undefined ? {} : { expires_in: tokens.expires_in }),
    scopes: tokens.scope === undefined ? login.scopes : tokens.scope.split(' ').filter(Boolean),
  }
}

function merge(idToken: Claims, userinfo: Claims): Claims {
  const merged: Claims = Object.create(null)
  for (const [name, value] of [...Object.entries(userinfo), ...Object.entries(idToken)]) {
    merged[name] = value
  }
  return merged
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}

// PostgreSQL stores neither NUL nor half of a surrogate pair.
function checkText(trail: Trail, claims: Claims): void {
  const name = 'claims_text'
  const open: unknown[] = [claims]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
      throw trail.refusal('oidc_auth_code_error', 'A claim holds characters that are no text.', {
        name,
        expected: 'Unicode text without NUL',
        actual: shown(value),
        fix: { who: 'it_admin', what: 'Correct this value in the directory of the provider.' },
      })
    }
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) open.push(key, inner)
    }
  }
  trail.pass(name)
}

function emailOf(trail: Trail, claims: Claims, mapped = false): string {
  const email = text(claims.email)
  const name = 'email'
  if (email !== '') {
    trail.pass(name, undefined, shown(email))
    return email
  }
  if (mapped) return ''
  throw trail.refusal('oidc_response_email_missing', 'The provider gives no e-mail address.', {
    name,
    expected: 'the claim email, in the ID token or userinfo',
    actual: `the claims ${shown(Object.keys(claims).join(', '))}`,
    fix: {
      who: 'it_admin',
      what: `Give the person an e-mail address at the identity provider, and the application the claim email (scope email).${mappable(claims)}`,
    },
  })
}

/** Names the claims that hold an address, without it. */
function mappable(claims: Claims): string {
  const names = Object.keys(claims).filter((name) => /^[^@\s]+@[^@\s]+$/.test(text(claims[name])))
  if (names.length === 0) return ''
  return ` Or have email in the attribute mapping of this connection name a claim that holds an address: ${shown(names.join(', '))}.`
}

/**
 * false where either source calls this address unverified, or says so in a word that is not true.
 * A source with another address does not count.
 */
function checkVerified(trail: Trail, email: string, sources: Claims[]): boolean | null {
  const name = 'email_verified'
  const words = sources
    .filter((source) => source.email === undefined || sameAddress(source.email, email))
    .map((source) => source.email_verified)
    .filter((word) => word !== undefined && word !== null)
  if (words.length === 0) {
    trail.skip(name, 'the provider does not say; its word on the address is taken')
    return null
  }
  const verified = words.every((word) => String(word).toLowerCase() === 'true')
  if (verified) trail.pass(name, 'true', 'true')
  else {
    trail.fail({
      name,
      expected: 'true',
      actual: `${shown(words.join(', '))}${email === '' ? '' : ` for ${shown(email)}`}`,
      fix: {
        who: 'it_admin',
        what: 'Have the person verify the address at the identity provider, or mark it there as verified.',
      },
    })
  }
  return verified
}

function sameAddress(left: unknown, right: string): boolean {
  return text(left).toLowerCase() === right.toLowerCase()
}

function nameOf(trail: Trail, claims: Claims, mapped = false): string {
  const parts = [text(claims.given_name), text(claims.family_name)]
  const full = text(claims.name) || parts.filter(Boolean).join(' ')
  if (full !== '') {
    trail.pass('name', undefined, shown(full))
    return full
  }
  if (mapped) return ''
  throw trail.refusal('oidc_response_name_missing', 'The identity provider gives no name.', {
    name: 'name',
    expected: 'the claim name, or given_name and family_name',
    actual: `the claims ${shown(Object.keys(claims).join(', '))}`,
    fix: {
      who: 'it_admin',
      what: 'Give the person a name at the identity provider, and the application the claim name (scope profile).',
    },
  })
}
