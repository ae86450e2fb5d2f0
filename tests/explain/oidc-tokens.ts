/** ID tokens and claims that are not what the connection expects. */
import { forge, makeKey } from '../../src/oidc/hostile-provider.test-kit.ts'
import { client_id, type Mistake } from './oidc.ts'

const token = { error_type: 'oidc_auth_code_error', who: 'it_admin' as const }
const tenants = ['1f0c3d6e-0000-4000-8000-00000000000a', '1f0c3d6e-0000-4000-8000-00000000000b']
const [ours, theirs] = tenants.map((id) => `https://login.microsoftonline.com/${id}/v2.0`)

export const tokenMistakes: readonly Mistake[] = [
  {
    name: 'the issuer has a slash too many',
    provider: 'okta',
    connection: ({ issuer }) => ({ issuer: `${issuer}/` }),
    told: {
      ...token,
      check: 'id_token_issuer',
      expected: '{issuer}/',
      actual: '{issuer}',
      what: /slash at the end alone.*In Okta:/,
    },
  },
  {
    name: 'the issuer is that of another authorization server',
    provider: 'okta',
    says: ({ issuer, script }) => {
      script.claims.iss = `${issuer}/oauth2/default`
    },
    told: {
      ...token,
      check: 'id_token_issuer',
      expected: '{issuer}',
      actual: '/oauth2/default',
      what: /set the issuer of this connection.*“Issuer URI”/,
    },
  },
  {
    name: 'the authorization URL is that of all Entra tenants, the person is of another one',
    provider: 'microsoft-entra',
    connection: {
      issuer: ours,
      authorization_url: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
    },
    says: ({ script }) => {
      script.claims.iss = theirs
    },
    told: {
      ...token,
      check: 'id_token_issuer',
      expected: ours!,
      actual: theirs!,
      what: /different tenants.*“Directory \(tenant\) ID”/,
    },
  },
  {
    name: 'the client id is that of another application',
    provider: 'google-workspace',
    says: ({ script }) => {
      script.claims.aud = 'another-client'
    },
    told: {
      ...token,
      check: 'id_token_audience',
      expected: client_id,
      actual: 'another-client',
      what: /Set the client id.*“Client ID”/,
    },
  },
  {
    name: 'the ID token is made for a list of others',
    says: ({ script }) => {
      script.claims.aud = ['api://one', 'api://two']
    },
    told: {
      ...token,
      check: 'id_token_audience',
      expected: client_id,
      actual: '["api://one","api://two"]',
      what: /for this client alone/,
    },
  },
  {
    name: 'the ID token was asked for by another client',
    provider: 'keycloak',
    says: ({ script }) => {
      script.claims.azp = 'the-spa'
    },
    told: {
      ...token,
      check: 'id_token_authorized_party',
      expected: client_id,
      actual: 'the-spa',
      what: /Set the client id.*In Keycloak:/,
    },
  },
  {
    name: 'the application signs its ID token with HS256',
    says: ({ script }) => {
      script.id_token = forge(script, 'HS256')
    },
    told: {
      ...token,
      check: 'id_token_algorithm',
      expected: 'RS256',
      actual: 'HS256',
      what: /to RS256/,
    },
  },
  {
    name: 'the JWKS URL is that of another realm',
    provider: 'keycloak',
    says: async ({ script }) => {
      script.jwks = { body: { keys: [(await makeKey('RS256', 'other-realm')).jwk] } }
    },
    told: {
      ...token,
      check: 'id_token_key',
      expected: 'kid other-realm (RS256)',
      actual: 'kid key-1',
      what: /Correct the JWKS URL/,
    },
  },
  {
    name: 'the provider publishes no key yet',
    says: ({ script }) => {
      script.jwks = { body: { keys: [] } }
    },
    told: {
      ...token,
      check: 'id_token_key',
      expected: 'which holds none',
      actual: '0 keys fit (kid key-1, RS256)',
      what: /has not published yet/,
    },
  },
  {
    name: 'the JWKS URL holds another key under the same name',
    says: async ({ script }) => {
      script.jwks = { body: { keys: [(await makeKey('RS256', 'key-1')).jwk] } }
    },
    told: {
      ...token,
      check: 'id_token_signature',
      expected: 'made with the published key',
      actual: 'not made with it',
      what: 'Correct the JWKS URL of this connection: {issuer}/jwks',
    },
  },
  {
    name: 'the clock of the provider is ten minutes ahead',
    ahead: 600,
    told: {
      ...token,
      check: 'id_token_issued_at',
      expected: ' to ',
      actual: '.000Z',
      what: /about 10 minutes ahead.*NTP/,
    },
  },
  {
    name: 'the clock of the provider is ten minutes behind',
    ahead: -600,
    told: {
      ...token,
      error_type: 'expired_oidc_response',
      check: 'id_token_expiry',
      expected: 'after ',
      actual: '.000Z',
      what: /about 10 minutes behind.*NTP/,
    },
  },
  {
    name: 'the provider drops the nonce',
    says: ({ script }) => {
      script.claims.nonce = undefined
    },
    told: {
      ...token,
      error_type: 'unsolicited_oidc_response',
      check: 'id_token_nonce',
      expected: 'the nonce of this login',
      actual: 'absent',
      what: /does not repeat the nonce/,
    },
  },
  {
    name: 'a mapper removes the subject',
    provider: 'keycloak',
    says: ({ script }) => {
      script.claims.sub = undefined
    },
    told: {
      ...token,
      error_type: 'oidc_response_subject_missing',
      check: 'id_token_subject',
      expected: '1 to 1024 characters',
      actual: 'absent',
      what: /mapper/,
    },
  },
  {
    name: 'the e-mail address is in another claim',
    provider: 'microsoft-entra',
    says: ({ script }) => {
      Object.assign(script.claims, { email: undefined, preferred_username: 'ada@acme.test' })
    },
    told: {
      ...token,
      error_type: 'oidc_response_email_missing',
      check: 'email',
      expected: 'the claim email',
      actual: 'preferred_username',
      what: /holds an address: preferred_username.*Token configuration/,
    },
  },
  {
    name: 'the mapping names a claim that is not sent',
    connection: { attribute_mapping: { email: 'mail' } },
    told: {
      ...token,
      error_type: 'oidc_response_email_missing',
      check: 'email',
      expected: 'an e-mail address in mail',
      actual: 'absent; present are: ',
      what: /holds an address: email/,
    },
  },
  {
    name: 'the address of the person is not verified',
    provider: 'keycloak',
    says: ({ script }) => {
      script.userinfo = { body: { sub: 'ada-1', email_verified: false } }
    },
    told: {
      ...token,
      error_type: 'oidc_response_unverified_email',
      check: 'email_verified',
      expected: 'true',
      actual: 'false for ada@example.com',
      what: /Verify the address/,
    },
  },
  {
    name: 'the application has no scope for the name',
    says: ({ script }) => {
      script.claims.name = undefined
    },
    told: {
      ...token,
      error_type: 'oidc_response_name_missing',
      check: 'name',
      expected: 'the claim name',
      actual: 'the claims ',
      what: /scope profile/,
    },
  },
]
