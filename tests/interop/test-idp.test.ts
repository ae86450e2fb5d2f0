import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pressButton } from '../../src/test-idp/press-button.ts'
import { portcullis } from './portcullis.ts'
import { assertSignedXML, assertValid, certificatesOf, textAt, verifyXML } from './xml-tools.ts'

/** Somebody whose name and groups hold what XML and canonicalization treat in ways of their own. */
const somebody = {
  email: "o'brien@acme.test",
  name: `Zoë <O'Brien> & "Söhne"`,
  groups: `R&D, <admins>, "quoted", tab\tbed, 東京 😀`,
}
const formats = {
  emailAddress: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  persistent: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  transient: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
}
const signed = {
  assertion: ['Assertion'],
  response: ['Response'],
  both: ['Response', 'Assertion'],
} as const

/** The certificate of its metadata, which are checked first. */
async function certificateOfIdP(): Promise<string> {
  const { test_idp_url } = await portcullis()
  const answer = await fetch(`${test_idp_url}/saml/metadata`)
  const metadata = await answer.text()
  await assertValid('metadata', metadata)
  return certificatesOf(metadata)[0] ?? ''
}

/** The page that shows the users, for a login of the seeded connection with a NameID format. */
async function signInPage(nameid_format: string): Promise<string> {
  const { organizations, stytch } = await portcullis()
  const { organization_id, sso_connections } = organizations[0]!
  const { connection_id, start_url } = sso_connections.find(({ type }) => type === 'saml')!
  await stytch.sso.saml.updateConnection({ organization_id, connection_id, nameid_format })
  return (await fetch(start_url)).text()
}

/** Presses a button of the page; returns the Response that a browser would then post. */
async function pressed(page: string, label: string, typed: Record<string, string>) {
  const { base_url, test_idp_url } = await portcullis()
  const { action, method, fields } = pressButton(page, label, typed)
  const answer = await fetch(new URL(action, test_idp_url), { method, body: fields })
  const form = pressButton(await answer.text(), 'Continue')
  assert.ok(form.action.startsWith(`${base_url}/v1/b2b/sso/callback/`))
  return Buffer.from(form.fields.get('SAMLResponse') ?? '', 'base64').toString()
}

for (const [sign, elements] of Object.entries(signed))
  test(`test IdP, ${sign} signed: schema-valid, accepted by xmlsec1, and nothing else is signed`, async () => {
    const certificate = await certificateOfIdP()
    for (const nameid_format of Object.values(formats)) {
      const page = await signInPage(nameid_format)
      for (const [label, typed] of [
        ['ada.lovelace@acme.test', { sign }],
        ['Sign in', { sign, user: '', ...somebody }],
      ] as const) {
        const xml = await pressed(page, label, typed)
        await assertValid('protocol', xml)
        assert.equal(await textAt(xml, '//*[local-name()="NameID"]/@Format'), nameid_format)
        assert.equal(xml.match(/<ds:Signature /g)?.length, elements.length)
        for (const element of elements) await assertSignedXML(element, xml, certificate)
      }
    }
  })

test('test IdP: what somebody typed arrives as it was, and a changed letter is noticed', async () => {
  const certificate = await certificateOfIdP()
  const page = await signInPage(formats.emailAddress)
  const xml = await pressed(page, 'Sign in', { sign: 'both', user: '', ...somebody })
  const value = (name: string, index = 1) =>
    textAt(xml, `//*[@Name="${name}"]/*[local-name()="AttributeValue"][${index}]`)
  assert.equal(await value('displayName'), somebody.name)
  assert.equal(await value('groups', 2), '<admins>')
  const changed = xml.replace('東京', '東亰')
  assert.notEqual(changed, xml)
  for (const element of signed.both)
    assert.equal((await verifyXML(element, changed, certificate)).accepted, false)
})

test('test IdP: a login that was cancelled is answered schema-valid and signed', async () => {
  const certificate = await certificateOfIdP()
  const xml = await pressed(await signInPage(formats.emailAddress), 'Cancel', {})
  assert.match(xml, /status:AuthnFailed/)
  await assertValid('protocol', xml)
  await assertSignedXML('Response', xml, certificate)
})

test('test IdP: a login that begins there answers no request, schema-valid and signed', async () => {
  const certificate = await certificateOfIdP()
  const { base_url, organizations, test_idp_url } = await portcullis()
  const { sso_connections } = organizations[0]!
  const { connection_id } = sso_connections.find(({ type }) => type === 'saml')!
  const acs_url = `${base_url}/v1/b2b/sso/callback/${connection_id}`
  const query = new URLSearchParams({ acs_url, relay_state: 'a & b' })
  const page = await (await fetch(`${test_idp_url}/saml/launch?${query}`)).text()
  const xml = await pressed(page, 'grace.hopper@acme.test', {})
  assert.doesNotMatch(xml, /InResponseTo/)
  await assertValid('protocol', xml)
  await assertSignedXML('Assertion', xml, certificate)
})
