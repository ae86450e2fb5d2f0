/**
 * What a member session in the request's headers permits (backend.md section 2). Without one the call has
 * the authority of the project; with one, the session must be valid, belong to the organization that the
 * call is about, and hold the permission.
 */
import type { Context, RequestMemberSession } from '../context.ts'
import type { Gatekeepers, Permission } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { grantingRoles } from '../rbac/roles.ts'
import { type ResolvedSession, resolveSession, type SessionArguments } from './resolve.ts'
import { sessionRoles } from './session.ts'

const tokenHeader = 'x-stytch-member-session'
const jwtHeader = 'x-stytch-member-sessionjwt'

/**
 * The member session of a request, or null where neither header has a value. Throws
 * `session_authorization_error` for a session that is not valid or lacks the permission, and
 * `session_authorization_tenancy_error` where the input names another organization than the session's.
 */
export const authorize: Gatekeepers['authorize'] = async (context, headers, permission, input) => {
  const session_token = headers.get(tokenHeader)?.trim()
  const session_jwt = headers.get(jwtHeader)?.trim()
  if (!session_token && !session_jwt) return null
  const resolved = await resolveBoth(context, { session_token, session_jwt })
  const { session, organization, member } = resolved
  assertTenancy(organization, input)
  const actions =
    typeof permission.action === 'string' ? [permission.action] : permission.action(input)
  const holder = {
    member_session_id: session.member_session_id,
    member_id: session.member_id,
    organization_id: session.organization_id,
    roles: sessionRoles(session, organization, member),
  }
  const own =
    permission.self === true &&
    input.member_id !== undefined &&
    (input.member_id === member.member_id || input.member_id === member.external_id)
  for (const action of actions) assertPermitted(holder, permission, action, own)
  return holder
}

/** Throws `session_authorization_error` unless a role permits the action, on oneself by `stytch.self` too. */
export function assertPermitted(
  holder: RequestMemberSession,
  permission: Pick<Permission, 'resource_id'>,
  action: string,
  own: boolean,
): void {
  if (grantingRoles(holder.roles, permission.resource_id, action).length > 0) return
  if (own && grantingRoles(holder.roles, 'stytch.self', action).length > 0) return
  throw new ApiError('session_authorization_error', {
    message: `The member session does not hold the permission for this call: "${action}" on ${permission.resource_id}.`,
  })
}

/** Whether a reference is an organization's id, slug or external id. */
export function namesOrganization(organization: OrganizationRow, reference: unknown): boolean {
  return (
    typeof reference === 'string' &&
    (reference === organization.organization_id ||
      reference === organization.organization_slug ||
      reference === organization.organization_external_id)
  )
}

/** An input that names no organization is left to the endpoint. */
function assertTenancy(organization: OrganizationRow, input: Readonly<Record<string, unknown>>) {
  const { organization_id, organization_ids } = input
  const references = [
    ...(organization_id === undefined ? [] : [organization_id]),
    ...(organization_ids === undefined ? [] : [organization_ids].flat()),
  ]
  if (!references.every((reference) => namesOrganization(organization, reference)))
    throw new ApiError('session_authorization_tenancy_error')
}

async function resolveBoth(
  context: Context,
  { session_token, session_jwt }: SessionArguments,
): Promise<ResolvedSession> {
  try {
    const resolved = await resolveSession(
      context,
      session_token ? { session_token } : { session_jwt },
    )
    if (!session_token || !session_jwt) return resolved
    const other = await resolveSession(context, { session_jwt })
    if (other.session.member_session_id === resolved.session.member_session_id) return resolved
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error
    throw new ApiError('session_authorization_error', {
      message: `The member session is not valid: ${error.message}`,
      cause: error,
    })
  }
  throw new ApiError('session_authorization_error', {
    message: `The session token and the session JWT in the headers are of different sessions.`,
  })
}
