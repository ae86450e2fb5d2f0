import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import { createSigningCertificate, readVerificationCertificate } from './certificates.ts'
import {
  attacker,
  idp,
  keyInfo,
  NOW,
  p256,
  responseXML,
  type SignOptions,
  signed,
} from './signing.test-kit.ts'
import { type Asked, assertRefused, pinned, refusal, verify } from './verdict.test-kit.ts'

// which key a signature may be made with, and what is said when it is another

const INVALID = 'invalid_signature_saml_response'
const genuine = signed(responseXML(), 'Assertion')
const victim = { name_id: '<saml:NameID>admin@victim.example</saml:NameID>' }

const KEYS: Record<string, SignOptions> = {
  'another key': { signer: attacker },
  'another key and a KeyInfo that repeats no certificate': {
    signer: attacker,
    after: '<ds:KeyInfo><ds:RetrievalMethod URI="https://evil.example/key"/></ds:KeyInfo>',
  },
  'a key of another kind': { signer: p256, algorithm: 'ecdsa-sha256' },
}

for (const [name, options] of Object.entries(KEYS)) {
  test(`refuses a signature made with ${name}`, () => {
    const xml = signed(responseXML(victim), 'Assertion', options)
    assertRefused(xml, 'assertion_signature_certificate', INVALID)
  })
}

test('a key value in KeyInfo is not used', () => {
  const { n = '', e = '' } = attacker.publicKey.export({ format: 'jwk' })
  const after = `<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${n}</ds:Modulus><ds:Exponent>${e}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>`
  const xml = signed(responseXML(victim), 'Assertion', { signer: attacker, after })
  assertRefused(xml, 'assertion_signature_certificate', INVALID)
  assertRefused(
    signed(responseXML(victim), 'Assertion', { signer: attacker, after: keyInfo('AAAA') }),
    'assertion_signature_certificate',
    INVALID,
    { key: idp.publicKey },
  )
})

test('SHA-1 is refused, and the check says where to change it', () => {
  for (const options of [{ algorithm: 'rsa-sha1' }, { digest: 'sha1' }] as const) {
    const xml = signed(responseXML(), 'Assertion', options)
    const failed = assertRefused(xml, 'assertion_signature_algorithm', INVALID)
    assert.match(failed.fix!.what, /RSA-SHA256/)
    assert.match(refusal(xml).message, /SHA-1/)
  }
})

test('a certificate that is not pinned is told from changed content, with both fingerprints', async () => {
  const made = await createSigningCertificate({ common_name: 'new IdP key', now: NOW })
  const certificate = readVerificationCertificate(made.certificate)
  const signer = {
    privateKey: createPrivateKey(made.private_key),
    publicKey: certificate.public_key,
  }
  const xml = signed(responseXML(), 'Assertion', { signer, after: keyInfo(made.certificate) })
  const failed = assertRefused(xml, 'assertion_signature_certificate', 'saml_certificate_mismatch')
  assert.equal(failed.expected, 'pinned-1')
  assert.equal(failed.actual, certificate.fingerprint_sha256)
  assert.equal(failed.fix!.who, 'it_admin')

  const asked: Asked = { keys: pinned(certificate.public_key, certificate.fingerprint_sha256) }
  assert.equal(verify(xml, asked).identity.name_id, 'ada@example.com')
  const changed = xml.replace('ada@', 'eve@')
  assertRefused(changed, 'assertion_signature_digest', INVALID, asked)
  // changed content keeps the signature value valid, so the certificate is still the finding
  assertRefused(changed, 'assertion_signature_certificate', 'saml_certificate_mismatch')
})

test('changed content is refused as changed', () => {
  assertRefused(genuine.replace('ada@', 'eve@'), 'assertion_signature_digest', INVALID)
  const response = signed(responseXML(), 'Response')
  assertRefused(response.replace('ada@', 'eve@'), 'response_signature_digest', INVALID)
})

test('at most five pinned keys are tried', () => {
  const keys = [...Array(5).fill(pinned(p256.publicKey)[0]), pinned(idp.publicKey)[0]]
  assertRefused(genuine, 'assertion_signature_certificate', INVALID, { keys })
  assert.equal(verify(genuine, { keys: keys.slice(1) }).identity.name_id, 'ada@example.com')
})
