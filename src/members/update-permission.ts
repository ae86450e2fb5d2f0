/** What a member session may change of a member (backend.md section 10). */
import type { RequestMemberSession } from '../context.ts'
import { ApiError } from '../http/errors.ts'
import { grantingRoles } from '../rbac/roles.ts'

const actionOf: Readonly<Record<string, string>> = {
  name: 'update.info.name',
  email_address: 'update.info.email',
  untrusted_metadata: 'update.info.untrusted-metadata',
  mfa_phone_number: 'update.info.mfa-phone',
  is_breakglass: 'update.settings.is-breakglass',
  mfa_enrolled: 'update.settings.mfa-enrolled',
  default_mfa_method: 'update.settings.default-mfa-method',
  roles: 'update.settings.roles',
  external_id: 'update.settings.external-id',
}

/** What `stytch.self` never permits: it would let members raise, or pass for, somebody. */
const notOnOneself = ['is_breakglass', 'roles', 'external_id']

function isGiven(value: unknown): boolean {
  return value !== undefined && !(isObject(value) && Object.keys(value).length === 0)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The actions that an update needs, one for each field that it gives; never none. */
export function actionsOf(input: Readonly<Record<string, unknown>>): string[] {
  const actions = Object.entries(actionOf)
    .filter(([field]) => isGiven(input[field]))
    .map(([, action]) => action)
  return actions.length > 0 ? actions : ['update.info.name']
}

/**
 * The rest of what a member session may not do; without one everything is allowed. Throws
 * `cannot_update_trusted_metadata`, `member_cannot_update_their_email_address` for one's own address,
 * and `session_authorization_error` for one's own roles, break-glass flag and external id, unless a role
 * permits it on members in general.
 */
export function assertMayUpdate(
  session: RequestMemberSession | null,
  member: { member_id: string },
  input: Readonly<Record<string, unknown>>,
): void {
  if (!session) return
  if (isGiven(input.trusted_metadata)) throw new ApiError('cannot_update_trusted_metadata')
  if (session.member_id !== member.member_id) return
  if (isGiven(input.email_address)) throw new ApiError('member_cannot_update_their_email_address')
  for (const field of notOnOneself)
    if (
      isGiven(input[field]) &&
      grantingRoles(session.roles, 'stytch.member', actionOf[field]!).length === 0
    )
      throw new ApiError('session_authorization_error', {
        message: `A member session cannot change its own member's ${field} without the permission "${actionOf[field]}" on stytch.member.`,
      })
}
