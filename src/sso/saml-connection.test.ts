import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { createApp } from '../app.ts'
import {
  assertRefused,
  create,
  createActive,
  idp,
  mapping,
  newCertificate,
  newTenant,
  sso,
  update,
} from './connection.test-kit.ts'
import { findConnectionAnywhere } from './connections.ts'

test('a new SAML connection is pending, has a signing certificate, and holds every field', async () => {
  const owner = await newTenant()
  const connection = await create(owner, 'saml', {
    display_name: 'Okta',
    identity_provider: 'okta',
  })
  const { connection_id, signing_certificates, ...others } = connection
  assert.match(connection_id, /^saml-connection-test-[0-9a-f-]{36}$/)
  const url = `http://localhost:4000/v1/b2b/sso/callback/${connection_id}`
  assert.deepEqual(others, {
    organization_id: owner.organization.organization_id,
    status: 'pending',
    display_name: 'Okta',
    identity_provider: 'okta',
    attribute_mapping: {},
    idp_entity_id: '',
    idp_sso_url: '',
    acs_url: url,
    audience_uri: url,
    verification_certificates: [],
    encryption_private_keys: [],
    saml_connection_implicit_role_assignments: [],
    saml_group_implicit_role_assignments: [],
    alternative_audience_uri: '',
    alternative_acs_url: '',
    nameid_format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    idp_initiated_auth_disabled: false,
    allow_gateway_callback: false,
  })
  assert.equal(signing_certificates.length, 1)
  const [signing] = signing_certificates
  assert.match(signing.certificate_id, /^saml-signing-key-test-/)
  assert.equal(signing.issuer, 'CN=Portcullis')
  for (const time of [signing.created_at, signing.expires_at, signing.updated_at])
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const decade = Date.parse(signing.expires_at) - Date.parse(signing.created_at)
  assert.ok(decade > 9.9 * 365 * 86_400_000)
  const { services } = await server()
  const { signing_key } = await findConnectionAnywhere(services, connection_id)
  const certificate = new X509Certificate(signing.certificate)
  assert.ok(certificate.checkPrivateKey(signing_key!.private_key))
})

test('each field can be updated alone, and the others stay', async () => {
  const owner = await newTenant()
  let expected = await create(owner, 'saml')
  const changes = {
    display_name: 'Acme',
    identity_provider: 'okta',
    idp_entity_id: 'urn:acme:idp',
    idp_sso_url: 'https://idp.acme.example/sso?tenant=1',
    attribute_mapping: { ...mapping, groups: 'memberOf', department: 'dept' },
    saml_connection_implicit_role_assignments: [{ role_id: 'stytch_admin' }],
    saml_group_implicit_role_assignments: [{ role_id: 'stytch_admin', group: 'it' }],
    alternative_audience_uri: 'urn:old:audience',
    alternative_acs_url: 'https://old.example.com/acs',
    nameid_format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    idp_initiated_auth_disabled: true,
    allow_gateway_callback: true,
  }
  for (const [field, value] of Object.entries(changes)) {
    const answer = await update(owner, expected, { [field]: value })
    expected = { ...expected, [field]: value }
    assert.deepEqual(answer.body.connection, expected, field)
  }
  const cleared = {
    display_name: '',
    saml_connection_implicit_role_assignments: [],
    saml_group_implicit_role_assignments: [],
    alternative_audience_uri: '',
    alternative_acs_url: '',
    idp_initiated_auth_disabled: false,
    allow_gateway_callback: false,
  }
  const answer = await update(owner, expected, cleared)
  assert.deepEqual(answer.body.connection, { ...expected, ...cleared })
})

test('what is null, an empty map or an empty secret was not given', async () => {
  const owner = await newTenant()
  const connection = await createActive(owner)
  const answer = await update(owner, connection, {
    idp_entity_id: null,
    idp_sso_url: null,
    x509_certificate: null,
    saml_group_implicit_role_assignments: null,
    idp_initiated_auth_disabled: null,
    attribute_mapping: {},
    signing_private_key: '',
    saml_encryption_private_key: '',
  })
  assert.deepEqual(answer.body.connection, connection)
})

test('attribute_mapping is replaced as a whole, and empty names are left out', async () => {
  const owner = await newTenant()
  const connection = await createActive(owner)
  const given = { email: 'mail', full_name: 'cn', first_name: '', idp_user_id: 'uid' }
  const { body } = await update(owner, connection, { attribute_mapping: given })
  const { first_name: _, ...stored } = given
  assert.deepEqual(body.connection.attribute_mapping, stored)
  assert.equal(body.connection.status, 'active')
})

test('a connection is active as soon as nothing is missing, in whatever order it comes', async () => {
  const owner = await newTenant()
  const parts = { ...idp, x509_certificate: await newCertificate() }
  for (const last of Object.keys(parts) as (keyof typeof parts)[]) {
    const connection = await create(owner, 'saml')
    const { [last]: lacking, ...others } = parts
    const pending = await update(owner, connection, others)
    assert.equal(pending.body.connection.status, 'pending', last)
    const active = await update(owner, connection, { [last]: lacking })
    assert.equal(active.body.connection.status, 'active', last)
  }
})

const long = 'x'.repeat(2_100)
const groups = [{ role_id: 'stytch_admin', group: 'it' }]
const refusals: [string, Record<string, unknown>, string][] = [
  ['an empty entity id', { idp_entity_id: ' ' }, 'invalid_idp_entity_id'],
  ['a long entity id', { idp_entity_id: 'x'.repeat(1_025) }, 'invalid_idp_entity_id'],
  ['an empty SSO URL', { idp_sso_url: '' }, 'saml_connection_idp_sso_url_required'],
  ['no URL', { idp_sso_url: 'idp.example' }, 'saml_connection_idp_sso_url_invalid_format'],
  [
    'a URL with a line break',
    { idp_sso_url: 'https://a.example/\nb' },
    'saml_connection_idp_sso_url_invalid_format',
  ],
  [
    'a URL without slashes',
    { idp_sso_url: 'https:a.example/sso' },
    'saml_connection_idp_sso_url_invalid_format',
  ],
  [
    'a URL with a user name',
    { idp_sso_url: 'https://me@a.example' },
    'saml_connection_idp_sso_url_invalid_format',
  ],
  [
    'a long URL',
    { idp_sso_url: `https://a.example/${long}` },
    'saml_connection_idp_sso_url_invalid_format',
  ],
  [
    'a script for a URL',
    { idp_sso_url: 'javascript:alert(1)' },
    'saml_connection_idp_sso_url_not_https',
  ],
  [
    'no e-mail mapping',
    { attribute_mapping: { full_name: 'cn' } },
    'saml_connection_email_mapping_required',
  ],
  [
    'an empty e-mail mapping',
    { attribute_mapping: { ...mapping, email: ' ' } },
    'saml_connection_email_mapping_required',
  ],
  [
    'no name mapping',
    { attribute_mapping: { email: 'NameID' } },
    'saml_connection_name_mapping_required',
  ],
  [
    'half a name',
    { attribute_mapping: { email: 'NameID', first_name: 'a' } },
    'saml_connection_name_mapping_required',
  ],
  [
    'a nested mapping',
    { attribute_mapping: { ...mapping, a: { b: 'c' } } },
    'saml_connection_no_nested_keys_in_attribute_mapping',
  ],
  [
    'a number for a name',
    { attribute_mapping: { ...mapping, a: 7 } },
    'saml_connection_no_nested_keys_in_attribute_mapping',
  ],
  ['a list for a mapping', { attribute_mapping: ['email'] }, 'bad_request'],
  ['a huge mapping', { attribute_mapping: { ...mapping, a: long } }, 'bad_request'],
  [
    'group roles without a groups key',
    { saml_group_implicit_role_assignments: groups },
    'saml_connection_attribute_mapping_missing_groups_key',
  ],
  [
    'an unknown role',
    { saml_connection_implicit_role_assignments: [{ role_id: 'king' }] },
    'invalid_role',
  ],
  [
    'the role of every member',
    { saml_connection_implicit_role_assignments: [{ role_id: 'stytch_member' }] },
    'cannot_assign_default_rbac_role_id',
  ],
  [
    'an unknown role for a group',
    { saml_group_implicit_role_assignments: [{ role_id: 'king', group: 'it' }] },
    'invalid_role',
  ],
  [
    'a role without a group',
    { saml_group_implicit_role_assignments: [{ role_id: 'stytch_admin' }] },
    'bad_request',
  ],
  ['no certificate', { x509_certificate: 'hello' }, 'invalid_x509_certificate'],
  ['a NameID format that is none', { nameid_format: 'email' }, 'bad_request'],
  ['an alternative ACS that is no URL', { alternative_acs_url: 'old' }, 'bad_request'],
  ['an alternative ACS by script', { alternative_acs_url: 'javascript:1' }, 'bad_request'],
  ['a switch that is a string', { idp_initiated_auth_disabled: 'yes' }, 'bad_request'],
  ['a key for encrypted assertions', { saml_encryption_private_key: 'key' }, 'bad_request'],
]

test('what a SAML connection cannot be is refused, and nothing of the request is written', async () => {
  const owner = await newTenant()
  const connection = await createActive(owner)
  for (const [what, body, error_type] of refusals) {
    const answer = await update(owner, connection, { display_name: 'changed', ...body })
    assert.deepEqual([answer.status, answer.body.error_type], [400, error_type], what)
  }
  assert.deepEqual((await sso(owner, 'GET', '{}')).body.saml_connections, [connection])
})

test('a mapping without groups is refused while groups give roles', async () => {
  const owner = await newTenant()
  const connection = await createActive(owner)
  const withGroups = { attribute_mapping: { ...mapping, groups: 'memberOf' } }
  const both = { ...withGroups, saml_group_implicit_role_assignments: groups }
  assert.equal((await update(owner, connection, both)).status, 200)
  const without = await update(owner, connection, { attribute_mapping: mapping })
  assertRefused(without, 400, 'saml_connection_attribute_mapping_missing_groups_key')
  const cleared = { attribute_mapping: mapping, saml_group_implicit_role_assignments: [] }
  assert.equal((await update(owner, connection, cleared)).status, 200)
})

test('plain http is for development and for hosts that the operator has allowed', async () => {
  const { services } = await server()
  const owner = await newTenant()
  const connection = await create(owner, 'saml')
  const local = { idp_sso_url: 'http://127.0.0.1:4001/saml/sso' }
  assert.equal((await update(owner, connection, local)).status, 200)
  const inProduction = async (allowed_private_hosts: string[], idp_sso_url: string) => {
    const config = { ...services.config, mode: 'production' as const, allowed_private_hosts }
    const path = `saml/${owner.organization.organization_id}/connections/${connection.connection_id}`
    const response = await createApp({ ...services, config }).request(`/v1/b2b/sso/${path}`, {
      method: 'PUT',
      headers: { authorization: owner.project.authorization },
      body: JSON.stringify({ idp_sso_url }),
    })
    return ((await response.json()) as { error_type?: string }).error_type
  }
  const refused = 'saml_connection_idp_sso_url_not_https'
  assert.equal(await inProduction([], local.idp_sso_url), refused)
  assert.equal(await inProduction(['127.0.0.1:4001'], local.idp_sso_url), undefined)
  assert.equal(await inProduction(['adfs.corp'], 'http://adfs.corp/adfs/ls'), undefined)
  assert.equal(await inProduction(['adfs.corp'], 'http://adfs.example/adfs/ls'), refused)
})
