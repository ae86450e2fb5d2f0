import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose'
import { selfSignedCertificate } from './certificate.ts'

/** What the test identity provider signs with: one RSA key for SAML, with its certificate, and one for OIDC. */
export interface TestIdPKeys {
  saml: { private_key: KeyObject; certificate: string }
  oidc: { private_key: KeyObject; public_jwk: JWK & { kid: string } }
}

/** Fresh RSA-2048 keys, made off the main thread; the certificate is valid from a day before `now` for ten years. */
export async function generateTestIdPKeys(now: Date): Promise<TestIdPKeys> {
  const [saml, oidc] = await Promise.all([generateRSA(), generateRSA()])
  const certificate = selfSignedCertificate('Portcullis test identity provider', saml, now)
  const jwk = await exportJWK(oidc.publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return {
    saml: { private_key: saml.privateKey, certificate },
    oidc: { private_key: oidc.privateKey, public_jwk: { ...jwk, kid, use: 'sig', alg: 'RS256' } },
  }
}

async function generateRSA(): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
}
