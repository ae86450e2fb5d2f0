import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attacker, p256 } from '../../src/saml/signing.test-kit.ts'
import { call } from '../harness.ts'
import { Browser } from '../login.ts'
import { begin, flowOf, newArena, post, written } from './arena.ts'
import { certificates, forge, signAssertion } from './exchange.ts'

const encode = (xml: string) => Buffer.from(xml).toString('base64')

test('P13: an assertion is taken once, whatever is changed around it', async () => {
  const arena = await newArena()
  const first = await begin(arena)
  const { genuine } = first.exchange
  assert.equal((await post(first, arena.acs, encode(genuine))).status, 303)
  const rows = await written(arena)
  const again = [
    genuine,
    genuine.replace('ID="_response-1"', 'ID="_response-2"'),
    `<?xml version="1.0"?>${genuine}`,
    genuine.replace('<samlp:Status>', '\n<samlp:Status>'),
  ]
  for (const xml of again) {
    for (const relay_state of [first.relay_state, '']) {
      const response = await post({ ...first, relay_state }, arena.acs, encode(xml))
      assert.equal(response.status, 400)
      assert.equal(response.headers.get('location'), null)
    }
  }
  // the same assertion for the next login: it answers another request
  const next = await begin(arena, first.browser)
  assert.equal((await post(next, arena.acs, encode(genuine))).status, 400)
  const flow = await flowOf(arena, next.request_id)
  assert.equal(flow.checks.at(-1)?.name, 'in_response_to')
  assert.equal(await written(arena), rows)
})

test('P13: an answer that answers no request is taken once, at all of 20 tries at a time', async () => {
  const arena = await newArena()
  const { exchange } = await begin(arena)
  const xml = signAssertion(
    exchange.response({
      response_in_response_to: '',
      confirmation_data: exchange.confirmation({ InResponseTo: null }),
    }),
  )
  const tries = Array.from({ length: 20 }, () =>
    post({ browser: new Browser(), relay_state: '' }, arena.acs, encode(xml)),
  )
  const statuses = (await Promise.all(tries)).map(({ status }) => status)
  assert.deepEqual(statuses.toSorted(), [303, ...Array(19).fill(400)])
})

test('X3: a connection without a certificate takes no answer', async () => {
  const arena = await newArena()
  const path = `/v1/b2b/sso/saml/${arena.organization_id}`
  const { body } = await call(arena.project, 'POST', path, {})
  const { connection_id } = body.connection
  const acs = arena.acs.replace(arena.connection_id, connection_id)
  const { exchange } = await begin(arena)
  for (const xml of [exchange.genuine, exchange.response()]) {
    const response = await post({ browser: new Browser(), relay_state: '' }, acs, encode(xml))
    assert.equal(response.status, 400)
    assert.ok((await response.text()).includes('requires_active_sso_connection'))
  }
})

test('X17: a certificate that is none, weak or followed by something is not saved', async () => {
  const arena = await newArena()
  const path = `/v1/b2b/sso/saml/${arena.organization_id}/connections/${arena.connection_id}`
  const good = certificates.attacker
  const der = Buffer.from(good.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
  const pem = (bytes: Buffer) =>
    `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----`
  const key = attacker.privateKey.export({ type: 'pkcs8', format: 'pem' })
  const bad = [
    good + good,
    `${good}text`,
    `text${good}`,
    pem(Buffer.concat([der, Buffer.from([0])])),
    pem(der.subarray(0, -1)),
    pem(Buffer.alloc(0)),
    good.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'),
    p256.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    key.toString(),
    good.replace('M', '!'),
    'x'.repeat(17_000),
  ]
  for (const x509_certificate of bad) {
    const { status, body } = await call(arena.project, 'PUT', path, { x509_certificate })
    assert.equal(`${status} ${body.error_type}`, '400 invalid_x509_certificate', x509_certificate)
  }
  const { exchange, ...begun } = await begin(arena)
  const xml = signAssertion(forge(exchange.response()), { signer: attacker })
  assert.equal((await post(begun, arena.acs, encode(xml))).status, 400)
})
