/**
 * Roles and what they permit (backend.md section 10): the default policy, and which roles a member and
 * a session hold.
 */
import type { MemberRegistration } from '../db/schema-views.ts'
import { ApiError } from '../http/errors.ts'

export interface Role {
  role_id: string
  description: string
  permissions: { resource_id: string; actions: string[] }[]
}

/** A role of a member with where it comes from, as the wire has it. */
export interface MemberRole {
  role_id: string
  sources: { type: string; details?: Record<string, unknown> }[]
}

const everything = ['*']

/** The roles that every project has. */
export const defaultRoles: readonly Role[] = [
  {
    role_id: 'stytch_member',
    description: 'Held by every member: may see and change their own data.',
    permissions: [{ resource_id: 'stytch.self', actions: everything }],
  },
  {
    role_id: 'stytch_admin',
    description:
      'Administers an organization: its settings, members, connections and provisioning.',
    permissions: ['stytch.organization', 'stytch.member', 'stytch.sso', 'stytch.scim'].map(
      (resource_id) => ({ resource_id, actions: everything }),
    ),
  },
]

/** Throws `invalid_role` where a role does not exist, `cannot_assign_default_rbac_role_id` for the implicit one. */
export function assertAssignable(role_ids: readonly string[]): void {
  for (const role_id of role_ids) {
    if (role_id === 'stytch_member') throw new ApiError('cannot_assign_default_rbac_role_id')
    if (!defaultRoles.some((role) => role.role_id === role_id))
      throw new ApiError('invalid_role', { message: `The role "${role_id}" is not known.` })
  }
}

/** What decides about the roles of a member. */
export interface RoleSources {
  /** Direct assignments. */
  roles: readonly string[]
  email_address: string
  sso_registrations: readonly MemberRegistration[]
}

/**
 * The roles of a member with their sources: the implicit one, direct assignments, those of the e-mail
 * domain, of the connection and of the groups that the IdP sent. `connections` limits the ones from SSO
 * to a session's own connections (they are in force only there); without it all are listed.
 */
export function memberRoles(
  member: RoleSources,
  emailAssignments: readonly { domain: string; role_id: string }[],
  connections?: ReadonlySet<string>,
): MemberRole[] {
  const roles = new Map<string, MemberRole>()
  const add = (role_id: string, type: string, details?: Record<string, unknown>) => {
    const role = roles.get(role_id) ?? { role_id, sources: [] }
    role.sources.push(details ? { type, details } : { type })
    roles.set(role_id, role)
  }
  add('stytch_member', 'direct_assignment')
  for (const role_id of member.roles) add(role_id, 'direct_assignment')
  const domain = member.email_address.slice(member.email_address.lastIndexOf('@') + 1)
  for (const assignment of emailAssignments)
    if (assignment.domain === domain)
      add(assignment.role_id, 'email_assignment', { email_domain: domain })
  for (const registration of member.sso_registrations) {
    if (connections && !connections.has(registration.connection_id)) continue
    const connection_id = registration.connection_id
    for (const { role_id } of registration.connection_roles)
      add(role_id, 'sso_connection', { connection_id })
    for (const { role_id, group } of registration.group_roles)
      if (registration.groups.includes(group))
        add(role_id, 'sso_connection_group', { connection_id, group })
  }
  return [...roles.values()]
}

/** The roles among these that permit an action on a resource: exact match or `*`. */
export function grantingRoles(
  role_ids: readonly string[],
  resource_id: string,
  action: string,
): string[] {
  return defaultRoles
    .filter((role) => role_ids.includes(role.role_id))
    .filter((role) =>
      role.permissions.some(
        (permission) =>
          permission.resource_id === resource_id &&
          permission.actions.some((allowed) => allowed === '*' || allowed === action),
      ),
    )
    .map((role) => role.role_id)
}
