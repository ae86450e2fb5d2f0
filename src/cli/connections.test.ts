import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { databaseURL, server } from '../../tests/harness.ts'
import { listAudit } from '../events/audit.ts'
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
  const { project, organization } = await newTenant()
  const { connection_id } = await create({ project, organization }, 'saml')
  const now = async () => (await findConnectionAnywhere(services, connection_id)).allow_aes_cbc
  assert.equal(await now(), false)
  for (const allow of ['on', 'off']) {
    const { code, stdout } = await set(connection_id, '--allow-aes-cbc', allow, '--json')
    assert.equal(code, 0)
    assert.equal(JSON.parse(stdout).allow_aes_cbc, allow === 'on')
    for (let i = 0; i < 40 && (await now()) !== (allow === 'on'); i += 1) await setTimeout(50)
    assert.equal(await now(), allow === 'on')
  }
  const { organization_id } = organization
  const { project_id } = project
  const { entries } = await listAudit(services.db, { project_id, organization_id })
  assert.deepEqual(
    entries.map(({ action, target_id }) => [action, target_id]),
    Array(2).fill(['connection.permit', connection_id]),
  )
})

/** The day in so many days (UTC). */
function dayAhead(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
}

test('connection set --allow-sha1-until is off at first, ends at the beginning of a day, and leaves the rest', async () => {
  const { services } = await server()
  const { connection_id } = await create(await newTenant(), 'saml')
  const stored = async () =>
    (
      await services.db
        .selectFrom('sso_connections')
        .select(['allow_sha1_until', 'allow_aes_cbc'])
        .where('connection_id', '=', connection_id)
        .execute()
    ).map((row) => [row.allow_sha1_until?.toISOString() ?? null, row.allow_aes_cbc])
  assert.deepEqual(await stored(), [[null, false]])
  const end = `${dayAhead(180)}T00:00:00.000Z`
  const both = await set(
    connection_id,
    '--allow-sha1-until',
    dayAhead(180),
    '--allow-aes-cbc',
    'on',
  )
  assert.match(both.stdout, new RegExp(`^allow_sha1_until ${end}$`, 'm'))
  assert.deepEqual(await stored(), [[end, true]])
  assert.equal((await set(connection_id, '--allow-aes-cbc', 'off')).code, 0)
  assert.deepEqual(await stored(), [[end, false]])
  const off = await set(connection_id, '--allow-sha1-until', 'off', '--json')
  assert.equal(JSON.parse(off.stdout).allow_sha1_until, null)
  assert.deepEqual(await stored(), [[null, false]])
})

test('connection set refuses what is missing, wrong or no SAML connection', async () => {
  const { connection_id } = await create(await newTenant(), 'oidc')
  const cases: [string[], number, RegExp][] = [
    [[], 2, /connection_id/],
    [[connection_id], 2, /--allow-aes-cbc is on or off/],
    [[connection_id, '--allow-sha1-until', 'on'], 2, /YYYY-MM-DD, or off/],
    [[connection_id, '--allow-sha1-until', ''], 2, /YYYY-MM-DD, or off/],
    [[connection_id, '--allow-sha1-until', '2027-02-30'], 2, /YYYY-MM-DD, or off/],
    [[connection_id, '--allow-sha1-until', '2027-13-01'], 2, /YYYY-MM-DD, or off/],
    [[connection_id, '--allow-sha1-until', `${dayAhead(9)}T10:00:00Z`], 2, /YYYY-MM-DD, or off/],
    [[connection_id, '--allow-sha1-until', '2020-01-01'], 2, /has not begun yet/],
    [[connection_id, '--allow-sha1-until', dayAhead(0)], 2, /has not begun yet/],
    [[connection_id, '--allow-sha1-until', dayAhead(181)], 2, /at most 180 days/],
    [[connection_id, '--allow-sha1-until', '9999-12-31'], 2, /at most 180 days/],
    [[connection_id, '--allow-sha1-until', dayAhead(9)], 1, /not found/],
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
