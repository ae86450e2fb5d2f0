import { type Guide, plainMapping, written } from './guides-shape.ts'

/** Okta, SAML. */
export const oktaSAML: Guide = {
  identity_provider: 'okta',
  type: 'saml',
  name: 'Okta',
  written,
  attribute_mapping: plainMapping,
  steps: [
    {
      id: 'create',
      title: 'Create the app in Okta',
      text: [
        'Sign in to the Okta Admin Console and open Applications › Applications.',
        'Choose “Create App Integration”, then “SAML 2.0”, then Next.',
        'Enter an “App name” that your people will recognise and choose Next.',
      ],
    },
    {
      id: 'values',
      title: 'Enter these values under “Configure SAML”',
      text: [
        'Leave “Use this for Recipient URL and Destination URL” ticked.',
        'Set “Name ID format” to EmailAddress and “Application username” to Email.',
        'Leave “Default RelayState” empty.',
      ],
      values: [
        { label: 'Single sign-on URL', value: 'acs_url' },
        { label: 'Audience URI (SP Entity ID)', value: 'audience_uri' },
      ],
    },
    {
      id: 'attributes',
      title: 'Send these attributes',
      text: [
        'Add each line under “Attribute Statements” (on newer pages: the tab “Sign On” › “Attribute statements”, once the app exists).',
        'For groups, add a “Group Attribute Statement” whose filter matches the groups that matter, such as “Starts with”. A filter that matches all (regex .*) sends every group of a person.',
      ],
      attributes: [
        { name: 'email', source: 'user.email' },
        { name: 'firstName', source: 'user.firstName' },
        { name: 'lastName', source: 'user.lastName' },
        { name: 'groups', source: 'a group attribute statement', optional: true },
      ],
    },
    {
      id: 'metadata',
      title: 'Bring Okta’s metadata here',
      text: [
        'Choose Next and Finish, then open the tab “Sign On” of the app.',
        'Copy “Metadata URL”. From it come issuer, address and certificate, and later ones are found there too.',
      ],
      input: [
        {
          field: 'metadata_url',
          label: 'Metadata URL',
          example: 'https://example.okta.com/app/exk1234567890/sso/saml/metadata',
        },
        { field: 'idp_entity_id', label: 'Issuer' },
        { field: 'idp_sso_url', label: 'Sign on URL' },
        { field: 'x509_certificate', label: 'Signing Certificate' },
      ],
    },
    {
      id: 'assign',
      title: 'Assign people',
      text: [
        'On the tab “Assignments” choose Assign and add the people or groups that may sign in.',
        'Whoever is not assigned sees “User is not assigned to this application” at Okta and never arrives here.',
      ],
    },
  ],
}

/** Okta, OpenID Connect. */
export const oktaOIDC: Guide = {
  identity_provider: 'okta',
  type: 'oidc',
  name: 'Okta',
  written,
  attribute_mapping: {},
  steps: [
    {
      id: 'create',
      title: 'Create the app in Okta',
      text: [
        'Sign in to the Okta Admin Console and open Applications › Applications.',
        'Choose “Create App Integration”, then “OIDC - OpenID Connect” and “Web Application”.',
        'Keep the grant type “Authorization Code”. A refresh token is not needed.',
      ],
    },
    {
      id: 'values',
      title: 'Enter the redirect address',
      text: ['Remove the address that stands there, and leave “Sign-out redirect URIs” empty.'],
      values: [{ label: 'Sign-in redirect URIs', value: 'redirect_url' }],
    },
    {
      id: 'credentials',
      title: 'Bring the app’s credentials here',
      text: [
        'After Save, copy “Client ID” and the secret from the tab “General”.',
        'The issuer is the address of your Okta organization, without -admin; with an authorization server of your own it ends in /oauth2/default or its id.',
      ],
      input: [
        { field: 'issuer', label: 'Okta domain (issuer)', example: 'https://example.okta.com' },
        { field: 'client_id', label: 'Client ID' },
        { field: 'client_secret', label: 'Client secret' },
      ],
    },
    {
      id: 'assign',
      title: 'Assign people',
      text: [
        'On the tab “Assignments” choose Assign and add the people or groups that may sign in.',
      ],
    },
  ],
}
