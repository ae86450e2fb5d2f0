import type { Services } from '../context.ts'
import { looksLikeId, newId } from '../db/ids.ts'
import { newToken } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'
import { noteRequest } from '../http/request-log.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { findProjectByPublicToken, type Project } from '../projects/projects.ts'
import { matchRedirectURL } from '../projects/redirect-urls.ts'
import { cachedOrganization } from './cached-organization.ts'
import { type Connection, findConnection } from './connections.ts'
import { bindBrowser } from './cookies.ts'
import { type Departure, depart } from './depart.ts'

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
  if (connection.status !== 'active') throw new ApiError('requires_active_sso_connection')
  const login_redirect_url = matchRedirectURL(
    project,
    'LOGIN',
    parameter(query, 'login_redirect_url'),
  )
  const signup_redirect_url = matchRedirectURL(
    project,
    'SIGNUP',
    parameter(query, 'signup_redirect_url'),
  )
  const pkce_code_challenge = parameter(query, 'pkce_code_challenge') ?? ''
  if (pkce_code_challenge !== '' && !/^[A-Za-z0-9_-]{43}$/.test(pkce_code_challenge))
    throw new ApiError('invalid_pkce_code_challenge')
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
  if (connection_id) return findConnection(services, project, connection_id)
  if (!reference) throw new ApiError('missing_sso_connection_locator')
  const organization = await locateOrganization(services, project, reference)
  const active = organization.sso_active_connections
  const chosen =
    organization.sso_default_connection_id ??
    (active.length === 1 ? active[0]?.connection_id : undefined)
  if (chosen) return findConnection(services, project, chosen)
  throw new ApiError(
    active.length === 0
      ? 'no_sso_connection_exists_for_organization'
      : 'indeterminate_sso_connection_for_organization',
  )
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
