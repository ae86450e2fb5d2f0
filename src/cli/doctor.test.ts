import assert from 'node:assert/strict'
import { test } from 'node:test'
import { portcullis } from './commands.test-kit.ts'

test('doctor names what is wrong, and fails then', async () => {
  const { code, stdout } = await portcullis('doctor', '--json')
  assert.equal(code, 1)
  const { findings } = JSON.parse(stdout) as { findings: Record<string, string>[] }
  assert.deepEqual(
    findings.map(({ check }) => check),
    ['settings', 'database', 'clock', 'encryption_keys', 'sha1_permissions', 'metadata'],
  )
  assert.deepEqual(
    findings.slice(0, 4).map(({ verdict }) => verdict),
    ['fail', 'pass', 'pass', 'pass'],
  )
  assert.match(findings[0]!.detail!, /PORTCULLIS_BASE_URL/)
  assert.match(findings[1]!.detail!, /PostgreSQL \d+.*fsync on/)
})

test("doctor tells a clock that is off from the database's, and which way", async (t) => {
  const now = Date.now
  for (const [seconds, line] of [
    [180, /^✗ clock: this machine is 180 seconds ahead of the database/m],
    [-20, /^! clock: this machine is 20 seconds behind the database/m],
  ] as const) {
    const mocked = t.mock.method(Date, 'now', () => now() + seconds * 1_000)
    const { stdout } = await portcullis('doctor')
    mocked.mock.restore()
    assert.match(stdout, line)
  }
})

test('doctor says a line for each thing that it looked at', async () => {
  const { stdout } = await portcullis('doctor')
  assert.match(stdout, /^✗ settings: [\s\S]*^✓ database: PostgreSQL \d+/m)
})
