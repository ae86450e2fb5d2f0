/**
 * Where a setting is in the pages of an identity provider, in its own words, by the check that fails where
 * it is wrong. `SAML_` and `OIDC_` words are for connections of that kind alone.
 */
import type { KnownProvider } from './known-provider.ts'

type Words = Readonly<Record<string, string>>

const okta: Words = {
  issuer: 'In Okta: the app, Sign On, View SAML setup instructions, “Identity Provider Issuer”.',
  signature_certificate:
    'In Okta: the app, Sign On, SAML Signing Certificates, the one that is Active: Actions, Download certificate.',
  signature:
    'In Okta: the app, General, SAML Settings, Show Advanced Settings: set “Response” and “Assertion Signature” to Signed.',
  signature_algorithm:
    'In Okta: the app, General, SAML Settings, Show Advanced Settings: “Signature Algorithm” RSA-SHA256, “Digest Algorithm” SHA256.',
  acs: 'In Okta: the app, General, SAML Settings, “Single sign-on URL”, with “Use this for Recipient URL and Destination URL” ticked.',
  audience: 'In Okta: the app, General, SAML Settings, “Audience URI (SP Entity ID)”.',
  encryption:
    'In Okta: the app, General, SAML Settings, Show Advanced Settings: “Assertion Encryption”, “Encryption Algorithm”, “Key Transport Algorithm”, “Encryption Certificate”.',
  name_id: 'In Okta: the app, General, SAML Settings, “Name ID format” and “Application username”.',
  SAML_attribute: 'In Okta: the app, General, SAML Settings, “Attribute Statements”.',
  groups:
    'In Okta: the app, “Group Attribute Statements” (SAML) or “Groups claim type” (OpenID Connect).',
  assignment: 'In Okta: Applications, the app, Assignments.',
  client:
    'In Okta: the app, General, Client Credentials: “Client ID”, “Client authentication” Client secret, “CLIENT SECRETS”.',
  OIDC_issuer:
    'In Okta: the issuer is https:// and the Okta domain, or, of a custom authorization server, “Issuer URI” under Security, API.',
}

const entra: Words = {
  issuer:
    'In Entra: the enterprise application, Single sign-on, step 4, “Microsoft Entra Identifier”.',
  signature_certificate:
    'In Entra: the enterprise application, Single sign-on, step 3 SAML Certificates: “Certificate (Base64)” of the one that is Active.',
  signature:
    'In Entra: the enterprise application, Single sign-on, step 3 SAML Certificates, Edit: “Signing Option” Sign SAML response and assertion.',
  signature_algorithm:
    'In Entra: the enterprise application, Single sign-on, step 3 SAML Certificates, Edit: “Signing Algorithm” SHA-256.',
  acs: 'In Entra: the enterprise application, Single sign-on, step 1 Basic SAML Configuration, “Reply URL (Assertion Consumer Service URL)”.',
  audience:
    'In Entra: the enterprise application, Single sign-on, step 1 Basic SAML Configuration, “Identifier (Entity ID)”.',
  encryption: 'In Entra: the enterprise application, Token encryption.',
  name_id:
    'In Entra: the enterprise application, Single sign-on, step 2 Attributes & Claims, “Unique User Identifier (Name ID)”.',
  SAML_attribute:
    'In Entra: the enterprise application, Single sign-on, step 2 Attributes & Claims; a claim’s name is its Namespace, a slash and its Name.',
  OIDC_attribute: 'In Entra: App registrations, the app, Token configuration, Add optional claim.',
  groups:
    'In Entra: the group claim, “Groups assigned to the application”; groups come as object ids.',
  assignment:
    'In Entra: the enterprise application, Users and groups; or Properties, “Assignment required?” No.',
  client:
    'In Entra: App registrations, the app: “Application (client) ID” on its overview, the Value of a secret under Certificates & secrets.',
  OIDC_issuer:
    'In Entra: https://login.microsoftonline.com/ and the “Directory (tenant) ID” of the app’s overview and /v2.0.',
}

const google: Words = {
  issuer:
    'In Google: Admin console, Apps, Web and mobile apps, the app, Download metadata, “Entity ID”.',
  signature_certificate:
    'In Google: Admin console, Apps, Web and mobile apps, the app, Download metadata, “Certificate”; Google shows its SHA-256 fingerprint there.',
  acs: 'In Google: Admin console, Apps, Web and mobile apps, the app, Service provider details, “ACS URL”.',
  audience:
    'In Google: Admin console, Apps, Web and mobile apps, the app, Service provider details, “Entity ID”.',
  name_id:
    'In Google: Admin console, Apps, Web and mobile apps, the app, Service provider details, “Name ID format” and “Name ID”.',
  SAML_attribute:
    'In Google: Admin console, Apps, Web and mobile apps, the app, SAML attribute mapping, “App attributes”.',
  groups:
    'In Google: Admin console, Apps, Web and mobile apps, the app, SAML attribute mapping, “Group membership”.',
  assignment: 'In Google: Admin console, Apps, Web and mobile apps, the app, User access.',
  client: 'In Google: Google Cloud console, Clients, the client: “Client ID”, “Client secrets”.',
  OIDC_issuer: 'For Google the issuer is https://accounts.google.com.',
}

const adfs: Words = {
  issuer: 'In AD FS: Federation Service Properties, “Federation Service identifier”.',
  signature_certificate:
    'In AD FS: Service, Certificates, the primary one under Token-signing: View Certificate, Details, Copy to File.',
  signature_algorithm:
    'In AD FS: the relying party trust, Properties, Advanced, “Secure hash algorithm” SHA-256.',
  acs: 'In AD FS: the relying party trust, Properties, Endpoints, SAML Assertion Consumer, binding POST.',
  audience: 'In AD FS: the relying party trust, Properties, Identifiers.',
  encryption: 'In AD FS: the relying party trust, Properties, Encryption.',
  name_id:
    'In AD FS: the relying party trust, Edit Claim Issuance Policy: a rule whose outgoing claim type is “Name ID”.',
  SAML_attribute:
    'In AD FS: the relying party trust, Edit Claim Issuance Policy, “Outgoing Claim Type”.',
  assignment: 'In AD FS: the relying party trust, Edit Access Control Policy.',
  client:
    'In AD FS: Application Groups, the server application: “Client Identifier”, Configure Application Credentials.',
}

const keycloak: Words = {
  signature_certificate:
    'In Keycloak: Realm settings, Keys, the RS256 key with use SIG: Certificate.',
  signature: 'In Keycloak: the client, Keys and Settings: “Sign assertions” on.',
  signature_algorithm: 'In Keycloak: the client, Settings, “Signature algorithm” RSA_SHA256.',
  acs: 'In Keycloak: the client, Advanced, “Assertion Consumer Service POST Binding URL”.',
  audience: 'In Keycloak: the client, Settings, “Client ID”.',
  encryption: 'In Keycloak: the client, Keys, “Encrypt assertions”.',
  name_id: 'In Keycloak: the client, Settings, “Name ID format”.',
  SAML_attribute: 'In Keycloak: the client, Client scopes, its dedicated scope, Mappers.',
  OIDC_attribute: 'In Keycloak: the client, Client scopes: email and profile assigned as Default.',
  client:
    'In Keycloak: the client, Credentials, “Client Authenticator” Client Id and Secret, “Client Secret”.',
  OIDC_issuer: 'In Keycloak: Realm settings, OpenID Endpoint Configuration, issuer.',
}

const words: Record<KnownProvider, Words> = { okta, entra, google, adfs, keycloak, generic: {} }

const settings: Words = {
  issuer: 'issuer',
  response_issuer: 'issuer',
  destination: 'acs',
  recipient: 'acs',
  own_address: 'acs',
  audience: 'audience',
  signature: 'signature',
  response_signature_certificate: 'signature_certificate',
  assertion_signature_certificate: 'signature_certificate',
  response_signature_algorithm: 'signature_algorithm',
  assertion_signature_algorithm: 'signature_algorithm',
  encryption_keys: 'encryption',
  encryption_algorithm: 'encryption',
  aes_cbc: 'encryption',
  decryption: 'encryption',
  name_id: 'name_id',
  email: 'attribute',
  name: 'attribute',
  groups: 'groups',
  id_token_issuer: 'issuer',
  issuer_parameter: 'issuer',
  id_token_audience: 'client',
  id_token_authorized_party: 'client',
  token_exchange: 'client',
  client_authentication: 'client',
}

/** A sentence that says where the setting of a failed check is, or undefined where that is not known. */
export function whereItIs(
  provider: KnownProvider,
  type: 'saml' | 'oidc',
  check: { name: string; assignment: boolean; name_id: boolean },
): string | undefined {
  const attribute = check.name.startsWith('attribute_') ? 'attribute' : undefined
  const setting = check.assignment
    ? 'assignment'
    : check.name_id
      ? 'name_id'
      : (attribute ?? settings[check.name])
  if (setting === undefined) return undefined
  const own = words[provider][`${type.toUpperCase()}_${setting}`]
  // The entity id of SAML and the issuer of OpenID Connect stand in different places.
  return own ?? (type === 'oidc' && setting === 'issuer' ? undefined : words[provider][setting])
}
