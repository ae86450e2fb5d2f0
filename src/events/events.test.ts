import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, server, type TestProject } from '../../tests/harness.ts'
import { Browser, newSetup, tokenOf } from '../../tests/login.ts'
import { createOrganization } from '../organizations/organizations.ts'
import { eventPayload, eventTypes, findEvent, listEvents } from './events.ts'
import { newWebhook } from './webhooks.test-kit.ts'

async function events({ project_id }: TestProject, filter = {}) {
  const { db } = (await server()).services
  return (await listEvents(db, { project_id, ...filter })).events
}

/** The events of a project as webhooks get them, oldest first. */
async function payloads(project: TestProject) {
  return (await events(project)).reverse().map(eventPayload)
}

const organization_path = '/v1/b2b/organizations'

test('every change of an organization is an event that carries it whole, as the API shows it', async () => {
  const project = await newProject()
  const created = await call(project, 'POST', organization_path, { organization_name: 'Acme' })
  const { organization_id } = created.body.organization
  const path = `${organization_path}/${organization_id}`
  const updated = await call(project, 'PUT', path, { organization_name: 'Acme 2' })
  await call(project, 'PUT', path, {})
  await call(project, 'PUT', path, { organization_slug: '!' })
  await call(project, 'DELETE', path)
  const seen = await payloads(project)
  assert.deepEqual(
    seen.map(({ event_type, id, organization }) => ({ event_type, id, organization })),
    [
      {
        event_type: 'direct.organization.create',
        id: organization_id,
        organization: created.body.organization,
      },
      {
        event_type: 'direct.organization.update',
        id: organization_id,
        organization: updated.body.organization,
      },
      { event_type: 'direct.organization.delete', id: organization_id, organization: undefined },
    ],
  )
  const [{ action, object_type, source, vertical, timestamp }] = seen as [
    Record<string, unknown>,
    ...unknown[],
  ]
  assert.deepEqual(
    { action, object_type, source, vertical },
    { action: 'CREATE', object_type: 'organization', source: 'DIRECT', vertical: 'B2B' },
  )
  assert.ok(Date.now() - Date.parse(String(timestamp)) < 60_000)
  const [latest] = await events(project)
  assert.equal((await events(project, { organization_id })).length, 3)
  assert.match(latest?.request_id ?? '', /^request-id-test-/)
})

test('every change of a member is an event: created, updated, deleted, taken back', async () => {
  const project = await newProject()
  const made = await call(project, 'POST', organization_path, { organization_name: 'Acme' })
  const path = `${organization_path}/${made.body.organization.organization_id}/members`
  const given = { email_address: 'ada@example.com' }
  const created = await call(project, 'POST', path, given)
  await call(project, 'POST', path, given)
  const { member_id } = created.body
  const updated = await call(project, 'PUT', `${path}/${member_id}`, { name: 'Ada' })
  await call(project, 'PUT', `${path}/${member_id}`, {})
  await (await server()).services.db
    .updateTable('members')
    .set({ email_address_verified: true })
    .where('member_id', '=', member_id)
    .execute()
  await call(project, 'DELETE', `${path}/${member_id}`)
  await call(project, 'DELETE', `${path}/${member_id}`)
  const back = await call(project, 'PUT', `${path}/${member_id}/reactivate`, {})
  assert.equal(back.status, 200)
  const seen = (await payloads(project)).slice(1)
  assert.deepEqual(
    seen.map(({ event_type, id, member }) => [event_type, id, member]),
    [
      ['direct.member.create', member_id, created.body.member],
      ['direct.member.update', member_id, updated.body.member],
      ['direct.member.delete', member_id, undefined],
      ['direct.member.update', member_id, back.body.member],
    ],
  )
})

test('every change of a connection is an event of its kind, without its secrets', async () => {
  const project = await newProject()
  const made = await call(project, 'POST', organization_path, { organization_name: 'Acme' })
  const { organization_id } = made.body.organization
  const ids: Record<string, string> = {}
  for (const type of ['saml', 'oidc']) {
    const path = `/v1/b2b/sso/${type}/${organization_id}`
    const { connection_id } = (await call(project, 'POST', path, {})).body.connection
    ids[type] = connection_id
    const change = type === 'oidc' ? { client_secret: 'canary-secret' } : { display_name: 'Okta' }
    const changed = await call(project, 'PUT', `${path}/connections/${connection_id}`, change)
    const [update] = await events(project)
    assert.deepEqual(update?.data, changed.body.connection)
    await call(project, 'DELETE', `/v1/b2b/sso/${organization_id}/connections/${connection_id}`)
  }
  const seen = (await payloads(project)).slice(1)
  assert.deepEqual(
    seen.map(({ event_type, id }) => [event_type, id]),
    ['saml', 'oidc'].flatMap((type) =>
      ['create', 'update', 'delete'].map((action) => [
        `direct.${type}_connection.${action}`,
        ids[type],
      ]),
    ),
  )
  assert.doesNotMatch(JSON.stringify(seen), /canary|PRIVATE KEY|cipher/)
})

test('what the dashboard does is told apart from what the API does', async () => {
  const project = await newProject()
  const { services } = await server()
  const context = {
    ...services,
    project: { project_id: project.project_id, environment: 'test' as const },
    request_id: 'request-id-test-1',
    member_session: null,
    source: 'dashboard' as const,
  }
  await createOrganization.run(createOrganization.input.parse({ organization_name: 'A' }), context)
  const [event] = await payloads(project)
  assert.equal(event?.event_type, 'dashboard.organization.create')
  assert.equal(event?.source, 'DASHBOARD')
})

test('a change that is refused, or undone, is no event', async () => {
  const project = await newProject()
  const refused = await call(project, 'POST', organization_path, {
    organization_name: 'Acme',
    organization_slug: 'acme',
    trusted_metadata: { a: 'x'.repeat(10_000) },
  })
  assert.equal(refused.status, 400)
  assert.deepEqual(await events(project), [])
})

/** A project with a webhook for logins, and a login that succeeds and one that fails. */
async function logins(event_types: string[]) {
  const [setup, webhook] = [await newSetup(), await newWebhook(event_types)]
  const { services } = await server()
  const { project_id } = setup.project
  await services.db
    .updateTable('webhook_endpoints')
    .set({ project_id })
    .where('webhook_id', '=', webhook.reference.webhook_id)
    .execute()
  const browser = new Browser()
  const started = await browser.start(setup, setup.oidc)
  const submission = await browser.signIn(started, 'ada.lovelace@acme.test')
  const done = await browser.submit(submission)
  const body = { sso_token: tokenOf(done) }
  const session = await call(setup.project, 'POST', '/v1/b2b/sso/authenticate', body)
  assert.equal(session.status, 200)
  const again = await new Browser().submit(submission)
  assert.equal(again.status, 400)
  return { setup, session }
}

test('a login that succeeds or fails is an event for the webhooks that want it', async () => {
  const { setup, session } = await logins([])
  const { project, oidc: connection_id } = setup
  const { organization_id } = setup
  const found = (await payloads(project)).filter(({ object_type }) => object_type === 'login')
  assert.deepEqual(
    found.map(({ event_type, action, organization_id }) => [event_type, action, organization_id]),
    [
      ['login.succeeded', 'SUCCEEDED', organization_id],
      ['login.failed', 'FAILED', organization_id],
    ],
  )
  const [succeeded, failed] = found.map(({ login }) => login as Record<string, unknown>)
  const { flow_id, request_id, ...rest } = succeeded!
  assert.match(String(flow_id), /^sso-flow-test-/)
  assert.match(String(request_id), /^request-id-test-/)
  assert.deepEqual(rest, {
    organization_id,
    connection_id,
    initiated_by: 'sp',
    email_address: 'ada.lovelace@acme.test',
    member_id: session.body.member_id,
    member_session_id: session.body.member_session.member_session_id,
  })
  assert.equal(typeof failed?.error_type, 'string')
  const checks = failed?.checks as { verdict: string }[]
  assert.ok(checks.length > 0 && checks.every(({ verdict }) => verdict === 'fail'))
  const { db } = (await server()).services
  const { count } = await db
    .selectFrom('webhook_deliveries')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('project_id', '=', project.project_id)
    .executeTakeFirstOrThrow()
  assert.ok(Number(count) >= 2)
})

test('a login that no webhook wants writes no event', async () => {
  const { setup } = await logins(['direct.member.create'])
  const types = (await events(setup.project)).map(({ event_type }) => event_type)
  assert.ok(!types.some((type) => type.startsWith('login.')), types.join())
})

test('a login that somebody tries a connection with is no event', async () => {
  const { setup } = await logins([])
  const { db } = (await server()).services
  const before = (await events(setup.project)).length
  for (const tested_by of [null, 'admin-1']) {
    const browser = new Browser()
    const submission = await browser.signIn(
      await browser.start(setup, setup.saml),
      'ada.lovelace@acme.test',
    )
    await db
      .updateTable('sso_flows')
      .set({ tested_by, login_redirect_url: '/dashboard' })
      .where('project_id', '=', setup.project.project_id)
      .where('state', '=', 'started')
      .execute()
    submission.fields.set('SAMLResponse', Buffer.from('<a/>').toString('base64'))
    await browser.submit(submission)
    assert.equal((await events(setup.project)).length, before + 1, String(tested_by))
  }
})

test('the event log pages backwards in time, and is found by type, object, request and time', async () => {
  const project = await newProject()
  for (let n = 0; n < 5; n++) {
    await call(project, 'POST', organization_path, { organization_name: `A ${n}` })
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const { db } = (await server()).services
  const { project_id } = project
  const names: unknown[] = []
  let cursor: string | undefined
  do {
    const page = await listEvents(db, { project_id, cursor, limit: 2 })
    names.push(...page.events.map(({ data }) => data.organization_name))
    cursor = page.next_cursor ?? undefined
  } while (cursor)
  assert.deepEqual(names, ['A 4', 'A 3', 'A 2', 'A 1', 'A 0'])
  const [latest] = await events(project)
  const { event_id, object_id, request_id, at } = latest!
  for (const filter of [{ object_id }, { request_id }, { since: at }, { event_type: 'x' }]) {
    const ids = (await events(project, filter)).map((event) => event.event_id)
    assert.deepEqual(ids, 'event_type' in filter ? [] : [event_id])
  }
  assert.equal((await events(project, { until: at })).length, 4)
  assert.deepEqual(await findEvent(db, { project_id, event_id }), latest)
  const other = await newProject()
  assert.equal(await findEvent(db, { ...other, event_id }), undefined)
  assert.ok(eventTypes.includes(latest!.event_type))
})
