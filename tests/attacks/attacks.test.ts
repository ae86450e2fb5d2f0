import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { listening } from '../contract/listening.ts'
import { call } from '../harness.ts'
import { Browser, tokenOf } from '../login.ts'
import { type Arena, begin, flowOf, newArena, post, socketBrowser, written } from './arena.ts'
import { ATTACKS, CLASSES } from './corpus.ts'
import { FORGED } from './exchange.ts'
import { HONEST } from './honest.ts'
import { fieldOf, type Honest, type Vector } from './vector.ts'

let arena: Arena
const browser = new Browser()

before(async () => {
  arena = await newArena()
  // so that there is a member, a session and a registration to change
  await assertAccepted(HONEST[0]!)
})

/** Logs in with the answer of an attacker, and asserts that nothing comes of it. */
async function assertRefused({ build, encode, check }: Vector, by = browser): Promise<void> {
  const begun = await begin(arena, by)
  const field = fieldOf(build(begun.exchange), encode)
  const rows = await written(arena)
  const response = await post(begun, arena.acs, field)
  const text = await response.text()
  const flow = await flowOf(arena, begun.request_id)
  const failed = flow.checks.filter(({ verdict }) => verdict === 'fail')
  assert.equal(response.status, 400)
  assert.equal(failed.map(({ name }) => name).join(), check, failed[0]?.actual)
  assert.equal(response.headers.get('location'), null)
  assert.doesNotMatch(text, /token=/)
  assert.equal(flow.state, 'failed')
  assert.equal(flow.token_hash, null)
  assert.equal(await written(arena), rows)
  assert.ok(!rows.includes(FORGED))
}

/** Logs in with an honest answer, and asserts who came in. */
async function assertAccepted({ build, encode, email, subject }: Honest, by = browser) {
  const begun = await begin(arena, by)
  const response = await post(begun, arena.acs, fieldOf(build(begun.exchange), encode))
  assert.equal(response.status, 303, await response.clone().text())
  const { status, body } = await call(arena.project, 'POST', '/v1/b2b/sso/authenticate', {
    sso_token: tokenOf(response),
  })
  assert.equal(status, 200, body.error_message)
  assert.equal(body.member.email_address, email)
  const flow = await flowOf(arena, begun.request_id)
  assert.equal(flow.state, 'redeemed')
  const identity = flow.identity as { subject: string; email_address: string }
  assert.deepEqual([identity.subject, identity.email_address], [subject, email])
}

test('there are at least 200 answers that must be refused, and 30 that must be accepted', () => {
  assert.ok(ATTACKS.length >= 200, String(ATTACKS.length))
  assert.ok(HONEST.length >= 30, String(HONEST.length))
  const names = ATTACKS.map((vector) => `${vector.class} ${vector.name}`)
  assert.equal(new Set(names).size, names.length)
  assert.deepEqual(new Set(ATTACKS.map((vector) => vector.class)), new Set(CLASSES.keys()))
})

for (const vector of ATTACKS) {
  test(`refuses ${vector.class}: ${vector.name}`, () => assertRefused(vector))
}

for (const honest of HONEST) {
  test(`accepts: ${honest.name}`, () => assertAccepted(honest))
}

test('the same over a socket, for the first of each class and every tenth honest answer', async () => {
  const { url } = await listening()
  const remote = socketBrowser(url)
  for (const name of CLASSES.keys()) {
    await assertRefused(ATTACKS.find((vector) => vector.class === name)!, remote)
  }
  for (const honest of HONEST.filter((_, i) => i % 10 === 0)) await assertAccepted(honest, remote)
})
