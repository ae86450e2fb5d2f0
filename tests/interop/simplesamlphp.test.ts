import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newPage } from './browser.ts'
import { portcullis } from './portcullis.ts'
import {
  assertLoggedIn,
  connect,
  logIn,
  signatures,
  signIn,
  simpleSAMLphp,
} from './simplesamlphp.test-kit.ts'
import { ada } from './simplesamlphp.ts'

const algorithms = 'http://www.w3.org/2001/04/xmldsig-more#'
const digests = 'http://www.w3.org/2001/04/xmlenc#'
const sha256 = [`${algorithms}rsa-sha256`, `${digests}sha256`] as const
const sha384 = [`${algorithms}rsa-sha384`, `${algorithms}sha384`] as const
const sha512 = [`${algorithms}rsa-sha512`, `${digests}sha512`] as const
const onAssertion = { 'saml20.sign.assertion': true, 'saml20.sign.response': false }
const onResponse = { 'saml20.sign.assertion': false, 'saml20.sign.response': true }
const onBoth = { 'saml20.sign.assertion': true, 'saml20.sign.response': true }

const logins = [
  { name: 'assertion signed, RSA-SHA256', sp: onAssertion, expected: [['Assertion', ...sha256]] },
  { name: 'response signed, RSA-SHA256', sp: onResponse, expected: [['Response', ...sha256]] },
  {
    name: 'both signed, RSA-SHA256, as our metadata ask',
    expected: [
      ['Response', ...sha256],
      ['Assertion', ...sha256],
    ],
  },
  {
    name: 'assertion signed, RSA-SHA384',
    sp: onAssertion,
    idp: { 'signature.algorithm': sha384[0] },
    expected: [['Assertion', ...sha384]],
  },
  {
    name: 'both signed, RSA-SHA512',
    sp: onBoth,
    idp: { 'signature.algorithm': sha512[0] },
    expected: [
      ['Response', ...sha512],
      ['Assertion', ...sha512],
    ],
  },
  {
    name: 'attributes by their OID names',
    oid_names: true,
    expected: [
      ['Response', ...sha256],
      ['Assertion', ...sha256],
    ],
  },
]

for (const { name, expected, ...variant } of logins)
  test(`SimpleSAMLphp: ${name}`, async () => {
    const connected = await connect(name, variant)
    const page = await newPage()
    const response = await logIn(page, connected)
    assert.deepEqual(signatures(response), expected)
    await assertLoggedIn(page, connected)
  })

test('SimpleSAMLphp: a login that begins there (IdP-initiated)', async () => {
  const idp = await simpleSAMLphp()
  const { app_url } = await portcullis()
  const connected = await connect('IdP-initiated')
  const page = await newPage()
  await page.goto(idp.launchURL(connected.entity_id))
  await signIn(page)
  await page.waitForURL(`${app_url}/org/${connected.organization_slug}`)
  await assertLoggedIn(page, connected)
})

test('SimpleSAMLphp: prompt=login asks for the password again, otherwise its session is enough', async () => {
  const { app_url, base_url, public_token } = await portcullis()
  const connected = await connect('ForceAuthn')
  const page = await newPage()
  await logIn(page, connected)
  await assertLoggedIn(page, connected)
  const start = (query: Record<string, string>) => {
    const { connection_id } = connected
    const parameters = { connection_id, public_token, login_hint: ada.mail, ...query }
    return `${base_url}/v1/public/sso/start?${new URLSearchParams(parameters)}`
  }
  await page.goto(start({}))
  await page.waitForURL(`${app_url}/org/${connected.organization_slug}`)
  await page.goto(start({ prompt: 'login' }))
  await signIn(page)
  await page.waitForURL(`${app_url}/org/${connected.organization_slug}`)
  await assertLoggedIn(page, connected)
})
