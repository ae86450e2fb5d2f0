import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { SAML, type SamlConfig } from '@node-saml/node-saml'
import { SignedXml } from 'xml-crypto'
import { pressButton } from './press-button.ts'
import { createTestIdP, type TestIdP } from './test-idp.ts'

const IDP = 'http://localhost:4001'
const ACS = 'http://localhost:4000/v1/b2b/sso/callback/saml-connection-test-1'
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'
const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'

let idp: TestIdP
before(async () => {
  idp = await createTestIdP({ base_url: IDP, service_base_url: 'http://localhost:4000' })
})

// node-saml is the service provider: it writes the request and judges the response.
function serviceProvider(settings: Partial<SamlConfig> = {}): SAML {
  return new SAML({
    idpCert: idp.saml.certificate,
    entryPoint: idp.saml.sso_url,
    idpIssuer: idp.saml.entity_id,
    issuer: ACS,
    audience: ACS,
    callbackUrl: ACS,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: false,
    disableRequestedAuthnContext: true,
    ...settings,
  })
}

async function get(url: string): Promise<string> {
  return (await idp.app.request(url)).text()
}

async function press(page: string, label: string, typed?: Record<string, string>): Promise<string> {
  const { action, method, fields } = pressButton(page, label, typed)
  return (await idp.app.request(new URL(action, IDP).href, { method, body: fields })).text()
}

/** What the auto-posting page would deliver, and where. */
function delivered(page: string) {
  const { action, method, fields } = pressButton(page, 'Continue')
  assert.equal(method, 'POST')
  const xml = Buffer.from(fields.get('SAMLResponse') ?? '', 'base64').toString('utf8')
  return { action, xml, fields: Object.fromEntries(fields) }
}

function requestURL(xml: string): string {
  const encoded = encodeURIComponent(deflateRawSync(xml).toString('base64'))
  return `${IDP}/saml/sso?SAMLRequest=${encoded}`
}

function authnRequest(attributes = '', children = '', acs = ACS): string {
  return `<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z" AssertionConsumerServiceURL="${acs}" ${attributes}><a:Issuer>${ACS}</a:Issuer>${children}</p:AuthnRequest>`
}

const subject = (name_id: string) => `<a:Subject><a:NameID>${name_id}</a:NameID></a:Subject>`

test('a login by HTTP-Redirect gives an assertion that node-saml accepts, with all attributes', async () => {
  const sp = serviceProvider()
  const page = await get(await sp.getAuthorizeUrlAsync('relay & state', undefined, {}))
  const { action, fields } = delivered(await press(page, 'ada.lovelace@acme.test'))
  assert.equal(action, ACS)
  assert.equal(fields.RelayState, 'relay & state')
  const { profile } = await sp.validatePostResponseAsync(fields)
  assert.equal(profile?.nameID, 'ada.lovelace@acme.test')
  assert.equal(profile.nameIDFormat, EMAIL)
  assert.equal(profile.issuer, idp.saml.entity_id)
  assert.deepEqual(profile.attributes, {
    id: 'idp-user-ada-lovelace',
    email: 'ada.lovelace@acme.test',
    firstName: 'Ada',
    lastName: 'Lovelace',
    displayName: 'Ada Lovelace',
    department: 'Analytical Engines',
    groups: ['engineering', 'admins'],
  })
})

test('a login by HTTP-POST works as well, and InResponseTo is the request’s ID', async () => {
  const body = new URLSearchParams({ SAMLRequest: Buffer.from(authnRequest()).toString('base64') })
  const response = await idp.app.request(idp.saml.sso_url, { method: 'POST', body })
  const { xml, fields } = delivered(await press(await response.text(), 'grace.hopper@acme.test'))
  assert.equal(xml.match(/ InResponseTo="_r1"/g)?.length, 2)
  const { profile } = await serviceProvider().validatePostResponseAsync(fields)
  assert.equal(profile?.nameID, 'grace.hopper@acme.test')
})

for (const sign of ['assertion', 'response', 'both']) {
  test(`what the response options say is signed, and nothing else: ${sign}`, async () => {
    const page = await press(await get(requestURL(authnRequest())), 'alan.turing@acme.test', {
      sign,
    })
    const { xml, fields } = delivered(page)
    assert.equal(xml.match(/<ds:Signature /g)?.length, sign === 'both' ? 2 : 1)
    const wantAssertionsSigned = sign !== 'response'
    const wantAuthnResponseSigned = sign !== 'assertion'
    const strict = serviceProvider({ wantAssertionsSigned, wantAuthnResponseSigned })
    assert.equal(
      (await strict.validatePostResponseAsync(fields)).profile?.nameID,
      'alan.turing@acme.test',
    )
    const forged = xml.replaceAll('alan.turing@acme.test', 'ada.lovelace@acme.test')
    const SAMLResponse = Buffer.from(forged).toString('base64')
    await assert.rejects(strict.validatePostResponseAsync({ SAMLResponse }), /Invalid/)
  })
}

test('the NameID is an id that stays where persistent is asked for, and a new one each time for transient', async () => {
  const login = async (format: string) => {
    const sp = serviceProvider({ identifierFormat: format })
    const page = await press(
      await get(await sp.getAuthorizeUrlAsync('', undefined, {})),
      'ada.lovelace@',
    )
    const { profile } = await sp.validatePostResponseAsync(delivered(page).fields)
    assert.equal(profile?.nameIDFormat, format)
    return profile.nameID
  }
  assert.equal(await login(PERSISTENT), 'idp-user-ada-lovelace')
  assert.notEqual(await login(TRANSIENT), await login(TRANSIENT))
})

test('the Subject of the request chooses the user, known or made up, and skips the page', async () => {
  for (const email of ['grace.hopper@acme.test', 'new.person@acme.test']) {
    const { fields } = delivered(await get(requestURL(authnRequest('', subject(email)))))
    const { profile } = await serviceProvider().validatePostResponseAsync(fields)
    assert.equal(profile?.nameID, email)
  }
  const page = await get(requestURL(authnRequest('', subject('idp-user-of-yesterday'))))
  assert.match(page, /Who is signing in/)
})

test('ForceAuthn shows the page even so', async () => {
  const request = authnRequest('ForceAuthn="true"', subject('grace.hopper@acme.test'))
  const page = await get(requestURL(request))
  assert.match(page, /Who is signing in/)
  assert.match(page, /asked for/)
})

test('any e-mail address can sign in, with a name and groups, and is the same person the next time', async () => {
  const typed = { email: 'Kat.J@acme.test', name: 'Katherine <J> & "Co"', groups: 'a, b&b,, a' }
  const login = async () => {
    const page = await press(await get(requestURL(authnRequest())), 'Sign in', typed)
    return (await serviceProvider().validatePostResponseAsync(delivered(page).fields)).profile
  }
  const profile = await login()
  assert.equal(profile?.nameID, 'kat.j@acme.test')
  const attributes = profile.attributes as Record<string, unknown>
  assert.equal(attributes.displayName, 'Katherine <J> & "Co"')
  assert.equal(attributes.firstName, 'Katherine')
  assert.deepEqual(attributes.groups, ['a', 'b&b'])
  assert.deepEqual((await login())?.attributes, attributes)
})

test('what cannot be done is a signed Response without assertion that says why', async () => {
  const page = await get(requestURL(authnRequest()))
  const cases: [string, string, string][] = [
    [await press(page, 'Cancel'), 'Responder', 'AuthnFailed'],
    [await get(requestURL(authnRequest('IsPassive="1"'))), 'Responder', 'NoPassive'],
    [
      await get(requestURL(authnRequest('', '<p:NameIDPolicy Format="urn:x"/>'))),
      'Requester',
      'InvalidNameIDPolicy',
    ],
  ]
  for (const [answer, outer, inner] of cases) {
    const { action, xml } = delivered(answer)
    assert.equal(action, ACS)
    const status = 'urn:oasis:names:tc:SAML:2.0:status:'
    assert.ok(xml.includes(`"${status}${outer}"><samlp:StatusCode Value="${status}${inner}">`), xml)
    assert.ok(!xml.includes('Assertion ID'))
    const signature = xml.match(/<ds:Signature .*<\/ds:Signature>/s)?.[0] ?? ''
    const verifier = new SignedXml({
      publicCert: idp.saml.certificate,
      getCertFromKeyInfo: () => null,
    })
    verifier.loadSignature(signature)
    assert.ok(verifier.checkSignature(xml))
    assert.match(verifier.getSignedReferences()[0] ?? '', /^<samlp:Response /)
  }
})

test('a login begun here is an unsolicited Response, to the service only', async () => {
  const query = new URLSearchParams({ acs_url: ACS, audience: 'urn:sp', relay_state: 'r' })
  const page = await get(`${IDP}/saml/launch?${query}`)
  const { action, xml, fields } = delivered(await press(page, 'ada.lovelace@acme.test'))
  assert.equal(action, ACS)
  assert.equal(fields.RelayState, 'r')
  assert.ok(!xml.includes('InResponseTo'))
  const { profile } = await serviceProvider({ audience: 'urn:sp' }).validatePostResponseAsync(
    fields,
  )
  assert.equal(profile?.nameID, 'ada.lovelace@acme.test')
  const form = pressButton(await get(IDP), 'Choose who signs in')
  assert.equal(form.action, '/saml/launch')
  assert.equal((await idp.app.request(`${IDP}/saml/launch?acs_url=http://evil.test/`)).status, 400)
})

test('requests that make no sense, or would send people elsewhere, get a page that says so', async () => {
  const bomb = encodeURIComponent(deflateRawSync(' '.repeat(1e7)).toString('base64'))
  const cases: [string, RegExp][] = [
    [requestURL(authnRequest('', '', 'https://evil.test/')), /http:\/\/localhost:4000 only/],
    [
      requestURL(authnRequest('', '', 'http://localhost:4000.evil.test/')),
      /http:\/\/localhost:4000 only/,
    ],
    [requestURL(authnRequest('', '', 'javascript:alert(1)')), /http:\/\/localhost:4000 only/],
    [requestURL(authnRequest('', '', '')), /no AssertionConsumerServiceURL/],
    [
      requestURL(authnRequest('Destination="https://other.test/sso"')),
      /meant for https:\/\/other.test/,
    ],
    [requestURL(authnRequest('ProtocolBinding="urn:artifact"')), /HTTP-POST only/],
    [requestURL(authnRequest().replace('_r1', '')), /has no ID/],
    [requestURL(authnRequest().replace(`<a:Issuer>${ACS}</a:Issuer>`, '')), /has no Issuer/],
    [requestURL(`<!DOCTYPE x>${authnRequest()}`), /document type declaration/],
    [requestURL('<broken'), /not well-formed/],
    [requestURL('<x/>'), /Expected a SAML 2.0 AuthnRequest/],
    [`${IDP}/saml/sso?SAMLRequest=${bomb}`, /could not be inflated/],
    [`${IDP}/saml/sso?SAMLRequest=%00%00`, /not base64/],
    [`${IDP}/saml/sso`, /missing or not base64/],
  ]
  for (const [url, reason] of cases) {
    const response = await idp.app.request(url)
    assert.equal(response.status, 400, String(reason))
    assert.match(await response.text(), reason)
  }
})

test('a login can’t be finished after half an hour', async () => {
  let now = new Date('2026-01-01T00:00:00Z')
  idp = await createTestIdP({ base_url: IDP, service_base_url: ACS, now: () => now })
  const page = await get(requestURL(authnRequest()))
  now = new Date('2026-01-01T00:29:00Z')
  assert.match(await press(page, 'ada.lovelace'), /SAMLResponse/)
  now = new Date('2026-01-01T00:31:00Z')
  assert.match(await press(page, 'ada.lovelace'), /has expired/)
})
