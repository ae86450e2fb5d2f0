/** SHA-1 over a whole login: off, allowed until a day and logged, and over when the day begins. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { createApp } from '../app.ts'
import { createLog } from '../log.ts'
import { setConnectionOptions } from './connection-options.ts'
import { assertRefused, lastFlow } from './login.test-kit.ts'
import { connectIdP, respond } from './saml-idp.test-kit.ts'

async function allowUntil(connection_id: string, allow_sha1_until: Date | null): Promise<void> {
  const { services } = await server()
  await setConnectionOptions(services.db, connection_id, { allow_sha1_until })
  services.caches.drop('connection', connection_id)
}

/** A login on an application whose warnings and errors are kept; returns its status and them. */
async function login(setup: Setup, connection_id: string, algorithm: 'rsa-sha1' | 'rsa-sha256') {
  const { services } = await server()
  const lines: string[] = []
  const log = createLog('warn', { write: (line) => lines.push(line) })
  const browser = new Browser(createApp({ ...services, log }))
  const started = await browser.start(setup, connection_id)
  const answer = respond(connection_id, started, { signature: { algorithm } })
  const { status } = await browser.submit(answer)
  return { status, lines: lines.map((line) => JSON.parse(line)) }
}

test('a login with RSA-SHA1 needs a permission that has not ended, and leaves a warning in the log', async () => {
  const setup = await newSetup()
  const connection_id = await connectIdP(setup.project, setup.organization_id)
  const attempt = async (browser: Browser) =>
    respond(connection_id, await browser.start(setup, connection_id), {
      signature: { algorithm: 'rsa-sha1' },
    })
  const refused = {
    error_type: 'invalid_signature_saml_response',
    check: 'assertion_signature_algorithm',
    who: 'it_admin',
  } as const
  await assertRefused(setup.project, attempt, refused)

  const until = new Date(Date.now() + 10 * 60_000)
  await allowUntil(connection_id, until)
  const { status, lines } = await login(setup, connection_id, 'rsa-sha1')
  assert.equal(status, 303)
  const flow = await lastFlow(setup.project)
  assert.equal(lines.length, 1, JSON.stringify(lines))
  const [{ level, msg, request_id, ...fields }] = lines
  assert.equal(level, 40)
  assert.match(msg, /SHA-1/)
  assert.match(request_id, /^request-id-test-/)
  assert.equal(fields.connection_id, connection_id)
  assert.equal(fields.allow_sha1_until, until.toISOString())
  const check = flow.checks.find(({ name }) => name === 'assertion_signature_algorithm')
  const day = until.toISOString().slice(0, 10)
  assert.match(check?.actual ?? '', new RegExp(`rsa-sha1 .*SHA-1 is allowed until ${day}`))
  const other = await login(setup, connection_id, 'rsa-sha256')
  assert.deepEqual(other, { status: 303, lines: [] })

  await assertRefused(setup.project, attempt, { ...refused, later_ms: 10 * 60_000 })
  await allowUntil(connection_id, null)
  await assertRefused(setup.project, attempt, refused)
})

test('a permission of one connection is none of another, and each option is set alone', async () => {
  const setup = await newSetup()
  const [one, two] = await Promise.all([
    connectIdP(setup.project, setup.organization_id),
    connectIdP(setup.project, setup.organization_id),
  ])
  const { services } = await server()
  const until = new Date(Date.now() + 86_400_000)
  await allowUntil(one, until)
  assert.equal((await login(setup, one, 'rsa-sha1')).status, 303)
  assert.equal((await login(setup, two, 'rsa-sha1')).status, 400)
  const both = await setConnectionOptions(services.db, one, { allow_aes_cbc: true })
  assert.deepEqual([both.allow_aes_cbc, both.allow_sha1_until], [true, until])
  const cbc = await setConnectionOptions(services.db, one, { allow_sha1_until: null })
  assert.deepEqual([cbc.allow_aes_cbc, cbc.allow_sha1_until], [true, null])
})
