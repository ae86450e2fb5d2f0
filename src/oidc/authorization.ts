import { OIDCError } from './checks.ts'
import type { OIDCSettings } from './settings.ts'

export type AuthorizationRequest = {
  settings: Pick<OIDCSettings, 'issuer' | 'client_id' | 'authorization_url'>
  redirect_uri: string
  state: string
  nonce: string
  /** base64url of the SHA-256 of the verifier (RFC 7636, section 4.2) */
  code_challenge: string
  /** from `requestedScopes` */
  scopes: string[]
  login_hint?: string | undefined
  prompt?: string | undefined
}

/**
 * The address the browser is sent to (OpenID Connect Core, section 3.1.2.1), always with PKCE S256
 * and a nonce. Throws OIDCError for `prompt=none` beside other values and for a stored
 * authorization URL that is not https, or http where the issuer itself is http.
 */
export function authorizationURL(request: AuthorizationRequest): URL {
  const { settings, prompt, login_hint } = request
  const prompts = (prompt ?? '').split(/\s+/).filter((value) => value !== '')
  if (prompts.includes('none') && prompts.length > 1) {
    throw new OIDCError(
      'oidc_prompt_none_must_be_exclusive',
      'prompt=none cannot be combined with other values of prompt.',
    )
  }
  const url = authorizationEndpoint(settings)
  const parameters = url.searchParams
  parameters.set('response_type', 'code')
  parameters.set('client_id', settings.client_id)
  parameters.set('redirect_uri', request.redirect_uri)
  parameters.set('scope', request.scopes.join(' '))
  parameters.set('state', request.state)
  parameters.set('nonce', request.nonce)
  parameters.set('code_challenge', request.code_challenge)
  parameters.set('code_challenge_method', 'S256')
  if (login_hint) parameters.set('login_hint', login_hint)
  if (prompts.length > 0) parameters.set('prompt', prompts.join(' '))
  return url
}

function authorizationEndpoint(settings: AuthorizationRequest['settings']): URL {
  const url = URL.parse(settings.authorization_url)
  const plainAllowed = settings.issuer.startsWith('http:')
  const usable = url?.protocol === 'https:' || (url?.protocol === 'http:' && plainAllowed)
  if (!url || !usable || url.hash !== '' || url.username !== '') {
    throw new OIDCError(
      'oidc_connection_authorization_url_invalid_format',
      'The authorization URL of this connection is not an https URL without fragment and user name.',
    )
  }
  return url
}
