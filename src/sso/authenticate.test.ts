import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, test } from 'node:test'
import { call } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup, tokenOf } from '../../tests/login.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { callApp } from '../sessions/session.test-kit.ts'
import { arrive, countRows, enter, lastFlow, ownProcess, redeem } from './login.test-kit.ts'
import { type Answer, authnStatement, connectIdP, respond } from './saml-idp.test-kit.ts'

let setup: Setup
let saml: string

before(async () => {
  setup = await newSetup()
  saml = await connectIdP(setup.project, setup.organization_id)
})

const path = '/v1/b2b/sso/authenticate'

/** A callback that succeeded, started with these parameters. */
async function arriveWith(query: Record<string, string>, answer: Answer = {}) {
  const browser = new Browser()
  return browser.submit(respond(saml, await browser.start(setup, saml, query), answer))
}

function pkce() {
  const pkce_code_verifier = randomBytes(32).toString('base64url')
  const pkce_code_challenge = hashToken(pkce_code_verifier).toString('base64url')
  return { pkce_code_verifier, pkce_code_challenge }
}

async function errorOf(response: Response, input: Record<string, unknown> = {}) {
  const { status, body } = await redeem(setup, response, input)
  return `${status} ${body.error_type}`
}

test('a login begun with PKCE takes its verifier and no other, and a wrong one does not burn the token', async () => {
  const { pkce_code_verifier, pkce_code_challenge } = pkce()
  const response = await arriveWith({ pkce_code_challenge })
  assert.equal(await errorOf(response), '400 pkce_expected_code_verifier')
  const wrong = { pkce_code_verifier: pkce().pkce_code_verifier }
  assert.equal(await errorOf(response, wrong), '400 pkce_mismatch')
  const malformed = { pkce_code_verifier: 'short' }
  assert.equal(await errorOf(response, malformed), '400 invalid_pkce_code_verifier')
  assert.equal((await redeem(setup, response, { pkce_code_verifier })).status, 200)
  assert.equal(await errorOf(response, { pkce_code_verifier }), '404 sso_token_not_found')
})

test('a login begun without PKCE takes no verifier', async () => {
  const response = await arriveWith({})
  const { pkce_code_verifier } = pkce()
  const unexpected = '400 pkce_did_not_expect_code_verifier'
  assert.equal(await errorOf(response, { pkce_code_verifier }), unexpected)
  assert.equal((await redeem(setup, response)).status, 200)
})

test('unknown, used and expired tokens, and those of another project, are answered alike', async () => {
  const own = await ownProcess()
  const answers: unknown[] = []
  const post = async (sso_token: string, at: number, project = setup.project) => {
    own.setNow(new Date(Date.now() + at))
    const { status, body } = await callApp(own.app, project, path, { sso_token })
    const { request_id, ...rest } = body
    answers.push({ status, ...rest })
  }
  const other = await newSetup()
  const minutes = 60_000
  const tooOld = tokenOf(await arrive(setup, saml))
  const used = await arrive(setup, saml)
  assert.equal((await redeem(setup, used)).status, 200)
  await post(newToken(), 0)
  await post('', 0)
  await post(tokenOf(used), 0)
  await post(tokenOf(await arrive(setup, saml)), 0, other.project)
  await post(tooOld, 5 * minutes)
  assert.equal(answers.length, 5)
  for (const answer of answers) assert.deepEqual(answer, answers[0])
  assert.equal((answers[0] as { error_type: string }).error_type, 'sso_token_not_found')
  assert.equal((answers[0] as { status: number }).status, 404)
  own.setNow(new Date(Date.now() + 4.9 * minutes))
  const { status } = await callApp(own.app, setup.project, path, { sso_token: tooOld })
  assert.equal(status, 200)
})

test('what is wrong with the request does not burn the token', async () => {
  const response = await arriveWith({})
  const member = await enter(setup, saml)
  const { session_token, session_jwt } = member
  for (const [input, expected] of [
    [{ session_duration_minutes: 4 }, '400 invalid_session_duration_minutes'],
    [{ session_duration_minutes: 527_041 }, '400 invalid_session_duration_minutes'],
    [{ session_duration_minutes: 'x' }, '400 invalid_session_duration_minutes'],
    [{ session_custom_claims: { sub: 'x' } }, '400 reserved_claims_in_custom_claims'],
    [
      { session_custom_claims: { 'https://stytch.com/x': 1 } },
      '400 stytch_claims_in_custom_claims',
    ],
    [{ session_custom_claims: { big: 'x'.repeat(5_000) } }, '400 custom_claims_too_large'],
    [{ session_token: newToken() }, '404 session_not_found'],
    [{ session_token: 'x' }, '400 invalid_session_token'],
    [{ session_jwt: 'x.y.z' }, '400 unable_to_parse_session_jwt'],
    [{ session_token, session_jwt }, '400 too_many_session_arguments'],
  ] as const)
    assert.equal(await errorOf(response, input), expected, JSON.stringify(input).slice(0, 80))
  const done = await redeem(setup, response, {
    session_duration_minutes: 30,
    session_custom_claims: { plan: 'pro' },
  })
  assert.equal(done.status, 200)
  const { member_session } = done.body
  assert.deepEqual(member_session.custom_claims, { plan: 'pro' })
  const lives = Date.parse(member_session.expires_at) - Date.parse(member_session.started_at)
  assert.equal(lives, 30 * 60_000)
})

test('the answer is complete, and its session and JWT hold', async () => {
  const response = await arrive(setup, saml)
  const { body } = await redeem(setup, response)
  assert.equal(body.status_code, 200)
  assert.match(body.session_token, /^[\w-]{43}$/)
  assert.deepEqual(
    [body.member_authenticated, body.reset_session, body.intermediate_session_token],
    [true, false, ''],
  )
  assert.deepEqual(
    [body.mfa_required, body.primary_required, body.member_device],
    [null, null, null],
  )
  assert.equal(body.organization.organization_id, body.organization_id)
  assert.equal(body.member_session.member_id, body.member_id)
  const [factor] = body.member_session.authentication_factors
  const registration = body.member.sso_registrations[0]
  assert.equal(factor.type, 'sso')
  assert.equal(factor.delivery_method, 'sso_saml')
  assert.deepEqual(factor.saml_sso_factor, {
    id: registration.registration_id,
    provider_id: saml,
    external_id: registration.external_id,
  })
  for (const given of [{ session_token: body.session_token }, { session_jwt: body.session_jwt }]) {
    const checked = await call(setup.project, 'POST', '/v1/b2b/sessions/authenticate', given)
    assert.equal(
      checked.body.member_session.member_session_id,
      body.member_session.member_session_id,
    )
  }
  const flow = await lastFlow(setup.project)
  assert.deepEqual(
    [flow.state, flow.member_id, flow.member_session_id, flow.token_hash],
    ['redeemed', body.member_id, body.member_session.member_session_id, null],
  )
})

test('with a session of the member the factor is added to it, by token and by JWT', async () => {
  const other = await connectIdP(setup.project, setup.organization_id)
  const first = await enter(setup, saml)
  const before = await countRows(setup.project)
  for (const given of [
    { session_token: first.session_token },
    { session_jwt: first.session_jwt },
  ]) {
    const { body } = await redeem(setup, await arrive(setup, other), {
      ...given,
      session_custom_claims: { again: true },
    })
    const { member_session } = body
    assert.equal(member_session.member_session_id, first.member_session.member_session_id)
    assert.equal(body.session_token, 'session_token' in given ? given.session_token : '')
    assert.match(body.session_jwt, /^ey/)
    const providers = member_session.authentication_factors.map(
      (each: { saml_sso_factor: { provider_id: string } }) => each.saml_sso_factor.provider_id,
    )
    assert.deepEqual(providers, [saml, other])
    assert.deepEqual(member_session.custom_claims, { again: true })
    assert.equal(member_session.expires_at, first.member_session.expires_at)
  }
  assert.equal((await countRows(setup.project)).sessions, before.sessions)
  const longer = await redeem(setup, await arrive(setup, saml), {
    session_token: first.session_token,
    session_duration_minutes: 600,
  })
  const { member_session } = longer.body
  assert.equal(member_session.authentication_factors.length, 2)
  const minutes = (Date.parse(member_session.expires_at) - Date.now()) / 60_000
  assert.ok(minutes > 599 && minutes <= 600)
})

test('a session of another member, or one that was revoked, takes no factor and burns no token', async () => {
  const eve = await enter(setup, saml, { name_id: 'eve', attributes: { email: 'eve@acme.test' } })
  const before = await countRows(setup.project)
  const response = await arrive(setup, saml, {
    name_id: 'new',
    attributes: { email: 'new@acme.test' },
  })
  const { session_token } = eve
  assert.equal(await errorOf(response, { session_token }), '400 member_session_member_id_mismatch')
  const { members } = await countRows(setup.project)
  assert.equal(members, before.members)
  const revoked = await enter(setup, saml)
  await call(setup.project, 'POST', '/v1/b2b/sessions/revoke', {
    session_token: revoked.session_token,
  })
  const gone = { session_token: revoked.session_token }
  assert.equal(await errorOf(response, gone), '404 session_not_found')
  assert.equal((await redeem(setup, response)).status, 200)
})

test('SessionNotOnOrAfter ends our session too, a new one and one that is extended', async () => {
  const end = new Date(Date.now() + 20 * 60_000)
  const capped = {
    fields: { authn_statement: authnStatement(new Date().toISOString(), end.toISOString()) },
  }
  const wanted = { session_duration_minutes: 600 }
  const { body } = await redeem(setup, await arrive(setup, saml, capped), wanted)
  const expected = `${end.toISOString().slice(0, 19)}Z`
  assert.equal(body.member_session.expires_at, expected)
  const long = await enter(setup, saml)
  const extended = { ...wanted, session_token: long.session_token }
  const again = await redeem(setup, await arrive(setup, saml, capped), extended)
  assert.equal(again.body.member_session.expires_at, expected)
})

test('a session that the identity provider has ended meanwhile makes none here', async () => {
  const own = await ownProcess()
  const end = new Date(Date.now() + 60_000)
  const fields = { authn_statement: authnStatement(new Date().toISOString(), end.toISOString()) }
  const sso_token = tokenOf(await arrive(setup, saml, { fields }))
  own.setNow(new Date(end.getTime() + 1_000))
  const { status, body } = await callApp(own.app, setup.project, path, { sso_token })
  assert.deepEqual([status, body.error_type], [400, 'expired_saml_response'])
  assert.equal((await lastFlow(setup.project)).state, 'failed')
})

test('null and empty values mean not given', async () => {
  const response = await arrive(setup, saml)
  const nothing = { session_token: '', session_jwt: null, pkce_code_verifier: null, locale: null }
  const { status, body } = await redeem(setup, response, {
    ...nothing,
    session_duration_minutes: null,
    session_custom_claims: {},
    unknown_field: 1,
  })
  assert.equal(status, 200, JSON.stringify(body))
})
