/** Test logins whose assertion is encrypted: what is shown of them, replayed and proposed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, server } from '../../tests/harness.ts'
import { newSetup, type Setup } from '../../tests/login.ts'
import { type EncryptOptions, encrypted, otherSP, sp } from '../saml/encrypting.test-kit.ts'
import { attacker, keyInfo } from '../saml/signing.test-kit.ts'
import { applyFix, proposedFixes } from './fixes.ts'
import { readMessages } from './read-messages.ts'
import { replayLogin } from './replay.ts'
import { type Answer, connectIdP, otherCertificate } from './saml-idp.test-kit.ts'
import { tryAnswer } from './test-login.test-kit.ts'

async function newTried(): Promise<{ setup: Setup; saml: string }> {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const path = `/v1/b2b/sso/saml/${setup.organization_id}/connections/${saml}`
  const saml_encryption_private_key = sp.privateKey.export({ type: 'pkcs1', format: 'pem' })
  await call(setup.project, 'PUT', path, { saml_encryption_private_key })
  return { setup, saml }
}

function encrypting(options: EncryptOptions = {}): Answer {
  const tamper = (xml: string) =>
    xml.replace(/<saml:Assertion.*<\/saml:Assertion>/s, (plain) => encrypted(plain, options))
  return { tamper }
}

async function responseOf({ project }: Setup, flow_id: string) {
  const { services } = await server()
  const messages = await readMessages(services, project.project_id, flow_id)
  return messages.find(({ kind }) => kind === 'response')!
}

test('what was encrypted can be read beside what was sent, and is stored nowhere', async () => {
  const { setup, saml } = await newTried()
  const { flow_id, state } = await tryAnswer(setup, saml, encrypting())
  assert.equal(state, 'passed')
  const response = await responseOf(setup, flow_id)
  assert.match(response.content, /<saml:EncryptedAssertion/)
  assert.doesNotMatch(response.content, /ada@acme/)
  assert.match(response.decrypted_assertion!, /^<saml:Assertion .*ada@acme\.test/s)
  const { services } = await server()
  assert.equal((await replayLogin(services, setup.project.project_id, flow_id)).verdict, 'pass')
})

for (const [why, check, options] of [
  ['could not decrypt', 'decryption', { recipient: otherSP.publicKey }],
  ['may not decrypt', 'aes_cbc', { content: 'aes256-cbc' }],
] satisfies [string, string, EncryptOptions][])
  test(`what the login ${why} is shown to nobody`, async () => {
    const { setup, saml } = await newTried()
    const { flow_id, checks } = await tryAnswer(setup, saml, encrypting(options))
    assert.equal(checks.at(-1)?.name, check)
    const response = await responseOf(setup, flow_id)
    assert.match(response.content, /<saml:EncryptedAssertion/)
    assert.equal(response.decrypted_assertion, null)
  })

test('a new certificate is found inside an encrypted assertion, and verified like any other', async () => {
  const { setup, saml } = await newTried()
  const { services } = await server()
  const { project_id } = setup.project
  const answer = {
    ...encrypting(),
    signature: { signer: attacker, after: keyInfo(otherCertificate) },
  }
  const { flow_id, error_type } = await tryAnswer(setup, saml, answer)
  assert.equal(error_type, 'saml_certificate_mismatch')
  const [fix] = await proposedFixes(services, project_id, flow_id)
  assert.equal(fix?.kind, 'certificate')
  await applyFix(services, project_id, flow_id, fix.fix_id)
  assert.equal((await tryAnswer(setup, saml, answer)).state, 'passed')
})
