import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authnRequest } from '../../src/sso/saml-idp.test-kit.ts'
import { call } from '../harness.ts'
import { Browser, type Setup } from '../login.ts'
import { type Arena, begin, flowOf, newArena, post, written } from './arena.ts'
import { audiences, Exchange, signAssertion, signRoot } from './exchange.ts'

/** A second organization of the same project, its connection at the same identity provider. */
async function neighbour(arena: Arena): Promise<Arena> {
  const { body } = await call(arena.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Neighbour',
    organization_slug: 'neighbour',
  })
  const { organization_id, organization_slug } = body.organization
  return newArena({ ...(arena as Setup), organization_id, organization_slug })
}

const pairs: [string, () => Promise<[Arena, Arena]>][] = [
  [
    'two organizations',
    async () => {
      const one = await newArena()
      return [one, await neighbour(one)]
    },
  ],
  ['two projects', async () => [await newArena(), await newArena()]],
]

const directions = (a: Arena, b: Arena): [Arena, Arena][] => [
  [a, b],
  [b, a],
]

/** Asserts that an answer brings nobody in, at any of the two. */
async function assertRefused(
  arenas: readonly Arena[],
  submit: () => Promise<Response>,
  error_type: string,
) {
  const before = await Promise.all(arenas.map(written))
  const response = await submit()
  const text = await response.text()
  assert.equal(response.status, 400, text)
  assert.equal(response.headers.get('location'), null)
  assert.ok(text.includes(error_type), text)
  assert.deepEqual(await Promise.all(arenas.map(written)), before)
}

/** An answer for an address that answers no request, or one that began elsewhere. */
function answerFor(acs: string, audience = acs, request_id = ''): Exchange {
  return new Exchange({ acs, audience, request_id, now: new Date() })
}

function unsolicited(exchange: Exchange, changes = {}): string {
  return exchange.response({
    response_in_response_to: '',
    confirmation_data: exchange.confirmation({ InResponseTo: null }),
    ...changes,
  })
}

const encode = (xml: string) => Buffer.from(xml).toString('base64')

for (const [names, make] of pairs) {
  test(`${names} with one identity provider: an answer for one is refused at the other`, async () => {
    const both = await make()
    for (const [mine, other] of directions(...both)) {
      const refused = (submit: () => Promise<Response>, error_type = 'invalid_saml_response') =>
        assertRefused(both, submit, error_type)
      const begun = await begin(mine)
      const solicited = encode(begun.exchange.genuine)
      // with its RelayState, and as if it began at the identity provider
      await refused(() => post(begun, other.acs, solicited))
      await refused(() => post({ browser: new Browser(), relay_state: '' }, other.acs, solicited))
      assert.equal((await flowOf(mine, begun.request_id)).state, 'started')

      const own = answerFor(mine.acs)
      const tile = encode(signAssertion(unsolicited(own)))
      await refused(() => post({ browser: new Browser(), relay_state: '' }, other.acs, tile))
      // the address of the other in everything that is not signed
      const moved = signAssertion(unsolicited(answerFor(mine.acs))).replace(
        `Destination="${mine.acs}"`,
        `Destination="${other.acs}"`,
      )
      await refused(() =>
        post({ browser: new Browser(), relay_state: '' }, other.acs, encode(moved)),
      )

      // where it was made for, all of it is good
      assert.equal((await post(begun, mine.acs, solicited)).status, 303)
      const home = await post({ browser: new Browser(), relay_state: '' }, mine.acs, tile)
      assert.equal(home.status, 303)
    }
  })

  test(`${names}: an answer for one does not finish a login that waits at the other`, async () => {
    const both = await make()
    for (const [mine, other] of directions(...both)) {
      const victim = await begin(other)
      // the identity provider answers the request of the other, but for my address
      const made = answerFor(mine.acs, mine.acs, victim.request_id)
      const xml = made.genuine.replace(`Destination="${mine.acs}"`, `Destination="${other.acs}"`)
      await assertRefused(both, () => post(victim, other.acs, encode(xml)), 'invalid_saml_response')
      const flow = await flowOf(other, victim.request_id)
      assert.equal(flow.state, 'failed')
      assert.equal(flow.checks.at(-1)?.name, 'recipient')
      // and with a RelayState that somebody else's browser was given
      const waiting = await begin(other)
      const thief = { browser: new Browser(), relay_state: waiting.relay_state }
      const good = encode(waiting.exchange.genuine)
      await assertRefused(both, () => post(thief, other.acs, good), 'missing_saml_csrf_cookie')
      assert.equal((await flowOf(other, waiting.request_id)).state, 'started')
    }
  })
}

async function set(arena: Arena, changes: Record<string, unknown>) {
  const path = `/v1/b2b/sso/saml/${arena.organization_id}/connections/${arena.connection_id}`
  return call(arena.project, 'PUT', path, changes)
}

test('the audience of another connection as alternative audience opens no way in', async () => {
  const mine = await newArena()
  const other = await neighbour(mine)
  const { status } = await set(other, { alternative_audience_uri: mine.acs })
  assert.equal(status, 200)
  const nobody = { browser: new Browser(), relay_state: '' }
  const tile = unsolicited(answerFor(mine.acs))
  const moved = tile.replace(`Destination="${mine.acs}"`, `Destination="${other.acs}"`)
  for (const xml of [tile, moved]) {
    for (const whole of [signAssertion(xml), signRoot(xml, 'Response')]) {
      const submit = () => post(nobody, other.acs, encode(whole))
      await assertRefused([mine, other], submit, 'invalid_saml_response')
    }
  }
  // for its own address the alternative audience is good
  const own = answerFor(other.acs)
  const xml = signAssertion(unsolicited(own, { audience: audiences([mine.acs]) }))
  assert.equal((await post(nobody, other.acs, encode(xml))).status, 303)
})

test('the address of another connection cannot be an alternative ACS URL', async () => {
  const mine = await newArena()
  const other = await neighbour(mine)
  const stranger = await newArena()
  const spellings = [
    mine.acs,
    stranger.acs,
    `${mine.acs}?x=1`,
    mine.acs.replace('http://localhost', 'HTTP://LOCALHOST'),
    mine.acs.replace('/v1/', '//v1/'),
    mine.acs.replace('/sso/', '/SSO/'),
    mine.acs.replace('http:', 'https:'),
  ]
  for (const alternative_acs_url of spellings) {
    const { status, body } = await set(other, { alternative_acs_url })
    assert.equal(`${status} ${body.error_type}`, '400 bad_request', alternative_acs_url)
  }
  for (const alternative_acs_url of [other.acs, 'https://login.example/acs', '']) {
    const { status, body } = await set(other, { alternative_acs_url })
    assert.equal(status, 200, body.error_message)
  }
})

test('two organizations that were migrated from one address stay apart where logins begin here', async () => {
  const mine = await newArena()
  const other = await neighbour(mine)
  const old = {
    alternative_acs_url: 'https://old.example/acs',
    alternative_audience_uri: 'https://old.example/sp',
  }
  for (const arena of [mine, other]) assert.equal((await set(arena, old)).status, 200)
  for (const [one, another] of directions(mine, other)) {
    const browser = new Browser()
    const { id, relay_state } = authnRequest(await browser.start(one, one.connection_id))
    const answer = answerFor(old.alternative_acs_url, old.alternative_audience_uri, id)
    const field = encode(answer.genuine)
    for (const state of [relay_state, '']) {
      const submit = () => post({ browser, relay_state: state }, another.acs, field)
      await assertRefused([mine, other], submit, '_saml_')
    }
    assert.equal((await post({ browser, relay_state }, one.acs, field)).status, 303)
  }
})
