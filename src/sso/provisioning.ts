/**
 * Who gets in: which member an identity is, may be linked to, or becomes. Pure; the callback asks it
 * beforehand, and `authenticate` again, before it writes.
 */

import type { ErrorType } from '../http/errors.ts'
import { emailDomain } from '../members/email.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import type { Identity } from './attributes.ts'
import type { CandidateMember, Candidates } from './candidates.ts'
import type { Connection } from './connections.ts'
import { type Check, LoginError } from './flow.ts'

/** What is to be written when the app redeems its token. */
export interface Admission {
  /** Null where the member is made now. */
  member_id: string | null
  new_email: string | null
  retired_email: string | null
  /** The member wants a second factor, whatever the organization asks. */
  mfa_enrolled: boolean
}

interface Question {
  organization: OrganizationRow
  connection: Pick<Connection, 'connection_id'>
  identity: Identity
  candidates: Candidates
  /** The checks so far; those made here are added. */
  checks: Check[]
}

/** Decides; throws LoginError with the checks when the person does not get in. */
export function admit(question: Question): Admission {
  const { candidates, checks, identity } = question
  const registered = candidates.by_subject
  if (registered && registered.status !== 'deleted') {
    checks.push({
      name: 'member',
      verdict: 'pass',
      actual: `known by this connection: ${registered.member_id}`,
    })
    checkAuthMethod(question, registered.is_breakglass)
    const { member_id, mfa_enrolled } = registered
    return { member_id, mfa_enrolled, ...emailChange(question, registered) }
  }
  if (question.identity.email_verified === false) refuseUnverified(question)
  if (candidates.by_email) return link(question, candidates.by_email)
  if (registered || candidates.deleted_email)
    refuse(
      question,
      'action_available_only_for_active_members',
      {
        name: 'member',
        expected: `a member ${identity.email_address} that was not deleted`,
        actual: `${registered?.member_id ?? identity.email_address}, a deleted member`,
        fix: {
          who: 'developer',
          what: 'Reactivate the member, or create it again, through the API or the dashboard, if this person shall get in.',
        },
      },
      'This member was deleted from the organization.',
    )
  return create(question)
}

/** Decision 1: a changed address becomes the member's unless another member has it. */
function emailChange(question: Question, member: CandidateMember) {
  const { identity, candidates, checks } = question
  const { email_address } = identity
  const unchanged = { new_email: null, retired_email: null }
  if (member.email_address === email_address) return unchanged
  const takenBy =
    candidates.by_email?.member_id ??
    (candidates.retired_by !== member.member_id ? candidates.retired_by : null)
  const kept = takenBy
    ? `another member has ${email_address}`
    : candidates.claimed_elsewhere
      ? 'another organization claims the domain of the new address'
      : identity.email_verified === false && 'the provider says that it is not verified'
  if (kept) {
    checks.push({
      name: 'email_change',
      verdict: 'skip',
      expected: email_address,
      actual: `${member.email_address} is kept: ${kept}`,
    })
    return unchanged
  }
  checks.push({
    name: 'email_change',
    verdict: 'pass',
    actual: `${member.email_address} becomes ${email_address}`,
  })
  return { new_email: email_address, retired_email: member.email_address }
}

/** Decision 2: a member of this organization with the same address is linked. */
function link(question: Question, member: NonNullable<Candidates['by_email']>): Admission {
  const { organization, identity, checks } = question
  const allowed = organization.email_allowed_domains
  const domain = emailDomain(identity.email_address)
  if (member.other_subject !== null)
    refuse(
      question,
      'duplicate_member_email',
      {
        name: 'member',
        expected: `the person that this connection has registered for ${identity.email_address}: ${shownId(member.other_subject)}`,
        actual: `another person with this address: ${shownId(identity.subject)}`,
        fix: {
          who: 'it_admin',
          what: 'If these are two people, give each an address of their own at the identity provider. If it is one, the identity provider now sends another identifier (another NameID format or attribute, or an account made anew): set it back, or have the developers delete the member and create it again.',
        },
      },
      'Another person of this identity provider has already signed in with this e-mail address.',
    )
  if (member.has_registration && allowed.length > 0 && !allowed.includes(domain))
    refuse(question, 'invalid_email_for_jit_provisioning', {
      name: 'member',
      expected: `an address of ${allowed.join(', ')}`,
      actual: `${identity.email_address}, a member that another connection has registered`,
      fix: {
        who: 'developer',
        what: `Add ${domain} to email_allowed_domains of the organization if its members may use this connection.`,
      },
    })
  checks.push({
    name: 'member',
    verdict: 'pass',
    actual: `linked by e-mail address: ${member.member_id}`,
  })
  checkAuthMethod(question, member.is_breakglass)
  const { member_id, mfa_enrolled } = member
  return { member_id, mfa_enrolled, new_email: null, retired_email: null }
}

/** Decision 3: the member is made now, if the organization lets this connection do that. */
function create(question: Question): Admission {
  const { organization, connection, identity, candidates, checks } = question
  checkAuthMethod(question, false)
  const domain = emailDomain(identity.email_address)
  const fix = (what: string) => ({ who: 'developer' as const, what })
  const name = 'jit_provisioning'
  if (candidates.retired_by)
    refuse(question, 'retired_member_email', {
      name,
      expected: 'an address that no member has retired',
      actual: `${identity.email_address}, retired by ${candidates.retired_by}`,
      fix: fix(
        `If this is the same person, give ${candidates.retired_by} this email_address back through the API; if somebody else shall have it, delete that member.`,
      ),
    })
  if (candidates.claimed_elsewhere)
    refuse(question, 'action_not_allowed_email_domain_is_claimed', {
      name,
      expected: 'a domain that no other organization claims',
      actual: domain,
      fix: fix(
        `Remove ${domain} from claimed_email_domains of the organization that claims it, or have the person log in over that one.`,
      ),
    })
  if (organization.sso_jit_provisioning === 'NOT_ALLOWED')
    refuse(question, 'invalid_connection_for_jit_provisioning', {
      name,
      expected: `a member ${identity.email_address}, or sso_jit_provisioning ALL_ALLOWED or RESTRICTED`,
      actual: 'no such member, and sso_jit_provisioning NOT_ALLOWED',
      fix: fix(
        'Create or invite the member first, or set sso_jit_provisioning of the organization to ALL_ALLOWED or RESTRICTED.',
      ),
    })
  if (organization.sso_jit_provisioning === 'RESTRICTED') {
    const connections = organization.sso_jit_provisioning_allowed_connections
    if (!connections.includes(connection.connection_id))
      refuse(question, 'invalid_connection_for_jit_provisioning', {
        name,
        expected: `one of sso_jit_provisioning_allowed_connections: ${connections.join(', ') || 'none'}`,
        actual: connection.connection_id,
        fix: fix(
          `Add ${connection.connection_id} to sso_jit_provisioning_allowed_connections of the organization, or create or invite the member first.`,
        ),
      })
    const domains = organization.email_allowed_domains
    if (domains.length > 0 && !domains.includes(domain))
      refuse(question, 'invalid_email_for_jit_provisioning', {
        name,
        expected: `one of email_allowed_domains: ${domains.join(', ')}`,
        actual: `${domain}, of ${identity.email_address}`,
        fix: fix(
          `Add ${domain} to email_allowed_domains of the organization, or create or invite the member first.`,
        ),
      })
  }
  checks.push({
    name,
    verdict: 'pass',
    expected: organization.sso_jit_provisioning,
    actual: `${identity.email_address} becomes a member`,
  })
  return {
    member_id: null,
    new_email: identity.email_address,
    retired_email: null,
    mfa_enrolled: false,
  }
}

function checkAuthMethod(question: Question, is_breakglass: boolean): void {
  const { organization, checks } = question
  const restricted = organization.auth_methods === 'RESTRICTED'
  const allowed = !restricted || organization.allowed_auth_methods.includes('sso')
  const actual = restricted
    ? organization.allowed_auth_methods.join(', ')
    : organization.auth_methods
  if (allowed || is_breakglass) {
    checks.push({
      name: 'auth_method',
      verdict: 'pass',
      expected: 'ALL_ALLOWED, or sso among allowed_auth_methods',
      actual: is_breakglass && !allowed ? 'a break-glass member' : actual,
    })
    return
  }
  refuse(question, 'operation_restricted_by_organization_auth_methods', {
    name: 'auth_method',
    expected: 'sso among allowed_auth_methods',
    actual: actual || 'none',
    fix: {
      who: 'developer',
      what: 'Add sso to allowed_auth_methods of the organization, or set its auth_methods to ALL_ALLOWED.',
    },
  })
}

/** An identifier for people to compare: a page shows it. */
function shownId(subject: string): string {
  return subject.slice(0, 200)
}

function refuseUnverified(question: Question): never {
  return refuse(question, 'oidc_response_unverified_email', {
    name: 'email_verified',
    expected: 'true, or nothing said',
    actual: `false for ${question.identity.email_address}`,
    fix: {
      who: 'it_admin',
      what: 'Verify the address of this person at the identity provider, or mark it there as verified.',
    },
  })
}

function refuse(
  question: Question,
  error_type: ErrorType,
  check: Omit<Check, 'verdict'>,
  message?: string,
): never {
  question.checks.push({ verdict: 'fail', ...check })
  throw new LoginError(error_type, question.checks, message)
}
