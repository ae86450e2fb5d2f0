import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everythingOf } from '../../tests/every-row.ts'
import { call, server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { deactivateConnection, setDebug } from './connection-switches.ts'
import { lastFlow, organizationCall } from './login.test-kit.ts'
import { newProvider, type Said } from './oidc-provider.test-kit.ts'
import { replayLogin } from './replay.ts'
import { connectIdP, otherCertificate, respond } from './saml-idp.test-kit.ts'
import { ada, startTest, tryAnswer, tryOut } from './test-login.test-kit.ts'

const hour = 3_600_000

async function replay(setup: Setup, flow_id: string, ahead = 0) {
  const { services } = await server()
  const now = () => new Date(Date.now() + ahead)
  return replayLogin({ ...services, now }, setup.project.project_id, flow_id)
}

function update(setup: Setup, connection_id: string, body: Record<string, unknown>) {
  const type = connection_id.slice(0, 4)
  const path = `/v1/b2b/sso/${type}/${setup.organization_id}/connections/${connection_id}`
  return call(setup.project, 'PUT', path, body)
}

/** A test at an OpenID provider that says this; returns its row. */
async function tryProvider(setup: Setup, said: Said) {
  const provider = newProvider()
  const oidc = await provider.connect(setup.project, setup.organization_id)
  const browser = new Browser()
  await browser.submit(provider.answer(await startTest(browser, setup, oidc), said))
  return { provider, oidc, flow: await lastFlow(setup.project) }
}

for (const type of ['saml', 'oidc'] as const)
  test(`a login over ${type} that passed passes again, hours later and as often as one likes`, async () => {
    const setup = await newSetup()
    await tryOut(setup, setup[type])
    const flow = await lastFlow(setup.project)
    const before = await everythingOf(setup.project)
    for (const ahead of [0, 20 * hour]) {
      const result = await replay(setup, flow.flow_id, ahead)
      assert.deepEqual([result.verdict, result.reason, result.error_type], ['pass', null, null])
      assert.equal(result.identity?.email_address, ada)
      assert.ok(result.at && result.at >= flow.started_at)
      const skipped = result.checks.filter((check) => check.verdict === 'skip')
      const again = type === 'saml' ? 'used_once' : 'id_token_nonce'
      assert.ok(skipped.some((check) => check.name === again))
    }
    assert.deepEqual(await everythingOf(setup.project), before)
  })

test('a login that failed by a setting passes once it is corrected, without asking anybody to try again', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id, {
    attribute_mapping: { email: 'mail', full_name: 'firstName' },
  })
  const flow = await tryAnswer(setup, saml)
  assert.equal(flow.error_type, 'invalid_saml_response_email')
  const refused = await replay(setup, flow.flow_id)
  assert.deepEqual(
    [refused.verdict, refused.error_type, refused.checks.at(-1)?.name, refused.identity],
    ['fail', 'invalid_saml_response_email', 'email', null],
  )
  await update(setup, saml, { attribute_mapping: { email: 'email', full_name: 'firstName' } })
  const passed = await replay(setup, flow.flow_id)
  assert.deepEqual([passed.verdict, passed.identity?.name], ['pass', 'Ada'])
})

test('a login that passed fails where the settings were changed since', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const { flow_id, state } = await tryAnswer(setup, saml)
  assert.equal(state, 'passed')
  await update(setup, saml, { idp_entity_id: 'https://elsewhere.example' })
  const result = await replay(setup, flow_id)
  assert.deepEqual([result.verdict, result.checks.at(-1)?.fix?.who], ['fail', 'it_admin'])
})

test('whether the person gets in is asked again too', async () => {
  const setup = await newSetup()
  await tryOut(setup, setup.saml)
  const { flow_id } = await lastFlow(setup.project)
  await organizationCall(setup, 'PUT', '', { sso_jit_provisioning: 'NOT_ALLOWED' })
  const result = await replay(setup, flow_id)
  assert.deepEqual([result.verdict, result.checks.at(-1)?.name], ['fail', 'jit_provisioning'])
  assert.equal(result.identity?.email_address, ada)
})

test('an answer that came too late, or was signed by a stranger, fails again', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const late = await tryAnswer(setup, saml, { ahead: -3_600 })
  assert.equal((await replay(setup, late.flow_id, 0)).error_type, late.error_type)
  await update(setup, saml, { x509_certificate: otherCertificate })
  const unsigned = await tryAnswer(setup, saml, { sign: 'nothing' })
  const { verdict, error_type } = await replay(setup, unsigned.flow_id)
  assert.deepEqual([verdict, error_type], ['fail', 'missing_signature_saml_response'])
})

test('a connection that waits lets a test pass and an ordinary login fail', async () => {
  const setup = await newSetup()
  const { services } = await server()
  const { project_id } = setup.project
  await setDebug(services, project_id, setup.saml, new Date(Date.now() + hour))
  await new Browser().login(setup, setup.saml, ada)
  const ordinary = await lastFlow(setup.project)
  await tryOut(setup, setup.saml)
  const tried = await lastFlow(setup.project)
  await deactivateConnection(services, project_id, setup.saml)
  const failed = await replay(setup, ordinary.flow_id)
  assert.deepEqual([failed.verdict, failed.error_type], ['fail', 'requires_active_sso_connection'])
  assert.equal((await replay(setup, tried.flow_id)).verdict, 'pass')
})

test('of a login without a kept response it says plainly that it cannot tell', async () => {
  const [setup, other] = [await newSetup(), await newSetup()]
  await new Browser().login(setup, setup.saml, ada)
  const { flow_id } = await lastFlow(setup.project)
  await tryOut(setup, setup.saml)
  const tried = await lastFlow(setup.project)
  for (const [who, id, ahead] of [
    [setup, flow_id, 0],
    [setup, 'sso-flow-test-none', 0],
    [other, tried.flow_id, 0],
    [setup, tried.flow_id, 25 * hour],
  ] as const) {
    const { verdict, reason, checks } = await replay(who, id, ahead)
    assert.deepEqual([verdict, checks], ['unknown', []])
    assert.ok(reason)
  }
})

test('OIDC: a login refused after its signature held passes once the mapping is corrected', async () => {
  const setup = await newSetup()
  const { oidc, flow } = await tryProvider(setup, {
    claims: { email: undefined, upn: 'ada@acme.test' },
  })
  assert.equal(flow.error_type, 'oidc_response_email_missing')
  assert.equal((await replay(setup, flow.flow_id)).verdict, 'fail')
  await update(setup, oidc, { attribute_mapping: { email: 'upn' } })
  const { verdict, identity } = await replay(setup, flow.flow_id)
  assert.deepEqual([verdict, identity?.email_address], ['pass', 'ada@acme.test'])
})

test('OIDC: what was never verified cannot pass, and the replay says why', async () => {
  const setup = await newSetup()
  const { oidc, flow } = await tryProvider(setup, { claims: { aud: 'another-client' } })
  assert.equal((await replay(setup, flow.flow_id)).verdict, 'fail')
  await update(setup, oidc, { client_id: 'another-client' })
  const { verdict, reason, checks } = await replay(setup, flow.flow_id)
  assert.equal(verdict, 'unknown')
  assert.match(reason!, /signature of the ID token/)
  const skipped = checks.find((check) => check.name === 'id_token_signature')
  assert.match(skipped?.actual ?? '', /not known/)
})

test('OIDC: a login that ended before an ID token came cannot be told, nor one without userinfo', async () => {
  const setup = await newSetup()
  const early = await tryProvider(setup, { token_status: 400 })
  const { verdict, reason } = await replay(setup, early.flow.flow_id)
  assert.equal(verdict, 'unknown')
  assert.match(reason!, /before an ID token came/)
  const half = await tryProvider(setup, { claims: { email: undefined }, userinfo_status: 500 })
  assert.match((await replay(setup, half.flow.flow_id)).reason!, /Userinfo was not read/)
  const exchanges = half.provider.seen.exchanges
  await replay(setup, half.flow.flow_id)
  assert.equal(half.provider.seen.exchanges, exchanges)
})

test('a response that was used once in a test is still used up: the replay is no way around that', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const browser = new Browser()
  const submission = respond(saml, await startTest(browser, setup, saml))
  await browser.submit(submission)
  const { flow_id } = await lastFlow(setup.project)
  assert.equal((await replay(setup, flow_id)).verdict, 'pass')
  assert.equal((await browser.submit(submission)).status, 400)
})
