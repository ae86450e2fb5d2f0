import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
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
  return {
    saml: { private_key: saml.privateKey, certificate },
    oidc: { private_key: oidc.privateKey, public_jwk: await publicJWK(oidc.publicKey) },
  }
}

/** Keys as text, to be kept between runs. */
export interface SavedTestIdPKeys {
  saml_key: string
  saml_certificate: string
  oidc_key: string
}

/** Puts keys into text: PKCS#8 and certificate as PEM. */
export function saveTestIdPKeys(keys: TestIdPKeys): SavedTestIdPKeys {
  const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
  return {
    saml_key: pem(keys.saml.private_key),
    saml_certificate: keys.saml.certificate,
    oidc_key: pem(keys.oidc.private_key),
  }
}

/** The keys that `saveTestIdPKeys` put into text. */
export async function loadTestIdPKeys(saved: SavedTestIdPKeys): Promise<TestIdPKeys> {
  const oidc = createPrivateKey(saved.oidc_key)
  return {
    saml: { private_key: createPrivateKey(saved.saml_key), certificate: saved.saml_certificate },
    oidc: { private_key: oidc, public_jwk: await publicJWK(createPublicKey(oidc)) },
  }
}

async function publicJWK(key: KeyObject): Promise<JWK & { kid: string }> {
  const jwk = await exportJWK(key)
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig', alg: 'RS256' }
}

async function generateRSA(): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
}
