import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { describe } from './compatibility.ts'
import { newDex, prepareDex, version } from './dex.ts'
import { prepared } from './downloads.ts'
import { ada, assertLoggedIn, assertRefused, connectOIDC, logIn, typePassword } from './logins.ts'

const program = prepared(prepareDex)

/** An organization connected to a Dex of its own, and what starts that Dex anew. */
async function connect(name: string, changes: Record<string, unknown> = {}) {
  const dex = await newDex(await program())
  describe({
    name: 'Dex',
    protocol: 'OIDC',
    version,
    notes:
      'Groups only with the scope `groups` (`custom_scopes`). A restart with storage in memory is a new key, which is fetched when it is first seen.',
  })
  const client = {
    client_id: 'portcullis',
    client_secret: randomBytes(24).toString('base64url'),
    redirect_uri: '',
  }
  const connected = await connectOIDC(name, {
    async register(redirect_url) {
      client.redirect_uri = redirect_url
      await dex.restart([client])
      const { client_id, client_secret } = client
      return { issuer: dex.issuer, client_id, client_secret }
    },
    changes,
  })
  return { connected, dex, restart: () => dex.restart([client]) }
}

/** Its form, and the page that asks for consent. */
async function signIn(page: Page, user = ada.email) {
  await typePassword(page, user)
  await page.getByRole('button', { name: 'Grant Access' }).click()
}

test('Dex: found by its issuer, which has a path; consent, groups by a scope of the connection', async () => {
  const { connected } = await connect('OpenID', {
    custom_scopes: 'openid email profile groups',
    attribute_mapping: { email: 'email', full_name: 'name', groups: 'groups' },
  })
  await assertLoggedIn(await logIn(connected, signIn), { groups: ada.groups })
})

test('Dex: a new key after a restart, without overlap: the next login fetches it', async () => {
  const { connected, dex, restart } = await connect('Rotation')
  const { member } = await assertLoggedIn(await logIn(connected, signIn))
  const before = await keyIds(dex.issuer)
  await restart()
  assert.notDeepEqual(await keyIds(dex.issuer), before)
  const again = await assertLoggedIn(await logIn(connected, signIn))
  assert.equal(again.member.member_id, member.member_id)
})

test('Dex: an address that it has not verified: refused', async () => {
  const { connected } = await connect('Unverified')
  const login = await logIn(connected, (page) => signIn(page, 'mallory@elsewhere.test'))
  await assertRefused(login, 'oidc_response_unverified_email', /unverified/)
})

async function keyIds(issuer: string): Promise<string[]> {
  const { keys } = (await (await fetch(`${issuer}/keys`)).json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}
