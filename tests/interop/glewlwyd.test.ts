import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { describe } from './compatibility.ts'
import { prepared } from './downloads.ts'
import { prepareGlewlwyd, startGlewlwyd } from './glewlwyd.ts'
import { ada, assertLoggedIn, assertRefused, connectOIDC, logIn } from './logins.ts'

const unpacked = prepared(prepareGlewlwyd)
let started: ReturnType<typeof startGlewlwyd> | undefined

/** An organization connected to an issuer of its own. */
async function connect(
  name: string,
  kind: 'rsa' | 'ecdsa' = 'rsa',
  changes: Record<string, unknown> = {},
) {
  started ??= unpacked().then(startGlewlwyd)
  const idp = await started
  const { version } = await unpacked()
  const notes = 'Without `email_verified`; its subjects are random.'
  describe({ name: 'Glewlwyd', protocol: 'OIDC', version, notes })
  return connectOIDC(name, {
    register: (redirect_url) => idp.newIssuer(redirect_url, kind),
    changes,
  })
}

async function signIn(page: Page) {
  await page.locator('#username').fill(ada.user)
  await page.locator('#password').fill(ada.password)
  await page.locator('#password').press('Enter')
  await page.getByRole('button', { name: 'Continue' }).click()
}

test('Glewlwyd: found by its issuer, which has a path; RS256', async () => {
  await assertLoggedIn(await logIn(await connect('OpenID'), signIn))
})

test('Glewlwyd: ID tokens signed with ES256', async () => {
  await assertLoggedIn(await logIn(await connect('ES256', 'ecdsa'), signIn))
})

test('Glewlwyd: a wrong client secret: refused', async () => {
  const connected = await connect('Secret', 'rsa', { client_secret: 'another' })
  await assertRefused(await logIn(connected, signIn), 'oidc_auth_code_error')
})
