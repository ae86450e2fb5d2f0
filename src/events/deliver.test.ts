import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { createServices, databaseURL, server } from '../../tests/harness.ts'
import { createLog } from '../log.ts'
import { deliverDue } from './deliver.ts'
import { listDeliveries, replayDelivery } from './deliveries.ts'
import { happen, newWebhook, type Received } from './webhooks.test-kit.ts'
import { deleteWebhook, rotateWebhookSecret, updateWebhook } from './webhooks.ts'

afterEach(async () => (await server()).setNow(null))

/** Moves the clock of the server from now. */
async function later(seconds: number): Promise<void> {
  const { setNow, services } = await server()
  setNow(new Date(services.now().getTime() + seconds * 1_000))
}

async function log(reference: { project_id: string; webhook_id: string }) {
  return (await listDeliveries((await server()).services.db, reference)).deliveries
}

test('an event reaches the webhook once, signed so that Standard Webhooks libraries believe it', async () => {
  const { project, receiver, secret, reference } = await newWebhook()
  const { services } = await server()
  const event_id = await happen(project)
  await deliverDue(services)
  await deliverDue(services)
  assert.equal(receiver.requests.length, 1)
  const payload = receiver.verify(secret, receiver.requests[0]!)
  assert.match(String(payload.timestamp), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.deepEqual(
    { ...payload, timestamp: '' },
    {
      project_id: project.project_id,
      event_id,
      event_type: 'direct.member.create',
      action: 'CREATE',
      object_type: 'member',
      source: 'DIRECT',
      id: 'member-test-1',
      organization_id: 'organization-test-1',
      vertical: 'B2B',
      timestamp: '',
      member: { member_id: 'member-test-1', name: 'Ada' },
    },
  )
  assert.equal(receiver.requests[0]?.headers['webhook-id'], event_id)
  assert.equal(receiver.requests[0]?.headers['content-type'], 'application/json')
  const [delivery] = await log(reference)
  assert.equal(delivery?.state, 'delivered')
  assert.deepEqual([delivery?.attempts, delivery?.last_status, delivery?.last_error], [1, 204, ''])
  assert.equal(delivery?.event_type, 'direct.member.create')
})

test('a body or an id that was changed on the way, or another secret, is refused by the verifier', async () => {
  const { project, receiver, secret } = await newWebhook()
  await happen(project)
  await deliverDue((await server()).services)
  const [request] = receiver.requests as [Received]
  const forged = [
    { ...request, body: request.body.replace('Ada', 'Eve') },
    { ...request, headers: { ...request.headers, 'webhook-id': 'event-test-other' } },
    {
      ...request,
      headers: {
        ...request.headers,
        'webhook-timestamp': String(Number(request.headers['webhook-timestamp']) + 1),
      },
    },
  ]
  for (const each of forged) assert.throws(() => receiver.verify(secret, each), /signature/)
  const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
  assert.throws(() => receiver.verify(other, request), /signature/)
  receiver.verify(secret, request)
})

test('a receiver that fails is tried again, later and later, until it answers', async () => {
  const { project, receiver, secret, reference } = await newWebhook()
  const { services } = await server()
  receiver.answer = { status: 503, body: 'down for\nmaintenance \0' }
  await happen(project)
  await deliverDue(services)
  const [first] = await log(reference)
  assert.equal(first?.state, 'waiting')
  assert.equal(first?.last_status, 503)
  assert.equal(first?.last_error, 'It answers with status 503: down for maintenance')
  const wait = Number(first?.next_attempt_at) - Number(first?.last_attempt_at)
  assert.ok(wait >= 4_000 && wait <= 7_000, `${wait} ms`)
  await later(3)
  await deliverDue(services)
  assert.equal(receiver.requests.length, 1, 'not before its time')
  await later(4)
  receiver.answer = { status: 200, body: 'ok' }
  await deliverDue(services)
  assert.equal(receiver.requests.length, 2)
  const ids = receiver.requests.map(({ headers }) => headers['webhook-id'])
  assert.equal(ids[0], ids[1], 'a receiver can tell that it is the same message')
  receiver.verify(secret, receiver.requests[1]!)
  const [second] = await log(reference)
  assert.deepEqual([second?.state, second?.attempts, second?.last_error], ['delivered', 2, ''])
})

test('after the last of eight attempts, a day and a half later, the delivery has failed', async () => {
  const { project, receiver, reference } = await newWebhook()
  const { services } = await server()
  receiver.answer = { status: 302, headers: { location: receiver.url } }
  await happen(project)
  const begun = services.now().getTime()
  for (let n = 0; n < 12; n++) {
    await deliverDue(services)
    const [delivery] = await log(reference)
    if (!delivery?.next_attempt_at) break
    ;(await server()).setNow(delivery.next_attempt_at)
  }
  assert.equal(receiver.requests.length, 8, 'each attempt once, and no redirect is followed')
  const [delivery] = await log(reference)
  assert.deepEqual([delivery?.state, delivery?.attempts], ['failed', 8])
  assert.match(delivery?.last_error ?? '', /redirect/)
  const hours = (services.now().getTime() - begun) / 3_600_000
  assert.ok(hours > 25 && hours < 42, `${hours} hours`)
})

test('two nodes and many rounds at once send each event once', async () => {
  const { project, receiver } = await newWebhook()
  const { services } = await server()
  const database_url = await databaseURL()
  const other = createServices({ base_url: 'http://localhost:4000', port: 4000, database_url })
  const events = await Promise.all(Array.from({ length: 60 }, () => happen(project)))
  await Promise.all(
    [services, other.services, services, other.services].map((each) => deliverDue(each)),
  )
  const sent = receiver.requests.map(({ headers }) => headers['webhook-id'])
  assert.deepEqual(sent.sort(), events.sort())
})

test('what a node had taken when it ended is sent when its lease is over', async () => {
  const { project, receiver } = await newWebhook()
  const { services } = await server()
  await happen(project)
  const endless = { ...services, fetch: (() => new Promise(() => {})) as typeof fetch }
  const lost = deliverDue(endless)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await deliverDue(services)
  assert.equal(receiver.requests.length, 0)
  await later(61)
  await deliverDue(services)
  assert.equal(receiver.requests.length, 1)
  void lost
})

test('a webhook that hangs does not hold up the others', async () => {
  const [slow, quick] = [await newWebhook(), await newWebhook()]
  const { services } = await server()
  await Promise.all(Array.from({ length: 50 }, () => happen(slow.project)))
  await Promise.all(Array.from({ length: 10 }, () => happen(quick.project)))
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const picky = (async (url, init) => {
    if (String(url) === slow.receiver.url) await held
    return services.fetch(url, init)
  }) as typeof fetch
  const done = deliverDue({ ...services, fetch: picky })
  for (let n = 0; n < 100 && quick.receiver.requests.length < 10; n++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(quick.receiver.requests.length, 10)
  release()
  await done
  assert.equal(slow.receiver.requests.length, 50)
})

test('a webhook gets the events that it asked for, and none while it is disabled or once it is deleted', async () => {
  const { project, receiver, reference } = await newWebhook(['login.failed'])
  const { services } = await server()
  await happen(project, 'direct.member.create')
  const wanted = await happen(project, 'login.failed')
  await deliverDue(services)
  assert.deepEqual(
    receiver.requests.map(({ headers }) => headers['webhook-id']),
    [wanted],
  )
  await happen(project, 'login.failed')
  await updateWebhook(services, { ...reference, status: 'disabled' })
  await happen(project, 'login.failed')
  await deliverDue(services)
  assert.equal(receiver.requests.length, 1)
  const [stopped, first, ...rest] = await log(reference)
  assert.deepEqual([stopped?.state, stopped?.last_error], ['failed', 'The webhook is disabled.'])
  assert.equal(first?.state, 'delivered')
  assert.equal(rest.length, 0)
  await updateWebhook(services, { ...reference, status: 'active' })
  await deliverDue(services)
  assert.equal(receiver.requests.length, 1)
  await happen(project, 'login.failed')
  await deleteWebhook(services.db, reference)
  await deliverDue(services)
  assert.equal(receiver.requests.length, 1)
})

test('for a day after a rotation both secrets verify, then the new one alone', async () => {
  const { project, receiver, secret, reference } = await newWebhook()
  const { services } = await server()
  const { secret: fresh } = await rotateWebhookSecret(services, reference)
  assert.notEqual(fresh, secret)
  await happen(project)
  await deliverDue(services)
  for (const each of [secret, fresh]) receiver.verify(each, receiver.requests[0]!)
  assert.equal(receiver.requests[0]?.headers['webhook-signature']?.split(' ').length, 2)
  await later(24 * 3_600 + 1)
  await happen(project)
  await deliverDue(services)
  assert.equal(receiver.requests[1]?.headers['webhook-signature']?.split(' ').length, 1)
})

test('a delivery is replayed as one of its own, with the id of the message as it was', async () => {
  const { project, receiver, secret, reference } = await newWebhook()
  const { services } = await server()
  await happen(project)
  await deliverDue(services)
  const { delivery_id } = (await log(reference))[0]!
  const replayed = await replayDelivery(services, { ...reference, delivery_id })
  await deliverDue(services)
  assert.equal(receiver.requests.length, 2)
  assert.equal(receiver.requests[1]?.body, receiver.requests[0]?.body)
  receiver.verify(secret, receiver.requests[1]!)
  const [latest, first] = await log(reference)
  assert.deepEqual([latest?.delivery_id, latest?.state], [replayed.delivery_id, 'delivered'])
  assert.equal(first?.delivery_id, delivery_id)
  const other = await newWebhook()
  const theirs = { ...other.reference, delivery_id }
  await assert.rejects(replayDelivery(services, theirs), { status: 404 })
  await updateWebhook(services, { ...reference, status: 'disabled' })
  await assert.rejects(replayDelivery(services, { ...reference, delivery_id }), /disabled/)
})

test('nothing of a webhook that is secret gets into the log', async () => {
  const lines: string[] = []
  const { services } = await server()
  const talking = { ...services, log: createLog('trace', { write: (line) => lines.push(line) }) }
  const { project, receiver, secret, reference } = await newWebhook()
  receiver.answer = { status: 500, body: 'canary-body' }
  await updateWebhook(services, { ...reference, url: `${receiver.url}?key=canary-key` })
  await happen(project)
  await deliverDue(talking)
  await later(10)
  const broken = (() => Promise.reject(new Error('broken'))) as typeof fetch
  await deliverDue({ ...talking, fetch: broken })
  assert.match(lines.join(''), /a webhook was not delivered/)
  assert.match(lines.join(''), /a webhook could not be sent/)
  assert.doesNotMatch(lines.join(''), /canary/)
  assert.ok(!lines.join('').includes(secret.slice(6)))
  const [delivery] = await log(reference)
  assert.deepEqual([delivery?.state, delivery?.attempts], ['waiting', 2])
})
