/** Every endpoint of SSO by the official Node SDK, as an application's backend calls it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCertificate } from '../../src/sso/connection.test-kit.ts'
import { testIdP } from '../login.ts'
import { newClient, type Scenario } from './sdk.ts'
import { anotherPrivateKey, newSSOToken, newTenant } from './tenant.ts'
import type { MethodId } from './types.ts'

const scenarios: Record<Extract<MethodId, `sso.${string}`>, Scenario> = {
  async 'sso.authenticate'(client, tenant) {
    const answer = await client.sso.authenticate({
      sso_token: await newSSOToken(tenant),
      session_duration_minutes: 30,
      session_custom_claims: { plan: 'pro' },
    })
    assert.equal(answer.member_id, tenant.member_id)
    assert.equal(answer.member_authenticated, true)
    const [factor] = answer.member_session?.authentication_factors ?? []
    assert.equal(factor?.delivery_method, 'sso_saml')
    assert.equal(factor?.saml_sso_factor?.provider_id, tenant.saml)
    const local = await client.sessions.authenticateJwtLocal({ session_jwt: answer.session_jwt })
    assert.deepEqual(local.custom_claims, { plan: 'pro' })
  },
  async 'sso.getConnections'(client, { organization_id, saml, oidc }) {
    const found = await client.sso.getConnections({ organization_id })
    assert.ok(found.saml_connections.some((each) => each.connection_id === saml))
    assert.ok(found.oidc_connections.some((each) => each.connection_id === oidc))
    assert.deepEqual(found.external_connections, [])
  },
  async 'sso.deleteConnection'(client, { organization_id }) {
    const { connection } = await client.sso.oidc.createConnection({ organization_id })
    const { connection_id } = connection!
    const deleted = await client.sso.deleteConnection({ organization_id, connection_id })
    assert.equal(deleted.connection_id, connection_id)
  },
  async 'sso.oidc.createConnection'(client, { organization_id }) {
    const { connection } = await client.sso.oidc.createConnection({
      organization_id,
      display_name: 'Entra',
      identity_provider: 'microsoft-entra',
    })
    assert.deepEqual(
      [connection?.status, connection?.identity_provider],
      ['pending', 'microsoft-entra'],
    )
  },
  async 'sso.oidc.updateConnection'(client, { organization_id }) {
    const { oidc } = await testIdP()
    const { connection } = await client.sso.oidc.createConnection({ organization_id })
    const updated = await client.sso.oidc.updateConnection({
      organization_id,
      connection_id: connection!.connection_id,
      issuer: oidc.issuer,
      client_id: oidc.client_id,
      client_secret: oidc.client_secret,
    })
    assert.equal(updated.connection?.status, 'active', 'the issuer says the rest')
    assert.equal(updated.connection?.client_secret, '')
    assert.equal(updated.warning ?? null, null)
  },
  async 'sso.saml.createConnection'(client, { organization_id }) {
    const { connection } = await client.sso.saml.createConnection({
      organization_id,
      display_name: 'Workspace',
      identity_provider: 'google-workspace',
    })
    assert.equal(connection?.identity_provider, 'google-workspace')
    assert.match(connection?.signing_certificates[0]?.certificate ?? '', /BEGIN CERTIFICATE/)
  },
  async 'sso.saml.updateConnection'(client, { organization_id }) {
    const { saml } = await testIdP()
    const { connection } = await client.sso.saml.createConnection({ organization_id })
    const updated = await client.sso.saml.updateConnection({
      organization_id,
      connection_id: connection!.connection_id,
      idp_entity_id: saml.entity_id,
      idp_sso_url: saml.sso_url,
      x509_certificate: saml.certificate,
      attribute_mapping: { email: 'email', full_name: 'name' },
    })
    assert.equal(updated.connection?.status, 'active')
    assert.equal(updated.connection?.verification_certificates.length, 1)
  },
  async 'sso.saml.updateByURL'(client, { organization_id }) {
    const { saml } = await testIdP()
    const { connection } = await client.sso.saml.createConnection({ organization_id })
    const updated = await client.sso.saml.updateByURL({
      organization_id,
      connection_id: connection!.connection_id,
      metadata_url: saml.metadata_url,
    })
    assert.equal(updated.connection?.idp_entity_id, saml.entity_id)
    assert.equal(updated.connection?.idp_sso_url, saml.sso_url)
  },
  async 'sso.saml.deleteVerificationCertificate'(
    client,
    { organization_id, saml, certificate_id },
  ) {
    const added = await client.sso.saml.updateConnection({
      organization_id,
      connection_id: saml,
      x509_certificate: await newCertificate(),
    })
    const another = added.connection?.verification_certificates.find(
      (each) => each.certificate_id !== certificate_id,
    )
    const deleted = await client.sso.saml.deleteVerificationCertificate({
      organization_id,
      connection_id: saml,
      certificate_id: another!.certificate_id,
    })
    assert.equal(deleted.certificate_id, another!.certificate_id)
  },
  async 'sso.saml.deleteEncryptionPrivateKey'(client, { organization_id, saml }) {
    const updated = await client.sso.saml.updateConnection({
      organization_id,
      connection_id: saml,
      saml_encryption_private_key: anotherPrivateKey,
    })
    const { private_key_id, private_key } = updated.connection!.encryption_private_keys[0]!
    assert.equal(private_key, '', 'it is never shown')
    const request = { organization_id, connection_id: saml, private_key_id }
    const deleted = await client.sso.saml.deleteEncryptionPrivateKey(request)
    assert.equal(deleted.private_key_id, private_key_id)
  },
}

test('every endpoint of SSO answers the SDK', async (t) => {
  const tenant = await newTenant()
  const client = await newClient(tenant.project)
  for (const [id, scenario] of Object.entries(scenarios))
    await t.test(id, () => scenario(client, tenant))
})
