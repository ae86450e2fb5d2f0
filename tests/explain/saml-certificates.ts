/** Wrong certificates, and signatures of another kind than is asked for. */
import { generateKeyPairSync } from 'node:crypto'
import { keyInfo } from '../../src/saml/signing.test-kit.ts'
import { certificate, otherCertificate } from '../../src/sso/saml-idp.test-kit.ts'
import { selfSignedCertificate } from '../../src/test-idp/certificate.ts'
import { call } from '../harness.ts'
import type { Setup } from '../login.ts'
import type { Names } from './explain.ts'
import { fingerprint, type Mistake } from './saml.ts'

const it_admin = 'it_admin' as const
const mismatch = {
  error_type: 'saml_certificate_mismatch',
  check: 'assertion_signature_certificate',
  who: it_admin,
}
const badSignature = { error_type: 'invalid_signature_saml_response', who: it_admin }

/** Four more certificates of the identity provider's past. */
const older = Array.from({ length: 4 }, () =>
  selfSignedCertificate('old', generateKeyPairSync('rsa', { modulusLength: 2048 }), new Date()),
)

async function addCertificates(setup: Setup, { connection }: Names): Promise<Names> {
  const path = `/v1/b2b/sso/saml/${setup.organization_id}/connections/${connection}`
  for (const x509_certificate of older) await call(setup.project, 'PUT', path, { x509_certificate })
  return { last: fingerprint(older.at(-1)!) }
}

export const certificateMistakes: readonly Mistake[] = [
  {
    name: 'Okta has rotated its certificate, the connection has the old one',
    provider: 'okta',
    connection: { x509_certificate: otherCertificate },
    answer: { signature: { after: keyInfo(certificate) } },
    told: {
      ...mismatch,
      expected: fingerprint(otherCertificate),
      actual: '{certificate}',
      what: /signing certificate.*In Okta:.*SAML Signing Certificates/,
    },
  },
  {
    name: 'the certificate for encryption was uploaded instead of the one for signing',
    provider: 'microsoft-entra',
    connection: { x509_certificate: otherCertificate },
    answer: { signature: { after: keyInfo(certificate) } },
    told: {
      ...mismatch,
      expected: fingerprint(otherCertificate),
      actual: '{certificate}',
      what: /not one for encryption.*“Certificate \(Base64\)”/,
    },
  },
  {
    name: 'five certificates are stored, none of them is the new one',
    provider: 'google-workspace',
    connection: { x509_certificate: otherCertificate },
    before: addCertificates,
    answer: { signature: { after: keyInfo(certificate) } },
    told: {
      ...mismatch,
      expected: '{last}',
      actual: '{certificate}',
      what: /Compare its SHA-256 fingerprint.*In Google:/,
    },
  },
  {
    name: 'the certificate is of another tenant, and the message does not name its own',
    connection: { x509_certificate: otherCertificate },
    told: {
      ...badSignature,
      check: 'assertion_signature_certificate',
      expected: fingerprint(otherCertificate),
      actual: 'names no certificate',
      what: /Download the current signing certificate/,
    },
  },
  {
    name: 'signing of the assertion is switched off in Okta',
    provider: 'okta',
    answer: { sign: 'nothing' },
    told: {
      error_type: 'missing_signature_saml_response',
      check: 'signature',
      expected: 'a signature on the Assertion',
      actual: 'none',
      who: it_admin,
      what: /“Assertion Signature” to Signed/,
    },
  },
  {
    name: 'AD FS signs with SHA-1',
    connection: { idp_sso_url: 'https://fs.acme.example/adfs/ls/' },
    answer: { signature: { algorithm: 'rsa-sha1' } },
    told: {
      ...badSignature,
      check: 'assertion_signature_algorithm',
      expected: 'SHA-256',
      actual: 'rsa-sha1',
      what: /RSA-SHA256.*In AD FS:.*“Secure hash algorithm”/,
    },
  },
  {
    name: 'the digest alone is SHA-1',
    provider: 'okta',
    answer: { signature: { digest: 'sha1' } },
    told: {
      ...badSignature,
      check: 'assertion_signature_algorithm',
      expected: 'SHA-256',
      actual: 'xmldsig#sha1',
      what: /“Digest Algorithm” SHA256/,
    },
  },
  {
    name: 'the identity provider canonicalizes inclusively',
    answer: {
      signature: {
        edit: (xml) =>
          xml.replaceAll(
            'http://www.w3.org/2001/10/xml-exc-c14n#',
            'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
          ),
      },
    },
    told: {
      ...badSignature,
      check: 'assertion_signature_algorithm',
      expected: 'xml-exc-c14n',
      actual: 'REC-xml-c14n-20010315',
      what: /canonicalization.*"exclusive"/,
    },
  },
  {
    name: 'a proxy changes the message on its way',
    answer: { tamper: (xml) => xml.replace('>Lovelace<', '>Lovelace <') },
    told: {
      ...badSignature,
      check: 'assertion_signature_digest',
      expected: 'what was signed',
      actual: 'what arrived',
      what: /a proxy, a browser extension/,
    },
  },
]
