import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { listAudit } from '../events/audit.ts'
import { createLimits } from '../http/limits.ts'
import { readRateLimits } from '../http/rate-settings.ts'
import { lastFlow, redeem } from '../sso/login.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'
import { mountSharedTrace } from './shared-trace.ts'

const ada = 'ada.lovelace@acme.test'

async function shared(setup: Setup, valid_for = '24') {
  await redeem(setup, await new Browser().login(setup, setup.saml, ada))
  const row = await lastFlow(setup.project)
  const admin = await newAdmin(setup.project, 'editor')
  const { html, status } = await admin.post(`/logins/${row.flow_id}/share`, { valid_for })
  const token = /\/trace\/([\w-]{43})/.exec(html)?.[1] ?? ''
  return { row, admin, status, token }
}

/** Opens a link without any account. */
async function open(token: string) {
  const { app } = await server()
  const response = await app.request(`http://localhost:4000/trace/${token}`)
  return { status: response.status, headers: response.headers, html: await response.text() }
}

test('a link shows one login to somebody without an account: checks and steps, but no ids, no other login, no message', async () => {
  const setup = await newSetup()
  const { row, token } = await shared(setup)
  await redeem(setup, await new Browser().login(setup, setup.saml, ada))
  const later = await lastFlow(setup.project)
  const page = await open(token)
  assert.equal(page.status, 200)
  assert.match(page.html, /ada\.lovelace@acme\.test signed in/)
  assert.equal(page.html.match(/class="check check-/g)?.length, row.checks.length)
  assert.ok(page.html.includes(row.request_id))
  for (const id of [row.flow_id, row.member_id!, row.member_session_id!, setup.organization_id])
    assert.ok(!page.html.includes(id), id)
  assert.doesNotMatch(page.html, /(member|organization|session|sso-flow)-test-/)
  assert.ok(!page.html.includes(later.request_id))
  assert.doesNotMatch(page.html, /\/dashboard|Messages|<form/)
  assert.equal(page.headers.get('referrer-policy'), 'no-referrer')
  assert.match(page.headers.get('x-robots-tag') ?? '', /noindex/)
  assert.match(page.headers.get('cache-control') ?? '', /no-store/)
})

test('ids of members stand in the checks of the dashboard, and are left out of what a link shows', async () => {
  const setup = await newSetup()
  await shared(setup)
  const { row, admin, token } = await shared(setup)
  const member_id = row.member_id!
  assert.ok(row.checks.some(({ actual }) => actual?.includes(member_id)))
  assert.ok((await admin.get(`/logins/${row.flow_id}`)).html.includes(member_id))
  const { html } = await open(token)
  assert.ok(!html.includes(member_id))
  assert.match(html, /known by this connection: member</)
})

test('a link that was revoked, has expired or never was one opens nothing and says so', async () => {
  const setup = await newSetup()
  const { row, admin, token } = await shared(setup)
  const page = await admin.get(`/logins/${row.flow_id}`)
  assert.ok(!page.html.includes(token), 'a link is shown once')
  const path = /action="([^"]*\/share\/trace-link-[^"]*\/revoke)"/.exec(page.html)?.[1] ?? ''
  const revoked = await admin.post(path.replace(admin.base, ''))
  assert.equal(revoked.location, `${admin.base}/logins/${row.flow_id}`)
  const gone = await open(token)
  assert.equal(gone.status, 410)
  assert.match(gone.html, /This link was revoked/)
  assert.ok(!gone.html.includes(ada))
  const second = await shared(setup)
  const { services } = await server()
  await services.db
    .updateTable('trace_links')
    .set({ expires_at: new Date(Date.now() - 1) })
    .where('flow_id', '=', second.row.flow_id)
    .execute()
  const expired = await open(second.token)
  assert.deepEqual([expired.status, /has expired/.test(expired.html)], [410, true])
  for (const token of ['x', 'a'.repeat(43), '%00', '%2e%2e']) {
    const unknown = await open(token)
    assert.equal(unknown.status, 404, token)
    assert.doesNotMatch(unknown.html, /ada/)
  }
})

test('a link is made by editors, for a time that is offered, and audited without its token', async () => {
  const setup = await newSetup()
  const { row, admin, token, status } = await shared(setup)
  assert.deepEqual([status, token.length], [200, 43])
  for (const valid_for of ['', '9999', '-1', 'NaN']) {
    const refused = await admin.post(`/logins/${row.flow_id}/share`, { valid_for })
    assert.equal(refused.status, 400, valid_for)
    assert.doesNotMatch(refused.html, /\/trace\//)
  }
  const viewer = await newAdmin(setup.project, 'viewer')
  assert.equal((await viewer.post(`/logins/${row.flow_id}/share`, { valid_for: '24' })).status, 403)
  assert.doesNotMatch((await viewer.get(`/logins/${row.flow_id}`)).html, /Share this trace/)
  const { services } = await server()
  const { project_id } = setup.project
  const { entries } = await listAudit(services.db, { project_id, action: 'trace_link.create' })
  assert.deepEqual(
    entries.map((entry) => [entry.actor_id, entry.target_id]),
    [[admin.admin_id, row.flow_id]],
  )
  assert.ok(!JSON.stringify(entries).includes(token))
  const rows = await services.db
    .selectFrom('trace_links')
    .selectAll()
    .where('project_id', '=', project_id)
    .execute()
  assert.equal(rows.length, 1)
  assert.ok(!JSON.stringify(rows).includes(token))
})

test('links are looked up at a limited rate, and guessing at a lower one', async () => {
  const { services } = await server()
  const problems: string[] = []
  const rate_limits = readRateLimits('failed=1/m', {}, problems)
  assert.deepEqual(problems, [])
  const { config, now, log } = services
  const limits = createLimits({ rate_limits, trusted_proxies: [], now, log })
  const app = new Hono()
  mountSharedTrace(app, { ...services, config, limits })
  const incoming = { incoming: { socket: { remoteAddress: '192.0.2.1' } } }
  const statuses: number[] = []
  for (let i = 0; i < 12; i += 1)
    statuses.push((await app.request(`/trace/${'x'.repeat(42)}${i % 10}`, {}, incoming)).status)
  assert.deepEqual(new Set(statuses), new Set([404, 429]))
  assert.equal(statuses.at(-1), 429)
})
