import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { Browser, connectSAML, newSetup, type Setup } from '../../tests/login.ts'
import { lastFlow, redeem } from '../sso/login.test-kit.ts'
import { connectIdP, respond } from '../sso/saml-idp.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'

const ada = 'ada.lovelace@acme.test'
const elsewhere =
  '<saml:AudienceRestriction><saml:Audience>https://elsewhere.example</saml:Audience></saml:AudienceRestriction>'

/** A login whose SAML audience is wrong; returns its row. */
async function failLogin(setup: Setup, connection_id: string) {
  const browser = new Browser()
  const started = await browser.start(setup, connection_id)
  await browser.submit(respond(connection_id, started, { fields: { audience: elsewhere } }))
  return lastFlow(setup.project)
}

/** The ids of the logins that a page lists. */
function listed(html: string): string[] {
  return [...html.matchAll(/<tr id="(sso-flow-[\w-]+)"/g)].map((match) => match[1]!)
}

test('the page of a refused login says the cause, both values, who must act and what to do', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const row = await failLogin(setup, saml)
  const admin = await newAdmin(setup.project, 'viewer')
  const { status, html } = await admin.get(`/logins/${row.flow_id}`)
  assert.equal(status, 200)
  const [, headline = ''] =
    /<section class="trace-headline alert alert-danger"[^>]*>([\s\S]*?)<\/section>/.exec(html) ?? []
  assert.match(headline, /ada@acme\.test could not be signed in: the response was made for another/)
  assert.match(headline, new RegExp(`Expected</dt><dd>.*/v1/b2b/sso/callback/${saml}`))
  assert.match(headline, /Got<\/dt><dd>.*https:\/\/elsewhere\.example/)
  assert.match(headline, /Who must act<\/dt><dd><strong>IT administrator of the organization</)
  assert.match(headline, /What to do<\/dt><dd>In the identity provider/)
  assert.match(html, /Failed<\/span><\/td>\s*<td>Audience<\/td>/)
  for (const id of [row.request_id, row.flow_id]) assert.ok(html.includes(id))
})

test('a login that succeeded shows every check, its steps, its member and session', async () => {
  const setup = await newSetup()
  const { body } = await redeem(setup, await new Browser().login(setup, setup.oidc, ada))
  const row = await lastFlow(setup.project)
  const { html } = await (await newAdmin(setup.project, 'viewer')).get(`/logins/${row.flow_id}`)
  assert.match(html, /ada\.lovelace@acme\.test signed in in \d+ ms\./)
  assert.equal(html.match(/class="check check-/g)?.length, row.checks.length)
  assert.match(html, new RegExp(`${row.checks.length} passed`))
  for (const step of ['Started', 'At the identity provider', 'Came back', 'Identity verified'])
    assert.match(html, new RegExp(`<strong>${step}</strong>`))
  assert.match(html, /<strong>Token redeemed<\/strong>[\s\S]{0,200}\d ms/)
  assert.ok(html.includes(body.member_session.member_session_id))
  const links = [`/members/${body.member_id}`, `/organizations/${setup.organization_id}`]
  const admin = await newAdmin(setup.project, 'viewer')
  for (const link of [...links, `/connections/${setup.oidc}`]) {
    assert.ok(html.includes(`href="${admin.base}${link}"`), link)
    assert.equal((await admin.get(link)).status, 200, link)
  }
})

test('a login that has not come back follows itself, and says what to look at; one that ended does not', async () => {
  const setup = await newSetup()
  const admin = await newAdmin(setup.project, 'viewer')
  const browser = new Browser()
  const started = await browser.start(setup, setup.saml)
  const { flow_id } = await lastFlow(setup.project)
  const waiting = await admin.get(`/logins/${flow_id}`)
  assert.match(
    waiting.html,
    /id="trace" hx-get="[^"]*\/logins\/[^"]*\?was=started" hx-trigger="every/,
  )
  assert.match(waiting.html, /<li>Wrong reply URL/)
  const follow = `/logins/${flow_id}?was=started`
  const unchanged = await admin.get(follow, { 'hx-request': 'true' })
  assert.deepEqual([unchanged.status, unchanged.html], [204, ''])
  await browser.submit(await browser.signIn(started, ada))
  const part = await admin.get(follow, { 'hx-request': 'true' })
  assert.match(part.html, /^<div id="trace" hx-get="[^"]*was=verified"/)
  await redeem(setup, await new Browser().login(setup, setup.saml, ada))
  const ended = await lastFlow(setup.project)
  const after = await admin.get(`/logins/${ended.flow_id}`, { 'hx-request': 'true' })
  assert.match(after.html, /^<div id="trace">/)
  assert.match(after.html, /signed in/)
})

test('the list refreshes itself by its own part, unless it is switched off or an older page', async () => {
  const setup = await newSetup()
  const admin = await newAdmin(setup.project, 'viewer')
  assert.match((await admin.get('/logins')).html, /Nobody has signed in yet/)
  await new Browser().start(setup, setup.saml)
  const { flow_id } = await lastFlow(setup.project)
  const part = await admin.get('/logins', { 'hx-request': 'true' })
  assert.match(part.html, /^<section class="card" id="logins-table"[^>]*hx-trigger="every/)
  assert.deepEqual(listed(part.html), [flow_id])
  for (const off of ['/logins?live=off', '/logins?cursor=W10'])
    assert.doesNotMatch((await admin.get(off)).html, /hx-trigger/)
})

test('filters narrow the list, all of them together; a wrong one is said, and the fields stay filled in', async () => {
  const setup = await newSetup()
  const other = await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Other',
    organization_slug: 'other',
  })
  const there = await connectSAML(setup.project, other.body.organization.organization_id)
  await new Browser().start(setup, there)
  const waiting = await lastFlow(setup.project)
  const failed = await failLogin(setup, await connectIdP(setup.project, setup.organization_id))
  await new Browser().login(setup, setup.oidc, ada)
  const verified = await lastFlow(setup.project)
  const admin = await newAdmin(setup.project, 'viewer')
  const find = async (query: Record<string, string>) =>
    listed((await admin.get(`/logins?${new URLSearchParams(query)}`)).html)
  const all = [verified.flow_id, failed.flow_id, waiting.flow_id]
  assert.deepEqual(await find({}), all)
  assert.deepEqual(await find({ organization: 'other' }), [waiting.flow_id])
  assert.deepEqual(await find({ connection: setup.oidc }), [verified.flow_id])
  assert.deepEqual(await find({ email: 'ADA.lovelace@acme.test' }), [verified.flow_id])
  assert.deepEqual(await find({ result: 'failed' }), [failed.flow_id])
  assert.deepEqual(await find({ check: 'audience' }), [failed.flow_id])
  assert.deepEqual(await find({ request: failed.request_id }), [failed.flow_id])
  assert.deepEqual(await find({ since: '2020-01-01T00:00', until: '2099-01-01T00:00' }), all)
  assert.deepEqual(await find({ since: '2099-01-01T00:00' }), [])
  assert.deepEqual(await find({ result: 'failed', organization: 'other' }), [])
  const wrong = await admin.get('/logins?since=yesterday&email=a%22b@c.test')
  assert.equal(wrong.status, 400)
  assert.match(wrong.html, /A time is written as/)
  assert.match(wrong.html, /value="a&quot;b@c\.test"/)
  assert.match((await admin.get('/logins?organization=nobody')).html, /organization/i)
})

test('the search field leads to a login by request id or login id, and to the logins of an address', async () => {
  const setup = await newSetup()
  await new Browser().login(setup, setup.oidc, ada)
  const { flow_id, request_id } = await lastFlow(setup.project)
  const admin = await newAdmin(setup.project, 'viewer')
  for (const q of [flow_id, ` ${request_id} `]) {
    const found = await admin.get(`/logins?q=${encodeURIComponent(q)}`)
    assert.deepEqual([found.status, found.location], [303, `${admin.base}/logins/${flow_id}`])
  }
  const byAddress = await admin.get(`/logins?q=${encodeURIComponent(ada)}`)
  assert.equal(byAddress.location, `${admin.base}/logins?email=${encodeURIComponent(ada)}`)
  assert.deepEqual(listed((await admin.get(byAddress.location)).html), [flow_id])
  const nothing = await admin.get('/logins?q=%3Cb%3Eada')
  assert.match(nothing.html, /No login was found/)
  assert.match(nothing.html, /&lt;b&gt;ada/)
})

test('a long list has pages', async () => {
  const setup = await newSetup()
  for (let i = 0; i < 52; i += 1) await new Browser().start(setup, setup.saml)
  const admin = await newAdmin(setup.project, 'viewer')
  const first = await admin.get('/logins')
  assert.equal(listed(first.html).length, 50)
  const next = /<a class="btn" href="([^"]+)">Next page/.exec(first.html)?.[1]
  const second = await admin.get(next!.replace(admin.base, '').replaceAll('&amp;', '&'))
  assert.equal(listed(second.html).length, 2)
  assert.match(second.html, /First page/)
})

test('what an identity provider or a browser sends is text on the page: escaped, bounded, nothing invisible', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const script = '<script>alert(1)</script>'
  const browser = new Browser()
  const started = await browser.start(setup, saml)
  const audience = `<saml:AudienceRestriction><saml:Audience>${script.replaceAll('<', '&lt;')}</saml:Audience></saml:AudienceRestriction>`
  await browser.submit(respond(saml, started, { fields: { audience } }))
  const { flow_id } = await lastFlow(setup.project)
  const { services } = await server()
  const hostile = [
    { name: `${script}_${'x'.repeat(5_000)}`, verdict: 'pass', actual: 'y'.repeat(100_000) },
    { name: 'email', verdict: 'pass', actual: `a\u202egnp.exe\u200b@x.test"onload="${script}` },
    { name: 'audience', verdict: 'fail', expected: script, actual: script },
  ]
  const admin = await newAdmin(setup.project, 'owner')
  assert.match((await admin.get(`/logins/${flow_id}`)).html, /&lt;script&gt;alert\(1\)/)
  await services.db
    .updateTable('sso_flows')
    .set({ checks: JSON.stringify(hostile) })
    .where('flow_id', '=', flow_id)
    .execute()
  for (const path of [`/logins/${flow_id}`, '/logins', '/logins?check=%22%3E%3Cscript%3E']) {
    const { html } = await admin.get(path)
    assert.doesNotMatch(html, /<script>|"onload=|[\u202e\u200b]/)
    assert.ok(html.length < 60_000, `${path} ${html.length}`)
  }
  assert.match((await admin.get(`/logins/${flow_id}`)).html, /a⟨U\+202E⟩gnp\.exe⟨U\+200B⟩@x\.test/)
})

test('a login of another project is not found, neither by id nor in a list', async () => {
  const [setup, other] = [await newSetup(), await newSetup()]
  await new Browser().start(setup, setup.saml)
  const { flow_id, request_id } = await lastFlow(setup.project)
  const admin = await newAdmin(other.project)
  for (const path of [`/logins/${flow_id}`, `/logins/${flow_id}/replay`])
    assert.equal((await admin.get(path)).status, 404)
  assert.equal((await admin.get(`/logins?q=${request_id}`)).status, 200)
  assert.equal((await admin.post(`/logins/${flow_id}/share`, { valid_for: '24' })).status, 404)
  assert.deepEqual(listed((await admin.get(`/logins?connection=${setup.saml}`)).html), [])
})
