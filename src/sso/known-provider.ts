/** The products whose pages and words are known here; any other is `generic`. */
export type KnownProvider = 'okta' | 'entra' | 'google' | 'adfs' | 'keycloak' | 'generic'

/** By what the connection says, else by an address of its identity provider (single sign-on URL, issuer). */
export function knownProvider(connection: {
  identity_provider: string | null
  idp_address: string | null
}): KnownProvider {
  const { identity_provider, idp_address } = connection
  const url = URL.parse(idp_address ?? '')
  const [host, path] = [url?.hostname ?? '', url?.pathname ?? '']
  if (/^\/adfs(\/|$)/i.test(path)) return 'adfs'
  if (identity_provider === 'okta' || /\.(okta|oktapreview|okta-emea)\.com$/.test(host))
    return 'okta'
  if (identity_provider === 'microsoft-entra') return 'entra'
  if (/^(login\.microsoftonline\.(com|us)|sts\.windows\.net)$/.test(host)) return 'entra'
  if (identity_provider === 'google-workspace' || host === 'accounts.google.com') return 'google'
  if (identity_provider === 'keycloak' || /\/realms\/[^/]+/.test(path)) return 'keycloak'
  return 'generic'
}
