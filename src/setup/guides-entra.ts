import { claims, type Guide, written } from './guides-shape.ts'

/** Microsoft Entra ID, SAML. */
export const entraSAML: Guide = {
  identity_provider: 'microsoft-entra',
  type: 'saml',
  name: 'Microsoft Entra ID',
  written,
  attribute_mapping: {
    email: `${claims}/emailaddress`,
    first_name: `${claims}/givenname`,
    last_name: `${claims}/surname`,
    groups: 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups',
  },
  steps: [
    {
      id: 'create',
      title: 'Create the enterprise application',
      text: [
        'Sign in to the Microsoft Entra admin center and open Enterprise applications › New application.',
        'Choose “Create your own application”, enter a name and keep “Integrate any other application you don’t find in the gallery (Non-gallery)”.',
        'Once it exists, open Single sign-on and choose SAML.',
      ],
    },
    {
      id: 'values',
      title: 'Enter these values under “Basic SAML Configuration”',
      text: [
        'Choose Edit. Leave “Sign on URL”, “Relay State” and “Logout Url” empty.',
        '“Upload metadata file” does the same with the file behind the metadata address.',
      ],
      values: [
        { label: 'Identifier (Entity ID)', value: 'audience_uri' },
        { label: 'Reply URL (Assertion Consumer Service URL)', value: 'acs_url' },
        { label: 'Metadata, to download for “Upload metadata file”', value: 'sp_metadata_url' },
      ],
    },
    {
      id: 'attributes',
      title: 'Check “Attributes & Claims”',
      text: [
        'The claims below are there from the beginning. People without a mailbox have no user.mail: then change emailaddress to user.userprincipalname.',
        'For groups choose “Add a group claim” › “Groups assigned to the application”. As source attribute “Cloud-only group display names” or “sAMAccountName” sends names; “Group ID” sends object ids.',
        'With “All groups” a person in more than 150 groups sends a link in place of the list, and cannot be let in.',
      ],
      attributes: [
        { name: `${claims}/emailaddress`, source: 'user.mail' },
        { name: `${claims}/givenname`, source: 'user.givenname' },
        { name: `${claims}/surname`, source: 'user.surname' },
        {
          name: 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups',
          source: 'a group claim',
          optional: true,
        },
      ],
    },
    {
      id: 'metadata',
      title: 'Bring Entra’s metadata here',
      text: [
        'Under “SAML Certificates” copy “App Federation Metadata Url”. New certificates are found there before the old ones end.',
      ],
      input: [
        {
          field: 'metadata_url',
          label: 'App Federation Metadata Url',
          example:
            'https://login.microsoftonline.com/TENANT_ID/federationmetadata/2007-06/federationmetadata.xml?appid=APP_ID',
        },
        { field: 'idp_entity_id', label: 'Microsoft Entra Identifier' },
        { field: 'idp_sso_url', label: 'Login URL' },
        { field: 'x509_certificate', label: 'Certificate (Base64)' },
      ],
    },
    {
      id: 'assign',
      title: 'Assign people',
      text: [
        'Open “Users and groups” and add the people or groups that may sign in.',
        'Whoever is not assigned sees AADSTS50105 at Microsoft and never arrives here.',
      ],
    },
  ],
}

/** Microsoft Entra ID, OpenID Connect. */
export const entraOIDC: Guide = {
  identity_provider: 'microsoft-entra',
  type: 'oidc',
  name: 'Microsoft Entra ID',
  written,
  attribute_mapping: {},
  steps: [
    {
      id: 'create',
      title: 'Register the application',
      text: [
        'Sign in to the Microsoft Entra admin center and open App registrations › New registration.',
        'Choose “Accounts in this organizational directory only”: a registration for many tenants is refused here.',
      ],
    },
    {
      id: 'values',
      title: 'Enter the redirect address',
      text: ['Under “Redirect URI” choose the platform Web, and register.'],
      values: [{ label: 'Redirect URI', value: 'redirect_url' }],
    },
    {
      id: 'attributes',
      title: 'Let the token say who it is',
      text: [
        'Under “Token configuration” choose “Add optional claim”, the token type ID, and tick email, given_name and family_name. Accept the permissions that it asks for.',
        'Under “API permissions” choose “Grant admin consent”, so that nobody is asked.',
      ],
      attributes: [
        { name: 'email', source: 'optional claim email' },
        { name: 'given_name', source: 'optional claim', optional: true },
        { name: 'family_name', source: 'optional claim', optional: true },
      ],
    },
    {
      id: 'credentials',
      title: 'Bring the credentials here',
      text: [
        'From “Overview” copy the client id and the tenant id; the tenant id stands within the issuer.',
        'Under “Certificates & secrets” choose “New client secret” and copy its “Value”, not its “Secret ID”. Note the day on which it expires.',
      ],
      input: [
        {
          field: 'issuer',
          label: 'Issuer, made with your Directory (tenant) ID',
          example: 'https://login.microsoftonline.com/DIRECTORY_TENANT_ID/v2.0',
        },
        { field: 'client_id', label: 'Application (client) ID' },
        { field: 'client_secret', label: 'Client secret Value' },
      ],
    },
    {
      id: 'assign',
      title: 'Assign people',
      text: [
        'Under Enterprise applications, the app, Properties, “Assignment required?” decides whether everybody of the tenant may sign in, or only those under “Users and groups”.',
      ],
    },
  ],
}
