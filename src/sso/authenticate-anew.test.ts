/** What `authenticate` looks at again, after the callback has said yes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { call, server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup, tokenOf } from '../../tests/login.ts'
import { createApp } from '../app.ts'
import { callApp } from '../sessions/session.test-kit.ts'
import {
  arrive,
  countRows,
  enter,
  lastFlow,
  membersOf,
  organizationCall,
  redeem,
} from './login.test-kit.ts'
import { connectIdP, respond } from './saml-idp.test-kit.ts'

async function newTenant(organization: Record<string, unknown> = {}) {
  const setup = await newSetup(organization)
  return { setup, saml: await connectIdP(setup.project, setup.organization_id) }
}

/** Asserts that a token is refused after `change`: nothing written, the flow failed, the token gone. */
async function assertRefusedAfter(
  { setup, saml }: { setup: Setup; saml: string },
  change: () => Promise<unknown>,
  status: number,
  expected: { error_type: string; check: string },
) {
  const response = await arrive(setup, saml)
  assert.equal(response.status, 303)
  const arrived = (await lastFlow(setup.project)).checks
  await change()
  const before = [await countRows(setup.project), await membersOf(setup.project)]
  const { status: given, body } = await redeem(setup, response)
  assert.deepEqual([given, body.error_type], [status, expected.error_type])
  const failing = body.error_details.checks.at(-1)
  assert.deepEqual([failing.name, failing.fix?.who], [expected.check, 'developer'])
  assert.deepEqual([await countRows(setup.project), await membersOf(setup.project)], before)
  const flow = await lastFlow(setup.project)
  assert.deepEqual(
    [flow.state, flow.error_type, flow.token_hash],
    ['failed', expected.error_type, null],
  )
  assert.deepEqual(flow.checks.at(-1), failing)
  assert.deepEqual(flow.checks.slice(0, arrived.length), arrived)
  assert.equal((await redeem(setup, response)).body.error_type, 'sso_token_not_found')
}

test('a login keeps the checks of its callback, followed by those made anew', async () => {
  const { setup, saml } = await newTenant()
  const response = await arrive(setup, saml)
  const arrived = (await lastFlow(setup.project)).checks
  assert.ok(arrived.some(({ name }) => name === 'assertion_signature_algorithm'))
  assert.equal((await redeem(setup, response)).status, 200)
  const { state, checks } = await lastFlow(setup.project)
  assert.equal(state, 'redeemed')
  assert.deepEqual(checks.slice(0, arrived.length), arrived)
  const anew = checks.slice(arrived.length)
  assert.ok(anew.length > 0 && anew.every(({ verdict }) => verdict !== 'fail'))
  assert.ok(anew.every(({ name }) => name !== 'form'))
})

for (const who of ['somebody new', 'a member that it knows'] as const) {
  const newTenantFor = async () => {
    const tenant = await newTenant()
    if (who !== 'somebody new') await enter(tenant.setup, tenant.saml)
    return tenant
  }

  test(`a connection that was deleted meanwhile does not let in ${who}`, async () => {
    const tenant = await newTenantFor()
    const { setup, saml } = tenant
    const path = `/v1/b2b/sso/${setup.organization_id}/connections/${saml}`
    await organizationCall(setup, 'PUT', '', { sso_default_connection_id: setup.oidc })
    await assertRefusedAfter(tenant, () => call(setup.project, 'DELETE', path), 404, {
      error_type: 'sso_connection_not_found',
      check: 'connection',
    })
  })

  test(`an organization that was deleted meanwhile takes the token of ${who} with it`, async () => {
    // Before this process has heard of it, and after.
    for (const pause of [0, 200]) {
      const { setup, saml } = await newTenantFor()
      const response = await arrive(setup, saml)
      await organizationCall(setup, 'DELETE', '')
      await setTimeout(pause)
      const { status, body } = await redeem(setup, response)
      assert.deepEqual([status, body.error_type], [404, 'sso_token_not_found'])
    }
  })

  test(`a connection that is pending again does not let in ${who}`, async () => {
    const tenant = await newTenantFor()
    const { services } = await server()
    const becomePending = () =>
      services.db
        .updateTable('sso_connections')
        .set({ status: 'pending' })
        .where('connection_id', '=', tenant.saml)
        .execute()
    await assertRefusedAfter(tenant, becomePending, 400, {
      error_type: 'requires_active_sso_connection',
      check: 'connection',
    })
  })
}

test('a policy that changed meanwhile decides', async () => {
  const tenant = await newTenant({ email_invites: 'ALL_ALLOWED' })
  const change = (settings: Record<string, unknown>) => () =>
    organizationCall(tenant.setup, 'PUT', '', settings)
  await assertRefusedAfter(tenant, change({ sso_jit_provisioning: 'NOT_ALLOWED' }), 400, {
    error_type: 'invalid_connection_for_jit_provisioning',
    check: 'jit_provisioning',
  })
  await change({ sso_jit_provisioning: 'ALL_ALLOWED' })()
  await enter(tenant.setup, tenant.saml)
  const passwords = { auth_methods: 'RESTRICTED', allowed_auth_methods: ['password'] }
  await assertRefusedAfter(tenant, change(passwords), 400, {
    error_type: 'operation_restricted_by_organization_auth_methods',
    check: 'auth_method',
  })
})

test('a member that was deleted meanwhile does not get in', async () => {
  const tenant = await newTenant()
  const { member_id } = await enter(tenant.setup, tenant.saml)
  const remove = () => organizationCall(tenant.setup, 'DELETE', `/members/${member_id}`)
  await assertRefusedAfter(tenant, remove, 400, {
    error_type: 'action_available_only_for_active_members',
    check: 'member',
  })
})

test('an address that somebody else got meanwhile makes no second member', async () => {
  const { setup, saml } = await newTenant()
  const response = await arrive(setup, saml)
  const email = { email_address: 'ada@acme.test' }
  const { member_id } = await organizationCall(setup, 'POST', '/members', email)
  assert.equal((await redeem(setup, response)).body.member_id, member_id)
  assert.equal((await membersOf(setup.project)).length, 1)
})

test('a connection or member deleted while the token is redeemed: refused, or ended with it', async () => {
  for (const which of ['connection', 'member'] as const)
    for (let round = 0; round < 15; round++) {
      const { setup, saml } = await newTenant()
      const { member_id } = await enter(setup, saml)
      const response = await arrive(setup, saml)
      const organization = setup.organization_id
      const remove =
        which === 'member'
          ? `/v1/b2b/organizations/${organization}/members/${member_id}`
          : `/v1/b2b/sso/${organization}/connections/${saml}`
      // The default connection cannot go while others are active.
      await organizationCall(setup, 'PUT', '', { sso_default_connection_id: setup.oidc })
      const [redeemed, removed] = await Promise.all([
        redeem(setup, response),
        call(setup.project, 'DELETE', remove),
      ])
      assert.equal(removed.status, 200, removed.body.error_message)
      assert.ok([200, 400, 404].includes(redeemed.status), JSON.stringify(redeemed.body))
      const { state } = await lastFlow(setup.project)
      assert.equal(state, redeemed.status === 200 ? 'redeemed' : 'failed')
      assert.equal((await countRows(setup.project)).sessions, 0, which)
    }
})

test('where a second factor is required there is an intermediate session and nothing else', async () => {
  const { setup, saml } = await newTenant({ mfa_policy: 'REQUIRED_FOR_ALL' })
  const ignored = { session_duration_minutes: 30, session_custom_claims: { plan: 'pro' } }
  const { status, body } = await redeem(setup, await arrive(setup, saml), ignored)
  assert.equal(status, 200)
  assert.deepEqual(
    [body.member_authenticated, body.session_token, body.session_jwt, body.member_session],
    [false, '', '', null],
  )
  assert.match(body.intermediate_session_token, /^[\w-]{43}$/)
  assert.deepEqual(body.mfa_required, {
    member_options: { mfa_phone_number: '', totp_registration_id: '' },
    secondary_auth_initiated: null,
  })
  assert.equal(body.member.email_address, 'ada@acme.test')
  const rows = await countRows(setup.project)
  assert.deepEqual([rows.sessions, rows.intermediate_sessions], [0, 1])
  assert.equal((await lastFlow(setup.project)).member_session_id, null)
  const { intermediate_session_token } = body
  const session = { session_token: intermediate_session_token }
  const checked = await call(setup.project, 'POST', '/v1/b2b/sessions/authenticate', session)
  assert.equal(checked.status, 404)
})

test('a member who is enrolled in a second factor is asked for it', async () => {
  const { setup, saml } = await newTenant()
  const member = {
    email_address: 'ada@acme.test',
    mfa_enrolled: true,
    mfa_phone_number: '+14155550123',
  }
  await organizationCall(setup, 'POST', '/members', member)
  const { body } = await redeem(setup, await arrive(setup, saml))
  assert.equal(body.member_authenticated, false)
  assert.equal(body.mfa_required.member_options.mfa_phone_number, '+14155550123')
})

test('what changed while the token waited is seen at once, also of a member without news', async () => {
  const { setup, saml } = await newTenant()
  const { member_id } = await enter(setup, saml)
  const loginAfter = async (path: string, change: Record<string, unknown>) => {
    const response = await arrive(setup, saml)
    await organizationCall(setup, 'PUT', path, change)
    const { status, body } = await redeem(setup, response)
    assert.equal(status, 200, body.error_message)
    return body
  }
  const renamed = await loginAfter('', { organization_name: 'Renamed' })
  assert.equal(renamed.organization.organization_name, 'Renamed')
  const member = await loginAfter(`/members/${member_id}`, {
    name: 'Countess',
    roles: ['stytch_admin'],
  })
  assert.equal(member.member.name, 'Countess')
  assert.ok(member.member_session.roles.includes('stytch_admin'))
  const enrolled = await loginAfter(`/members/${member_id}`, {
    mfa_enrolled: true,
    mfa_phone_number: '+14155550123',
  })
  assert.equal(enrolled.member_session, null)
  await organizationCall(setup, 'PUT', `/members/${member_id}`, { mfa_enrolled: false })
  const required = await loginAfter('', { mfa_policy: 'REQUIRED_FOR_ALL' })
  assert.equal(required.member_session, null)
})

test('a copy of the organization that is out of date decides nothing', async () => {
  const { setup, saml } = await newTenant()
  await enter(setup, saml)
  const { services } = await server()
  const kept = new Map<string, Promise<unknown>>()
  const get = <T>(topic: string, key: string, load: () => Promise<T>) => {
    const value = kept.get(`${topic} ${key}`) ?? load()
    kept.set(`${topic} ${key}`, value)
    return value as Promise<T>
  }
  const app = createApp({
    ...services,
    caches: { ...services.caches, get } as typeof services.caches,
  })
  const login = async (meanwhile: Record<string, unknown>) => {
    const browser = new Browser(app)
    const callback = await browser.submit(respond(saml, await browser.start(setup, saml)))
    await organizationCall(setup, 'PUT', '', meanwhile)
    const input = { sso_token: tokenOf(callback) }
    return (await callApp(app, setup.project, '/v1/b2b/sso/authenticate', input)).body
  }
  const renamed = await login({ organization_name: 'Renamed' })
  assert.equal(renamed.organization.organization_name, 'Renamed')
  assert.equal((await login({ mfa_policy: 'REQUIRED_FOR_ALL' })).member_session, null)
})

test('a session that the member has is extended without asking for the second factor again', async () => {
  const { setup, saml } = await newTenant()
  const { session_token } = await enter(setup, saml)
  await organizationCall(setup, 'PUT', '', { mfa_policy: 'REQUIRED_FOR_ALL' })
  const { body } = await redeem(setup, await arrive(setup, saml), { session_token })
  assert.equal(body.member_authenticated, true)
  assert.equal(body.intermediate_session_token, '')
})
