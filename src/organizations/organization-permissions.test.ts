import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultResources } from '../rbac/resources.ts'
import type { OrganizationRow } from './organization.ts'
import { UpdateFields } from './organization-input.ts'
import { assertMemberMayChange, updateActions } from './organization-permissions.ts'

const stored = {
  organization_external_id: null,
  claimed_email_domains: ['acme.example'],
  allowed_first_party_connected_apps: [],
  allowed_third_party_connected_apps: [],
  first_party_connected_apps_allowed_type: 'ALL_ALLOWED',
  third_party_connected_apps_allowed_type: 'ALL_ALLOWED',
} as unknown as OrganizationRow

const projectOnly = [
  'trusted_metadata',
  'organization_external_id',
  'claimed_email_domains',
  'first_party_connected_apps_allowed_type',
  'allowed_first_party_connected_apps',
  'third_party_connected_apps_allowed_type',
  'allowed_third_party_connected_apps',
]

test('each field that a member session may change needs one action of the policy', () => {
  const known = defaultResources.find(
    (resource) => resource.resource_id === 'stytch.organization',
  )!.actions
  for (const field of Object.keys(UpdateFields.shape)) {
    const actions = updateActions({ organization_id: 'acme', [field]: 'x' })
    if (projectOnly.includes(field)) assert.deepEqual(actions, [], field)
    else {
      assert.equal(actions.length, 1, field)
      assert.ok(known.includes(actions[0]!), actions[0])
    }
  }
})

test('several fields need all their actions, each named once', () => {
  assert.deepEqual(
    updateActions({
      organization_name: 'A',
      auth_methods: 'RESTRICTED',
      allowed_auth_methods: ['sso'],
      unknown: 1,
    }),
    ['update.info.name', 'update.settings.allowed-auth-methods'],
  )
  assert.deepEqual(updateActions({ constructor: 1 }), [])
})

test('what only the project may change is refused to every member session', () => {
  assert.throws(() => assertMemberMayChange({ trusted_metadata: { a: 1 } }, stored), {
    error_type: 'cannot_update_trusted_metadata',
    status: 401,
  })
  for (const change of [
    { organization_external_id: 'crm-1' },
    { claimed_email_domains: [] },
    { first_party_connected_apps_allowed_type: 'NOT_ALLOWED' as const },
    { allowed_first_party_connected_apps: ['app'] },
    { third_party_connected_apps_allowed_type: 'RESTRICTED' as const },
    { allowed_third_party_connected_apps: ['app'] },
  ])
    assert.throws(() => assertMemberMayChange(change, stored), {
      error_type: 'session_authorization_error',
      status: 403,
    })
})

test('empty values that change nothing pass, as the Java SDK sends them', () => {
  assertMemberMayChange(
    {
      trusted_metadata: {},
      allowed_first_party_connected_apps: [],
      allowed_third_party_connected_apps: [],
      claimed_email_domains: ['acme.example'],
      organization_name: 'New',
    },
    stored,
  )
})
