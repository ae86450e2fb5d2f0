import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, server } from '../../tests/harness.ts'
import { listEvents } from '../events/events.ts'
import { newAdmin } from './dashboard.test-kit.ts'

async function organization(project: Awaited<ReturnType<typeof newProject>>, slug: string) {
  const { body } = await call(project, 'POST', '/v1/b2b/organizations', {
    organization_name: `The <b>${slug}</b>`,
    organization_slug: slug,
  })
  return body as { organization: { organization_id: string }; request_id: string }
}

/** The ids of the events that a page lists. */
function listed(html: string): string[] {
  return [...html.matchAll(/\/events\/(event-test-[0-9a-f-]{36})"/g)].map((match) => match[1]!)
}

test('the event log shows what the API changed, and is filtered by type, organization, object and request', async () => {
  const project = await newProject()
  const admin = await newAdmin(project, 'viewer')
  assert.match((await admin.get('/events')).html, /Nothing has happened yet/)
  const first = await organization(project, 'first')
  const second = await organization(project, 'second')
  const { organization_id } = second.organization
  await call(project, 'PUT', `/v1/b2b/organizations/${organization_id}`, {
    organization_name: 'Renamed',
  })
  const { html } = await admin.get('/events')
  assert.equal(listed(html).length, 3)
  assert.match(html, /The &lt;b&gt;first/)
  const count = async (query: string) => listed((await admin.get(`/events?${query}`)).html).length
  assert.equal(await count('event_type=direct.organization.update'), 1)
  assert.equal(await count('organization=second'), 2)
  assert.equal(await count(`object_id=${first.organization.organization_id}`), 1)
  assert.equal(await count(`request_id=${first.request_id}`), 1)
  assert.equal(await count(`request_id=${first.request_id}&organization=second`), 0)
  assert.equal((await admin.get('/events?organization=nobody')).status, 404)
})

test('an event is shown as webhooks receive it, escaped, with whom it was sent to', async () => {
  const project = await newProject()
  await organization(project, 'first')
  const { services } = await server()
  const { events } = await listEvents(services.db, project)
  const admin = await newAdmin(project, 'viewer')
  const { html } = await admin.get(`/events/${events[0]!.event_id}`)
  assert.match(
    html,
    /&quot;event_type&quot;: <\/span><span class="x-text">&quot;direct\.organization\.create/,
  )
  assert.match(html, /The &lt;b&gt;first/)
  assert.match(html, /Sent to no webhook/)
  const other = await newAdmin(await newProject(), 'owner')
  assert.equal((await other.get(`/events/${events[0]!.event_id}`)).status, 404)
})

test('a long event log has pages', async () => {
  const project = await newProject()
  for (let i = 0; i < 51; i += 1) await organization(project, `org-${i}`)
  const admin = await newAdmin(project, 'viewer')
  const first = await admin.get('/events')
  assert.equal(listed(first.html).length, 50)
  const next = /<a class="btn" href="([^"]+)">Next page/.exec(first.html)?.[1] ?? ''
  const second = await admin.get(next.replace(admin.base, '').replaceAll('&amp;', '&'))
  assert.equal(listed(second.html).length, 1)
})
