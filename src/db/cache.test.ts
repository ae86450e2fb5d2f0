import assert from 'node:assert/strict'
import { connect as connectSocket, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { atEnd, databaseURL } from '../../tests/harness.ts'
import { createLog } from '../log.ts'
import { type Caches, createCaches } from './cache.ts'
import { connect, statement } from './connect.ts'

const log = createLog('silent')

function newCaches(listen_url: string): Caches {
  const caches = createCaches({ listen_url, log })
  atEnd(() => caches.close())
  return caches
}

async function listening(caches: Caches): Promise<void> {
  for (const deadline = Date.now() + 5_000; !caches.listening(); await setTimeout(10))
    assert.ok(Date.now() < deadline, 'the listener has come up')
}

/** Changes a value as another process does. */
async function notify(key: string): Promise<void> {
  const db = connect({ url: await databaseURL(), prepared_statements: true, max_connections: 1 })
  await statement(db, `select pg_notify('portcullis', $1)`, [`project:${key}`])
  await db.destroy()
}

/** A value that changes behind the cache. */
function source() {
  const value = { now: 1, loads: 0 }
  const load = async () => {
    value.loads += 1
    return value.now
  }
  return { value, load }
}

/** How long the cache went on with the value of before, in milliseconds. */
async function staleFor(caches: Caches, key: string, load: () => Promise<number>, next: number) {
  const began = performance.now()
  while ((await caches.get('project', key, load)) !== next) {
    assert.ok(performance.now() - began < 5_000, 'the change is seen')
    await setTimeout(5)
  }
  return performance.now() - began
}

/** A way to the database that can be blocked in silence, as by a firewall that has lost its state. */
async function proxy(url: string): Promise<{ url: string; block(): void }> {
  const { hostname, port } = new URL(url)
  const sockets: Socket[] = []
  const server = createServer((inward) => {
    const outward = connectSocket(Number(port), hostname)
    sockets.push(inward, outward)
    for (const socket of [inward, outward]) socket.on('error', () => socket.destroy())
    inward.pipe(outward)
    outward.pipe(inward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const detour = new URL(url)
  detour.port = String((server.address() as { port: number }).port)
  return {
    url: detour.href,
    block() {
      server.close()
      for (const socket of sockets) socket.unpipe().pause()
    },
  }
}

test('a value is loaded once, by whoever asks first, and kept while the listener hears', async () => {
  const caches = newCaches(await databaseURL())
  await listening(caches)
  const { value, load } = source()
  const asked = await Promise.all([1, 2, 3].map(() => caches.get('project', 'kept', load)))
  assert.deepEqual(asked, [1, 1, 1])
  value.now = 2
  await setTimeout(1_200)
  assert.equal(await caches.get('project', 'kept', load), 1)
  assert.equal(value.loads, 1)
})

test('a load that fails or finds nothing is not kept', async () => {
  const caches = newCaches(await databaseURL())
  await listening(caches)
  const failing = caches.get('project', 'absent', () => Promise.reject(new Error('no')))
  await assert.rejects(failing, /no/)
  assert.equal(await caches.get('project', 'absent', async () => undefined), undefined)
  assert.equal(await caches.get('project', 'absent', async () => 3), 3)
})

test('a change made elsewhere drops the value, and no other', async () => {
  const caches = newCaches(await databaseURL())
  await listening(caches)
  const [changed, other] = [source(), source()]
  await caches.get('project', 'changed:1', changed.load)
  await caches.get('project', 'other', other.load)
  changed.value.now = 2
  await notify('changed:1')
  assert.ok((await staleFor(caches, 'changed:1', changed.load, 2)) < 500)
  await caches.get('project', 'other', other.load)
  assert.equal(other.value.loads, 1)
})

test('nothing is kept longer than a second without a listener', async () => {
  const url = new URL(await databaseURL())
  url.port = '1'
  const caches = newCaches(url.href)
  const { value, load } = source()
  await caches.get('project', 'k', load)
  value.now = 2
  assert.equal(await caches.get('project', 'k', load), 1, 'for less than a second it is kept')
  assert.ok((await staleFor(caches, 'k', load, 2)) < 1_100)
  assert.equal(caches.listening(), false)
})

test('nothing is kept longer than a second when the listener is cut in silence', async () => {
  const way = await proxy(await databaseURL())
  const caches = newCaches(way.url)
  await listening(caches)
  const { value, load } = source()
  await caches.get('project', 'silence', load)
  // Any moment between two questions to the database.
  await setTimeout(Math.random() * 500)
  way.block()
  value.now = 2
  await notify('silence')
  const stale = await staleFor(caches, 'silence', load, 2)
  assert.ok(stale < 1_100, `${stale} ms`)
  const began = performance.now()
  await caches.close()
  assert.ok(performance.now() - began < 4_000, 'nor does it keep a shutdown waiting')
})

test('what changed while the listener was away is loaded anew when it is back', async () => {
  const caches = newCaches(await databaseURL())
  await listening(caches)
  const { value, load } = source()
  await caches.get('project', 'away', load)
  const db = connect({ url: await databaseURL(), prepared_statements: true, max_connections: 1 })
  const cut = () =>
    statement(
      db,
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = $1 and datname = current_database()`,
      ['portcullis listener'],
    )
  for (let next = 2; next <= 4; next++) {
    await cut()
    value.now = next
    await notify('away')
    assert.ok((await staleFor(caches, 'away', load, next)) < 1_100)
  }
  await db.destroy()
  await listening(caches)
})

test('a listener that cannot be connected is told once in the log, without the password', async () => {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const caches = createCaches({
    listen_url: 'postgres://portcullis:canary@127.0.0.1:1/portcullis',
    log: createLog('warn', destination),
  })
  await setTimeout(1_300)
  await caches.close()
  assert.equal(lines.length, 1, 'two attempts, one line')
  assert.match(lines[0]!, /PORTCULLIS_DATABASE_LISTEN_URL.*seconds? at most/)
  assert.match(lines[0]!, /ECONNREFUSED/)
  assert.doesNotMatch(lines[0]!, /canary/)
})
