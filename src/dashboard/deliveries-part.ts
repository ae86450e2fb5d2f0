/** The log of deliveries, on the page of a webhook and on that of an event. */
import type { Delivery } from '../events/deliveries.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, type Content, table, time } from '../http/parts.ts'
import { visible } from '../sso/trace-page.ts'
import { postForm } from './frame.ts'
import type { ProjectVisit } from './visit.ts'

const states = {
  waiting: badge('Waiting', 'blue'),
  delivered: badge('Delivered', 'green'),
  failed: badge('Failed', 'red'),
}

/** Deliveries as a table, each with a button that sends it once more. */
export function deliveriesTable(
  visit: ProjectVisit,
  deliveries: readonly Delivery[],
  { withWebhook = false }: { withWebhook?: boolean } = {},
): Markup {
  const { base, admin } = visit
  const columns = [
    'When',
    withWebhook ? 'Webhook' : 'Event',
    'State',
    'Attempts',
    'Last answer',
    '',
  ]
  return table(
    columns,
    deliveries.map((delivery) => [
      time(delivery.created_at),
      withWebhook
        ? html`<a href="${base}/webhooks/${delivery.webhook_id}"><code>${delivery.webhook_id}</code></a>`
        : html`<a href="${base}/events/${delivery.event_id}"><code class="nowrap">${delivery.event_type || 'not kept any more'}</code></a>`,
      stateOf(delivery),
      String(delivery.attempts),
      answerOf(delivery),
      admin.role === 'viewer' || delivery.event_type === '' || delivery.state === 'waiting'
        ? ''
        : postForm(
            visit,
            `${base}/webhooks/${delivery.webhook_id}/deliveries/${delivery.delivery_id}/replay`,
            html`<button class="btn btn-sm" aria-label="Send ${delivery.event_type} again">Send again</button>`,
          ),
    ]),
  )
}

function stateOf({ state, attempts, next_attempt_at }: Delivery): Content {
  if (state !== 'waiting' || attempts === 0) return states[state]
  return html`${states.waiting}<div class="small text-secondary">next attempt ${time(next_attempt_at)}</div>`
}

function answerOf({ last_status, last_error, last_attempt_at }: Delivery): Content {
  if (!last_attempt_at) return html`<span class="text-secondary">–</span>`
  return html`${last_status === null ? '' : html`<span class="nowrap">Status ${last_status}</span>`}
${last_error ? html`<div class="small"><bdi>${visible(last_error, 600)}</bdi></div>` : ''}`
}
