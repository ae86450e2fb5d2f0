/** For tests: what a login has written, and how a refused one must look. */
import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { call, createServices, databaseURL, server, type TestProject } from '../../tests/harness.ts'
import { Browser, type Setup, tokenOf } from '../../tests/login.ts'
import { createApp } from '../app.ts'
import type { Submission } from '../test-idp/press-button.ts'
import type { Check } from './flow.ts'
import { type Answer, respond } from './saml-idp.test-kit.ts'

/** Another process on the database of this run, with a clock of its own. */
export async function ownProcess(base_url = 'http://localhost:4000') {
  await server()
  const made = createServices({ base_url, port: 4000, database_url: await databaseURL() })
  // When the listener connects, the caches are emptied.
  while (!made.services.caches.listening()) await setTimeout(5)
  return { ...made, app: createApp(made.services) }
}

const written = [
  'members',
  'retired_emails',
  'sso_registrations',
  'sessions',
  'intermediate_sessions',
  'saml_replays',
] as const

/** How many rows of everything that a login may write, besides flows, a project has. */
export async function countRows(project: TestProject): Promise<Record<string, number>> {
  const { services } = await server()
  const counts: Record<string, number> = {}
  for (const table of written) {
    const row = await services.db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .where('project_id', '=', project.project_id)
      .executeTakeFirstOrThrow()
    counts[table] = Number(row.count)
  }
  return counts
}

/** The flows of a project, oldest first. */
export async function flowsOf(project: TestProject) {
  const { services } = await server()
  const rows = await services.db
    .selectFrom('sso_flows')
    .selectAll()
    .where('project_id', '=', project.project_id)
    .orderBy('flow_id')
    .execute()
  return rows.map((row) => ({ ...row, checks: row.checks as Check[] }))
}

/** The flow that a project began, or ended, last. */
export async function lastFlow(project: TestProject) {
  return (await flowsOf(project)).at(-1)!
}

export interface Expected {
  error_type: string
  /** The check that failed. */
  check: string
  who: 'it_admin' | 'developer' | 'operator'
  /** `failed`: the flow that was started; `waiting`: it stays, and a row of its own says what came. */
  flow?: 'failed' | 'waiting'
  /** Whether a burnt assertion is among what is written. */
  burnt?: boolean
  /** The clock of the server when the answer arrives, ahead of the real one. */
  later_ms?: number
}

const people = { it_admin: 'IT administrator', developer: 'developers', operator: 'operator' }

/**
 * Submits twice, as a browser and as a client that wants JSON (`attempt` makes a new answer each time),
 * and asserts: status 400, no redirect, the reason, who must act and the request id on the page, the
 * envelope as JSON, the flow failed with the check, and nothing else written.
 */
export async function assertRefused(
  project: TestProject,
  attempt: (browser: Browser) => Promise<Submission>,
  expected: Expected,
): Promise<void> {
  const { services } = await server()
  for (const accept of ['text/html,application/xhtml+xml', 'application/json']) {
    await forgetFlows(project)
    let ahead = 0
    // An application of its own each time, so that the second failure is not taken for a flood.
    const now = () => new Date(Date.now() + ahead)
    const browser = new Browser(createApp({ ...services, now }))
    const submission = await attempt(browser)
    const before = await countRows(project)
    ahead = expected.later_ms ?? 0
    const response = await browser.submit(submission, { accept })
    const text = await response.text()
    assert.equal(response.status, 400, text)
    assert.equal(response.headers.get('location'), null)
    const flow = await assertFlowFailed(project, expected)
    const failed = flow.checks.findLast((check) => check.verdict === 'fail')
    assert.equal(failed?.name, expected.check)
    assert.equal(failed?.fix?.who, expected.who)
    if (accept === 'application/json') assertEnvelope(JSON.parse(text), flow, expected)
    else assertPage(text, flow.request_id, expected)
    const burnt = expected.burnt ? 1 : 0
    assert.deepEqual(await countRows(project), {
      ...before,
      saml_replays: before.saml_replays! + burnt,
    })
  }
}

async function assertFlowFailed(project: TestProject, expected: Expected) {
  const flows = await flowsOf(project)
  const failed = flows.filter((flow) => flow.state === 'failed')
  assert.equal(failed.length, 1, JSON.stringify(flows.map((flow) => flow.state)))
  const [flow] = failed
  assert.equal(flow!.error_type, expected.error_type, JSON.stringify(flow!.checks.at(-1)))
  assert.equal(flow!.token_hash, null)
  assert.equal(flows.length, expected.flow === 'waiting' ? 2 : 1)
  if (expected.flow === 'waiting')
    assert.equal(flows.filter((each) => each.state === 'started').length, 1)
  return flow!
}

/** So that an attempt is looked at alone. */
async function forgetFlows(project: TestProject): Promise<void> {
  const { services } = await server()
  await services.db.deleteFrom('sso_flows').where('project_id', '=', project.project_id).execute()
}

type Flow = Awaited<ReturnType<typeof lastFlow>>

// biome-ignore lint/suspicious/noExplicitAny: an answer is looked into field by field
function assertEnvelope(body: any, flow: Flow, expected: Expected): void {
  assert.equal(body.status_code, 400)
  assert.equal(body.error_type, expected.error_type)
  assert.equal(body.request_id, flow.request_id)
  assert.equal(body.error_url, `http://localhost:4000/errors/${expected.error_type}`)
  assert.ok(body.error_message.length > 10)
  const failed = flow.checks.filter((check) => check.verdict === 'fail')
  assert.deepEqual(body.error_details.checks, failed)
}

function assertPage(text: string, request_id: string, expected: Expected): void {
  assert.match(text, /^<!doctype html>/)
  assert.ok(text.includes(request_id))
  assert.ok(text.includes(expected.error_type))
  assert.ok(text.includes(people[expected.who]), text)
  assert.match(text, /<p class="notice">[^<]{10,}<\/p>/)
}

/** Exchanges the token of a callback. */
export function redeem(setup: Setup, response: Response, input: Record<string, unknown> = {}) {
  return call(setup.project, 'POST', '/v1/b2b/sso/authenticate', {
    sso_token: tokenOf(response),
    ...input,
  })
}

/** A whole login at the SAML identity provider of these tests; returns the answer of the callback. */
export async function arrive(setup: Setup, connection_id: string, answer: Answer = {}) {
  const browser = new Browser()
  const submission = respond(connection_id, await browser.start(setup, connection_id), answer)
  return browser.submit(submission, { accept: 'application/json' })
}

/** A login that must succeed; returns the answer of `authenticate`. */
export async function enter(setup: Setup, connection_id: string, answer: Answer = {}) {
  const response = await arrive(setup, connection_id, answer)
  assert.equal(response.status, 303, await response.clone().text())
  const redeemed = await redeem(setup, response)
  assert.equal(redeemed.status, 200, JSON.stringify(redeemed.body))
  return redeemed.body
}

/** A login that must be refused at the callback; returns its error type, having checked that no member changed. */
export async function refuse(setup: Setup, connection_id: string, answer: Answer = {}) {
  const before = await membersOf(setup.project)
  const response = await arrive(setup, connection_id, answer)
  const body = (await response.json()) as { error_type: string }
  assert.equal(response.status, 400, JSON.stringify(body))
  assert.deepEqual(await membersOf(setup.project), before)
  return body.error_type
}

/** Everything stored about the members of a project. */
export async function membersOf(project: TestProject) {
  const { services } = await server()
  return services.db
    .selectFrom('member_objects')
    .selectAll()
    .where('project_id', '=', project.project_id)
    .orderBy('member_id')
    .execute()
}

/** Calls an endpoint below the organization and expects success; returns the body. */
export async function organizationCall(
  setup: Setup,
  method: string,
  path: string,
  body?: Record<string, unknown>,
) {
  const url = `/v1/b2b/organizations/${setup.organization_id}${path}`
  const answer = await call(setup.project, method, url, body)
  assert.equal(answer.status, 200, answer.body.error_message)
  return answer.body
}
