import { type Check, Trail } from './checks.ts'
import { checkAlgorithm } from './id-token.ts'
import { checkClaims } from './id-token-claims.ts'
import { type Identity, makeIdentity } from './identity.ts'
import type { OIDCSettings } from './settings.ts'
import { checkUserinfoSubject } from './userinfo.ts'

/** Claims of a login that has ended, to be looked at again. */
export type ReplayInput = {
  settings: OIDCSettings
  id_token: { header: { alg: string }; claims: Record<string, unknown> }
  /** null where none was read */
  userinfo: Record<string, unknown> | null
  /** whether the signature of the ID token was verified when it arrived */
  signed: boolean
  now: Date
  mapped: { email: boolean; name: boolean }
}

// What only the login itself could look at: the token is not kept, nor what its nonce was made of.
const THEN = ['id_token_key', 'id_token_signature', 'id_token_access_token_hash']

/**
 * What claims that arrived earlier would give by these settings (OpenID Connect Core 3.1.3.7). Signature
 * and nonce are not looked at again, and each check says so. Sends nothing. Throws OIDCError.
 */
export function replayClaims(input: ReplayInput): { identity: Identity; checks: readonly Check[] } {
  const { settings, id_token, userinfo, signed, now, mapped } = input
  const { claims } = id_token
  const trail = new Trail()
  checkAlgorithm(trail, id_token.header.alg)
  const nonce = String(claims.nonce)
  const before = trail.checks.length
  try {
    checkClaims({ trail, settings, nonce, now }, { ...claims, nonce })
  } finally {
    const known = trail.checks.findIndex((check) => check.name === 'id_token_nonce')
    if (known >= before) trail.checks[known] = notAgain('id_token_nonce', signed)
  }
  for (const name of THEN) trail.checks.push(notAgain(name, signed))
  if (userinfo === null) trail.skip('userinfo', 'a replay asks nobody')
  else checkUserinfoSubject({ trail }, userinfo.sub, claims.sub)
  const tokens = { claims, id_token: '', access_token: '' }
  const identity = makeIdentity({ trail, settings, mapped, scopes: [] }, tokens, userinfo ?? {})
  return { identity, checks: trail.checks }
}

function notAgain(name: string, signed: boolean): Check {
  const actual = signed ? 'it held when the answer arrived' : 'not known: the login ended before it'
  return { name, verdict: 'skip', actual }
}
