import { type Guide, plainMapping, written } from './guides-shape.ts'

/** PingOne and PingFederate, SAML. */
export const pingSAML: Guide = {
  identity_provider: 'pingfederate',
  type: 'saml',
  name: 'Ping Identity',
  written,
  attribute_mapping: plainMapping,
  steps: [
    {
      id: 'create',
      title: 'Create the application',
      text: [
        'PingOne: open Applications › Applications, choose +, enter a name, choose “SAML Application” and Configure.',
        'PingFederate: open Applications › SP Connections › “Create Connection”, without a template, with “Browser SSO Profiles” for SAML 2.0, and import the metadata below.',
      ],
      values: [{ label: 'Import Metadata', value: 'sp_metadata_url' }],
    },
    {
      id: 'values',
      title: 'Enter these values',
      text: [
        'PingOne: choose “Manually Enter”, or “Import From URL” with the metadata address.',
        'Choose “Sign Assertion” (or “Sign Assertion & Response”) with RSA_SHA256, and the NameID format emailAddress.',
      ],
      values: [
        { label: 'ACS URLs', value: 'acs_url' },
        { label: 'Entity ID', value: 'audience_uri' },
      ],
    },
    {
      id: 'attributes',
      title: 'Send these attributes',
      text: [
        'PingOne: add the lines on the tab “Attribute Mappings”, and map saml_subject to Email Address.',
        'PingFederate: extend the contract under “Attribute Contract” and fulfil it from your data store.',
      ],
      attributes: [
        { name: 'email', source: 'Email Address' },
        { name: 'firstName', source: 'Given Name' },
        { name: 'lastName', source: 'Family Name' },
        { name: 'groups', source: 'Group Names', optional: true },
      ],
    },
    {
      id: 'metadata',
      title: 'Bring Ping’s metadata here',
      text: [
        'PingOne: copy “IDP Metadata URL” from the tab “Configuration” (or “Overview”).',
        'PingFederate: choose “Export Metadata” on the connection and give the file here.',
      ],
      input: [
        {
          field: 'metadata_url',
          label: 'IDP Metadata URL',
          example: 'https://auth.pingone.eu/ENVIRONMENT_ID/saml20/metadata/APPLICATION_ID',
        },
        { field: 'metadata_xml', label: 'Exported metadata' },
        { field: 'idp_entity_id', label: 'Issuer ID' },
        { field: 'idp_sso_url', label: 'Single Signon Service' },
        { field: 'x509_certificate', label: 'Signing certificate' },
      ],
    },
    {
      id: 'assign',
      title: 'Switch the application on',
      text: [
        'PingOne: switch it on beside its name, and choose groups on the tab “Access”. PingFederate: switch the connection to Active.',
      ],
    },
  ],
}

/** PingOne and PingFederate, OpenID Connect. */
export const pingOIDC: Guide = {
  identity_provider: 'pingfederate',
  type: 'oidc',
  name: 'Ping Identity',
  written,
  attribute_mapping: {},
  steps: [
    {
      id: 'create',
      title: 'Create the application',
      text: [
        'PingOne: open Applications › Applications, choose +, and “OIDC Web App”.',
        'PingFederate: open Applications › OAuth › Clients › “Add Client”, with the grant type Authorization Code.',
      ],
    },
    {
      id: 'values',
      title: 'Enter the redirect address',
      text: [
        'Keep the grant type Authorization Code, and allow the scopes below on the tab “Resources”.',
      ],
      values: [
        { label: 'Redirect URIs', value: 'redirect_url' },
        { label: 'Allowed scopes', value: 'scopes' },
      ],
    },
    {
      id: 'credentials',
      title: 'Bring the credentials here',
      text: ['PingOne: they stand on the tab “Overview”. Switch the application on.'],
      input: [
        { field: 'issuer', label: 'Issuer', example: 'https://auth.pingone.eu/ENVIRONMENT_ID/as' },
        { field: 'client_id', label: 'Client ID' },
        { field: 'client_secret', label: 'Client Secret' },
      ],
    },
  ],
}
