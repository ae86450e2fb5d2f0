/** What can be done with a webhook; each of it ends on its page. */
import { replayDelivery } from '../events/deliveries.ts'
import { sendTestEvent } from '../events/test-event.ts'
import {
  deleteWebhook,
  findWebhook,
  rotateWebhookSecret,
  updateWebhook,
  type Webhook,
} from '../events/webhooks.ts'
import { ApiError } from '../http/errors.ts'
import { assertConfirmed, changed, parameter } from './ask.ts'
import { seeOther } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'
import { showWebhook } from './webhook-page.ts'

const path = '/webhooks/:webhook_id'

type Action = (visit: ProjectVisit, webhook: Webhook) => Promise<Response>

const action = (name: string, run: Action): DashboardPage =>
  projectPage({ method: 'POST', path: path + name, needs: 'editor', run: orAgain(run) })

export const webhookPages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path,
    needs: 'viewer',
    run: async (visit) => showWebhook(visit, await load(visit)),
  }),
  action('', update),
  action('/status', setStatus),
  action('/rotate', rotate),
  action('/test', test),
  action('/delete', remove),
  action('/deliveries/:delivery_id/replay', replay),
]

function load(visit: ProjectVisit): Promise<Webhook> {
  const { services, project } = visit
  const { project_id } = project
  return findWebhook(services.db, { project_id, webhook_id: parameter(visit, 'webhook_id') })
}

function orAgain(run: Action) {
  return async (visit: ProjectVisit): Promise<Response> => {
    const webhook = await load(visit)
    try {
      return await run(visit, webhook)
    } catch (error) {
      if (error instanceof ApiError) return showWebhook(visit, webhook, { error })
      throw error
    }
  }
}

async function update(visit: ProjectVisit, before: Webhook): Promise<Response> {
  const { services, form } = visit
  const after = await updateWebhook(services, {
    project_id: before.project_id,
    webhook_id: before.webhook_id,
    url: form.text('url'),
    description: form.text('description'),
    event_types: form.list('event_types'),
  })
  await visit.audit({ ...target(after), action: 'webhook.update', ...changed(before, after) })
  return back(visit, after, 'The webhook was saved.')
}

async function setStatus(visit: ProjectVisit, before: Webhook): Promise<Response> {
  const { project_id, webhook_id } = before
  const status = visit.form.text('status') === 'active' ? 'active' : 'disabled'
  const after = await updateWebhook(visit.services, { project_id, webhook_id, status })
  await visit.audit({ ...target(after), action: 'webhook.update', ...changed(before, after) })
  const active = status === 'active'
  return back(visit, after, active ? 'The webhook is active.' : 'The webhook is disabled.')
}

async function rotate(visit: ProjectVisit, webhook: Webhook): Promise<Response> {
  const { secret, old_secret_until } = await rotateWebhookSecret(visit.services, webhook)
  await visit.audit({ ...target(webhook), action: 'webhook.rotate_secret' })
  return showWebhook(visit, webhook, { secret, old_until: old_secret_until })
}

async function test(visit: ProjectVisit, webhook: Webhook): Promise<Response> {
  const { services, request_id } = visit
  if (webhook.status === 'disabled')
    throw new ApiError('bad_request', { message: 'The webhook is disabled: activate it first.' })
  const { event_id } = await sendTestEvent(services, { ...webhook, request_id })
  await visit.audit({ ...target(webhook), action: 'webhook.test', after: { event_id } })
  return back(visit, webhook, 'The test event is on its way. Its delivery is the first in the log.')
}

async function remove(visit: ProjectVisit, webhook: Webhook): Promise<Response> {
  assertConfirmed(visit, new URL(webhook.url).host)
  await deleteWebhook(visit.services.db, webhook)
  const { url, event_types } = webhook
  await visit.audit({ ...target(webhook), action: 'webhook.delete', before: { url, event_types } })
  return seeOther(visit, `${visit.base}/webhooks`, 'The webhook was deleted.')
}

async function replay(visit: ProjectVisit, webhook: Webhook): Promise<Response> {
  const { project_id, webhook_id } = webhook
  const old = parameter(visit, 'delivery_id')
  const { delivery_id } = await replayDelivery(visit.services, {
    project_id,
    webhook_id,
    delivery_id: old,
  })
  await visit.audit({
    ...target(webhook),
    action: 'webhook.replay',
    after: { delivery_id, again: old },
  })
  return back(visit, webhook, 'It is sent once more.')
}

function target({ webhook_id, url }: Webhook) {
  return { target_type: 'webhook', target_id: webhook_id, target_name: url }
}

function back(visit: ProjectVisit, { webhook_id }: Webhook, message: string): Response {
  return seeOther(visit, `${visit.base}/webhooks/${webhook_id}`, message)
}
