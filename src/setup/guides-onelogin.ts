import { type Guide, plainMapping, written } from './guides-shape.ts'

/** OneLogin, SAML. */
export const oneLoginSAML: Guide = {
  identity_provider: 'onelogin',
  type: 'saml',
  name: 'OneLogin',
  written,
  attribute_mapping: plainMapping,
  steps: [
    {
      id: 'create',
      title: 'Create the app in OneLogin',
      text: [
        'Open Administration › Applications › Applications and choose “Add App”.',
        'Search for “SAML Custom Connector (Advanced)”, enter a name and save.',
      ],
    },
    {
      id: 'values',
      title: 'Enter these values on the tab “Configuration”',
      text: [
        'Set “SAML initiater” to Service Provider, “SAML nameID format” to Email and “SAML signature element” to Assertion or Both.',
        '“ACS (Consumer) URL Validator” is a regular expression: ^ before the address and $ after it, each dot as \\.',
      ],
      values: [
        { label: 'Audience (EntityID)', value: 'audience_uri' },
        { label: 'Recipient', value: 'acs_url' },
        { label: 'ACS (Consumer) URL', value: 'acs_url' },
      ],
    },
    {
      id: 'attributes',
      title: 'Send these attributes',
      text: [
        'On the tab “Parameters” choose + for each line and tick “Include in SAML assertion”.',
        'For groups tick “Multi-value parameter” as well.',
      ],
      attributes: [
        { name: 'email', source: 'Email' },
        { name: 'firstName', source: 'First Name' },
        { name: 'lastName', source: 'Last Name' },
        { name: 'groups', source: 'User Roles or MemberOf', optional: true },
      ],
    },
    {
      id: 'metadata',
      title: 'Bring OneLogin’s metadata here',
      text: [
        'On the tab “SSO” set “SAML Signature Algorithm” to SHA-256: SHA-1, which stands there at first, is refused here.',
        'Copy “Issuer URL”: the metadata stand behind it.',
      ],
      input: [
        {
          field: 'metadata_url',
          label: 'Issuer URL',
          example: 'https://app.onelogin.com/saml/metadata/01234567-89ab-cdef-0123-456789abcdef',
        },
        { field: 'idp_entity_id', label: 'Issuer URL' },
        { field: 'idp_sso_url', label: 'SAML 2.0 Endpoint (HTTP)' },
        { field: 'x509_certificate', label: 'X.509 Certificate (View Details)' },
      ],
    },
    {
      id: 'assign',
      title: 'Assign people',
      text: [
        'Give the app to roles on the tab “Access”, or to single people under Users › Applications.',
      ],
    },
  ],
}

/** OneLogin, OpenID Connect. */
export const oneLoginOIDC: Guide = {
  identity_provider: 'onelogin',
  type: 'oidc',
  name: 'OneLogin',
  written,
  attribute_mapping: {},
  steps: [
    {
      id: 'create',
      title: 'Create the app in OneLogin',
      text: [
        'Open Administration › Applications › Applications and choose “Add App”.',
        'Search for “OpenId Connect (OIDC)”, enter a name and save.',
      ],
    },
    {
      id: 'values',
      title: 'Enter the redirect address',
      text: ['It stands on the tab “Configuration”. Leave “Login Url” empty.'],
      values: [{ label: 'Redirect URI’s', value: 'redirect_url' }],
    },
    {
      id: 'credentials',
      title: 'Bring the credentials here',
      text: [
        'They stand on the tab “SSO”. Set “Application Type” to Web and “Token Endpoint” › “Authentication Method” to Basic or POST.',
      ],
      input: [
        { field: 'issuer', label: 'Issuer URL', example: 'https://example.onelogin.com/oidc/2' },
        { field: 'client_id', label: 'Client ID' },
        { field: 'client_secret', label: 'Client Secret' },
      ],
    },
    {
      id: 'assign',
      title: 'Assign people',
      text: ['Give the app to roles on the tab “Access”.'],
    },
  ],
}
