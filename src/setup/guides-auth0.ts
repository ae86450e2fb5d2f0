import { claims, type Guide, written } from './guides-shape.ts'

/** Auth0 as the identity provider, SAML. */
export const auth0SAML: Guide = {
  identity_provider: 'auth0',
  type: 'saml',
  name: 'Auth0',
  written,
  attribute_mapping: { email: `${claims}/emailaddress`, full_name: `${claims}/name` },
  steps: [
    {
      id: 'create',
      title: 'Create the application in Auth0',
      text: [
        'In the Auth0 Dashboard open Applications › Applications and choose “Create Application” › “Regular Web Application”.',
        'On the tab “Addons” switch on “SAML2 Web App”.',
      ],
    },
    {
      id: 'values',
      title: 'Enter these values under Addons › SAML2 Web App › Settings',
      text: [
        'In the JSON field “Settings” uncomment and set: "audience" to the entity id below, "signatureAlgorithm" to "rsa-sha256" and "digestAlgorithm" to "sha256". Without them Auth0 signs with SHA-1, which is refused here.',
        'Set "nameIdentifierFormat" to "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress" and "nameIdentifierProbes" to ["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"].',
      ],
      values: [
        { label: 'Application Callback URL', value: 'acs_url' },
        { label: '"audience"', value: 'audience_uri' },
      ],
    },
    {
      id: 'metadata',
      title: 'Bring Auth0’s metadata here',
      text: [
        'The link “Identity Provider Metadata” stands on the tab “Usage” of the addon; copy its address.',
      ],
      input: [
        {
          field: 'metadata_url',
          label: 'Identity Provider Metadata',
          example: 'https://example.eu.auth0.com/samlp/metadata/CLIENT_ID',
        },
        { field: 'idp_entity_id', label: 'Issuer', example: 'urn:example.eu.auth0.com' },
        { field: 'idp_sso_url', label: 'Identity Provider Login URL' },
        { field: 'x509_certificate', label: 'Identity Provider Certificate' },
      ],
    },
    {
      id: 'assign',
      title: 'Choose who may sign in',
      text: [
        'On the tab “Connections” switch on the databases and connections whose people may sign in.',
      ],
    },
  ],
}

/** Auth0 as the identity provider, OpenID Connect. */
export const auth0OIDC: Guide = {
  identity_provider: 'auth0',
  type: 'oidc',
  name: 'Auth0',
  written,
  attribute_mapping: {},
  steps: [
    {
      id: 'create',
      title: 'Create the application in Auth0',
      text: [
        'In the Auth0 Dashboard open Applications › Applications and choose “Create Application” › “Regular Web Application”.',
      ],
    },
    {
      id: 'values',
      title: 'Enter the redirect address on the tab “Settings”',
      text: ['Save the changes at the end of the page.'],
      values: [{ label: 'Allowed Callback URLs', value: 'redirect_url' }],
    },
    {
      id: 'credentials',
      title: 'Bring the credentials here',
      text: ['The issuer is https://, the “Domain”, and a slash at the end, which belongs to it.'],
      input: [
        { field: 'issuer', label: 'Domain, as issuer', example: 'https://example.eu.auth0.com/' },
        { field: 'client_id', label: 'Client ID' },
        { field: 'client_secret', label: 'Client Secret' },
      ],
    },
    {
      id: 'assign',
      title: 'Choose who may sign in',
      text: [
        'On the tab “Connections” switch on the databases and connections whose people may sign in.',
      ],
    },
  ],
}
