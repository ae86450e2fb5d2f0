/** A login that succeeds costs so many statements and no more: their planning is what costs most. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Hono } from 'hono'
import pg from 'pg'
import { server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup, tokenOf } from '../../tests/login.ts'
import { callApp } from '../sessions/session.test-kit.ts'
import { ownProcess } from './login.test-kit.ts'
import { newProvider } from './oidc-provider.test-kit.ts'
import { connectIdP, respond } from './saml-idp.test-kit.ts'

/** What went to PostgreSQL, but for what runs by a clock: the heartbeat of the listeners, the use of secrets. */
const sent: string[] = []
const byTheClock = /^select 1$|"last_used_at"/
const query = pg.Client.prototype.query

before(() => {
  pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
    const [config] = parameters as [string | { text: string }]
    const text = typeof config === 'string' ? config : config.text
    if (!byTheClock.test(text)) sent.push(text.trim().split(/\s+/).slice(0, 3).join(' '))
    return Reflect.apply(query, this, parameters)
  } as typeof query
})

after(() => {
  pg.Client.prototype.query = query
})

async function statementsOf<T>(
  work: () => Promise<T>,
): Promise<{ result: T; statements: string[] }> {
  sent.length = 0
  const result = await work()
  return { result, statements: [...sent] }
}

/** The statements of a login with warm caches, of somebody known and of somebody new. */
async function countLogins(
  setup: Setup,
  connection_id: string,
  comeBack: (started: Response, who: string) => ReturnType<typeof respond>,
) {
  const login = async (app: Hono, who: string) => {
    const browser = new Browser(app)
    const start = await statementsOf(() => browser.start(setup, connection_id))
    const submission = comeBack(start.result, who)
    const callback = await statementsOf(() => browser.submit(submission))
    assert.equal(callback.result.status, 303, await callback.result.clone().text())
    const sso_token = tokenOf(callback.result)
    const authenticate = await statementsOf(() =>
      callApp(app, setup.project, '/v1/b2b/sso/authenticate', { sso_token }),
    )
    assert.equal(authenticate.result.status, 200)
    return [start, callback, authenticate].map((part) => part.statements)
  }
  // The first login makes the project's signing key, which empties the caches of keys: not those made later.
  await login((await server()).app, 'ada')
  const { app } = await ownProcess()
  await login(app, 'ada')
  return [
    [await login(app, 'ada'), writes.again],
    [await login(app, 'grace'), writes.created],
  ] as const
}

const read = 'select f.flow_id, f.connection_id,'
const writes = {
  again: ['with known as'],
  created: [read, 'begin', 'with member as', 'with known as', 'commit'],
}

test('SAML: start 1 statement, callback 1, authenticate 1, and 3 with a transaction for what is new', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const counted = await countLogins(setup, saml, (started, who) =>
    respond(saml, started, { name_id: who, attributes: { email: `${who}@acme.test` } }),
  )
  for (const [[start, callback, authenticate], expected] of counted) {
    assert.deepEqual(start, ['insert into sso_flows'])
    assert.deepEqual(callback, ['with replay as'])
    assert.deepEqual(authenticate, expected)
  }
})

test('OIDC: the same, and 2 at the callback', async () => {
  const setup = await newSetup()
  const provider = newProvider()
  const oidc = await provider.connect(setup.project, setup.organization_id)
  let logins = 0
  const counted = await countLogins(setup, oidc, (started, who) =>
    provider.answer(started, {
      // Another ID token each time, of the same person.
      claims: { sub: who, email: `${who}@acme.test`, jti: randomUUID(), sid: randomUUID() },
      issued_at: new Date(Date.now() - 1_000 * ++logins),
    }),
  )
  for (const [[start, callback, authenticate], expected] of counted) {
    assert.deepEqual(start, ['insert into sso_flows'])
    assert.deepEqual(callback, ['update sso_flows set', 'with replay as'])
    assert.deepEqual(authenticate, expected)
  }
})

test('a start by the id of the organization takes one statement, too', async () => {
  const setup = await newSetup()
  const own = await ownProcess()
  const { public_token } = setup.project
  const query = new URLSearchParams({ public_token, organization_id: setup.organization_id })
  const start = () => own.app.request(`/v1/public/sso/start?${query}`)
  await start()
  const { result, statements } = await statementsOf(async () => start())
  assert.equal(result.status, 302)
  assert.deepEqual(statements, ['insert into sso_flows'])
})

test('a callback at another process than the start takes two statements', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const [one, other] = [await ownProcess(), await ownProcess()]
  for (const app of [one.app, other.app]) {
    const warm = new Browser(app)
    await warm.submit(respond(saml, await warm.start(setup, saml)))
  }
  const browser = new Browser(one.app)
  const submission = respond(saml, await browser.start(setup, saml))
  const elsewhere = new Browser(other.app)
  for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value)
  const { result, statements } = await statementsOf(() => elsewhere.submit(submission))
  assert.equal(result.status, 303)
  assert.deepEqual(statements, ['select flow_id, request_id,', 'with replay as'])
})

test('a token redeemed at another process than the callback takes two statements', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const redeemAt = async (app: Hono, begun: Hono) => {
    const browser = new Browser(begun)
    const callback = await browser.submit(respond(saml, await browser.start(setup, saml)))
    const sso_token = tokenOf(callback)
    return statementsOf(() =>
      callApp(app, setup.project, '/v1/b2b/sso/authenticate', { sso_token }),
    )
  }
  const first = (await server()).app
  await redeemAt(first, first)
  const [one, other] = [await ownProcess(), await ownProcess()]
  await redeemAt(other.app, one.app)
  const { result, statements } = await redeemAt(other.app, one.app)
  assert.equal(result.status, 200)
  assert.deepEqual(statements, [read, 'with known as'])
})

test('an identity that is too large to be remembered is read once more', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const attributes = {
    email: 'ada@acme.test',
    groups: 'x'.repeat(60_000),
    more: 'x'.repeat(10_000),
  }
  const { app } = await ownProcess()
  const redeem = async () => {
    const browser = new Browser(app)
    const callback = await browser.submit(
      respond(saml, await browser.start(setup, saml), { attributes }),
    )
    const sso_token = tokenOf(callback)
    return statementsOf(() =>
      callApp(app, setup.project, '/v1/b2b/sso/authenticate', { sso_token }),
    )
  }
  await redeem()
  await redeem()
  const { result, statements } = await redeem()
  assert.equal(result.status, 200)
  assert.deepEqual(statements, [read, 'with known as'])
})
