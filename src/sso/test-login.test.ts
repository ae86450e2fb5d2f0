import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { Browser, connectSAML, newSetup } from '../../tests/login.ts'
import { createApp } from '../app.ts'
import { activateConnection, deactivateConnection } from './connection-switches.ts'
import { countRows, flowsOf, lastFlow, organizationCall } from './login.test-kit.ts'
import { connectIdP, respond } from './saml-idp.test-kit.ts'
import { ada, return_url, startTest, tryOut } from './test-login.test-kit.ts'
import { listLogins } from './traces.ts'

async function refuses(work: () => Promise<unknown>, error_type: string) {
  await assert.rejects(work, (error: { error_type?: string }) => error.error_type === error_type)
}

for (const type of ['saml', 'oidc'] as const)
  test(`a test login over ${type} makes every check and returns with its flow id: no token, member or session`, async () => {
    const setup = await newSetup()
    const answer = await tryOut(setup, setup[type])
    assert.equal(answer.status, 303, await answer.clone().text())
    const flow = await lastFlow(setup.project)
    assert.equal(answer.headers.get('location'), `${return_url}&flow_id=${flow.flow_id}`)
    assert.deepEqual([flow.state, flow.tested_by, flow.token_hash], ['passed', 'admin-1', null])
    const names = flow.checks.map((check) => check.name)
    for (const name of ['browser', 'flow', 'email', 'jit_provisioning', 'redirect_url'])
      assert.ok(names.includes(name), name)
    assert.ok(flow.checks.every((check) => check.verdict !== 'fail'))
    const { saml_replays, ...rows } = await countRows(setup.project)
    assert.ok(
      Object.values(rows).every((count) => count === 0),
      JSON.stringify(rows),
    )
    assert.equal(saml_replays, type === 'saml' ? 1 : 0)
  })

test('nothing of a test is a token: not its flow id, its request id, nor anything in the address', async () => {
  const setup = await newSetup()
  const answer = await tryOut(setup, setup.saml)
  const flow = await lastFlow(setup.project)
  const path = '/v1/b2b/sso/authenticate'
  for (const sso_token of [flow.flow_id, flow.request_id, answer.headers.get('location')!]) {
    const refused = await call(setup.project, 'POST', path, { sso_token })
    assert.deepEqual([refused.status, refused.body.error_type], [404, 'sso_token_not_found'])
  }
  assert.ok(!answer.headers.get('location')!.includes('token'))
})

test('the database refuses a token or a session for a test, whatever the code does', async () => {
  const setup = await newSetup()
  await tryOut(setup, setup.saml)
  const { services } = await server()
  const update = (values: { token_hash?: Buffer; state?: 'redeemed' }) =>
    services.db
      .updateTable('sso_flows')
      .set(values)
      .where('project_id', '=', setup.project.project_id)
      .execute()
  await assert.rejects(update({ token_hash: Buffer.alloc(32) }), /sso_flows_tests_have_no_token/)
  await assert.rejects(update({ state: 'redeemed' }), /sso_flows_tests_have_no_token/)
})

test('a connection that waits for activation can be tried, and nobody logs in over it', async () => {
  const setup = await newSetup()
  const { services } = await server()
  const { project_id } = setup.project
  const waiting = await new Browser().start(setup, setup.saml)
  assert.equal(waiting.status, 302)
  const { row } = await deactivateConnection(services, project_id, setup.saml)
  assert.deepEqual([row.status, row.activation], ['pending', 'manual'])
  assert.equal((await new Browser().start(setup, setup.saml)).status, 400)
  const answer = await tryOut(setup, setup.saml)
  assert.equal(answer.status, 303)
  assert.equal((await lastFlow(setup.project)).state, 'passed')
  await activateConnection(services, project_id, setup.saml)
  assert.equal((await new Browser().login(setup, setup.saml, ada)).status, 303)
})

for (const type of ['saml', 'oidc'] as const)
  test(`a login over ${type} that began before its connection was deactivated is refused and says why`, async () => {
    const setup = await newSetup()
    const { services } = await server()
    const browser = new Browser()
    const submission = await browser.signIn(await browser.start(setup, setup[type]), ada)
    await deactivateConnection(services, setup.project.project_id, setup[type])
    const answer = await browser.submit(submission, { accept: 'application/json' })
    assert.equal(answer.status, 400)
    const { error_type } = (await answer.json()) as { error_type: string }
    assert.equal(error_type, 'requires_active_sso_connection')
    const flow = await lastFlow(setup.project)
    assert.deepEqual([flow.state, flow.checks.at(-1)?.name], ['failed', 'connection'])
  })

test('a response that begins at the identity provider is refused while the connection waits', async () => {
  const setup = await newSetup()
  const { services } = await server()
  const saml = await connectIdP(setup.project, setup.organization_id)
  await deactivateConnection(services, setup.project.project_id, saml)
  const browser = new Browser(createApp(services))
  const answer = await browser.submit(respond(saml, null), { accept: 'application/json' })
  assert.equal(answer.status, 400)
  assert.equal((await lastFlow(setup.project)).error_type, 'requires_active_sso_connection')
  assert.equal((await countRows(setup.project)).saml_replays, 0)
})

test('a failed test returns too, with its checks in the trace', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const browser = new Browser()
  const started = await startTest(browser, setup, saml)
  const audience =
    '<saml:AudienceRestriction><saml:Audience>https://elsewhere.example</saml:Audience></saml:AudienceRestriction>'
  const answer = await browser.submit(respond(saml, started, { fields: { audience } }))
  const flow = await lastFlow(setup.project)
  assert.equal(answer.headers.get('location'), `${return_url}&flow_id=${flow.flow_id}`)
  assert.deepEqual([flow.state, flow.error_type], ['failed', 'invalid_audience_saml_response'])
})

test('a person who would not get in fails the test at admission', async () => {
  const setup = await newSetup()
  await organizationCall(setup, 'PUT', '', { sso_jit_provisioning: 'NOT_ALLOWED' })
  const answer = await tryOut(setup, setup.oidc)
  assert.equal(answer.status, 303)
  const flow = await lastFlow(setup.project)
  assert.deepEqual([flow.state, flow.checks.at(-1)?.name], ['failed', 'jit_provisioning'])
})

test('the answer to a test in another browser stays on the error page and leaves the test as it was', async () => {
  const setup = await newSetup()
  const browser = new Browser()
  const submission = await browser.signIn(await startTest(browser, setup, setup.saml), ada)
  const other = new Browser()
  await other.start(setup, setup.saml)
  const answer = await other.submit(submission)
  assert.deepEqual([answer.status, answer.headers.get('location')], [400, null])
  const [started] = await flowsOf(setup.project)
  assert.deepEqual([started?.state, started?.tested_by], ['started', 'admin-1'])
})

test('an ordinary start cannot be made a test, whatever stands in its address', async () => {
  const setup = await newSetup()
  const browser = new Browser()
  await browser.start(setup, setup.saml, { tested_by: 'admin-1', return_url })
  assert.equal((await lastFlow(setup.project)).tested_by, null)
})

test('a test of another project’s connection is refused', async () => {
  const [setup, other] = [await newSetup(), await newSetup()]
  await refuses(() => startTest(new Browser(), setup, other.saml), 'sso_connection_not_found')
  assert.deepEqual(await flowsOf(other.project), [])
})

test('a connection that lacks settings cannot be tried or activated', async () => {
  const setup = await newSetup()
  const { services } = await server()
  const pending = await connectSAML(setup.project, setup.organization_id, {
    x509_certificate: undefined,
  })
  await refuses(() => startTest(new Browser(), setup, pending), 'requires_active_sso_connection')
  const activate = () => activateConnection(services, setup.project.project_id, pending)
  await assert.rejects(activate, /before it has x509_certificate/)
})

test('another project’s connection can be neither activated nor deactivated', async () => {
  const [setup, other] = [await newSetup(), await newSetup()]
  const { services } = await server()
  for (const change of [activateConnection, deactivateConnection])
    await refuses(
      () => change(services, setup.project.project_id, other.saml),
      'sso_connection_not_found',
    )
})

for (const outside of [
  'https://evil.example/',
  '//evil.example/',
  '/\\evil.example/',
  '/.//evil.example',
  'dashboard',
  '/a b',
  '/a\nb',
  '',
])
  test(`a test never returns to ${JSON.stringify(outside)}`, async () => {
    const setup = await newSetup()
    const start = () => startTest(new Browser(), setup, setup.saml, { return_url: outside })
    await refuses(start, 'bad_request')
  })

test('tests can be listed by themselves, of anybody or of one who tries', async () => {
  const setup = await newSetup()
  const { services } = await server()
  await tryOut(setup, setup.saml)
  await startTest(new Browser(), setup, setup.saml, { tested_by: 'setup-link-test-1' })
  await new Browser().login(setup, setup.saml, ada)
  const list = async (tested_by?: string) => {
    const filter = { connection_id: setup.saml, ...(tested_by !== undefined && { tested_by }) }
    const { project_id } = setup.project
    const { logins } = await listLogins(services.db, project_id, filter, new Date())
    return logins.map((login) => login.tested_by)
  }
  assert.equal((await list()).length, 3)
  assert.deepEqual(await list('anybody'), ['setup-link-test-1', 'admin-1'])
  assert.deepEqual(await list('admin-1'), ['admin-1'])
})

test('a test that passed never expires, and is listed as passed', async () => {
  const setup = await newSetup()
  const { services } = await server()
  await tryOut(setup, setup.saml)
  const later = new Date(Date.now() + 3_600_000)
  const { logins } = await listLogins(
    services.db,
    setup.project.project_id,
    { state: 'passed' },
    later,
  )
  assert.deepEqual([logins.length, logins[0]?.state], [1, 'passed'])
})
