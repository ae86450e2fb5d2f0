import { type Guide, plainMapping, written } from './guides-shape.ts'

/** Google Workspace, SAML. It shows its values before it asks for ours, and has no metadata address. */
export const googleSAML: Guide = {
  identity_provider: 'google-workspace',
  type: 'saml',
  name: 'Google Workspace',
  written,
  attribute_mapping: plainMapping,
  steps: [
    {
      id: 'create',
      title: 'Create the app in the Google Admin console',
      text: [
        'Sign in as a super administrator and open Apps › Web and mobile apps.',
        'Choose “Add app” › “Add custom SAML app”, enter a name and choose Continue.',
      ],
    },
    {
      id: 'metadata',
      title: 'Bring Google’s metadata here',
      text: [
        'On the page “Google Identity Provider details” choose “Download metadata” and give the file here, then Continue over there.',
        'Google has no metadata address: a new certificate must be brought here by hand before the old one expires.',
      ],
      input: [
        { field: 'metadata_xml', label: 'Metadata file (GoogleIDPMetadata.xml)' },
        {
          field: 'idp_sso_url',
          label: 'SSO URL',
          example: 'https://accounts.google.com/o/saml2/idp?idpid=C0123abcd',
        },
        { field: 'idp_entity_id', label: 'Entity ID' },
        { field: 'x509_certificate', label: 'Certificate' },
      ],
    },
    {
      id: 'values',
      title: 'Enter these values under “Service provider details”',
      text: [
        'Leave “Start URL” empty.',
        'Set “Name ID format” to EMAIL and “Name ID” to Basic Information › Primary email.',
        'The entity ID is compared in upper and lower case, so copy it.',
      ],
      values: [
        { label: 'ACS URL', value: 'acs_url' },
        { label: 'Entity ID', value: 'audience_uri' },
      ],
    },
    {
      id: 'attributes',
      title: 'Send these attributes',
      text: [
        'Choose “Add mapping” for each line.',
        'For groups, choose them under “Group membership (optional)” and enter groups as their app attribute. At most 75 can be chosen.',
      ],
      attributes: [
        { name: 'email', source: 'Basic Information › Primary email' },
        { name: 'firstName', source: 'Basic Information › First name' },
        { name: 'lastName', source: 'Basic Information › Last name' },
        { name: 'groups', source: 'Group membership', optional: true },
      ],
    },
    {
      id: 'assign',
      title: 'Switch the app on',
      text: [
        'Open “User access”, switch it ON for everyone or for the organizational units that may sign in, and save.',
        'It can take up to 24 hours. Until then Google shows app_not_enabled_for_user.',
        'Google Workspace cannot provision people (SCIM) into an app of this kind; they are made when they first sign in.',
      ],
    },
  ],
}

/** Google Workspace, OpenID Connect. */
export const googleOIDC: Guide = {
  identity_provider: 'google-workspace',
  type: 'oidc',
  name: 'Google Workspace',
  written,
  attribute_mapping: {},
  steps: [
    {
      id: 'create',
      title: 'Create the client in the Google Cloud console',
      text: [
        'Open a project of your own organization and Google Auth Platform (or APIs & Services).',
        'Under “Audience” choose Internal: External lets in every Google account.',
        'Under “Clients” choose “Create client” and the type “Web application”.',
      ],
    },
    {
      id: 'values',
      title: 'Enter the redirect address',
      text: ['Leave “Authorized JavaScript origins” empty.'],
      values: [{ label: 'Authorized redirect URIs', value: 'redirect_url' }],
    },
    {
      id: 'credentials',
      title: 'Bring the credentials here',
      text: ['Copy them from the window that appears; the secret is shown only once.'],
      input: [
        { field: 'issuer', label: 'Issuer', example: 'https://accounts.google.com' },
        { field: 'client_id', label: 'Client ID' },
        { field: 'client_secret', label: 'Client secret' },
      ],
    },
  ],
}
