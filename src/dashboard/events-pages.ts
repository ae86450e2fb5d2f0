/** `/events`: what happened in the project, as webhooks are told of it. */

import { listDeliveries } from '../events/deliveries.ts'
import { type EventRow, eventPayload, eventTypes, findEvent, listEvents } from '../events/events.ts'
import { testEventType } from '../events/test-event.ts'
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, copyField, emptyState, facts, field, pager, table, time } from '../http/parts.ts'
import { findOrganization } from '../organizations/organization.ts'
import { visible } from '../sso/trace-page.ts'
import { parameter } from './ask.ts'
import { deliveriesTable } from './deliveries-part.ts'
import { dashboardPage } from './frame.ts'
import { prettyJSON } from './highlight.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const eventsPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/events', needs: 'viewer', run: eventsPage }),
  projectPage({ method: 'GET', path: '/events/:event_id', needs: 'viewer', run: eventPage }),
]

const names = ['event_type', 'organization', 'object_id', 'request_id'] as const

type EventQuery = Partial<Record<(typeof names)[number], string>>

async function eventsPage(visit: ProjectVisit): Promise<Response> {
  const { c, services, project, base } = visit
  const cursor = c.req.query('cursor')
  const given = names.map((name) => [name, (c.req.query(name) ?? '').trim()] as const)
  const query: EventQuery = Object.fromEntries(given.filter(([, value]) => value !== ''))
  let error: ApiError | undefined
  let page: Awaited<ReturnType<typeof listEvents>> = { events: [], next_cursor: null }
  try {
    const { organization, ...filter } = query
    const organization_id = organization && (await idOf(visit, organization))
    page = await listEvents(services.db, {
      ...filter,
      project_id: project.project_id,
      organization_id,
      cursor,
    })
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    error = cause
  }
  const url = (more: Record<string, string> = {}) =>
    `${base}/events?${new URLSearchParams({ ...query, ...more })}`
  return dashboardPage(visit, {
    title: 'Event log',
    error,
    body: html`${filters(visit, query)}<section class="card">${
      page.events.length > 0 ? eventsTable(visit, page.events) : nothing(visit, query)
    }${pager(page.next_cursor && url({ cursor: page.next_cursor }), cursor ? url() : null)}</section>`,
  })
}

async function idOf({ services, project }: ProjectVisit, reference: string): Promise<string> {
  return (await findOrganization(services.db, project, reference)).organization_id
}

function filters({ base }: ProjectVisit, query: EventQuery): Markup {
  const types = [...eventTypes, testEventType].map((type) => [type, type] as const)
  const text = (name: 'organization' | 'object_id' | 'request_id', label: string, hint: string) =>
    field({ name, label, hint, value: query[name] ?? '' })
  return html`<form method="get" action="${base}/events" class="card" role="search"><div class="card-body"><div class="filter-fields">
${field({ name: 'event_type', label: 'Type', value: query.event_type ?? '', options: [['', 'Any'], ...types] })}
${text('organization', 'Organization', 'Its id, slug or external id.')}
${text('object_id', 'Object', 'The id of a member, connection, organization or login.')}
${text('request_id', 'Request id', 'Of the call that made the change.')}</div>
<button class="btn btn-primary">Apply</button>
${Object.keys(query).length > 0 ? html`<a class="btn btn-link" href="${base}/events">Clear all</a>` : ''}</div></form>`
}

function eventsTable({ base }: ProjectVisit, events: readonly EventRow[]): Markup {
  return table(
    ['When', 'Type', 'Organization', 'Object'],
    events.map((event) => [
      html`<a href="${base}/events/${event.event_id}">${time(event.at)}</a>`,
      html`<code class="nowrap">${event.event_type}</code>`,
      event.organization_id
        ? html`<a href="${base}/organizations/${event.organization_id}"><code>${event.organization_id}</code></a>`
        : html`<span class="text-secondary">–</span>`,
      objectOf(event),
    ]),
  )
}

/** By its name where the event says one, and by its id. */
function objectOf({ data, object_id }: EventRow): Markup {
  const name = ['email_address', 'organization_name', 'display_name']
    .map((each) => data[each])
    .find((value): value is string => typeof value === 'string' && value !== '')
  return html`${name ? html`<bdi>${visible(name, 128)}</bdi><br>` : ''}<code class="small">${visible(object_id, 128)}</code>`
}

function nothing({ base }: ProjectVisit, query: EventQuery): Markup {
  if (Object.keys(query).length > 0)
    return emptyState(
      'No event is like that',
      'All fields must hold together.',
      html`<a class="btn" href="${base}/events">All events</a>`,
    )
  return emptyState(
    'Nothing has happened yet',
    'Changes of organizations, members and connections show up here, made by the API or in the dashboard; logins too, while a webhook asks for them. The log of all logins stands under Logins.',
    html`<a class="btn btn-primary" href="${base}/webhooks">Webhooks</a>`,
  )
}

async function eventPage(visit: ProjectVisit): Promise<Response> {
  const { services, project, base } = visit
  const { project_id } = project
  const event_id = parameter(visit, 'event_id')
  const event = await findEvent(services.db, { project_id, event_id })
  if (!event)
    throw new ApiError('bad_request', {
      status: 404,
      message: 'There is no such event in this project, or it is not kept any more.',
    })
  const { deliveries } = await listDeliveries(services.db, { project_id, event_id })
  const ofLogin = event.event_type.startsWith('login.')
  return dashboardPage(visit, {
    title: event.event_type,
    crumbs: [['Event log', `${base}/events`]],
    body: html`${card(
      'Facts',
      facts([
        ['When', time(event.at)],
        [
          'Organization',
          event.organization_id
            ? html`<a href="${base}/organizations/${event.organization_id}"><code>${event.organization_id}</code></a>`
            : '–',
        ],
        ofLogin
          ? ['Login', html`<a href="${base}/logins/${event.object_id}">Its trace</a>`]
          : ['Object', html`<code>${visible(event.object_id, 128)}</code>`],
        event.request_id ? ['Request id', copyField(event.request_id, 'Copy request id')] : null,
        ['Event id', copyField(event.event_id, 'Copy event id')],
      ]),
    )}
${card('As webhooks receive it', prettyJSON(JSON.stringify(eventPayload(event))))}
<section class="card"><div class="card-header"><h2 class="card-title">Deliveries</h2></div>${
      deliveries.length > 0
        ? deliveriesTable(visit, deliveries, { withWebhook: true })
        : emptyState(
            'Sent to no webhook',
            'No active webhook asked for events of this type when it happened.',
            html`<a class="btn" href="${base}/webhooks">Webhooks</a>`,
          )
    }</section>`,
  })
}
