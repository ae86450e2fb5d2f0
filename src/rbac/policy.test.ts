import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { z } from 'zod'
import { call, newProject } from '../../tests/harness.ts'
import type { getPolicy } from './policy.ts'

test('the policy has the default roles and resources', async () => {
  const project = await newProject()
  const { status, body } = await call(project, 'GET', '/v1/b2b/rbac/policy')
  assert.equal(status, 200)
  const { policy } = body as z.output<typeof getPolicy.output>
  assert.deepEqual(
    policy.roles.map((role) => role.role_id),
    ['stytch_member', 'stytch_admin'],
  )
  assert.deepEqual(policy.roles[0]?.permissions, [{ resource_id: 'stytch.self', actions: ['*'] }])
  assert.deepEqual(policy.scopes, [])
  const resources = new Map(
    policy.resources.map((resource) => [resource.resource_id, resource.actions]),
  )
  for (const role of policy.roles ?? [])
    for (const { resource_id } of role.permissions)
      assert.ok(resources.get(resource_id)?.includes('*'), resource_id)
  assert.ok(resources.get('stytch.organization')?.includes('update.settings.allowed-domains'))
  assert.ok(resources.get('stytch.member')?.includes('update.settings.roles'))
  assert.ok(resources.get('stytch.sso')?.includes('update'))
})

test('a member has no action on itself that gives roles or exempts from rules', async () => {
  const project = await newProject()
  const { body } = await call(project, 'GET', '/v1/b2b/rbac/policy')
  const self = body.policy.resources.find(
    (resource: { resource_id: string }) => resource.resource_id === 'stytch.self',
  )
  for (const action of ['update.settings.roles', 'update.settings.is-breakglass'])
    assert.equal(self.actions.includes(action), false)
})
