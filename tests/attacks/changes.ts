/** Properties of the verifier over every change of one kind to an honest answer. */
import assert from 'node:assert/strict'
import type { SAMLIdentity } from '../../src/saml/assertion.ts'
import { SAMLError } from '../../src/saml/checks.ts'
import { sp } from '../../src/saml/encrypting.test-kit.ts'
import { verifyResponse } from '../../src/saml/response.ts'
import { IDP, idp, p256, p384, p521 } from '../../src/saml/signing.test-kit.ts'
import { type Asked, attribute, canonical, Exchange, FORGED, nameID } from './exchange.ts'

const acs = 'https://sso.example/v1/b2b/sso/callback/saml-connection-test-1'
export const asked: Asked = { acs, audience: acs, request_id: '_request', now: new Date() }
const keys = [idp, p256, p384, p521].map(({ publicKey }, i) => ({
  certificate_id: `certificate-${i}`,
  fingerprint: `fingerprint-${i}`,
  key: publicKey,
}))

/** What the verifier makes of a form field; throws SAMLError where it refuses. */
export function identityOf(saml_response: string): SAMLIdentity {
  const decryption = { keys: [sp.privateKey], allow_aes_cbc: false, stopped: false }
  const settings = {
    idp_entity_id: IDP,
    acs_urls: [acs],
    audiences: [acs],
    keys,
    idp_initiated_auth_disabled: false,
    decryption,
    allow_sha1_until: null,
  }
  const in_response_to = asked.request_id
  return verifyResponse({ saml_response, settings, in_response_to, now: asked.now }).identity
}

/** The same; null where it refuses. Anything but a refusal is thrown. */
function verify(saml_response: string): SAMLIdentity | null {
  try {
    return identityOf(saml_response)
  } catch (error) {
    if (error instanceof SAMLError) return null
    throw error
  }
}

export type Layout = 'Assertion' | 'Response'

/** An honest answer of each layout, small. */
export function honest(layout: Layout): string {
  const exchange = new Exchange(asked)
  return layout === 'Assertion' ? exchange.genuine : exchange.genuineResponse
}

/** What was changed, and how much of it was let through because it means the same. */
export interface Outcome {
  tried: number
  same: number
}

/**
 * Puts other bytes in the place of one, at every `step`th position of what is signed and of the
 * signature: each is refused, or (white space inside of a tag) has the same canonical form.
 */
export function changeBytes(layout: Layout, step: number, values: readonly number[]): Outcome {
  const xml = honest(layout)
  const path = `(//*[local-name()="${layout}"])[1]`
  const form = canonical(xml, path)
  const bytes = Buffer.from(xml)
  const from = xml.indexOf(layout === 'Assertion' ? '<saml:Assertion' : '<samlp:Response')
  const end = `</saml${layout === 'Assertion' ? '' : 'p'}:${layout}>`
  const outcome = { tried: 0, same: 0 }
  for (let at = from; at < xml.indexOf(end) + end.length; at += step) {
    const original = bytes[at]!
    for (const value of values) {
      if (value === original) continue
      bytes[at] = value
      outcome.tried += 1
      if (verify(bytes.toString('base64')) === null) continue
      const where = `byte ${at}: ${original} became ${value}: ${bytes.subarray(at - 20, at + 20)}`
      assert.equal(canonical(bytes.toString(), path), form, where)
      outcome.same += 1
    }
    bytes[at] = original
  }
  return outcome
}

/** What is put into a message; the forged ones say who somebody would like to be. */
const INSERTED: readonly ((xml: string) => string)[] = [
  () => '<x xmlns="urn:x"/>',
  () => '<x/>',
  () => attribute('email', FORGED),
  () => nameID(FORGED),
  () => '<!---->',
  () => FORGED,
  () => ' ',
  () => '<saml:Issuer>https://evil.example</saml:Issuer>',
  () => `<saml:AttributeValue>${FORGED}</saml:AttributeValue>`,
  (xml) => /<ds:Signature .*<\/ds:Signature>/.exec(xml)![0],
  () =>
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_f">${FORGED}</saml:Assertion>`,
  () => ' x="1"',
  () => ' xmlns:y="urn:y"',
  () => ' ID="_f"',
]

/**
 * Inserts an element, an attribute or text at every `step`th position: each is refused, or leaves the
 * whole identity as it was.
 */
export function insertEverywhere(layout: Layout, step: number): Outcome {
  const xml = honest(layout)
  const identity = verify(Buffer.from(xml).toString('base64'))
  assert.ok(identity)
  const pieces = INSERTED.map((make) => make(xml))
  const outcome = { tried: 0, same: 0 }
  for (let at = 0; at <= xml.length; at += step) {
    for (const piece of pieces) {
      const changed = `${xml.slice(0, at)}${piece}${xml.slice(at)}`
      outcome.tried += 1
      const now = verify(Buffer.from(changed).toString('base64'))
      if (now === null) continue
      assert.deepEqual(now, identity, `${piece} at ${at}`)
      outcome.same += 1
    }
  }
  return outcome
}
