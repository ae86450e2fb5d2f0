import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { Browser, newSetup } from '../../tests/login.ts'
import { listAudit } from '../events/audit.ts'
import { attacker, keyInfo } from '../saml/signing.test-kit.ts'
import { lastFlow } from '../sso/login.test-kit.ts'
import { connectIdP, otherCertificate } from '../sso/saml-idp.test-kit.ts'
import { startTest, tryAnswer, tryOut } from '../sso/test-login.test-kit.ts'
import { newAdmin } from './dashboard.test-kit.ts'
import { prettyXML } from './highlight.ts'

/** A test login that fails because the identity provider signs with a new certificate. */
async function rotated() {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const signature = { signer: attacker, after: keyInfo(otherCertificate) }
  const { flow_id } = await tryAnswer(setup, saml, { signature })
  return { setup, saml, flow_id, admin: await newAdmin(setup.project, 'editor') }
}

test('the messages of a test login over SAML are readable, highlighted and can be downloaded', async () => {
  const { flow_id, admin } = await rotated()
  const { html } = await admin.get(`/logins/${flow_id}`)
  assert.match(html, /Request to the identity provider/)
  assert.match(html, /&lt;<span class="x-name">samlp:AuthnRequest<\/span>/)
  assert.match(
    html,
    /\n {4}&lt;<span class="x-name">samlp:StatusCode<\/span> <span class="x-key">Value/,
  )
  assert.doesNotMatch(html, /<samlp:/)
  const path = /href="([^"]*\/messages\/message-[^"]*)" download/g
  const found = [...html.matchAll(path)].map((match) => match[1]!.replace(admin.base, ''))
  assert.equal(found.length, 2)
  const response = await admin.get(found[1]!)
  assert.match(response.html, /^<samlp:Response/)
  assert.match(
    response.headers.get('content-disposition') ?? '',
    /^attachment; filename="response-/,
  )
  assert.equal(response.headers.get('content-type'), 'application/octet-stream')
  assert.match(response.headers.get('content-security-policy') ?? '', /sandbox/)
})

test('the messages of a test login over OpenID Connect are decoded, with nothing secret in them', async () => {
  const setup = await newSetup()
  await tryOut(setup, setup.oidc)
  const { flow_id } = await lastFlow(setup.project)
  const admin = await newAdmin(setup.project, 'editor')
  const { html } = await admin.get(`/logins/${flow_id}`)
  assert.match(html, /ID token, decoded/)
  assert.match(html, /<span class="x-key">&quot;email&quot;: <\/span>/)
  assert.match(html, /<span class="x-key">code<\/span>=<span class="x-text">\(removed\)/)
  assert.doesNotMatch(html, /eyJ[\w-]{20}/)
})

test('where nothing was kept the page says how it is the next time; viewers see no messages', async () => {
  const setup = await newSetup()
  await new Browser().login(setup, setup.oidc, 'ada.lovelace@acme.test')
  const { flow_id } = await lastFlow(setup.project)
  const admin = await newAdmin(setup.project, 'editor')
  assert.match((await admin.get(`/logins/${flow_id}`)).html, /debug switch of the connection/)
  const kept = await rotated()
  const viewer = await newAdmin(kept.setup.project, 'viewer')
  const { html } = await viewer.get(`/logins/${kept.flow_id}`)
  assert.doesNotMatch(html, /AuthnRequest|\/messages\/|\/fixes\//)
  const own = /\/messages\/message-[\w-]+/.exec(
    (await kept.admin.get(`/logins/${kept.flow_id}`)).html,
  )
  assert.equal((await viewer.get(`/logins/${kept.flow_id}${own![0]}`)).status, 403)
})

test('a new certificate is taken over only after its fingerprint was compared; then the login would pass', async () => {
  const { setup, saml, flow_id, admin } = await rotated()
  const before = await admin.get(`/logins/${flow_id}/replay`)
  assert.match(before.html, /No: this login would be refused now, too/)
  const page = (await admin.get(`/logins/${flow_id}`)).html
  const [fix = ''] = /\/logins\/sso-flow-[\w-]+\/fixes\/fix-[0-9a-f]+/.exec(page) ?? []
  const { fingerprint256 } = new X509Certificate(otherCertificate)
  assert.ok((await admin.get(fix)).html.includes(fingerprint256))
  const certificates = async () => {
    const { body } = await call(setup.project, 'GET', `/v1/b2b/sso/${setup.organization_id}`)
    const found = body.saml_connections.find(
      (each: { connection_id: string }) => each.connection_id === saml,
    )
    return found.verification_certificates.length
  }
  const refused = await admin.post(fix)
  assert.equal(refused.status, 400)
  assert.match(refused.html, /compare the values, and tick the box/)
  assert.equal(await certificates(), 1)
  const applied = await admin.post(fix, { compared: 'on' })
  assert.equal(applied.location, `${admin.base}/logins/${flow_id}/replay`)
  assert.equal(await certificates(), 2)
  const after = await admin.get(applied.location)
  assert.match(after.html, /Yes: this login would pass now/)
  assert.match(after.html, /class="differs"><td>Signature of the assertion: certificate/)
  assert.equal((await admin.get(fix)).status, 404)
  const { services } = await server()
  const { project_id } = setup.project
  const { entries } = await listAudit(services.db, {
    project_id,
    action: 'connection.fix_certificate',
  })
  assert.deepEqual(
    entries.map(({ actor_id, target_id }) => [actor_id, target_id]),
    [[admin.admin_id, saml]],
  )
})

test('a login that is no test proposes nothing, and a fix that is made up changes nothing', async () => {
  const { setup, flow_id, admin } = await rotated()
  assert.equal((await admin.get(`/logins/${flow_id}/fixes/fix-0`)).status, 404)
  assert.equal((await admin.post(`/logins/${flow_id}/fixes/fix-0`, { compared: 'on' })).status, 404)
  const viewer = await newAdmin(setup.project, 'viewer')
  const [fix = ''] =
    /\/fixes\/fix-[0-9a-f]+/.exec((await admin.get(`/logins/${flow_id}`)).html) ?? []
  assert.equal((await viewer.post(`/logins/${flow_id}${fix}`, { compared: 'on' })).status, 403)
})

test('a test that has not come back says that it is one, and who began it', async () => {
  const setup = await newSetup()
  await startTest(new Browser(), setup, setup.saml)
  const { flow_id } = await lastFlow(setup.project)
  const admin = await newAdmin(setup.project, 'viewer')
  const { html } = await admin.get(`/logins/${flow_id}`)
  assert.match(html, /A test by an administrator/)
  assert.match((await admin.get('/logins')).html, /In progress<\/span> <span[^>]*>test</)
})

test('what anybody has posted in place of XML is set out as fast as XML', () => {
  for (const part of ['<!-- ', '<![CDATA[', '<?', '<', '<a b="', '<a b= ']) {
    const began = performance.now()
    const shown = String(prettyXML(part.repeat(300_000 / part.length)))
    const ms = performance.now() - began
    assert.ok(ms < 500, `${part}: ${Math.round(ms)} ms`)
    assert.match(shown, /&lt;/)
  }
})
