import { OIDCError, shown } from './checks.ts'
import { describeFailure, fetchJSON } from './requests.ts'
import type { Fetch, OIDCProvider } from './settings.ts'

export type Discovery = {
  issuer: string
  authorization_url: string
  token_url: string
  /** empty where the provider has none */
  userinfo_url: string
  jwks_url: string
  /** to be stored with the connection as it is */
  provider: OIDCProvider
}

const MAX_BYTES = 256 * 1024

/**
 * Throws OIDCError oidc_connection_issuer_url_invalid_format for what cannot be an issuer (OpenID
 * Connect Discovery, section 3), saying what to enter. Plain http is for `fetch` to decide on.
 */
export function validateIssuer(issuer: string): void {
  const url = URL.parse(issuer)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalidIssuer('The issuer must be an https URL, for example https://idp.example.com.')
  }
  if (issuer.includes('?') || issuer.includes('#') || url.username !== '' || url.password !== '') {
    throw invalidIssuer('The issuer must be a URL without query, fragment and user name.')
  }
  refuseMultiTenantIssuer(url)
}

// Microsoft's words for many tenants; the last is the one tenant of all private accounts.
const SHARED_TENANTS = [
  'common',
  'organizations',
  'consumers',
  '9188040d-6c67-4c5b-b112-36a304b66dad',
]
const MICROSOFT =
  /(^|\.)(microsoftonline\.(com|us|de|cn)|windows\.net|chinacloudapi\.cn|ciamlogin\.com)\.?$/

/** Anybody with an account at Microsoft could log in through these. */
function refuseMultiTenantIssuer(url: URL): void {
  const path = decoded(url.pathname).toLowerCase()
  const shared = path.split('/').some((part) => SHARED_TENANTS.includes(part))
  if (!path.includes('{') && !(shared && MICROSOFT.test(url.hostname))) return
  throw invalidIssuer(
    `${shown(url.href)} stands for many tenants. Enter the issuer of one: for Microsoft Entra ` +
      'https://login.microsoftonline.com/TENANT_ID/v2.0, TENANT_ID being the "Directory (tenant) ID" ' +
      "on the application's overview page.",
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * Reads `{issuer}/.well-known/openid-configuration`. Throws OIDCError: as validateIssuer, or
 * oidc_discovery_failed with a sentence for the `warning` of the API.
 */
export async function discover(input: { issuer: string; fetch: Fetch }): Promise<Discovery> {
  const { issuer, fetch } = input
  validateIssuer(issuer)
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  let document: Record<string, unknown>
  try {
    document = await fetchJSON(fetch, url, MAX_BYTES)
  } catch (error) {
    throw failed(`Discovery failed: ${describeFailure(error, 'issuer').actual}.`)
  }
  if (document.issuer !== issuer) throw wrongIssuer(issuer, document.issuer)
  const endpoint = (name: string) => readEndpoint(document, name, issuer)
  return {
    issuer,
    authorization_url: endpoint('authorization_endpoint'),
    token_url: endpoint('token_endpoint'),
    userinfo_url: document.userinfo_endpoint === undefined ? '' : endpoint('userinfo_endpoint'),
    jwks_url: endpoint('jwks_uri'),
    provider: {
      token_endpoint_auth_methods: readStrings(document.token_endpoint_auth_methods_supported),
      authorization_response_iss_parameter_supported:
        document.authorization_response_iss_parameter_supported === true,
    },
  }
}

// What a provider calls itself is what its ID tokens say, to the letter.
function wrongIssuer(entered: string, actual: unknown): OIDCError {
  if (typeof actual === 'string' && URL.canParse(actual)) validateIssuer(actual)
  return failed(
    `The provider at ${shown(entered)} calls itself ${shown(actual)}. Enter the issuer exactly so.`,
  )
}

function readEndpoint(document: Record<string, unknown>, name: string, issuer: string): string {
  const value = document[name]
  const url = typeof value === 'string' ? URL.parse(value) : null
  const plainAllowed = issuer.startsWith('http:')
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && plainAllowed))
    return String(value)
  throw failed(`Discovery failed: ${name} is ${shown(value)}, which is no https URL.`)
}

function readStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string').slice(0, 20) : []
}

function invalidIssuer(message: string): OIDCError {
  return new OIDCError('oidc_connection_issuer_url_invalid_format', message)
}

function failed(message: string): OIDCError {
  return new OIDCError('oidc_discovery_failed', message)
}
