/** The filters of the member search; `m` is a row of `members`. */
import { type SqlBool, sql } from 'kysely'
import { ApiError } from '../http/errors.ts'
import type { Condition, Filters } from '../http/search.ts'
import { asInAddress, normalizeEmail } from './email.ts'

const statuses = ['active', 'invited', 'pending', 'deleted']
const internalId = /^member-(test|live)-/

export const memberFilters = {
  member_ids: { takes: 'strings', where: byIds },
  member_emails: {
    takes: 'strings',
    where: (values) => sql<SqlBool>`m.email_address = any(${values.map(asStored)})`,
  },
  member_email_fuzzy: {
    takes: 'fuzzy',
    where: (pattern) => sql<SqlBool>`m.email_address like ${asInAddress(pattern)}`,
  },
  member_is_breakglass: {
    takes: 'boolean',
    where: (value) => sql<SqlBool>`m.is_breakglass = ${value}`,
  },
  statuses: {
    takes: 'strings',
    where(values) {
      if (!values.every((value) => statuses.includes(value)))
        throw new ApiError('search_invalid_status_filter')
      return sql<SqlBool>`m.status = any(${values})`
    },
  },
  member_phone_numbers: { takes: 'strings', where: byPhoneNumbers },
  member_phone_number_fuzzy: phoneFuzzy(),
  member_mfa_phone_numbers: { takes: 'strings', where: byPhoneNumbers },
  member_mfa_phone_number_fuzzy: phoneFuzzy(),
  // Nobody has a password: there is nothing to set one with.
  member_password_exists: { takes: 'boolean', where: (value) => sql<SqlBool>`${!value}::boolean` },
  member_roles: { takes: 'strings', where: byRoles },
} as const satisfies Filters

/** As far as possible: what is no address finds nothing, and is no error of a search. */
function asStored(email: string): string {
  try {
    return normalizeEmail(email)
  } catch {
    return asInAddress(email)
  }
}

function byIds(values: string[]): Condition {
  const internal = values.filter((value) => internalId.test(value)).length
  if (internal > 0 && internal < values.length)
    throw new ApiError('member_search_cannot_mix_internal_and_external_member_ids')
  return internal > 0
    ? sql<SqlBool>`m.member_id = any(${values})`
    : sql<SqlBool>`m.external_id = any(${values})`
}

function byPhoneNumbers(values: string[]): Condition {
  return sql<SqlBool>`m.mfa_phone_number = any(${values}) and m.mfa_phone_number <> ''`
}

function phoneFuzzy() {
  return {
    takes: 'fuzzy',
    where: (pattern: string) =>
      sql<SqlBool>`m.mfa_phone_number like ${pattern} and m.mfa_phone_number <> ''`,
    too_short: 'member_search_member_mfa_phone_number_fuzzy_too_short',
  } as const
}

/** Members that hold one of the roles, wherever it comes from: the same ones as `roles` of a member lists. */
function byRoles(role_ids: string[]): Condition {
  return sql<SqlBool>`${role_ids.includes('stytch_member')}::boolean
    or m.roles && ${role_ids}::text[]
    or exists (
      select 1 from organizations o, jsonb_array_elements(o.rbac_email_implicit_role_assignments) a
      where o.project_id = m.project_id and o.organization_id = m.organization_id
        and a ->> 'role_id' = any(${role_ids})
        and a ->> 'domain' = split_part(m.email_address, '@', 2))
    or exists (
      select 1 from sso_registrations r
      join sso_connections c on c.project_id = r.project_id and c.connection_id = r.connection_id,
      jsonb_array_elements(c.saml_connection_implicit_role_assignments
        || c.saml_group_implicit_role_assignments) a
      where r.project_id = m.project_id and r.member_id = m.member_id
        and a ->> 'role_id' = any(${role_ids})
        and (a ->> 'group' is null or a ->> 'group' = any(r.groups)))`
}
