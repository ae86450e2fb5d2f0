import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { type GuardedInit, guardedFetch } from './fetch.ts'

const laptop = { allowed_private_hosts: [], development: true }
const server = createServer((request, response) => answer(request, response))
let answer: RequestListener
let here: string

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  here = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

after(() => server.close())

function reply(status: number, headers: Record<string, string>, body = ''): RequestListener {
  return (_request, response) => response.writeHead(status, headers).end(body)
}

async function once(init: GuardedInit, timeout_ms = 5_000): Promise<Response> {
  const fetch = guardedFetch({ ...laptop, timeout_ms })
  return fetch(here, { excerpt_bytes: 10, ...init }).finally(() => fetch.close())
}

test('an excerpt is taken of any media type, and is the beginning of a long body', async () => {
  for (const headers of [{ 'content-type': 'text/html' }, {} as Record<string, string>])
    for (const [status, bytes] of [[500, 1_000_000] as const, [200, 10] as const]) {
      answer = reply(status, headers, 'x'.repeat(bytes))
      const response = await once({})
      assert.deepEqual([response.status, await response.text()], [status, 'xxxxxxxxxx'])
    }
  answer = reply(204, {})
  assert.equal((await once({})).status, 204)
  answer = reply(302, { location: here })
  await assert.rejects(once({}), { code: 'redirect' })
})

test('an exchange may be given more time than others, or less', async () => {
  answer = (_request, response) => void setTimeout(() => response.writeHead(200).end(), 150)
  await assert.rejects(once({}, 50), { code: 'timeout', message: /within 50 ms/ })
  assert.equal((await once({ timeout_ms: 2_000 }, 50)).status, 200)
  await assert.rejects(once({ timeout_ms: 60 }), { code: 'timeout', message: /within 60 ms/ })
})
