import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup, tokenOf } from '../../tests/login.ts'
import { newAdmin } from './dashboard.test-kit.ts'

async function samlOf({ project, organization_id, saml }: Setup) {
  const { body } = await call(project, 'GET', `/v1/b2b/sso/${organization_id}`)
  return body.saml_connections.find(
    (each: { connection_id: string }) => each.connection_id === saml,
  )
}

test('the mapping is what the API answers; what is emptied goes, other keys go to trusted metadata', async () => {
  const setup = await newSetup()
  const admin = await newAdmin(setup.project, 'editor')
  const path = `/connections/${setup.saml}/mapping`
  const fields = { email: 'email', full_name: 'name', groups: '', more: 'department = Dept\r\n' }
  assert.equal((await admin.post(path, fields)).status, 303)
  assert.deepEqual((await samlOf(setup)).attribute_mapping, {
    email: 'email',
    full_name: 'name',
    department: 'Dept',
  })
  const refused = await admin.post(path, { part: 'mapping', email: '', full_name: 'typed' })
  assert.equal(refused.status, 400)
  assert.match(refused.html, /value="typed"/)
})

test('groups that arrived stand beside the roles with their members, and become roles by a tick', async () => {
  const setup = await newSetup()
  const login = await new Browser().login(setup, setup.saml, 'ada.lovelace@acme.test')
  const sso_token = tokenOf(login)
  const member = await call(setup.project, 'POST', '/v1/b2b/sso/authenticate', { sso_token })
  const group = member.body.member.sso_registrations[0].sso_attributes.groups[0]
  const admin = await newAdmin(setup.project, 'editor')
  const path = `/connections/${setup.saml}/mapping`
  const { html } = await admin.get(path)
  assert.ok(html.includes(`<bdi>${group}</bdi></code></td><td data-label="Members">1</td>`), html)
  const role_id = 'stytch_admin'
  const fields = {
    connection_role: role_id,
    group_role: `${role_id} ${encodeURIComponent(group)}`,
    new_group: 'Späti & Söhne',
    new_role: role_id,
  }
  assert.equal((await admin.post(`${path}/roles`, fields)).status, 303)
  const connection = await samlOf(setup)
  assert.deepEqual(connection.saml_connection_implicit_role_assignments, [{ role_id }])
  assert.deepEqual(connection.saml_group_implicit_role_assignments, [
    { role_id, group },
    { role_id, group: 'Späti & Söhne' },
  ])
  assert.equal((await admin.post(`${path}/roles`, {})).status, 303)
  assert.deepEqual((await samlOf(setup)).saml_group_implicit_role_assignments, [])
  const invalid = await admin.post(`${path}/roles`, { connection_role: 'nonsense' })
  assert.equal(invalid.status, 400)
})
