import { type Guide, plainMapping, written } from './guides-shape.ts'

/** Keycloak, SAML. */
export const keycloakSAML: Guide = {
  identity_provider: 'keycloak',
  type: 'saml',
  name: 'Keycloak',
  written,
  attribute_mapping: plainMapping,
  steps: [
    {
      id: 'create',
      title: 'Import the client',
      text: [
        'In the admin console choose the realm, open Clients and choose “Import client”.',
        'Download the metadata from the address below and give the file as “Resource file”. It fills in everything of the next step; save.',
      ],
      values: [{ label: 'Resource file: metadata at', value: 'sp_metadata_url' }],
    },
    {
      id: 'values',
      title: 'Check these values, or enter them by hand',
      text: [
        'Set “Name ID format” to email and switch “Force name ID format” on.',
        'Under “Signature and Encryption” switch “Sign assertions” on, with RSA_SHA256: RSA_SHA1 is refused here.',
        'On the tab “Keys”, “Client signature required” needs our certificate, which the import brings along.',
      ],
      values: [
        { label: 'Client ID', value: 'audience_uri' },
        { label: 'Valid redirect URIs', value: 'acs_url' },
        { label: 'Master SAML Processing URL', value: 'acs_url' },
      ],
    },
    {
      id: 'attributes',
      title: 'Send these attributes',
      text: [
        'On the tab “Client scopes” open the dedicated scope of the client and choose “Add mapper” › “By configuration” › “User Property” for each of the first three: the property on the right, the name on the left as “SAML Attribute Name”.',
        'For groups add a “Group list” with the attribute name groups and “Full group path” off.',
      ],
      attributes: [
        { name: 'email', source: 'property email' },
        { name: 'firstName', source: 'property firstName' },
        { name: 'lastName', source: 'property lastName' },
        { name: 'groups', source: 'Group list', optional: true },
      ],
    },
    {
      id: 'metadata',
      title: 'Bring Keycloak’s metadata here',
      text: [
        'The link “SAML 2.0 Identity Provider Metadata” stands under Realm settings › General › Endpoints.',
        'A new realm key signs at once. Keep the old one active for a day, so that the metadata are read in between.',
      ],
      input: [
        {
          field: 'metadata_url',
          label: 'SAML 2.0 Identity Provider Metadata',
          example: 'https://keycloak.example.com/realms/REALM/protocol/saml/descriptor',
        },
        {
          field: 'idp_entity_id',
          label: 'Entity ID',
          example: 'https://keycloak.example.com/realms/REALM',
        },
        {
          field: 'idp_sso_url',
          label: 'Single sign-on address',
          example: 'https://keycloak.example.com/realms/REALM/protocol/saml',
        },
        { field: 'x509_certificate', label: 'Certificate of the realm key (RSA, use SIG)' },
      ],
    },
  ],
}

/** Keycloak, OpenID Connect. */
export const keycloakOIDC: Guide = {
  identity_provider: 'keycloak',
  type: 'oidc',
  name: 'Keycloak',
  written,
  attribute_mapping: { email: 'email', full_name: 'name', groups: 'groups' },
  steps: [
    {
      id: 'create',
      title: 'Create the client',
      text: [
        'In the admin console choose the realm, open Clients and choose “Create client” with the type OpenID Connect.',
        'Switch “Client authentication” on, and keep “Standard flow” ticked alone.',
      ],
    },
    {
      id: 'values',
      title: 'Enter the redirect address',
      text: ['Leave “Root URL”, “Home URL” and “Web origins” empty.'],
      values: [{ label: 'Valid redirect URIs', value: 'redirect_url' }],
    },
    {
      id: 'attributes',
      title: 'Send groups, where roles depend on them',
      text: [
        'On the tab “Client scopes” open the dedicated scope and add a mapper “Group Membership” with the token claim name groups, “Full group path” off and “Add to ID token” on.',
      ],
      attributes: [{ name: 'groups', source: 'Group Membership', optional: true }],
    },
    {
      id: 'credentials',
      title: 'Bring the credentials here',
      text: ['The secret stands on the tab “Credentials”. The issuer is the address of the realm.'],
      input: [
        { field: 'issuer', label: 'Issuer', example: 'https://keycloak.example.com/realms/REALM' },
        { field: 'client_id', label: 'Client ID' },
        { field: 'client_secret', label: 'Client Secret' },
      ],
    },
  ],
}
