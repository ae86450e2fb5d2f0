/**
 * The event log: what happened in a project, named `{source}.{object}.{action}` as Stytch names it, and
 * the deliveries to its webhooks that follow from it.
 */
import type { Context } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'

/** The objects whose changes are events, called as the field that holds them in the payload. */
export type EventObject = 'organization' | 'member' | 'saml_connection' | 'oidc_connection'
export type EventAction = 'create' | 'update' | 'delete'

const objects: EventObject[] = ['organization', 'member', 'saml_connection', 'oidc_connection']

/** Every event type that there is: what a webhook can ask for. */
export const eventTypes: readonly string[] = [
  ...['direct', 'dashboard'].flatMap((source) =>
    objects.flatMap((object) =>
      ['create', 'update', 'delete'].map((action) => `${source}.${object}.${action}`),
    ),
  ),
  'login.succeeded',
  'login.failed',
  'certificate.expiring',
  'certificate.expired',
  'metadata.changed',
]

/** An event as it is recorded. `data` is the object that it is about, as the API shows it: no secrets. */
export interface NewEvent {
  project_id: string
  event_type: string
  organization_id: string | null
  object_id: string
  data: object
  request_id: string
  at: Date
}

/** The columns of an event as expressions of SQL, for statements that write one beside their own work. */
export interface EventExpressions {
  project_id: string
  event_id: string
  event_type: string
  organization_id: string
  object_id: string
  data: string
  request_id: string
  at: string
}

/**
 * Parts of a WITH that write an event and the waiting deliveries to the active webhooks that want it. With
 * `from`, the name of an earlier part with one row or none, the event is written for its row, and only
 * where a webhook wants it: that is for logins, which have a log of their own and no statement to spare.
 */
export function eventSQL(e: EventExpressions, from?: string): string {
  const columns = Object.keys(e).join(', ')
  const values = Object.values(e).join(', ')
  // As the id of the event up to the milliseconds, so that deliveries are in the order of time, too.
  const delivery_id = `'webhook-delivery' || left(substr(${e.event_id}, 6), -21) || substr(gen_random_uuid()::text, 16)`
  return `wanted as (
      select webhook_id from webhook_endpoints
      where project_id = ${e.project_id} and status = 'active'
        and (event_types = '{}' or ${e.event_type} = any(event_types))
        ${from ? `and exists (select 1 from ${from})` : ''}
      for key share),
    event as (
      insert into events (${columns})
      select ${values} ${from ? `from ${from} where exists (select 1 from wanted)` : ''}
      returning event_id, at),
    delivery as (
      insert into webhook_deliveries (project_id, delivery_id, webhook_id, event_id, next_attempt_at, created_at)
      select ${e.project_id}, ${delivery_id}, wanted.webhook_id, event.event_id, event.at, event.at
      from wanted, event)`
}

const recordSQL = `with ${eventSQL({
  project_id: '$1::text',
  event_id: '$2::text',
  event_type: '$3::text',
  organization_id: '$4::text',
  object_id: '$5::text',
  data: '$6::jsonb',
  request_id: '$7::text',
  at: '$8::timestamptz',
})} select event_id from event`

/**
 * Records an event with its deliveries in one statement, and returns its id; give it the transaction of
 * what happened, so that neither is without the other.
 */
export async function recordEvent(db: Database, event: NewEvent): Promise<string> {
  const event_id = newEventId(event.project_id)
  await statement(db, recordSQL, [
    event.project_id,
    event_id,
    event.event_type,
    event.organization_id,
    event.object_id,
    JSON.stringify(event.data),
    event.request_id,
    event.at,
  ])
  return event_id
}

/** The id of a new event of a project. */
export function newEventId(project_id: string): string {
  return newId('event', environmentOf(project_id))
}

/** A change of an object by a call; `object` is what the API shows of it, and left out when it is deleted. */
export interface Change {
  object_type: EventObject
  action: EventAction
  organization_id: string
  id: string
  object?: object
}

/** Records a change as the event of its source: `direct.member.create`, `dashboard.organization.update`. */
export async function recordChange(db: Database, context: Context, change: Change): Promise<void> {
  await recordEvent(db, {
    project_id: context.project.project_id,
    event_type: `${context.source ?? 'direct'}.${change.object_type}.${change.action}`,
    organization_id: change.organization_id,
    object_id: change.id,
    data: change.object ?? {},
    request_id: context.request_id,
    at: context.now(),
  })
}

/** An event as it is read. */
export interface EventRow {
  project_id: string
  event_id: string
  event_type: string
  organization_id: string | null
  object_id: string
  data: Record<string, unknown>
  request_id: string
  at: Date
}

/** The columns of an event. */
export const eventColumns = [
  'project_id',
  'event_id',
  'event_type',
  'organization_id',
  'object_id',
  'data',
  'request_id',
  'at',
] as const

/** The event as webhooks receive it, with Stytch's names: the object stands under its `object_type`. */
export function eventPayload(event: EventRow): Record<string, unknown> {
  const parts = event.event_type.split('.')
  const [object_type, action] = parts.slice(-2) as [string, string]
  return {
    project_id: event.project_id,
    event_id: event.event_id,
    event_type: event.event_type,
    action: action.toUpperCase(),
    object_type,
    source: (parts.length > 2 ? parts[0]! : 'direct').toUpperCase(),
    id: event.object_id,
    timestamp: event.at.toISOString(),
    vertical: 'B2B',
    ...(event.organization_id !== null && { organization_id: event.organization_id }),
    ...(action !== 'delete' && { [object_type]: event.data }),
  }
}

/** What of the event log is asked for; everything that is given must hold. */
export interface EventFilter {
  project_id: string
  event_type?: string | undefined
  organization_id?: string | undefined
  object_id?: string | undefined
  request_id?: string | undefined
  since?: Date | undefined
  until?: Date | undefined
  /** The `next_cursor` of the page before. */
  cursor?: string | undefined
  /** 50 unless given. */
  limit?: number | undefined
}

/** A page of the event log, the latest first; `next_cursor` is null on the last page. */
export async function listEvents(
  db: Database,
  filter: EventFilter,
): Promise<{ events: EventRow[]; next_cursor: string | null }> {
  const { since, until, cursor, limit = 50 } = filter
  let query = db
    .selectFrom('events')
    .select(eventColumns)
    .where('project_id', '=', filter.project_id)
  for (const name of ['event_type', 'organization_id', 'object_id', 'request_id'] as const)
    if (filter[name]) query = query.where(name, '=', filter[name])
  if (since) query = query.where('at', '>=', since)
  if (until) query = query.where('at', '<', until)
  if (cursor) query = query.where('event_id', '<', cursor)
  const found = await query
    .orderBy('event_id', 'desc')
    .limit(limit + 1)
    .execute()
  const events = found.slice(0, limit)
  return { events, next_cursor: found.length > limit ? (events.at(-1)?.event_id ?? null) : null }
}

/** One event, or undefined where the project has none of that id. */
export async function findEvent(
  db: Database,
  { project_id, event_id }: { project_id: string; event_id: string },
): Promise<EventRow | undefined> {
  return db
    .selectFrom('events')
    .select(eventColumns)
    .where('project_id', '=', project_id)
    .where('event_id', '=', event_id)
    .executeTakeFirst()
}
