import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseURL, newProject, server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { lastFlow, organizationCall, redeem } from '../sso/login.test-kit.ts'
import { tryOut } from '../sso/test-login.test-kit.ts'
import type { LoginTrace } from '../sso/traces.ts'
import { runCommand } from './commands.ts'
import { loginText } from './logins-text.ts'

const ada = 'ada.lovelace@acme.test'

/** Runs `portcullis logins` on the database of this run. */
async function logins(...args: string[]) {
  await server()
  const before = process.env.DATABASE_URL
  const printed = { stdout: '', stderr: '' }
  try {
    process.env.DATABASE_URL = await databaseURL()
    const code = await runCommand(['logins', ...args], {
      stdout: (text) => {
        printed.stdout += text
      },
      stderr: (text) => {
        printed.stderr += text
      },
    })
    return { code, ...printed }
  } finally {
    if (before === undefined) delete process.env.DATABASE_URL
    else process.env.DATABASE_URL = before
  }
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await logins(...args, '--json')
  assert.equal(code, 0, stderr)
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  return JSON.parse(stdout) as any
}

async function refused(code: number, message: RegExp, ...args: string[]): Promise<void> {
  const answer = await logins(...args)
  assert.equal(answer.code, code, answer.stderr)
  assert.match(answer.stderr, message)
  assert.equal(answer.stdout, '')
}

/** One login that succeeds, one that is refused, one that never comes back; returns their rows. */
async function threeLogins(): Promise<{
  setup: Setup
  rows: Awaited<ReturnType<typeof lastFlow>>[]
}> {
  const setup = await newSetup()
  const browser = new Browser()
  await redeem(setup, await browser.login(setup, setup.saml, ada))
  const rows = [await lastFlow(setup.project)]
  await organizationCall(setup, 'PUT', '', {
    sso_jit_provisioning: 'NOT_ALLOWED',
    email_invites: 'ALL_ALLOWED',
  })
  assert.equal((await browser.login(setup, setup.oidc, 'grace.hopper@acme.test')).status, 400)
  rows.push(await lastFlow(setup.project))
  await browser.start(setup, setup.oidc)
  const { flow_id } = await lastFlow(setup.project)
  const { services } = await server()
  const started_at = new Date(Date.now() - 31 * 60_000)
  await services.db
    .updateTable('sso_flows')
    .set({ started_at })
    .where('flow_id', '=', flow_id)
    .execute()
  rows.push(await lastFlow(setup.project))
  return { setup, rows }
}

test('logins list is a table of aligned columns, newest first, and says why', async () => {
  const { setup, rows } = await threeLogins()
  const { code, stdout } = await logins('list', '--project', setup.project.project_id)
  assert.equal(code, 0)
  const [head, ...lines] = stdout.trimEnd().split('\n')
  assert.match(head!, /^TIME +STATE +WHO +ORGANIZATION +CONNECTION +REASON +ID$/)
  const columns = ['STATE', 'WHO', 'ORGANIZATION', 'CONNECTION', 'REASON', 'ID'].map((name) =>
    head!.indexOf(name),
  )
  const cells = lines.map((line) => columns.map((at, i) => line.slice(at, columns[i + 1]).trim()))
  const [success, failure, gone] = rows.map((row) => row.flow_id)
  assert.deepEqual(cells, [
    ['expired', '-', 'acme', 'Test IdP (OIDC)', 'never came back', gone],
    [
      'failed',
      'grace.hopper@acme.test',
      'acme',
      'Test IdP (OIDC)',
      'invalid_connection_for_jit_provisioning (jit_provisioning)',
      failure,
    ],
    ['redeemed', ada, 'acme', 'Test IdP (SAML)', '-', success],
  ])
  for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}\S/)
})

test('logins list filters, and as JSON goes on by its cursor', async () => {
  const { setup, rows } = await threeLogins()
  const [success, failure, gone] = rows.map((row) => row.flow_id)
  const list = async (...args: string[]): Promise<string[]> => {
    const answer = await json('list', '--project', setup.project.project_id, ...args)
    return answer.logins.map((login: { flow_id: string }) => login.flow_id)
  }
  assert.deepEqual(await list('--state', 'failed'), [failure])
  assert.deepEqual(await list('--state', 'expired'), [gone])
  assert.deepEqual(await list('--email', ada), [success])
  assert.deepEqual(await list('--connection', setup.saml), [success])
  assert.deepEqual(await list('--organization', 'acme', '--check', 'jit_provisioning'), [failure])
  assert.deepEqual(await list('--error', 'invalid_connection_for_jit_provisioning'), [failure])
  assert.deepEqual(await list('--since', '10m'), [failure, success])
  assert.deepEqual(await list('--since', rows[1]!.started_at.toISOString()), [failure])
  assert.deepEqual(await list('--until', '2026-01-01'), [])
  const project = ['--project', setup.project.project_id]
  const { next_cursor } = await json('list', ...project, '--limit', '2')
  assert.deepEqual(await list('--limit', '2', '--cursor', next_cursor), [success])
  const { stdout } = await logins('list', ...project, '--limit', '2')
  assert.ok(stdout.endsWith(`Older ones: --cursor ${next_cursor}\n`))
  assert.equal(
    (await logins('list', ...project, '--email', 'x@y.z')).stdout,
    'No login is like that.\n',
  )
})

test('logins show prints each check with its mark, what was expected and found, and who must act', async () => {
  const { rows } = await threeLogins()
  const [success, failure, gone] = rows.map((row) => row.flow_id)
  const { code, stdout } = await logins('show', rows[1]!.request_id)
  assert.equal(code, 0)
  assert.match(stdout, new RegExp(`^flow id +${failure}$`, 'm'))
  assert.match(stdout, /^ {2}✓ id_token_signature/m)
  assert.match(
    stdout,
    /^ {2}✗ jit_provisioning\n {4}expected +a member .*sso_jit_provisioning.*\n {4}found +.*NOT_ALLOWED.*\n {4}who must act +developers of the application\n {4}what to do +\S/m,
  )
  assert.match((await logins('show', success!)).stdout, /^state +redeemed$[\s\S]*^member +member-/m)
  const never = (await logins('show', gone!)).stdout
  assert.match(never, /^state +expired$[\s\S]*never came back[\s\S]*IT administrator[\s\S]* {4}- /m)
  const shown = await json('show', failure!)
  assert.deepEqual([shown.flow_id, shown.request_id], [failure, rows[1]!.request_id])
  assert.equal(shown.checks.at(-1).name, 'jit_provisioning')
})

test('logins show says who tried a connection, and which messages are kept', async () => {
  const setup = await newSetup()
  await tryOut(setup, setup.saml)
  const { flow_id } = await lastFlow(setup.project)
  const { stdout } = await logins('show', flow_id)
  assert.match(stdout, /^state +passed$/m)
  assert.match(stdout, /^began .* as a test of admin-1$/m)
  assert.match(stdout, /^kept +request, response \(encrypted, for 24 hours/m)
  const shown = await json('show', flow_id)
  assert.deepEqual([shown.tested_by, shown.kept_messages], ['admin-1', ['request', 'response']])
  assert.ok(!JSON.stringify(shown).includes('AuthnRequest'))
})

test('logins show finds a login in any project, and with --project in that one alone', async () => {
  const { setup, rows } = await threeLogins()
  const other = await newProject()
  const id = rows[0]!.flow_id
  const { project_id } = await json('show', id, '--project', setup.project.project_id)
  assert.equal(project_id, setup.project.project_id)
  for (const each of [id, rows[1]!.request_id])
    assert.equal((await json('show', each)).project_id, project_id)
  await refused(1, /There is no login/, 'show', id, '--project', other.project_id)
})

test('logins commands refuse what is missing, wrong or unknown', async () => {
  const { project_id } = await newProject()
  const list = ['list', '--project', project_id]
  await newProject()
  await refused(2, /--project is required/, 'list')
  await refused(1, /no project "nobody"/, 'list', '--project', 'nobody')
  await refused(1, /organization was not found/, ...list, '--organization', 'nobody')
  await refused(2, /--state is one of/, ...list, '--state', 'lost')
  for (const limit of ['0', '501', 'all']) await refused(2, /--limit/, ...list, '--limit', limit)
  for (const since of ['yesterday', '24', '2026-13-01'])
    await refused(2, /--since is a time/, ...list, '--since', since)
  await refused(1, /cursor/, ...list, '--cursor', 'x')
  await refused(2, /Which login/, 'show')
  for (const id of ['sso-flow-test-x', 'request-id-test-x', 'x'])
    await refused(1, new RegExp(`no login "${id}"`), 'show', id)
})

test('what came from outside cannot command the terminal', () => {
  const at = new Date()
  const login = {
    ...{
      flow_id: 'f',
      request_id: 'r',
      state: 'failed',
      initiated_by: 'sp',
      email_address: 'a@b.c',
    },
    ...{ organization_id: 'o', organization_slug: 'acme', connection_id: 'c' },
    ...{
      connection_display_name: 'x\u001b[2J\u009b1m',
      connection_type: 'saml',
      identity_provider: 'okta',
    },
    ...{ error_type: 'e', failed_check: 'audience', started_at: at, verified_at: null },
    ...{
      redeemed_at: null,
      failed_at: at,
      subject: 's\u202e',
      external_id: 's',
      name: 'n\r\nfake',
    },
    durations: {
      at_identity_provider_ms: 1,
      code_exchange_ms: null,
      redemption_ms: null,
      total_ms: 1,
    },
    checks: [{ name: 'audience', verdict: 'fail', actual: '\u001b]0;x\u0007\n  ✓ forged' }],
    tested_by: null,
    kept_messages: [] as LoginTrace['kept_messages'],
    ...{ suppressed_count: 0, member_id: null, member_session_id: null, finding: null },
  } as LoginTrace
  const text = loginText(login)
  assert.doesNotMatch(text.replaceAll('\n', ''), /\p{C}/u)
  assert.doesNotMatch(text, /^ *✓|^fake/m)
})
