import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { z } from 'zod'
import type { RequestMemberSession, Services } from '../context.ts'
import { newToken } from '../db/secrets.ts'
import { endpoint, mountEndpoints, type Permission } from '../http/endpoint.ts'
import { authenticate } from '../projects/authenticate.ts'
import { findProject } from '../projects/projects.ts'
import { authorize } from './authorize.ts'
import {
  addMember,
  addOrganization,
  addSession,
  callApp,
  newMemberSession,
  ownServer,
} from './session.test-kit.ts'

const start = new Date('2026-03-01T12:00:00Z')
const token = 'X-Stytch-Member-Session'
const jwt = 'X-Stytch-Member-SessionJWT'

/** An application of one endpoint that needs a permission and tells which session it was called with. */
function guarded(services: Services, permission: Permission) {
  let seen: RequestMemberSession | null = null
  const app = new Hono()
  const only = endpoint({
    method: 'POST',
    path: '/guarded',
    summary: 'For tests',
    input: z.object({}),
    output: z.object({}),
    permission,
    async run(_input, context) {
      seen = context.member_session
      return {}
    },
  })
  mountEndpoints(app, [only], services, { authenticate, findProject, authorize })
  return { app, seen: () => seen }
}

async function setup(permission: Permission, roles: string[] = []) {
  const made = await ownServer()
  made.setNow(start)
  const of = await newMemberSession(made.services, roles)
  const { app, seen } = guarded(made.services, permission)
  const path = '/v1/b2b/sessions/authenticate'
  return {
    ...of,
    services: made.services,
    setNow: made.setNow,
    seen,
    jwtOf: async (session_token: string): Promise<string> =>
      (await callApp(made.app, of.project, path, { session_token })).body.session_jwt,
    call: (body: object, headers: Record<string, string> = {}) =>
      callApp(app, of.project, '/guarded', body, headers),
    revoke: (body: object, session_token: string) =>
      callApp(made.app, of.project, '/v1/b2b/sessions/revoke', body, { [token]: session_token }),
    isValid: async (session_token: string) =>
      (await callApp(made.app, of.project, path, { session_token })).status === 200,
  }
}

function assertRefused(
  answer: { status: number; body: { error_type?: string } },
  error_type = 'session_authorization_error',
) {
  assert.deepEqual([answer.status, answer.body.error_type], [403, error_type])
}

const ssoCreate: Permission = { resource_id: 'stytch.sso', action: 'create' }

test('without a member session, or with an empty header, a call has the authority of the project', async () => {
  const { call, seen } = await setup(ssoCreate)
  for (const headers of [{}, { [token]: '' }, { [token]: ' ', [jwt]: '' }]) {
    assert.equal((await call({ organization_id: 'any' }, headers)).status, 200)
    assert.equal(seen(), null)
  }
})

test('an administrator may, by token and by JWT, for every way to name the organization', async () => {
  const of = await setup(ssoCreate, ['stytch_admin'])
  const session_jwt = await of.jwtOf(of.session_token)
  const { organization } = of
  for (const headers of [
    { [token]: of.session_token },
    { [jwt]: session_jwt },
    { [token]: of.session_token, [jwt]: session_jwt },
  ])
    for (const organization_id of [
      organization.organization_id,
      organization.organization_slug,
      organization.organization_external_id,
    ])
      assert.equal((await of.call({ organization_id }, headers)).status, 200)
  assert.deepEqual(of.seen(), {
    member_session_id: of.member_session_id,
    member_id: of.member.member_id,
    organization_id: organization.organization_id,
    roles: ['stytch_member', 'stytch_admin'],
  })
})

test('a member without the role may not', async () => {
  const { call, session_token, organization } = await setup(ssoCreate)
  const { organization_id } = organization
  const answer = await call({ organization_id }, { [token]: session_token })
  assertRefused(answer)
  assert.match(answer.body.error_message, /"create" on stytch\.sso/)
})

test('another organization is refused, as id, in a list and in any wrong type', async () => {
  const of = await setup(ssoCreate, ['stytch_admin'])
  const elsewhere = await addOrganization(of.services, of.project.project_id)
  const own = of.organization.organization_id
  const other = elsewhere.organization_id
  const headers = { [token]: of.session_token }
  for (const body of [
    { organization_id: other },
    { organization_id: elsewhere.organization_slug },
    { organization_id: 'unknown' },
    { organization_id: '' },
    { organization_id: [own] },
    { organization_ids: [own, other] },
    { organization_ids: other },
    { organization_ids: [[own]] },
    { organization_id: own, organization_ids: [other] },
  ])
    assertRefused(await of.call(body, headers), 'session_authorization_tenancy_error')
  for (const body of [{ organization_ids: [own] }, {}])
    assert.equal((await of.call(body, headers)).status, 200)
})

test('every session that is not valid is refused, never ignored', async () => {
  const of = await setup(ssoCreate, ['stytch_admin'])
  const { organization_id } = of.organization
  const session_jwt = await of.jwtOf(of.session_token)
  const refused = async (headers: Record<string, string>) =>
    assertRefused(await of.call({ organization_id }, headers))
  await refused({ [token]: newToken() })
  await refused({ [token]: 'nonsense' })
  await refused({ [jwt]: 'nonsense' })
  await refused({ [jwt]: `${session_jwt.slice(0, -8)}AAAAAAAA` })
  await refused({ [token]: of.session_token, [jwt]: 'nonsense' })
  await refused({ [token]: newToken(), [jwt]: session_jwt })
  of.setNow(new Date(start.getTime() + 3_600_000))
  await refused({ [token]: of.session_token })
  await refused({ [jwt]: session_jwt })
  of.setNow(start)
  await of.services.db
    .updateTable('members')
    .set({ status: 'deleted' })
    .where('member_id', '=', of.member.member_id)
    .execute()
  await refused({ [token]: of.session_token })
  await refused({ [jwt]: session_jwt })
})

test('a token and a JWT of different sessions are refused together', async () => {
  const of = await setup(ssoCreate, ['stytch_admin'])
  const second = await addSession(of.services, of.member)
  const headers = { [token]: of.session_token, [jwt]: await of.jwtOf(second.session_token) }
  assertRefused(await of.call({ organization_id: of.organization.organization_id }, headers))
})

test("another project's session is refused", async () => {
  const of = await setup(ssoCreate, ['stytch_admin'])
  const other = await newMemberSession(of.services, ['stytch_admin'])
  const { organization_id } = other.organization
  assertRefused(await of.call({ organization_id }, { [token]: other.session_token }))
})

test('every action that the input needs must be permitted', async () => {
  const permission: Permission = {
    resource_id: 'stytch.member',
    action: (input) => Object.keys(input).filter((name) => name.startsWith('update.')),
    self: true,
  }
  const member = await setup(permission)
  const headers = { [token]: member.session_token }
  assert.equal((await member.call({}, headers)).status, 200)
  assertRefused(await member.call({ 'update.info.name': 1 }, headers))
  const admin = await setup(permission, ['stytch_admin'])
  const both = { 'update.info.name': 1, 'update.settings.roles': 1 }
  assert.equal((await admin.call(both, { [token]: admin.session_token })).status, 200)
})

test('a member may do to themselves what stytch.self permits, and to nobody else', async () => {
  const of = await setup({ resource_id: 'stytch.member', action: 'delete', self: true })
  const colleague = await addMember(of.services, of.organization)
  const { organization_id } = of.organization
  const headers = { [token]: of.session_token }
  for (const member_id of [of.member.member_id, of.member.external_id])
    assert.equal((await of.call({ organization_id, member_id }, headers)).status, 200)
  for (const member_id of [colleague.member_id, undefined, null, '', [of.member.member_id]])
    assertRefused(await of.call({ organization_id, member_id }, headers))
})

test('stytch.self counts only where the endpoint says so', async () => {
  const of = await setup({ resource_id: 'stytch.member', action: 'delete' })
  const { member_id, organization_id } = of.member
  assertRefused(await of.call({ organization_id, member_id }, { [token]: of.session_token }))
})

test('a member without an external id is not named by a missing member_id', async () => {
  const of = await setup({ resource_id: 'stytch.member', action: 'delete', self: true })
  await of.services.db
    .updateTable('members')
    .set({ external_id: null })
    .where('member_id', '=', of.member.member_id)
    .execute()
  for (const body of [{}, { member_id: null }])
    assertRefused(await of.call(body, { [token]: of.session_token }))
})

test('a member ends their own sessions, an administrator those of the organization', async () => {
  const of = await setup(ssoCreate)
  const second = await addSession(of.services, of.member)
  const admin = await addMember(of.services, of.organization, ['stytch_admin'])
  const { session_token } = await addSession(of.services, admin)
  const { member_session_id, member_id } = { ...of, ...of.member }
  assertRefused(await of.revoke({ session_token }, of.session_token))
  assertRefused(await of.revoke({ member_id: admin.member_id }, of.session_token))
  assert.equal(await of.isValid(session_token), true)
  const own = await of.revoke({ session_token: second.session_token }, of.session_token)
  assert.equal(own.status, 200)
  assert.equal(await of.isValid(second.session_token), false)
  assert.equal((await of.revoke({ member_session_id }, session_token)).status, 200)
  assert.equal(await of.isValid(of.session_token), false)
  const third = await addSession(of.services, of.member)
  assert.equal((await of.revoke({ member_id }, third.session_token)).status, 200)
  assert.equal(await of.isValid(third.session_token), false)
  const last = await addSession(of.services, of.member)
  assert.equal((await of.revoke({ member_id }, session_token)).status, 200)
  assert.equal(await of.isValid(last.session_token), false)
})

test('an administrator ends no session of another organization', async () => {
  const of = await setup(ssoCreate, ['stytch_admin'])
  const elsewhere = await addOrganization(of.services, of.project.project_id)
  const stranger = await addMember(of.services, elsewhere)
  const { session_token, member_session_id } = await addSession(of.services, stranger)
  const { member_id } = stranger
  for (const body of [{ session_token }, { member_session_id }, { member_id }])
    assertRefused(await of.revoke(body, of.session_token), 'session_authorization_tenancy_error')
  assert.equal(await of.isValid(session_token), true)
})
