/** A test event: sent to one webhook alone, to see that it arrives and that its signature is understood. */
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { newEventId } from './events.ts'
import { findWebhook, type WebhookReference } from './webhooks.ts'

/** The type of such an event. It is no type that a webhook asks for. */
export const testEventType = 'webhook.test'

/**
 * Records an event of the type `webhook.test`, and its delivery to this webhook. Throws as `findWebhook`
 * does; what is sent to a disabled webhook fails, as its log then says.
 */
export async function sendTestEvent(
  services: Services,
  { project_id, webhook_id, request_id }: WebhookReference & { request_id: string },
): Promise<{ event_id: string; delivery_id: string }> {
  await findWebhook(services.db, { project_id, webhook_id })
  const event_id = newEventId(project_id)
  const delivery_id = newId('webhook-delivery', environmentOf(project_id))
  await statement(
    services.db,
    `with event as (
       insert into events (project_id, event_id, event_type, organization_id, object_id, data, request_id, at)
       values ($1, $2, $3, null, $4, $5, $6, $7) returning event_id)
     insert into webhook_deliveries (project_id, delivery_id, webhook_id, event_id, next_attempt_at, created_at)
     select $1, $8, $4, event_id, $7, $7 from event`,
    [
      project_id,
      event_id,
      testEventType,
      webhook_id,
      JSON.stringify({ webhook_id, message: 'Sent from the dashboard to try this webhook.' }),
      request_id,
      services.now(),
      delivery_id,
    ],
  )
  return { event_id, delivery_id }
}
