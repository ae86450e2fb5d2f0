import assert from 'node:assert/strict'
import { createPrivateKey, verify, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { XmlDocument } from 'libxml2-wasm'
import { SignedXml } from 'xml-crypto'
import {
  type AuthnRequestInput,
  buildAuthnRequest,
  postForm,
  redirectURL,
} from './authn-request.ts'
import { createSigningCertificate } from './certificates.ts'

const now = new Date('2026-03-01T12:00:00.789Z')
const { certificate, private_key: pem } = await createSigningCertificate({
  common_name: 'test',
  now,
})
const private_key = createPrivateKey(pem)
const { publicKey } = new X509Certificate(certificate)
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'
const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'

const input: AuthnRequestInput = {
  idp_sso_url: 'https://idp.example/sso',
  audience_uri: 'https://sso.example/callback/1',
  acs_url: 'https://sso.example/callback/1',
  nameid_format: EMAIL,
  force_authn: false,
  now,
}
const awkward = `https://idp.example/sso?a="1"&b=<2>'&c=\t\n\u{1f600}`

const namespaces = {
  samlp: 'urn:oasis:names:tc:SAML:2.0:protocol',
  saml: 'urn:oasis:names:tc:SAML:2.0:assertion',
  ds: 'http://www.w3.org/2000/09/xmldsig#',
}

/** What an XPath says about a document, read by libxml2. */
function read(xml: string, xpath: string): unknown {
  const document = XmlDocument.fromString(xml)
  try {
    return document.eval(`string(${xpath})`, namespaces)
  } finally {
    document.dispose()
  }
}

test('an AuthnRequest says who asks, where to answer and which NameID it wants', () => {
  const { id, xml } = buildAuthnRequest(input)
  assert.match(id, /^_[0-9a-f]{40}$/)
  const expected: Record<string, string> = {
    '/samlp:AuthnRequest/@ID': id,
    '/samlp:AuthnRequest/@Version': '2.0',
    '/samlp:AuthnRequest/@IssueInstant': '2026-03-01T12:00:00Z',
    '/samlp:AuthnRequest/@Destination': input.idp_sso_url,
    '/samlp:AuthnRequest/@AssertionConsumerServiceURL': input.acs_url,
    '/samlp:AuthnRequest/@ProtocolBinding': 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    '/samlp:AuthnRequest/@ForceAuthn': '',
    '/samlp:AuthnRequest/saml:Issuer': input.audience_uri,
    '/samlp:AuthnRequest/samlp:NameIDPolicy/@Format': EMAIL,
    '/samlp:AuthnRequest/samlp:NameIDPolicy/@AllowCreate': 'true',
  }
  for (const [xpath, value] of Object.entries(expected))
    assert.equal(read(xml, xpath), value, xpath)
})

test('every AuthnRequest has another ID', () => {
  assert.notEqual(buildAuthnRequest(input).id, buildAuthnRequest(input).id)
})

test('the format unspecified sends no NameIDPolicy, and ForceAuthn is sent when asked', () => {
  for (const nameid_format of [UNSPECIFIED, '']) {
    const { xml } = buildAuthnRequest({ ...input, nameid_format, force_authn: true })
    assert.equal(read(xml, 'count(//samlp:NameIDPolicy)'), '0')
    assert.equal(read(xml, '/*/@ForceAuthn'), 'true')
  }
})

test('somebody who is named stands in the Subject, before the NameIDPolicy, also signed', () => {
  const request = buildAuthnRequest({ ...input, subject_name_id: 'a&b<ada>@acme.test' })
  const { SAMLRequest } = postForm(request, { relay_state: 'r', private_key, certificate })
  for (const xml of [request.xml, Buffer.from(SAMLRequest, 'base64').toString()]) {
    const subject = '/samlp:AuthnRequest/saml:Subject[following-sibling::samlp:NameIDPolicy]'
    assert.equal(read(xml, `${subject}/saml:NameID`), 'a&b<ada>@acme.test')
    assert.equal(read(xml, `${subject}/saml:NameID/@Format`), EMAIL)
  }
  assert.equal(read(buildAuthnRequest(input).xml, 'count(//saml:Subject)'), '0')
})

test('settings with markup in them are escaped, not interpreted', () => {
  const { xml } = buildAuthnRequest({
    ...input,
    idp_sso_url: awkward,
    acs_url: awkward,
    audience_uri: awkward,
    nameid_format: awkward,
  })
  for (const xpath of [
    '/*/@Destination',
    '/*/@AssertionConsumerServiceURL',
    '//saml:Issuer',
    '//@Format',
  ]) {
    assert.equal(read(xml, xpath), awkward)
  }
})

test('HTTP-Redirect: the request deflated, the signature over the exact octets of the query', () => {
  const request = buildAuthnRequest(input)
  const relay_state = 'state &=+ é'
  const url = redirectURL(request, { relay_state, private_key })
  const parsed = new URL(url)
  assert.equal(`${parsed.origin}${parsed.pathname}`, input.idp_sso_url)
  assert.deepEqual(
    [...parsed.searchParams.keys()],
    ['SAMLRequest', 'RelayState', 'SigAlg', 'Signature'],
  )
  assert.equal(parsed.searchParams.get('RelayState'), relay_state)
  assert.equal(
    parsed.searchParams.get('SigAlg'),
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  )
  const message = Buffer.from(parsed.searchParams.get('SAMLRequest')!, 'base64')
  assert.equal(inflateRawSync(message).toString(), request.xml)
  const octets = Buffer.from(url.slice(url.indexOf('SAMLRequest='), url.indexOf('&Signature=')))
  const signature = Buffer.from(parsed.searchParams.get('Signature')!, 'base64')
  assert.ok(verify('sha256', octets, publicKey, signature))
})

test("HTTP-Redirect: the identity provider's own query stays, its fragment goes", () => {
  const at = (idp_sso_url: string) =>
    redirectURL(buildAuthnRequest({ ...input, idp_sso_url }), { relay_state: 'r', private_key })
  assert.match(
    at('https://idp.example/sso?tenant=a%20b&x'),
    /^https:\/\/idp\.example\/sso\?tenant=a%20b&x&SAMLRequest=/,
  )
  assert.match(at('https://idp.example/sso?'), /^https:\/\/idp\.example\/sso\?SAMLRequest=/)
  assert.match(at('https://idp.example/sso#top'), /^https:\/\/idp\.example\/sso\?SAMLRequest=/)
})

test('HTTP-Redirect: an international address is sent in ASCII, any other as it is', () => {
  for (const [idp_sso_url, sent] of [
    ['https://m\u00fcnchen.example/sso', 'https://xn--mnchen-3ya.example/sso?SAMLRequest='],
    ['https://idp.example/\u6f22?x=\u{1f600}', 'https://idp.example/%E6%BC%A2?x=%F0%9F%98%80&SAML'],
    ['HTTPS://IDP.example/%zz?a="', 'HTTPS://IDP.example/%zz?a="&SAMLRequest='],
  ] as const) {
    const request = buildAuthnRequest({ ...input, idp_sso_url })
    const url = redirectURL(request, { relay_state: 'r', private_key })
    assert.ok(url.startsWith(sent), url)
    new Headers({ location: url })
    assert.equal(read(request.xml, '/samlp:AuthnRequest/@Destination'), idp_sso_url)
  }
})

test('HTTP-POST: the XML carries an enveloped signature that xml-crypto verifies', () => {
  for (const idp_sso_url of [input.idp_sso_url, awkward]) {
    const request = buildAuthnRequest({ ...input, idp_sso_url, audience_uri: `${awkward}$&$1` })
    const form = postForm(request, { relay_state: 'r', private_key, certificate })
    assert.equal(form.action, idp_sso_url)
    assert.equal(form.RelayState, 'r')
    const xml = Buffer.from(form.SAMLRequest, 'base64').toString()
    const signature = xml.slice(xml.indexOf('<ds:Signature '), xml.indexOf('</ds:Signature>') + 15)
    const verifier = new SignedXml({ publicCert: certificate, getCertFromKeyInfo: () => null })
    verifier.loadSignature(signature)
    assert.ok(verifier.checkSignature(xml))
    assert.match(verifier.getSignedReferences()[0]!, new RegExp(`ID="${request.id}"`))
    assert.equal(xml.replace(signature, ''), request.xml)
    assert.equal(read(xml, 'name(/*/*[1])'), 'saml:Issuer')
    assert.equal(read(xml, 'name(/*/*[2])'), 'ds:Signature')
    assert.equal(
      String(read(xml, '//ds:X509Certificate')),
      certificate.replace(/-----[A-Z ]+-----|\s/g, ''),
    )
  }
})
