import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { Browser, connectSAML, newSetup, type Setup, tokenOf } from '../../tests/login.ts'
import { createApp } from '../app.ts'
import { lastFlow, organizationCall, redeem } from './login.test-kit.ts'
import { getLogin } from './login-trace.ts'
import { connectIdP, respond } from './saml-idp.test-kit.ts'
import { type LoginFilter, listLogins } from './traces.ts'

const ada = 'ada.lovelace@acme.test'
const minute = 60_000

/** Everything that a trace says; what is not here, such as the hashes of the row, must not get there. */
const traceKeys = [
  ...['checks', 'connection_display_name', 'connection_id', 'connection_type', 'durations'],
  ...[
    'email_address',
    'error_type',
    'external_id',
    'failed_at',
    'failed_check',
    'finding',
    'flow_id',
  ],
  ...[
    'identity_provider',
    'initiated_by',
    'kept_messages',
    'member_id',
    'member_session_id',
    'name',
  ],
  ...['organization_id', 'organization_slug', 'redeemed_at', 'request_id', 'started_at', 'state'],
  ...['subject', 'suppressed_count', 'tested_by', 'verified_at'],
]

async function list(setup: Setup, filter: LoginFilter = {}, now = new Date()) {
  const { services } = await server()
  return listLogins(services.db, setup.project.project_id, filter, now)
}

async function idsOf(setup: Setup, filter: LoginFilter = {}, now = new Date()) {
  return (await list(setup, filter, now)).logins.map((login) => login.flow_id)
}

async function trace(setup: Setup, id: string, now = new Date()) {
  const { services } = await server()
  return getLogin(services.db, setup.project.project_id, id, now)
}

async function shown(setup: Setup, id: string, now = new Date()) {
  const login = await trace(setup, id, now)
  assert.ok(login, `no login ${id}`)
  return login
}

/** A login whose SAML audience is wrong; returns its row. */
async function failLogin(setup: Setup, connection_id: string) {
  const browser = new Browser()
  const started = await browser.start(setup, connection_id)
  const audience =
    '<saml:AudienceRestriction><saml:Audience>https://elsewhere.example</saml:Audience></saml:AudienceRestriction>'
  const answer = respond(connection_id, started, { fields: { audience } })
  assert.equal((await browser.submit(answer)).status, 400)
  return lastFlow(setup.project)
}

for (const type of ['saml', 'oidc'] as const)
  test(`a login over ${type} that succeeded has its checks, its steps and no secret`, async () => {
    const setup = await newSetup()
    const answer = await new Browser().login(setup, setup[type], ada)
    const { body } = await redeem(setup, answer)
    const row = await lastFlow(setup.project)
    const login = await shown(setup, row.flow_id)
    assert.deepEqual(login, await shown(setup, row.request_id))
    const { state, email_address, subject, organization_slug, connection_id, initiated_by } = login
    assert.deepEqual(
      [state, email_address, organization_slug, connection_id, initiated_by],
      ['redeemed', ada, 'acme', setup[type], 'sp'],
    )
    assert.ok(subject)
    assert.deepEqual([login.connection_type, login.identity_provider], [type, 'generic'])
    assert.match(login.connection_display_name!, /^Test IdP/)
    assert.equal(login.member_id, body.member_id)
    assert.equal(login.member_session_id, body.member_session.member_session_id)
    assert.deepEqual(login.checks, row.checks)
    assert.ok(login.checks.length > 5 && login.checks.every((check) => check.verdict !== 'fail'))
    const { durations } = login
    assert.ok(durations.at_identity_provider_ms! >= 0 && durations.redemption_ms! >= 0)
    assert.equal(durations.code_exchange_ms !== null, type === 'oidc')
    assert.equal(durations.total_ms, row.redeemed_at!.getTime() - row.started_at.getTime())
    assert.deepEqual([login.finding, login.error_type, login.failed_check], [null, null, null])
    assert.deepEqual(Object.keys(login).sort(), traceKeys)
    const [summary] = (await list(setup)).logins
    for (const key of Object.keys(summary!)) assert.ok(traceKeys.includes(key), key)
    const text = JSON.stringify([login, summary])
    for (const hash of [row.state_hash, row.cookie_hash])
      for (const coding of ['hex', 'base64url'] as const)
        assert.ok(!text.includes(hash!.toString(coding)))
    assert.ok(!text.includes(tokenOf(answer)))
  })

test('a login that failed names the check, what was expected and found, and who must act', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const { request_id, flow_id } = await failLogin(setup, saml)
  const login = await shown(setup, request_id)
  assert.deepEqual(
    [login.flow_id, login.state, login.error_type, login.failed_check, login.finding],
    [flow_id, 'failed', 'invalid_audience_saml_response', 'audience', null],
  )
  const check = login.checks.at(-1)!
  assert.ok(check.expected?.includes(saml))
  assert.ok(check.actual?.includes('https://elsewhere.example'))
  assert.equal(check.fix?.who, 'it_admin')
  assert.ok(login.durations.total_ms! >= 0)
})

test('a refusal after the person is known says who it was, and is found by the address', async () => {
  const setup = await newSetup()
  await organizationCall(setup, 'PUT', '', {
    sso_jit_provisioning: 'NOT_ALLOWED',
    email_invites: 'ALL_ALLOWED',
  })
  assert.equal((await new Browser().login(setup, setup.saml, ada)).status, 400)
  const [login] = (await list(setup, { email: 'Ada.Lovelace@ACME.test' })).logins
  assert.deepEqual([login?.email_address, login?.failed_check], [ada, 'jit_provisioning'])
})

test('a login that began at the identity provider has no step there', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const answer = respond(saml, null, {})
  assert.equal((await new Browser().submit(answer)).status, 303)
  const { flow_id, request_id } = await lastFlow(setup.project)
  const login = await shown(setup, request_id)
  assert.deepEqual(
    [login.flow_id, login.initiated_by, login.state, login.durations.at_identity_provider_ms],
    [flow_id, 'idp', 'verified', null],
  )
})

test('a login that never came back expires after 30 minutes, and says what to look at', async () => {
  const setup = await newSetup()
  await new Browser().start(setup, setup.saml)
  const { flow_id, started_at } = await lastFlow(setup.project)
  const waiting = await shown(setup, flow_id)
  assert.deepEqual([waiting.state, waiting.finding?.name], ['started', 'not_back_yet'])
  const at = (ms: number) => new Date(started_at.getTime() + ms)
  assert.equal((await shown(setup, flow_id, at(30 * minute - 1))).state, 'started')
  const gone = await shown(setup, flow_id, at(30 * minute))
  assert.deepEqual(
    [gone.state, gone.finding?.name, gone.finding?.who],
    ['expired', 'never_came_back', 'it_admin'],
  )
  assert.match(gone.finding!.hints.join('\n'), /assigned[\s\S]*\/v1\/b2b\/sso\/callback\/saml-/)
  assert.deepEqual(await idsOf(setup, { state: 'expired' }, at(30 * minute)), [flow_id])
  assert.deepEqual(await idsOf(setup, { state: 'started' }, at(30 * minute)), [])
})

test('a token that was not redeemed expires after 5 minutes: the developers must act', async () => {
  const setup = await newSetup()
  await new Browser().login(setup, setup.oidc, ada)
  const { flow_id, verified_at } = await lastFlow(setup.project)
  const at = (ms: number) => new Date(verified_at!.getTime() + ms)
  const waiting = await shown(setup, flow_id, at(5 * minute - 1))
  assert.deepEqual([waiting.state, waiting.finding], ['verified', null])
  const { state, finding } = await shown(setup, flow_id, at(5 * minute))
  assert.deepEqual(
    [state, finding?.name, finding?.who],
    ['expired', 'token_never_redeemed', 'developer'],
  )
  assert.match(finding!.what, /sso\.authenticate/)
})

test('what came too late is a failed login, not an expired one', async () => {
  const setup = await newSetup()
  const { services } = await server()
  let ahead = 0
  const now = () => new Date(Date.now() + ahead)
  const browser = new Browser(createApp({ ...services, now }))
  const answer = await browser.signIn(await browser.start(setup, setup.oidc), ada)
  ahead = 31 * minute
  assert.equal((await browser.submit(answer)).status, 400)
  const login = await shown(setup, (await lastFlow(setup.project)).flow_id, now())
  assert.deepEqual([login.state, login.failed_check], ['failed', 'flow'])
})

test('filters find logins by organization, connection, result, check and time; all must hold', async () => {
  const setup = await newSetup()
  const { body } = await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Other',
    organization_slug: 'other',
  })
  const other = await connectSAML(setup.project, body.organization.organization_id)
  const saml = await connectIdP(setup.project, setup.organization_id)
  await new Browser().start(setup, other)
  const there = await lastFlow(setup.project)
  const failed = await failLogin(setup, saml)
  await new Browser().login(setup, setup.oidc, ada)
  const last = await lastFlow(setup.project)
  assert.deepEqual(await idsOf(setup), [last.flow_id, failed.flow_id, there.flow_id])
  const cases: [LoginFilter, string[]][] = [
    [{ organization: 'other' }, [there.flow_id]],
    [{ organization: setup.organization_id }, [last.flow_id, failed.flow_id]],
    [{ connection_id: other }, [there.flow_id]],
    [{ connection_id: other, organization: 'acme' }, []],
    [{ organization: 'acme', state: 'failed' }, [failed.flow_id]],
    [{ state: 'verified' }, [last.flow_id]],
    [{ failed_check: 'audience' }, [failed.flow_id]],
    [{ failed_check: 'signature' }, []],
    [{ error_type: 'invalid_audience_saml_response' }, [failed.flow_id]],
    [{ request_id: failed.request_id }, [failed.flow_id]],
    [{ request_id: failed.request_id, connection_id: other }, []],
    [{ request_id: 'request-id-x' }, []],
    [{ email: ada }, [last.flow_id]],
    [{ email: 'ada' }, []],
    [{ since: failed.started_at }, [last.flow_id, failed.flow_id]],
    [{ until: failed.started_at }, [there.flow_id]],
    [{ since: failed.started_at, until: last.started_at, organization: 'acme' }, [failed.flow_id]],
  ]
  for (const [filter, expected] of cases)
    assert.deepEqual(await idsOf(setup, filter), expected, JSON.stringify(filter))
  await assert.rejects(idsOf(setup, { organization: 'nobody' }), {
    error_type: 'organization_not_found',
  })
})

test('pages follow one another without gaps, in every scope', async () => {
  const setup = await newSetup()
  for (const type of ['saml', 'oidc', 'saml', 'oidc', 'saml'] as const)
    await new Browser().start(setup, setup[type])
  for (const scope of [
    {},
    { organization: 'acme' },
    { connection_id: setup.saml },
    { state: 'started' as const },
  ]) {
    const expected = await idsOf(setup, scope)
    assert.equal(expected.length, 'connection_id' in scope ? 3 : 5)
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await list(setup, { ...scope, limit: 2, ...(cursor && { cursor }) })
      assert.ok(page.logins.length <= 2)
      seen.push(...page.logins.map((login) => login.flow_id))
      cursor = page.next_cursor
    } while (cursor)
    assert.deepEqual(seen, expected)
  }
  for (const cursor of ['x', Buffer.from('["1","a"]').toString('base64url')])
    await assert.rejects(list(setup, { cursor }), { error_type: 'user_search_invalid_cursor' })
})

test("another project's logins are never visible", async () => {
  const [setup, stranger] = [await newSetup(), await newSetup()]
  await new Browser().login(setup, setup.saml, ada)
  const { flow_id, request_id } = await lastFlow(setup.project)
  for (const id of [flow_id, request_id]) {
    assert.ok(await trace(setup, id))
    assert.equal(await trace(stranger, id), undefined)
  }
  for (const filter of [{}, { connection_id: setup.saml }, { email: ada }, { request_id }])
    assert.deepEqual(await list(stranger, filter), { logins: [], next_cursor: null })
  await assert.rejects(list(stranger, { organization: setup.organization_id }), {
    error_type: 'organization_not_found',
  })
})

test('logins of a deleted connection stay readable', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const { flow_id } = await failLogin(setup, saml)
  const path = `/v1/b2b/sso/${setup.organization_id}/connections/${saml}`
  assert.equal((await call(setup.project, 'DELETE', path)).status, 200)
  assert.deepEqual(await idsOf(setup, { connection_id: saml }), [flow_id])
  const login = await shown(setup, flow_id)
  assert.deepEqual([login.connection_type, login.failed_check], [null, 'audience'])
})
