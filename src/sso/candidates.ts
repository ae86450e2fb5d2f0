/** Who an identity could be: what the callback and `authenticate` read before they decide. */
import { emailDomain } from '../members/email.ts'
import type { Identity } from './attributes.ts'
import type { Connection } from './connections.ts'

export interface CandidateMember {
  member_id: string
  status: 'pending' | 'invited' | 'active' | 'deleted'
  email_address: string
  is_breakglass: boolean
  mfa_enrolled: boolean
}

/** Everything in the organization that could be this person, read in one statement. */
export interface Candidates {
  /** The member that (connection, subject) is registered to. */
  by_subject: CandidateMember | null
  /** The member, not deleted, with the asserted address. */
  by_email:
    | (CandidateMember & {
        has_registration: boolean
        /** Another subject of this very connection, where the member has one. */
        other_subject: string | null
      })
    | null
  /** A deleted member has the asserted address. */
  deleted_email: boolean
  /** The member that has retired the asserted address. */
  retired_by: string | null
  /** Another organization claims the domain of the asserted address. */
  claimed_elsewhere: boolean
}

/**
 * The columns of Candidates. Values: $1 project, $2 organization, $3 connection, $4 subject, $5 e-mail
 * address, $6 its domain.
 */
export const candidatesSQL = `
  (select jsonb_build_object('member_id', m.member_id, 'status', m.status,
      'email_address', m.email_address, 'is_breakglass', m.is_breakglass,
      'mfa_enrolled', m.mfa_enrolled)
    from sso_registrations r join members m on m.project_id = r.project_id and m.member_id = r.member_id
    where r.project_id = $1 and r.connection_id = $3 and r.subject = $4) as by_subject,
  (select jsonb_build_object('member_id', m.member_id, 'status', m.status,
      'email_address', m.email_address, 'is_breakglass', m.is_breakglass,
      'mfa_enrolled', m.mfa_enrolled, 'has_registration', exists (select 1 from sso_registrations r
        where r.project_id = $1 and r.member_id = m.member_id),
      'other_subject', (select r.subject from sso_registrations r
        where r.project_id = $1 and r.member_id = m.member_id and r.connection_id = $3 and r.subject <> $4
        limit 1))
    from members m where m.project_id = $1 and m.organization_id = $2 and m.email_address = $5
      and m.status <> 'deleted') as by_email,
  exists (select 1 from members m where m.project_id = $1 and m.organization_id = $2
    and m.email_address = $5 and m.status = 'deleted') as deleted_email,
  (select e.member_id from retired_emails e where e.project_id = $1 and e.organization_id = $2
    and e.email_address = $5) as retired_by,
  exists (select 1 from organizations o where o.project_id = $1 and o.organization_id <> $2
    and o.claimed_email_domains && array[$6::text]) as claimed_elsewhere`

/** A member about whom an identity says nothing new. */
export interface UnchangedMember {
  registration_id: string
  /** Of the member's row: another one after each change (`xmin` of PostgreSQL). */
  version: string
}

/**
 * The UnchangedMember that `writeMember` would leave as it is, or null. `identity` is an expression of its
 * jsonb; values as those of candidatesSQL.
 */
export function unchangedSQL(identity: string): string {
  return `(select jsonb_build_object('registration_id', r.registration_id, 'version', m.xmin::text)
    from sso_registrations r join members m on m.project_id = r.project_id and m.member_id = r.member_id
    where r.project_id = $1 and r.connection_id = $3 and r.subject = $4
      and r.external_id = ${identity} ->> 'external_id'
      and r.sso_attributes = ${identity} -> 'sso_attributes'
      and to_jsonb(r.groups) = ${identity} -> 'groups'
      and m.organization_id = $2 and m.status = 'active' and m.email_address = $5
      and (m.email_address_verified or ${identity} -> 'email_verified' = 'false')
      and (m.name <> '' or ${identity} ->> 'name' = '')
      and m.trusted_metadata || (${identity} -> 'trusted_metadata') = m.trusted_metadata)`
}

/** The values that candidatesSQL takes, in order. */
export function candidatesValues(connection: Connection, identity: Identity): string[] {
  return [
    connection.project_id,
    connection.organization_id,
    connection.connection_id,
    identity.subject,
    identity.email_address,
    emailDomain(identity.email_address),
  ]
}
