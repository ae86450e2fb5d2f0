/** Assertions that are encrypted for somebody else, or in a way that is not taken. */
import {
  type EncryptOptions,
  encrypted,
  otherSP,
  sp,
  XENC,
} from '../../src/saml/encrypting.test-kit.ts'
import { keyInfo } from '../../src/saml/signing.test-kit.ts'
import type { Answer } from '../../src/sso/saml-idp.test-kit.ts'
import { selfSignedCertificate } from '../../src/test-idp/certificate.ts'
import { call, server } from '../harness.ts'
import type { Setup } from '../login.ts'
import type { Names } from './explain.ts'
import { fingerprint, type Mistake } from './saml.ts'

const badResponse = { error_type: 'invalid_saml_response', who: 'it_admin' as const }
const oldSP = selfSignedCertificate('sp', otherSP, new Date())

/** Gives the connection a key to decrypt with, as after a rotation; returns its certificate. */
async function addKey(setup: Setup, { connection }: Names): Promise<Names> {
  const path = `/v1/b2b/sso/saml/${setup.organization_id}/connections/${connection}`
  const saml_encryption_private_key = sp.privateKey.export({ type: 'pkcs8', format: 'pem' })
  await call(setup.project, 'PUT', path, { saml_encryption_private_key })
  const { app } = await server()
  const metadata = await app.request(`/v1/public/sso/saml/metadata/${connection}`)
  const text = /use="encryption">.*?<ds:X509Certificate>(.+?)</s.exec(await metadata.text())![1]!
  const pem = `-----BEGIN CERTIFICATE-----\n${text.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----`
  return { sp_certificate: fingerprint(pem) }
}

function encrypting(options: EncryptOptions = {}): Answer {
  return {
    tamper: (xml) =>
      xml.replace(/<saml:Assertion.*<\/saml:Assertion>/s, (plain) => encrypted(plain, options)),
  }
}

/** Names the certificate that the key was wrapped for, as most products do. */
function namingOldCertificate(xml: string): string {
  const info = keyInfo(oldSP).replace(
    '<ds:KeyInfo>',
    '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">',
  )
  return xml.replace(/(<xenc:EncryptedKey.*?<\/xenc:EncryptionMethod>)/s, `$1${info}`)
}

export const encryptionMistakes: readonly Mistake[] = [
  {
    name: 'the assertion is encrypted, but the connection has no key',
    provider: 'microsoft-entra',
    answer: encrypting(),
    told: {
      ...badResponse,
      check: 'encryption_keys',
      expected: 'not encrypted',
      actual: 'an EncryptedAssertion',
      what: /Switch off assertion encryption.*In Entra:.*Token encryption/,
    },
  },
  {
    name: 'the key of the service was rotated, the identity provider encrypts for the old certificate',
    provider: 'okta',
    before: addKey,
    answer: encrypting({ recipient: otherSP.publicKey, edit: namingOldCertificate }),
    told: {
      ...badResponse,
      check: 'decryption',
      expected: '{sp_certificate}',
      actual: fingerprint(oldSP),
      what: /replace the encryption certificate.*“Encryption Certificate”/,
    },
  },
  {
    name: 'the key is wrapped with RSA 1.5',
    provider: 'okta',
    before: addKey,
    answer: encrypting({ transport: `${XENC}rsa-1_5`, parameters: '' }),
    told: {
      ...badResponse,
      check: 'encryption_algorithm',
      expected: 'RSA-OAEP',
      actual: 'rsa-1_5',
      what: /“Key Transport Algorithm”/,
    },
  },
  {
    name: 'the assertion is encrypted with AES-CBC in a Response that is not signed',
    provider: 'microsoft-entra',
    before: addKey,
    answer: encrypting({ content: 'aes256-cbc' }),
    told: {
      ...badResponse,
      check: 'aes_cbc',
      expected: 'AES-GCM',
      actual: 'AES-CBC',
      what: /AES-256-GCM, or have it sign the Response/,
    },
  },
]
