/** One webhook: what it asks for, its secret, what was sent to it. */
import { listDeliveries } from '../events/deliveries.ts'
import type { Webhook } from '../events/webhooks.ts'
import type { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, copyField, emptyState, facts, notice, pager, time } from '../http/parts.ts'
import { renderPart } from '../http/screen.ts'
import { visible } from '../sso/trace-page.ts'
import { deliveriesTable } from './deliveries-part.ts'
import { dangerForm, dashboardPage, postForm } from './frame.ts'
import type { ProjectVisit } from './visit.ts'
import { stateBadge, webhookFields } from './webhook-fields.ts'

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
