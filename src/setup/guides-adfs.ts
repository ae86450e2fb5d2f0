import { claims, type Guide, written } from './guides-shape.ts'

/** Active Directory Federation Services, SAML. */
export const adfsSAML: Guide = {
  identity_provider: 'adfs',
  type: 'saml',
  name: 'AD FS',
  written,
  attribute_mapping: {
    email: `${claims}/emailaddress`,
    first_name: `${claims}/givenname`,
    last_name: `${claims}/surname`,
    groups: 'http://schemas.xmlsoap.org/claims/Group',
  },
  steps: [
    {
      id: 'create',
      title: 'Add the relying party trust',
      text: [
        'In AD FS Management open Relying Party Trusts and choose “Add Relying Party Trust…”, then “Claims aware”.',
        'Choose “Import data about the relying party published online” and enter the metadata address. Where the server may not reach it, import the file, or enter the other two values by hand: tick “Enable support for the SAML 2.0 WebSSO protocol”.',
        'Choose who may sign in under “Choose Access Control Policy”.',
      ],
      values: [
        { label: 'Federation metadata address', value: 'sp_metadata_url' },
        { label: 'Relying party SAML 2.0 SSO service URL', value: 'acs_url' },
        { label: 'Relying party trust identifier', value: 'audience_uri' },
      ],
    },
    {
      id: 'attributes',
      title: 'Send these claims',
      text: [
        'Open “Edit Claim Issuance Policy…” and add a rule “Send LDAP Attributes as Claims” with the attribute store Active Directory and the lines below.',
        'Add a second rule “Transform an Incoming Claim”: incoming E-Mail Address, outgoing Name ID, outgoing format Email, “Pass through all claim values”. Without it AD FS sends no NameID.',
      ],
      attributes: [
        { name: `E-Mail Address (${claims}/emailaddress)`, source: 'E-Mail-Addresses' },
        { name: `Given Name (${claims}/givenname)`, source: 'Given-Name' },
        { name: `Surname (${claims}/surname)`, source: 'Surname' },
        {
          name: 'Group (http://schemas.xmlsoap.org/claims/Group)',
          source: 'Token-Groups - Unqualified Names',
          optional: true,
        },
      ],
    },
    {
      id: 'metadata',
      title: 'Bring AD FS’s metadata here',
      text: [
        'The address is that of your AD FS with the path below. It must be reachable from this server; otherwise download the file and give it here.',
        'AD FS changes its token-signing certificate once a year by itself (AutoCertificateRollover). With the address here, the new one is found in time.',
      ],
      input: [
        {
          field: 'metadata_url',
          label: 'Federation metadata address',
          example: 'https://adfs.example.com/FederationMetadata/2007-06/FederationMetadata.xml',
        },
        { field: 'metadata_xml', label: 'FederationMetadata.xml' },
        {
          field: 'idp_entity_id',
          label: 'Federation Service identifier',
          example: 'http://adfs.example.com/adfs/services/trust',
        },
        {
          field: 'idp_sso_url',
          label: 'SAML 2.0 endpoint',
          example: 'https://adfs.example.com/adfs/ls/',
        },
        { field: 'x509_certificate', label: 'Token-signing certificate' },
      ],
    },
    {
      id: 'assign',
      title: 'Check who may sign in',
      text: [
        'The access control policy of the relying party trust must let the person, or a group of theirs, in.',
        'AD FS shows people only an activity id; the reason stands under that id in the event log AD FS/Admin.',
      ],
    },
  ],
}

/** Active Directory Federation Services, OpenID Connect. */
export const adfsOIDC: Guide = {
  identity_provider: 'adfs',
  type: 'oidc',
  name: 'AD FS',
  written,
  attribute_mapping: {},
  steps: [
    {
      id: 'create',
      title: 'Add the application group',
      text: [
        'In AD FS Management open Application Groups and choose “Add Application Group…”.',
        'Choose “Server application accessing a web API”, and Next.',
      ],
    },
    {
      id: 'values',
      title: 'Enter the redirect address',
      text: [
        'Copy the “Client Identifier” that AD FS proposes; it is also the identifier of the web API.',
      ],
      values: [{ label: 'Redirect URI', value: 'redirect_url' }],
    },
    {
      id: 'attributes',
      title: 'Permit the scopes and send the claims',
      text: [
        'Under “Configure Application Permissions” tick the scopes below, and allatclaims.',
        'In the web API’s “Issuance Transform Rules” add a rule “Send LDAP Attributes as Claims”.',
      ],
      values: [{ label: 'Permitted scopes', value: 'scopes' }],
      attributes: [
        { name: 'email', source: 'E-Mail-Addresses' },
        { name: 'given_name', source: 'Given-Name', optional: true },
        { name: 'family_name', source: 'Surname', optional: true },
      ],
    },
    {
      id: 'credentials',
      title: 'Bring the credentials here',
      text: [
        'Under “Configure Application Credentials” tick “Generate a shared secret” and copy it.',
      ],
      input: [
        { field: 'issuer', label: 'Issuer', example: 'https://adfs.example.com/adfs' },
        { field: 'client_id', label: 'Client Identifier' },
        { field: 'client_secret', label: 'Shared secret' },
      ],
    },
  ],
}
