/**
 * Caches of rows that change seldom and are read in every login. Triggers notify every process of a
 * change (`notify_cache` in migrations/); while the listening connection is down, nothing is kept
 * longer than a second.
 */
import pg from 'pg'
import type { Logger } from '../log.ts'

/** What is cached; the notification names it: `connection:saml-connection-test-...`. */
export type CacheTopic = 'project' | 'public-token' | 'keys' | 'connection' | 'organization'

export interface Caches {
  /** The cached value of a key, loaded when it is not there. A load that fails or finds nothing is not kept. */
  get<T>(topic: CacheTopic, key: string, load: () => Promise<T>): Promise<T>
  /** Drops one value, in this process. */
  drop(topic: CacheTopic, key: string): void
  /** Whether changes made by other processes arrive. */
  listening(): boolean
  close(): Promise<void>
}

interface Entry {
  value: Promise<unknown>
  loaded_at: number
}

const staleAfterMs = 1_000
const maxEntries = 10_000

/** Caches that listen for changes over a connection of their own (never through pgbouncer). */
export function createCaches(options: { listen_url: string; log: Logger }): Caches {
  const topics = new Map<string, Map<string, Entry>>()
  const listener = listen(options.listen_url, options.log, {
    onChange(topic, key) {
      topics.get(topic)?.delete(key)
    },
    onConnect() {
      topics.clear()
    },
  })

  function entriesOf(topic: string): Map<string, Entry> {
    const entries = topics.get(topic) ?? new Map<string, Entry>()
    topics.set(topic, entries)
    return entries
  }

  return {
    get<T>(topic: CacheTopic, key: string, load: () => Promise<T>): Promise<T> {
      const entries = entriesOf(topic)
      const known = entries.get(key)
      if (known && (listener.connected() || performance.now() - known.loaded_at < staleAfterMs))
        return known.value as Promise<T>
      const entry: Entry = { value: load(), loaded_at: performance.now() }
      const forget = () => {
        if (entries.get(key) === entry) entries.delete(key)
      }
      entry.value.then((value) => value ?? forget(), forget)
      if (entries.size >= maxEntries) entries.delete(entries.keys().next().value!)
      entries.set(key, entry)
      return entry.value as Promise<T>
    },
    drop(topic, key) {
      topics.get(topic)?.delete(key)
    },
    listening: listener.connected,
    close: listener.close,
  }
}

/** For what lives but a moment: everything is loaded when it is asked for. */
export const noCaches: Caches = {
  get: (_topic, _key, load) => load(),
  drop() {},
  listening: () => false,
  close: () => Promise.resolve(),
}

const listenerLost =
  'the connection that listens for changes was lost: caches are kept for a second at most'
const cannotListen =
  'no connection can be made that listens for changes (PORTCULLIS_DATABASE_LISTEN_URL, else DATABASE_URL): caches are kept for a second at most'

interface ListenerEvents {
  onChange(topic: string, key: string): void
  onConnect(): void
}

/**
 * Keeps a connection that listens, and reconnects when it ends. A connection can be cut without a word,
 * so it is asked every half second: an answer says that every change made before the question has
 * arrived, and the connection counts as down when the last such question is a second old.
 */
function listen(url: string, log: Logger, events: ListenerEvents) {
  let client: pg.Client | undefined
  let closed = false
  /** Whether it was told that none can be made, once each time that it is down. */
  let down = false
  /** When the last question was asked that has been answered. */
  let known_at = 0
  let timer: NodeJS.Timeout | undefined

  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 2_000,
      keepAlive: true,
      application_name: 'portcullis listener',
    })
    next.on('error', () => lost(next))
    next.on('end', () => lost(next))
    next.on('notification', (message) => {
      const [topic, ...key] = (message.payload ?? '').split(':')
      events.onChange(topic ?? '', key.join(':'))
    })
    await next.connect()
    const asked_at = performance.now()
    try {
      await Promise.race([next.query('listen portcullis'), timeout(2_000)])
    } catch (error) {
      void end(next)
      throw error
    }
    if (closed) return end(next)
    events.onConnect()
    client = next
    down = false
    known_at = asked_at
  }

  function lost(which: pg.Client): void {
    if (client !== which) return
    client = undefined
    if (!closed) log.warn(listenerLost)
  }

  async function beat(): Promise<void> {
    const current = client
    try {
      if (!current) await connect()
      else {
        const asked_at = performance.now()
        await Promise.race([current.query('select 1'), timeout(900)])
        known_at = asked_at
      }
    } catch (err) {
      if (current) {
        lost(current)
        void end(current)
      } else if (!down && !closed) {
        down = true
        log.warn({ err }, cannotListen)
      }
    }
    if (!closed) timer = setTimeout(again, 500).unref()
  }

  let beating = Promise.resolve()
  function again(): void {
    beating = beat()
  }

  again()
  return {
    connected: () => client !== undefined && performance.now() - known_at < staleAfterMs,
    async close() {
      closed = true
      clearTimeout(timer)
      const current = client
      client = undefined
      if (current) await end(current)
      await beating
    },
  }
}

/** Ends a connection; one that was cut in silence keeps nobody waiting. */
async function end(client: pg.Client): Promise<void> {
  await Promise.race([client.end(), timeout(1_000)]).catch(
    () => (client as pg.Client & { unref(): void }).unref(), // @types/pg does not know it
  )
}

function timeout(ms: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error('no answer')), ms).unref()
  })
}
