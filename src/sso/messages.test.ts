import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, server, type TestProject } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup, tokenOf } from '../../tests/login.ts'
import { createApp } from '../app.ts'
import { runJobs } from '../jobs.ts'
import { setDebug } from './connection-switches.ts'
import { arrive, lastFlow, redeem } from './login.test-kit.ts'
import { newProvider } from './oidc-provider.test-kit.ts'
import { readMessages } from './read-messages.ts'
import { connectIdP, respond } from './saml-idp.test-kit.ts'
import { ada, startTest, tryAnswer, tryOut } from './test-login.test-kit.ts'

const hour = 3_600_000

async function kept(project: TestProject, flow_id: string, ahead = 0) {
  const { services } = await server()
  const now = () => new Date(Date.now() + ahead)
  return readMessages({ ...services, now }, project.project_id, flow_id)
}

async function countMessages(project: TestProject): Promise<number> {
  const { services } = await server()
  const rows = await services.db
    .selectFrom('sso_flow_messages')
    .select('message_id')
    .where('project_id', '=', project.project_id)
    .execute()
  return rows.length
}

async function debug(setup: Setup, connection_id: string, ahead: number | null = hour) {
  const { services } = await server()
  const until = ahead === null ? null : new Date(Date.now() + ahead)
  await setDebug(services, setup.project.project_id, connection_id, until)
}

test('nothing of a login is kept unless somebody has asked for it, whether it succeeds or not', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  for (const type of ['saml', 'oidc'] as const) await new Browser().login(setup, setup[type], ada)
  await arrive(setup, saml, { sign: 'nothing' })
  await new Browser().submit(respond(saml, null))
  assert.equal(await countMessages(setup.project), 0)
})

test('of a SAML test the request and the response are kept as they were sent and received', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const browser = new Browser()
  const started = await startTest(browser, setup, saml)
  const submission = respond(saml, started)
  await browser.submit(submission)
  const messages = await kept(setup.project, (await lastFlow(setup.project)).flow_id)
  assert.deepEqual(
    messages.map(({ kind, format, truncated }) => [kind, format, truncated]),
    [
      ['request', 'xml', false],
      ['response', 'xml', false],
    ],
  )
  assert.match(messages[0]!.content, /^<samlp:AuthnRequest/)
  const sent = Buffer.from(submission.fields.get('SAMLResponse')!, 'base64').toString()
  assert.equal(messages[1]!.content, sent)
  assert.ok(!JSON.stringify(messages).includes(submission.fields.get('RelayState')!))
})

test('of an OIDC test the decoded ID token and userinfo are kept, and no code, token, secret or state', async () => {
  const setup = await newSetup()
  const provider = newProvider()
  const oidc = await provider.connect(setup.project, setup.organization_id)
  const browser = new Browser()
  const started = await startTest(browser, setup, oidc)
  const submission = provider.answer(started, { userinfo: { department: 'Engines' } })
  await browser.submit(submission)
  const flow = await lastFlow(setup.project)
  assert.equal(flow.state, 'passed', JSON.stringify(flow.checks.at(-1)))
  const messages = await kept(setup.project, flow.flow_id)
  assert.deepEqual(
    messages.map(({ kind, format }) => [kind, format]),
    [
      ['request', 'url'],
      ['response', 'url'],
      ['id_token', 'json'],
      ['userinfo', 'json'],
    ],
  )
  const [, , id_token, userinfo] = messages.map(({ content }) => content)
  assert.equal(JSON.parse(id_token!).header.alg, 'RS256')
  assert.equal(JSON.parse(id_token!).claims.email, 'ada@acme.test')
  assert.equal(JSON.parse(userinfo!).department, 'Engines')
  const text = JSON.stringify(messages)
  const { fields } = submission
  for (const secret of [fields.get('code')!, fields.get('state')!, 'a-client-secret', 'eyJ'])
    assert.ok(!text.includes(secret), secret)
  const verifier = provider.seen.forms[0]!.get('code_verifier')!
  assert.ok(!text.includes(verifier) && !/access_token|refresh_token/.test(text))
})

test('what a provider says of a failure is kept: the error, but not a code beside it', async () => {
  const setup = await newSetup()
  const provider = newProvider()
  const oidc = await provider.connect(setup.project, setup.organization_id)
  const browser = new Browser()
  const started = await startTest(browser, setup, oidc)
  const parameters = { error: 'access_denied', error_description: 'not assigned' }
  await browser.submit(provider.answer(started, { parameters }))
  const [, response] = await kept(setup.project, (await lastFlow(setup.project)).flow_id)
  assert.match(response!.content, /error=access_denied&error_description=not\+assigned/)
  assert.match(response!.content, /code=%28removed%29/)
})

test('while the debug switch is on messages of ordinary logins are kept, and afterwards no more', async () => {
  const setup = await newSetup()
  const { services } = await server()
  await debug(setup, setup.saml)
  const login = await new Browser().login(setup, setup.saml, ada)
  assert.equal((await redeem(setup, login)).status, 200)
  const { flow_id } = await lastFlow(setup.project)
  assert.deepEqual(
    (await kept(setup.project, flow_id)).map(({ kind }) => kind),
    ['request', 'response'],
  )
  await debug(setup, setup.saml, null)
  await new Browser().login(setup, setup.saml, ada)
  await debug(setup, setup.saml)
  const later = createApp({ ...services, now: () => new Date(Date.now() + 2 * hour) })
  await new Browser(later).start(setup, setup.saml)
  assert.equal(await countMessages(setup.project), 2)
})

test('a response without a login of ours is kept with the row that says why it was refused, or succeeded', async () => {
  const setup = await newSetup()
  const { services } = await server()
  const saml = await connectIdP(setup.project, setup.organization_id)
  await debug(setup, saml)
  const flood = new Browser(createApp({ ...services }))
  for (let n = 0; n < 3; n += 1) await flood.submit(respond(saml, null, { sign: 'nothing' }))
  const refused = await lastFlow(setup.project)
  assert.equal(refused.state, 'failed')
  assert.equal((await kept(setup.project, refused.flow_id)).length, 1)
  assert.equal(await countMessages(setup.project), 1)
  await new Browser(createApp({ ...services })).submit(respond(saml, null))
  const accepted = await lastFlow(setup.project)
  assert.equal(accepted.state, 'verified')
  assert.equal((await kept(setup.project, accepted.flow_id)).length, 1)
})

test('kept messages cannot be read after 24 hours, nor by another project', async () => {
  const setup = await newSetup()
  await tryOut(setup, setup.saml)
  const { flow_id } = await lastFlow(setup.project)
  assert.equal((await kept(setup.project, flow_id, 23.9 * hour)).length, 2)
  assert.deepEqual(await kept(setup.project, flow_id, 24.1 * hour), [])
  assert.deepEqual(await kept(await newProject(), flow_id), [])
})

test('kept messages whose day is over are deleted, and others stay', async () => {
  const setup = await newSetup()
  const { services } = await server()
  await tryOut(setup, setup.saml)
  await services.db
    .updateTable('sso_flow_messages')
    .set({ expires_at: new Date(Date.now() - 1_000) })
    .where('project_id', '=', setup.project.project_id)
    .where('kind', '=', 'request')
    .execute()
  await runJobs(services)
  assert.equal(await countMessages(setup.project), 1)
})

test('kept messages are encrypted, each for its own row', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const { flow_id } = await tryAnswer(setup, saml)
  const { db } = (await server()).services
  const rows = await db
    .selectFrom('sso_flow_messages')
    .select(['message_id', 'content'])
    .where('flow_id', '=', flow_id)
    .execute()
  for (const { content } of rows)
    for (const coding of ['utf8', 'latin1'] as const)
      assert.ok(!content.toString(coding).includes('AuthnRequest'))
  const [first, second] = rows
  await db
    .updateTable('sso_flow_messages')
    .set({ content: first!.content })
    .where('message_id', '=', second!.message_id)
    .execute()
  assert.equal((await kept(setup.project, flow_id)).length, 1)
})

test('the public cannot fill the disk through the debug switch', async () => {
  const setup = await newSetup()
  const { services } = await server()
  const saml = await connectIdP(setup.project, setup.organization_id)
  await debug(setup, saml)
  const app = createApp({ ...services, limits: unlimited(services.limits) })
  const junk = '<'.repeat(290 * 1024)
  for (let n = 0; n < 80; n += 1) {
    const browser = new Browser(app)
    const submission = respond(saml, await browser.start(setup, saml))
    submission.fields.set('SAMLResponse', Buffer.from(junk).toString('base64').slice(0, 380_000))
    await browser.submit(submission)
  }
  const bytes = (await services.db
    .selectFrom('sso_flow_messages')
    .select((eb) => eb.fn.sum<string>(eb.fn('length', ['content'])).as('sum'))
    .where('project_id', '=', setup.project.project_id)
    .executeTakeFirstOrThrow()) as { sum: string }
  const megabytes = Number(bytes.sum) / 2 ** 20
  assert.ok(megabytes > 15 && megabytes < 22, bytes.sum)
})

function unlimited<T extends object>(limits: T): T {
  return { ...limits, login() {}, visit() {} }
}

test('the debug switch takes a time in the next 24 hours, of a connection of the project', async () => {
  const [setup, other] = [await newSetup(), await newSetup()]
  for (const ahead of [-1, 0, 24.1 * hour, Number.NaN])
    await assert.rejects(debug(setup, setup.saml, ahead), { error_type: 'bad_request' })
  await assert.rejects(debug(setup, other.saml), { error_type: 'sso_connection_not_found' })
})

test('the API says nothing of kept messages', async () => {
  const setup = await newSetup()
  await debug(setup, setup.saml)
  const answer = await call(setup.project, 'GET', `/v1/b2b/sso/${setup.organization_id}`)
  assert.ok(!JSON.stringify(answer.body).includes('debug'))
  const login = await new Browser().login(setup, setup.saml, ada)
  assert.ok(tokenOf(login))
})
