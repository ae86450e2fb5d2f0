/** What the list of webhooks and the page of one have in common. */
import { eventTypes } from '../events/events.ts'
import type { Webhook } from '../events/webhooks.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, checkbox, field } from '../http/parts.ts'

/** Whether a webhook gets anything. */
export function stateBadge({ status }: Pick<Webhook, 'status'>): Markup {
  return status === 'active' ? badge('active', 'green') : badge('disabled', 'secondary')
}

/** The fields of a webhook: address, description, the events that it asks for. */
export function webhookFields(
  webhook: Pick<Webhook, 'url' | 'description' | 'event_types'>,
): Markup {
  return html`${field({ name: 'url', label: 'Address', type: 'url', required: true, value: webhook.url, placeholder: 'https://app.example.com/webhooks/portcullis', hint: 'It takes POST requests with JSON, and answers with a status of 200 to 299 within 10 seconds.' })}
${field({ name: 'description', label: 'Description', value: webhook.description, hint: 'For people who read this list.' })}
<fieldset class="mb-3"><legend class="form-label">Events</legend><p class="form-hint mt-0">None ticked: all of them, also those that come with later versions.</p>
<div class="filter-fields">${eventTypes.map((type) => checkbox('event_types', html`<code>${type}</code>`, webhook.event_types.includes(type), type))}</div></fieldset>`
}
