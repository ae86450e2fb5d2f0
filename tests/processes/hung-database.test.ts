/** A database that takes connections and says nothing any more, as one that hangs or a firewall that forgot. */
import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { atEnd } from '../harness.ts'
import { emptyDatabase, listening, serve } from './nodes.test-kit.ts'

/** The address of a way to the database, and what makes it silent. */
async function silenceable(url: string): Promise<{ url: string; silence(): void }> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let silent = false
  const proxy = createServer((client) => {
    const database = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => silent || to.write(bytes))
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  atEnd(async () => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  const way = new URL(url)
  way.hostname = '127.0.0.1'
  way.port = String((proxy.address() as { port: number }).port)
  return {
    url: way.href,
    silence() {
      silent = true
    },
  }
}

test('while the database hangs a process says so within seconds, and ends when it is asked to', async () => {
  const way = await silenceable(await emptyDatabase())
  const token = 'metrics-token-of-a-test'
  const node = await listening(serve({ DATABASE_URL: way.url, PORTCULLIS_METRICS_TOKEN: token }))
  assert.equal((await fetch(`${node.url}/readyz`)).status, 200)
  way.silence()
  const patience = { signal: AbortSignal.timeout(10_000) }
  const authorization = `Bearer ${token}`
  const [health, ready, metrics] = await Promise.all([
    fetch(`${node.url}/healthz`, patience),
    fetch(`${node.url}/readyz`, patience),
    fetch(`${node.url}/metrics`, { ...patience, headers: { authorization } }),
  ])
  assert.deepEqual([health.status, ready.status, metrics.status], [200, 503, 200])
  const asked_at = performance.now()
  node.process.child.kill('SIGTERM')
  const { code } = await node.process.exited
  assert.ok(performance.now() - asked_at < 15_000)
  assert.equal(code, 1, 'not everything was ended in order')
  assert.match(node.process.stderr(), /ended without an answer of the database/)
})
