import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { createJWKSCache, findKeys, type JWKSCache } from './jwks.ts'

const start = Date.parse('2026-11-23T12:00:00Z')
const seconds = 1000
const minutes = 60 * seconds

let cache: JWKSCache
/** the kids that the provider publishes; null: it is down */
let published: string[] | null
let fetches: string[]

beforeEach(() => {
  cache = createJWKSCache()
  published = ['one']
  fetches = []
})

async function provider(url: string): Promise<Response> {
  fetches.push(url)
  await new Promise((resolve) => setImmediate(resolve))
  if (published === null) throw new Error('down')
  return Response.json({ keys: published.map((kid) => ({ kty: 'RSA', kid })) })
}

/** How many keys fit a token of this kid at a time after the start; rejects where none can be had. */
async function find(kid: string, at: number) {
  const header = { alg: 'RS256', kid }
  const now = new Date(start + at)
  const jwks_url = 'https://idp.example/jwks'
  return (await findKeys(cache, { jwks_url, header, now, fetch: provider })).length
}

test('keys are fetched once for five minutes, then anew', async () => {
  for (const at of [0, 1 * minutes, 5 * minutes - 1]) assert.equal(await find('one', at), 1)
  assert.equal(fetches.length, 1)
  assert.equal(await find('one', 5 * minutes), 1)
  assert.equal(fetches.length, 2)
})

test('logins at the same time share one fetch', async () => {
  const found = await Promise.all(Array.from({ length: 20 }, () => find('one', 0)))
  assert.deepEqual([...new Set(found)], [1])
  assert.equal(fetches.length, 1)
})

test('a rotated key is found at once, by all who ask for it at the same time', async () => {
  await find('one', 0)
  published = ['two']
  const found = await Promise.all(Array.from({ length: 20 }, () => find('two', 1)))
  assert.deepEqual([...new Set(found)], [1])
  assert.equal(fetches.length, 2)
})

test('an unknown kid makes us fetch once a minute and no more', async () => {
  await find('one', 0)
  for (let at = 1 * seconds; at < 60 * seconds; at += seconds) {
    assert.equal(await find('unknown', at), 0)
  }
  assert.equal(fetches.length, 2)
  assert.equal(await find('unknown', 61 * seconds), 0)
  assert.equal(fetches.length, 3)
  published = ['three']
  assert.equal(await find('three', 62 * seconds), 0, 'the cooldown holds for all kids')
  assert.equal(await find('three', 121 * seconds), 1)
})

test('the first login with an unknown kid fetches once', async () => {
  assert.equal(await find('unknown', 0), 0)
  assert.equal(fetches.length, 1)
})

test('when the provider is down its keys serve for ten more minutes, asked for once a minute', async () => {
  await find('one', 0)
  published = null
  const down = 6 * minutes
  for (let at = down; at <= down + 10 * minutes; at += 10 * seconds) {
    assert.equal(await find('one', at), 1)
  }
  assert.ok(fetches.length >= 10 && fetches.length <= 12, `${fetches.length} fetches`)
  await assert.rejects(find('one', down + 10 * minutes + 1))
  published = ['one']
  assert.equal(await find('one', down + 11 * minutes), 1)
})

test('a later outage has ten minutes of its own', async () => {
  await find('one', 0)
  published = null
  await find('one', 6 * minutes)
  published = ['one']
  await find('one', 8 * minutes)
  published = null
  assert.equal(await find('one', 22 * minutes), 1)
})

test('a provider that was never reached is asked every time', async () => {
  published = null
  for (const at of [0, 1, 2]) await assert.rejects(find('one', at))
  assert.equal(fetches.length, 3)
  published = ['one']
  assert.equal(await find('one', 3), 1)
})

test('an unknown kid during an outage is refused, and the keys stay', async () => {
  await find('one', 0)
  published = null
  await assert.rejects(find('two', 1))
  assert.equal(await find('one', 2), 1)
})

test('a changed JWKS URL forgets the keys, also those still on their way', async () => {
  const arrivals: (() => void)[] = []
  const held = async (url: string) => {
    await new Promise<void>((resolve) => arrivals.push(resolve))
    return Response.json({ keys: [{ kty: 'RSA', kid: new URL(url).hostname }] })
  }
  const ask = (kid: string) => {
    const header = { alg: 'RS256', kid }
    const jwks_url = `https://${kid}/jwks`
    return findKeys(cache, { jwks_url, header, now: new Date(start), fetch: held })
  }
  const before = ask('old.example')
  const after = ask('new.example')
  arrivals[1]?.()
  assert.equal((await after).length, 1)
  arrivals[0]?.()
  await before
  assert.equal((await ask('new.example')).length, 1)
})

test('an answer that is no JWKS of at most 50 keys and 64 KiB is refused', async () => {
  const keys = Array.from({ length: 51 }, (_, index) => ({ kty: 'RSA', kid: `${index}` }))
  const answers = [
    Response.json({ keys }),
    Response.json({ keys: [{ kty: 'RSA', kid: 'one' }], padding: 'x'.repeat(64 * 1024) }),
    Response.json({ keys: {} }),
    Response.json([]),
    new Response('<html>'),
    new Response(null, { status: 404 }),
  ]
  for (const answer of answers) {
    const request = { jwks_url: 'https://x', header: { alg: 'RS256' }, now: new Date(start) }
    await assert.rejects(findKeys(createJWKSCache(), { ...request, fetch: async () => answer }))
  }
})
