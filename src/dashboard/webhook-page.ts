/** One webhook: what it asks for, its secret, what was sent to it. */
import { listDeliveries, replayDelivery } from '../events/deliveries.ts'
import { sendTestEvent } from '../events/test-event.ts'
import {
  deleteWebhook,
  findWebhook,
  rotateWebhookSecret,
  updateWebhook,
  type Webhook,
} from '../events/webhooks.ts'
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, copyField, emptyState, facts, notice, pager, time } from '../http/parts.ts'
import { renderPart } from '../http/screen.ts'
import { visible } from '../sso/trace-page.ts'
import { assertConfirmed, changed, parameter } from './ask.ts'
import { deliveriesTable } from './deliveries-part.ts'
import { dangerForm, dashboardPage, postForm, seeOther } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'
import { stateBadge, webhookFields } from './webhook-fields.ts'

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

/** The page; a `secret` is shown this once, with what became of the old one. */
export async function showWebhook(
  visit: ProjectVisit,
  webhook: Webhook,
  { secret, old_until, error }: { secret?: string; old_until?: Date; error?: ApiError } = {},
): Promise<Response> {
  const { c, base, admin, form } = visit
  const log = await deliveryLog(visit, webhook)
  if (c.req.header('hx-request') === 'true') return renderPart(log)
  const here = `${base}/webhooks/${webhook.webhook_id}`
  const editor = admin.role !== 'viewer'
  const typed = error && form.text('url') !== ''
  return dashboardPage(visit, {
    title: visible(webhook.description || webhook.url, 120),
    state: stateBadge(webhook),
    crumbs: [['Webhooks', `${base}/webhooks`]],
    error,
    actions: editor ? buttons(visit, webhook, here) : '',
    body: html`${secret ? secretOnce(secret, old_until) : ''}
${card(
  'Facts',
  facts([
    ['Address', html`<code><bdi>${visible(webhook.url, 2_048)}</bdi></code>`],
    ['Webhook id', copyField(webhook.webhook_id, 'Copy webhook id')],
    ['Created', time(webhook.created_at)],
  ]),
)}
${log}
${editor ? settings(visit, typed ? { url: form.text('url'), description: form.text('description'), event_types: form.list('event_types') } : webhook, here) : ''}
${editor ? rotation(visit, here) : ''}
${editor ? danger(visit, webhook, here) : ''}`,
  })
}

function buttons(visit: ProjectVisit, { status }: Webhook, here: string): Markup {
  const [wanted, label] = status === 'active' ? ['disabled', 'Disable'] : ['active', 'Activate']
  return html`${postForm(visit, `${here}/test`, html`<button class="btn btn-primary">Send a test event</button>`)}
${postForm(visit, `${here}/status`, html`<input type="hidden" name="status" value="${wanted}"><button class="btn">${label}</button>`)}`
}

function secretOnce(secret: string, old_until: Date | undefined): Markup {
  return notice(
    'success',
    'The secret is shown this once. Keep it in your application’s settings.',
    html`${copyField(secret, 'Copy secret')}${old_until ? html`<p class="mt-2 mb-0">Until ${time(old_until)} every message is signed by the old secret, too.</p>` : ''}
<p class="mt-2 mb-0">Messages are signed as Standard Webhooks has it: <code>webhook-id</code>, <code>webhook-timestamp</code>, <code>webhook-signature</code>. Its libraries take this secret as it is.</p>`,
  )
}

async function deliveryLog(visit: ProjectVisit, webhook: Webhook): Promise<Markup> {
  const { c, services, project, base } = visit
  const { webhook_id } = webhook
  const cursor = c.req.query('cursor')
  const { deliveries, next_cursor } = await listDeliveries(services.db, {
    project_id: project.project_id,
    webhook_id,
    cursor,
  })
  const here = `${base}/webhooks/${webhook_id}`
  const waiting = !cursor && deliveries.some(({ state }) => state === 'waiting')
  const refresh = waiting ? html` hx-get="${here}" hx-trigger="every 3s" hx-swap="outerHTML"` : ''
  return html`<section class="card" id="deliveries"${refresh}><div class="card-header"><h2 class="card-title">Deliveries</h2></div>${
    deliveries.length > 0
      ? deliveriesTable(visit, deliveries)
      : emptyState(
          'Nothing was sent yet',
          webhook.status === 'active'
            ? 'The next event that it asks for is sent at once. Try it with a test event.'
            : 'It is disabled, and gets nothing.',
        )
  }${pager(next_cursor && `${here}?cursor=${encodeURIComponent(next_cursor)}`, cursor ? here : null)}</section>`
}

function settings(
  visit: ProjectVisit,
  webhook: Pick<Webhook, 'url' | 'description' | 'event_types'>,
  here: string,
): Markup {
  return card(
    'Settings',
    postForm(
      visit,
      here,
      html`${webhookFields(webhook)}<button class="btn btn-primary">Save</button>`,
    ),
  )
}

function rotation(visit: ProjectVisit, here: string): Markup {
  return card(
    'Secret',
    html`<p>A new secret is shown once. For a day messages carry signatures by both, so that your application can change over.</p>${postForm(visit, `${here}/rotate`, html`<button class="btn">Rotate secret</button>`)}`,
  )
}

function danger(visit: ProjectVisit, { url }: Webhook, here: string): Markup {
  return card(
    'Danger zone',
    dangerForm(visit, {
      action: `${here}/delete`,
      name: new URL(url).host,
      button: 'Delete webhook',
      consequences:
        'Nothing is sent to this address any more, what waits is dropped, and the log of its deliveries goes too. Events stay in the event log.',
    }),
  )
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
  return seeOther(visit.c, `${visit.base}/webhooks`, 'The webhook was deleted.')
}

async function replay(visit: ProjectVisit, webhook: Webhook): Promise<Response> {
  const { project_id } = webhook
  const old = parameter(visit, 'delivery_id')
  const { delivery_id } = await replayDelivery(visit.services, { project_id, delivery_id: old })
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

function back({ c, base }: ProjectVisit, { webhook_id }: Webhook, message: string): Response {
  return seeOther(c, `${base}/webhooks/${webhook_id}`, message)
}
