import { type Fix, type Rule, shown, type Trail } from './checks.ts'
import type { OIDCSettings } from './settings.ts'

type Claims = Record<string, unknown>

export type ClaimsContext = {
  trail: Trail
  settings: Pick<OIDCSettings, 'issuer' | 'client_id'>
  nonce: string
  now: Date
}

const SKEW_SECONDS = 300
const MAX_AGE_SECONDS = 600
const EXPIRY_TOLERANCE_SECONDS = 60
const MAX_SUBJECT_LENGTH = 1024

const CLIENT_FIX: Fix = {
  who: 'it_admin',
  what: 'Set the client id of this connection to that of the application at the identity provider, or have the application issue its ID token for this client alone.',
}

/**
 * The claims of an ID token (OpenID Connect Core, section 3.1.3.7), one check a rule. Throws
 * OIDCError at the first that fails.
 */
export function checkClaims({ trail, settings, nonce, now }: ClaimsContext, claims: Claims): void {
  const seconds = now.getTime() / 1000
  trail.require(issuerRule(claims, settings))
  trail.require(audienceRule(claims, settings))
  trail.require(authorizedPartyRule(claims, settings))
  trail.require(expiryRule(claims, seconds))
  trail.require(issuedAtRule(claims, seconds))
  trail.require(notBeforeRule(claims, seconds))
  trail.require(nonceRule(claims, nonce))
  trail.require(subjectRule(claims))
}

function issuerRule(claims: Claims, { issuer }: ClaimsContext['settings']): Rule {
  return {
    name: 'id_token_issuer',
    holds: claims.iss === issuer,
    expected: issuer,
    actual: shown(claims.iss),
    error_type: 'oidc_auth_code_error',
    message: 'The ID token comes from another issuer than the one of this connection.',
    fix: {
      who: 'it_admin',
      what: 'If this is your identity provider, set the issuer of this connection to exactly what was found; a slash at the end, and upper and lower case, count.',
    },
  }
}

// More audiences than us are taken only where azp says that the token was made for us.
function audienceRule(claims: Claims, { client_id }: ClaimsContext['settings']): Rule {
  const { aud, azp } = claims
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud]
  const others = audiences.some((audience) => audience !== client_id)
  return {
    name: 'id_token_audience',
    holds: audiences.includes(client_id) && (!others || azp === client_id),
    expected: client_id,
    actual: shown(aud),
    error_type: 'oidc_auth_code_error',
    message: 'The ID token was made for another application.',
    fix: CLIENT_FIX,
  }
}

function authorizedPartyRule({ azp }: Claims, { client_id }: ClaimsContext['settings']): Rule {
  return {
    name: 'id_token_authorized_party',
    holds: azp === undefined || azp === client_id,
    expected: `${client_id}, or absent`,
    actual: shown(azp),
    error_type: 'oidc_auth_code_error',
    message: 'The ID token was made for another application (azp).',
    fix: CLIENT_FIX,
  }
}

function expiryRule({ exp, iat }: Claims, now: number): Rule {
  return {
    name: 'id_token_expiry',
    holds: isTime(exp) && exp > now - EXPIRY_TOLERANCE_SECONDS,
    expected: `after ${time(now - EXPIRY_TOLERANCE_SECONDS)}`,
    actual: time(exp),
    error_type: isTime(exp) ? 'expired_oidc_response' : 'oidc_auth_code_error',
    message: isTime(exp)
      ? 'The ID token has expired.'
      : 'The ID token does not say when it expires.',
    fix: clockFix(iat, now),
  }
}

function issuedAtRule({ iat }: Claims, now: number): Rule {
  const old = isTime(iat) && iat < now - MAX_AGE_SECONDS
  return {
    name: 'id_token_issued_at',
    holds: isTime(iat) && !old && iat <= now + SKEW_SECONDS,
    expected: `${time(now - MAX_AGE_SECONDS)} to ${time(now + SKEW_SECONDS)}`,
    actual: time(iat),
    error_type: old ? 'expired_oidc_response' : 'oidc_auth_code_error',
    message: old
      ? 'The ID token was issued more than ten minutes ago.'
      : 'The ID token does not say when it was issued, or names a time in the future.',
    fix: clockFix(iat, now),
  }
}

function notBeforeRule({ nbf, iat }: Claims, now: number): Rule {
  return {
    name: 'id_token_not_before',
    holds: nbf === undefined || (isTime(nbf) && nbf <= now + SKEW_SECONDS),
    expected: `before ${time(now + SKEW_SECONDS)}, or absent`,
    actual: nbf === undefined ? 'absent' : time(nbf),
    error_type: 'oidc_auth_code_error',
    message: 'The ID token is not valid yet.',
    fix: clockFix(iat, now),
  }
}

function nonceRule(claims: Claims, nonce: string): Rule {
  const holds = claims.nonce === nonce
  return {
    name: 'id_token_nonce',
    holds,
    expected: 'the nonce of this login',
    actual: holds ? 'the same' : claims.nonce === undefined ? 'absent' : 'another',
    error_type: 'unsolicited_oidc_response',
    message: 'The ID token belongs to another login.',
    fix: {
      who: 'it_admin',
      what: 'Log in again. If it happens each time, the identity provider does not repeat the nonce of the request in the ID token: switch on OpenID Connect conformance for this application there, or update the provider.',
    },
  }
}

function subjectRule({ sub }: Claims): Rule {
  return {
    name: 'id_token_subject',
    holds: typeof sub === 'string' && sub !== '' && sub.length <= MAX_SUBJECT_LENGTH,
    expected: `1 to ${MAX_SUBJECT_LENGTH} characters`,
    actual: shown(sub),
    error_type: 'oidc_response_subject_missing',
    message: 'The ID token does not say who logged in.',
    fix: {
      who: 'it_admin',
      what: 'Have the identity provider put `sub` into the ID token: undo a rule or mapper of this application that removes it.',
    },
  }
}

/** The token has just been asked for, so that its time of issue is what the other clock shows now. */
function clockFix(iat: unknown, now: number): Fix {
  const off = isTime(iat) ? Math.round(iat - now) : 0
  const far =
    Math.abs(off) < 120 ? `${Math.abs(off)} seconds` : `${Math.round(Math.abs(off) / 60)} minutes`
  const what =
    off === 0
      ? 'Log in again. If it happens each time, have the identity provider issue ID tokens that are valid for some minutes.'
      : `The clock of the identity provider is about ${far} ${off > 0 ? 'ahead' : 'behind'}: it dated this ID token ${time(iat)}, when it was ${time(now)} here. Synchronise it (NTP); if it is right, the operator of this server must correct the clock here.`
  return { who: 'it_admin', what }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) < 8.64e12
}

function time(value: unknown): string {
  return isTime(value) ? new Date(value * 1000).toISOString() : shown(value)
}
