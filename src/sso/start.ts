import type { Services } from '../context.ts'
import { looksLikeId, newId } from '../db/ids.ts'
import { newToken } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'
import { noteRequest } from '../http/request-log.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { findProjectByPublicToken, type Project } from '../projects/projects.ts'
import { cachedOrganization } from './cached-organization.ts'
import { type Connection, findConnection } from './connections.ts'
import { bindBrowser } from './cookies.ts'
import { type Departure, depart } from './depart.ts'
import { LoginError } from './flow.ts'
import {
  foreignConnection,
  indeterminateConnection,
  pendingConnection,
  recordRefusedStart,
  redirectURLOf,
  refusedStart,
} from './start-refusal.ts'

/**
 * `GET /v1/public/sso/start` (backend.md section 4): finds project, connection and redirect URLs, writes
 * the flow, and sends the browser to the identity provider: 302, or a page that posts where the provider
 * takes AuthnRequests by HTTP-POST alone. Throws ApiError.
 */
export async function startLogin(services: Services, request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams
  const project = await projectOf(services, query)
  const connection = await locateConnection(services, project, query)
  services.limits.login('start', connection.connection_id)
  try {
    return await leave(services, request, { query, project, connection })
  } catch (cause) {
    throw cause instanceof LoginError
      ? await recordRefusedStart(services, connection, cause)
      : cause
  }
}

interface Start {
  query: URLSearchParams
  project: Project
  connection: Connection
}

async function leave(
  services: Services,
  request: Request,
  { query, project, connection }: Start,
): Promise<Response> {
  if (connection.status !== 'active') throw await pendingConnection(services, connection)
  const given = (name: string) => parameter(query, name)
  const login_redirect_url = redirectURLOf(project, 'LOGIN', given('login_redirect_url'))
  const signup_redirect_url = redirectURLOf(project, 'SIGNUP', given('signup_redirect_url'))
  const pkce_code_challenge = codeChallenge(query)
  const cookie = bindBrowser(services.config, request)
  const departure: Departure = {
    services,
    connection,
    cookie,
    flow: {
      flow_id: newId('sso-flow', project.environment),
      request_id: newId('request-id', project.environment),
      state: newToken(),
      cookie: cookie.value,
      pkce_code_challenge,
      login_redirect_url,
      signup_redirect_url,
      tested_by: null,
    },
    custom_scopes: customScopes(query),
    login_hint: loginHint(query),
    prompts: prompts(query),
  }
  const { request_id } = departure.flow
  noteRequest(services, request, { request_id, project_id: project.project_id })
  return depart(departure)
}

/** PKCE of the application towards this server: S256 alone (RFC 7636, section 4.2). */
function codeChallenge(query: URLSearchParams): string {
  const challenge = parameter(query, 'pkce_code_challenge') ?? ''
  if (challenge === '' || /^[A-Za-z0-9_-]{43}$/.test(challenge)) return challenge
  throw refusedStart(new ApiError('invalid_pkce_code_challenge'), {
    name: 'pkce_code_challenge',
    expected: '43 characters: the SHA-256 of the code verifier, in base64url without padding',
    actual: `${challenge.length} characters${/[^A-Za-z0-9_-]/.test(challenge) ? ', some of them not of base64url' : ''}`,
    fix: {
      who: 'developer',
      what: 'Make the challenge as BASE64URL(SHA256(verifier)): the digest itself, not its hexadecimal form, and without “=” at the end.',
    },
  })
}

/** Scope tokens (RFC 6749 section 3.3), separated by spaces or an encoded `+`. */
function customScopes(query: URLSearchParams): string {
  const scopes = parameter(query, 'custom_scopes') ?? ''
  if (scopes.length > 1_024 || !/^[!#-[\]-~ ]*$/.test(scopes))
    throw new ApiError('bad_request', {
      message: 'custom_scopes are scope names separated by spaces, at most 1,024 characters.',
    })
  return scopes
}

const maxHint = 1_024

function loginHint(query: URLSearchParams): string | undefined {
  const hint = parameter(query, 'login_hint') ?? parameter(query, 'provider_login_hint')
  if (hint && (hint.length > maxHint || /[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(hint)))
    throw new ApiError('bad_request', {
      message: `login_hint is a line of text of at most ${maxHint} characters.`,
    })
  return hint
}

/** The values of `prompt` (OpenID Connect Core 3.1.2.1); over SAML `login` alone means something. */
function prompts(query: URLSearchParams): string[] {
  const given = parameter(query, 'prompt') ?? parameter(query, 'provider_prompt') ?? ''
  const values = given.split(/\s+/).filter(Boolean)
  if (values.includes('none') && values.length > 1)
    throw new ApiError('oidc_prompt_none_must_be_exclusive')
  return values
}

async function projectOf(services: Services, query: URLSearchParams): Promise<Project> {
  const public_token = parameter(query, 'public_token')
  if (!public_token) throw new ApiError('public_token_required')
  return findProjectByPublicToken(services, public_token)
}

async function locateConnection(
  services: Services,
  project: Project,
  query: URLSearchParams,
): Promise<Connection> {
  const connection_id = parameter(query, 'connection_id')
  const reference = parameter(query, 'organization_id')
  if (connection_id && reference) throw new ApiError('too_many_sso_connection_locators')
  if (connection_id) return ownConnection(services, project, connection_id)
  if (!reference) throw new ApiError('missing_sso_connection_locator')
  const organization = await locateOrganization(services, project, reference)
  const active = organization.sso_active_connections
  const chosen =
    organization.sso_default_connection_id ??
    (active.length === 1 ? active[0]?.connection_id : undefined)
  if (chosen) return findConnection(services, project, chosen)
  throw indeterminateConnection(organization)
}

async function ownConnection(services: Services, project: Project, connection_id: string) {
  try {
    return await findConnection(services, project, connection_id)
  } catch (cause) {
    if (!(cause instanceof ApiError && cause.error_type === 'sso_connection_not_found')) throw cause
    throw foreignConnection(project, connection_id)
  }
}

/** By id from the cache, so that a start takes one statement; by slug or external id from the database. */
async function locateOrganization(
  services: Services,
  project: Project,
  reference: string,
): Promise<OrganizationRow> {
  return looksLikeId(reference)
    ? cachedOrganization(services, { ...project, organization_id: reference })
    : findOrganization(services.db, project, reference)
}

/** A query parameter that may be given once; an empty one counts as not given. */
function parameter(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  if (values.length > 1)
    throw new ApiError('bad_request', { message: `${name} may be given only once.` })
  const [value] = values
  if (value?.includes('\0'))
    throw new ApiError('bad_request', { message: `${name} holds a NUL character.` })
  return value === '' ? undefined : value
}
