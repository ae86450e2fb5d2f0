/** The log of what webhooks were sent, and sending something once more. */
import type { Services } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'

/** A delivery of one event to one webhook, over all its attempts. */
export interface Delivery {
  project_id: string
  delivery_id: string
  webhook_id: string
  event_id: string
  event_type: string
  state: 'waiting' | 'delivered' | 'failed'
  attempts: number
  next_attempt_at: Date | null
  last_attempt_at: Date | null
  /** The status of the last answer; null where there was none. */
  last_status: number | null
  /** Why the last attempt failed; empty when it did not. */
  last_error: string
  created_at: Date
}

/** Which deliveries are asked for; everything that is given must hold. */
export interface DeliveryFilter {
  project_id: string
  webhook_id?: string | undefined
  event_id?: string | undefined
  state?: Delivery['state'] | undefined
  /** The `next_cursor` of the page before. */
  cursor?: string | undefined
  /** 50 unless given. */
  limit?: number | undefined
}

/** A page of the delivery log, the latest first; `next_cursor` is null on the last page. */
export async function listDeliveries(
  db: Database,
  filter: DeliveryFilter,
): Promise<{ deliveries: Delivery[]; next_cursor: string | null }> {
  const { cursor, limit = 50 } = filter
  let query = db
    .selectFrom('webhook_deliveries as d')
    .leftJoin('events as e', (join) =>
      join.onRef('e.project_id', '=', 'd.project_id').onRef('e.event_id', '=', 'd.event_id'),
    )
    .select([
      'd.project_id',
      'd.delivery_id',
      'd.webhook_id',
      'd.event_id',
      (eb) => eb.fn.coalesce('e.event_type', eb.val('')).as('event_type'),
      'd.state',
      'd.attempts',
      'd.next_attempt_at',
      'd.last_attempt_at',
      'd.last_status',
      'd.last_error',
      'd.created_at',
    ])
    .where('d.project_id', '=', filter.project_id)
  for (const name of ['webhook_id', 'event_id', 'state'] as const)
    if (filter[name]) query = query.where(`d.${name}`, '=', filter[name])
  if (cursor) query = query.where('d.delivery_id', '<', cursor)
  const found = await query
    .orderBy('d.delivery_id', 'desc')
    .limit(limit + 1)
    .execute()
  const deliveries = found.slice(0, limit)
  const last = found.length > limit ? deliveries.at(-1) : undefined
  return { deliveries, next_cursor: last?.delivery_id ?? null }
}

/**
 * Sends the event of a delivery once more to its webhook, as a delivery of its own with the same
 * `webhook-id`, and returns the new delivery's id. Throws `bad_request`: with status 404 for one that the
 * project does not have, or the webhook where one is given, and where the webhook is disabled or the event
 * is no longer kept.
 */
export async function replayDelivery(
  services: Services,
  delivery: { project_id: string; delivery_id: string; webhook_id?: string },
): Promise<{ delivery_id: string }> {
  const { project_id, delivery_id, webhook_id = null } = delivery
  const [found] = await statement<{ new_id: string | null; kept: boolean; status: string }>(
    services.db,
    `with old as (
       select d.webhook_id, d.event_id, w.status, e.event_id is not null as kept
       from webhook_deliveries d
       join webhook_endpoints w on w.project_id = d.project_id and w.webhook_id = d.webhook_id
       left join events e on e.project_id = d.project_id and e.event_id = d.event_id
       where d.project_id = $1 and d.delivery_id = $2
         and ($5::text is null or d.webhook_id = $5)),
     made as (
       insert into webhook_deliveries (project_id, delivery_id, webhook_id, event_id, next_attempt_at,
         created_at)
       select $1, $3, webhook_id, event_id, $4::timestamptz, $4 from old
       where kept and status = 'active' returning delivery_id)
     select (select delivery_id from made) as new_id, kept, status from old`,
    [
      project_id,
      delivery_id,
      newId('webhook-delivery', environmentOf(project_id)),
      services.now(),
      webhook_id,
    ],
  )
  const refuse = (message: string, status = 400) => new ApiError('bad_request', { message, status })
  if (!found) throw refuse('There is no delivery of this id in this project.', 404)
  if (found.status !== 'active') throw refuse('The webhook is disabled: activate it first.')
  if (!found.new_id) throw refuse('The event is no longer kept, so it cannot be sent again.')
  return { delivery_id: found.new_id }
}
