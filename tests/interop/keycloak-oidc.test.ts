import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectKeycloakOIDC, freshRealm } from './keycloak.test-kit.ts'
import { rotate } from './keycloak.ts'
import { ada, assertLoggedIn, assertRefused, logIn, typePassword } from './logins.ts'

const attribute_mapping = { email: 'email', full_name: 'name', groups: 'groups' }

test('Keycloak OIDC: found by its issuer, PKCE required, RS256, groups as a list', async () => {
  const connected = await connectKeycloakOIDC('OpenID', { changes: { attribute_mapping } })
  const login = await logIn(connected, typePassword)
  const query = new URL(login.callback.url()).searchParams
  assert.deepEqual([...query.keys()].toSorted(), ['code', 'iss', 'session_state', 'state'])
  await assertLoggedIn(login, { groups: ada.groups })
})

for (const alg of ['PS256', 'RS512', 'ES256', 'EdDSA'])
  test(`Keycloak OIDC: ID tokens signed with ${alg}, among keys of other kinds and one for encryption`, async () => {
    const attributes = { 'id.token.signed.response.alg': alg }
    const realm = await freshRealm()
    await rotate(realm, 'ecdsa-generated', { ecdsaEllipticCurveKey: ['P-256'] })
    await rotate(realm, 'eddsa-generated', { eddsaEllipticCurveKey: ['Ed25519'] })
    const connected = await connectKeycloakOIDC(alg, { realm, attributes })
    await assertLoggedIn(await logIn(connected, typePassword))
    const { keys } = (await (
      await fetch(`${realm.issuer}/protocol/openid-connect/certs`)
    ).json()) as { keys: { use: string }[] }
    assert.ok(keys.some(({ use }) => use === 'enc'))
    assert.ok(keys.length >= 4)
  })

test('Keycloak OIDC: a new key signs at once, without overlap: the next login fetches it', async () => {
  const realm = await freshRealm()
  const connected = await connectKeycloakOIDC('Rotation', { realm })
  const first = await logIn(connected, typePassword)
  const { member } = await assertLoggedIn(first)
  await rotate(realm)
  const second = await assertLoggedIn(await logIn(connected, typePassword))
  assert.equal(second.member.member_id, member.member_id)
})

test('Keycloak OIDC: an address that it has not verified: refused', async () => {
  const connected = await connectKeycloakOIDC('Unverified')
  const login = await logIn(connected, (page) => typePassword(page, 'mallory'))
  await assertRefused(login, 'oidc_response_unverified_email', /unverified/)
})

test('Keycloak OIDC: a wrong client secret: refused', async () => {
  const connected = await connectKeycloakOIDC('Secret', { changes: { client_secret: 'another' } })
  const login = await logIn(connected, typePassword)
  await assertRefused(login, 'oidc_auth_code_error', /client id and secret/)
})
