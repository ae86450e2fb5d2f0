/** Session JWTs: signed copies of a session, which the SDKs check without asking the server. */
import { createHash, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Context } from '../context.ts'
import type { MemberRow } from '../members/member.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { currentSigningKey, type SigningKey, signingKeys } from './keys.ts'
import { MemberSession, type SessionRow, toMemberSession } from './session.ts'

export const organizationClaim = 'https://stytch.com/organization'
export const sessionClaim = 'https://stytch.com/session'

const lifeSeconds = 300
const reusedForMs = 30_000
const maxReusable = 5_000

const signRS256 = promisify(sign)

interface Reusable {
  digest: string
  signed_at: number
  jwt: Promise<string>
}

/** The last JWTs of this process, by project and session; a signature costs more than a whole session check. */
const reusable = new Map<string, Reusable>()

/** The `iss` of a project's session JWTs. */
export function issuerOf(project_id: string): string {
  return `stytch.com/${project_id}`
}

/**
 * The JWT of a session: RS256, five minutes, never beyond the session's own end. Signed anew, unless the
 * last one for the same unchanged session is younger than 30 seconds.
 */
export async function mintJWT(
  context: Context,
  input: { session: SessionRow; organization: OrganizationRow; member: MemberRow },
): Promise<string> {
  const { project_id } = context.project
  const now = context.now()
  const key = currentSigningKey(await signingKeys(context, project_id), now)
  const claims = JSON.stringify(claimsOf(project_id, input))
  const digest = createHash('sha256').update(key.key_id).update(claims).digest('base64')
  const place = `${project_id} ${input.session.member_session_id}`
  const last = reusable.get(place)
  const age = now.getTime() - (last?.signed_at ?? 0)
  if (last?.digest === digest && age >= 0 && age < reusedForMs) return last.jwt
  const jwt = signClaims(key, claims, now, input.session.expires_at)
  remember(place, { digest, signed_at: now.getTime(), jwt })
  return jwt
}

/** Keeps the newest; the one that was signed longest ago makes room. */
function remember(place: string, entry: Reusable): void {
  reusable.delete(place)
  if (reusable.size >= maxReusable) reusable.delete(reusable.keys().next().value!)
  reusable.set(place, entry)
  entry.jwt.catch(() => {
    if (reusable.get(place) === entry) reusable.delete(place)
  })
}

/** All claims but the times, custom ones first so that none can take the place of ours. */
function claimsOf(
  project_id: string,
  input: { session: SessionRow; organization: OrganizationRow; member: MemberRow },
) {
  const { session, organization, member } = input
  const wire = MemberSession.parse(toMemberSession(session, organization, member))
  return {
    ...session.custom_claims,
    iss: issuerOf(project_id),
    aud: [project_id],
    sub: session.member_id,
    [organizationClaim]: {
      organization_id: organization.organization_id,
      slug: organization.organization_slug,
    },
    [sessionClaim]: {
      id: wire.member_session_id,
      started_at: wire.started_at,
      last_accessed_at: wire.last_accessed_at,
      expires_at: wire.expires_at,
      attributes: { ip_address: '', user_agent: '' },
      authentication_factors: wire.authentication_factors,
      roles: wire.roles,
    },
  }
}

/** Signs with the KeyObject itself, in a thread: jose takes a quarter longer for the same signature. */
async function signClaims(
  key: SigningKey,
  claims: string,
  now: Date,
  expires_at: Date,
): Promise<string> {
  const iat = Math.floor(now.getTime() / 1000)
  const exp = Math.min(iat + lifeSeconds, Math.floor(expires_at.getTime() / 1000))
  const header = encode(JSON.stringify({ alg: 'RS256', kid: key.key_id, typ: 'JWT' }))
  const times = `,"iat":${iat},"nbf":${iat},"exp":${exp}}`
  const signed = `${header}.${encode(`${claims.slice(0, -1)}${times}`)}`
  const signature = await signRS256('sha256', Buffer.from(signed), key.private_key)
  return `${signed}.${signature.toString('base64url')}`
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}
