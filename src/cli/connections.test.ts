import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { databaseURL, server } from '../../tests/harness.ts'
import { create, newTenant } from '../sso/connection.test-kit.ts'
import { findConnectionAnywhere } from '../sso/connections.ts'
import { runCommand } from './commands.ts'

/** Runs `portcullis connection set` on the database of this run. */
async function set(...args: string[]) {
  await server()
  const before = process.env.DATABASE_URL
  let [stdout, stderr] = ['', '']
  try {
    process.env.DATABASE_URL = await databaseURL()
    const code = await runCommand(['connection', 'set', ...args], {
      stdout: (text) => {
        stdout += text
      },
      stderr: (text) => {
        stderr += text
      },
    })
    return { code, stdout, stderr }
  } finally {
    if (before === undefined) delete process.env.DATABASE_URL
    else process.env.DATABASE_URL = before
  }
}

test('connection set --allow-aes-cbc is off at first, and what is set reaches a running server', async () => {
  const { services } = await server()
  const { connection_id } = await create(await newTenant(), 'saml')
  const now = async () => (await findConnectionAnywhere(services, connection_id)).allow_aes_cbc
  assert.equal(await now(), false)
  for (const allow of ['on', 'off']) {
    const { code, stdout } = await set(connection_id, '--allow-aes-cbc', allow, '--json')
    assert.equal(code, 0)
    assert.equal(JSON.parse(stdout).allow_aes_cbc, allow === 'on')
    for (let i = 0; i < 40 && (await now()) !== (allow === 'on'); i += 1) await setTimeout(50)
    assert.equal(await now(), allow === 'on')
  }
})

test('connection set refuses what is missing, wrong or no SAML connection', async () => {
  const { connection_id } = await create(await newTenant(), 'oidc')
  const cases: [string[], number, RegExp][] = [
    [[], 2, /connection_id/],
    [[connection_id], 2, /--allow-aes-cbc is on or off/],
    [[connection_id, '--allow-aes-cbc', 'yes'], 2, /on or off/],
    [[connection_id, '--allow-aes-cbc', 'on'], 1, /not found/],
    [['saml-connection-test-none', '--allow-aes-cbc', 'on'], 1, /not found/],
  ]
  for (const [args, code, message] of cases) {
    const answer = await set(...args)
    assert.equal(answer.code, code, answer.stderr)
    assert.match(answer.stderr, message)
    assert.equal(answer.stdout, '')
  }
})
