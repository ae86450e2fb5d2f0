import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { SAML } from '@node-saml/node-saml'
import { selfSignedCertificate } from './certificate.ts'
import { pressButton } from './press-button.ts'
import { createTestIdP } from './test-idp.ts'

const IDP = 'http://localhost:4001'
const ACS = 'http://localhost:4000/v1/b2b/sso/callback/saml-connection-test-1'
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const certificate = selfSignedCertificate('sp.example', keys, new Date())
const decryptionPvk = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** The page after somebody has signed in with these response options. */
async function signIn(options: Record<string, string>) {
  const idp = await createTestIdP({ base_url: IDP, service_base_url: 'http://localhost:4000' })
  const page = await idp.app.request(`${IDP}/saml/launch?acs_url=${encodeURIComponent(ACS)}`)
  const { action, method, fields } = pressButton(await page.text(), 'ada.lovelace', options)
  const response = await idp.app.request(new URL(action, IDP).href, { method, body: fields })
  return { idp, response, page: await response.text() }
}

for (const encryption of ['aes256-gcm', 'aes256-cbc']) {
  for (const sign of ['assertion', 'response', 'both']) {
    test(`node-saml decrypts what is encrypted with ${encryption}, signed: ${sign}`, async () => {
      const bare = certificate.replaceAll(/-----[A-Z ]+-----/g, '')
      for (const encryption_certificate of [certificate, bare]) {
        const options = { sign, encryption, encryption_certificate }
        const { idp, page } = await signIn(options)
        const { fields } = pressButton(page, 'Continue')
        const xml = Buffer.from(fields.get('SAMLResponse') ?? '', 'base64').toString()
        assert.ok(!xml.includes('ada.lovelace') && xml.includes('EncryptedAssertion'))
        const sp = new SAML({
          idpCert: idp.saml.certificate,
          issuer: ACS,
          audience: ACS,
          callbackUrl: ACS,
          decryptionPvk,
          wantAssertionsSigned: sign !== 'response',
          wantAuthnResponseSigned: sign !== 'assertion',
        })
        const { profile } = await sp.validatePostResponseAsync(Object.fromEntries(fields))
        assert.equal(profile?.nameID, 'ada.lovelace@acme.test')
      }
    })
  }
}

test('what is no certificate with an RSA key gets a page that says so', async () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = ec.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  for (const encryption_certificate of ['hello', pem]) {
    const { response, page } = await signIn({ encryption_certificate })
    assert.equal(response.status, 400)
    assert.match(page, /no certificate with an RSA key/)
  }
})
