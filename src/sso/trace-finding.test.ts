import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingOf } from './trace-finding.ts'

test('hints speak the words of the identity provider', () => {
  const base = {
    state: 'expired',
    verified_at: null,
    arrived_at: null,
    connection_id: 'saml-connection-test-x',
    connection_type: 'saml' as const,
    sent_to: null,
    alternative_acs_url: '',
    pkce: false,
    tested_by: null,
  }
  const cases: [string, string, RegExp][] = [
    ['okta', '', /App Not Assigned/],
    ['generic', 'https://acme.okta.com/app/x/sso/saml', /App Not Assigned/],
    ['microsoft-entra', '', /AADSTS50105/],
    ['generic', 'https://login.microsoftonline.com/t/saml2', /AADSTS50011/],
    ['google-workspace', '', /app_not_enabled_for_user/],
    ['generic', 'https://fs.acme.example/adfs/ls/', /relying party trust/],
    ['keycloak', '', /Invalid redirect uri/],
    ['generic', 'https://idp.example/realms/acme/protocol/saml', /Invalid redirect uri/],
    ['shibboleth', 'https://idp.example/sso', /must be assigned to the application/],
    ['generic', 'https://okta.com.evil.example/', /must be assigned to the application/],
  ]
  for (const [identity_provider, idp_address, hint] of cases) {
    const finding = findingOf({ ...base, identity_provider, idp_address })
    const text = finding!.hints.join('\n')
    assert.match(text, hint)
    assert.match(text, /callback\/saml-connection-test-x/)
  }
  const moved = findingOf({
    ...base,
    identity_provider: 'okta',
    idp_address: '',
    alternative_acs_url: 'https://app.example/acs',
  })
  assert.match(moved!.hints.join('\n'), /must be https:\/\/app\.example\/acs/)
})

test('a test that was cut short is not told as a token that nobody redeemed', () => {
  const login = {
    state: 'expired',
    verified_at: new Date(),
    arrived_at: null,
    connection_id: 'saml-connection-test-x',
    connection_type: 'saml' as const,
    sent_to: null,
    identity_provider: 'okta',
    idp_address: '',
    alternative_acs_url: '',
    pkce: false,
  }
  assert.equal(findingOf({ ...login, tested_by: null })?.name, 'token_never_redeemed')
  assert.equal(findingOf({ ...login, tested_by: 'admin-1' }), null)
})
