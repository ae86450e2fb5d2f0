import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guideFor, guideOf, guides, guideValues, storedIdentityProvider } from './guides.ts'
import { guideStep } from './guides-view.ts'

const values = guideValues(
  { base_url: 'https://sso.example.com' },
  { connection_id: 'saml-connection-test-1', custom_scopes: '' },
  [{ purpose: 'signing', certificate: 'PEM' }],
)

test('every guide leads from an empty connection to a complete one', () => {
  for (const guide of guides) {
    const name = `${guide.identity_provider} ${guide.type}`
    const shown = guide.steps.flatMap((step) => (step.values ?? []).map(({ value }) => value))
    const asked = guide.steps.flatMap((step) => (step.input ?? []).map(({ field }) => field))
    const needed = guide.type === 'saml' ? ['acs_url', 'audience_uri'] : ['redirect_url']
    for (const value of needed) assert.ok(shown.includes(value as never), `${name}: ${value}`)
    const inputs =
      guide.type === 'saml'
        ? ['idp_entity_id', 'idp_sso_url', 'x509_certificate']
        : ['issuer', 'client_id', 'client_secret']
    for (const field of inputs) assert.ok(asked.includes(field as never), `${name}: ${field}`)
    const ids = guide.steps.map(({ id }) => id)
    assert.deepEqual(ids, [...new Set(ids)], name)
  }
})

test('the attribute mapping of a SAML guide reads what the guide tells to send', () => {
  for (const guide of guides.filter(({ type }) => type === 'saml')) {
    const { email, full_name, first_name, last_name } = guide.attribute_mapping
    assert.ok(email && (full_name || (first_name && last_name)), guide.name)
    const sent = guide.steps.flatMap((step) => (step.attributes ?? []).map(({ name }) => name))
    if (sent.length === 0) continue
    for (const name of Object.values(guide.attribute_mapping))
      assert.ok(
        sent.some((line) => line === name || line.includes(`(${name})`)),
        `${guide.name}: ${name}`,
      )
  }
})

test('each of the twelve identity providers has its guide, every other the generic one', () => {
  const providers =
    'okta microsoft-entra google-workspace adfs keycloak onelogin jumpcloud pingfederate auth0 shibboleth generic'
  for (const provider of providers.split(' '))
    assert.equal(guideFor(provider, 'saml').identity_provider, provider)
  assert.equal(guideFor('duo', 'saml').identity_provider, 'generic')
  assert.equal(guideFor('shibboleth', 'oidc').identity_provider, 'generic')
  assert.equal(storedIdentityProvider('adfs'), 'generic')
  assert.equal(storedIdentityProvider('okta'), 'okta')
})

test('AD FS and Auth0, which the wire has no word for, are told by their addresses', () => {
  const saml = { identity_provider: 'generic', type: 'saml' as const, issuer: '' }
  const at = (idp_sso_url: string) => guideOf({ ...saml, idp_sso_url }).identity_provider
  assert.equal(at('https://fs.example.com/adfs/ls/'), 'adfs')
  assert.equal(at('https://example.eu.auth0.com/samlp/abc'), 'auth0')
  assert.equal(at('https://auth0.com.evil.example/samlp/abc'), 'generic')
  assert.equal(at(''), 'generic')
})

test('a step shows this connection’s own values, escaped', () => {
  const [step] = guideFor('okta', 'saml').steps.filter(({ id }) => id === 'values')
  const page = String(guideStep(step!, { ...values, audience_uri: '"><script>' }))
  assert.ok(page.includes('https://sso.example.com/v1/b2b/sso/callback/saml-connection-test-1'))
  assert.ok(!page.includes('<script>'))
})
