/** A function with the signature of `fetch`. The server passes the guarded one. */
export type Fetch = (
  url: string,
  init?: RequestInit & { content_types?: readonly string[] },
) => Promise<Response>

/** What discovery said beyond the four URLs. Stored as it is, null for a connection filled by hand. */
export type OIDCProvider = {
  token_endpoint_auth_methods: string[]
  authorization_response_iss_parameter_supported: boolean
}

/** One OpenID Connect connection, as stored. `userinfo_url` may be empty. */
export type OIDCSettings = {
  connection_id: string
  issuer: string
  client_id: string
  client_secret: string
  authorization_url: string
  token_url: string
  userinfo_url: string
  jwks_url: string
  custom_scopes: string
  provider?: OIDCProvider | null
}

/**
 * The scopes to ask for: those of the connection, or `openid email profile` where it names none,
 * and then those given at start. `openid` is always there; separators are spaces or `+`.
 */
export function requestedScopes(
  settings: Pick<OIDCSettings, 'custom_scopes'>,
  atStart = '',
): string[] {
  const own = splitScopes(settings.custom_scopes)
  const base = own.length > 0 ? own : ['openid', 'email', 'profile']
  return [...new Set(['openid', ...base, ...splitScopes(atStart)])]
}

function splitScopes(text: string): string[] {
  return text.split(/[\s+]+/).filter((scope) => scope !== '')
}
