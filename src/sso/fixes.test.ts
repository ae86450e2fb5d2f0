import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { call, newProject, server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { attacker, IDP, keyInfo } from '../saml/signing.test-kit.ts'
import { setDebug } from './connection-switches.ts'
import { applyFix, proposedFixes } from './fixes.ts'
import { arrive, lastFlow } from './login.test-kit.ts'
import { newProvider } from './oidc-provider.test-kit.ts'
import { replayLogin } from './replay.ts'
import { type Answer, certificate, connectIdP, otherCertificate } from './saml-idp.test-kit.ts'
import { startTest, tryAnswer } from './test-login.test-kit.ts'

const hour = 3_600_000
const unspecified = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'

/** What a provider signs with after a rotation, its certificate in KeyInfo. */
const rotated: Answer = {
  signature: { signer: attacker, after: keyInfo(otherCertificate) },
}

function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()
}

async function fixes(setup: Setup, flow_id: string, ahead = 0) {
  const { services } = await server()
  const now = () => new Date(Date.now() + ahead)
  return proposedFixes({ ...services, now }, setup.project.project_id, flow_id)
}

async function apply(setup: Setup, flow_id: string, fix_id: string) {
  const { services } = await server()
  return applyFix(services, setup.project.project_id, flow_id, fix_id)
}

async function connectionOf(setup: Setup, connection_id: string) {
  const { body } = await call(setup.project, 'GET', `/v1/b2b/sso/${setup.organization_id}`)
  return body.saml_connections.find(
    (each: { connection_id: string }) => each.connection_id === connection_id,
  )
}

async function newTried(changes: Record<string, unknown> = {}) {
  const setup = await newSetup()
  return { setup, saml: await connectIdP(setup.project, setup.organization_id, changes) }
}

test('a new certificate is proposed with its fingerprint, added once confirmed, and the login passes', async () => {
  const { setup, saml } = await newTried()
  const { services } = await server()
  const { flow_id, error_type } = await tryAnswer(setup, saml, rotated)
  assert.equal(error_type, 'saml_certificate_mismatch')
  const [fix, ...others] = await fixes(setup, flow_id)
  assert.deepEqual(others, [])
  assert.equal(fix?.kind, 'certificate')
  assert.equal(fix.fingerprint, fingerprintOf(otherCertificate))
  assert.equal(fix.current, fingerprintOf(certificate))
  assert.ok(fix.warning.includes(fix.fingerprint))
  assert.match(fix.certificate!.subject, /idp\.example/)
  assert.ok(fix.certificate!.not_after > new Date())
  assert.equal((await connectionOf(setup, saml)).verification_certificates.length, 1)
  await apply(setup, flow_id, fix.fix_id)
  assert.equal((await connectionOf(setup, saml)).verification_certificates.length, 2)
  assert.equal((await replayLogin(services, setup.project.project_id, flow_id)).verdict, 'pass')
  assert.equal((await tryAnswer(setup, saml, rotated)).state, 'passed')
  assert.deepEqual(await fixes(setup, flow_id), [])
  await assert.rejects(apply(setup, flow_id, fix.fix_id), { error_type: 'bad_request' })
})

test('a certificate that the response names, but is not signed with, is not proposed', async () => {
  const { setup, saml } = await newTried()
  for (const answer of [
    { signature: { signer: attacker } },
    { signature: { after: keyInfo(otherCertificate), editValue: broken } },
    { ...rotated, tamper: (xml: string) => xml.replace('>Ada<', '>Eve<') },
  ] satisfies Answer[]) {
    const flow = await tryAnswer(setup, saml, answer)
    assert.equal(flow.state, 'failed', JSON.stringify(answer))
    assert.deepEqual(await fixes(setup, flow.flow_id), [])
  }
})

/** Another signature value than was made. */
function broken(value: string): string {
  return `AAAAAAAA${value.slice(8)}`
}

test('another entity id is proposed where the signature is trusted', async () => {
  const { setup, saml } = await newTried({ idp_entity_id: 'https://old.example' })
  const { flow_id } = await tryAnswer(setup, saml)
  const [fix, ...others] = await fixes(setup, flow_id)
  assert.deepEqual(others, [])
  assert.deepEqual(
    [fix?.kind, fix?.current, fix?.proposed, fix?.fingerprint],
    ['issuer', 'https://old.example', IDP, null],
  )
  await apply(setup, flow_id, fix!.fix_id)
  assert.equal((await connectionOf(setup, saml)).idp_entity_id, IDP)
  assert.equal((await tryAnswer(setup, saml)).state, 'passed')
})

test('where both differ, both are one fix, which says that it is another identity provider', async () => {
  const { setup, saml } = await newTried({ idp_entity_id: 'https://old.example' })
  const { flow_id } = await tryAnswer(setup, saml, rotated)
  const [fix, ...others] = await fixes(setup, flow_id)
  assert.deepEqual(others, [])
  assert.equal(fix?.kind, 'metadata')
  assert.match(fix.warning, /another identity provider/)
  assert.equal(fix.fingerprint, fingerprintOf(otherCertificate))
  await apply(setup, flow_id, fix.fix_id)
  const { idp_entity_id, verification_certificates } = await connectionOf(setup, saml)
  assert.deepEqual([idp_entity_id, verification_certificates.length], [IDP, 2])
  assert.equal((await tryAnswer(setup, saml, rotated)).state, 'passed')
})

function refusedFormat(xml: string): string {
  const code = (value: string, inner = '') =>
    `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${value}">${inner}</samlp:StatusCode>`
  return xml
    .replace(/<samlp:Status>.*<\/samlp:Status>/s, () => {
      return `<samlp:Status>${code('Requester', code('InvalidNameIDPolicy'))}</samlp:Status>`
    })
    .replace(/<saml:Assertion .*<\/saml:Assertion>/s, '')
}

test('a NameID format that the provider rejects is proposed to be asked for no more', async () => {
  const { setup, saml } = await newTried()
  const answer: Answer = { edit: refusedFormat, sign: 'nothing' }
  const { flow_id, error_type } = await tryAnswer(setup, saml, answer)
  assert.equal(error_type, 'failed_saml_response')
  const [fix] = await fixes(setup, flow_id)
  assert.deepEqual([fix?.kind, fix?.proposed], ['nameid_format', unspecified])
  await apply(setup, flow_id, fix!.fix_id)
  assert.equal((await connectionOf(setup, saml)).nameid_format, unspecified)
  assert.deepEqual(await fixes(setup, flow_id), [])
})

test('an ordinary login proposes nothing, though its response is kept', async () => {
  const { setup, saml } = await newTried()
  const { services } = await server()
  await setDebug(services, setup.project.project_id, saml, new Date(Date.now() + hour))
  await arrive(setup, saml, rotated)
  const flow = await lastFlow(setup.project)
  assert.deepEqual([flow.error_type, flow.tested_by], ['saml_certificate_mismatch', null])
  assert.deepEqual(await fixes(setup, flow.flow_id), [])
})

test('what one login proposes cannot be applied through another, nor in another project', async () => {
  const { setup, saml } = await newTried()
  const { services } = await server()
  const tried = await tryAnswer(setup, saml, rotated)
  const [fix] = await fixes(setup, tried.flow_id)
  await setDebug(services, setup.project.project_id, saml, new Date(Date.now() + hour))
  await arrive(setup, saml, rotated)
  const ordinary = await lastFlow(setup.project)
  const passed = await tryAnswer(setup, saml)
  const { project_id } = await newProject()
  for (const flow_id of [ordinary.flow_id, passed.flow_id, 'sso-flow-test-none'])
    await assert.rejects(apply(setup, flow_id, fix!.fix_id), { error_type: 'bad_request' })
  for (const id of ['', 'fix-0', `${fix!.fix_id}0`])
    await assert.rejects(apply(setup, tried.flow_id, id), { error_type: 'bad_request' })
  await assert.rejects(applyFix(services, project_id, tried.flow_id, fix!.fix_id), {
    error_type: 'bad_request',
  })
  assert.equal((await connectionOf(setup, saml)).verification_certificates.length, 1)
})

test('once the response is no longer kept there is nothing to propose', async () => {
  const { setup, saml } = await newTried()
  const { flow_id } = await tryAnswer(setup, saml, rotated)
  assert.equal((await fixes(setup, flow_id, 23 * hour)).length, 1)
  assert.deepEqual(await fixes(setup, flow_id, 25 * hour), [])
})

test('a connection that has five certificates refuses a sixth, and says so', async () => {
  const { setup, saml } = await newTried()
  const path = `/v1/b2b/sso/saml/${setup.organization_id}/connections/${saml}`
  const { newCertificate } = await import('./connection.test-kit.ts')
  for (let n = 0; n < 4; n += 1)
    await call(setup.project, 'PUT', path, { x509_certificate: await newCertificate() })
  const { flow_id } = await tryAnswer(setup, saml, rotated)
  const [fix] = await fixes(setup, flow_id)
  await assert.rejects(apply(setup, flow_id, fix!.fix_id), {
    error_type: 'too_many_sso_verification_certificates',
  })
})

test('a test that passed, that never came back, or that went over OIDC proposes nothing', async () => {
  const { setup, saml } = await newTried()
  assert.deepEqual(await fixes(setup, (await tryAnswer(setup, saml)).flow_id), [])
  await startTest(new Browser(), setup, saml)
  assert.deepEqual(await fixes(setup, (await lastFlow(setup.project)).flow_id), [])
  const provider = newProvider()
  const oidc = await provider.connect(setup.project, setup.organization_id)
  const browser = new Browser()
  const started = await startTest(browser, setup, oidc)
  await browser.submit(provider.answer(started, { claims: { iss: 'https://elsewhere.example' } }))
  assert.deepEqual(await fixes(setup, (await lastFlow(setup.project)).flow_id), [])
})
