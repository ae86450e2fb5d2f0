/** Attributes that are missing, misnamed, doubled or of another kind. */
import { formats } from '../../src/sso/saml-idp.test-kit.ts'
import type { Mistake } from './saml.ts'

const email = {
  error_type: 'invalid_saml_response_email',
  check: 'email',
  expected: 'an e-mail address in email',
  who: 'it_admin' as const,
}
const name = { firstName: 'Ada', lastName: 'Lovelace' }
const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims'
const entraGroups = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups'

export const attributeMistakes: readonly Mistake[] = [
  {
    name: 'the identity provider sends mail, the mapping says email',
    provider: 'okta',
    answer: { attributes: { ...name, mail: 'ada@acme.test' } },
    told: {
      ...email,
      actual: 'present are: firstName, lastName, mail',
      what: /what holds an address: mail or NameID\..*In Okta:.*“Attribute Statements”/,
    },
  },
  {
    name: 'Entra sends its claims under long names',
    provider: 'microsoft-entra',
    answer: { attributes: { ...name, [`${claims}/emailaddress`]: 'ada@acme.test' } },
    told: {
      ...email,
      actual: `${claims}/emailaddress`,
      what: /what holds an address: http:[^ ]*claims\/emailaddress or NameID\..*Attributes & Claims/,
    },
  },
  {
    name: 'the e-mail address is in the NameID alone',
    provider: 'google-workspace',
    answer: { attributes: name },
    told: {
      ...email,
      actual: 'absent',
      what: /what holds an address: NameID\..*SAML attribute mapping/,
    },
  },
  {
    name: 'the NameID is transient, and there is no e-mail address',
    answer: { name_id: '_7f3a', format: formats.transient, attributes: name },
    told: {
      ...email,
      actual: 'present are: firstName, lastName',
      what: /Give the person an e-mail address/,
    },
  },
  {
    name: 'the person has no e-mail address in the directory',
    connection: { idp_sso_url: 'https://fs.acme.example/adfs/ls/' },
    answer: {
      name_id: 'ACME\\ada',
      format: formats.persistent,
      attributes: { ...name, email: '' },
    },
    told: { ...email, actual: 'empty', what: /In AD FS:.*“Outgoing Claim Type”/ },
  },
  {
    name: 'the user name was mapped as e-mail address',
    provider: 'okta',
    answer: { attributes: { ...name, email: 'ada.lovelace' } },
    told: { ...email, actual: 'ada.lovelace', what: /user name/ },
  },
  {
    name: 'the person has several e-mail addresses',
    provider: 'google-workspace',
    answer: { attributes: { ...name, email: ['ada@acme.test', 'al@acme.test'] } },
    told: {
      ...email,
      check: 'attribute_email',
      expected: 'one value of email',
      actual: 'ada@acme.test, al@acme.test',
      what: /exactly one value/,
    },
  },
  {
    name: 'two rules send the first name',
    answer: {
      attributes: [
        ['email', ['ada@acme.test']],
        ['firstName', ['Ada']],
        ['firstName', ['A.']],
      ],
    },
    told: {
      ...email,
      error_type: 'invalid_saml_response',
      check: 'attribute_first_name',
      expected: 'one value of firstName',
      actual: 'Ada, A.',
      what: /exactly one value/,
    },
  },
  {
    name: 'AD FS sends neither NameID nor e-mail address',
    connection: { idp_sso_url: 'https://fs.acme.example/adfs/ls/' },
    answer: { fields: { name_id: '' }, attributes: name },
    told: {
      ...email,
      error_type: 'invalid_saml_response',
      check: 'name_id',
      expected: 'one NameID',
      actual: 'none',
      what: /In AD FS:.*“Name ID”/,
    },
  },
  {
    name: 'Entra sends a link in place of too many groups',
    provider: 'microsoft-entra',
    connection: { attribute_mapping: { email: 'email', full_name: 'name', groups: entraGroups } },
    answer: {
      attributes: {
        email: 'ada@acme.test',
        'http://schemas.microsoft.com/claims/groups.link': 'https://graph.example',
      },
    },
    told: {
      ...email,
      error_type: 'invalid_saml_response_groups',
      check: 'groups',
      expected: entraGroups,
      actual: 'a link',
      what: /more than 150.*“Groups assigned to the application”/,
    },
  },
  {
    name: 'Shibboleth sends an element as the identifier of the person',
    provider: 'shibboleth',
    connection: {
      attribute_mapping: { email: 'email', full_name: 'name', idp_user_id: 'eduPersonTargetedID' },
    },
    answer: {
      attributes: { email: 'ada@acme.test', eduPersonTargetedID: '<saml:NameID>x</saml:NameID>' },
    },
    told: {
      ...email,
      error_type: 'invalid_saml_response',
      check: 'attribute_idp_user_id',
      expected: 'plain text in eduPersonTargetedID',
      actual: 'something else',
      what: /use the NameID in its place/,
    },
  },
  {
    name: 'the attributes are encrypted one by one',
    answer: {
      edit: (xml) =>
        xml.replace(
          '<saml:AttributeStatement>',
          '<saml:AttributeStatement><saml:EncryptedAttribute></saml:EncryptedAttribute>',
        ),
    },
    told: {
      ...email,
      error_type: 'invalid_saml_response',
      check: 'attributes',
      expected: 'attributes with a Name',
      actual: 'an encrypted attribute',
      what: /not encrypted/,
    },
  },
]
