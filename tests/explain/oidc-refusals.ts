/** Providers that send the person back with an error. */
import type { Mistake } from './oidc.ts'

const refused = {
  error_type: 'oidc_invalid_callback_request',
  check: 'provider_response',
  who: 'it_admin' as const,
  expected: 'an authorization code',
}

const brought = (error: string, error_description?: string) => ({
  brought: { code: undefined, error, error_description },
})

export const refusalMistakes: readonly Mistake[] = [
  {
    name: 'the person is not assigned to the application in Okta',
    provider: 'okta',
    ...brought('access_denied', 'User is not assigned to the client application.'),
    told: {
      ...refused,
      error_type: 'oidc_user_not_assigned_to_app_in_idp',
      actual: 'User is not assigned',
      what: /Assign the person.*In Okta: Applications, the app, Assignments/,
    },
  },
  {
    name: 'the person is not assigned to the application in Entra',
    provider: 'microsoft-entra',
    ...brought(
      'interaction_required',
      'AADSTS50105: Your administrator has configured the application to block users.',
    ),
    told: {
      ...refused,
      error_type: 'oidc_user_not_assigned_to_app_in_idp',
      actual: 'AADSTS50105',
      what: /“Assignment required\?”/,
    },
  },
  {
    name: 'a policy of the provider denies access',
    provider: 'okta',
    ...brought('access_denied', 'Policy evaluation failed for this request'),
    told: {
      ...refused,
      actual: 'access_denied: Policy evaluation failed',
      what: 'assign the person, or a group of theirs, to the application {client_id}',
    },
  },
  {
    name: 'the application may not ask for a scope',
    connection: { custom_scopes: 'openid email groups' },
    ...brought('invalid_scope', 'Invalid scopes: groups'),
    told: {
      ...refused,
      actual: 'invalid_scope: Invalid scopes: groups',
      what: /scopes that were asked for: openid email groups/,
    },
  },
  {
    name: 'the application may not use the authorization code flow',
    ...brought(
      'unauthorized_client',
      'Client is not allowed to initiate browser login with given response_type.',
    ),
    told: { ...refused, actual: 'unauthorized_client', what: /authorization code flow/ },
  },
  {
    name: 'nobody has consented for the organization',
    provider: 'microsoft-entra',
    ...brought('consent_required', 'AADSTS65001'),
    told: { ...refused, actual: 'consent_required: AADSTS65001', what: /Grant consent/ },
  },
]
