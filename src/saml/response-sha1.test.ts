import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { encrypted, sp } from './encrypting.test-kit.ts'
import {
  assertionXML,
  attacker,
  NOW,
  p256,
  responseXML,
  type SignOptions,
  signed,
} from './signing.test-kit.ts'
import { type Asked, assertRefused, refusal, verify } from './verdict.test-kit.ts'

// signatures that rest on SHA-1: never, but for a connection that is allowed them for a time

const INVALID = 'invalid_signature_saml_response'
const until = (seconds: number): Asked => ({
  settings: { allow_sha1_until: new Date(NOW.getTime() + seconds * 1000) },
})
const allowed = until(86_400)
const note = ' (SHA-1 is allowed until 2026-03-02T12:00:00Z)'

const FORMS: Record<string, SignOptions> = {
  'RSA-SHA1 and digest SHA-1': { algorithm: 'rsa-sha1' },
  'RSA-SHA1 and digest SHA-256': { algorithm: 'rsa-sha1', digest: 'sha256' },
  'RSA-SHA256 and digest SHA-1': { digest: 'sha1' },
  'RSA-PSS and digest SHA-1': { algorithm: 'sha256-rsa-MGF1', digest: 'sha1' },
  'ECDSA-SHA256 and digest SHA-1': { signer: p256, algorithm: 'ecdsa-sha256', digest: 'sha1' },
}

for (const [name, options] of Object.entries(FORMS)) {
  const key = options.signer?.publicKey
  const asked = (how: Asked): Asked => (key === undefined ? how : { ...how, key })

  for (const what of ['Response', 'Assertion'] as const) {
    const check = `${what.toLowerCase()}_signature_algorithm`
    const xml = signed(responseXML(), what, options)

    test(`${what} with ${name}: refused without permission, and the fix names both ways out`, () => {
      const failed = assertRefused(xml, check, INVALID, asked({}))
      assert.match(failed.fix!.what, /RSA-SHA256.*--allow-sha1-until/)
      assert.doesNotMatch(refusal(xml, asked({})).message, /until/)
    })

    test(`${what} with ${name}: accepted while allowed, and the check says until when`, () => {
      const { identity, checks, sha1 } = verify(xml, asked(allowed))
      assert.equal(identity.name_id, 'ada@example.com')
      assert.equal(sha1, true)
      const { verdict, actual } = checks.find((one) => one.name === check)!
      assert.equal(verdict, 'pass')
      assert.ok(actual!.includes('#') && actual!.endsWith(note), actual)
    })

    test(`${what} with ${name}: refused from the moment on at which the permission ends`, () => {
      for (const seconds of [0, -1, -86_400 * 400]) {
        assertRefused(xml, check, INVALID, asked(until(seconds)))
      }
      assert.equal(verify(xml, asked(until(1))).sha1, true)
      const { message } = refusal(xml, asked(until(-3600)))
      assert.match(message, /SHA-1 until 2026-03-01T11:00:00Z; that has ended/)
    })
  }
}

test('settings that say nothing about SHA-1 do not allow it', () => {
  const asked: Asked = { settings: { allow_sha1_until: undefined } }
  const weak = signed(responseXML(), 'Assertion', { algorithm: 'rsa-sha1' })
  assertRefused(weak, 'assertion_signature_algorithm', INVALID, asked)
  assert.equal(verify(signed(responseXML(), 'Assertion'), asked).sha1, false)
})

test('a permission changes nothing about signatures that do not need it', () => {
  const { checks, sha1 } = verify(signed(responseXML(), 'Assertion'), allowed)
  assert.equal(sha1, false)
  assert.ok(checks.every(({ actual = '' }) => !actual.includes('SHA-1')))
})

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const NEVER: Record<string, [uri: string, message: RegExp]> = {
  'HMAC-SHA1': [`${DSIG}hmac-sha1`, /SHA-1/],
  'DSA-SHA1': [`${DSIG}dsa-sha1`, /SHA-1/],
  'ECDSA-SHA1': ['http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1', /SHA-1/],
  'RSA-PSS with SHA-1': ['http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1', /SHA-1/],
  'a digest for a signature': [`${DSIG}sha1`, /SHA-1/],
  'RSA-MD5': ['http://www.w3.org/2001/04/xmldsig-more#rsa-md5', /an algorithm that is not/],
}

for (const [name, [uri, message]] of Object.entries(NEVER)) {
  test(`${name} is refused also while SHA-1 is allowed`, () => {
    const edit = (xml: string) => xml.replace(`${DSIG}rsa-sha1`, uri)
    const xml = signed(responseXML(), 'Assertion', { algorithm: 'rsa-sha1', edit })
    const failed = assertRefused(xml, 'assertion_signature_algorithm', INVALID, allowed)
    assert.equal(failed.actual, uri)
    assert.match(refusal(xml, allowed).message, message)
  })
}

test('RSA-SHA1 as a digest, and a digest of MD5, are refused also while SHA-1 is allowed', () => {
  for (const uri of [`${DSIG}rsa-sha1`, 'http://www.w3.org/2001/04/xmldsig-more#md5']) {
    const edit = (xml: string) =>
      xml.replace(`DigestMethod Algorithm="${DSIG}sha1"`, `DigestMethod Algorithm="${uri}"`)
    const xml = signed(responseXML(), 'Assertion', { algorithm: 'rsa-sha1', edit })
    assertRefused(xml, 'assertion_signature_algorithm', INVALID, allowed)
  }
})

test('one of two signatures with SHA-1 needs the permission, whichever it is', () => {
  const weak = { algorithm: 'rsa-sha1' } as const
  const cases: [check: string, assertion: SignOptions, response: SignOptions][] = [
    ['assertion_signature_algorithm', weak, {}],
    ['response_signature_algorithm', {}, weak],
    ['response_signature_algorithm', weak, weak],
  ]
  for (const [check, assertion, response] of cases) {
    const xml = signed(signed(responseXML(), 'Assertion', assertion), 'Response', {
      ...response,
      path: '/*',
    })
    assertRefused(xml, check, INVALID)
    assert.equal(verify(xml, allowed).sha1, true)
    assertRefused(xml, check, INVALID, until(0))
  }
})

test('an encrypted assertion that is signed with SHA-1 needs the permission too', () => {
  const decryption = { keys: [sp.privateKey], allow_aes_cbc: false, stopped: false }
  const inner = signed(assertionXML(), 'Assertion', { algorithm: 'rsa-sha1' })
  const xml = responseXML({}, encrypted(inner, {}))
  const asked = ({ settings }: Asked): Asked => ({ settings: { ...settings, decryption } })
  assertRefused(xml, 'assertion_signature_algorithm', INVALID, asked({}))
  assert.equal(verify(xml, asked(allowed)).sha1, true)
  assertRefused(xml, 'assertion_signature_algorithm', INVALID, asked(until(0)))
})

test('while SHA-1 is allowed, key and digest are checked as ever', () => {
  const weak = { algorithm: 'rsa-sha1' } as const
  const genuine = signed(responseXML(), 'Assertion', weak)
  const digest = (value: Buffer) => (xml: string) =>
    xml.replace(/(<ds:DigestValue>)[^<]*/, `$1${value.toString('base64')}`)
  const cases: [check: string, xml: string][] = [
    [
      'assertion_signature_certificate',
      signed(responseXML(), 'Assertion', { ...weak, signer: attacker }),
    ],
    ['assertion_signature_digest', genuine.replace('ada@', 'eve@')],
    [
      'assertion_signature_digest',
      signed(responseXML(), 'Assertion', { ...weak, edit: digest(createHash('sha1').digest()) }),
    ],
    [
      'assertion_signature_value',
      signed(responseXML(), 'Assertion', { ...weak, edit: digest(Buffer.alloc(32)) }),
    ],
    [
      'assertion_signature_value',
      signed(responseXML(), 'Assertion', { edit: digest(Buffer.alloc(20)) }),
    ],
  ]
  for (const [check, xml] of cases) assertRefused(xml, check, INVALID, allowed)
})
