import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, server } from '../../tests/harness.ts'
import { listAudit } from '../events/audit.ts'
import { deliverDue } from '../events/deliver.ts'
import { listDeliveries } from '../events/deliveries.ts'
import { newWebhook, startReceiver } from '../events/webhooks.test-kit.ts'
import { listWebhooks } from '../events/webhooks.ts'
import { newAdmin } from './dashboard.test-kit.ts'

async function stored(project_id: string) {
  const { services } = await server()
  return listWebhooks(services.db, { project_id })
}

/** A webhook that was made in the dashboard. */
async function made(event_types: string[] = []) {
  const [project, receiver] = [await newProject(), await startReceiver()]
  const admin = await newAdmin(project, 'editor')
  const url = receiver.url
  const { html, status } = await admin.post('/webhooks', { url, description: 'CRM', event_types })
  const secret = /whsec_[\w+/=]+/.exec(html)?.[0] ?? ''
  const [webhook] = await stored(project.project_id)
  return {
    project,
    receiver,
    admin,
    status,
    secret,
    webhook: webhook!,
    at: `/webhooks/${webhook?.webhook_id}`,
  }
}

test('a webhook is made with the events that were ticked; its secret is shown once and signs what is sent', async () => {
  const { project, receiver, admin, secret, webhook, at } = await made([
    'direct.organization.create',
  ])
  assert.deepEqual(webhook.event_types, ['direct.organization.create'])
  assert.ok(!(await admin.get(at)).html.includes(secret))
  await call(project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Globex',
    organization_slug: 'globex',
  })
  const { services } = await server()
  await deliverDue(services)
  assert.equal(receiver.requests.length, 1)
  const payload = receiver.verify(secret, receiver.requests[0]!)
  assert.equal(payload.event_type, 'direct.organization.create')
  const { html } = await admin.get(at)
  assert.match(html, /direct\.organization\.create<\/code>/)
  assert.match(html, /Delivered<\/span>/)
  assert.match(html, /Status 204/)
})

test('what cannot be an address is refused with the reason, and what was typed stays', async () => {
  const project = await newProject()
  const admin = await newAdmin(project, 'editor')
  for (const url of ['', 'nowhere', 'ftp://a.example', 'https://user:pw@a.example/']) {
    const refused = await admin.post('/webhooks', { url, description: 'My "hook"' })
    assert.equal(refused.status, 400, url)
    assert.match(refused.html, /value="My &quot;hook&quot;"/)
  }
  assert.deepEqual(await stored(project.project_id), [])
  const viewer = await newAdmin(project, 'viewer')
  assert.equal((await viewer.post('/webhooks', { url: 'https://a.example' })).status, 403)
  assert.doesNotMatch((await viewer.get('/webhooks')).html, /New webhook/)
})

test('a test event goes to this webhook alone, and the log follows it', async () => {
  const { project, receiver, admin, secret, at } = await made()
  const other = await startReceiver()
  await admin.post('/webhooks', { url: other.url, description: 'Other' })
  const sent = await admin.post(`${at}/test`)
  assert.equal(sent.location, admin.base + at)
  const waiting = await admin.get(at, { 'hx-request': 'true' })
  assert.match(waiting.html, /^<section class="card" id="deliveries" hx-get[\s\S]*Waiting/)
  const { services } = await server()
  await deliverDue(services)
  assert.equal(receiver.verify(secret, receiver.requests[0]!).event_type, 'webhook.test')
  assert.equal(other.requests.length, 0)
  assert.doesNotMatch((await admin.get(at, { 'hx-request': 'true' })).html, /hx-get/)
  assert.match((await admin.get('/events?event_type=webhook.test')).html, /\/events\/event-test-/)
  const { entries } = await listAudit(services.db, {
    project_id: project.project_id,
    action: 'webhook.test',
  })
  assert.equal(entries.length, 1)
})

test('a delivery that failed says why, and can be sent again', async () => {
  const { project, receiver, admin, at } = await made()
  receiver.answer = { status: 500, body: '<b>broken</b>' }
  await admin.post(`${at}/test`)
  const { services } = await server()
  await deliverDue(services)
  await services.db
    .updateTable('webhook_deliveries')
    .set({ state: 'failed', next_attempt_at: null })
    .where('project_id', '=', project.project_id)
    .execute()
  const { html } = await admin.get(at)
  assert.match(html, /Failed<\/span>/)
  assert.match(html, /Status 500/)
  assert.doesNotMatch(html, /<b>broken/)
  const path = /action="([^"]*\/deliveries\/webhook-delivery-[^"]*\/replay)"/.exec(html)?.[1] ?? ''
  receiver.answer = { status: 200 }
  assert.equal((await admin.post(path.replace(admin.base, ''))).status, 303)
  await deliverDue(services)
  const { deliveries } = await listDeliveries(services.db, { project_id: project.project_id })
  assert.deepEqual(
    deliveries.map(({ state }) => state),
    ['delivered', 'failed'],
  )
})

test('settings are saved, a disabled webhook gets nothing, a rotated secret signs with the old one', async () => {
  const { project, receiver, admin, secret, at, webhook } = await made()
  const saved = await admin.post(at, {
    url: webhook.url,
    description: 'Billing',
    event_types: ['login.failed', 'login.succeeded'],
  })
  assert.equal(saved.status, 303)
  const [after] = await stored(project.project_id)
  assert.deepEqual(
    [after!.description, after!.event_types],
    ['Billing', ['login.failed', 'login.succeeded']],
  )
  const rotated = /whsec_[\w+/=]+/.exec((await admin.post(`${at}/rotate`)).html)?.[0] ?? ''
  assert.ok(rotated !== '' && rotated !== secret)
  await admin.post(`${at}/test`)
  const { services } = await server()
  await deliverDue(services)
  for (const each of [secret, rotated])
    assert.equal(receiver.verify(each, receiver.requests[0]!).event_type, 'webhook.test')
  await admin.post(`${at}/status`, { status: 'disabled' })
  assert.equal((await stored(project.project_id))[0]!.status, 'disabled')
  const refused = await admin.post(`${at}/test`)
  assert.deepEqual([refused.status, /is disabled/.test(refused.html)], [400, true])
  const { entries } = await listAudit(services.db, { project_id: project.project_id })
  const text = JSON.stringify(entries)
  for (const each of [secret, rotated]) assert.ok(!text.includes(each))
})

test('a webhook is deleted only when its host was typed; another project’s is not there', async () => {
  const { project, admin, at, webhook } = await made()
  assert.equal((await admin.post(`${at}/delete`, { confirm_name: 'x' })).status, 400)
  assert.equal((await stored(project.project_id)).length, 1)
  const elsewhere = await newWebhook()
  const theirs = `/webhooks/${elsewhere.reference.webhook_id}`
  assert.equal((await admin.get(theirs)).status, 404)
  for (const action of ['', '/rotate', '/test', '/delete', '/status'])
    assert.equal((await admin.post(theirs + action, { url: webhook.url })).status, 404, action)
  const gone = await admin.post(`${at}/delete`, { confirm_name: new URL(webhook.url).host })
  assert.equal(gone.location, `${admin.base}/webhooks`)
  assert.deepEqual(await stored(project.project_id), [])
  assert.match((await admin.get('/webhooks')).html, /No webhook yet/)
})
