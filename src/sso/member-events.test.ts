import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server, type TestProject } from '../../tests/harness.ts'
import { newSetup } from '../../tests/login.ts'
import { eventPayload, listEvents } from '../events/events.ts'
import { runJobs } from '../jobs.ts'
import { arrive, enter, lastFlow, redeem } from './login.test-kit.ts'
import { recordMemberChanges } from './member-events.ts'
import { connectIdP } from './saml-idp.test-kit.ts'

const ada = { name_id: 'ada', attributes: { email: 'ada@acme.test', floor: '1' } }

/** The events about members of a project, oldest first. */
async function memberEvents({ project_id }: TestProject) {
  const { db } = (await server()).services
  const { events } = await listEvents(db, { project_id })
  return events.filter((event) => event.event_type.includes('.member.')).reverse()
}

async function record(times = 1) {
  const { services } = await server()
  await Promise.all(Array.from({ length: times }, () => recordMemberChanges(services)))
}

test('a member that its first login makes is an event, as the API shows the member', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const { member } = await enter(setup, saml, ada)
  assert.deepEqual(await memberEvents(setup.project), [])
  await runJobs((await server()).services)
  const [event, ...others] = await memberEvents(setup.project)
  assert.deepEqual(others, [])
  const payload = eventPayload(event!)
  assert.deepEqual(
    [payload.event_type, payload.source, payload.action, payload.id, payload.organization_id],
    ['direct.member.create', 'DIRECT', 'CREATE', member.member_id, setup.organization_id],
  )
  assert.deepEqual(payload.member, member)
  const flow = await lastFlow(setup.project)
  assert.deepEqual([event!.request_id, event!.at], [flow.request_id, flow.redeemed_at])
})

test('a later login is an event where it changes the member, and none where it does not', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  await enter(setup, saml, ada)
  await enter(setup, saml, ada)
  const moved = { ...ada, attributes: { ...ada.attributes, floor: '2' } }
  const { member } = await enter(setup, saml, moved)
  await record()
  const events = await memberEvents(setup.project)
  assert.deepEqual(
    events.map((event) => event.event_type),
    ['direct.member.create', 'direct.member.update'],
  )
  assert.deepEqual(events[1]!.data.sso_registrations, member.sso_registrations)
})

test('a login that adds a factor to a session changes no member', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const { session_token } = await enter(setup, saml, ada)
  await record()
  const again = await redeem(setup, await arrive(setup, saml, ada), { session_token })
  assert.equal(again.status, 200)
  await record()
  assert.equal((await memberEvents(setup.project)).length, 1)
})

test('nodes that record at once record each change once', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const people = Array.from({ length: 12 }, (_, n) => `p${n}`)
  await Promise.all(
    people.map((name_id) =>
      enter(setup, saml, { name_id, attributes: { email: `${name_id}@acme.test` } }),
    ),
  )
  await record(4)
  const events = await memberEvents(setup.project)
  assert.equal(events.length, people.length)
  assert.equal(new Set(events.map((event) => event.object_id)).size, people.length)
})

test('of a member that is deleted before it is recorded, only the deletion is told', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const { member_id } = await enter(setup, saml, ada)
  const url = `/v1/b2b/organizations/${setup.organization_id}/members/${member_id}`
  assert.equal((await call(setup.project, 'DELETE', url)).status, 200)
  await record(2)
  assert.deepEqual(
    (await memberEvents(setup.project)).map((event) => event.event_type),
    ['direct.member.delete'],
  )
})
