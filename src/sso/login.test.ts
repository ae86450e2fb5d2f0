import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { app_url, Browser, newSetup, tokenOf } from '../../tests/login.ts'

const ada = 'ada.lovelace@acme.test'

for (const type of ['saml', 'oidc'] as const) {
  test(`a person signs in over ${type} and becomes a member with a session`, async () => {
    const setup = await newSetup()
    const answer = await new Browser().login(setup, setup[type], ada)
    assert.equal(answer.status, 303, await answer.clone().text())
    const location = new URL(answer.headers.get('location')!)
    assert.equal(location.origin + location.pathname, app_url)
    assert.equal(location.searchParams.get('stytch_token_type'), 'sso')
    assert.equal(location.searchParams.get('slug'), 'acme')
    const redeemed = await call(setup.project, 'POST', '/v1/b2b/sso/authenticate', {
      sso_token: tokenOf(answer),
    })
    assert.equal(redeemed.status, 200, JSON.stringify(redeemed.body))
    assert.equal(redeemed.body.member.email_address, ada)
    assert.equal(redeemed.body.member.name, 'Ada Lovelace')
    assert.equal(redeemed.body.member.status, 'active')
    assert.equal(redeemed.body.member.email_address_verified, true)
    assert.equal(redeemed.body.member.sso_registrations[0].connection_id, setup[type])
    assert.equal(
      redeemed.body.member_session.authentication_factors[0].delivery_method,
      `sso_${type}`,
    )
    assert.match(redeemed.body.session_jwt, /^ey/)
    const again = await call(setup.project, 'POST', '/v1/b2b/sso/authenticate', {
      sso_token: tokenOf(answer),
    })
    assert.equal(again.status, 404)
    assert.equal(again.body.error_type, 'sso_token_not_found')
    const { services } = await server()
    const flows = await services.db
      .selectFrom('sso_flows')
      .select(['state', 'member_id', 'checks'])
      .where('project_id', '=', setup.project.project_id)
      .execute()
    assert.equal(flows.length, 1)
    assert.equal(flows[0]!.state, 'redeemed')
    assert.equal(flows[0]!.member_id, redeemed.body.member_id)
  })
}
