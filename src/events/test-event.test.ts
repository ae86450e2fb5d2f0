import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { deliverDue } from './deliver.ts'
import { sendTestEvent } from './test-event.ts'
import { newWebhook } from './webhooks.test-kit.ts'

test('a test event reaches that webhook alone, signed, whatever events it asked for', async () => {
  const { receiver, secret, reference } = await newWebhook(['login.failed'])
  const other = await newWebhook()
  const { services } = await server()
  const request_id = 'request-id-test-1'
  const { event_id } = await sendTestEvent(services, { ...reference, request_id })
  await deliverDue(services)
  assert.equal(receiver.requests.length, 1)
  assert.equal(other.receiver.requests.length, 0)
  const payload = receiver.verify(secret, receiver.requests[0]!)
  assert.deepEqual([payload.event_id, payload.event_type], [event_id, 'webhook.test'])
  const theirs = { ...other.reference, project_id: reference.project_id, request_id }
  await assert.rejects(sendTestEvent(services, theirs), { status: 404 })
})
