import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { databaseURL, server } from '../../tests/harness.ts'
import { acceptLink } from '../admins/accept-link.ts'
import { listAudit } from '../events/audit.ts'
import { runCommand } from './commands.ts'

const base_url = 'https://sso.example.com'
const password = 'a gravel path in umber'

/** Runs `portcullis admin` on the database of this run. */
async function admin(...args: string[]) {
  await server()
  const before = { ...process.env }
  const printed = { stdout: '', stderr: '' }
  try {
    process.env.DATABASE_URL = await databaseURL()
    process.env.PORTCULLIS_BASE_URL = base_url
    const code = await runCommand(['admin', ...args], {
      stdout: (text) => {
        printed.stdout += text
      },
      stderr: (text) => {
        printed.stderr += text
      },
    })
    return { code, ...printed }
  } finally {
    for (const name of ['DATABASE_URL', 'PORTCULLIS_BASE_URL'])
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
  }
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await admin(...args, '--json')
  assert.equal(code, 0, stderr)
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  return JSON.parse(stdout) as any
}

async function refused(code: number, message: RegExp, ...args: string[]): Promise<void> {
  const answer = await admin(...args)
  assert.equal(answer.code, code, answer.stderr)
  assert.match(answer.stderr, message)
  assert.equal(answer.stdout, '')
}

function newAddress(): string {
  return `${randomBytes(6).toString('hex')}@example.com`
}

function tokenOf({ url }: { url: string }): string {
  assert.ok(url.startsWith(`${base_url}/dashboard/invitation?token=`), url)
  return new URL(url).searchParams.get('token') ?? ''
}

test('admin invite prints a link that makes an administrator, admin list shows them, admin reset mends', async () => {
  const { services } = await server()
  const email = newAddress()
  const invited = await json('invite', '--email', email, '--role', 'editor')
  assert.deepEqual([invited.email_address, invited.role], [email, 'editor'])
  const days = (Date.parse(invited.expires_at) - Date.now()) / 86_400_000
  assert.ok(days > 6.9 && days <= 7)
  await acceptLink(services, { token: tokenOf(invited), name: 'Grace', password })
  const { admins } = await json('list')
  const listed = admins.find((each: { email_address: string }) => each.email_address === email)
  assert.deepEqual(
    [listed.name, listed.role, listed.status, listed.has_password, listed.has_totp],
    ['Grace', 'editor', 'active', true, false],
  )
  assert.ok(!JSON.stringify(admins).includes('scrypt'))
  const { stdout } = await admin('list')
  assert.match(stdout, new RegExp(`^${email} +editor +active +password +Grace$`, 'm'))
  const reset = await json('reset', '--email', email.toUpperCase())
  await acceptLink(services, { token: tokenOf(reset), password: 'umber gravel on a path' })
  for (const { invitation_id } of [invited, reset]) {
    const { entries } = await listAudit(services.db, { target_id: invitation_id })
    assert.deepEqual(
      entries.map((entry) => [entry.actor_type, entry.target_name]),
      [['cli', email]],
    )
  }
})

test('the link is printed for people too, for as long and to where they say', async () => {
  const email = newAddress()
  const where = ['--expires-in-days', '1', '--base-url', 'https://other.example.com/']
  const { code, stdout } = await admin('invite', '--email', email, '--role', 'viewer', ...where)
  assert.equal(code, 0)
  assert.match(stdout, /^https:\/\/other\.example\.com\/dashboard\/invitation\?token=[\w-]{43}\n/)
  assert.match(stdout, new RegExp(`For ${email} \\(viewer\\), once, until 20\\d\\d-`))
})

test('admin commands refuse what is missing, wrong or unknown', async () => {
  const email = newAddress()
  await refused(2, /--role is required/, 'invite', '--email', email)
  await refused(2, /--email is required/, 'invite', '--role', 'owner')
  await refused(2, /owner, editor or viewer/, 'invite', '--email', email, '--role', 'root')
  const invite = ['invite', '--email', email, '--role', 'owner']
  for (const days of ['0', '31', '1.5', 'soon'])
    await refused(2, /from 1 to 30/, ...invite, '--expires-in-days', days)
  await refused(1, /e-mail/i, 'invite', '--email', 'nobody', '--role', 'owner')
  await refused(1, /no administrator/, 'reset', '--email', email)
  await refused(2, /--email is required/, 'reset')
  await json(...invite)
})
