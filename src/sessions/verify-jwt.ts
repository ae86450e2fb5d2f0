/** Session JWTs that come back: whether they are ours, and which session they are a copy of. */
import { type KeyObject, verify } from 'node:crypto'
import type { Context } from '../context.ts'
import { ApiError } from '../http/errors.ts'
import { issuerOf, organizationClaim, sessionClaim } from './jwt.ts'
import { signingKeys } from './keys.ts'

type Claims = Readonly<Record<string, unknown>>

/** What a JWT says about the session that it is a copy of. */
export interface SessionReference {
  member_session_id: string
  member_id: string
  organization_id: string
}

const maxLength = 32_768
const compactJWS = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

/**
 * The session that a JWT of this project names. An expired JWT is as good as a fresh one here: the session
 * behind it decides (backend.md section 7). Throws `unable_to_parse_session_jwt` for what is no JWT of a
 * key of this project, `jwt_invalid_audience`, `jwt_invalid_issuer` and `jwt_invalid_claims`.
 */
export async function verifyJWT(context: Context, jwt: string): Promise<SessionReference> {
  const [, header, payload, signature] = (jwt.length <= maxLength && compactJWS.exec(jwt)) || []
  const { alg, kid, typ } = readPart(header)
  const claims = readPart(payload)
  if (alg !== 'RS256' || typ !== 'JWT' || typeof kid !== 'string') throw unreadable()
  const { project_id } = context.project
  // Before the signature only to say what is wrong: another project's JWT has no key here.
  const audience = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
  if (!audience.includes(project_id)) throw new ApiError('jwt_invalid_audience')
  if (claims.iss !== issuerOf(project_id)) throw new ApiError('jwt_invalid_issuer')
  const keys = await signingKeys(context, project_id)
  const key = keys.find((each) => each.key_id === kid)?.public_key
  if (!key || !isSigned(key, `${header}.${payload}`, signature!))
    throw new ApiError('unable_to_parse_session_jwt', {
      message: 'The session_jwt is not signed by a key of this project.',
    })
  return referenceOf(claims)
}

function isSigned(key: KeyObject, signed: string, signature: string): boolean {
  return verify('sha256', Buffer.from(signed), key, Buffer.from(signature, 'base64url'))
}

function referenceOf(claims: Claims): SessionReference {
  const member_session_id = (claims[sessionClaim] as Claims | undefined)?.id
  const organization_id = (claims[organizationClaim] as Claims | undefined)?.organization_id
  const member_id = claims.sub
  if (
    typeof member_session_id !== 'string' ||
    typeof organization_id !== 'string' ||
    typeof member_id !== 'string' ||
    typeof claims.exp !== 'number'
  )
    throw new ApiError('jwt_invalid_claims')
  return { member_session_id, member_id, organization_id }
}

function readPart(part: string | undefined): Claims {
  if (part === undefined) throw unreadable()
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    throw unreadable()
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable()
  return value as Claims
}

function unreadable(): ApiError {
  return new ApiError('unable_to_parse_session_jwt')
}
