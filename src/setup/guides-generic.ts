import { type Guide, plainMapping, written } from './guides-shape.ts'

/** Every identity provider that speaks SAML 2.0. */
export const genericSAML: Guide = {
  identity_provider: 'generic',
  type: 'saml',
  name: 'Other (SAML 2.0)',
  written,
  attribute_mapping: plainMapping,
  steps: [
    {
      id: 'create',
      title: 'Create an application for SAML 2.0',
      text: [
        'Providers call it application, service provider, relying party or client.',
        'If it can import metadata, give it the metadata address (or the file behind it) and skip the next step.',
      ],
      values: [{ label: 'Metadata of the service provider', value: 'sp_metadata_url' }],
    },
    {
      id: 'values',
      title: 'Enter these values',
      text: [
        'Take the binding HTTP-POST for answers, and the NameID format emailAddress.',
        'Let it sign the assertion, or assertion and response, with RSA or ECDSA and SHA-256 or better. SHA-1 is refused here.',
      ],
      values: [
        { label: 'ACS URL (reply URL, assertion consumer service, recipient)', value: 'acs_url' },
        { label: 'Entity ID (audience, identifier)', value: 'audience_uri' },
        { label: 'Certificate that our requests are signed with', value: 'signing_certificate' },
      ],
    },
    {
      id: 'attributes',
      title: 'Send these attributes',
      text: ['Other names will do as well: then change the attribute mapping to them.'],
      attributes: [
        { name: 'email', source: 'e-mail address' },
        { name: 'firstName', source: 'given name' },
        { name: 'lastName', source: 'family name' },
        { name: 'groups', source: 'groups, one value each', optional: true },
      ],
    },
    {
      id: 'metadata',
      title: 'Bring its metadata here',
      text: [
        'A metadata address is best: new certificates are found there before the old ones expire.',
      ],
      input: [
        {
          field: 'metadata_url',
          label: 'Metadata address',
          example: 'https://idp.example.com/metadata',
        },
        { field: 'metadata_xml', label: 'Metadata file' },
        { field: 'idp_entity_id', label: 'Entity ID (issuer)' },
        { field: 'idp_sso_url', label: 'Single sign-on address' },
        { field: 'x509_certificate', label: 'Signing certificate' },
      ],
    },
    {
      id: 'assign',
      title: 'Assign people',
      text: ['Most providers let in only people or groups that are assigned to the application.'],
    },
  ],
}

/** Every identity provider that speaks OpenID Connect. */
export const genericOIDC: Guide = {
  identity_provider: 'generic',
  type: 'oidc',
  name: 'Other (OpenID Connect)',
  written,
  attribute_mapping: {},
  steps: [
    {
      id: 'create',
      title: 'Create an application for OpenID Connect',
      text: ['It is a confidential web application (client) with the flow Authorization Code.'],
    },
    {
      id: 'values',
      title: 'Enter the redirect address',
      text: ['It is compared to the letter.'],
      values: [
        { label: 'Redirect URI (callback URL)', value: 'redirect_url' },
        { label: 'Scopes that we ask for', value: 'scopes' },
      ],
    },
    {
      id: 'attributes',
      title: 'Send these claims',
      text: ['They may stand in the ID token or in the answer of the userinfo endpoint.'],
      attributes: [
        { name: 'email', source: 'e-mail address' },
        { name: 'name', source: 'full name', optional: true },
      ],
    },
    {
      id: 'credentials',
      title: 'Bring the credentials here',
      text: [
        'What stands behind the issuer with /.well-known/openid-configuration is read from there. Where there is nothing, enter the four addresses as well.',
      ],
      input: [
        { field: 'issuer', label: 'Issuer', example: 'https://idp.example.com' },
        { field: 'client_id', label: 'Client ID' },
        { field: 'client_secret', label: 'Client secret' },
        { field: 'endpoints', label: 'Authorization, token, userinfo and JWKS address' },
      ],
    },
  ],
}
