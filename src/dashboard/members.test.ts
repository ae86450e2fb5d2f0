import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, server, type TestProject } from '../../tests/harness.ts'
import { app_url, Browser, newSetup, tokenOf } from '../../tests/login.ts'
import { listAudit } from '../events/audit.ts'
import { addMember, create } from '../organizations/organization.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'

async function stored(project: TestProject, member_id: string) {
  const path = `/v1/b2b/organizations/members/dangerously_get/${member_id}?include_deleted=true`
  return (await call(project, 'GET', path)).body.member
}

async function newMember(fields: Record<string, unknown> = {}) {
  const project = await newProject()
  const { organization_id } = await create(project)
  const answer = await call(project, 'POST', `/v1/b2b/organizations/${organization_id}/members`, {
    email_address: 'ada@acme.com',
    ...fields,
  })
  const { member_id } = answer.body as { member_id: string }
  const admin = await newAdmin(project, 'editor')
  const now = () => stored(project, member_id)
  return { project, organization_id, member_id, admin, path: `/members/${member_id}`, now }
}

const ada = 'ada.lovelace@acme.test'

/** A member who has logged in over SAML, with the session that came of it. */
async function loggedIn() {
  const setup = await newSetup()
  const { project } = setup
  const arrived = await new Browser().login(setup, setup.saml, ada)
  assert.ok(arrived.headers.get('location')?.startsWith(app_url))
  const { body } = await call(project, 'POST', '/v1/b2b/sso/authenticate', {
    sso_token: tokenOf(arrived),
  })
  const alive = async () => {
    const { session_token } = body
    const path = '/v1/b2b/sessions/authenticate'
    return (await call(project, 'POST', path, { session_token })).status === 200
  }
  const { member_id, member_session } = body
  return { setup, project, member_id, member_session, alive }
}

test('a member is made in an organization, with roles', async () => {
  const project = await newProject()
  const { organization_id } = await create(project)
  const admin = await newAdmin(project, 'editor')
  const path = `/organizations/${organization_id}/members`
  assert.match((await admin.get(path)).html, /No member yet/)
  const fields = { email_address: 'Ada@Acme.com', name: 'Ada <3', roles: 'stytch_admin' }
  const made = await admin.post(path, fields)
  const member_id = made.location.slice(`${admin.base}/members/`.length)
  const member = await stored(project, member_id)
  assert.equal(member.email_address, 'ada@acme.com')
  assert.equal(member.name, 'Ada <3')
  assert.equal(member.status, 'active')
  assert.ok(member.is_admin)
  const again = await admin.post(path, fields)
  assert.equal(again.status, 400)
  assert.match(again.html, /value="Ada &lt;3"/)
  await admin.post(path, { email_address: 'bob@acme.com', pending: 'on' })
  const list = await admin.get(`${path}?status=pending`)
  assert.ok(list.html.includes('bob@acme.com') && !list.html.includes('ada@acme.com'))
  assert.match((await admin.get(`${path}?q=ada`)).html, />ada@acme\.com<\/a>/)
})

test('members are found over all organizations, by a part of the address and by status', async () => {
  const project = await newProject()
  const admin = await newAdmin(project, 'viewer')
  assert.match((await admin.get('/members')).html, /No member yet/)
  const acme = await create(project, { organization_name: 'Acme' })
  const globex = await create(project, { organization_name: 'Globex', organization_slug: 'globex' })
  await addMember(project, acme, 'ada@acme.com')
  await addMember(project, globex, 'ada@globex.com')
  await addMember(project, globex, 'bob@globex.com', 'deleted')
  const stranger = await newProject()
  await addMember(stranger, await create(stranger), 'ada@stranger.com')
  const found = async (query: Record<string, string>) => {
    const { html } = await admin.get(`/members?${new URLSearchParams(query)}`)
    return [...html.matchAll(/>([\w@.]+)<\/a><\/td>/g)]
      .map((m) => m[1])
      .filter((s) => s!.includes('@'))
  }
  assert.deepEqual(await found({}), ['ada@acme.com', 'ada@globex.com'])
  assert.deepEqual(await found({ q: 'GLOBEX' }), ['ada@globex.com'])
  assert.deepEqual(await found({ q: 'globex', status: 'deleted' }), ['bob@globex.com'])
  assert.deepEqual(await found({ status: 'deleted' }), ['bob@globex.com'])
  assert.deepEqual(await found({ q: 'a_a@' }), [])
  assert.deepEqual(await found({ q: 'ad' }), [])
})

test('the list of all members goes on to its next page', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  const organization = await create(project)
  for (let i = 10; i < 37; i++) await addMember(project, organization, `m${i}@acme.com`)
  for (const query of ['', '?q=acme', '?status=active']) {
    const first = await admin.get(`/members${query}`)
    assert.ok(first.html.includes('m34@') && !first.html.includes('m35@'))
    const next = /href="([^"]+cursor[^"]+)"/.exec(first.html)![1]!.replaceAll('&amp;', '&')
    const second = await admin.get(next)
    assert.ok(second.html.includes('m36@') && !second.html.includes('m34@'))
    assert.doesNotMatch(second.html, /Next page/)
  }
})

test('a member is changed: address, name, break-glass, and its roles', async () => {
  const { project, admin, path, now } = await newMember({ roles: ['stytch_admin'] })
  await admin.post(path, {
    details: '1',
    email_address: 'ada@acme.de',
    name: 'Ada',
    is_breakglass: 'on',
  })
  const changed = await now()
  assert.equal(changed.email_address, 'ada@acme.de')
  assert.equal(changed.name, 'Ada')
  assert.equal(changed.is_breakglass, true)
  assert.ok(changed.is_admin)
  await admin.post(`${path}/roles`, {})
  assert.equal((await now()).is_admin, false)
  assert.equal((await admin.post(`${path}/roles`, { roles: 'nothing' })).status, 400)
  await admin.post(`${path}/roles`, { roles: 'stytch_admin' })
  assert.equal((await now()).is_admin, true)
  const { db } = (await server()).services
  const { entries } = await listAudit(db, { project_id: project.project_id })
  assert.deepEqual(
    entries.map(({ action }) => action),
    ['member.update_roles', 'member.update_roles', 'member.update'],
  )
  assert.deepEqual(entries[1]!.before, { roles: ['stytch_admin'] })
  assert.deepEqual(entries[2]!.before, {
    email_address: 'ada@acme.com',
    name: '',
    is_breakglass: false,
  })
})

test("a page shows where a member's roles come from, its registrations and its sessions", async () => {
  const { setup, project, member_id } = await loggedIn()
  const admin = await newAdmin(project, 'viewer')
  await call(project, 'PUT', `/v1/b2b/organizations/${setup.organization_id}`, {
    rbac_email_implicit_role_assignments: [{ domain: 'acme.test', role_id: 'stytch_admin' }],
  })
  const { html } = await admin.get(`/members/${member_id}`)
  assert.match(html, /by the domain acme\.test/)
  assert.match(html, /Test IdP \(SAML\)<\/a><\/td>/)
  assert.match(html, /Logged in over">Test IdP \(SAML\)/)
})

test('a session is revoked, and refused by the API at once', async () => {
  const { project, member_id, member_session, alive } = await loggedIn()
  const admin = await newAdmin(project, 'editor')
  const other = await loggedIn()
  const path = `/members/${member_id}/sessions`
  const foreign = `${path}/${other.member_session.member_session_id}/revoke`
  assert.equal((await admin.post(foreign)).status, 404)
  assert.ok((await alive()) && (await other.alive()))
  await admin.post(`${path}/${member_session.member_session_id}/revoke`)
  assert.ok(!(await alive()) && (await other.alive()))
})

test('all sessions of a member are revoked', async () => {
  const { project, member_id, alive } = await loggedIn()
  const admin = await newAdmin(project, 'editor')
  await admin.post(`/members/${member_id}/sessions/revoke`)
  assert.ok(!(await alive()))
  assert.match((await admin.get(`/members/${member_id}`)).html, /not logged in anywhere/)
})

test('a member is deleted once the address is typed, and reactivated', async () => {
  const { project, member_id, alive } = await loggedIn()
  const admin = await newAdmin(project, 'editor')
  const path = `/members/${member_id}`
  assert.match((await admin.get(path)).html, /Its session ends/)
  assert.equal((await admin.post(`${path}/delete`, { confirm_name: 'ada' })).status, 400)
  assert.ok(await alive())
  await admin.post(`${path}/delete`, { confirm_name: ada })
  assert.ok(!(await alive()))
  assert.equal((await stored(project, member_id)).status, 'deleted')
  assert.match((await admin.get(path)).html, /deleted and cannot log in/)
  await admin.post(`${path}/reactivate`)
  assert.equal((await stored(project, member_id)).status, 'active')
})

test('a member whose address nobody verified is not reactivated, and the page says why', async () => {
  const { admin, path, now } = await newMember()
  await admin.post(`${path}/delete`, { confirm_name: 'ada@acme.com' })
  const answer = await admin.post(`${path}/reactivate`)
  assert.equal(answer.status, 400)
  assert.match(answer.html, /verified/)
  assert.equal((await now()).status, 'deleted')
})

test('a viewer changes no member, and a member of another project is not there', async () => {
  const { project, path, now } = await newMember()
  const viewer = await newAdmin(project, 'viewer')
  const stranger = await newAdmin(await newProject())
  const before = await now()
  const page = await viewer.get(path)
  assert.equal(page.status, 200)
  assert.ok(!page.html.slice(page.html.indexOf('<main')).includes('method="post"'))
  assert.equal((await stranger.get(path)).status, 404)
  const fields = { email_address: 'eve@acme.com', confirm_name: 'ada@acme.com' }
  for (const at of ['', '/roles', '/delete', '/reactivate', '/sessions/revoke']) {
    assert.equal((await viewer.post(path + at, fields)).status, 403, at)
    assert.equal((await stranger.post(path + at, fields)).status, 404, at)
  }
  assert.deepEqual(await now(), before)
})

test('the roles of the project are explained', async () => {
  const admin = await newAdmin(await newProject(), 'viewer')
  const { html, status } = await admin.get('/roles')
  assert.equal(status, 200)
  for (const text of ['stytch_admin', 'stytch_member', 'update.settings.default-sso-connection'])
    assert.ok(html.includes(text), text)
})
