/** What a login writes of a member: what is new, and nothing where nothing is. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { newSetup, type Setup } from '../../tests/login.ts'
import { arrive, countRows, enter, lastFlow, membersOf, redeem } from './login.test-kit.ts'
import { type Answer, connectIdP, formats } from './saml-idp.test-kit.ts'

let setup: Setup
let saml: string

before(async () => {
  setup = await newSetup()
  saml = await connectIdP(setup.project, setup.organization_id, {
    attribute_mapping: {
      email: 'email',
      first_name: 'firstName',
      last_name: 'lastName',
      groups: 'groups',
      department: 'department',
    },
  })
})

let people = 0

/** Somebody new, as this identity provider speaks of them. */
function newPerson() {
  people += 1
  const email = `person.${people}@acme.test`
  const attributes: Record<string, string | string[]> = {
    email,
    firstName: 'Ada',
    lastName: 'Lovelace',
    groups: ['a', 'b'],
    department: 'engines',
  }
  return { name_id: `person-${people}`, format: formats.persistent, attributes }
}

async function memberOf(email_address: string) {
  const members = await membersOf(setup.project)
  return members.find((member) => member.email_address === email_address)!
}

test('a login that says nothing new leaves the member as it is, and makes a session of its own', async () => {
  const person = newPerson()
  const first = await enter(setup, saml, person)
  const stored = await memberOf(person.attributes.email as string)
  const rows = await countRows(setup.project)
  const again = await enter(setup, saml, person)
  assert.deepEqual(again.member, first.member)
  assert.notEqual(again.session_token, first.session_token)
  assert.deepEqual(await memberOf(person.attributes.email as string), stored)
  const added = { sessions: rows.sessions! + 1, saml_replays: rows.saml_replays! + 1 }
  assert.deepEqual(await countRows(setup.project), { ...rows, ...added })
  const flow = await lastFlow(setup.project)
  assert.deepEqual(
    [flow.state, flow.token_hash, flow.member_id, flow.member_session_id],
    ['redeemed', null, again.member_id, again.member_session.member_session_id],
  )
})

type Person = ReturnType<typeof newPerson>
const said: [string, (person: Person) => Answer, string, unknown][] = [
  ['an attribute', (said) => ({ attributes: { ...said.attributes, floor: '3' } }), 'floor', ['3']],
  ['a group', (said) => ({ attributes: { ...said.attributes, groups: ['a'] } }), 'groups', ['a']],
  [
    'the order of groups',
    (said) => ({ attributes: { ...said.attributes, groups: ['b', 'a'] } }),
    'groups',
    ['b', 'a'],
  ],
]

for (const [what, change, name, expected] of said)
  test(`${what} that is new is written`, async () => {
    const person = newPerson()
    await enter(setup, saml, person)
    const before = await memberOf(person.attributes.email as string)
    const again = await enter(setup, saml, { ...person, ...change(person) })
    assert.deepEqual(again.member.sso_registrations[0].sso_attributes[name], expected)
    const stored = await memberOf(person.attributes.email as string)
    assert.notDeepEqual(stored.updated_at, before.updated_at)
    assert.deepEqual(
      stored.sso_registrations[0]!.groups,
      again.member.sso_registrations[0].sso_attributes.groups,
    )
  })

test('what is mapped to trusted_metadata is written again where it was changed', async () => {
  const person = newPerson()
  const { member_id } = await enter(setup, saml, person)
  const trusted_metadata = { department: 'looms', own: 1 }
  const url = `/v1/b2b/organizations/${setup.organization_id}/members/${member_id}`
  const update = (input: Record<string, unknown>) => call(setup.project, 'PUT', url, input)
  assert.equal((await update({ trusted_metadata, name: 'The Countess' })).status, 200)
  const { member } = await enter(setup, saml, person)
  assert.deepEqual(member.trusted_metadata, { department: 'engines', own: 1 })
  assert.equal(member.name, 'The Countess')
})

test('a name that is missing, an address not yet verified and an invitation are completed', async () => {
  const { services } = await server()
  for (const lacking of [
    { name: '' },
    { email_address_verified: false },
    { status: 'invited' as const },
  ]) {
    const person = newPerson()
    const first = await enter(setup, saml, person)
    const stored = await memberOf(person.attributes.email as string)
    await services.db
      .updateTable('members')
      .set(lacking)
      .where('member_id', '=', first.member_id)
      .execute()
    await enter(setup, saml, person)
    const { updated_at, ...again } = await memberOf(person.attributes.email as string)
    assert.deepEqual({ ...again, updated_at: stored.updated_at }, stored)
    assert.notDeepEqual(updated_at, stored.updated_at)
  }
})

test('a member that is deleted while its token waits does not get in', async () => {
  const person = newPerson()
  const { member_id } = await enter(setup, saml, person)
  const response = await arrive(setup, saml, person)
  const url = `/v1/b2b/organizations/${setup.organization_id}/members/${member_id}`
  assert.equal((await call(setup.project, 'DELETE', url)).status, 200)
  const { sessions } = await countRows(setup.project)
  const { status, body } = await redeem(setup, response)
  assert.deepEqual([status, body.error_type], [400, 'action_available_only_for_active_members'])
  assert.equal((await countRows(setup.project)).sessions, sessions)
})

test('a member that is deleted at the very moment of its login keeps no session', async () => {
  const { services } = await server()
  for (let round = 0; round < 20; round += 1) {
    const person = newPerson()
    const { member_id } = await enter(setup, saml, person)
    const response = await arrive(setup, saml, person)
    const url = `/v1/b2b/organizations/${setup.organization_id}/members/${member_id}`
    const [redeemed, deleted] = await Promise.all([
      redeem(setup, response),
      call(setup.project, 'DELETE', url),
    ])
    assert.equal(deleted.status, 200)
    assert.ok([200, 400].includes(redeemed.status), JSON.stringify(redeemed.body))
    const left = await services.db
      .selectFrom('sessions')
      .select('member_session_id')
      .where('member_id', '=', member_id)
      .execute()
    assert.deepEqual(left, [])
  }
})
