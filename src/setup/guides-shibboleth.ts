import { type Guide, written } from './guides-shape.ts'

/** The Shibboleth Identity Provider, SAML. */
export const shibbolethSAML: Guide = {
  identity_provider: 'shibboleth',
  type: 'saml',
  name: 'Shibboleth',
  written,
  attribute_mapping: {
    email: 'urn:oid:0.9.2342.19200300.100.1.3',
    first_name: 'urn:oid:2.5.4.42',
    last_name: 'urn:oid:2.5.4.4',
    groups: 'urn:oid:1.3.6.1.4.1.5923.1.5.1.1',
    idp_user_id: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.6',
  },
  steps: [
    {
      id: 'create',
      title: 'Make the service known',
      text: [
        'In conf/metadata-providers.xml add a MetadataProvider of type HTTPMetadataProvider with the metadata address below, or of type FilesystemMetadataProvider with the file downloaded from it.',
        'The metadata of this connection are not signed: leave out a SignatureValidation filter for them.',
      ],
      values: [
        { label: 'metadataURL', value: 'sp_metadata_url' },
        { label: 'Entity id of the service', value: 'audience_uri' },
        { label: 'Assertion consumer service', value: 'acs_url' },
      ],
    },
    {
      id: 'values',
      title: 'Say how it is answered',
      text: [
        'In conf/relying-party.xml give the entity id an override of SAML2.SSO with p:encryptAssertions="false", unless this connection has an encryption key: its metadata name one only then.',
        'Keep the signing algorithm SHA-256: SHA-1 is refused here.',
      ],
      values: [{ label: 'c:relyingPartyIds', value: 'audience_uri' }],
    },
    {
      id: 'attributes',
      title: 'Release these attributes',
      text: [
        'In conf/attribute-filter.xml add an AttributeFilterPolicy whose PolicyRequirementRule is of type Requester with the entity id.',
        'Shibboleth’s NameID is transient unless told otherwise, so that eduPersonPrincipalName (or subject-id) is what names a person here.',
      ],
      attributes: [
        { name: 'mail (urn:oid:0.9.2342.19200300.100.1.3)', source: 'mail' },
        { name: 'givenName (urn:oid:2.5.4.42)', source: 'givenName' },
        { name: 'sn (urn:oid:2.5.4.4)', source: 'sn' },
        {
          name: 'eduPersonPrincipalName (urn:oid:1.3.6.1.4.1.5923.1.1.1.6)',
          source: 'eduPersonPrincipalName',
        },
        {
          name: 'isMemberOf (urn:oid:1.3.6.1.4.1.5923.1.5.1.1)',
          source: 'isMemberOf',
          optional: true,
        },
      ],
    },
    {
      id: 'metadata',
      title: 'Bring Shibboleth’s metadata here',
      text: [
        'The metadata stand behind the address that is also the entity id, or in metadata/idp-metadata.xml. Those of a federation hold many providers: give only your own.',
      ],
      input: [
        {
          field: 'metadata_url',
          label: 'Metadata',
          example: 'https://idp.example.edu/idp/shibboleth',
        },
        { field: 'metadata_xml', label: 'metadata/idp-metadata.xml' },
        { field: 'idp_entity_id', label: 'entityID' },
        {
          field: 'idp_sso_url',
          label: 'SingleSignOnService, HTTP-Redirect',
          example: 'https://idp.example.edu/idp/profile/SAML2/Redirect/SSO',
        },
        { field: 'x509_certificate', label: 'credentials/idp-signing.crt' },
      ],
    },
  ],
}
