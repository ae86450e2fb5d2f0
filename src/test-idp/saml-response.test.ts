import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { XmlC14NMode, XmlDocument } from 'libxml2-wasm'
import { SignedXml } from 'xml-crypto'
import { generateTestIdPKeys, type TestIdPKeys } from './keys.ts'
import { failureResponse, loginResponse, type SignChoice } from './saml-response.ts'
import type { TestIdPUser } from './users.ts'

const address = {
  issuer: 'http://idp.test/?a=1&b="2"\t\n',
  acs_url: 'http://localhost:4000/cb?x=1&y=<">\t',
  audience: 'urn:sp:<&>\r\n"',
  in_response_to: '_request',
  now: new Date('2026-01-01T00:00:00Z'),
}
const user: TestIdPUser = {
  id: 'id\u0000\uD800\uFFFF',
  email: 'ünï&<code>@acme.test',
  email_verified: true,
  name: ']]> \r\n\t\u{1F600} é e\u0301',
  given_name: 'a\u00A0b',
  family_name: '"\'',
  department: '',
  groups: ['<!-- c -->', '<![CDATA[x]]>', '&amp;'],
}

let keys: TestIdPKeys
before(async () => {
  keys = await generateTestIdPKeys(address.now)
})

function exclusiveC14N(xml: string): string {
  const document = XmlDocument.fromString(xml)
  const canonical = document.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 })
  document.dispose()
  return canonical
}

test('every Response is in the form that libxml2’s exclusive canonicalisation gives it', () => {
  for (const sign of ['assertion', 'response', 'both'] as SignChoice[]) {
    for (const name_id_format of ['emailAddress', 'persistent', 'transient'] as const) {
      // xml-crypto's parser (xmldom) takes these two for line ends, as XML 1.1 did; libxml2 and XML 1.0 don't.
      const odd = { ...user, given_name: '\u0085\u2028' }
      const xml = loginResponse(address, odd, { name_id_format, sign }, keys.saml)
      assert.equal(exclusiveC14N(xml), xml)
    }
  }
  const failure = failureResponse(address, ['Responder', 'AuthnFailed'], '<&>\r"', keys.saml)
  assert.equal(exclusiveC14N(failure), failure)
})

test('signatures over hostile text are accepted by xml-crypto, and cover what they should', () => {
  const options = { name_id_format: 'emailAddress', sign: 'both' } as const
  const xml = loginResponse(address, user, options, keys.saml)
  const signatures = xml.match(/<ds:Signature .*?<\/ds:Signature>/gs) ?? []
  assert.equal(signatures.length, 2)
  const covered = signatures.map((signature) => {
    const verifier = new SignedXml({
      publicCert: keys.saml.certificate,
      getCertFromKeyInfo: () => null,
    })
    verifier.loadSignature(signature)
    assert.ok(verifier.checkSignature(xml))
    return verifier.getSignedReferences()[0]?.slice(0, 15)
  })
  assert.deepEqual(covered, ['<samlp:Response', '<saml:Assertion'])
})
