import { type Guide, plainMapping, written } from './guides-shape.ts'

/** JumpCloud, SAML. */
export const jumpCloudSAML: Guide = {
  identity_provider: 'jumpcloud',
  type: 'saml',
  name: 'JumpCloud',
  written,
  attribute_mapping: plainMapping,
  steps: [
    {
      id: 'create',
      title: 'Create the app in JumpCloud',
      text: [
        'In the Admin Portal open SSO Applications and choose “Add New Application” › “Custom Application”.',
        'Choose “Manage Single Sign-On (SSO)” with “Configure SSO with SAML”, enter a label and save.',
      ],
    },
    {
      id: 'values',
      title: 'Enter these values on the tab “SSO”',
      text: [
        '“IdP Entity ID” is yours to choose: enter something that only this app has, such as JumpCloud- and its name.',
        'Set “SAMLSubject NameID” to email and “SAMLSubject NameID Format” to emailAddress.',
        'Tick “Sign Assertion”, and keep RSA-SHA256 as signature algorithm.',
      ],
      values: [
        { label: 'SP Entity ID', value: 'audience_uri' },
        { label: 'ACS URLs', value: 'acs_url' },
      ],
    },
    {
      id: 'attributes',
      title: 'Send these attributes',
      text: [
        'Add the first three under “User Attributes”.',
        'For groups tick “include group attribute” and enter groups.',
      ],
      attributes: [
        { name: 'email', source: 'email' },
        { name: 'firstName', source: 'firstname' },
        { name: 'lastName', source: 'lastname' },
        { name: 'groups', source: 'include group attribute', optional: true },
      ],
    },
    {
      id: 'metadata',
      title: 'Bring JumpCloud’s metadata here',
      text: [
        'Activate the app, open it again, and choose “Copy Metadata URL” or “Export Metadata”.',
      ],
      input: [
        {
          field: 'metadata_url',
          label: 'Metadata URL',
          example: 'https://sso.jumpcloud.com/saml2/metadata/APP_ID',
        },
        { field: 'metadata_xml', label: 'Exported metadata' },
        { field: 'idp_entity_id', label: 'IdP Entity ID' },
        {
          field: 'idp_sso_url',
          label: 'IDP URL',
          example: 'https://sso.jumpcloud.com/saml2/example',
        },
        { field: 'x509_certificate', label: 'IDP Certificate' },
      ],
    },
    {
      id: 'assign',
      title: 'Assign people',
      text: ['On the tab “User Groups” tick the groups that may sign in, and save.'],
    },
  ],
}

/** JumpCloud, OpenID Connect. */
export const jumpCloudOIDC: Guide = {
  identity_provider: 'jumpcloud',
  type: 'oidc',
  name: 'JumpCloud',
  written,
  attribute_mapping: {},
  steps: [
    {
      id: 'create',
      title: 'Create the app in JumpCloud',
      text: [
        'In the Admin Portal open SSO Applications and choose “Add New Application” › “Custom Application”.',
        'Choose “Manage Single Sign-On (SSO)” with “Configure SSO with OIDC”.',
      ],
    },
    {
      id: 'values',
      title: 'Enter the redirect address on the tab “SSO”',
      text: [
        'Set “Client Authentication Type” to Client Secret Basic or Client Secret POST.',
        'Tick Email and Profile under “Standard Scopes”. “Login URL” is your application’s login page.',
      ],
      values: [{ label: 'Redirect URIs', value: 'redirect_url' }],
    },
    {
      id: 'credentials',
      title: 'Bring the credentials here',
      text: ['They are shown once when the app is activated.'],
      input: [
        { field: 'issuer', label: 'Issuer', example: 'https://oauth.id.jumpcloud.com/' },
        { field: 'client_id', label: 'Client ID' },
        { field: 'client_secret', label: 'Client Secret' },
      ],
    },
    {
      id: 'assign',
      title: 'Assign people',
      text: ['On the tab “User Groups” tick the groups that may sign in, and save.'],
    },
  ],
}
