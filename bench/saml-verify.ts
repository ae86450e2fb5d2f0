// Verifies one SAML Response of 8 KB (assertion signed, RSA-2048, SHA-256) with src/saml/ and with
// @node-saml/node-saml, in turn, and prints how many each does in a second of CPU.
// node bench/saml-verify.ts [rounds] [seconds a round and library]
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml'
import { createSigningCertificate, readVerificationCertificate } from '../src/saml/certificates.ts'
import { verifyResponse } from '../src/saml/response.ts'
import {
  ACS,
  encode,
  IDP,
  keyInfo,
  NOW,
  REQUEST_ID,
  responseXML,
  signed,
} from '../src/saml/signing.test-kit.ts'
import { eighteenAttributes } from './saml-attributes.ts'

const rounds = Number(process.argv[2] ?? 9)
const seconds = Number(process.argv[3] ?? 1)

const made = await createSigningCertificate({ common_name: 'bench', now: NOW })
const certificate = readVerificationCertificate(made.certificate)
const signer = { privateKey: createPrivateKey(made.private_key), publicKey: certificate.public_key }
// node-saml takes no clock, so the message may be used for ever
const forever = '9999-12-31T23:59:59Z'
const saml_response = encode(
  signed(
    responseXML({
      conditions_attributes: `NotBefore="2026-01-01T00:00:00Z" NotOnOrAfter="${forever}"`,
      confirmation_data: `<saml:SubjectConfirmationData InResponseTo="${REQUEST_ID}" NotOnOrAfter="${forever}" Recipient="${ACS}"/>`,
      attributes: eighteenAttributes,
    }),
    'Assertion',
    { signer, after: keyInfo(made.certificate), prefixes: ['xs'] },
  ),
)

const { public_key: key, fingerprint_sha256: fingerprint } = certificate
const settings = {
  idp_entity_id: IDP,
  acs_urls: [ACS],
  audiences: [ACS],
  keys: [{ certificate_id: 'bench', fingerprint, key }],
  allow_sha1_until: null,
  idp_initiated_auth_disabled: false,
}
function ours(): string {
  const input = { saml_response, settings, in_response_to: REQUEST_ID, now: NOW }
  return verifyResponse(input).identity.name_id
}

const nodeSAML = new SAML({
  idpCert: made.certificate,
  issuer: ACS,
  audience: ACS,
  callbackUrl: ACS,
  wantAuthnResponseSigned: false,
  validateInResponseTo: ValidateInResponseTo.never,
})
async function theirs(): Promise<string | undefined> {
  const { profile } = await nodeSAML.validatePostResponseAsync({ SAMLResponse: saml_response })
  return profile?.nameID
}

/** How often `run` is done in a second of this process's CPU. */
async function rate(run: () => unknown): Promise<number> {
  const started = process.cpuUsage()
  let count = 0
  for (;;) {
    for (let i = 0; i < 20; i += 1) await run()
    count += 20
    const { user, system } = process.cpuUsage(started)
    const spent = (user + system) / 1e6
    if (spent >= seconds) return count / spent
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

assert.equal(ours(), 'ada@example.com')
assert.equal(await theirs(), 'ada@example.com')
await rate(ours)
await rate(theirs)
const results: { ours: number; theirs: number }[] = []
for (let round = 0; round < rounds; round += 1) {
  results.push({ ours: await rate(ours), theirs: await rate(theirs) })
}
const size = Buffer.from(saml_response, 'base64').length
console.log(`${(size / 1024).toFixed(1)} KB, assertion signed, RSA-2048, SHA-256; ${rounds} rounds`)
console.log(`portcullis  ${median(results.map((one) => one.ours)).toFixed(0)} per CPU second`)
console.log(`node-saml   ${median(results.map((one) => one.theirs)).toFixed(0)} per CPU second`)
console.log(`ratio       ${median(results.map((one) => one.ours / one.theirs)).toFixed(1)}`)
