/** ID tokens of other issuers, for other clients, and by other keys. */
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
      expected: 'made with the published key (kid key-1, RS256)',
      actual: 'made with another key',
      what: 'Correct the JWKS URL of this connection: {issuer}/jwks',
    },
  },
]
