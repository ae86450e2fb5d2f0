import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createSigningCertificate, readVerificationCertificate } from './certificates.ts'
import { SAMLError } from './checks.ts'

const now = new Date('2026-03-01T12:00:00Z')
const made = await createSigningCertificate({ common_name: 'saml-connection-test-1', now })
const pem = made.certificate
const base64 = pem.replace(/-----[A-Z ]+-----|\s/g, '')

const fixture = (name: string) =>
  readFileSync(new URL(`./testdata/certificates/${name}.pem`, import.meta.url), 'utf8')

test('a signing certificate is for its key, RSA-2048, for ten years, from a little ago', () => {
  const certificate = new X509Certificate(pem)
  const key = createPrivateKey(made.private_key)
  assert.match(made.private_key, /^-----BEGIN PRIVATE KEY-----\n/)
  assert.ok(certificate.checkPrivateKey(key))
  assert.ok(certificate.verify(createPublicKey(key)))
  assert.ok(certificate.checkIssued(certificate))
  assert.equal(certificate.ca, false)
  assert.equal(certificate.subject, 'CN=saml-connection-test-1')
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 2048)
  assert.equal(certificate.validFromDate.toISOString(), '2026-02-28T12:00:00.000Z')
  assert.equal(certificate.validToDate.toISOString(), '2036-03-01T12:00:00.000Z')
})

test('two signing certificates have different keys and serial numbers', async () => {
  const other = await createSigningCertificate({ common_name: 'saml-connection-test-1', now })
  const [a, b] = [new X509Certificate(pem), new X509Certificate(other.certificate)]
  assert.notEqual(a.serialNumber, b.serialNumber)
  assert.notEqual(made.private_key, other.private_key)
})

test('a certificate is made for a key that is there already', async () => {
  const private_key = createPrivateKey(made.private_key)
  const other = await createSigningCertificate({ common_name: 'again', now, private_key })
  assert.equal(other.private_key, made.private_key)
  assert.ok(new X509Certificate(other.certificate).checkPrivateKey(private_key))
  assert.notEqual(other.certificate, pem)
})

test('a certificate that lasts beyond 2049 and one with an odd name are well formed', async () => {
  const common_name = `é"#=,<>'`.padEnd(80, 'x')
  const long = await createSigningCertificate({ common_name, now, years: 40 })
  const { not_after, subject } = readVerificationCertificate(long.certificate)
  assert.equal(not_after.toISOString(), '2066-03-01T12:00:00.000Z')
  assert.equal(subject.replaceAll('\\', ''), `CN=${common_name.slice(0, 64)}`)
})

test('a certificate is read however it was pasted, and comes out normalised', () => {
  const pasted = [
    pem,
    pem.trim(),
    pem.replaceAll('\n', '\r\n'),
    pem.replaceAll('\n', ' '),
    pem.replaceAll('\n', '\\n'),
    `-----BEGIN CERTIFICATE-----${base64}-----END CERTIFICATE-----`,
    `\n\n  ${pem}\t\n`,
    base64,
    `${base64.slice(0, 100)}\n${base64.slice(100)}\n`,
  ]
  const { publicKey, fingerprint256 } = new X509Certificate(pem)
  for (const text of pasted) {
    const read = readVerificationCertificate(text)
    assert.equal(read.pem, pem)
    assert.equal(read.fingerprint_sha256, fingerprint256.replaceAll(':', '').toLowerCase())
    assert.ok(read.public_key.equals(publicKey))
    assert.equal(read.issuer, 'CN=saml-connection-test-1')
  }
})

test('an elliptic-curve key and an expired certificate are accepted', async () => {
  assert.equal(readVerificationCertificate(fixture('p256')).public_key.asymmetricKeyType, 'ec')
  const old = await createSigningCertificate({ common_name: 'old', now: new Date(0), years: 1 })
  const { not_before, not_after } = readVerificationCertificate(old.certificate)
  assert.equal(not_before.getUTCFullYear(), 1969)
  assert.equal(not_after.getUTCFullYear(), 1971)
})

const der = Buffer.from(base64, 'base64')
// the object identifier of the second algorithm, that of the key, made unknown
const oid = Buffer.from('2a864886f70d010101', 'hex')
const strangeKey = Buffer.from(der)
strangeKey[der.indexOf(oid) + 8] = 0x7f

const REFUSED: Record<string, [string, RegExp]> = {
  nothing: ['', /not base64 or PEM/],
  'white space': [' \n', /not base64 or PEM/],
  'a sentence': ['see the attached file.', /not base64 or PEM/],
  'base64 of something else': [Buffer.from('hello world').toString('base64'), /not an X.509/],
  'two certificates': [pem + pem, /exactly one/],
  'text before it': [`Bag Attributes\n${pem}`, /before or after/],
  'text after it': [`${pem}\nhello`, /before or after/],
  'bytes after it': [
    Buffer.concat([der, Buffer.of(0)]).toString('base64'),
    /after the certificate/,
  ],
  'two certificates in one DER': [
    Buffer.concat([der, der]).toString('base64'),
    /after the certificate/,
  ],
  'half a certificate': [der.subarray(0, 300).toString('base64'), /not an X.509/],
  'a private key': [made.private_key, /private key/],
  'a public key': ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', /public key, not/],
  'a header without an end': [`-----BEGIN CERTIFICATE-----\n${base64}`, /exactly one/],
  'very much text': ['A'.repeat(20_000), /too long/],
  'RSA of 1024 bits': [fixture('rsa-1024'), /2048 to 8192 bits; this one has 1024/],
  'RSA with exponent 3': [fixture('rsa-exponent-3'), /exponent/],
  'an RSA-PSS key': [fixture('rsa-pss'), /RSA or elliptic/],
  'a key of an unknown kind': [strangeKey.toString('base64'), /cannot be read/],
  Ed25519: [fixture('ed25519'), /RSA or elliptic/],
  DSA: [fixture('dsa'), /RSA or elliptic/],
  secp256k1: [fixture('secp256k1'), /curve/],
}

for (const [name, [text, reason]] of Object.entries(REFUSED)) {
  test(`refuses as certificate: ${name}`, () => {
    assert.throws(
      () => readVerificationCertificate(text),
      (error) =>
        error instanceof SAMLError &&
        error.error_type === 'invalid_x509_certificate' &&
        reason.test(error.message) &&
        error.checks[0]!.fix!.who === 'it_admin',
    )
  })
}
