/** Every step of a login happens once, over two processes on one database. ROUNDS makes it longer. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Hono } from 'hono'
import { server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup, tokenOf } from '../../tests/login.ts'
import { callApp } from '../sessions/session.test-kit.ts'
import { arrive, countRows, flowsOf, membersOf, ownProcess } from './login.test-kit.ts'
import { type Answer, connectIdP, respond } from './saml-idp.test-kit.ts'

const rounds = Number(process.env.ROUNDS ?? 20)
const attempts = 50
let setup: Setup
let saml: string
let apps: Hono[]

before(async () => {
  setup = await newSetup()
  saml = await connectIdP(setup.project, setup.organization_id)
  apps = [(await server()).app, (await ownProcess()).app]
})

/** Does it 50 times at once, every other time at the other process. */
function atOnce<T>(work: (app: Hono) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: attempts }, (_, index) => work(apps[index % 2]!)))
}

function count<T>(values: T[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1
  return counts
}

function authenticate(app: Hono, sso_token: string) {
  return callApp(app, setup.project, '/v1/b2b/sso/authenticate', { sso_token })
}

test(`of ${attempts} who redeem one token at once, one gets the session`, async () => {
  for (let round = 0; round < rounds; round++) {
    const sso_token = tokenOf(await arrive(setup, saml))
    const before = await countRows(setup.project)
    const answers = await atOnce((app) => authenticate(app, sso_token))
    const outcome = count(answers.map((answer) => answer.body.error_type ?? answer.status))
    assert.deepEqual(outcome, { 200: 1, sso_token_not_found: attempts - 1 })
    const { sessions } = await countRows(setup.project)
    assert.equal(sessions, before.sessions! + 1)
  }
})

for (const begun of ['here', 'at the identity provider'] as const)
  test(`of ${attempts} posts of one assertion at once, begun ${begun}, one becomes a token`, async () => {
    for (let round = 0; round < rounds; round++) {
      const browser = new Browser(apps[0])
      const started = begun === 'here' ? await browser.start(setup, saml) : null
      const submission = respond(saml, started)
      const before = await countRows(setup.project)
      const responses = await atOnce((app) => {
        const same = new Browser(app)
        for (const [name, value] of browser.cookies) same.cookies.set(name, value)
        return same.submit(submission, { accept: 'application/json' })
      })
      const outcome = count(
        await Promise.all(
          responses.map(async (response) =>
            response.status === 303
              ? 303
              : ((await response.json()) as { error_type: string }).error_type,
          ),
        ),
      )
      assert.deepEqual(outcome, { 303: 1, duplicate_saml_response: attempts - 1 })
      const after = await countRows(setup.project)
      assert.equal(after.saml_replays, before.saml_replays! + 1)
      const won = responses.find((response) => response.status === 303)!
      const { status } = await authenticate(apps[1]!, tokenOf(won))
      assert.equal(status, 200)
    }
  })

test('of many good answers to one request at once, one becomes a token', async () => {
  for (let round = 0; round < rounds; round++) {
    const browser = new Browser(apps[0])
    const started = await browser.start(setup, saml)
    const statuses = await atOnce(async (app) => {
      const same = new Browser(app)
      for (const [name, value] of browser.cookies) same.cookies.set(name, value)
      return (await same.submit(respond(saml, started))).status
    })
    assert.deepEqual(count(statuses), { 303: 1, 400: attempts - 1 })
    const states = count((await flowsOf(setup.project)).map((flow) => flow.state))
    assert.equal(states.verified, round + 1)
  }
})

test('parallel first logins of one person make one member with one registration', async () => {
  for (let round = 0; round < rounds; round++) {
    const email = `new-${round}@acme.test`
    const answer: Answer = { name_id: `new-${round}`, attributes: { email, firstName: 'New' } }
    const tokens = await Promise.all(
      Array.from({ length: 8 }, async () => tokenOf(await arrive(setup, saml, answer))),
    )
    const answers = await Promise.all(
      tokens.map((token, index) => authenticate(apps[index % 2]!, token)),
    )
    assert.deepEqual(count(answers.map((each) => each.status)), { 200: 8 })
    assert.equal(new Set(answers.map((each) => each.body.member_id)).size, 1)
    const members = (await membersOf(setup.project)).filter((row) => row.email_address === email)
    assert.equal(members.length, 1)
    assert.equal(members[0]!.sso_registrations.length, 1)
  }
})

test('parallel first logins of two persons with one address: one gets in', async () => {
  for (let round = 0; round < rounds; round++) {
    const email = `shared-${round}@acme.test`
    const tokens = await Promise.all(
      ['a', 'b'].map(async (who) =>
        tokenOf(await arrive(setup, saml, { name_id: `${who}-${round}`, attributes: { email } })),
      ),
    )
    const answers = await Promise.all(
      tokens.map((token, index) => authenticate(apps[index]!, token)),
    )
    const outcome = count(answers.map((each) => each.body.error_type ?? each.status))
    assert.deepEqual(outcome, { 200: 1, duplicate_member_email: 1 })
  }
})

test('parallel logins that add a factor to one session leave both, and claims given meanwhile', async () => {
  const others = [
    await connectIdP(setup.project, setup.organization_id),
    await connectIdP(setup.project, setup.organization_id),
  ]
  for (let round = 0; round < rounds; round++) {
    const first = await authenticate(apps[0]!, tokenOf(await arrive(setup, saml)))
    const { session_token } = first.body
    const tokens = await Promise.all(others.map(async (id) => tokenOf(await arrive(setup, id))))
    const path = '/v1/b2b/sso/authenticate'
    const check = '/v1/b2b/sessions/authenticate'
    await Promise.all([
      ...tokens.map((sso_token, index) =>
        callApp(apps[index]!, setup.project, path, { sso_token, session_token }),
      ),
      ...['a', 'b', 'c', 'd'].map((name, index) =>
        callApp(apps[index % 2]!, setup.project, check, {
          session_token,
          session_custom_claims: { [name]: round },
        }),
      ),
    ])
    const { body } = await callApp(apps[0]!, setup.project, check, { session_token })
    assert.equal(body.member_session.authentication_factors.length, 3)
    const claims = { a: round, b: round, c: round, d: round }
    assert.deepEqual(body.member_session.custom_claims, claims)
  }
})

test('after all of that no flow hangs in between', async () => {
  const states = count((await flowsOf(setup.project)).map((flow) => flow.state))
  assert.deepEqual(Object.keys(states).sort(), ['failed', 'redeemed', 'verified'])
  assert.equal(states.verified, rounds) // answered, and not redeemed
})
