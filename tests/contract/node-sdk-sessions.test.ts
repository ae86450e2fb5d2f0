/** Logins, local JWT checks and permissions by the official Node SDK, as an application's backend makes them. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ClientError, StytchError } from 'stytch'
import { server } from '../harness.ts'
import { Browser, newSetup, tokenOf } from '../login.ts'
import { assertThrows, newClient } from './sdk.ts'
import { email_address, must, newTenant } from './tenant.ts'

for (const type of ['saml', 'oidc'] as const)
  test(`a login over ${type} ends in a session whose JWT the SDK checks without a call`, async () => {
    const setup = await newSetup()
    const client = await newClient(setup.project)
    const answer = await new Browser().login(setup, setup[type], email_address)
    const sso_token = tokenOf(answer)
    const made = await client.sso.authenticate({ sso_token, session_duration_minutes: 60 })
    assert.equal(made.member.email_address, email_address)
    assert.equal(made.organization.organization_slug, 'acme')
    assert.deepEqual([made.reset_session, made.intermediate_session_token], [false, ''])
    const local = await client.sessions.authenticateJwtLocal({ session_jwt: made.session_jwt })
    const { expires_at, ...session } = made.member_session!
    assert.equal(Date.parse(local.expires_at), Date.parse(expires_at))
    assert.deepEqual({ ...local, expires_at }, { ...session, expires_at })
    await assertThrows(client.sso.authenticate({ sso_token }), 404, 'sso_token_not_found')
  })

test('a login with PKCE is redeemed with its verifier, and a wrong one does not use it up', async () => {
  const setup = await newSetup()
  const { sso } = await newClient(setup.project)
  const pkce_code_verifier = randomBytes(32).toString('base64url')
  const pkce_code_challenge = createHash('sha256').update(pkce_code_verifier).digest('base64url')
  const answer = await new Browser().login(setup, setup.saml, email_address, {
    pkce_code_challenge,
  })
  const sso_token = tokenOf(answer)
  const wrong = randomBytes(32).toString('base64url')
  await assert.rejects(sso.authenticate({ sso_token }))
  await assert.rejects(sso.authenticate({ sso_token, pkce_code_verifier: wrong }))
  const made = await sso.authenticate({ sso_token, pkce_code_verifier })
  assert.equal(made.member_authenticated, true)
})

test('a login with the session of the member adds its factor to that session', async () => {
  const setup = await newSetup()
  const { sso } = await newClient(setup.project)
  const login = async (type: 'saml' | 'oidc') =>
    tokenOf(await new Browser().login(setup, setup[type], email_address))
  const { session_token } = await sso.authenticate({ sso_token: await login('saml') })
  const both = await sso.authenticate({ sso_token: await login('oidc'), session_token })
  assert.deepEqual(
    both.member_session?.authentication_factors.map((factor) => factor.delivery_method),
    ['sso_saml', 'sso_oidc'],
  )
})

test('an organization that requires a second factor gives no session', async () => {
  const setup = await newSetup({ mfa_policy: 'REQUIRED_FOR_ALL' })
  const { sso } = await newClient(setup.project)
  const sso_token = tokenOf(await new Browser().login(setup, setup.saml, email_address))
  const made = await sso.authenticate({ sso_token })
  assert.deepEqual(
    [made.member_authenticated, made.session_token, made.session_jwt],
    [false, '', ''],
  )
  assert.equal(made.member_session ?? null, null)
  assert.notEqual(made.intermediate_session_token, '')
  assert.ok(made.mfa_required)
})

test('permissions are judged locally by the policy that the SDK fetches', async () => {
  const { project, organization_id, session_jwt } = await newTenant()
  const { sessions } = await newClient(project)
  const allowed = { organization_id, resource_id: 'stytch.sso', action: 'update' }
  const answer = await sessions.authenticateJwt({ session_jwt, authorization_check: allowed })
  assert.equal(answer.member_session.organization_id, organization_id)
  assert.equal(answer.session_jwt, session_jwt, 'checked without a call to sessions/authenticate')
  await sessions.authenticateJwtLocal({ session_jwt, authorization_check: allowed })
  for (const check of [
    { ...allowed, resource_id: 'documents' },
    { ...allowed, organization_id: 'organization-test-another' },
  ])
    await assert.rejects(
      sessions.authenticateJwtLocal({ session_jwt, authorization_check: check }),
      ClientError,
    )
})

test('a forged or foreign JWT is refused locally and remotely', async () => {
  const [tenant, stranger] = [await newTenant(), await newTenant()]
  const { sessions } = await newClient(tenant.project)
  const [header, payload, signature] = tenant.session_jwt.split('.') as [string, string, string]
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'member-test-other' }))
  for (const session_jwt of [
    `${header}.${forged.toString('base64url')}.${signature}`,
    stranger.session_jwt,
  ]) {
    await assert.rejects(sessions.authenticateJwtLocal({ session_jwt }), ClientError)
    await assert.rejects(sessions.authenticateJwt({ session_jwt }), StytchError)
  }
})

test('a revoked session is gone at the server, and its JWT lives on locally until it expires', async () => {
  const { project, session_token, session_jwt, member_id } = await newTenant()
  const { sessions } = await newClient(project)
  await sessions.revoke({ member_id })
  await assertThrows(sessions.authenticate({ session_token }), 404, 'session_not_found')
  await assertThrows(sessions.authenticate({ session_jwt }), 404, 'session_not_found')
  await sessions.authenticateJwtLocal({ session_jwt })
  await assert.rejects(
    sessions.authenticateJwtLocal({
      session_jwt,
      current_date: new Date(Date.now() + 301_000),
    }),
    ClientError,
  )
})

test('a member without roles may change only what a member may, by the SDK too', async () => {
  const tenant = await newTenant()
  const { project, organization_id } = tenant
  const client = await newClient(project)
  const { services } = await server()
  await must(project, 'PUT', `/v1/b2b/organizations/${organization_id}`, {
    rbac_email_implicit_role_assignments: [],
  })
  await services.db
    .updateTable('members')
    .set({ roles: [] })
    .where('member_id', '=', tenant.member_id)
    .execute()
  await must(project, 'PUT', `/v1/b2b/sso/saml/${organization_id}/connections/${tenant.saml}`, {
    saml_connection_implicit_role_assignments: [],
    saml_group_implicit_role_assignments: [],
  })
  const authorization = { session_token: tenant.session_token }
  await assertThrows(
    client.organizations.update({ organization_id, organization_name: 'Mine' }, { authorization }),
    403,
    'session_authorization_error',
  )
  await client.organizations.members.update(
    { organization_id, member_id: tenant.member_id, name: 'Ada' },
    { authorization },
  )
})
