import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { newProject } from '../../tests/harness.ts'
import {
  addMember,
  addOrganization,
  addSession,
  after,
  assertRefused,
  callApp,
  memberWithSession,
  start,
} from './session.test-kit.ts'
import { deleteExpiredSessions } from './session.ts'

const revoke = '/v1/b2b/sessions/revoke'

test('the active sessions of a member are listed, by any reference', async () => {
  const { sessions, services, organization, member, setNow, member_session_id } =
    await memberWithSession()
  setNow(after(1))
  const second = await addSession(services, member, { minutes: 120 })
  const colleague = await addMember(services, organization)
  await addSession(services, colleague)
  const ids = async (organization_id: string, member_id: string) => {
    const { body } = await sessions(`organization_id=${organization_id}&member_id=${member_id}`)
    return body.member_sessions.map((each: { member_session_id: string }) => each.member_session_id)
  }
  const both = [member_session_id, second.member_session_id]
  assert.deepEqual(await ids(organization.organization_id, member.member_id), both)
  assert.deepEqual(await ids(organization.organization_slug, member.external_id), both)
  setNow(after(3_600))
  const left = [second.member_session_id]
  assert.deepEqual(await ids(organization.organization_external_id, member.member_id), left)
})

test('listing refuses unknown organizations and members, and those of others', async () => {
  const { sessions, services, project, organization, member } = await memberWithSession()
  const elsewhere = await addOrganization(services, project.project_id)
  const { organization_id } = organization
  const { member_id } = member
  for (const [query, status, error_type] of [
    [`organization_id=none&member_id=${member_id}`, 404, 'organization_not_found'],
    [`organization_id=${organization_id}&member_id=none`, 404, 'member_not_found'],
    [
      `organization_id=${elsewhere.organization_id}&member_id=${member_id}`,
      404,
      'member_not_found',
    ],
    [`organization_id=${organization_id}`, 400, 'bad_request'],
  ] as const)
    assertRefused(await sessions(query), status, error_type)
})

test('a session is revoked by id, token or JWT, at once and once', async () => {
  for (const name of ['member_session_id', 'session_token', 'session_jwt'] as const) {
    const of = await memberWithSession()
    const { session_jwt } = (await of.authenticate()).body
    const spared = await addSession(of.services, of.member)
    const target = { [name]: { ...of, session_jwt }[name] }
    const answer = await of.revoke(target)
    assert.equal(answer.status, 200)
    assert.deepEqual(Object.keys(answer.body).sort(), ['request_id', 'status_code'])
    assertRefused(await of.authenticate(), 404, 'session_not_found')
    assertRefused(await of.authenticate({ session_jwt }), 404, 'session_not_found')
    assertRefused(await of.revoke(target), 404, 'session_not_found')
    assert.equal((await of.authenticate({ session_token: spared.session_token })).status, 200)
  }
})

test('revoking a member ends all sessions of that member and no other', async () => {
  const of = await memberWithSession()
  const second = await addSession(of.services, of.member)
  const colleague = await addMember(of.services, of.organization)
  const spared = await addSession(of.services, colleague)
  assert.equal((await of.revoke({ member_id: of.member.member_id })).status, 200)
  for (const { session_token } of [of, second])
    assertRefused(await of.authenticate({ session_token }), 404, 'session_not_found')
  assert.equal((await of.authenticate({ session_token: spared.session_token })).status, 200)
  assertRefused(await of.revoke({ member_id: 'member-test-none' }), 404, 'member_not_found')
})

test('revoking wants exactly one argument', async () => {
  const of = await memberWithSession()
  for (const body of [{}, { session_token: '', member_id: null }])
    assertRefused(await of.revoke(body), 400, 'no_session_revoke_arguments')
  const { session_token, member_session_id } = of
  assertRefused(
    await of.revoke({ session_token, member_session_id }),
    400,
    'too_many_session_revoke_arguments',
  )
  assertRefused(await of.revoke({ session_token: 'x' }), 400, 'invalid_session_token')
  assertRefused(await of.revoke({ session_jwt: 'x' }), 400, 'unable_to_parse_session_jwt')
  assert.equal((await of.authenticate()).status, 200)
})

test("another project's session cannot be revoked", async () => {
  const of = await memberWithSession()
  const other = await newProject()
  for (const [body, error_type] of [
    [{ member_session_id: of.member_session_id }, 'session_not_found'],
    [{ session_token: of.session_token }, 'session_not_found'],
    [{ member_id: of.member.member_id }, 'member_not_found'],
  ] as const)
    assertRefused(await callApp(of.app, other, revoke, body), 404, error_type)
  assert.equal((await of.authenticate()).status, 200)
})

test('expired sessions are deleted in batches, oldest first, and live ones stay', async () => {
  const { services, member, authenticate } = await memberWithSession()
  for (const minutes of [5, 6, 7]) await addSession(services, member, { minutes })
  const left = async () => {
    const rows = await services.db
      .selectFrom('sessions')
      .select('expires_at')
      .where('member_id', '=', member.member_id)
      .orderBy('expires_at')
      .execute()
    return rows.map((row) => (row.expires_at.getTime() - start.getTime()) / 60_000)
  }
  // Other tests leave sessions of other times in the same table.
  while ((await deleteExpiredSessions(services.db, after(5 * 60), 1)) > 0);
  assert.deepEqual(await left(), [6, 7, 60])
  while ((await deleteExpiredSessions(services.db, after(10 * 60), 100)) === 100);
  assert.deepEqual(await left(), [60])
  assert.equal((await authenticate()).status, 200)
})

test('a token is stored as its digest only', async () => {
  const { services, session_token, member } = await memberWithSession()
  const rows = await services.db
    .selectFrom('sessions')
    .select('token_hash')
    .where('member_id', '=', member.member_id)
    .execute()
  assert.deepEqual(
    rows.map((row) => row.token_hash),
    [createHash('sha256').update(session_token).digest()],
  )
})
