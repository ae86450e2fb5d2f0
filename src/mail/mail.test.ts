import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test as runTest } from 'node:test'
import { sql } from 'kysely'
import { server } from '../../tests/harness.ts'
import type { Services } from '../context.ts'
import { deliverMails, verifySMTP } from './deliver-mails.ts'
import { deadPort, mailNode, startSMTP } from './mail.test-kit.ts'
import { listMails, type NewMail, readMail, retryMail, sendMail } from './mail.ts'
import { mailBody } from './mail-body.ts'

/** With an empty queue: the tests of other files share it. */
function test(name: string, work: () => Promise<void>): void {
  runTest(name, async () => {
    await sql`delete from mails`.execute((await server()).services.db)
    await work()
  })
}

function mail(change: Partial<NewMail> = {}): NewMail {
  return {
    project_id: null,
    kind: 'admin_invitation',
    to: `ada-${randomBytes(4).toString('hex')}@example.com`,
    subject: 'You are invited — é',
    ...mailBody({
      title: 'You are invited',
      paragraphs: ['Come in.'],
      action: { label: 'Accept', url: 'https://sso.example.com/accept?token=canary-token' },
      footer: 'Somebody invited you.',
    }),
    ...change,
  }
}

async function stateOf({ db }: Services, mail_id: string) {
  const { mails } = await listMails(db)
  return mails.find((each) => each.mail_id === mail_id)!
}

test('a mail is delivered once, as text and as HTML, and what it said is then forgotten', async () => {
  const { sent, smtp_url } = await startSMTP()
  const { services, lines } = await mailNode({ smtp_url })
  const given = mail()
  const { mail_id } = await sendMail(services, given)
  const { rows } = await sql<{ content: Buffer }>`select content from mails`.execute(services.db)
  assert.ok(!rows[0]?.content.includes('canary'), 'it is stored encrypted')
  await deliverMails(services)
  await deliverMails(services)
  assert.equal(sent.length, 1)
  const [{ from, to, raw }] = sent as [(typeof sent)[number]]
  assert.deepEqual([from, to], ['sso@example.com', [given.to]])
  assert.match(raw, /^From: Example SSO <sso@example.com>\r$/m)
  assert.match(raw, /^Subject: =\?UTF-8\?/m)
  assert.match(raw, new RegExp(`^Message-ID: <${mail_id}@sso.example.com>\r$`, 'm'))
  assert.match(raw, /^Auto-Submitted: auto-generated\r$/m)
  assert.match(raw, /^Content-Type: multipart\/alternative/m)
  assert.match(raw, /Content-Type: text\/plain/)
  assert.match(raw, /Content-Type: text\/html/)
  const { state, sent_at, attempts } = await stateOf(services, mail_id)
  assert.deepEqual([state, attempts, sent_at instanceof Date], ['sent', 1, true])
  const stored = await sql<{ content: Buffer }>`select content from mails`.execute(services.db)
  assert.equal(stored.rows[0]?.content.length, 0)
  assert.equal((await readMail(services, mail_id)).content, null)
  assert.doesNotMatch(lines.join(''), /canary/)
})

test('an address that is refused is tried again, and then the mail has failed with the reason', async () => {
  const { sent, attempts, smtp_url } = await startSMTP((address) =>
    address.startsWith('nobody') ? { code: 550, message: 'No such user here' } : undefined,
  )
  const { services, later, lines } = await mailNode({ smtp_url })
  const { mail_id } = await sendMail(services, mail({ to: 'nobody@example.com' }))
  await deliverMails(services)
  const first = await stateOf(services, mail_id)
  assert.equal(first.state, 'waiting')
  assert.match(first.last_error, /No such user here/)
  await deliverMails(services)
  assert.equal(attempts.length, 1, 'not before its time')
  for (let n = 0; n < 5; n++) {
    later(24 * 3_600)
    await deliverMails(services)
  }
  const failed = await stateOf(services, mail_id)
  assert.deepEqual([failed.state, failed.attempts, attempts.length], ['failed', 3, 3])
  assert.match(failed.last_error, /No such user here/)
  assert.match(lines.join(''), /a mail was not sent/)
  assert.doesNotMatch(lines.join(''), /canary|nobody@/)
  assert.equal(sent.length, 0)
  await assert.rejects(retryMail(services, 'mail-none'), { status: 404 })
  await retryMail(services, mail_id)
  await assert.rejects(retryMail(services, mail_id), { status: 404 })
  await deliverMails(services)
  assert.equal(attempts.length, 4)
})

test('a mail that is refused for now, or that nobody takes, waits longer and longer and gets there', async () => {
  let busy = true
  const { sent, smtp_url } = await startSMTP(() =>
    busy ? { code: 451, message: 'Greylisted' } : undefined,
  )
  const { services, later } = await mailNode({ smtp_url })
  const { mail_id } = await sendMail(services, mail())
  const waits: number[] = []
  for (let n = 0; n < 5; n++) {
    await deliverMails(services)
    const { next_attempt_at, state } = await stateOf(services, mail_id)
    assert.equal(state, 'waiting')
    waits.push((Number(next_attempt_at) - services.now().getTime()) / 1_000)
    later(waits.at(-1)! + 1)
  }
  assert.deepEqual(
    waits,
    waits.toSorted((a, b) => a - b),
  )
  assert.ok(waits[0]! < 40 && waits[4]! > 10_000, waits.join())
  busy = false
  await deliverMails(services)
  assert.equal(sent.length, 1)
  const dead = await mailNode({ smtp_url: `smtp://127.0.0.1:${await deadPort()}` })
  const second = await sendMail(dead.services, mail())
  await deliverMails(dead.services)
  const { state, last_error } = await stateOf(services, second.mail_id)
  assert.equal(state, 'waiting')
  assert.match(last_error, /ECONNREFUSED/)
})

test('two nodes and many rounds at once send each mail once', async () => {
  const { sent, smtp_url } = await startSMTP()
  const [first, second] = [await mailNode({ smtp_url }), await mailNode({ smtp_url })]
  for (let n = 0; n < 25; n++) await sendMail(first.services, mail({ to: `u${n}@example.com` }))
  await Promise.all([first, second, first, second].map(({ services }) => deliverMails(services)))
  const to = sent.flatMap((each) => each.to)
  assert.deepEqual([to.length, new Set(to).size], [25, 25])
})

test('without an SMTP server mail stays to be read in development, and fails visibly in production', async () => {
  const laptop = await mailNode({ mode: 'development', smtp_url: '' })
  const { mail_id } = await sendMail(laptop.services, mail({ to: 'ada@example.com' }))
  await deliverMails(laptop.services)
  const read = await readMail(laptop.services, mail_id)
  assert.equal(read.state, 'sent')
  assert.match(read.content?.text ?? '', /canary-token/)
  assert.match(read.content?.html ?? '', /<a href="https:\/\/sso.example.com\/accept\?token=/)
  const { services } = await mailNode({ smtp_url: '' })
  assert.equal((await readMail(services, mail_id)).content, null, 'in production nobody reads it')
  const lost = await sendMail(services, mail())
  await deliverMails(services)
  const { state, last_error } = await stateOf(services, lost.mail_id)
  assert.equal(state, 'failed')
  assert.match(last_error, /PORTCULLIS_SMTP_URL/)
  await assert.rejects(readMail(services, 'mail-none'), { status: 404 })
})

test('nobody can add a header or an address to a mail', async () => {
  const { services } = await mailNode({ smtp_url: '' })
  const addresses = [
    'a@example.com\r\nBcc: eve@example.com',
    'a@example.com, eve@example.com',
    'Ada <a@example.com>',
    '"a b"@example.com',
    'a@b@example.com',
    'a@example.com\0',
    'example.com',
    '',
    `${'a'.repeat(250)}@example.com`,
  ]
  for (const to of addresses)
    await assert.rejects(sendMail(services, mail({ to })), { error_type: 'bad_request' }, to)
  for (const subject of ['a\r\nBcc: eve@example.com', 'a\nb', 'a\u2028b', 'a'.repeat(201)])
    await assert.rejects(sendMail(services, mail({ subject })), { error_type: 'bad_request' })
  assert.equal((await listMails(services.db)).mails.length, 0)
})

test('an SMTP server that offers no encryption is not told a password', async () => {
  const { sent, smtp_url } = await startSMTP()
  const { port } = new URL(smtp_url)
  const { services } = await mailNode({ smtp_url: `smtp://user:canary@0.0.0.0:${port}` })
  const { mail_id } = await sendMail(services, mail())
  await deliverMails(services)
  assert.equal(sent.length, 0)
  const { state, last_error } = await stateOf(services, mail_id)
  assert.equal(state, 'waiting')
  assert.match(last_error, /STARTTLS|TLS/)
})

test('an operator can ask whether the SMTP server would take mail, without sending any', async () => {
  const { sent, attempts, smtp_url } = await startSMTP()
  await verifySMTP((await mailNode({ smtp_url })).services.config)
  assert.deepEqual([sent.length, attempts.length], [0, 0])
  const dead = await mailNode({ smtp_url: `smtp://127.0.0.1:${await deadPort()}` })
  await assert.rejects(verifySMTP(dead.services.config), /ECONNREFUSED/)
})

test('mails are listed latest first, page by page', async () => {
  const { services } = await mailNode({ smtp_url: '' })
  for (let n = 0; n < 3; n++) {
    await sendMail(services, mail({ to: `u${n}@example.com` }))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const first = await listMails(services.db, { limit: 2 })
  assert.deepEqual(
    first.mails.map((each) => each.to_address),
    ['u2@example.com', 'u1@example.com'],
  )
  const cursor = first.next_cursor ?? ''
  const rest = await listMails(services.db, { cursor, limit: 2 })
  assert.deepEqual([rest.mails.length, rest.next_cursor], [1, null])
  assert.equal((await listMails(services.db, { state: 'failed' })).mails.length, 0)
})
