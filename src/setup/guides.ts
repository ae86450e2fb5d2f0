/**
 * setup/ is the portal for a customer's IT admin. This file: which guide fits a connection. The guides are
 * data, one file a provider; the dashboard and the portal render the same ones, with a connection's values.
 */
import type { Config } from '../config.ts'
import type { ConnectionType } from '../db/schema.ts'
import { type ConnectionRow, callbackURL, type KeyRow } from '../sso/connections.ts'
import { adfsOIDC, adfsSAML } from './guides-adfs.ts'
import { auth0OIDC, auth0SAML } from './guides-auth0.ts'
import { entraOIDC, entraSAML } from './guides-entra.ts'
import { genericOIDC, genericSAML } from './guides-generic.ts'
import { googleOIDC, googleSAML } from './guides-google.ts'
import { jumpCloudOIDC, jumpCloudSAML } from './guides-jumpcloud.ts'
import { keycloakOIDC, keycloakSAML } from './guides-keycloak.ts'
import { oktaOIDC, oktaSAML } from './guides-okta.ts'
import { oneLoginOIDC, oneLoginSAML } from './guides-onelogin.ts'
import { pingOIDC, pingSAML } from './guides-ping.ts'
import type { Guide, GuideValue } from './guides-shape.ts'
import { shibbolethSAML } from './guides-shibboleth.ts'

/** All guides, in the order in which a list of identity providers shows them. */
export const guides: readonly Guide[] = [
  oktaSAML,
  oktaOIDC,
  entraSAML,
  entraOIDC,
  googleSAML,
  googleOIDC,
  adfsSAML,
  adfsOIDC,
  keycloakSAML,
  keycloakOIDC,
  oneLoginSAML,
  oneLoginOIDC,
  jumpCloudSAML,
  jumpCloudOIDC,
  pingSAML,
  pingOIDC,
  auth0SAML,
  auth0OIDC,
  shibbolethSAML,
  genericSAML,
  genericOIDC,
]

/** The guide for an identity provider, or the generic one of its protocol. */
export function guideFor(identity_provider: string, type: ConnectionType): Guide {
  const own = guides.find(
    (guide) => guide.identity_provider === identity_provider && guide.type === type,
  )
  return own ?? (type === 'saml' ? genericSAML : genericOIDC)
}

/**
 * What a connection stores as `identity_provider` for a guide: the wire has no word for AD FS and Auth0,
 * which are `generic` there.
 */
export function storedIdentityProvider(identity_provider: string): string {
  return identity_provider === 'adfs' || identity_provider === 'auth0'
    ? 'generic'
    : identity_provider
}

type Described = Pick<ConnectionRow, 'identity_provider' | 'type' | 'idp_sso_url' | 'issuer'>

/** The guide for a connection: by its `identity_provider`, else by the address of its provider. */
export function guideOf(row: Described): Guide {
  if (row.identity_provider !== 'generic') return guideFor(row.identity_provider, row.type)
  const url = URL.parse(row.type === 'saml' ? row.idp_sso_url : row.issuer)
  if (url && /^\/adfs(\/|$)/i.test(url.pathname)) return guideFor('adfs', row.type)
  if (url && /(^|\.)auth0\.com$/.test(url.hostname)) return guideFor('auth0', row.type)
  return guideFor('generic', row.type)
}

/** The values of a connection that a guide tells to copy; empty where the connection has none. */
export function guideValues(
  { base_url }: Pick<Config, 'base_url'>,
  row: Pick<ConnectionRow, 'connection_id' | 'custom_scopes'>,
  keys: readonly Pick<KeyRow, 'purpose' | 'certificate'>[],
): Readonly<Record<GuideValue, string>> {
  const url = callbackURL(base_url, row.connection_id)
  return {
    acs_url: url,
    audience_uri: url,
    redirect_url: url,
    sp_metadata_url: `${base_url}/v1/public/sso/saml/metadata/${row.connection_id}`,
    signing_certificate: keys.findLast((key) => key.purpose === 'signing')?.certificate ?? '',
    scopes: row.custom_scopes || 'openid email profile',
  }
}
