/** What the views of the database yield: objects with what hangs on them, as the wire has them. */
import type { ColumnType } from 'kysely'
import type {
  ConnectionType,
  GroupRoleAssignment,
  Members,
  Organizations,
  RoleAssignment,
} from './schema.ts'

type Json<T> = ColumnType<T, string, string>

/** The organization with its active connections, as the wire has it. */
export interface OrganizationObjects extends Organizations {
  sso_active_connections: Json<
    { connection_id: string; display_name: string; identity_provider: string }[]
  >
}

/** One registration of a member with what its connection says about roles. */
export interface MemberRegistration {
  connection_id: string
  type: ConnectionType
  subject: string
  external_id: string
  registration_id: string
  sso_attributes: Record<string, unknown>
  groups: string[]
  connection_roles: RoleAssignment[]
  group_roles: GroupRoleAssignment[]
}

/** The member with its registrations and retired addresses. */
export interface MemberObjects extends Members {
  sso_registrations: Json<MemberRegistration[]>
  retired_email_addresses: Json<{ email_id: string; email_address: string }[]>
}
