/** Wrong names and addresses of either side, wrong bindings, and wrong clocks. */
import { IDP } from '../../src/saml/signing.test-kit.ts'
import { connectIdP, respond } from '../../src/sso/saml-idp.test-kit.ts'
import { base_url, type Setup } from '../login.ts'
import type { Names } from './explain.ts'
import { audience, type Mistake } from './saml.ts'

const invalid = { error_type: 'invalid_saml_response', who: 'it_admin' as const }
const issuer = { ...invalid, check: 'issuer', actual: IDP }
const wrongAudience = {
  error_type: 'invalid_audience_saml_response',
  check: 'audience',
  who: 'it_admin' as const,
  expected: '{acs}',
}
const tenant = (id: string) => `https://sts.windows.net/${id}/`
const [ours, theirs] = [
  '1f0c3d6e-0000-4000-8000-00000000000a',
  '1f0c3d6e-0000-4000-8000-00000000000b',
]

/** Another connection at the same identity provider, of another organization's making. */
async function addSibling(setup: Setup): Promise<Names> {
  const sibling = await connectIdP(setup.project, setup.organization_id)
  return { sibling, sibling_acs: `${base_url}/v1/b2b/sso/callback/${sibling}` }
}

const from = (name: string) => ({
  issuer: `<saml:Issuer>${name}</saml:Issuer>`,
  response_issuer: '',
})

export const nameMistakes: readonly Mistake[] = [
  {
    name: 'the entity id has a slash too many',
    connection: { idp_entity_id: `${IDP}/` },
    told: { ...issuer, expected: `${IDP}/`, what: /differ in the slash at the end alone/ },
  },
  {
    name: 'the entity id says http, the identity provider https',
    provider: 'keycloak',
    connection: { idp_entity_id: IDP.replace('https', 'http') },
    told: { ...issuer, expected: 'http://idp.example', what: /differ in http and https alone/ },
  },
  {
    name: 'the entity id differs in upper case',
    connection: { idp_entity_id: IDP.toUpperCase() },
    told: { ...issuer, expected: IDP.toUpperCase(), what: /differ in upper and lower case alone/ },
  },
  {
    name: 'the connection has the entity id of another Entra tenant',
    provider: 'microsoft-entra',
    connection: { idp_entity_id: tenant(ours!) },
    answer: { fields: from(tenant(theirs!)) },
    told: {
      ...issuer,
      expected: tenant(ours!),
      actual: tenant(theirs!),
      what: /different tenants.*“Microsoft Entra Identifier”/,
    },
  },
  {
    name: 'the single sign-on URL of Google was pasted as its entity id',
    provider: 'google-workspace',
    connection: { idp_entity_id: 'https://accounts.google.com/o/saml2/idp?idpid=C01' },
    answer: { fields: from('https://accounts.google.com/o/saml2?idpid=C01') },
    told: {
      ...issuer,
      expected: 'saml2/idp?idpid=C01',
      actual: 'saml2?idpid=C01',
      what: /In Google:.*“Entity ID”/,
    },
  },
  {
    name: 'the ACS URL in Okta says http',
    provider: 'okta',
    answer: ({ acs }) => ({
      fields: { destination: `Destination="${acs!.replace('http:', 'https:')}"` },
    }),
    told: {
      ...invalid,
      check: 'destination',
      expected: '{acs}',
      actual: 'https://localhost',
      what: /differ in http and https alone.*In Okta:.*“Single sign-on URL”/,
    },
  },
  {
    name: 'the recipient in Okta is still that of the old service',
    provider: 'okta',
    answer: {
      edit: (xml) => xml.replace(/Recipient="[^"]*"/, 'Recipient="https://old.example/acs"'),
    },
    told: {
      ...invalid,
      check: 'recipient',
      expected: '{acs}',
      actual: 'https://old.example/acs',
      what: /Use this for Recipient URL/,
    },
  },
  {
    name: 'the reply URL in Entra is of another host',
    provider: 'microsoft-entra',
    answer: ({ acs }) => ({
      fields: { destination: `Destination="${acs!.replace('localhost:4000', 'sso.old.example')}"` },
    }),
    told: {
      ...invalid,
      check: 'destination',
      expected: '{acs}',
      actual: 'sso.old.example',
      what: /differ in the host alone.*“Reply URL/,
    },
  },
  {
    name: 'the entity id in Entra is that of another connection',
    provider: 'microsoft-entra',
    before: addSibling,
    answer: ({ sibling_acs }) => ({ fields: { audience: audience(sibling_acs!) } }),
    told: {
      ...wrongAudience,
      actual: '{sibling_acs}',
      what: /another connection of this server.*“Identifier \(Entity ID\)”/,
    },
  },
  {
    name: 'the entity id in Google has a slash too many',
    provider: 'google-workspace',
    answer: ({ acs }) => ({ fields: { audience: audience(`${acs}/`) } }),
    told: {
      ...wrongAudience,
      actual: '{acs}/',
      what: /slash at the end alone.*In Google:.*“Entity ID”/,
    },
  },
  {
    name: 'the identifier in AD FS is that of the metadata, not of the connection',
    connection: { idp_sso_url: 'https://fs.acme.example/adfs/ls/' },
    answer: { fields: { audience: audience('https://app.example/saml/metadata') } },
    told: {
      ...wrongAudience,
      actual: 'https://app.example/saml/metadata',
      what: /In AD FS:.*Identifiers/,
    },
  },
  {
    name: 'the ACS URL at the identity provider is that of another connection',
    before: addSibling,
    provider: 'okta',
    brought: (submission, { sibling, sibling_acs, connection }) => ({
      ...respond(sibling!, null, {
        relay_state: submission.fields.get('RelayState')!,
        edit: (xml) =>
          xml
            .replaceAll('<samlp:Response ', '<samlp:Response InResponseTo="_x" ')
            .replace(
              '<saml:SubjectConfirmationData ',
              '<saml:SubjectConfirmationData InResponseTo="_x" ',
            ),
      }),
      action: sibling_acs ?? connection!,
    }),
    told: {
      error_type: 'unsolicited_saml_response',
      check: 'in_response_to',
      who: 'it_admin',
      expected: '{acs}',
      actual: '{sibling_acs}',
      what: 'set the ACS URL of this application to {acs}',
    },
  },
]
