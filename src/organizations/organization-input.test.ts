import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject } from '../../tests/harness.ts'
import { create, errorOfCreate, errorOfUpdate, path } from './organization.test-kit.ts'

const assignment = (domain: unknown, role_id: unknown = 'stytch_admin') => ({
  rbac_email_implicit_role_assignments: [{ domain, role_id }],
})
const domains = (count: number) => Array.from({ length: count }, (_, i) => `d${i}.example`)
const keys = (count: number) => Object.fromEntries(domains(count).map((key) => [key, 1]))
const slug = 'invalid_organization_slug'
const external = 'invalid_organization_external_id'
const name = 'invalid_organization_name'
const factor = 'invalid_organization_auth_factor_setting'
const settings = 'organization_settings'

/** What is refused alike by create and update: fields, error type. */
const refused: [Record<string, unknown>, string][] = [
  [{ organization_name: '' }, name],
  [{ organization_name: '   ' }, name],
  [{ organization_name: 'x'.repeat(129) }, name],
  [{ organization_name: 'a\nb' }, name],
  [{ organization_name: 7 }, name],
  [{ organization_slug: 'a' }, slug],
  [{ organization_slug: 'a'.repeat(129) }, slug],
  [{ organization_slug: '..~_' }, slug],
  [{ organization_slug: 'a b' }, slug],
  [{ organization_slug: 'ümlaut' }, slug],
  [{ organization_slug: 'a/b' }, slug],
  [{ organization_slug: 'organization-test-x' }, slug],
  [{ organization_slug: 'member-live-1' }, slug],
  [{ organization_slug: ['ab'] }, slug],
  [{ organization_external_id: '' }, external],
  [{ organization_external_id: 'a b' }, external],
  [{ organization_external_id: 'a~b' }, external],
  [{ organization_external_id: 'x'.repeat(129) }, external],
  [{ organization_external_id: 'organization-live-1' }, external],
  [{ organization_logo_url: `https://x/${'x'.repeat(2_000)}` }, 'organization_logo_url_too_long'],
  [{ organization_logo_url: 'javascript:alert(1)' }, 'bad_request'],
  [{ organization_logo_url: 'logo.png' }, 'bad_request'],
  [{ trusted_metadata: [] }, 'metadata_invalid_format'],
  [{ trusted_metadata: 'x' }, 'metadata_invalid_format'],
  [{ trusted_metadata: { a: 'x'.repeat(4_096) } }, 'metadata_too_large'],
  [{ trusted_metadata: keys(21) }, 'metadata_too_many_keys'],
  [{ sso_jit_provisioning: 'SOMETIMES' }, factor],
  [{ email_invites: 'all_allowed' }, factor],
  [{ email_jit_provisioning: 'ALL_ALLOWED' }, `${factor}_for_email_jit_provisioning`],
  [{ oauth_tenant_jit_provisioning: 'ALL_ALLOWED' }, `${factor}_for_oauth_tenant_jit_provisioning`],
  [{ sso_jit_provisioning: 'NOT_ALLOWED', email_invites: 'NOT_ALLOWED' }, factor],
  [{ email_invites: 'RESTRICTED' }, 'invalid_restricted_email_setting'],
  [
    { email_jit_provisioning: 'RESTRICTED', email_allowed_domains: [] },
    'invalid_restricted_email_setting',
  ],
  [{ auth_methods: 'NOT_ALLOWED' }, 'invalid_organization_auth_method_settings'],
  [{ auth_methods: 'RESTRICTED' }, 'allowed_auth_methods_required_for_restricted'],
  [
    { auth_methods: 'RESTRICTED', allowed_auth_methods: [] },
    'allowed_auth_methods_required_for_restricted',
  ],
  [{ allowed_auth_methods: ['sso', 'fax'] }, 'invalid_organization_allowed_auth_methods'],
  [{ allowed_auth_methods: 'sso' }, 'invalid_organization_allowed_auth_methods'],
  [{ mfa_policy: 'ALWAYS' }, 'invalid_organization_mfa_policy'],
  [{ mfa_methods: 'NOT_ALLOWED' }, 'invalid_organization_mfa_factor_setting'],
  [{ mfa_methods: 'RESTRICTED' }, 'allowed_mfa_methods_required_for_restricted'],
  [{ allowed_mfa_methods: ['sms'] }, 'invalid_organization_allowed_mfa_methods'],
  [{ oauth_tenant_jit_provisioning: 'RESTRICTED' }, 'invalid_restricted_oauth_tenants_setting'],
  [
    { oauth_tenant_jit_provisioning: 'RESTRICTED', allowed_oauth_tenants: { slack: [] } },
    'invalid_restricted_oauth_tenants_setting',
  ],
  [{ allowed_oauth_tenants: { myspace: ['x'] } }, 'bad_request'],
  [{ email_allowed_domains: ['nodot'] }, `${settings}_invalid_domain`],
  [{ email_allowed_domains: ['@acme.example'] }, `${settings}_invalid_domain`],
  [{ email_allowed_domains: [7] }, `${settings}_invalid_domain`],
  [{ email_allowed_domains: ['acme.example', 'ACME.example'] }, `${settings}_duplicate_domain`],
  [{ email_allowed_domains: ['Gmail.com'] }, `${settings}_domain_too_common`],
  [{ email_allowed_domains: ['mailinator.com'] }, `${settings}_disposable_domain`],
  [{ email_allowed_domains: domains(101) }, 'too_many_domains'],
  [{ claimed_email_domains: ['a..b'] }, `${settings}_invalid_claimed_domain`],
  [{ claimed_email_domains: ['a.example', 'a.example'] }, `${settings}_duplicate_claimed_domain`],
  [{ claimed_email_domains: ['yahoo.co.uk'] }, `${settings}_claimed_domain_too_common`],
  [{ claimed_email_domains: ['yopmail.com'] }, `${settings}_disposable_domain`],
  [{ claimed_email_domains: domains(101) }, 'too_many_domains'],
  [assignment('outlook.com'), 'rbac_domain_too_common'],
  [assignment('temp-mail.org'), 'rbac_domain_too_common'],
  [assignment('acme'), 'rbac_invalid_domain'],
  [assignment(7), 'rbac_invalid_domain'],
  [assignment('acme.example', 'owner'), 'invalid_role'],
  [assignment('acme.example', 'stytch_member'), 'cannot_assign_default_rbac_role_id'],
  [assignment('acme.example', 7), 'invalid_rbac_role_assignment'],
  [{ rbac_email_implicit_role_assignments: ['x'] }, 'invalid_rbac_role_assignment'],
  [{ first_party_connected_apps_allowed_type: 'SOME' }, 'bad_request'],
  [{ allowed_third_party_connected_apps: domains(101) }, 'bad_request'],
]

test('settings that are not valid are refused by create and by update, with their error type', async () => {
  const project = await newProject()
  const made = await create(project)
  for (const [fields, error_type] of refused) {
    const status = `400 ${error_type}`
    const text = JSON.stringify(fields).slice(0, 100)
    assert.equal(await errorOfCreate(project, fields), status, `create ${text}`)
    assert.equal(await errorOfUpdate(project, made, fields), status, `update ${text}`)
  }
  const { body } = await call(project, 'GET', `${path}/${made.organization_id}`)
  assert.deepEqual(body.organization, made)
})

test('a name is needed to create an organization', async () => {
  const project = await newProject()
  for (const body of [{}, { organization_name: null }, undefined]) {
    const answer = await call(project, 'POST', path, body)
    assert.equal(answer.body.error_type, 'organization_name_missing')
  }
})
