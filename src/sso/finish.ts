/**
 * The only place where an identity becomes a token: the flow moves to `verified`, the assertion is
 * burnt, and the browser goes back to the application.
 */
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'
import { findProject, type Project } from '../projects/projects.ts'
import { matchRedirectURL } from '../projects/redirect-urls.ts'
import type { Identity } from './attributes.ts'
import { cachedOrganization } from './cached-organization.ts'
import {
  type Candidates,
  candidatesSQL,
  candidatesValues,
  type UnchangedMember,
  unchangedSQL,
} from './candidates.ts'
import type { Connection } from './connections.ts'
import {
  type Check,
  failFlow,
  LoginError,
  passFlow,
  type StartedFlow,
  startedForMs,
  storedChecks,
} from './flow.ts'
import { admit } from './provisioning.ts'
import { rememberToken } from './remembered-tokens.ts'
import { redirectURLOf } from './start-refusal.ts'
import { returnFromTest } from './test-return.ts'

export interface Verified {
  connection: Connection
  /** Null for a login that began at the identity provider. */
  flow: StartedFlow | null
  identity: Identity
  checks: Check[]
  request_id: string
  /** The id of the row that is made where there is no flow. */
  flow_id: string
  /** What must not be used a second time, and until when it could be. Null for OIDC: its code is burnt at the provider. */
  assertion: { id: string; valid_until: Date } | null
}

/**
 * Consumes flow and assertion by one statement, decides whether the person gets in, and returns the
 * address of the application with `stytch_token_type=sso&token=...`. A test login gets no token: it ends as
 * `passed`, and returns to where it was started. Throws LoginError; nothing but the failed flow is written
 * then.
 */
export async function finishLogin(services: Services, verified: Verified): Promise<string> {
  const { connection, identity, checks } = verified
  const project = await findProject(services, connection.project_id)
  const organization = await cachedOrganization(services, connection)
  const token = newToken()
  const test = verified.flow?.tested_by ? verified.flow : null
  const flow_id = verified.flow?.flow_id ?? verified.flow_id
  const verified_at = services.now()
  const stored = JSON.stringify(identity)
  const candidates = await moveToVerified(
    services,
    { ...verified, stored },
    flow_id,
    test ? null : hashToken(token),
    verified_at,
  )
  try {
    const admission = admit({ organization, connection, identity, candidates, checks })
    const type = admission.member_id === null ? 'SIGNUP' : 'LOGIN'
    if (test) {
      noteRedirectURL(project, type, checks)
      await passFlow(services, connection.project_id, flow_id, checks)
      return returnFromTest(services, test)
    }
    // An IdP-initiated login goes to the default LOGIN URL, its RelayState is ignored.
    const wanted =
      type === 'LOGIN' ? verified.flow?.login_redirect_url : verified.flow?.signup_redirect_url
    const url = redirectURLOf(project, type, wanted, checks)
    const { unchanged } = candidates
    if (unchanged && stored.length <= longestRemembered) {
      const { project_id, organization_id, connection_id, type: connection_type } = connection
      rememberToken(services, token, {
        flow: { flow_id, connection_id, connection_type, identity, candidates },
        unchanged,
        project_id,
        organization_id,
        pkce_code_challenge: verified.flow?.pkce_code_challenge ?? '',
        verified_at,
      })
    }
    return withToken(url, {
      stytch_token_type: 'sso',
      token,
      slug: organization.organization_slug,
    })
  } catch (cause) {
    if (cause instanceof LoginError)
      await failFlow(services, connection.project_id, flow_id, cause, { from: ['verified'] })
    throw cause
  }
}

/** Of an identity: a thousand tokens that nobody redeems, of people with a thousand groups, shall not fill the memory. */
const longestRemembered = 64 * 1024

/** Says of a test where the person would have gone: a project without addresses does not fail it. */
function noteRedirectURL(project: Project, type: 'LOGIN' | 'SIGNUP', checks: Check[]): void {
  try {
    const actual = `${matchRedirectURL(project, type, undefined)} (${type})`
    checks.push({ name: 'redirect_url', verdict: 'pass', actual })
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    checks.push({ name: 'redirect_url', verdict: 'skip', actual: error.message })
  }
}

/** Sets the parameters; the URL's own query stays byte for byte where it has none of these names. */
function withToken(registered: string, parameters: Record<string, string>): string {
  const url = new URL(registered)
  const own = url.search
  const names = Object.keys(parameters)
  if (own.length > 1 && !names.some((name) => url.searchParams.has(name)))
    url.search = `${own}&${new URLSearchParams(parameters)}`
  else for (const name of names) url.searchParams.set(name, parameters[name]!)
  return url.href
}

type MovedRow = Candidates & { unchanged: UnchangedMember | null; fresh: boolean; moved: boolean }

const moveSQL = `with replay as (
    insert into saml_replays (project_id, connection_id, assertion_id, expires_at)
    select $1, $3, $7, $8::timestamptz where $7::text is not null
    on conflict do nothing returning 1),
  fresh as (select ($7::text is null or exists (select 1 from replay)) as fresh),
  moved as (
    update sso_flows set state = 'verified', verified_at = $9, token_hash = $10, identity = $11, checks = $12
    where project_id = $1 and flow_id = $13 and connection_id = $3 and state = 'started'
      and started_at > $14 and (select fresh from fresh)
    returning 1),
  made as (
    insert into sso_flows (project_id, organization_id, connection_id, flow_id, state, initiated_by,
      request_id, token_hash, identity, checks, started_at, verified_at)
    select $1, $2, $3, $13, 'verified', 'idp', $15, $10, $11, $12, $9, $9
    where $16::boolean and (select fresh from fresh)
    returning 1)
  select (select fresh from fresh) as fresh,
    exists (select 1 from moved) or exists (select 1 from made) as moved,
    ${unchangedSQL('$11::jsonb')} as unchanged, ${candidatesSQL}`

async function moveToVerified(
  services: Services,
  verified: Verified & { stored: string },
  flow_id: string,
  token_hash: Buffer | null,
  now: Date,
): Promise<MovedRow> {
  const { connection, flow, identity, stored, checks, assertion, request_id } = verified
  const rows = await statement<MovedRow>(services.db, moveSQL, [
    ...candidatesValues(connection, identity),
    assertion?.id ?? null,
    assertion?.valid_until ?? null,
    now,
    token_hash,
    stored,
    storedChecks(checks),
    flow_id,
    new Date(now.getTime() - startedForMs),
    request_id,
    flow === null,
  ])
  const row = rows[0]!
  const name = 'used_once'
  const fix = {
    who: 'it_admin',
    what: 'Start the login again from the application; do not reload its pages or go back to them.',
  } as const
  if (!row.fresh) {
    checks.push({
      name,
      verdict: 'fail',
      expected: 'an assertion that is new',
      actual: 'one that was used before',
      fix,
    })
    throw new LoginError('duplicate_saml_response', checks)
  }
  if (!row.moved) {
    checks.push({
      name,
      verdict: 'fail',
      expected: 'a login that is waiting',
      actual: 'one that has ended or expired',
      fix,
    })
    const { type } = connection
    throw new LoginError(
      type === 'saml' ? 'unsolicited_saml_response' : 'unsolicited_oidc_response',
      checks,
    )
  }
  return row
}
