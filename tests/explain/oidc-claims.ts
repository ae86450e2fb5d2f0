/** Claims that are missing, somewhere else or out of time. */
import type { Mistake } from './oidc.ts'

const token = { error_type: 'oidc_auth_code_error', who: 'it_admin' as const }

export const claimMistakes: readonly Mistake[] = [
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
