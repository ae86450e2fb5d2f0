import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { before, test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { createApp } from '../app.ts'
import { type EncryptOptions, encrypted, flip, otherSP, sp } from '../saml/encrypting.test-kit.ts'
import { setConnectionOptions } from './connection-options.ts'
import { maxDecryptionFailures } from './decryption-limit.ts'
import { assertRefused, lastFlow, redeem } from './login.test-kit.ts'
import { type Answer, connectIdP, respond } from './saml-idp.test-kit.ts'

let setup: Setup
before(async () => {
  setup = await newSetup()
})

/** Adds a key to a connection; returns its certificate as the SP metadata show it. */
async function addKey(connection_id: string, key = sp.privateKey): Promise<string> {
  const path = `/v1/b2b/sso/saml/${setup.organization_id}/connections/${connection_id}`
  const saml_encryption_private_key = key.export({ type: 'pkcs1', format: 'pem' })
  await call(setup.project, 'PUT', path, { saml_encryption_private_key })
  const { app } = await server()
  const metadata = await app.request(`/v1/public/sso/saml/metadata/${connection_id}`)
  return /use="encryption">.*?<ds:X509Certificate>(.+?)</s.exec(await metadata.text())![1]!
}

/** What an identity provider answers that encrypts the assertion, after it has signed it. */
function encrypting(options: EncryptOptions = {}): Answer {
  const tamper = (xml: string) =>
    xml.replace(/<saml:Assertion.*<\/saml:Assertion>/s, (plain) => encrypted(plain, options))
  return { tamper }
}

async function allowCBC(connection_id: string, allow_aes_cbc: boolean): Promise<void> {
  const { services } = await server()
  await setConnectionOptions(services.db, connection_id, { allow_aes_cbc })
  services.caches.drop('connection', connection_id)
}

test('a login with an encrypted assertion: key by API, certificate from the metadata, and a session', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const encryption_certificate = await addKey(setup.saml, privateKey)
  for (const [sign, encryption] of [
    ['assertion', 'aes256-gcm'],
    ['response', 'aes256-gcm'],
    ['both', 'aes256-gcm'],
    ['response', 'aes256-cbc'],
    ['both', 'aes256-cbc'],
  ] as const) {
    const browser = new Browser()
    const typed = { sign, encryption, encryption_certificate }
    const started = await browser.start(setup, setup.saml)
    const answer = await browser.signIn(started, 'ada.lovelace@acme.test', typed)
    const xml = Buffer.from(answer.fields.get('SAMLResponse')!, 'base64').toString()
    assert.ok(xml.includes('<saml:EncryptedAssertion') && !xml.includes('ada.lovelace'))
    const { body } = await redeem(setup, await browser.submit(answer))
    assert.equal(body.member?.email_address, 'ada.lovelace@acme.test', `${sign} ${encryption}`)
    assert.ok(body.session_token.length > 40)
    const { checks } = await lastFlow(setup.project)
    assert.ok(checks.some(({ name, verdict }) => name === 'decryption' && verdict === 'pass'))
  }
})

test('an encrypted assertion is refused where the connection has no key, and the page says what to do', async () => {
  const keyless = await connectIdP(setup.project, setup.organization_id)
  const attempt = async (browser: Browser) =>
    respond(keyless, await browser.start(setup, keyless), encrypting())
  await assertRefused(setup.project, attempt, {
    error_type: 'invalid_saml_response',
    check: 'encryption_keys',
    who: 'it_admin',
  })
})

test('AES-CBC in a Response that is not signed needs the permission of the operator', async () => {
  const connection = await connectIdP(setup.project, setup.organization_id)
  await addKey(connection)
  const attempt = async (browser: Browser) =>
    respond(
      connection,
      await browser.start(setup, connection),
      encrypting({ content: 'aes256-cbc' }),
    )
  const refused = {
    error_type: 'invalid_saml_response',
    check: 'aes_cbc',
    who: 'it_admin',
  } as const
  await assertRefused(setup.project, attempt, refused)
  await allowCBC(connection, true)
  const browser = new Browser()
  assert.equal((await browser.submit(await attempt(browser))).status, 303)
  await allowCBC(connection, false)
  await assertRefused(setup.project, attempt, refused)
})

const broken: [string, EncryptOptions][] = [
  ['was encrypted for somebody else', { recipient: otherSP.publicKey }],
  ['has another wrapped key', { tamper: { wrapped: flip(7) } }],
  ['was changed', { tamper: { content: flip(500) } }],
  ['has a wrong padding', { content: 'aes256-cbc', padding: (n) => Buffer.alloc(n, 77) }],
  ['decrypts to something else', { content: 'aes256-cbc', tamper: { content: flip(900) } }],
]

test('whatever is wrong with an encrypted assertion, the answer is the same', async () => {
  const connection = await connectIdP(setup.project, setup.organization_id)
  await addKey(connection)
  await allowCBC(connection, true)
  const answers = new Set<string>()
  for (const [name, options] of broken) {
    const browser = new Browser()
    const submission = respond(
      connection,
      await browser.start(setup, connection),
      encrypting(options),
    )
    const response = await browser.submit(submission, { accept: 'application/json' })
    assert.equal(response.status, 400, name)
    const { request_id, ...body } = (await response.json()) as Record<string, string>
    assert.match(request_id!, /^request-id-test-/)
    answers.add(JSON.stringify(body))
    assert.equal((await lastFlow(setup.project)).checks.at(-1)?.name, 'decryption', name)
  }
  assert.equal(answers.size, 1, [...answers].join('\n'))
})

test('after 50 failures in ten minutes a connection decrypts only what a signature covers', async () => {
  const connection = await connectIdP(setup.project, setup.organization_id)
  await addKey(connection)
  const { services } = await server()
  let ahead = 0
  const now = () => new Date(Date.now() + ahead)
  const app = createApp({ ...services, now })
  const attempt = async (answer: Answer) => {
    const browser = new Browser(app)
    const started = await browser.start(setup, connection)
    const response = await browser.submit(respond(connection, started, { now: now(), ...answer }))
    return response.status === 303 ? 'in' : (await lastFlow(setup.project)).checks.at(-1)!.name
  }
  for (let i = 0; i < maxDecryptionFailures; i += 1) {
    assert.equal(await attempt(encrypting({ recipient: otherSP.publicKey })), 'decryption')
  }
  assert.equal(await attempt(encrypting()), 'decryption_limit')
  const edit = encrypting().tamper!
  assert.equal(await attempt({ edit, sign: 'Response' }), 'in')
  const other = await connectIdP(setup.project, setup.organization_id)
  await addKey(other)
  const browser = new Browser(app)
  const submission = respond(other, await browser.start(setup, other), encrypting())
  assert.equal((await browser.submit(submission)).status, 303)
  ahead = 11 * 60_000
  assert.equal(await attempt(encrypting()), 'in')
})
