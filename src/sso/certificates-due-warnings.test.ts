import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { atEnd, createServices, databaseURL, server } from '../../tests/harness.ts'
import { runJobs } from '../jobs.ts'
import { listMails, readMail } from '../mail/mail.ts'
import { addCertificates, newOwnedConnection } from './certificates-due.test-kit.ts'
import { warnOfCertificates } from './certificates-due-warnings.ts'

const dayMs = 86_400_000

async function warnAt(days: number): Promise<void> {
  const { services } = await server()
  await warnOfCertificates({ ...services, now: () => new Date(Date.now() + days * dayMs) })
}

/** The events about certificates of a project, oldest first. */
async function eventsOf(project_id: string) {
  const { services } = await server()
  const rows = await services.db
    .selectFrom('events')
    .select(['event_type', 'object_id', 'organization_id', 'data'])
    .where('project_id', '=', project_id)
    .where('event_type', 'like', 'certificate.%')
    .orderBy('event_id')
    .execute()
  return rows.map((row) => ({ ...row, data: row.data as Record<string, unknown> }))
}

test('a certificate is warned of 60, 30 and 7 days before its end and when it has ended, each once', async () => {
  const connection = await newOwnedConnection()
  const [certificate_id] = await addCertificates(connection, 'verification', [100.5])
  for (const days of [0, 39, 41, 45, 69, 71, 92, 94, 100.4, 100.6, 130]) await warnAt(days)
  const events = await eventsOf(connection.project_id)
  assert.deepEqual(
    events.map(({ event_type, data }) => `${event_type} ${data.warning} ${data.days_left}`),
    [
      'certificate.expiring 60_days 59',
      'certificate.expiring 30_days 29',
      'certificate.expiring 7_days 6',
      'certificate.expired expired -1',
    ],
  )
  const { object_id, organization_id, data } = events[0]!
  assert.deepEqual(
    [object_id, organization_id],
    [certificate_id, connection.organization.organization_id],
  )
  assert.deepEqual(
    [data.connection_id, data.purpose, data.replaced, data.project_id],
    [connection.connection_id, 'verification', false, undefined],
  )
})

test('one that ends soon when it is added is warned of once, not of each time that has passed', async () => {
  const connection = await newOwnedConnection()
  await addCertificates(connection, 'encryption', [3])
  await warnAt(0)
  await warnAt(0.1)
  const [only, ...others] = await eventsOf(connection.project_id)
  assert.deepEqual([only?.data.warning, others.length], ['7_days', 0])
})

test('the warning says whether another certificate replaces it', async () => {
  const connection = await newOwnedConnection()
  const [old, next] = await addCertificates(connection, 'verification', [20, 50])
  await warnAt(0)
  const events = await eventsOf(connection.project_id)
  assert.deepEqual(
    new Map(events.map(({ object_id, data }) => [object_id, data.replaced])),
    new Map([
      [old!, true],
      [next!, false],
    ]),
  )
})

async function newAdmin(email_address: string, status: 'active' | 'disabled' = 'active') {
  const { db } = (await server()).services
  const now = new Date()
  const admin = { admin_id: `admin-${randomUUID()}`, role: 'viewer' as const, status }
  const values = { ...admin, email_address, created_at: now, updated_at: now }
  await db.insertInto('admins').values(values).execute()
  atEnd(() => db.deleteFrom('admins').where('admin_id', '=', admin.admin_id).execute())
}

/** The mails about a project, with what they say. */
async function mailsOf(project_id: string) {
  const { services } = await server()
  // Everybody whom other tests made an administrator gets one, too.
  const { mails } = await listMails(services.db, { project_id, limit: 10_000 })
  const read = await Promise.all(mails.map((mail) => readMail(services, mail.mail_id)))
  return read.map((mail) => ({ ...mail, text: mail.content!.text, html: mail.content!.html }))
}

test('every active administrator gets one mail a project, without what another certificate replaces', async () => {
  const [first, second] = [`a-${randomUUID()}@acme.test`, `b-${randomUUID()}@acme.test`]
  await newAdmin(first)
  await newAdmin(second)
  await newAdmin(`c-${randomUUID()}@acme.test`, 'disabled')
  await newAdmin(`no address ${randomUUID()}`)
  const connection = await newOwnedConnection()
  await addCertificates(connection, 'verification', [-20, -10.5])
  await addCertificates(connection, 'signing', [6.5])
  await addCertificates(await newOwnedConnection(connection), 'verification', [20, 300])
  const { services } = await server()
  await Promise.all([services, services, services].map(warnOfCertificates))
  await warnAt(0.2)
  const mails = (await mailsOf(connection.project_id)).filter((mail) =>
    mail.to_address.endsWith('@acme.test'),
  )
  assert.deepEqual(mails.map((mail) => mail.to_address).sort(), [first, second].sort())
  const [{ subject, text, html, kind }] = mails as [(typeof mails)[number]]
  assert.deepEqual(
    [subject, kind],
    ['SSO certificates: 2 have ended, 1 ends soon', 'certificates_due'],
  )
  assert.match(
    text,
    /: the certificate of the identity provider ended on \d{4}-\d\d-\d\d\. Connection Acme \(saml-/,
  )
  assert.match(text, /: our certificate that signs requests ends on \d{4}-\d\d-\d\d, in 6 days\./)
  assert.doesNotMatch(text, /in 20 days|in 19 days/)
  assert.match(html, /href="http:\/\/localhost:4000\/dashboard"/)
})

test('without a way to send mail there are events alone', async () => {
  await newAdmin(`d-${randomUUID()}@acme.test`)
  const connection = await newOwnedConnection()
  await addCertificates(connection, 'verification', [6])
  const { services } = await server()
  const config = { ...services.config, mode: 'production' as const, smtp_url: '' }
  await warnOfCertificates({ ...services, config })
  assert.equal((await eventsOf(connection.project_id)).length, 1)
  assert.deepEqual(await mailsOf(connection.project_id), [])
})

test('a server does it by itself', async () => {
  const connection = await newOwnedConnection()
  await addCertificates(connection, 'verification', [20])
  await runJobs((await server()).services)
  assert.equal((await eventsOf(connection.project_id)).length, 1)
})

test('nodes that run at once send each warning once, and those of a project in one mail', async () => {
  await warnAt(0) // of what other tests have left, so that the project is in one batch
  const admin = `e-${randomUUID()}@acme.test`
  await newAdmin(admin)
  const connection = await newOwnedConnection()
  const expected: string[] = []
  for (let i = 0; i < 30; i += 1) {
    const other = await newOwnedConnection(connection)
    expected.push(...(await addCertificates(other, 'verification', [10, 5, 3, -1, 40, 20])))
  }
  const database_url = await databaseURL()
  const other = createServices({ base_url: 'http://localhost:4000', port: 4000, database_url })
  const { services } = await server()
  await Promise.all([services, other.services, services].map(warnOfCertificates))
  const events = (await eventsOf(connection.project_id)).map((event) => event.object_id)
  assert.equal(events.length, 6 * 30)
  assert.equal(new Set(events).size, events.length)
  assert.ok(events.every((id) => expected.includes(id)))
  const mails = await mailsOf(connection.project_id)
  const own = mails.filter((mail) => mail.to_address === admin)
  assert.equal(own.length, 1, `of ${mails.length} mails, the last of ${mails[0]?.to_address}`)
})
