/** Endpoints that refuse, fail, are somewhere else, or may not be asked. */
import { guardedFetch } from '../../src/http/fetch.ts'
import { client_id, type Mistake } from './oidc.ts'

const it_admin = 'it_admin' as const
const exchange = {
  error_type: 'oidc_auth_code_error',
  check: 'token_exchange',
  who: it_admin,
  expected: '{issuer}/token',
}
/** The token endpoint refuses, as in RFC 6749, section 5.2. */
const says = (status: number, error: string, error_description = ''): Pick<Mistake, 'says'> => ({
  says: ({ script }) => {
    script.token = { status, body: { error, ...(error_description && { error_description }) } }
  },
})

export const endpointMistakes: readonly Mistake[] = [
  {
    name: 'the client secret is wrong',
    provider: 'okta',
    ...says(
      401,
      'invalid_client',
      'The client secret supplied for a confidential client is invalid.',
    ),
    told: {
      ...exchange,
      actual: 'status 401: invalid_client: The client secret supplied',
      what: /client id and secret.*In Okta:.*Client Credentials/,
    },
  },
  {
    name: 'the Secret ID of Entra was entered instead of its value',
    provider: 'microsoft-entra',
    ...says(401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.'),
    told: { ...exchange, actual: 'AADSTS7000215', what: /Enter the Value of a secret/ },
  },
  {
    name: 'the client secret has expired',
    provider: 'microsoft-entra',
    ...says(
      401,
      'invalid_client',
      'AADSTS7000222: The provided client secret keys for app are expired.',
    ),
    told: { ...exchange, actual: 'AADSTS7000222', what: /has expired/ },
  },
  {
    name: 'the client authenticates with a certificate at the provider',
    provider: 'keycloak',
    ...says(401, 'unauthorized_client', 'Invalid client or Invalid client credentials'),
    told: {
      ...exchange,
      expected: client_id,
      actual: 'unauthorized_client',
      what: /client secret \(sent by client_secret_basic\).*“Client Authenticator”/,
    },
  },
  {
    name: 'the redirect URL of the exchange is not that of the client',
    ...says(400, 'invalid_grant', 'redirect_uri did not match'),
    told: {
      ...exchange,
      actual: 'invalid_grant: redirect_uri did not match',
      what: 'register {callback} at the identity provider exactly so',
    },
  },
  {
    name: 'the token URL is that of another path',
    connection: ({ issuer }) => ({ token_url: `${issuer}/oauth/token` }),
    told: {
      ...exchange,
      expected: '{issuer}/oauth/token',
      actual: 'status 404',
      what: /Correct the token URL/,
    },
  },
  {
    name: 'the token endpoint fails',
    says: ({ script }) => {
      script.token = { status: 500, type: 'text/html', body: '<h1>Internal Server Error</h1>' }
    },
    told: { ...exchange, actual: 'status 500', what: /status page or log/ },
  },
  {
    name: 'the token URL is a page for people',
    says: ({ script }) => {
      script.token = { type: 'text/html', body: '<html>Sign in</html>' }
    },
    told: {
      ...exchange,
      actual: '{issuer}/token answers with "text/html"',
      what: /token URL of this connection/,
    },
  },
  {
    name: 'the provider gives no ID token, because it speaks OAuth alone',
    says: ({ script }) => {
      script.token = { body: { access_token: 'a', token_type: 'Bearer' } }
    },
    told: {
      ...exchange,
      check: 'token_response',
      expected: 'a signed ID token from {issuer}/token',
      actual: 'no ID token',
      what: /OpenID Connect with the authorization code flow/,
    },
  },
  {
    name: 'the keys of the provider cannot be reached',
    says: ({ script }) => {
      script.jwks = { status: 503, body: {} }
    },
    told: {
      ...exchange,
      check: 'id_token_key',
      expected: '{issuer}/jwks',
      actual: 'answered with status 503',
      what: /JWKS URL/,
    },
  },
  {
    name: 'the provider is on the premises, and the operator has not allowed it',
    services: (services) => ({
      ...services,
      fetch: guardedFetch({ allowed_private_hosts: [], development: false }) as never,
    }),
    told: {
      ...exchange,
      who: 'operator',
      actual: 'PORTCULLIS_ALLOWED_PRIVATE_HOSTS',
      what: /allow its host with PORTCULLIS_ALLOWED_PRIVATE_HOSTS/,
    },
  },
  {
    name: 'userinfo is that of another provider',
    says: ({ script }) => {
      script.userinfo = { body: { sub: 'somebody-else' } }
    },
    told: {
      ...exchange,
      error_type: 'oidc_response_subject_mismatch',
      check: 'userinfo_subject',
      expected: 'ada-1',
      actual: 'somebody-else',
      what: /userinfo URL/,
    },
  },
  {
    name: 'userinfo refuses the access token',
    says: ({ script }) => {
      script.userinfo = { status: 403, body: {} }
    },
    told: {
      ...exchange,
      error_type: 'oidc_invalid_userinfo',
      check: 'userinfo',
      expected: '{issuer}/userinfo',
      actual: 'status 403',
      what: /userinfo_endpoint.*scopes/,
    },
  },
]
