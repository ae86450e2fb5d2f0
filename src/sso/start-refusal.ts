/** Logins that are refused before they leave: what is registered, what was asked for, and who must act. */
import type { Services } from '../context.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import type { Project } from '../projects/projects.ts'
import { matchRedirectURL } from '../projects/redirect-urls.ts'
import { printable } from '../saml/checks.ts'
import { missingSettings } from './connection-complete.ts'
import { type Connection, connectionRow, keysOf } from './connections.ts'
import { type Check, LoginError, recordAnonymousFailure } from './flow.ts'

type Refused = Omit<Check, 'verdict'>

/** A start that is refused, with its one check. */
export function refusedStart(cause: ApiError, check: Refused): LoginError {
  return new LoginError(cause.error_type, [{ verdict: 'fail', ...check }], cause.message)
}

/**
 * Gives a refused start a trace of its own, at most one a second for a connection; returns the error with
 * the request id that the trace is found by.
 */
export async function recordRefusedStart(
  services: Services,
  connection: Connection,
  error: LoginError,
): Promise<LoginError> {
  const environment = environmentOf(connection.project_id)
  const request_id = newId('request-id', environment)
  const ids = { request_id, flow_id: newId('sso-flow', environment) }
  await recordAnonymousFailure(services, connection, ids, error, 'sp')
  error.request_id = request_id
  return error
}

/** Why a connection that is not active takes no login: what it lacks, or that nobody has activated it. */
export async function pendingConnection(
  services: Services,
  { project_id, connection_id }: Connection,
): Promise<LoginError> {
  const row = await connectionRow(services.db, project_id, connection_id)
  const missing = row ? missingSettings(row, await keysOf(services.db, [row])) : []
  const complete = missing.length === 0
  return refusedStart(new ApiError('requires_active_sso_connection'), {
    name: 'connection',
    expected: 'an active connection',
    actual: complete ? 'pending: not activated' : `pending: it lacks ${missing.join(', ')}`,
    fix: {
      who: 'it_admin',
      what: complete
        ? 'Activate the connection (setup link or dashboard), then start the login again from the application.'
        : `Fill in what the connection lacks: ${missing.join(', ')}. The connection is active as soon as it has all; then start the login again from the application.`,
    },
  })
}

/** A connection id that the project of the public token does not have. */
export function foreignConnection(project: Project, connection_id: string): LoginError {
  return refusedStart(new ApiError('sso_connection_not_found'), {
    name: 'connection',
    expected: `a connection of the project ${project.project_id}, which the public token belongs to`,
    actual: /^[\w-]{1,128}$/.test(connection_id)
      ? connection_id
      : 'something that is no connection_id',
    fix: {
      who: 'developer',
      what: 'Pass the public token of the project that the connection belongs to, or a connection_id of this project: another project or environment (test, live) has other ones, and a deleted connection is gone.',
    },
  })
}

/** An organization whose connection cannot be told: none is active, or several and none the default. */
export function indeterminateConnection({
  organization_slug,
  sso_active_connections,
}: Pick<OrganizationRow, 'organization_slug' | 'sso_active_connections'>): LoginError {
  const { length } = sso_active_connections
  const error_type =
    length === 0
      ? 'no_sso_connection_exists_for_organization'
      : 'indeterminate_sso_connection_for_organization'
  return refusedStart(new ApiError(error_type), {
    name: 'connection',
    expected: `an active SSO connection of the organization ${organization_slug}: the only one, or the default one`,
    actual: length === 0 ? 'none is active' : `${length} are active, none of them is the default`,
    fix:
      length === 0
        ? {
            who: 'it_admin',
            what: 'Set up and activate an SSO connection of this organization, then start the login again from the application.',
          }
        : {
            who: 'developer',
            what: 'Pass connection_id in the start link, or set sso_default_connection_id of the organization.',
          },
  })
}

/**
 * The redirect URL of that type, given or by default. Throws LoginError that says what is registered, after
 * the checks so far.
 */
export function redirectURLOf(
  project: Project,
  type: 'LOGIN' | 'SIGNUP',
  given: string | undefined,
  checks: Check[] = [],
): string {
  try {
    return matchRedirectURL(project, type, given)
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    checks.push({ verdict: 'fail', ...redirectURLCheck(project, type, given) })
    throw new LoginError(cause.error_type, checks, cause.message)
  }
}

/** The check of a redirect URL that is not registered so. */
function redirectURLCheck(
  project: Project,
  type: 'LOGIN' | 'SIGNUP',
  given: string | undefined,
): Refused {
  const parameter = `${type.toLowerCase()}_redirect_url`
  const name = 'redirect_url'
  const expected = `a redirect URL of the type ${type}: ${registered(project, type, given)}`
  if (!given)
    return {
      name,
      expected,
      actual: `no ${parameter} in the link, and no default of the type ${type}`,
      fix: {
        who: 'developer',
        what: `Register the address of your application with the type ${type} as the default redirect URL of the project (dashboard, Redirect URLs, or portcullis redirect-url add), or pass ${parameter} in the start link.`,
      },
    }
  const href = URL.parse(given)?.href
  const types = project.redirect_urls.filter((row) => row.url === href).map((row) => row.type)
  const other = types.length > 0 ? `, registered with the type ${types.join(', ')}` : ''
  return {
    name,
    expected,
    actual: `${href === undefined ? 'something that is no URL' : printable(href)}${other}`,
    fix: {
      who: 'developer',
      what: other
        ? `Add the type ${type} to this redirect URL (dashboard, Redirect URLs, or portcullis redirect-url add), or pass another one as ${parameter}.`
        : `Register this address with the type ${type} (dashboard, Redirect URLs, or portcullis redirect-url add) if it is your application’s, or pass a registered one as ${parameter}: scheme, host, port, path and query must be the same.`,
    },
  }
}

const shownURLs = 5

/** What is registered, as far as whoever follows a link may know: in a live project those of the same host. */
function registered(project: Project, type: string, given = ''): string {
  const all = project.redirect_urls.filter((row) => row.type === type).map((row) => row.url)
  const host = URL.parse(given)?.host
  const shown =
    project.environment === 'test' ? all : all.filter((url) => URL.parse(url)?.host === host)
  const rest = all.length - Math.min(shown.length, shownURLs)
  const texts = shown.slice(0, shownURLs).map((url) => printable(url))
  if (rest > 0) texts.push(`${rest} ${texts.length > 0 ? 'more' : 'registered, none of this host'}`)
  return texts.join(', ') || 'none is registered'
}
