import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { app_url, Browser, base_url, idp_url, newSetup, type Setup } from '../../tests/login.ts'
import { newToken } from '../db/secrets.ts'
import { addRedirectURL } from '../projects/redirect-urls.ts'
import type { Submission } from '../test-idp/press-button.ts'
import {
  assertRefused,
  countRows,
  flowsOf,
  lastFlow,
  organizationCall,
  ownProcess,
  redeem,
} from './login.test-kit.ts'
import { type Answer, connectIdP, respond } from './saml-idp.test-kit.ts'

const ada = 'ada.lovelace@acme.test'
const signup_url = 'http://localhost:3000/welcome'

async function newTenant() {
  const setup = await newSetup()
  const { services } = await server()
  const { project_id } = setup.project
  const url = { project_id, url: signup_url, types: ['SIGNUP'], is_default: true }
  await addRedirectURL(services.db, url)
  services.caches.drop('project', project_id)
  return setup
}

/** A login that begins at the test identity provider. */
async function launch(setup: Setup, relay_state = '', browser = new Browser()) {
  const acs_url = `${base_url}/v1/b2b/sso/callback/${setup.saml}`
  const query = new URLSearchParams({ acs_url, relay_state })
  const location = `${idp_url}/saml/launch?${query}`
  return browser.signIn(new Response(null, { headers: { location } }), ada)
}

function target(response: Response): string {
  const url = new URL(response.headers.get('location')!)
  return url.origin + url.pathname
}

test('a login that begins at the identity provider goes to the signup URL first, then to the login URL', async () => {
  const setup = await newTenant()
  const browser = new Browser()
  const first = await browser.submit(await launch(setup))
  assert.equal(target(first), signup_url)
  const { body } = await redeem(setup, first)
  assert.equal(body.member.email_address, ada)
  const again = await browser.submit(await launch(setup))
  assert.equal(target(again), app_url)
  const flow = await lastFlow(setup.project)
  assert.deepEqual([flow.initiated_by, flow.state], ['idp', 'verified'])
  assert.equal((await redeem(setup, again)).body.member_id, body.member_id)
})

test('its RelayState is ignored, whatever it looks like', async () => {
  const setup = await newTenant()
  for (const relay_state of ['https://evil.example/', '/admin', newToken(), 'x'.repeat(5_000)]) {
    const submission = await launch(setup, relay_state)
    assert.equal(submission.fields.get('RelayState'), relay_state)
    const response = await new Browser().submit(submission)
    assert.equal(response.status, 303, relay_state)
    assert.ok([signup_url, app_url].includes(target(response)))
    assert.ok(!response.headers.get('location')!.includes('evil'))
  }
})

test('a login that is under way in the browser stays its own', async () => {
  const setup = await newTenant()
  const browser = new Browser()
  const started = await browser.start(setup, setup.saml)
  assert.equal((await browser.submit(await launch(setup, '', browser))).status, 303)
  const states = (await flowsOf(setup.project)).map((flow) => flow.state)
  assert.deepEqual(states, ['started', 'verified'])
  const answer = await browser.signIn(started, ada)
  assert.equal((await browser.submit(answer)).status, 303)
})

test('an unsolicited answer cannot finish a login that waits, by its RelayState', async () => {
  const setup = await newTenant()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const attempt = async (browser: Browser) => {
    const started = await browser.start(setup, saml)
    const relay_state = new URL(started.headers.get('location')!).searchParams.get('RelayState')
    return respond(saml, null, { relay_state })
  }
  await assertRefused(setup.project, attempt, {
    error_type: 'unsolicited_saml_response',
    check: 'in_response_to',
    who: 'it_admin',
    flow: 'failed',
  })
})

test('a connection can refuse logins that begin at the identity provider', async () => {
  const setup = await newTenant()
  const path = `/v1/b2b/sso/saml/${setup.organization_id}/connections/${setup.saml}`
  await call(setup.project, 'PUT', path, { idp_initiated_auth_disabled: true })
  await assertRefused(setup.project, () => launch(setup), {
    error_type: 'saml_idp_initiated_auth_disabled',
    check: 'in_response_to',
    who: 'it_admin',
  })
  const browser = new Browser()
  assert.equal((await browser.login(setup, setup.saml, ada)).status, 303)
})

const shared = {
  alternative_acs_url: 'https://old.example/acs',
  alternative_audience_uri: 'https://old.example/sp',
}

/** What an answer says it was made for, where that is not the connection itself. */
function madeFor(recipient: string, audience: string): Answer {
  const edit = (xml: string) =>
    xml
      .replace(/(<saml:SubjectConfirmationData[^>]* Recipient=")[^"]*/, `$1${recipient}`)
      .replace(/(<saml:Audience>)[^<]*/, `$1${audience}`)
  return { edit }
}

test('one that names a connection by its alternative addresses alone is refused, because connections may share them', async () => {
  const setup = await newTenant()
  const mine = await connectIdP(setup.project, setup.organization_id, shared)
  const other = await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Globex',
    organization_slug: 'globex',
  })
  const { organization_id } = other.body.organization
  const theirs = await connectIdP(setup.project, organization_id, shared)
  const answer = madeFor(shared.alternative_acs_url, shared.alternative_audience_uri)
  // Destination is the connection's own in each: without a signature of the Response anybody writes it.
  for (const connection_id of [mine, theirs])
    for (const relay_state of [null, 'theirs'])
      await assertRefused(
        setup.project,
        async () => respond(connection_id, null, { ...answer, relay_state }),
        { error_type: 'unsolicited_saml_response', check: 'own_address', who: 'it_admin' },
      )
  const { checks } = await lastFlow(setup.project)
  const { expected, fix } = checks.at(-1)!
  assert.ok(expected!.includes(theirs) && !expected!.includes('old.example'), expected)
  assert.match(fix!.what, /^Begin the login at the application\. .* register there the ACS URL/)
})

test('one that names the connection itself, as Recipient or as Audience, is good; so is an answer to a request by both alternatives', async () => {
  const setup = await newTenant()
  const saml = await connectIdP(setup.project, setup.organization_id, shared)
  const own = `${base_url}/v1/b2b/sso/callback/${saml}`
  const { alternative_acs_url, alternative_audience_uri } = shared
  for (const answer of [
    madeFor(own, alternative_audience_uri),
    madeFor(alternative_acs_url, own),
    madeFor(own, own),
  ]) {
    const response = await new Browser().submit(respond(saml, null, answer))
    assert.equal(response.status, 303, await response.text())
    const { checks } = await lastFlow(setup.project)
    assert.equal(checks.find(({ name }) => name === 'own_address')?.verdict, 'pass')
  }
  const browser = new Browser()
  const answer = madeFor(alternative_acs_url, alternative_audience_uri)
  const submission = respond(saml, await browser.start(setup, saml), answer)
  const response = await browser.submit(submission)
  assert.equal(response.status, 303, await response.text())
})

test('somebody whom the organization does not let in leaves one failed flow', async () => {
  const setup = await newTenant()
  await organizationCall(setup, 'PUT', '', {
    sso_jit_provisioning: 'NOT_ALLOWED',
    email_invites: 'ALL_ALLOWED',
  })
  await assertRefused(setup.project, () => launch(setup), {
    error_type: 'invalid_connection_for_jit_provisioning',
    check: 'jit_provisioning',
    who: 'developer',
    burnt: true,
  })
})

test('an answer is taken once; the second time it is a duplicate, after the login too', async () => {
  const setup = await newTenant()
  const duplicate = { error_type: 'duplicate_saml_response', who: 'it_admin' as const }
  const repeated = async (browser: Browser) => {
    const submission = await launch(setup, '', browser)
    assert.equal((await browser.submit(submission)).status, 303)
    return submission
  }
  await assertRefusedAgain(setup, repeated, { ...duplicate, check: 'used_once' })
  const answered = async (browser: Browser) => {
    const submission = await browser.signIn(await browser.start(setup, setup.saml), ada)
    assert.equal((await browser.submit(submission)).status, 303)
    return submission
  }
  await assertRefusedAgain(setup, answered, { ...duplicate, check: 'flow' })
})

/** As `assertRefused`, where a verified flow of the first time is there as well. */
async function assertRefusedAgain(
  setup: Setup,
  attempt: (browser: Browser) => Promise<Submission>,
  expected: { error_type: string; check: string; who: 'it_admin' },
) {
  const own = await ownProcess()
  const browser = new Browser(own.app)
  const submission = await attempt(browser)
  const before = await countRows(setup.project)
  const response = await browser.submit(submission, { accept: 'application/json' })
  assert.equal(response.status, 400)
  const body = (await response.json()) as { error_type: string; request_id: string }
  assert.equal(body.error_type, expected.error_type)
  const flow = await lastFlow(setup.project)
  assert.deepEqual([flow.state, flow.request_id], ['failed', body.request_id])
  const failed = flow.checks.findLast((check) => check.verdict === 'fail')
  assert.deepEqual([failed?.name, failed?.fix?.who], [expected.check, expected.who])
  assert.deepEqual(await countRows(setup.project), before)
}

test('an assertion is remembered for as long as it could be used', async () => {
  const setup = await newTenant()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const submission = respond(saml, null, {})
  assert.equal((await new Browser().submit(submission)).status, 303)
  const { services } = await server()
  const kept = await services.db
    .selectFrom('saml_replays')
    .select(['connection_id', 'expires_at'])
    .where('project_id', '=', setup.project.project_id)
    .execute()
  assert.equal(kept.length, 1)
  assert.equal(kept[0]!.connection_id, saml)
  const seconds = (kept[0]!.expires_at.getTime() - Date.now()) / 1000
  assert.ok(seconds > 300 && seconds < 700, String(seconds))
})

test('an assertion with a very long ID is taken once, too', async () => {
  const setup = await newTenant()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const long = `_${randomBytes(3_000).toString('hex')}`
  const edit = (xml: string) => xml.replace(/(<saml:Assertion [^>]*ID=")[^"]*/, `$1${long}`)
  const submission = respond(saml, null, { edit })
  const first = await new Browser().submit(submission)
  assert.equal(first.status, 303, await first.text())
  assert.equal((await new Browser().submit(submission)).status, 400)
})

test('posts that belong to no login write one row a second for a connection; the next tells how many more', async () => {
  const setup = await newTenant()
  const own = await ownProcess()
  const now = Date.now()
  const post = async (at: number, connection_id = setup.saml) => {
    own.setNow(new Date(now + at))
    const browser = new Browser(own.app)
    const action = `${base_url}/v1/b2b/sso/callback/${connection_id}`
    const fields = new URLSearchParams({ SAMLResponse: 'bm90aGluZw==' })
    const response = await browser.submit({ action, method: 'POST', fields })
    assert.equal(response.status, 400)
  }
  for (let i = 0; i < 100; i++) await post(i)
  assert.equal((await flowsOf(setup.project)).length, 1)
  const other = await connectIdP(setup.project, setup.organization_id)
  await post(500, other)
  await post(999)
  assert.equal((await flowsOf(setup.project)).length, 2)
  await post(1_000)
  await post(1_001)
  await post(2_500)
  const flows = (await flowsOf(setup.project)).filter((flow) => flow.connection_id === setup.saml)
  assert.deepEqual(
    flows.map((flow) => flow.suppressed_count),
    [0, 100, 1],
  )
})
