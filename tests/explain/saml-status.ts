/** Identity providers that answer with a reason instead of a person. */
import { formats } from '../../src/sso/saml-idp.test-kit.ts'
import type { Mistake } from './saml.ts'

const told = {
  error_type: 'failed_saml_response',
  check: 'status',
  expected: 'status:Success',
  who: 'it_admin' as const,
}

/** An answer of this status, its codes from the outer one to the inner one. */
function status(codes: string[], message = ''): { fields: { status: string } } {
  const nested = codes.reduceRight(
    (inner, code) =>
      `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${code}">${inner}</samlp:StatusCode>`,
    '',
  )
  const text = message === '' ? '' : `<samlp:StatusMessage>${message}</samlp:StatusMessage>`
  return { fields: { status: `<samlp:Status>${nested}${text}</samlp:Status>` } }
}

export const statusMistakes: readonly Mistake[] = [
  {
    name: 'AD FS has no claim rule for the NameID format that is asked for',
    connection: { idp_sso_url: 'https://fs.acme.example/adfs/ls/' },
    answer: status(['Requester', 'InvalidNameIDPolicy']),
    told: {
      ...told,
      expected: formats.email,
      actual: 'Requester / InvalidNameIDPolicy',
      what: /unspecified.*In AD FS:.*“Name ID”/,
    },
  },
  {
    name: 'the person is not assigned to the application',
    provider: 'okta',
    answer: status(['Responder', 'RequestDenied'], 'User is not assigned to this application.'),
    told: {
      ...told,
      actual: 'RequestDenied: User is not assigned',
      what: /Assign the person.*In Okta: Applications, the app, Assignments/,
    },
  },
  {
    name: 'the person failed the second factor',
    provider: 'microsoft-entra',
    answer: status(['Responder', 'AuthnFailed']),
    told: { ...told, actual: 'Responder / AuthnFailed', what: /own sign-in log/ },
  },
  {
    name: 'a rule at the identity provider asks for another authentication method',
    provider: 'microsoft-entra',
    answer: status(['Responder', 'NoAuthnContext'], 'AADSTS75011'),
    told: { ...told, actual: 'NoAuthnContext: AADSTS75011', what: /authentication method/ },
  },
  {
    name: 'the identity provider does not know the person',
    provider: 'keycloak',
    answer: status(['Responder', 'UnknownPrincipal']),
    told: { ...told, actual: 'UnknownPrincipal', what: /does not know this person/ },
  },
  {
    name: 'the identity provider fails and says why',
    provider: 'google-workspace',
    answer: status(
      ['Responder'],
      'Invalid request, ACS Url in request doesn&apos;t match configured ACS Url.',
    ),
    told: { ...told, actual: "ACS Url in request doesn't match", what: /ACS URL, the entity ID/ },
  },
  {
    name: 'the identity provider has an old signing certificate of the service',
    provider: 'keycloak',
    answer: status(['Requester']),
    told: {
      ...told,
      actual: 'Requester',
      what: /signing certificate are those of this connection/,
    },
  },
  {
    name: 'the identity provider wanted to show a page to a passive request',
    answer: status(['Responder', 'NoPassive']),
    told: { ...told, actual: 'NoPassive', what: /without a passive request/ },
  },
]
